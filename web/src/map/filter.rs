//! Which cases: what stands in the address of the map, its tiles and its list, and nothing else.

use super::dots::{Dot, mercator};
use schemas::{
    Date,
    case::Status,
    city::{Category, City, Publicity},
    place::Point,
    report::Kind,
};
use url::form_urlencoded;

/// How far a case is, as the map tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Stage {
    /// Somebody still has to do something.
    #[default]
    Open,
    /// The same, and there is a day.
    Planned,
    /// It is done.
    Solved,
    /// It is over in another way: declined, or referred.
    Ended,
}

impl Stage {
    /// The stage of a status.
    pub fn of(status: Status) -> Self {
        match status {
            Status::Planned => Self::Planned,
            Status::Solved => Self::Solved,
            Status::Declined | Status::Referred | Status::Duplicate => Self::Ended,
            Status::Received | Status::Routed | Status::Accepted | Status::Waiting => Self::Open,
        }
    }

    /// The stage in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Planned => "planned",
            Self::Solved => "solved",
            Self::Ended => "ended",
        }
    }
}

/// Which stages are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// What is not over yet: also what is planned.
    #[default]
    Open,
    /// What is planned.
    Planned,
    /// What is done.
    Solved,
    /// What ended in another way.
    Ended,
    /// Everything.
    All,
}

impl Show {
    /// Every choice, as it is offered.
    pub const ALL: [Self; 5] = [Self::Open, Self::Planned, Self::Solved, Self::Ended, Self::All];

    /// The choice in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Planned => "planned",
            Self::Solved => "solved",
            Self::Ended => "ended",
            Self::All => "all",
        }
    }

    fn holds(self, stage: Stage) -> bool {
        match self {
            Self::Open => matches!(stage, Stage::Open | Stage::Planned),
            Self::Planned => stage == Stage::Planned,
            Self::Solved => stage == Stage::Solved,
            Self::Ended => stage == Stage::Ended,
            Self::All => true,
        }
    }
}

/// A box on the map: west, south, east and north, WGS 84 degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds(pub [f64; 4]);

impl Bounds {
    fn read(text: &str) -> Option<Self> {
        let mut degrees = text.split(',').map(|part| part.trim().parse::<f64>().ok().filter(|part| part.is_finite()));
        let all = [degrees.next()??, degrees.next()??, degrees.next()??, degrees.next()??];
        let [west, south, east, north] = all;
        let is_box = degrees.next().is_none() && west <= east && south <= north;
        (is_box && west.abs().max(east.abs()) <= 180.0 && south.abs().max(north.abs()) <= 90.0).then_some(Self(all))
    }
}

/// Which cases.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<String>,
    /// About this: the id of a group or of a category.
    pub category: Option<String>,
    /// At these stages.
    pub show: Show,
    /// In this area.
    pub area: Option<String>,
    /// Reported on this day or later, on the city's calendar.
    pub since: Option<Date>,
    /// Reported on this day or earlier.
    pub until: Option<Date>,
    /// In this box.
    pub bounds: Option<Bounds>,
    /// The fields that cannot be read, and what stands there.
    pub wrong: Vec<(&'static str, String)>,
}

/// What anybody may choose as a category.
pub fn is_offered(category: &Category) -> bool {
    category.publicity == Publicity::Public
}

impl Filter {
    /// Reads the part of an address after its question mark. What it does not know is not its own.
    pub fn read(query: &str) -> Self {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).take(32) {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            match &*name {
                "kind" => filter.kind = Some(value.to_owned()),
                "category" => filter.category = Some(value.to_owned()),
                "area" => filter.area = Some(value.to_owned()),
                "status" => match Show::ALL.into_iter().find(|show| show.as_str() == value) {
                    Some(show) => filter.show = show,
                    None => filter.wrong.push(("status", value.to_owned())),
                },
                "since" => match value.parse() {
                    Ok(day) => filter.since = Some(day),
                    Err(_) => filter.wrong.push(("since", value.to_owned())),
                },
                "until" => match value.parse() {
                    Ok(day) => filter.until = Some(day),
                    Err(_) => filter.wrong.push(("until", value.to_owned())),
                },
                "box" => match Bounds::read(value) {
                    Some(bounds) => filter.bounds = Some(bounds),
                    None => filter.wrong.push(("box", value.to_owned())),
                },
                _ => {}
            }
        }
        filter
    }

    /// The same as it stands in an address, always alike; empty when everything is as at first.
    pub fn query(&self) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        let texts = [("kind", &self.kind), ("category", &self.category), ("area", &self.area)];
        for (name, value) in texts {
            if let Some(value) = value {
                out.append_pair(name, value);
            }
        }
        if self.show != Show::default() {
            out.append_pair("status", self.show.as_str());
        }
        for (name, day) in [("since", self.since), ("until", self.until)] {
            if let Some(day) = day {
                out.append_pair(name, &day.to_string());
            }
        }
        if let Some(Bounds(all)) = self.bounds {
            out.append_pair("box", &all.map(|degrees| degrees.to_string()).join(","));
        }
        out.finish()
    }

    /// Something was chosen besides what is shown at first.
    pub fn is_chosen(&self) -> bool {
        !self.query().is_empty()
    }

    /// The same, made quick for many cases. What the city does not publish, and what it does not have, fits nothing.
    pub fn sieve(&self, city: &City) -> Sieve {
        let position = |text: &str| Kind::ALL.into_iter().position(|kind| kind.as_str() == text);
        let has = |wanted: &str, category: &Category| category.id.as_str() == wanted || category.id.group() == wanted;
        let categories = self.category.as_deref().map(|wanted| {
            city.categories.iter().map(|category| is_offered(category) && has(wanted, category)).collect()
        });
        let area = self.area.as_deref().map(|wanted| city.areas.all().iter().position(|a| a.id.as_str() == wanted));
        Sieve {
            kind: self.kind.as_deref().map(|kind| position(kind).map_or(u8::MAX, |at| at as u8)),
            categories,
            show: self.show,
            area: area.map(|at| at.and_then(|at| u16::try_from(at).ok()).unwrap_or(UNKNOWN)),
            since: self.since.and_then(|day| begins(city, day)).unwrap_or(i64::MIN),
            before: self.until.and_then(|day| begins(city, day.tomorrow().ok()?)).unwrap_or(i64::MAX),
            bounds: self.bounds.map(|Bounds([west, south, east, north])| {
                let ((left, bottom), (right, top)) = (corner(west, south), corner(east, north));
                [left, top, right, bottom]
            }),
        }
    }
}

/// An area that the city does not have. No dot has it: what stands for none there is another number.
const UNKNOWN: u16 = u16::MAX - 1;

/// When a day begins on the city's calendar, in microseconds.
fn begins(city: &City, day: Date) -> Option<i64> {
    day.to_zoned(city.calendar.zone.clone()).ok().map(|at| at.timestamp().as_microsecond())
}

/// See [`Filter::sieve`].
#[derive(Debug, Clone)]
pub struct Sieve {
    kind: Option<u8>,
    categories: Option<Vec<bool>>,
    show: Show,
    area: Option<u16>,
    /// From then on, in microseconds.
    since: i64,
    /// And before then.
    before: i64,
    /// Left, top, right, bottom, as dots have their place.
    bounds: Option<[u32; 4]>,
}

/// A corner of a box on the map; at the edge for the poles.
fn corner(lon: f64, lat: f64) -> (u32, u32) {
    let (x, y) = mercator(Point { lat, lon });
    // What is beyond becomes the edge.
    (x as u32, y as u32)
}

impl Sieve {
    /// Whether `dot` is one of them.
    pub fn holds(&self, dot: &Dot) -> bool {
        self.show.holds(dot.stage)
            && self.kind.is_none_or(|kind| kind == dot.kind)
            && self.categories.as_ref().is_none_or(|fit| fit.get(usize::from(dot.category)).copied().unwrap_or(false))
            && self.area.is_none_or(|area| dot.areas.contains(&area))
            && (self.since..self.before).contains(&dot.received)
            && self.bounds.is_none_or(|[left, top, right, bottom]| {
                let (x, y) = dot.place();
                (left..=right).contains(&x) && (top..=bottom).contains(&y)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_its_address() {
        for query in [
            "",
            "kind=report&category=wegen%2Fput&area=heule&status=solved&since=2026-11-01&until=2026-11-30",
            "box=3.1%2C50.7%2C3.4%2C50.9",
        ] {
            let filter = Filter::read(query);
            assert_eq!((filter.query().as_str(), filter.wrong.len()), (query, 0));
        }
        assert!(!Filter::read("status=open&page=2&kind=").is_chosen());
        for (query, field) in [
            ("since=yesterday", "since"),
            ("until=2026-02-30", "until"),
            ("status=lost", "status"),
            ("box=1,2,3", "box"),
            ("box=4,2,3,5", "box"),
            ("box=nan,2,3,5", "box"),
            ("box=1,2,3,91", "box"),
            ("box=1,2,3,4,5", "box"),
        ] {
            assert_eq!(Filter::read(query).wrong[0].0, field, "{query}");
        }
    }

    #[test]
    fn days_are_those_of_the_city() {
        let city = crate::tests::city();
        let day = |text: &str| begins(&city, text.parse().unwrap()).unwrap();
        assert_eq!((day("1970-01-02"), day("2026-03-30") - day("2026-03-29")), (82_800_000_000, 82_800_000_000));
    }
}
