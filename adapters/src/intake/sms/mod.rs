//! Text messages as a door. The gateway's side keeps what comes in ([`store::SmsIn`]); this round leads the
//! conversations: it asks what is missing, files the report, or passes words on to the case that they are about.
//!
//! One process at a time makes the round, so the messages of one number are read in their order. What is said, what is
//! filed and how far a conversation is are one commit.

mod dialogue;
mod meaning;
mod parts;
pub(crate) mod words;

pub use dialogue::{Act, Expects, Known, MOST_QUESTIONS, Open, Say, State, Step, end, step};

use super::{IntakeError, IntakeTools, guard::Clues, mail::Suggest, mail::place, prepare};
use crate::rounds::{Round, Went};
use async_trait::async_trait;
use schemas::{
    Timestamp, Uuid,
    case::Status,
    fault::Invalid,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Due, SAID_SUBJECT, Scope},
    phone,
    place::Place,
    reply::wrote_back,
    report::{Contact, Language, Tell},
    slug::{CategoryId, Slug},
    submission::Submission,
    trace::Trace,
    way::Way,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use store::{AddressKey, NewReport, Shown, SmsIn, SmsOut, SmsTalk, Tx};

/// The channel of reports that come by text message.
pub const CHANNEL: &str = "sms";
/// The name of the round.
pub const NAME: &str = "sms_in";
/// The sender that says what is said.
const SENDER: &str = "sms";
/// What a category needs of the likelihood to be taken from the words.
const SURE: f64 = 0.6;
/// Messages of one round.
const AT_ONCE: usize = 50;
/// Whoever keeps a message hurries the round; this is for what a crash left, and for conversations that end.
const EVERY: Duration = Duration::from_secs(15);
/// Whoever was told longer ago writes about something else.
const TOLD_WITHIN: Duration = Duration::from_hours(90 * 24);
/// What is said of a case that is over counts as words about it for so long.
const OVER_SINCE: Duration = Duration::from_hours(72);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// How long it is known that a message came.
const SEEN_FOR: Duration = Duration::from_hours(7 * 24);

/// Settings of this door, as `[sms_door]` of the configuration has them.
#[derive(Debug, Clone)]
pub struct Config {
    /// A question that is not answered within so long is not waited for: what was said so far is filed.
    pub patience: Duration,
    /// The most messages that the city says in conversations with one number within an hour.
    pub answers_per_hour: usize,
    /// The most with all numbers together within an hour.
    pub all_per_hour: u64,
    /// The most messages of one number that are read within a day.
    pub most_a_day: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { patience: HOUR, answers_per_hour: 6, all_per_hour: 500, most_a_day: 50 }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let minutes = self.patience.as_secs() / 60;
        let rows = [
            ("patience_minutes", (1..=1_440).contains(&minutes), "1 to 1440"),
            ("answers_per_hour", (1..=60).contains(&self.answers_per_hour), "1 to 60"),
            ("all_per_hour", (1..=100_000).contains(&self.all_per_hour), "1 to 100000"),
            ("most_a_day", (1..=1_000).contains(&self.most_a_day), "1 to 1000"),
        ];
        let wrong = rows.into_iter().filter(|(_, good, _)| !good);
        let fault =
            |(name, _, range)| Invalid::new(format!("sms_door.{name}"), "out_of_range", format!("write {range}"));
        wrong.map(fault).collect()
    }

    /// The round.
    pub fn build(self, tools: &IntakeTools, suggest: Suggest) -> Arc<dyn Round> {
        Arc::new(Door { config: self, tools: tools.clone(), suggest })
    }
}

/// The door.
struct Door {
    config: Config,
    tools: IntakeTools,
    suggest: Suggest,
}

/// What is committed beside reports and letters. Never written anywhere as it is.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    read: Vec<Uuid>,
    talks: Vec<Talk>,
    over: Vec<String>,
    said: Vec<Said>,
}

#[derive(Serialize, Deserialize)]
struct Talk {
    key: String,
    number: String,
    state: State,
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Said {
    id: Uuid,
    key: String,
    number: String,
    what: String,
    words: String,
    language: Language,
    at: Timestamp,
}

/// What a round has done so far, and what of it touches the numbers at hand.
#[derive(Default)]
struct Work {
    kept: Kept,
    reports: Vec<NewReport>,
    letters: Vec<Letter>,
    /// Reports whose telephone number wrote to us.
    shown: Vec<Uuid>,
}

impl Door {
    /// One message of somebody.
    async fn hear(&self, sms: &SmsIn, work: &mut Work, now: Timestamp) -> Result<&'static str, store::Error> {
        let store = &self.tools.store;
        if store.sms_came(&sms.key, now - DAY).await? > self.config.most_a_day {
            return Ok("too_many");
        }
        let state = match work.state(&sms.key) {
            Some(known) => known,
            None => store.sms_talk(&sms.key).await?.and_then(|talk| serde_json::from_value(talk.state).ok()),
        };
        let open = self.open(&sms.number, now).await?;
        let lately = store.begin().await?.sms_said_to(&sms.key, now - DAY).await?;
        let said_now = work.kept.said.iter().filter(|said| said.key == sms.key);
        let may_help =
            !lately.iter().map(|said| &said.what).chain(said_now.map(|said| &said.what)).any(|w| w == "help");
        let known = Known {
            languages: &self.tools.city.languages,
            open: &open,
            emergency: self.tools.city.emergency_numbers(&sms.words).first().copied(),
            may_help,
        };
        let next = step(state.as_ref(), &sms.words, &known);
        match next.state {
            Some(state) => {
                let until = now + self.config.patience;
                let (key, number) = (sms.key.clone(), sms.number.clone());
                work.put(Talk { key, number, state, until });
            }
            None => work.end(&sms.key),
        }
        let outcome = self.act(sms.id, &sms.number, &next.act, next.language, work, now).await?;
        let words = words::of(&self.tools.city, next.emergency.as_deref(), next.say.as_ref(), next.language);
        if !words.is_empty() {
            let what = words::name(next.say.as_ref());
            let fresh = lately.iter().filter(|said| said.at > now - HOUR).count();
            self.say(sms, fresh, what, words, next.language, work, now).await?;
        }
        Ok(outcome)
    }

    /// The cases that words of this number may be about.
    async fn open(&self, number: &str, now: Timestamp) -> Result<Vec<Open>, store::Error> {
        let country = &self.tools.city.country;
        let mut told = self.tools.store.begin().await?.told_by_sms(number, now - TOLD_WITHIN).await?;
        told.retain(|told| phone::read(&told.phone, country).is_some_and(|phone| phone.e164 == number));
        let mut open = Vec::new();
        for told in told {
            let Some(case) = self.tools.store.case(told.report).await? else { continue };
            if case.status.is_closed() && told.told_at < now - OVER_SINCE {
                continue;
            }
            open.push(Open { report: told.report, reference: told.reference, asked: case.status == Status::Waiting });
        }
        Ok(open)
    }

    /// Does what a step, or the end of a conversation, comes to. `id` is that of the message that it follows from.
    async fn act(
        &self,
        id: Uuid,
        number: &str,
        act: &Act,
        language: Language,
        work: &mut Work,
        now: Timestamp,
    ) -> Result<&'static str, store::Error> {
        match act {
            Act::Nothing => Ok("asked"),
            Act::Wrote { report, words } => {
                let letter =
                    wrote_back(*report, derived(&["written by sms", &id.to_string()]), words, Trace::start(), now);
                let outcome = if letter.is_some() { "written" } else { "empty" };
                work.letters.extend(letter);
                work.shown.push(*report);
                Ok(outcome)
            }
            Act::File { words, place } => {
                let Some(new) = self.file(id, number, words, place.as_deref(), language).await? else {
                    return Ok("refused");
                };
                work.shown.push(new.report.id);
                work.reports.push(new);
                Ok("reported")
            }
        }
    }

    async fn file(
        &self,
        id: Uuid,
        number: &str,
        words: &str,
        named: Option<&str>,
        language: Language,
    ) -> Result<Option<NewReport>, store::Error> {
        let city = &self.tools.city;
        let mut place: Place = place::of_words(words, city);
        let mut words = words.to_owned();
        if let Some(named) = named.filter(|named| city.neighbour_in(named).is_some()) {
            // Whose it is, a person says.
            words = format!("{words}\n{named}");
        } else if let Some(named) = named {
            let found = place::of_words(named, city);
            place.address = found.address.or_else(|| Some(named.to_owned()));
            place.point = found.point.or(place.point);
        }
        let sure = (self.suggest)(&words).filter(|(_, share)| *share >= SURE).map(|(category, _)| category);
        let general = city.general_category().map(|category| category.id.clone());
        let submission = |category: &CategoryId| Submission {
            category: category.to_string(),
            words: words.clone(),
            place: (!place.is_empty()).then(|| place.clone().into()),
            contact: Some(Contact { name: None, email: None, phone: Some(number.to_owned()), post: None }),
            language: Some(language),
            // A number that no text message reaches keeps its report, and is called when somebody has to.
            tell: Some(if self.reaches(number) { Tell::Sms } else { Tell::Nothing }),
            ..Submission::default()
        };
        let mut tried = sure.iter().chain(&general).map(|category| submission(category).check(city));
        let Some(checked) = tried.find_map(Result::ok) else { return Ok(None) };
        let channel = Slug::new(CHANNEL).expect("`sms` is a slug");
        match prepare(&self.tools, &channel, Some(&id.to_string()), checked, Clues::default(), Trace::start()).await {
            Ok(new) => Ok(Some(new)),
            Err(IntakeError::Invalid(_)) => Ok(None),
            Err(IntakeError::Store(error)) => Err(error),
        }
    }

    fn reaches(&self, number: &str) -> bool {
        let city = &self.tools.city;
        city.offers(Way::Sms) && phone::read(number, &city.country).is_some_and(|phone| phone.mobile)
    }

    /// Has something said to who wrote, unless they want no messages, or enough was said. Two programs that answer
    /// each other end here.
    #[expect(clippy::too_many_arguments, reason = "each is one part of what is said")]
    async fn say(
        &self,
        sms: &SmsIn,
        fresh: usize,
        what: &str,
        words: String,
        language: Language,
        work: &mut Work,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        let store = &self.tools.store;
        let fresh = fresh + work.kept.said.iter().filter(|said| said.key == sms.key).count();
        let all = store.sms_said(now - HOUR).await? + work.kept.said.len() as u64;
        let key = AddressKey { way: Way::Sms, key: sms.key.clone() };
        let found = store.suppressions(&[key]).await?;
        let unwanted = found.iter().any(|found| found.reason.is_wish() && found.scope == Scope::All);
        if unwanted || fresh >= self.config.answers_per_hour || all >= self.config.all_per_hour {
            metrics::counter!("voordeur_sms_unsaid_total", "what" => what.to_owned()).increment(1);
            return Ok(());
        }
        let id = derived(&["said by sms", &sms.id.to_string()]);
        let body = Due { notice: id };
        let lane = Lane::sender(SENDER);
        work.letters.push(Letter::new(id, lane, Topic::NoticeDue, SAID_SUBJECT, &body, Trace::start(), now));
        let (key, number, what) = (sms.key.clone(), sms.number.clone(), what.to_owned());
        work.kept.said.push(Said { id, key, number, what, words, language, at: now });
        Ok(())
    }

    /// Files what was said in conversations whose time is over.
    async fn end_talks(&self, work: &mut Work, now: Timestamp) -> Result<(), store::Error> {
        for talk in self.tools.store.sms_talks_over(now, AT_ONCE).await? {
            // A message that came in the meantime goes on with it.
            if work.kept.talks.iter().any(|known| known.key == talk.key) || work.kept.over.contains(&talk.key) {
                continue;
            }
            if let Ok(state) = serde_json::from_value::<State>(talk.state.clone()) {
                let id = derived(&["sms talk", &talk.key, &talk.until.to_string()]);
                let outcome = self.act(id, &talk.number, &end(&state), state.language, work, now).await?;
                metrics::counter!("voordeur_sms_in_total", "outcome" => outcome).increment(1);
            }
            work.end(&talk.key);
        }
        Ok(())
    }
}

impl Work {
    /// How far the conversation with this number came in this round; `None` when it was not heard in it.
    fn state(&self, key: &str) -> Option<Option<State>> {
        if let Some(talk) = self.kept.talks.iter().find(|talk| talk.key == key) {
            return Some(Some(talk.state.clone()));
        }
        self.kept.over.iter().any(|over| over == key).then_some(None)
    }

    fn put(&mut self, talk: Talk) {
        self.kept.over.retain(|over| *over != talk.key);
        self.kept.talks.retain(|known| known.key != talk.key);
        self.kept.talks.push(talk);
    }

    fn end(&mut self, key: &str) {
        self.kept.talks.retain(|known| known.key != key);
        if !self.kept.over.iter().any(|over| over == key) {
            self.kept.over.push(key.to_owned());
        }
    }
}

#[async_trait]
impl Round for Door {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn go(&self, _state: Value) -> Result<Went, String> {
        let store = &self.tools.store;
        let wrong = |error: store::Error| format!("text messages cannot be read: {error}");
        let now = store.clock().now();
        if let Err(error) = store.forget_sms(now - SEEN_FOR, now - 2 * DAY).await {
            tracing::warn!(%error, "text messages that were read stay for now");
        }
        let waiting = store.sms_waiting(AT_ONCE).await.map_err(wrong)?;
        let more = waiting.len() == AT_ONCE;
        let mut work = Work::default();
        for whole in parts::join(waiting, now) {
            let outcome = self.hear(&whole.sms, &mut work, now).await.map_err(wrong)?;
            metrics::counter!("voordeur_sms_in_total", "outcome" => outcome).increment(1);
            // Neither the number nor the words are logged.
            tracing::info!(message = %whole.sms.id, outcome, "a text message was read");
            work.kept.read.extend(whole.ids);
        }
        self.end_talks(&mut work, now).await.map_err(wrong)?;
        let Work { kept, reports, letters, shown } = work;
        Ok(Went {
            kept: serde_json::to_value(kept).map_err(|error| format!("what was read cannot be noted: {error}"))?,
            reports,
            letters,
            shown: shown.into_iter().map(|report| (report, Shown::Sms)).collect(),
            next_at: more.then_some(now),
            ..Went::default()
        })
    }

    async fn keep(&self, tx: &mut Tx, kept: &Value) -> Result<(), store::Error> {
        let kept = Kept::deserialize(kept).unwrap_or_default();
        tx.sms_read(&kept.read).await?;
        for key in &kept.over {
            tx.end_sms_talk(key).await?;
        }
        for Talk { key, number, state, until } in kept.talks {
            let state = serde_json::to_value(state).unwrap_or_default();
            tx.put_sms_talk(&SmsTalk { key, number, state, until }).await?;
        }
        for Said { id, key, number, what, words, language, at } in kept.said {
            tx.put_sms_out(&SmsOut { id, key, number, what, words, language, at }).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
