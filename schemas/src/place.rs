//! Where it is: coordinates, an address as people write it, or both.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A position in WGS 84 degrees (EPSG:4326).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Latitude, -90 to 90.
    #[schemars(range(min = -90, max = 90))]
    pub lat: f64,
    /// Longitude, -180 to 180.
    #[schemars(range(min = -180, max = 180))]
    pub lon: f64,
}

/// Where something is. At least one part is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The address or landmark in the person's own words, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub address: Option<String>,
    /// The position, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
}

impl Place {
    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        self.address.is_none() && self.point.is_none()
    }

    /// One line for people.
    pub fn line(&self) -> String {
        match (&self.address, self.point) {
            (Some(address), _) => address.clone(),
            (None, Some(Point { lat, lon })) => format!("{lat:.5}, {lon:.5}"),
            (None, None) => String::new(),
        }
    }
}
