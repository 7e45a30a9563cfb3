//! The settings of an Open311 server in `departments.yaml`, and what can be wrong with them.

use super::{status::Means, wire::Format};
use crate::departments::span;
use schemas::{fault::Invalid, slug::CategoryId};
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};
use url::Url;

/// The longest time that may be asked for in one call (GeoReport v2: 90 days).
const MAX_WINDOW: Duration = Duration::from_secs(90 * DAY);
const DAY: u64 = 24 * 3600;

/// Settings in `departments.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where its API begins: what stands before `requests.xml`.
    pub url: Url,
    /// Which city, where the server serves several.
    #[serde(default)]
    pub jurisdiction_id: Option<String>,
    /// How both sides write.
    #[serde(default)]
    pub format: Format,
    /// Their service code per category (`wegen/put`), group (`wegen/*`) or for all others
    /// (`default`).
    pub services: BTreeMap<String, String>,
    /// What their attributes are filled with, by their code.
    #[serde(default)]
    pub attributes: BTreeMap<String, Source>,
    /// What their statuses mean, by their word; these go before the known ones.
    #[serde(default)]
    pub statuses: BTreeMap<String, Means>,
    /// Whether it speaks the extension `servicerequestupdates`, and in which directions it is used.
    #[serde(default)]
    pub updates: Updates,
    /// How it is asked what became of requests; left out: by their numbers, unless `updates` brings
    /// it.
    #[serde(default)]
    pub follow: Option<Follow>,
    /// How often it is asked.
    #[serde(default = "five_minutes", deserialize_with = "span::read")]
    pub every: Duration,
    /// How far each question reaches back behind the last one: late entries, clocks that differ.
    #[serde(default = "quarter", deserialize_with = "span::read")]
    pub overlap: Duration,
    /// The most time that one question covers; longer ones are asked in parts.
    #[serde(default = "day", deserialize_with = "span::read")]
    pub window: Duration,
    /// How many results it gives at most; so many may be cut off, and are asked for in halves.
    #[serde(default = "thousand")]
    pub most: usize,
    /// How many numbers one question may hold.
    #[serde(default = "fifty")]
    pub numbers_at_once: usize,
    /// How long after a call its list shows what came of it. What may have arrived is not sent again
    /// before.
    #[serde(default = "two_minutes", deserialize_with = "span::read")]
    pub shows_after: Duration,
    /// How long a token takes to become a number, where it collects requests first.
    #[serde(default = "day", deserialize_with = "span::read")]
    pub tokens_within: Duration,
    /// Whether it is asked which services and attributes it has.
    #[serde(default = "yes")]
    pub discover: bool,
    /// An attribute that is given our id of the dispatch, besides the description.
    #[serde(default)]
    pub key_attribute: Option<String>,
    /// How many characters a description may have.
    #[serde(default = "four_thousand")]
    pub description_most: usize,
    /// Whether it gets addresses of the photos. Many servers show them to everybody.
    #[serde(default = "yes")]
    pub photos: bool,
    /// Whether our key goes along when we only read. It then stands in the address.
    #[serde(default)]
    pub key_on_reads: bool,
    /// At most so many questions per second, when we only read.
    #[serde(default)]
    pub reads_per_second: Option<f64>,
}

fn five_minutes() -> Duration {
    Duration::from_secs(300)
}
fn quarter() -> Duration {
    Duration::from_secs(900)
}
fn day() -> Duration {
    Duration::from_secs(DAY)
}
fn two_minutes() -> Duration {
    Duration::from_secs(120)
}
fn thousand() -> usize {
    1_000
}
fn four_thousand() -> usize {
    4_000
}
fn fifty() -> usize {
    50
}
fn yes() -> bool {
    true
}

/// Whether the extension `servicerequestupdates` is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Updates {
    /// The server does not speak it.
    #[default]
    None,
    /// We read what it says.
    Pull,
    /// We tell it what is new.
    Push,
    /// Both.
    Both,
}

impl Updates {
    /// Whether we read what it says.
    pub fn pulls(self) -> bool {
        matches!(self, Self::Pull | Self::Both)
    }

    /// Whether we tell it what is new.
    pub fn pushes(self) -> bool {
        matches!(self, Self::Push | Self::Both)
    }
}

/// How it is asked what became of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Follow {
    /// By the numbers of what is open: every server can.
    Numbers,
    /// By what changed since the last time (`updated_after`, `updated_before`): few calls, but the
    /// server has to know these.
    Changes,
    /// Not at all.
    None,
}

/// What an attribute of theirs is filled with: one of the first three.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// The answer to this question of ours.
    pub question: Option<String>,
    /// This of the dispatch.
    pub field: Option<Field>,
    /// Always this.
    pub value: Option<String>,
    /// Their value per value of ours; one that is not here goes as it is.
    pub values: BTreeMap<String, String>,
}

/// What of a dispatch can fill an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The city's reference.
    Reference,
    /// The category.
    Category,
    /// The kind of matter.
    Kind,
    /// How urgent.
    Priority,
    /// By when.
    DueOn,
    /// The language of the resident.
    Language,
    /// The door.
    Channel,
    /// When the city got it.
    ReceivedAt,
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        let mut wrong = |field: String, code: &str, message: String| faults.push(Invalid::new(field, code, message));
        if !matches!(self.url.scheme(), "https" | "http") || !self.url.has_host() {
            wrong("/url".into(), "malformed", "write an address that begins with https://".into());
        }
        if !self.url.username().is_empty() || self.url.password().is_some() {
            let message = "no password in the address: put the key as `api_key` into the configuration";
            wrong("/url".into(), "secret", message.into());
        }
        let last = self.url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
        if last.ends_with(".xml") || last.ends_with(".json") || self.url.query().is_some() {
            let message =
                format!("write where the API begins, without `{last}` and without `?`: https://311.example/v2");
            wrong("/url".into(), "malformed", message);
        }
        if self.services.is_empty() {
            wrong("/services".into(), "required", "name at least one service, for instance `default: POTHOLE`".into());
        }
        for (category, code) in &self.services {
            let group = category.strip_suffix("/*").map(|group| format!("{group}/x"));
            if category != "default" && CategoryId::new(group.as_deref().unwrap_or(category)).is_err() {
                let message = format!("`{category}` is no category: write wegen/put, wegen/* or default");
                wrong(format!("/services/{category}"), "malformed", message);
            }
            if !is_code(code) {
                wrong(
                    format!("/services/{category}"),
                    "malformed",
                    "write their service code, at most 100 characters".into(),
                );
            }
        }
        for (code, source) in &self.attributes {
            if !is_code(code) || code.contains(['[', ']']) {
                wrong(format!("/attributes/{code}"), "malformed", "write their code without brackets".into());
            }
            let given = [source.question.is_some(), source.field.is_some(), source.value.is_some()];
            if given.into_iter().filter(|given| *given).count() != 1 {
                let message = "write one of `question`, `field` and `value`";
                wrong(format!("/attributes/{code}"), "required", message.into());
            }
        }
        if self.key_attribute.as_deref().is_some_and(|code| !is_code(code) || code.contains(['[', ']'])) {
            wrong("/key_attribute".into(), "malformed", "write their code without brackets".into());
        }
        if self.updates.pulls() && self.follow.is_some_and(|follow| follow != Follow::None) {
            let message =
                "`updates` brings what became of requests already, and everything would be heard twice: leave it out";
            wrong("/follow".into(), "conflict", message.into());
        }
        let spans = [
            ("/every", self.every, 10, DAY),
            ("/overlap", self.overlap, 0, DAY),
            ("/window", self.window, 60, MAX_WINDOW.as_secs()),
            ("/shows_after", self.shows_after, 0, DAY),
            ("/tokens_within", self.tokens_within, 60, 90 * DAY),
        ];
        for (field, span, least, most) in spans {
            if !(least..=most).contains(&span.as_secs()) {
                wrong(field.into(), "out_of_range", format!("write {least}s to {}h", most / 3600));
            }
        }
        if self.overlap >= self.window {
            wrong("/overlap".into(), "out_of_range", "write less than `window`".into());
        }
        let numbers = [
            ("/most", self.most, 10, 10_000),
            ("/numbers_at_once", self.numbers_at_once, 1, 50),
            ("/description_most", self.description_most, 200, 100_000),
        ];
        for (field, number, least, most) in numbers {
            if !(least..=most).contains(&number) {
                wrong(field.into(), "out_of_range", format!("write {least} to {most}"));
            }
        }
        if self.reads_per_second.is_some_and(|rate| !(0.1..=1_000.0).contains(&rate)) {
            wrong("/reads_per_second".into(), "out_of_range", "write 0.1 to 1000".into());
        }
        faults
    }

    /// Their service for `category`: its own, that of its group, or the default.
    pub fn service(&self, category: &CategoryId) -> Option<&str> {
        let group = format!("{}/*", category.group());
        [category.as_str(), &group, "default"].into_iter().find_map(|key| self.services.get(key)).map(String::as_str)
    }

    /// How it is asked what became of requests.
    pub fn follows(&self) -> Follow {
        self.follow.unwrap_or(if self.updates.pulls() { Follow::None } else { Follow::Numbers })
    }
}

fn is_code(text: &str) -> bool {
    (1..=100).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn config(more: Value) -> Config {
        let mut all = json!({"url": "https://311.example/v2", "services": {"default": "OTHER"}});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn good_settings_have_no_faults() {
        let config = config(json!({
            "format": "json", "jurisdiction_id": "stad.example", "every": "90s", "overlap": "2h", "window": "90d",
            "services": {"wegen/put": "PUT", "wegen/*": "WEG", "default": "OTHER"},
            "attributes": {"DEPTH": {"question": "diepte", "values": {"diep": "D"}}, "REF": {"field": "reference"}, "SRC": {"value": "stad"}},
            "statuses": {"In behandeling": "accept"}, "updates": "both", "key_attribute": "EXT",
        }));
        assert_eq!(config.check(), []);
        assert_eq!((config.every, config.window), (Duration::from_secs(90), MAX_WINDOW));
        let service = |category: &str| config.service(&CategoryId::new(category).unwrap()).map(str::to_owned);
        assert_eq!(service("wegen/put").as_deref(), Some("PUT"));
        assert_eq!(service("wegen/barst").as_deref(), Some("WEG"));
        assert_eq!(service("groen/boom").as_deref(), Some("OTHER"));
        assert_eq!(config.follows(), Follow::None);
    }

    #[test]
    fn faults_name_the_setting_and_the_fix() {
        let rows = [
            (json!({"url": "ftp://311.example"}), "/url", "https://"),
            (json!({"url": "https://a:b@311.example/v2"}), "/url", "api_key"),
            (json!({"url": "https://311.example/v2/requests.json"}), "/url", "where the API begins"),
            (json!({"services": {}}), "/services", "at least one"),
            (json!({"services": {"Wegen": "A"}}), "/services/Wegen", "wegen/*"),
            (json!({"services": {"default": ""}}), "/services/default", "service code"),
            (json!({"attributes": {"A": {}}}), "/attributes/A", "question"),
            (json!({"attributes": {"A": {"value": "x", "question": "y"}}}), "/attributes/A", "one of"),
            (json!({"attributes": {"A]": {"value": "x"}}}), "/attributes/A]", "brackets"),
            (json!({"updates": "pull", "follow": "numbers"}), "/follow", "twice"),
            (json!({"window": "91d"}), "/window", "2160h"),
            (json!({"overlap": "1d"}), "/overlap", "less than `window`"),
            (json!({"every": "1s"}), "/every", "10s"),
            (json!({"numbers_at_once": 51}), "/numbers_at_once", "1 to 50"),
            (json!({"reads_per_second": 0}), "/reads_per_second", "0.1"),
        ];
        for (more, field, part) in rows {
            let faults = config(more.clone()).check();
            assert!(faults.iter().any(|f| f.field == field && f.message.contains(part)), "{more}: {faults:?}");
        }
    }
}
