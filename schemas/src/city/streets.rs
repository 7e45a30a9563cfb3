//! The streets of a city: found by words and by a point, without asking anybody outside.

mod search;
mod words;

pub(crate) use words::{compact, postcodes, split};

use super::Texts;
use crate::{
    city::in_language,
    place::{Point, Precision, Spot},
    report::Language,
};
use rstar::{PointDistance as _, RTree, primitives::GeomWithData};
use std::collections::{BTreeMap, HashMap};

/// How far a house may be from a point that is said to be there, in metres.
const NEAR_HOUSE: f64 = 40.0;
/// How far a known point of a street may be, in metres.
const NEAR_STREET: f64 = 150.0;
/// Metres per degree of latitude.
const DEGREE: f64 = 111_195.0;

/// One street.
#[derive(Debug, Clone, PartialEq)]
pub struct Street {
    /// Its name, in each language that it has one in.
    pub names: Texts,
    /// Its postcode.
    pub postcode: Option<String>,
    /// The town or village that stands behind the postcode.
    pub town: Option<String>,
    /// Points along it, in file order.
    pub points: Vec<Point>,
    /// Houses, by their number in small letters.
    pub numbers: BTreeMap<String, Point>,
}

impl Street {
    /// Its name in `language`.
    pub fn name(&self, language: Language) -> &str {
        in_language(&self.names, language)
    }

    /// A point about in the middle of it.
    fn middle(&self) -> Option<Point> {
        let points = self.points.get(self.points.len() / 2);
        points.or_else(|| self.numbers.values().nth(self.numbers.len() / 2)).copied()
    }

    fn tail(&self) -> String {
        match (&self.postcode, &self.town) {
            (Some(postcode), Some(town)) => format!(", {postcode} {town}"),
            (Some(one), None) | (None, Some(one)) => format!(", {one}"),
            (None, None) => String::new(),
        }
    }

    /// The house with this number, or else the street itself.
    fn spot(&self, number: Option<&str>, language: Language) -> Option<Spot> {
        let house = number.and_then(|number| Some((number, *self.numbers.get(number)?)));
        let (number, point, precision) = match house {
            Some((number, point)) => (Some(number.to_owned()), point, Precision::Address),
            None => (None, self.middle()?, Precision::Street),
        };
        let street = self.name(language).to_owned();
        let shown = number.as_ref().map(|number| format!(" {number}")).unwrap_or_default();
        let label = format!("{street}{shown}{}", self.tail());
        Some(Spot { label, point, precision, street: Some(street), number, asset: None })
    }
}

/// A known point: its street, and the number of the house, when it is one.
type Known = GeomWithData<[f64; 2], (usize, Option<String>)>;

/// Every street of a city that its list names.
#[derive(Debug, Default)]
pub struct Streets {
    streets: Vec<Street>,
    /// Street by its name as [`compact`] writes it, in any language.
    by_name: HashMap<String, Vec<usize>>,
    /// The most words of a name.
    longest: usize,
    /// Metres per degree of longitude where the city lies.
    scale: f64,
    known: RTree<Known>,
}

impl Streets {
    /// The streets, in file order.
    pub fn new(streets: Vec<Street>) -> Self {
        let middle = streets.iter().find_map(Street::middle).map_or(50.0, |point| point.lat);
        let scale = DEGREE * middle.to_radians().cos();
        let (mut by_name, mut longest, mut known) = (HashMap::<String, Vec<usize>>::new(), 0, Vec::new());
        for (place, street) in streets.iter().enumerate() {
            for name in street.names.values() {
                let words = split(name);
                longest = longest.max(words.len());
                let same = by_name.entry(compact(&words)).or_default();
                if !same.contains(&place) {
                    same.push(place);
                }
            }
            let at = |point: Point| [point.lon * scale, point.lat * DEGREE];
            known.extend(street.points.iter().map(|point| GeomWithData::new(at(*point), (place, None))));
            let houses = street.numbers.iter();
            known.extend(houses.map(|(number, point)| GeomWithData::new(at(*point), (place, Some(number.clone())))));
        }
        Self { streets, by_name, longest, scale, known: RTree::bulk_load(known) }
    }

    /// Every street, in file order.
    pub fn all(&self) -> &[Street] {
        &self.streets
    }

    /// The streets of this name, in any language and however it is written.
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Street> {
        let found = self.by_name.get(&compact(&split(name)));
        found.into_iter().flatten().filter_map(|place| self.streets.get(*place))
    }

    /// The house or the street at `point`; nothing when no known one is near enough.
    pub fn near(&self, point: Point, language: Language) -> Option<Spot> {
        let at = [point.lon * self.scale, point.lat * DEGREE];
        if !(at[0].is_finite() && at[1].is_finite()) {
            return None;
        }
        let mut street = None;
        for known in self.known.nearest_neighbor_iter(&at) {
            let metres = known.distance_2(&at).sqrt();
            let (place, number) = &known.data;
            let street = match street {
                None if metres <= NEAR_STREET => *street.insert(*place),
                // The street is known by what lies nearest; now only a house in it may say more.
                Some(street) if metres <= NEAR_HOUSE => street,
                _ => break,
            };
            if let Some(number) = number.as_deref().filter(|_| street == *place && metres <= NEAR_HOUSE) {
                return self.streets[street].spot(Some(number), language);
            }
        }
        self.streets[street?].spot(None, language)
    }
}

#[cfg(test)]
mod tests;
