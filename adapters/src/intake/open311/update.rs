//! `POST servicerequestupdates`: what somebody adds to a request of their channel. It goes onto the case as an answer by
//! mail does: the department that has the case hears it, and no status changes by it.

use super::{Door, say};
use crate::{
    departments::open311::wire::moment,
    intake::{form::FormData, mail::WORDLESS},
};
use schemas::{
    Uuid,
    api_key::{ApiKey, KeyKind},
    case::Status,
    fault::Invalid,
    id::derived,
    reference::Reference,
    reply::{MAX_WORDS, wrote_with},
    text,
    trace::Trace,
};
use url::Url;

/// What became of it.
#[derive(Debug)]
pub enum Outcome {
    /// The department hears it, or has heard it before. Ours of the update.
    Heard(Uuid),
    /// Good, and nobody hears it: it came with a key for tests.
    Tried(Uuid),
    /// This channel has no such request: 404.
    Unknown,
    /// The client can put it right: 400.
    Invalid(Vec<Invalid>),
    /// The rows cannot be reached; nothing was stored.
    Failed(store::Error),
}

/// An update that was read.
struct Update {
    number: Option<Reference>,
    id: Option<String>,
    status: String,
    words: String,
    media: Vec<Url>,
}

fn read(form: &FormData, zone: &jiff::tz::TimeZone) -> Result<Update, Vec<Invalid>> {
    let get = |name: &str| form.get(name).map(str::trim).filter(|value| !value.is_empty());
    let mut faults = Vec::new();
    let number = get("service_request_id");
    if number.is_none() {
        let message = "say of which request: its service_request_id, as it was given";
        faults.push(Invalid::new("service_request_id", "required", message));
    }
    let id = get("update_id").or_else(|| get("update_id_ext")).map(str::to_owned);
    if id.as_deref().is_some_and(|id| text::length(id) > 200) {
        faults.push(Invalid::new("update_id", "too_long", "your own number of an update has at most 200 characters"));
    }
    if get("updated_datetime").is_some_and(|at| moment(at, zone).is_none()) {
        let message = "write a moment with its zone (W3C), for instance 2026-11-30T08:15:00Z";
        faults.push(Invalid::new("updated_datetime", "malformed", message));
    }
    let words = text::clean(get("description").unwrap_or_default());
    let length = text::length(&words);
    if length > MAX_WORDS {
        let message = format!("these are {length} characters, at most {MAX_WORDS} fit: shorten it");
        faults.push(Invalid::new("description", "too_long", message));
    }
    let mut media = Vec::new();
    for (_, text) in form.fields.iter().filter(|(name, value)| name == "media_url" && !value.trim().is_empty()) {
        match Url::parse(text.trim()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.as_str().len() <= 2_000 => media.push(url),
            _ => {
                let message = "write the whole address of one photo, with http:// or https://";
                faults.push(Invalid::new("media_url", "malformed", message));
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let status = get("status").unwrap_or_default().to_owned();
    Ok(Update { number: number.and_then(|number| Reference::parse(number).ok()), id, status, words, media })
}

impl Door {
    /// Takes one update by the channel of `key`.
    pub async fn hear(&self, form: &FormData, key: &ApiKey, trace: Trace) -> Outcome {
        let update = match read(form, &self.0.tools.city.calendar.zone) {
            Ok(update) => update,
            Err(faults) => return Outcome::Invalid(faults),
        };
        self.pass_on(update, key, trace).await.unwrap_or_else(Outcome::Failed)
    }

    async fn pass_on(&self, update: Update, key: &ApiKey, trace: Trace) -> Result<Outcome, store::Error> {
        let tools = &self.0.tools;
        let Some(number) = update.number else { return Ok(Outcome::Unknown) };
        let report = tools.store.report_by_reference(number).await?;
        // Whether another channel has it is nobody's business.
        let Some(report) = report.filter(|report| report.channel == key.channel) else { return Ok(Outcome::Unknown) };
        let now = tools.store.case(report.id).await?.map_or(Status::Received, |case| case.status);
        let language = tools.city.answers_in(report.language);
        let claim = say::claim(&update.status, now).map(|word| tools.city.further.say(language, word).into_owned());
        let media = update.media.iter().map(Url::to_string);
        let said = claim.into_iter().chain(Some(update.words).filter(|words| !words.is_empty()));
        let said: Vec<String> = said.collect();
        // As if no photo could be had: then their addresses stand there instead.
        let words = said.iter().cloned().chain(media).collect::<Vec<_>>().join("\n");
        if text::length(&words) > MAX_WORDS {
            let message = format!("together with its photos at most {MAX_WORDS} characters fit: shorten it");
            return Ok(Outcome::Invalid(vec![Invalid::new("description", "too_long", message)]));
        }
        let name = match &update.id {
            Some(id) => ["id", id.as_str()],
            // Without a number of theirs it is known again by its words.
            None => ["words", words.as_str()],
        };
        let id = derived(&["open311 update", &key.channel, &report.id.to_string(), name[0], name[1]]);
        if text::clean(&words).is_empty() {
            let message = "say something: an update without words and without a new status tells nobody anything";
            return Ok(Outcome::Invalid(vec![Invalid::new("description", "required", message)]));
        }
        if key.kind == KeyKind::Test {
            return Ok(Outcome::Tried(id));
        }
        let had = update.media.len();
        let fetched = self.fetch(update.media).await;
        let lost = fetched.lost.iter().map(Url::to_string);
        let mut words = said.into_iter().chain(lost).collect::<Vec<_>>().join("\n");
        if words.is_empty() && had > 0 {
            words = tools.city.further.say(language, &WORDLESS).into_owned();
        }
        let Some(letter) = wrote_with(report.id, id, &words, fetched.photos, trace, tools.clock.now()) else {
            return Ok(Outcome::Heard(id));
        };
        let mut tx = tools.store.begin().await?;
        if !tx.seen("open311", &[id]).await?.is_empty() {
            tx.post(&[letter]).await?;
        }
        tx.commit().await?;
        tracing::info!(case = %report.id, channel = %key.channel, %trace, "an update of a resident came in");
        Ok(Outcome::Heard(id))
    }
}
