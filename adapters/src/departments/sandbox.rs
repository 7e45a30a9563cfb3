//! A simulated department inside the hub, and named so wherever it shows: it takes every case and
//! answers through the same path as a real one, so that a newcomer sees the whole walk.

use super::{Adapter, Tools};
use async_trait::async_trait;
use schemas::{
    Timestamp,
    case::Role,
    city::{City, Department},
    dispatch::{AgainWhy, Dispatch, Say, Update},
    fault::Invalid,
    id::from_micros,
    letter::Letter,
    report::{Kind, Language},
    verdict::Verdict,
};
use serde::Deserialize;
use std::sync::Arc;

/// Settings in `departments.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long until it takes a case, in milliseconds.
    pub first_ms: u64,
    /// How long between its answers, in milliseconds.
    pub step_ms: u64,
    /// Always this story; left out: one that follows from the case.
    pub story: Option<Story>,
}

impl Default for Config {
    fn default() -> Self {
        Self { first_ms: 400, step_ms: 600, story: None }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        const WEEK: u64 = 7 * 24 * 3600 * 1000;
        let long = [("/first_ms", self.first_ms), ("/step_ms", self.step_ms)].into_iter().filter(|(_, ms)| *ms > WEEK);
        long.map(|(field, _)| Invalid::new(field, "out_of_range", "at most a week: 604800000")).collect()
    }

    /// The adapter.
    pub fn build(self, _: &Department, tools: &Tools) -> Result<Arc<dyn Adapter>, Vec<Invalid>> {
        Ok(Arc::new(Sandbox { config: self, city: tools.city.clone() }))
    }
}

/// What the simulated department does with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Story {
    /// Takes it, names a day, does it.
    Planned,
    /// Takes it, names a day, writes in between, does it.
    Told,
    /// Takes it, does it at once.
    Quick,
    /// Takes it, asks for nothing, answers: for questions and ideas.
    Answered,
    /// Says that it is not theirs.
    Rejected,
    /// Takes it and is never heard of again.
    Silent,
}

struct Sandbox {
    config: Config,
    city: Arc<City>,
}

#[async_trait]
impl Adapter for Sandbox {
    async fn deliver(&self, dispatch: &Dispatch, _: &Letter) -> Verdict {
        Verdict::receipt(format!("SANDBOX-{}", dispatch.reference.digits()))
    }

    fn answers(&self, dispatch: &Dispatch, now: Timestamp) -> Vec<(Update, Timestamp)> {
        // What it says about the work does not change with the category.
        let passing = |why: AgainWhy| matches!(why, AgainWhy::Recategorised | AgainWhy::Merged);
        if dispatch.again.as_ref().is_some_and(|again| passing(again.why)) || dispatch.role == Role::Informed {
            return Vec::new();
        }
        let mut at = now.as_microsecond().saturating_add(micros(self.config.first_ms));
        let story = self.config.story.unwrap_or_else(|| story(dispatch));
        let says = self.tell(story, dispatch, now);
        says.into_iter()
            .enumerate()
            .map(|(n, say)| {
                let when = from_micros(at);
                at = at.saturating_add(micros(self.config.step_ms));
                let update = Update {
                    critical: false,
                    id: format!("sandbox-{}-{n}", dispatch.id),
                    department: dispatch.department.clone(),
                    dispatch: dispatch.id,
                    at: when,
                    say,
                };
                (update, when)
            })
            .collect()
    }
}

fn micros(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000)
}

/// The story that follows from the case: the same case always has the same one.
fn story(dispatch: &Dispatch) -> Story {
    match dispatch.kind {
        Kind::Question | Kind::Suggestion | Kind::Complaint | Kind::Compliment => Story::Answered,
        Kind::Report | Kind::Request => match dispatch.case_id.as_u128() % 4 {
            0 | 1 => Story::Planned,
            2 => Story::Told,
            _ => Story::Quick,
        },
    }
}

impl Sandbox {
    fn tell(&self, story: Story, dispatch: &Dispatch, now: Timestamp) -> Vec<Say> {
        let words = Words::of(dispatch.language);
        let plan = || Say::Plan { on: self.day(dispatch, now), text: None };
        let done = |text: &str| Say::Done { text: Some(text.to_owned()), evidence: Vec::new() };
        match story {
            Story::Planned => vec![Say::Accept {}, plan(), done(words.done)],
            Story::Told => {
                vec![Say::Accept {}, plan(), Say::Note { text: words.note.to_owned() }, done(words.done)]
            }
            Story::Quick => vec![Say::Accept {}, done(words.quick)],
            Story::Answered => vec![Say::Accept {}, done(words.answered)],
            Story::Rejected => vec![Say::Reject { reason: words.rejected.to_owned() }],
            Story::Silent => vec![Say::Accept {}],
        }
    }

    /// The day it names: the category's term in working days, never after the case is due.
    fn day(&self, dispatch: &Dispatch, now: Timestamp) -> schemas::Date {
        let term = self.city.category(&dispatch.category).and_then(|category| category.term).unwrap_or(5);
        let day = self.city.calendar.add_working_days(now, term);
        dispatch.due_on.map_or(day, |due| day.min(due)).max(self.city.calendar.date(now))
    }
}

/// What it writes. Every sentence says that it is only played.
struct Words {
    note: &'static str,
    done: &'static str,
    quick: &'static str,
    answered: &'static str,
    rejected: &'static str,
}

impl Words {
    fn of(language: Language) -> Self {
        match language {
            Language::NL => Self {
                note: "We zijn ter plaatse gaan kijken en hebben materiaal besteld. (Proefdienst: dit antwoord is gespeeld.)",
                done: "Het is hersteld. (Proefdienst: dit antwoord is gespeeld.)",
                quick: "De ploeg was in de buurt en heeft het meteen opgelost. (Proefdienst: dit antwoord is gespeeld.)",
                answered: "Bedankt voor uw bericht. We hebben het besproken en nemen het mee. (Proefdienst: dit antwoord is gespeeld.)",
                rejected: "Dit ligt niet op het terrein van onze dienst. (Proefdienst: dit antwoord is gespeeld.)",
            },
            Language::FR => Self {
                note: "Nous sommes allés voir sur place et avons commandé le matériel. (Service d'essai : cette réponse est simulée.)",
                done: "C'est réparé. (Service d'essai : cette réponse est simulée.)",
                quick: "L'équipe était à proximité et l'a résolu aussitôt. (Service d'essai : cette réponse est simulée.)",
                answered: "Merci pour votre message. Nous en avons discuté et nous en tenons compte. (Service d'essai : cette réponse est simulée.)",
                rejected: "Cela ne relève pas de notre service. (Service d'essai : cette réponse est simulée.)",
            },
            _ => Self {
                note: "We went to look at it and ordered the material. (Sandbox department: this answer is simulated.)",
                done: "It has been repaired. (Sandbox department: this answer is simulated.)",
                quick: "The crew was nearby and solved it at once. (Sandbox department: this answer is simulated.)",
                answered: "Thank you for your message. We discussed it and will use it. (Sandbox department: this answer is simulated.)",
                rejected: "This is not on our department's ground. (Sandbox department: this answer is simulated.)",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn sandbox(config: Config) -> Sandbox {
        Sandbox { config, city: testing::city() }
    }

    #[test]
    fn it_plays_the_same_story_each_time_in_order() {
        let now = testing::now();
        let sandbox = sandbox(Config::default());
        let dispatch = testing::dispatch("wegen", Role::Lead);
        let first = sandbox.answers(&dispatch, now);
        assert_eq!(first, sandbox.answers(&dispatch, now));
        assert_eq!(first.first().unwrap().0.say, Say::Accept {});
        assert_eq!(first.last().unwrap().0.say.word(), "done");
        assert!(first.windows(2).all(|pair| pair[0].1 < pair[1].1 && pair[0].0.at < pair[1].0.at));
        assert!(first[0].1 > now);
    }

    #[test]
    fn the_named_day_is_never_after_the_case_is_due() {
        let now = testing::now();
        let mut dispatch = testing::dispatch("wegen", Role::Lead);
        let due = sandbox(Config::default()).city.calendar.add_working_days(now, 1);
        dispatch.due_on = Some(due);
        let config = Config { story: Some(Story::Planned), ..Config::default() };
        let said = sandbox(config).answers(&dispatch, now);
        assert_eq!(said[1].0.say, Say::Plan { on: due, text: None });
    }

    #[test]
    fn an_informed_department_keeps_still() {
        assert!(
            sandbox(Config::default()).answers(&testing::dispatch("wegen", Role::Informed), testing::now()).is_empty()
        );
    }

    #[test]
    fn settings_are_read_strictly() {
        assert!(serde_json::from_str::<Config>(r#"{"story":"told","first_ms":0}"#).is_ok());
        assert!(serde_json::from_str::<Config>(r#"{"storry":"told"}"#).is_err());
        assert_eq!(Config { step_ms: u64::MAX, ..Config::default() }.check().len(), 1);
    }
}
