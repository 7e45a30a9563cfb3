//! Another Open311 server as a channel: what people tell there comes in here. Its list of requests is asked for again
//! and again, from where the last reading stopped; a request that is met twice is one report, by its number there.
//!
//! GeoReport tells nobody's name or address, so nobody is told from here: the partner shows its people what becomes of
//! it, and hears that by the webhook of its channel, if it has one.

use super::{IntakeError, IntakeTools, guard::Clues, photo, prepare};
use crate::{
    departments::open311::{Ask, Budget, Client, Node, is_marked, moment},
    intake::open311::fetch,
    rounds::{Round, Went},
};
use async_trait::async_trait;
use bus::http;
use schemas::{
    Timestamp, Uuid,
    city::City,
    fault::Invalid,
    id::derived,
    place::{GivenPlace, Point},
    slug::{CategoryId, Channel},
    submission::{Checked, MAX_PHOTOS, MAX_WORDS, Submission},
    text, tongue,
    trace::Trace,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc, time::Duration};
use store::NewReport;
use url::Url;

pub use crate::departments::open311::Format;

/// The least that each reading reaches back behind the last one: clocks that differ.
const OVERLAP: Duration = Duration::from_secs(900);
/// The most that it may: what was met in that time is remembered.
const MOST_OVERLAP: Duration = Duration::from_secs(14 * 24 * 3600);
/// The most time that one call covers.
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// After so many new reports a round ends, and the next begins at once.
const MOST_NEW: usize = 100;
/// When a round that was cut short goes on.
const SOON: Duration = Duration::from_secs(1);
/// How long a round may wait for one photo.
const PATIENCE: Duration = Duration::from_secs(20);
/// After so many photos were asked for a round ends, and the next begins at once: with all of them slow it
/// still ends well before [`Round::at_most`].
const MOST_PHOTOS: usize = 25;

/// Settings of one partner.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where its API begins: what stands before `requests.json`.
    pub url: Url,
    /// Which city, where the server serves several.
    pub jurisdiction_id: Option<String>,
    /// How it writes.
    pub format: Format,
    /// A key that goes along with each question, if it wants one.
    pub api_key: Option<SecretString>,
    /// Our category per service code of theirs; `default` for all others. What has none does not come in.
    pub services: BTreeMap<String, String>,
    /// How often it is asked.
    pub every: Duration,
    /// How far the first reading reaches back.
    pub since: Duration,
    /// How far each later reading reaches back behind the one before it: how long a request may lie there, for somebody
    /// to look at it, before it is shown.
    pub reach_back: Duration,
    /// How many results it gives at most.
    pub most: usize,
    /// Whether its photos are fetched.
    pub photos: bool,
}

impl Config {
    /// What is wrong with these settings of the partner `channel`; nothing when they are good.
    pub fn check(&self, channel: &Channel, city: &City) -> Vec<Invalid> {
        let field = |name: &str| format!("partners.{channel}.{name}");
        let mut faults = Vec::new();
        if !matches!(self.url.scheme(), "http" | "https") || !self.url.has_host() {
            let message = "write where its API begins, for instance https://311.example/v2";
            faults.push(Invalid::new(field("url"), "malformed", message));
        }
        if self.services.is_empty() {
            let message = "name a category for a service code of theirs, or `default = \"…\"` for all";
            faults.push(Invalid::new(field("services"), "required", message));
        }
        for (code, category) in &self.services {
            let known = CategoryId::new(category).ok().and_then(|id| city.category(&id));
            let message = match known {
                Some(category) if category.anonymous => continue,
                Some(_) => {
                    "reports of this category need to say who sends them, which partners never tell: choose another"
                }
                None => "this city has no such category: see categories.yaml",
            };
            faults.push(Invalid::new(field(&format!("services.{code}")), "unknown", message));
        }
        if !(Duration::from_secs(10)..=Duration::from_secs(24 * 3600)).contains(&self.every) {
            faults.push(Invalid::new(field("every_seconds"), "out_of_range", "write 10 to 86400 (a day)"));
        }
        if self.since > Duration::from_secs(90 * 24 * 3600) {
            faults.push(Invalid::new(field("since_hours"), "out_of_range", "write at most 2160 (90 days)"));
        }
        if !(OVERLAP..=MOST_OVERLAP).contains(&self.reach_back) {
            faults.push(Invalid::new(field("reach_back_seconds"), "out_of_range", "write 900 to 1209600 (14 days)"));
        }
        if !(10..=10_000).contains(&self.most) {
            faults.push(Invalid::new(field("most"), "out_of_range", "write 10 to 10000"));
        }
        faults
    }

    /// The round that asks it.
    pub fn build(self, channel: &Channel, tools: &IntakeTools, photos: &photo::Desk, http: http::Client) -> Partner {
        Partner {
            client: Client {
                base: self.url.clone(),
                jurisdiction: self.jurisdiction_id.clone(),
                format: self.format,
                key_on_reads: self.api_key.is_some(),
                key: self.api_key.clone(),
                http: http.clone(),
                clock: tools.clock.clone(),
            },
            channel: channel.clone(),
            tools: tools.clone(),
            photos: photos.clone(),
            http,
            config: self,
        }
    }
}

/// The round of one partner.
#[derive(Debug)]
pub struct Partner {
    config: Config,
    client: Client,
    channel: Channel,
    tools: IntakeTools,
    photos: photo::Desk,
    http: http::Client,
}

/// How far the rounds came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// The list is read on from here.
    from: Option<Timestamp>,
    /// What was met lately, with when: the next reading meets it again.
    met: BTreeMap<Uuid, Timestamp>,
}

/// Why a request of theirs does not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It is closed there already.
    Closed,
    /// It is one of ours, which they were given.
    Ours,
    /// No category of ours stands for its service.
    Service,
    /// It is in another city.
    Outside,
}

impl Left {
    fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Ours => "ours",
            Self::Service => "service",
            Self::Outside => "outside",
        }
    }
}

/// A request of theirs as a submission, with the addresses of its photos; or why it does not come in. Pure.
fn read(node: &Node, config: &Config, city: &City) -> Result<(Submission, Vec<Url>), Left> {
    if node.field("status").is_some_and(|status| status.eq_ignore_ascii_case("closed")) {
        return Err(Left::Closed);
    }
    let description = node.field("description").unwrap_or_default();
    if is_marked(description) {
        return Err(Left::Ours);
    }
    let code = node.field("service_code").unwrap_or_default();
    let category = config.services.get(code).or_else(|| config.services.get("default")).ok_or(Left::Service)?;
    let number = |name: &str| node.field(name).and_then(|text| text.trim().parse::<f64>().ok());
    let point = match (number("lat"), number("long")) {
        (Some(lat), Some(lon)) if (lat, lon) != (0.0, 0.0) => Some(Point { lat, lon }),
        _ => None,
    };
    if point.is_some_and(|point| !city.areas.in_city(point)) {
        return Err(Left::Outside);
    }
    let words = text::clean(description);
    let words = if words.is_empty() { node.line("service_name", 200).unwrap_or_default() } else { words };
    let words = if words.is_empty() { code.to_owned() } else { words };
    let photos = node.fields("media_url").filter_map(|url| url.trim().parse::<Url>().ok());
    let photos = photos.filter(|url| matches!(url.scheme(), "http" | "https")).take(MAX_PHOTOS).collect();
    let language = tongue::guess(&words, &city.languages);
    let submission = Submission {
        category: category.clone(),
        words: words.chars().take(MAX_WORDS).collect(),
        place: Some(GivenPlace { address: node.line("address", 200), point, ..GivenPlace::default() }),
        language,
        ..Submission::default()
    };
    Ok((submission, photos))
}

impl Partner {
    /// The name of its row among the rounds.
    pub fn name(&self) -> String {
        format!("partner.{}", self.channel)
    }

    /// The photos of a request, kept. What cannot be had is left out: the words are what counts.
    async fn take_photos(&self, number: &str, urls: &[Url]) -> Result<Vec<Uuid>, store::Error> {
        let mut kept = Vec::new();
        for url in urls.iter().filter(|_| self.config.photos) {
            let got = tokio::time::timeout(PATIENCE, fetch(&self.http, url, self.photos.max_bytes())).await;
            let bytes = match got {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(_)) | Err(_) => {
                    self.count_photo("unreachable");
                    continue;
                }
            };
            // The same after a round that died, so that nothing is kept twice.
            let id = derived(&["photo", "partner", self.channel.as_str(), number, url.as_str()]);
            match self.photos.receive(&self.tools, id, bytes).await {
                Ok(_) => kept.push(id),
                Err(error) => self.count_photo(error.refused()?.code()),
            }
        }
        Ok(kept)
    }

    fn count_photo(&self, why: &'static str) {
        let channel = self.channel.to_string();
        metrics::counter!("voordeur_partner_photos_left_total", "channel" => channel, "why" => why).increment(1);
    }

    fn count(&self, outcome: &'static str) {
        let channel = self.channel.to_string();
        metrics::counter!("voordeur_partner_requests_total", "channel" => channel, "outcome" => outcome).increment(1);
    }

    /// A request of theirs as a report that is not kept yet; nothing when it does not come in.
    async fn report(&self, number: &str, node: &Node) -> Result<Option<NewReport>, IntakeError> {
        if self.tools.store.report_by_source(&self.channel, number).await?.is_some() {
            return Ok(None);
        }
        let (submission, urls) = match read(node, &self.config, &self.tools.city) {
            Ok(read) => read,
            Err(left) => {
                self.count(left.as_str());
                return Ok(None);
            }
        };
        let mut checked: Checked = submission.check(&self.tools.city).map_err(IntakeError::Invalid)?;
        checked.photos = self.take_photos(number, &urls).await?;
        let new = prepare(&self.tools, &self.channel, Some(number), checked, Clues::default(), Trace::start()).await?;
        self.count("taken");
        Ok(Some(new))
    }

    /// Their number of a request, and what it is remembered by.
    fn number(node: &Node) -> Option<(String, Uuid)> {
        let number = node.line("service_request_id", 200)?;
        let key = derived(&["partner", &number]);
        Some((number, key))
    }
}

#[async_trait]
impl Round for Partner {
    fn every(&self) -> Duration {
        self.config.every
    }

    fn at_most(&self) -> Duration {
        // Of which the photos take at most 500 s.
        Duration::from_secs(1_200)
    }

    async fn go(&self, state: Value) -> Result<Went, String> {
        let mut state: State = serde_json::from_value(state).unwrap_or_default();
        let now = self.tools.clock.now();
        let from = state.from.unwrap_or(now - self.config.since);
        let ask = Ask {
            part: "requests",
            bounds: ("start_date", "end_date"),
            result: "service_request_id",
            window: WINDOW,
            most: self.config.most,
        };
        let mut budget = Budget::new(None);
        let mut nodes: Vec<Node> = Vec::new();
        let met = &state.met;
        let read = ask
            .read(&self.client, (from, now), &mut budget, |budget, page| {
                let is_new = |node: &Node| Self::number(node).is_some_and(|(_, key)| !met.contains_key(&key));
                let page: Vec<Node> = page.into_iter().filter(is_new).collect();
                budget.hold(&page);
                nodes.extend(page);
                if nodes.len() >= MOST_NEW { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .await;
        if let Some(trouble) = read.trouble.as_ref().filter(|_| nodes.is_empty() && read.until <= from) {
            return Err(trouble.to_string());
        }
        let mut went = Went::default();
        let mut wrong: Option<String> = None;
        let (mut asked, mut is_cut) = (0, false);
        for node in &nodes {
            let Some((number, key)) = Self::number(node) else { continue };
            // Twice in one answer is once.
            if state.met.contains_key(&key) {
                continue;
            }
            let photos = if self.config.photos { node.fields("media_url").take(MAX_PHOTOS).count() } else { 0 };
            if asked > 0 && asked + photos > MOST_PHOTOS {
                is_cut = true;
                break;
            }
            asked += photos;
            match self.report(&number, node).await {
                Ok(report) => went.reports.extend(report),
                Err(IntakeError::Invalid(faults)) => {
                    self.count("invalid");
                    let first = faults.first().map(|fault| format!("{} ({})", fault.field, fault.code));
                    wrong.get_or_insert(format!("their request {number}: {}", first.unwrap_or_default()));
                }
                Err(IntakeError::Store(error)) => return Err(format!("the rows cannot be read: {error}")),
            }
            let zone = &self.tools.city.calendar.zone;
            let at = node.field("requested_datetime").and_then(|text| moment(text, zone)).unwrap_or(now);
            state.met.insert(key, at.max(from));
        }
        // The next reading begins before where this one ended, and knows what it meets there. One that was cut short is
        // made again, and goes on with what it did not come to.
        let next = if is_cut { from } else { (read.until - self.config.reach_back).max(from) };
        state.from = Some(next);
        state.met.retain(|_, at| *at >= next);
        went.next_at = (is_cut || (read.trouble.is_none() && read.until < now)).then(|| now + SOON);
        went.trouble = read.trouble.map(|trouble| trouble.to_string()).or(wrong);
        went.state = serde_json::to_value(&state).map_err(|error| error.to_string())?;
        Ok(went)
    }
}

/// The round of `config`, ready to be worked.
pub fn round(
    config: Config,
    channel: &Channel,
    tools: &IntakeTools,
    photos: &photo::Desk,
    http: http::Client,
) -> Arc<Partner> {
    Arc::new(config.build(channel, tools, photos, http))
}

#[cfg(test)]
#[path = "partner_tests.rs"]
mod tests;
