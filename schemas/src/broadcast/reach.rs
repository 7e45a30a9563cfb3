//! Which places a broadcast is about. Pure.

use super::Audience;
use crate::{
    city::{Areas, Streets, in_language},
    notice::{Because, Scope},
    patch::Patch,
    person::{OwnPlace, street_key},
    place::Point,
    report::Language,
};
use geo::{BoundingRect as _, Contains as _, Coord, Intersects as _, LineString, MultiPolygon, Polygon};
use std::collections::BTreeMap;

/// An audience, ready to be asked whom it reaches.
pub struct Reach {
    /// The id of the district, or nothing for what was drawn.
    surfaces: Vec<(Option<String>, MultiPolygon<f64>)>,
    /// The streets as they are compared, with how the city wrote them.
    streets: BTreeMap<String, String>,
    /// Where the streets are, as far as the city's list knows, each with how the city wrote it.
    points: Vec<(Point, String)>,
    follows: Vec<(Scope, String)>,
}

impl Reach {
    /// The reach of `audience` where these are the `areas` and the `streets`. A district that is no more is left out; a
    /// street is meant by each of its names.
    pub fn new(audience: &Audience, areas: &Areas, known: &Streets) -> Self {
        let district = |id: &crate::slug::AreaId| {
            let area = areas.get(id.as_str())?;
            Some((Some(id.to_string()), area.outline.clone()))
        };
        let mut surfaces: Vec<_> = audience.districts.iter().filter_map(district).collect();
        if !audience.drawn.is_empty() {
            surfaces.push((None, MultiPolygon(audience.drawn.iter().map(|rings| polygon(rings)).collect())));
        }
        let (mut streets, mut points) = (BTreeMap::new(), Vec::new());
        for street in &audience.streets {
            let others = known.named(street).flat_map(|street| street.names.values());
            streets.extend(others.map(|name| (street_key(name), street.clone())));
            streets.insert(street_key(street), street.clone());
            let along = known.named(street).flat_map(|street| street.points.iter().chain(street.numbers.values()));
            points.extend(along.map(|point| (*point, street.clone())));
        }
        Self { surfaces, streets, points, follows: audience.follows() }
    }

    /// What people may follow to be told, the district before the topic.
    pub fn follows(&self) -> &[(Scope, String)] {
        &self.follows
    }

    /// The streets, as [`street_key`] writes them.
    pub fn streets(&self) -> impl Iterator<Item = &str> {
        self.streets.keys().map(String::as_str)
    }

    /// The south-western and the north-eastern corner around every surface, and around what is known of every street;
    /// `None` without any.
    pub fn bounds(&self) -> Option<(Point, Point)> {
        let surfaces = self.surfaces.iter().filter_map(|(_, surface)| surface.bounding_rect());
        let points = self.points.iter().map(|(point, _)| Coord { x: point.lon, y: point.lat }).map(|at| (at, at));
        surfaces.map(|rect| (rect.min(), rect.max())).chain(points).reduce(around).map(|(low, high)| {
            let point = |at: Coord<f64>| Point { lat: at.y, lon: at.x };
            (point(low), point(high))
        })
    }

    /// Why whoever has this place is told; `None` when it lies elsewhere. What somebody drew, or chose around a point, is
    /// reached where any of it is.
    pub fn place(&self, place: &OwnPlace) -> Option<Because> {
        let at = geo::Point::new(place.point.lon, place.point.lat);
        let patch = place.patch.as_ref().map(Patch::outline);
        let is_on = |surface: &MultiPolygon<f64>| match &patch {
            Some(patch) => surface.intersects(patch),
            None => surface.contains(&at),
        };
        if let Some((district, _)) = self.surfaces.iter().find(|(_, surface)| is_on(surface)) {
            return Some(Because::Place { place: place.id, district: district.clone(), street: None });
        }
        let own = place.street.as_deref().and_then(|street| self.streets.get(&street_key(street)));
        let passes = |patch: &Polygon<f64>| {
            let mut points = self.points.iter();
            points.find(|(at, _)| patch.intersects(&geo::Point::new(at.lon, at.lat))).map(|(_, street)| street)
        };
        let street = own.or_else(|| patch.as_ref().and_then(passes))?;
        Some(Because::Place { place: place.id, district: None, street: Some(street.clone()) })
    }
}

fn around(one: (Coord<f64>, Coord<f64>), other: (Coord<f64>, Coord<f64>)) -> (Coord<f64>, Coord<f64>) {
    let low = Coord { x: one.0.x.min(other.0.x), y: one.0.y.min(other.0.y) };
    let high = Coord { x: one.1.x.max(other.1.x), y: one.1.y.max(other.1.y) };
    (low, high)
}

fn polygon(rings: &[Vec<[f64; 2]>]) -> Polygon<f64> {
    let ring = |points: &Vec<[f64; 2]>| LineString(points.iter().map(|[x, y]| Coord { x: *x, y: *y }).collect());
    let mut rings = rings.iter().map(ring);
    let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
    Polygon::new(exterior, rings.collect())
}

impl Audience {
    /// What people may follow to be told, the district before the topic.
    pub fn follows(&self) -> Vec<(Scope, String)> {
        let districts = self.districts.iter().map(|id| (Scope::Area, id.to_string()));
        districts.chain(self.topics.iter().map(|topic| (Scope::Topic, topic.clone()))).collect()
    }

    /// What all of it is about, as somebody may refuse it: the districts, the topics, and the groups that these are of.
    pub fn about(&self) -> Vec<(Scope, String)> {
        let group = |topic: &String| topic.split_once('/').map(|(group, _)| (Scope::Topic, group.to_owned()));
        let mut about = self.follows();
        about.extend(self.topics.iter().filter_map(group));
        about
    }

    /// Who is told, in one line for people; districts by their names.
    pub fn line(&self, areas: &Areas) -> String {
        let name = |id: &crate::slug::AreaId| match areas.get(id.as_str()) {
            Some(area) => in_language(&area.names, Language::NL).to_owned(),
            None => id.to_string(),
        };
        let mut parts = Vec::new();
        let mut part = |what: &str, all: Vec<String>| {
            if !all.is_empty() {
                parts.push(format!("{what} {}", all.join(", ")));
            }
        };
        part("districts", self.districts.iter().map(name).collect());
        part("streets", self.streets.clone());
        part("topics", self.topics.clone());
        part("only in", self.languages.iter().map(|language| language.as_str().to_owned()).collect());
        part("only by", self.ways.iter().map(|way| way.as_str().to_owned()).collect());
        if !self.drawn.is_empty() {
            parts.insert(0, "what was drawn".to_owned());
        }
        if let Some(segment) = &self.segment {
            parts.insert(0, format!("segment {segment}"));
        }
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{city::Area, slug::Slug};
    use jiff::Timestamp;
    use uuid::Uuid;

    fn square(west: f64, south: f64) -> Vec<Vec<[f64; 2]>> {
        let (east, north) = (west + 1.0, south + 1.0);
        vec![vec![[west, south], [east, south], [east, north], [west, north], [west, south]]]
    }

    fn areas() -> Areas {
        let area = |id: &str, west| Area {
            id: Slug::new(id).unwrap(),
            names: [(Language::NL, id.to_uppercase())].into(),
            outline: MultiPolygon(vec![polygon(&square(west, 50.0))]),
        };
        Areas::new(vec![area("heule", 3.0), area("bissegem", 4.0)], None)
    }

    fn place(lat: f64, lon: f64, street: Option<&str>) -> OwnPlace {
        OwnPlace {
            id: Uuid::nil(),
            person: Uuid::nil(),
            label: None,
            point: Point { lat, lon },
            street: street.map(str::to_owned),
            patch: None,
            since: Timestamp::UNIX_EPOCH,
        }
    }

    fn around(lat: f64, lon: f64, metres: u32) -> OwnPlace {
        let patch = Some(Patch::Circle { middle: Point { lat, lon }, metres });
        OwnPlace { patch, ..place(lat, lon, None) }
    }

    #[test]
    fn a_place_is_reached_by_district_by_what_was_drawn_and_by_street() {
        let slug = |id: &str| Slug::new(id).unwrap();
        let district = Audience { districts: vec![slug("heule"), slug("gone")], ..Audience::default() };
        let drawn = Audience { drawn: vec![square(6.0, 50.0)], ..Audience::default() };
        let street = Audience { streets: vec!["Sint-Jansstraat".into()], ..Audience::default() };
        let by = |district: Option<&str>, street: Option<&str>| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            Some(Because::Place { place: Uuid::nil(), district: own(district), street: own(street) })
        };
        for (audience, place, expected) in [
            (&district, place(50.5, 3.5, None), by(Some("heule"), None)),
            (&district, place(50.5, 4.5, None), None),
            (&district, place(50.5, 4.5, Some("Sint-Jansstraat 1")), None),
            (&district, place(f64::NAN, 3.5, None), None),
            (&drawn, place(50.5, 6.5, None), by(None, None)),
            (&drawn, place(51.5, 6.5, None), None),
            (&street, place(0.0, 0.0, Some("SINT JANSSTRAAT 12 b")), by(None, Some("Sint-Jansstraat"))),
            (&street, place(0.0, 0.0, Some("Sint-Jansplein 12")), None),
            (&street, place(0.0, 0.0, None), None),
        ] {
            assert_eq!(
                Reach::new(audience, &areas(), &Streets::default()).place(&place),
                expected,
                "{audience:?} {place:?}"
            );
        }
    }

    #[test]
    fn what_somebody_drew_is_reached_where_any_of_it_is() {
        let names = [(Language::NL, "Kaai".to_owned()), (Language::FR, "Quai".to_owned())].into();
        let street = crate::city::Street {
            names,
            postcode: None,
            town: None,
            points: vec![Point { lat: 50.5, lon: 8.5 }],
            numbers: [("2".to_owned(), Point { lat: 50.501, lon: 8.5 })].into(),
        };
        let streets = Streets::new(vec![street]);
        let district = Audience { districts: vec![Slug::new("heule").unwrap()], ..Audience::default() };
        let drawn = Audience { drawn: vec![square(6.0, 50.0)], ..Audience::default() };
        let kaai = Audience { streets: vec!["quai".into()], ..Audience::default() };
        // A thousandth of a degree of longitude is 71 m here, of latitude 111 m.
        for (audience, place, is_reached) in [
            (&district, around(50.5, 4.001, 100), true),
            (&district, around(50.5, 4.002, 100), false),
            (&drawn, around(49.9995, 6.5, 100), true),
            (&drawn, around(49.9985, 6.5, 100), false),
            (&kaai, around(50.499, 8.5, 250), true),
            (&kaai, around(50.5018, 8.5, 100), true),
            (&kaai, around(50.5025, 8.5, 100), false),
            (&kaai, place(50.5, 8.5, None), false),
            (&kaai, OwnPlace { street: Some("Kaai 9".into()), ..around(10.0, 8.5, 100) }, true),
        ] {
            let reach = Reach::new(audience, &areas(), &streets);
            assert_eq!(reach.place(&place).is_some(), is_reached, "{audience:?} {place:?}");
        }
        let (low, high) = Reach::new(&kaai, &areas(), &streets).bounds().unwrap();
        assert_eq!((low.lat, high.lat), (50.5, 50.501), "whoever drew around the street is looked for there");
    }

    #[test]
    fn bounds_hold_every_surface() {
        let both = Audience {
            districts: vec![Slug::new("bissegem").unwrap()],
            drawn: vec![square(6.0, 40.0)],
            ..Audience::default()
        };
        let (low, high) = Reach::new(&both, &areas(), &Streets::default()).bounds().unwrap();
        assert_eq!((low.lat, low.lon, high.lat, high.lon), (40.0, 4.0, 51.0, 7.0));
        let topics = Audience { topics: vec!["wegen/put".into()], ..Audience::default() };
        let reach = Reach::new(&topics, &areas(), &Streets::default());
        assert_eq!(reach.bounds(), None);
        let topic = |id: &str| (Scope::Topic, id.to_owned());
        assert_eq!(topics.about(), [topic("wegen/put"), topic("wegen")], "who refuses the group refuses this");
    }
}
