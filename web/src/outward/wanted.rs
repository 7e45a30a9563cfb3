//! Which public cases somebody wants: what stands behind `?` of open data, feeds and figures.

pub use crate::api::asked::Asked;
use crate::{
    api::openapi::operation::{Parameter, query, text},
    public::PublicCase,
};
use schemas::{
    Date, Timestamp,
    case::Status,
    city::{City, Publicity},
    fault::{Invalid, did_you_mean},
    report::Kind,
    slug::AreaId,
};
use std::time::Duration;

/// A box in WGS 84 degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

/// What the cases have in common that somebody wants.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// In this box; anywhere, also nowhere, when `None`.
    pub bbox: Option<Frame>,
    /// Received since.
    pub from: Option<Timestamp>,
    /// Received before.
    pub before: Option<Timestamp>,
    /// About this, or about something of this group.
    pub about: Option<String>,
    /// In this district.
    pub area: Option<AreaId>,
    /// Open ones, or those that ended.
    pub open: Option<bool>,
    /// At this status.
    pub status: Option<Status>,
    /// Of this kind.
    pub kind: Option<Kind>,
}

/// `bbox`.
pub const BBOX: Parameter = query("bbox", "Only in this box: west,south,east,north in degrees.", text);
/// `datetime`.
pub const DATETIME: Parameter = query(
    "datetime",
    "Only what came in then: a day or a moment, or two with `/` between; `..` is without an end: `2026-11-01/2026-11-30`.",
    text,
);
/// `category`.
pub const CATEGORY: Parameter = query("category", "Only about this: an id of a category, or of a group of them.", text);
/// `area`.
pub const AREA: Parameter = query("area", "Only in this district.", text);
/// `status`.
pub const STATUS: Parameter = query("status", "A status, or `open`, or `closed`.", text);
/// `kind`.
pub const KIND: Parameter = query("kind", "A kind of matter: report, question, suggestion, …", text);
/// What [`Wanted::read`] knows.
pub const FILTERS: [Parameter; 6] = [BBOX, DATETIME, CATEGORY, AREA, STATUS, KIND];

impl Wanted {
    /// Reads what stands behind `?`: what is wanted, and besides it nothing but `more`.
    ///
    /// # Errors
    /// The parameter that nobody knows, cannot be read, or names nothing that is public.
    pub fn of(query: Option<&str>, city: &City, more: &[&str]) -> Result<(Self, Asked), Invalid> {
        let names: Vec<&str> = FILTERS.iter().map(|filter| filter.name).chain(more.iter().copied()).collect();
        let asked = Asked::read(query, &names)?;
        Ok((Self::read(&asked, city)?, asked))
    }

    /// Reads what is wanted.
    ///
    /// # Errors
    /// The parameter that cannot be read, or names nothing that is public.
    pub fn read(asked: &Asked, city: &City) -> Result<Self, Invalid> {
        let mut wanted = Self { bbox: asked.get("bbox").map(bbox).transpose()?, ..Self::default() };
        if let Some(text) = asked.get("datetime") {
            (wanted.from, wanted.before) = span(text, city)?;
        }
        wanted.about = asked.get("category").map(|text| about(text, city)).transpose()?;
        wanted.area = asked.get("area").map(|text| area(text, city)).transpose()?;
        match asked.get("status") {
            None => {}
            Some("open") => wanted.open = Some(true),
            Some("closed") => wanted.open = Some(false),
            Some(text) => {
                let listed = || Status::ALL.into_iter().filter(|status| *status != Status::Duplicate);
                let known = || listed().map(Status::as_str).chain(["open", "closed"]);
                let found = listed().find(|status| status.as_str() == text);
                wanted.status =
                    Some(found.ok_or_else(|| Invalid::new("status", "not_an_option", did_you_mean(text, known())))?);
            }
        }
        if let Some(text) = asked.get("kind") {
            let kind = Kind::parse(text).filter(|kind| city.kinds.of(*kind).public);
            let known = Kind::ALL.into_iter().filter(|kind| city.kinds.of(*kind).public).map(Kind::as_str);
            wanted.kind = Some(kind.ok_or_else(|| Invalid::new("kind", "not_an_option", did_you_mean(text, known)))?);
        }
        Ok(wanted)
    }

    /// Whether `case` is among them.
    pub fn has(&self, case: &PublicCase) -> bool {
        let is_in = |frame: &Frame| case.point.is_some_and(|point| frame.has(point.lat, point.lon));
        let is_about = |about: &String| case.category.as_str() == about || case.category.group() == about;
        self.from.is_none_or(|from| case.received_at >= from)
            && self.before.is_none_or(|before| case.received_at < before)
            && self.kind.is_none_or(|kind| case.kind == kind)
            && self.status.is_none_or(|status| case.status == status)
            && self.open.is_none_or(|open| case.status.is_closed() != open)
            && self.about.as_ref().is_none_or(is_about)
            && self.area.as_ref().is_none_or(|area| case.areas.contains(area))
            && self.bbox.as_ref().is_none_or(is_in)
    }
}

impl Frame {
    fn has(&self, lat: f64, lon: f64) -> bool {
        // A box over the 180th meridian begins east of where it ends (RFC 7946 §5.2).
        let is_between = if self.west <= self.east {
            (self.west..=self.east).contains(&lon)
        } else {
            lon >= self.west || lon <= self.east
        };
        is_between && (self.south..=self.north).contains(&lat)
    }
}

/// `west,south,east,north`, or the same with heights, which are left alone (OGC API Features 1.0, 7.15.3).
fn bbox(text: &str) -> Result<Frame, Invalid> {
    let wrong = || Invalid::new("bbox", "malformed", "write west,south,east,north in degrees: bbox=3.2,50.8,3.3,50.9");
    let numbers: Vec<f64> = text
        .split(',')
        .map(|part| part.trim().parse::<f64>().ok().filter(|n| n.is_finite()))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    let (west, south, east, north) = match numbers.as_slice() {
        [west, south, east, north] | [west, south, _, east, north, _] => (*west, *south, *east, *north),
        _ => return Err(wrong()),
    };
    let is_good = south <= north
        && [south, north].iter().all(|lat| (-90.0..=90.0).contains(lat))
        && [west, east].iter().all(|lon| (-180.0..=180.0).contains(lon));
    if is_good { Ok(Frame { west, south, east, north }) } else { Err(wrong()) }
}

/// A moment, a day, or two of them with `/` between; `..` or nothing is without an end (OGC API Features 1.0, 7.15.4).
/// From when, and before when.
fn span(text: &str, city: &City) -> Result<(Option<Timestamp>, Option<Timestamp>), Invalid> {
    let wrong = || {
        let help = "write a moment or a day, or two with / between: datetime=2026-11-01/2026-11-30, 2026-11-01/..";
        Invalid::new("datetime", "malformed", help)
    };
    let one = |text: &str| -> Result<(Timestamp, Timestamp), Invalid> {
        // A plus is a space in a query, where nobody wrote it as %2B.
        let text = text.replace(' ', "+");
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok((at, at.checked_add(Duration::from_micros(1)).unwrap_or(at)));
        }
        let day: Date = text.parse().map_err(|_| wrong())?;
        let begins = |day: Date| day.to_zoned(city.calendar.zone.clone()).ok().map(|at| at.timestamp());
        let next = day.tomorrow().map_err(|_| wrong())?;
        Ok((begins(day).ok_or_else(wrong)?, begins(next).ok_or_else(wrong)?))
    };
    let end = |text: &str| if matches!(text, "" | "..") { Ok(None) } else { one(text).map(Some) };
    let Some((from, until)) = text.split_once('/') else {
        let (from, before) = one(text)?;
        return Ok((Some(from), Some(before)));
    };
    let (from, before) = (end(from)?.map(|(from, _)| from), end(until)?.map(|(_, before)| before));
    if (from.is_none() && before.is_none()) || from.zip(before).is_some_and(|(from, before)| from >= before) {
        return Err(wrong());
    }
    Ok((from, before))
}

/// A category or a group that has something public. What is private is not there, not even as a name.
fn about(text: &str, city: &City) -> Result<String, Invalid> {
    let public = city.categories.iter().filter(|category| category.publicity == Publicity::Public);
    let names = || public.clone().flat_map(|category| [category.id.as_str(), category.id.group()]);
    match names().find(|name| *name == text) {
        Some(name) => Ok(name.to_owned()),
        None => Err(Invalid::new("category", "unknown", did_you_mean(text, names()))),
    }
}

fn area(text: &str, city: &City) -> Result<AreaId, Invalid> {
    match city.areas.all().iter().find(|area| area.id.as_str() == text) {
        Some(area) => Ok(area.id.clone()),
        None => {
            let known = city.areas.all().iter().map(|area| area.id.as_str());
            Err(Invalid::new("area", "unknown", did_you_mean(text, known)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Wanted, Invalid> {
        Wanted::of(Some(query), &crate::tests::city(), &[]).map(|(wanted, _)| wanted)
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (query, field) in [
            ("bbox=1,2,3", "bbox"),
            ("bbox=1,2,3,NaN", "bbox"),
            ("bbox=3,51,4,50", "bbox"),
            ("bbox=3,51,400,52", "bbox"),
            ("datetime=yesterday", "datetime"),
            ("datetime=../..", "datetime"),
            ("datetime=2026-02-01/2026-01-01", "datetime"),
            ("category=nothing", "category"),
            ("area=nowhere", "area"),
            ("status=duplicate", "status"),
            ("kind=complaint", "kind"),
            ("crs=1", "crs"),
            ("area=x&area=y", "area"),
        ] {
            assert_eq!(read(query).unwrap_err().field, field, "{query}");
        }
        assert_eq!(read("").unwrap(), Wanted::default());
        assert_eq!(read("bbox=&status=").unwrap(), Wanted::default());
    }

    #[test]
    fn days_are_those_of_the_city() {
        let one = read("datetime=2026-11-23").unwrap();
        assert_eq!(one.from.unwrap().to_string(), "2026-11-22T23:00:00Z");
        assert_eq!(one.before.unwrap().to_string(), "2026-11-23T23:00:00Z");
        let open = read("datetime=2026-11-23T08:00:00+01:00/..").unwrap();
        assert_eq!((open.from.unwrap().to_string().as_str(), open.before), ("2026-11-23T07:00:00Z", None));
        assert_eq!(read("datetime=/2026-11-23").unwrap().from, None);
    }

    #[test]
    fn a_box_may_lie_over_the_end_of_the_world() {
        let frame = read("bbox=170,-20,-170,20").unwrap().bbox.unwrap();
        assert!(frame.has(0.0, 175.0) && frame.has(0.0, -175.0) && !frame.has(0.0, 0.0));
        let heights = read("bbox=3,50,-10,4,51,500").unwrap().bbox.unwrap();
        assert!(heights.has(50.5, 3.5) && !heights.has(50.5, 4.5));
    }
}
