//! What the lists of a city know of a place.

use super::{Asset, City};
use crate::{
    place::{Found, Place, Precision, Spot},
    report::Language,
};

impl City {
    /// The most places that are shown to choose from.
    pub const MOST_SPOTS: usize = 8;

    /// The places in the city that these words may mean by its own lists, the likeliest first: things with that number,
    /// then houses and streets.
    pub fn spots(&self, words: &str, language: Language) -> Vec<Spot> {
        let assets = self.assets.find(words, Self::MOST_SPOTS / 2);
        let mut found: Vec<Spot> = assets.into_iter().map(|asset| self.asset_spot(asset, language)).collect();
        // Who writes the number of a lamp post means no street that begins like it.
        let (most, guess) = (Self::MOST_SPOTS - found.len(), found.is_empty());
        found.extend(self.streets.find(words, language, most, guess));
        found
    }

    /// The thing with this number.
    pub fn asset_spot(&self, asset: &Asset, language: Language) -> Spot {
        let near = self.streets.near(asset.point, language);
        let at = near.as_ref().map(|spot| format!(", {}", spot.label)).unwrap_or_default();
        Spot {
            label: format!("{} {}{at}", self.further.say(language, asset.kind.word()), asset.number),
            point: asset.point,
            precision: Precision::Asset,
            street: near.and_then(|spot| spot.street),
            number: None,
            asset: Some(asset.number.clone()),
        }
    }

    /// The language that names of places are kept in: the city's own.
    pub fn own_language(&self) -> Language {
        self.languages.first().copied().unwrap_or_default()
    }

    /// The place with what the city's own lists add for sure: a point for the number of a lamp post or for an address that
    /// can mean one thing, an address for a point. What the person said stays as it is.
    pub fn complete(&self, mut place: Place) -> Place {
        if place.found.is_some() {
            return place;
        }
        let own = self.own_language();
        if place.point.is_none() {
            let asset = place.asset.as_deref().and_then(|number| self.assets.get(number));
            // The field for the address is where people write the number of a lamp post, too.
            let words = place.address.as_deref().unwrap_or_default();
            let spot = match asset {
                Some(asset) => Some(self.asset_spot(asset, own)),
                None => self.streets.understand(words, own).or_else(|| match self.assets.find(words, 2).as_slice() {
                    [one] => Some(self.asset_spot(one, own)),
                    _ => None,
                }),
            };
            if let Some(spot) = spot.filter(|spot| self.areas.in_city(spot.point)) {
                return self.settle(place, spot);
            }
        }
        if let (Some(point), None) = (place.point, &place.address) {
            let address = self.streets.near(point, own).map(|spot| spot.label);
            place.found = address.map(|address| Found { address: Some(address), precision: None });
        }
        place
    }

    /// The place, at `spot`.
    pub fn settle(&self, mut place: Place, spot: Spot) -> Place {
        let address = match &spot.asset {
            // Of a lamp post, the street says where it is.
            Some(_) => self.streets.near(spot.point, self.own_language()).map(|spot| spot.label),
            None => Some(spot.label),
        };
        place.asset = place.asset.or(spot.asset);
        place.point = Some(spot.point);
        place.found = Some(Found { address, precision: Some(spot.precision) });
        place
    }
}
