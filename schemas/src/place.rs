//! Where it is: coordinates, an address as people write it, the number of a lamp post, or all of them.

use crate::lambert::Lambert72;
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

impl Point {
    /// Metres to `other`, good to a hundredth within one city.
    pub fn metres_to(self, other: Self) -> f64 {
        /// Metres per degree of latitude, on a round Earth.
        const DEGREE: f64 = 111_195.0;
        let east = (self.lon - other.lon) * DEGREE * self.lat.to_radians().cos();
        east.hypot((self.lat - other.lat) * DEGREE)
    }

    /// A block: in the eyes of strangers everything within so many degrees is at one place.
    pub const BLOCK: f64 = 0.000_5;

    /// The middle of the block around it: as precise as anybody but the city learns where something is.
    pub fn block(self) -> Self {
        let middle = |degrees: f64| ((degrees / Self::BLOCK).floor() + 0.5) * Self::BLOCK;
        Self { lat: middle(self.lat), lon: middle(self.lon) }
    }

    /// The south-western and the north-eastern corner of the block around it.
    pub fn block_corners(self) -> (Self, Self) {
        let Self { lat, lon } = self.block();
        let corner = |half: f64| Self { lat: lat + half, lon: lon + half };
        (corner(-Self::BLOCK / 2.0), corner(Self::BLOCK / 2.0))
    }
}

/// Where something is, as a channel says it: one of these is enough.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenPlace {
    /// The address or landmark in the person's own words, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub address: Option<String>,
    /// The position, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// The position in Belgian Lambert 72, in the place of `point`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambert72: Option<Lambert72>,
    /// The number on a lamp post or another thing of the city, at most 40 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub asset: Option<String>,
}

impl From<Place> for GivenPlace {
    fn from(Place { address, point, asset, .. }: Place) -> Self {
        Self { address, point, lambert72: None, asset }
    }
}

/// Where something is. What the person said stays as they said it; what the city found out stands beside it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The address or landmark in the person's own words, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub address: Option<String>,
    /// The position, given or found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// The number on a lamp post or another thing of the city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub asset: Option<String>,
    /// What the city found out by itself; absent when it found nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

/// What the city found out about a place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The address that was meant, or that is nearest to the point, in the city's own language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// How exactly the point was found; absent when the person gave the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

/// How exactly a point is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// The lamp post, or whatever it is, itself.
    Asset,
    /// The house.
    Address,
    /// Somewhere in the street.
    Street,
}

impl Precision {
    /// In lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Address => "address",
            Self::Street => "street",
        }
    }
}

/// A place that words may mean, or that lies near a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// One line for people: street, number, postcode and town.
    pub label: String,
    /// Where it is.
    pub point: Point,
    /// How exactly.
    pub precision: Precision,
    /// The street, without the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// The number of the house.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The number of the lamp post, or whatever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
}

impl Spot {
    /// The street with the number, as it stands on an envelope.
    pub fn street_line(&self) -> Option<String> {
        let street = self.street.as_ref()?;
        Some(match &self.number {
            Some(number) => format!("{street} {number}"),
            None => street.clone(),
        })
    }
}

impl Place {
    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        self.address.is_none() && self.point.is_none() && self.asset.is_none()
    }

    /// The address to show: the person's own words, or else what the city found.
    pub fn readable(&self) -> Option<&str> {
        let found = || self.found.as_ref().and_then(|found| found.address.as_deref());
        self.address.as_deref().or_else(found)
    }

    /// One line for people.
    pub fn line(&self) -> String {
        match (self.readable(), &self.asset, self.point) {
            (Some(address), Some(asset), _) if !address.contains(asset.as_str()) => format!("{address} (#{asset})"),
            (Some(address), ..) => address.to_owned(),
            (None, Some(asset), _) => format!("#{asset}"),
            (None, None, Some(Point { lat, lon })) => format!("{lat:.5}, {lon:.5}"),
            (None, None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_one_line() {
        let place = |address: Option<&str>, asset: Option<&str>, found: Option<&str>, point| Place {
            address: address.map(str::to_owned),
            asset: asset.map(str::to_owned),
            found: found.map(|address| Found { address: Some(address.into()), precision: None }),
            point,
        };
        let point = Some(Point { lat: 50.8278, lon: 3.2645 });
        for (place, line) in [
            (place(None, None, None, None), ""),
            (place(None, None, None, point), "50.82780, 3.26450"),
            (place(None, None, Some("Grote Markt 1"), point), "Grote Markt 1"),
            (place(Some("bij het belfort"), None, Some("Grote Markt 1"), point), "bij het belfort"),
            (place(None, Some("5012"), None, point), "#5012"),
            (place(None, Some("5012"), Some("Grote Markt"), point), "Grote Markt (#5012)"),
            (place(Some("paal 5012"), Some("5012"), None, point), "paal 5012"),
        ] {
            assert_eq!(place.line(), line);
        }
    }
}
