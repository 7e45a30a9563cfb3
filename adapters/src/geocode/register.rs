//! The Geolocation API of Digitaal Vlaanderen, version 4 (`/v4/Location`), over the Flemish address register:
//! <https://geo.api.vlaanderen.be/geolocation/Help>.

use super::{
    Geocoder, Trouble,
    wire::{Parts, Wire},
};
use async_trait::async_trait;
use schemas::place::{Point, Spot};
use serde::Deserialize;
use std::sync::Arc;

const PATH: &str = "v4/Location";

#[derive(Debug)]
struct Register(Wire);

pub(super) fn build(wire: Wire) -> Arc<dyn Geocoder> {
    Arc::new(Register(wire))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "LocationResult", default)]
    found: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default)]
    municipality: Option<String>,
    #[serde(default)]
    zipcode: Option<String>,
    #[serde(default)]
    thoroughfarename: Option<String>,
    #[serde(default)]
    housenumber: Option<String>,
    location: Location,
}

#[derive(Deserialize)]
struct Location {
    #[serde(rename = "Lat_WGS84")]
    lat: f64,
    #[serde(rename = "Lon_WGS84")]
    lon: f64,
}

impl Entry {
    fn spot(self) -> Option<Spot> {
        let Location { lat, lon } = self.location;
        let (street, number) = (self.thoroughfarename, self.housenumber.filter(|number| !number.is_empty()));
        Parts { lat, lon, street, number, postcode: self.zipcode, town: self.municipality }.spot()
    }
}

#[async_trait]
impl Geocoder for Register {
    async fn find(&self, words: &str) -> Result<Vec<Spot>, Trouble> {
        // It knows all of Flanders and Brussels: a street alone may be anywhere.
        let city = self.0.city.name(self.0.city.own_language());
        let query = [("q", format!("{words}, {city}")), ("c", "5".to_owned())];
        let answer: Answer = self.0.get(PATH, &query).await?;
        Ok(answer.found.into_iter().filter_map(Entry::spot).collect())
    }

    async fn near(&self, point: Point) -> Result<Option<Spot>, Trouble> {
        let query = [("latlon", format!("{:.6},{:.6}", point.lat, point.lon)), ("c", "1".to_owned())];
        let answer: Answer = self.0.get(PATH, &query).await?;
        // It looks as far as a kilometre.
        let spot = answer.found.into_iter().find_map(Entry::spot);
        Ok(spot.filter(|spot| spot.point.metres_to(point) <= 100.0))
    }
}
