//! `channel: [app, phone]`: the door it came through.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    yaml::{List, Pos},
};
use schemas::slug::{Channel, Slug};
use serde::Deserialize;
use std::borrow::Cow;

/// Channels. Which ones exist depends on the integrations that run, so only their shape is checked.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(List);

#[derive(Debug)]
pub(crate) struct Condition(Box<[Channel]>);

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        check_some(&self.0, at, "channels", check);
        for (name, at) in self.0.items(at) {
            if let Err(wrong) = Slug::new(name) {
                check.error(at, wrong.to_string(), "a channel is written like `web` or `whatsapp-bot`");
            }
        }
    }

    pub fn build(self) -> Condition {
        Condition(self.0.texts().filter_map(|name| Slug::new(name).ok()).collect())
    }
}

impl Condition {
    /// What it names, any of which is enough.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    pub fn holds<'f>(&self, facts: &'f Facts<'_>) -> Option<Cow<'f, str>> {
        self.0.contains(facts.channel).then_some(Cow::Borrowed(facts.channel.as_str()))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        facts.channel.to_string()
    }
}
