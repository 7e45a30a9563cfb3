//! Who is next door: a place that is not in the city is somebody's, and people are told whose.

use super::{City, Texts, in_language, streets};
use crate::{place::Point, report::Language};
use geo::{Contains as _, MultiPolygon};

/// A municipality beside the city.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    /// Its name.
    pub names: Texts,
    /// Its postcodes.
    pub postcodes: Vec<String>,
    /// Its outline, longitude and latitude in WGS 84 degrees.
    pub outline: Option<MultiPolygon<f64>>,
    /// The address of its website where things are reported.
    pub web: Option<String>,
    /// Its telephone number.
    pub phone: Option<String>,
}

impl Neighbour {
    /// Its name in `language`.
    pub fn name(&self, language: Language) -> &str {
        in_language(&self.names, language)
    }

    /// How it is reached, for a sentence: the website, the number, or both.
    pub fn contact(&self) -> String {
        let parts: Vec<&str> = [&self.web, &self.phone].into_iter().flatten().map(String::as_str).collect();
        parts.join(", ")
    }
}

impl City {
    /// The neighbour that a point outside the city lies in.
    pub fn neighbour_at(&self, point: Point) -> Option<&Neighbour> {
        if !(point.lat.is_finite() && point.lon.is_finite()) || self.areas.in_city(point) {
            return None;
        }
        let at = geo::Point::new(point.lon, point.lat);
        let holds = |neighbour: &&Neighbour| neighbour.outline.as_ref().is_some_and(|outline| outline.contains(&at));
        self.neighbours.iter().find(holds)
    }

    /// The neighbour that an address names: by one of its postcodes, with its name behind it. Either alone may mean
    /// something else: a road leads to the next town, and a house may have a high number.
    pub fn neighbour_in(&self, address: &str) -> Option<&Neighbour> {
        let words = streets::split(address);
        self.neighbours.iter().find(|neighbour| {
            neighbour.names.values().any(|name| {
                let name = streets::split(name);
                let mut parts = words.windows(name.len() + 1);
                !name.is_empty() && parts.any(|part| neighbour.postcodes.contains(&part[0]) && part[1..] == name[..])
            })
        })
    }
}
