//! How a geocoder is asked: one GET, a short answer in JSON, and nothing of it in the log.

use super::Trouble;
use schemas::{
    city::City,
    place::{Point, Precision, Spot},
};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use url::Url;

/// Where a geocoder is, and which part of the world is asked about.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    base: Url,
    pub(super) city: Arc<City>,
    http: bus::http::Client,
}

impl Wire {
    pub(super) fn new(base: Url, city: &Arc<City>, http: &bus::http::Client) -> Self {
        Self { base, city: city.clone(), http: http.clone() }
    }

    /// The corners of the city: south-west and north-east; nothing where it has no outline.
    pub(super) fn corners(&self) -> Option<(Point, Point)> {
        self.city.areas.bounds()
    }

    /// Asks `path` below the address of the geocoder.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Trouble> {
        let mut url = self.base.clone();
        let joined = format!("{}/{path}", self.base.path().trim_end_matches('/'));
        url.set_path(&joined);
        url.query_pairs_mut().extend_pairs(query);
        let request = self.http.get(&url).map_err(|_| Trouble("its address may not be called".to_owned()))?;
        // An error of the client would write the address down, and with it what was asked.
        let answer = request.send().await.map_err(|error| Trouble(format!("no answer: {}", error.without_url())))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Trouble(format!("it answered {status}")));
        }
        let body = bus::http::head(answer).await;
        serde_json::from_slice(&body)
            .map_err(|error| Trouble(format!("its answer is not what it documents: {:?}", error.classify())))
    }
}

/// What a geocoder says of one place, in its parts.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) lat: f64,
    pub(super) lon: f64,
    pub(super) street: Option<String>,
    pub(super) number: Option<String>,
    pub(super) postcode: Option<String>,
    pub(super) town: Option<String>,
}

impl Parts {
    /// The place; nothing when it is neither a street nor a house.
    pub(super) fn spot(self) -> Option<Spot> {
        let clean = |text: Option<String>| {
            let text = text.map(|text| schemas::text::clean_line(&text))?;
            (1..=100).contains(&schemas::text::length(&text)).then_some(text)
        };
        let (street, number) = (clean(self.street)?, clean(self.number));
        let point = Point { lat: self.lat, lon: self.lon };
        if !(point.lat.is_finite() && point.lon.is_finite()) {
            return None;
        }
        let mut label = street.clone();
        if let Some(number) = &number {
            label = format!("{label} {number}");
        }
        let tail: Vec<String> = [clean(self.postcode), clean(self.town)].into_iter().flatten().collect();
        if !tail.is_empty() {
            label = format!("{label}, {}", tail.join(" "));
        }
        let precision = if number.is_some() { Precision::Address } else { Precision::Street };
        Some(Spot { label, point, precision, street: Some(street), number, asset: None })
    }
}
