//! What `road_manager`, `green_manager` and `watercourse_manager` share: who looks after the place,
//! looked up in a layer of owners of the city. A report without a point has no manager.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    yaml::{List, Pos},
};
use schemas::{city::Layer, slug::Slug};
use serde::Deserialize;
use std::borrow::Cow;

/// Owners that the layer knows; `LAYER` is the place of the layer in [`Layer::ALL`].
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config<const LAYER: usize>(List);

#[derive(Debug)]
pub(crate) struct Condition<const LAYER: usize>(Box<[Slug]>);

/// `owner` has to be one that the city's `layer` knows.
pub(crate) fn check_owner(layer: Layer, owner: &str, at: Pos, check: &mut Check<'_>) {
    let (name, city) = (layer.as_str(), check.city);
    match city.owners.map(layer) {
        Some(map) => check.known(&format!("{name} manager"), owner, at, map.owners().map(|owner| owner.as_str())),
        None => check.error(
            at,
            format!("this city has no layer of owners for `{name}`"),
            format!("add `owners: {{{name}: {{file: owners/{name}.geojson}}}}` to city.yaml"),
        ),
    }
}

impl<const LAYER: usize> std::fmt::Display for Config<LAYER> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<const LAYER: usize> Config<LAYER> {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "managers", check);
        for (owner, at) in self.0.items(at) {
            check_owner(Layer::ALL[LAYER], owner, at, check);
        }
    }

    pub fn build(self) -> Condition<LAYER> {
        Condition(self.0.texts().filter_map(|name| Slug::new(name).ok()).collect())
    }
}

impl<const LAYER: usize> Condition<LAYER> {
    /// What it names, any of which is enough.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    pub fn holds<'f>(&self, facts: &'f Facts<'_>) -> Option<Cow<'f, str>> {
        let owner = facts.owner(Layer::ALL[LAYER])?;
        self.0.contains(owner).then_some(Cow::Borrowed(owner.as_str()))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        match facts.owner(Layer::ALL[LAYER]) {
            Some(owner) => owner.to_string(),
            None => format!("the {} manager is not known", Layer::ALL[LAYER].as_str()),
        }
    }
}
