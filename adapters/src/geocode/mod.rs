//! Finding places: words become places to choose from, a point becomes an address. The city's own lists come first; a
//! geocoder outside may know more, and when it is slow or away the answer is "nothing found now", never an error.
//!
//! A geocoder is one file here with a [`Geocoder`] and one line in [`KINDS`].

mod cache;
mod nominatim;
mod photon;
mod register;
mod remote;
#[cfg(test)]
mod tests;
mod wire;

use async_trait::async_trait;
use remote::{Hurry, Remote};
use schemas::{
    city::City,
    fault::{Invalid, did_you_mean},
    place::{Found, Place, Point, Precision, Spot},
    report::Language,
    text,
};
use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};
use store::Store;
use url::Url;
use wire::Wire;

/// Something outside that knows places.
#[async_trait]
pub trait Geocoder: fmt::Debug + Send + Sync {
    /// The places that `words` may mean, the likeliest first.
    async fn find(&self, words: &str) -> Result<Vec<Spot>, Trouble>;
    /// The address at `point`.
    async fn near(&self, point: Point) -> Result<Option<Spot>, Trouble>;
}

/// Why a geocoder gave no answer, without what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(String);

/// How a geocoder is made of where it is.
type Build = fn(Wire) -> Arc<dyn Geocoder>;

/// Every kind of geocoder.
const KINDS: &[(&str, Build)] =
    &[("nominatim", nominatim::build), ("photon", photon::build), ("geolocation", register::build)];

/// Settings of the geocoder outside.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which shape it speaks: `nominatim`, `photon` or `geolocation` (of Digitaal Vlaanderen).
    pub kind: String,
    /// Where it is.
    pub url: String,
    /// How long somebody who searches waits for it.
    pub timeout: Duration,
    /// How long a report that comes in waits for it.
    pub intake: Duration,
    /// How long an answer is kept.
    pub keep: Duration,
}

/// What a geocoder is built with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The city, and with it its lists.
    pub city: Arc<City>,
    /// Where answers are kept.
    pub store: Store,
    /// How it is called.
    pub http: bus::http::Client,
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        let mut fault = |field: &str, code, message: String| {
            faults.push(Invalid::new(format!("geocode.{field}"), code, message));
        };
        if !KINDS.iter().any(|(name, _)| *name == self.kind) {
            let help = did_you_mean(&self.kind, KINDS.iter().map(|(name, _)| *name));
            fault("kind", "unknown", format!("there is no geocoder `{}`: {help}", self.kind));
        }
        if !Url::parse(&self.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            fault("url", "malformed", format!("`{}` is not an http or https address", self.url));
        }
        if !(50..=30_000).contains(&self.timeout.as_millis()) {
            fault("timeout_ms", "out_of_range", "write 50 to 30000 milliseconds".to_owned());
        }
        if self.intake.as_millis() > 300 {
            fault("intake_ms", "out_of_range", "a report waits at most 300 milliseconds; 0: not at all".to_owned());
        }
        faults
    }

    /// The geocoder, behind the lists of the city.
    ///
    /// # Errors
    /// What [`Config::check`] says.
    pub fn build(self, tools: &Tools) -> Result<Geocode, Vec<Invalid>> {
        let faults = self.check();
        let url = Url::parse(&self.url);
        let (Some((_, build)), Ok(url), true) =
            (KINDS.iter().find(|(name, _)| *name == self.kind), url, faults.is_empty())
        else {
            return Err(faults);
        };
        let source = build(Wire::new(url, &tools.city, &tools.http));
        let remote = Remote::new(source, &tools.store, &self);
        Ok(Geocode { city: tools.city.clone(), remote: Some(Arc::new(remote)) })
    }
}

/// Finds places. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Geocode {
    city: Arc<City>,
    remote: Option<Arc<Remote>>,
}

impl Geocode {
    /// By the lists of `city` alone.
    pub fn of_lists(city: &Arc<City>) -> Self {
        Self { city: city.clone(), remote: None }
    }

    /// The places in the city that these words may mean, the likeliest first; names in `language` where there are any.
    pub async fn find(&self, words: &str, language: Language) -> Vec<Spot> {
        let words: String = text::clean_line(words).chars().take(200).collect();
        let mut found = self.city.spots(&words, language);
        let wants_house = words.chars().any(|c| c.is_ascii_digit());
        let is_enough = found.iter().any(|spot| !wants_house || spot.precision != Precision::Street);
        if let (Some(remote), false) = (&self.remote, is_enough || words.chars().count() < 3) {
            let outside = remote.find(&words, Hurry::Patient).await;
            found.extend(outside.into_iter().filter(|spot| self.city.areas.in_city(spot.point)));
            // A house is more than the street that it is in.
            found.sort_by_key(|spot| spot.precision);
            let mut seen = BTreeSet::new();
            found.retain(|spot| seen.insert(spot.label.to_lowercase()));
            found.truncate(City::MOST_SPOTS);
        }
        found
    }

    /// The place that somebody chose by its label among those that these words found, in whatever language they saw it. It
    /// is looked up again, so that nobody makes one up. Its own label is in the city's language.
    pub async fn chosen(&self, words: &str, label: &str) -> Option<Spot> {
        let words: String = text::clean_line(words).chars().take(200).collect();
        let own = self.city.own_language();
        let same = |one: &Spot, other: &Spot| one.point == other.point && one.asset == other.asset;
        for language in &self.city.languages {
            let seen = self.city.spots(&words, *language).into_iter().find(|spot| spot.label == label);
            if let Some(seen) = seen {
                let named = self.city.spots(&words, own).into_iter().find(|spot| same(spot, &seen));
                return Some(named.unwrap_or(seen));
            }
        }
        let found = self.remote.as_ref()?.find(&words, Hurry::Intake).await;
        found.into_iter().find(|spot| spot.label == label && self.city.areas.in_city(spot.point))
    }

    /// The address at `point`; nothing where none is known.
    pub async fn near(&self, point: Point, language: Language) -> Option<Spot> {
        if !self.city.areas.in_city(point) {
            return None;
        }
        self.at(point, language, Hurry::Patient).await
    }

    /// The house that the list knows there; else what somebody outside says; else the street of the list.
    async fn at(&self, point: Point, language: Language, hurry: Hurry) -> Option<Spot> {
        let listed = self.city.streets.near(point, language);
        let Some(remote) = self.remote.as_ref().filter(|_| !listed.as_ref().is_some_and(is_house)) else {
            return listed;
        };
        let outside = remote.near(point, hurry).await;
        outside.filter(|spot| self.city.areas.in_city(spot.point)).or(listed)
    }

    /// The place of a report that comes in, with what is found out about it within [`Config::intake`]. What the person said
    /// stays; what is not sure is left out.
    pub async fn complete(&self, place: Place) -> Place {
        // What the person chose on the page is settled.
        if place.found.is_some() {
            return place;
        }
        let place = self.city.complete(place);
        let Some(remote) = &self.remote else { return place };
        match (&place.address, place.point) {
            (Some(address), _) if !has_exact_point(&place) => {
                let found = remote.find(address, Hurry::Intake).await;
                let is_street_known = place.point.is_some();
                match self.sure(found, address).filter(|spot| !is_street_known || spot.precision != Precision::Street) {
                    Some(spot) => self.city.settle(place, spot),
                    None => place,
                }
            }
            (None, Some(point)) if place.asset.is_none() => {
                let address = self.at(point, self.city.own_language(), Hurry::Intake).await.map(|spot| spot.label);
                Place { found: address.map(|address| Found { address: Some(address), precision: None }), ..place }
            }
            _ => place,
        }
    }

    /// The one of these places that the address means for sure. Geocoders answer with what is near to what they were
    /// asked, so its street has to stand in the words, and of houses its number.
    fn sure(&self, found: Vec<Spot>, address: &str) -> Option<Spot> {
        let is_meant = |spot: &Spot| {
            let street = spot.street.as_deref().is_some_and(|street| self.city.streets.mentioned(street, address));
            let number = spot.number.as_deref().is_none_or(|number| self.city.streets.mentioned(number, address));
            street && number && self.city.areas.in_city(spot.point)
        };
        let mut meant: Vec<Spot> = found.into_iter().filter(is_meant).collect();
        let best = meant.iter().map(|spot| spot.precision).min()?;
        meant.retain(|spot| spot.precision == best);
        let names: BTreeSet<&str> = meant.iter().map(|spot| spot.label.as_str()).collect();
        if names.len() == 1 { meant.into_iter().next() } else { None }
    }
}

fn is_house(spot: &Spot) -> bool {
    spot.precision == Precision::Address
}

/// Whether nobody outside can say more: the point is the person's own, or that of a house or a lamp post.
fn has_exact_point(place: &Place) -> bool {
    let precision = place.found.as_ref().and_then(|found| found.precision);
    let wants_house = place.address.as_deref().is_some_and(|address| address.chars().any(|c| c.is_ascii_digit()));
    place.point.is_some() && (precision != Some(Precision::Street) || !wants_house)
}
