//! Nominatim (`/search`, `/reverse`, `format=jsonv2`): <https://nominatim.org/release-docs/latest/api/Search/>.

use super::{
    Geocoder, Trouble,
    wire::{Parts, Wire},
};
use async_trait::async_trait;
use schemas::place::{Point, Spot};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug)]
struct Nominatim(Wire);

pub(super) fn build(wire: Wire) -> Arc<dyn Geocoder> {
    Arc::new(Nominatim(wire))
}

/// One place. Numbers are written as text.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    lat: String,
    #[serde(default)]
    lon: String,
    #[serde(default)]
    address: Address,
}

/// Its parts; a town is called by how large it is.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Address {
    house_number: Option<String>,
    road: Option<String>,
    pedestrian: Option<String>,
    postcode: Option<String>,
    village: Option<String>,
    town: Option<String>,
    city: Option<String>,
    municipality: Option<String>,
}

impl Entry {
    fn spot(self) -> Option<Spot> {
        let Address { house_number, road, pedestrian, postcode, village, town, city, municipality } = self.address;
        let (lat, lon) = (self.lat.parse().ok()?, self.lon.parse().ok()?);
        let town = village.or(town).or(city).or(municipality);
        Parts { lat, lon, street: road.or(pedestrian), number: house_number, postcode, town }.spot()
    }
}

impl Nominatim {
    fn query(&self) -> Vec<(&'static str, String)> {
        let language = self.0.city.own_language().as_str().to_owned();
        vec![("format", "jsonv2".to_owned()), ("addressdetails", "1".to_owned()), ("accept-language", language)]
    }
}

#[async_trait]
impl Geocoder for Nominatim {
    async fn find(&self, words: &str) -> Result<Vec<Spot>, Trouble> {
        let mut query = self.query();
        query.extend([("q", words.to_owned()), ("limit", "5".to_owned())]);
        if let Some((low, high)) = self.0.corners() {
            query.push(("viewbox", format!("{:.5},{:.5},{:.5},{:.5}", low.lon, low.lat, high.lon, high.lat)));
            query.push(("bounded", "1".to_owned()));
        }
        let found: Vec<Entry> = self.0.get("search", &query).await?;
        Ok(found.into_iter().filter_map(Entry::spot).collect())
    }

    async fn near(&self, point: Point) -> Result<Option<Spot>, Trouble> {
        let mut query = self.query();
        query.extend([("lat", format!("{:.6}", point.lat)), ("lon", format!("{:.6}", point.lon))]);
        // Where it knows nothing it answers with an `error` and no place.
        let found: Entry = self.0.get("reverse", &query).await?;
        Ok(found.spot())
    }
}
