//! Photon (`/api`, `/reverse`, GeoJSON): <https://github.com/komoot/photon>.

use super::{
    Geocoder, Trouble,
    wire::{Parts, Wire},
};
use async_trait::async_trait;
use schemas::place::{Point, Spot};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug)]
struct Photon(Wire);

pub(super) fn build(wire: Wire) -> Arc<dyn Geocoder> {
    Arc::new(Photon(wire))
}

#[derive(Deserialize)]
struct Collection {
    #[serde(default)]
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
    properties: Properties,
}

/// A point: longitude, latitude.
#[derive(Deserialize)]
struct Geometry {
    coordinates: [f64; 2],
}

/// Of a street, its name is `name`; of what lies in one, the street is `street`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Properties {
    name: Option<String>,
    street: Option<String>,
    housenumber: Option<String>,
    postcode: Option<String>,
    district: Option<String>,
    city: Option<String>,
    #[serde(rename = "type")]
    sort: Option<String>,
}

impl Feature {
    fn spot(self) -> Option<Spot> {
        let [lon, lat] = self.geometry.coordinates;
        let Properties { name, street, housenumber, postcode, district, city, sort } = self.properties;
        let street = street.or(name.filter(|_| sort.as_deref() == Some("street")));
        Parts { lat, lon, street, number: housenumber, postcode, town: city.or(district) }.spot()
    }
}

#[async_trait]
impl Geocoder for Photon {
    async fn find(&self, words: &str) -> Result<Vec<Spot>, Trouble> {
        let mut query = vec![("q", words.to_owned()), ("limit", "5".to_owned())];
        if let Some((low, high)) = self.0.corners() {
            query.push(("bbox", format!("{:.5},{:.5},{:.5},{:.5}", low.lon, low.lat, high.lon, high.lat)));
        }
        let found: Collection = self.0.get("api", &query).await?;
        Ok(found.features.into_iter().filter_map(Feature::spot).collect())
    }

    async fn near(&self, point: Point) -> Result<Option<Spot>, Trouble> {
        let query =
            [("lat", format!("{:.6}", point.lat)), ("lon", format!("{:.6}", point.lon)), ("limit", "1".to_owned())];
        let found: Collection = self.0.get("reverse", &query).await?;
        Ok(found.features.into_iter().find_map(Feature::spot))
    }
}
