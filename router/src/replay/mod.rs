//! What other rules would have done: stored cases, decided again by a candidate with the facts of
//! their first decision. Pure: who reads the cases is somebody else ([`store::Store::past`]).
//!
//! - [`unknown`]: cases that a fact decides which nobody knows any more.
//! - [`tally`]: what moves, counted, with samples.

mod tally;
mod unknown;

pub use tally::{Group, Tally};

use crate::{Facts, Needs, Reporter, Ruleset, decide, decide::FALLBACK};
use schemas::{
    Date, Timestamp,
    case::Decision,
    city::City,
    event::What,
    report::{TRIAL_CHANNEL, Tell, Urgency},
    slug::{DepartmentId, Slug},
};
use serde::Serialize;
use std::{collections::HashMap, sync::Arc};
use store::{Past, PastRow};

/// A candidate, and what it is held against.
#[derive(Debug, Clone)]
pub struct Replay {
    candidate: Arc<Ruleset>,
    /// The city that the candidate belongs to.
    city: Arc<City>,
    /// The city as it is, for the versions that decided.
    today: Arc<City>,
    /// The versions that decided, those that can still be used.
    decided_by: HashMap<String, Arc<Ruleset>>,
}

/// Why a case cannot be decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// Nobody decided it yet.
    Undecided,
    /// A case for one department's test, which no rule decided.
    Trial,
    /// The city of the candidate has no such category.
    CategoryGone,
    /// The candidate asks how busy a department was, which nobody kept.
    LoadNotKept,
    /// The candidate asks who reported, and the contact is erased.
    ContactErased,
    /// Its row cannot be read.
    Unreadable,
}

/// What moves with the term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TermChange {
    /// It would be due earlier.
    Earlier,
    /// It would be due later.
    Later,
    /// It would have a day, and had none.
    Gained,
    /// It would have no day any more.
    Lost,
}

/// What changes of whether an article answers at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerChange {
    /// An article would answer it, and a department had it.
    Answered,
    /// A department would have it, and an article answered it.
    NotAnswered,
    /// Another article would answer it.
    OtherArticle,
}

/// What the candidate makes of one case, beside what was decided. Only what differs is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Again {
    /// Who led and who would lead.
    pub lead: Option<(DepartmentId, DepartmentId)>,
    /// The priority it had and would have.
    pub priority: Option<(Urgency, Urgency)>,
    /// What would move with its term.
    pub term: Option<TermChange>,
    /// Other departments would hear of it.
    pub informed: bool,
    /// Whether an article answers it.
    pub answer: Option<AnswerChange>,
    /// No rule of the candidate matches, and one did.
    pub nobody: bool,
    /// Something differs in the same way when the very rules that decided are asked again: the city
    /// changed, not the rules. That is not counted above.
    pub elsewhere: bool,
}

/// One case, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Who led, and who leads by the candidate; nothing when it is left.
    pub leads: Option<(DepartmentId, DepartmentId)>,
    /// What differs, or why it cannot be said.
    pub what: Result<Again, Left>,
}

impl Judged {
    fn left(why: Left) -> Self {
        Self { leads: None, what: Err(why) }
    }
}

/// What can be known of the first decision.
struct First<'a> {
    at: Timestamp,
    lead: &'a DepartmentId,
    /// The rest is not told of a case that an article answered.
    rest: Option<Rest<'a>>,
    answer: Option<&'a Slug>,
}

struct Rest<'a> {
    informed: &'a [DepartmentId],
    rule: &'a str,
    ruleset: &'a str,
    priority: Urgency,
    due_on: Option<Date>,
}

impl<'a> First<'a> {
    fn of(past: &'a Past) -> Option<Self> {
        let event = past.first.as_ref()?;
        let at = event.at;
        match &event.what {
            What::Routed { department, informed, rule, ruleset, priority, due_on, .. } => {
                let rest = Rest { informed, rule, ruleset, priority: *priority, due_on: *due_on };
                Some(Self { at, lead: department, rest: Some(rest), answer: None })
            }
            What::Answered { department, article } => {
                Some(Self { at, lead: department, rest: None, answer: Some(article) })
            }
            _ => None,
        }
    }
}

impl Replay {
    /// Holds `candidate`, the rules of `city`, against what was decided. `decided_by` are the versions
    /// that decided, for the city of `today`: where one is there, a difference that it shows too is not
    /// the candidate's doing.
    pub fn new(
        candidate: Arc<Ruleset>,
        city: Arc<City>,
        today: Arc<City>,
        decided_by: HashMap<String, Arc<Ruleset>>,
    ) -> Self {
        Self { candidate, city, today, decided_by }
    }

    /// Reads a page of cases, and decides each again.
    pub fn page(&self, rows: Vec<PastRow>, samples: usize) -> Tally {
        let mut tally = Tally::new(samples);
        for row in rows {
            let reference = row.reference();
            let judged = row.read().map_or_else(|_| Judged::left(Left::Unreadable), |past| self.judge(&past));
            tally.add(reference, judged);
        }
        tally
    }

    /// Decides one case again.
    pub fn judge(&self, past: &Past) -> Judged {
        let left = Judged::left;
        let report = &past.report;
        if report.channel.as_str() == TRIAL_CHANNEL {
            return left(Left::Trial);
        }
        let Some(first) = First::of(past) else { return left(Left::Undecided) };
        if self.city.category(&report.category).is_none() {
            return left(Left::CategoryGone);
        }
        let erased = past.contact.is_none() && report.tell != Tell::Nothing;
        let unknown = Needs { load: true, reporter: erased };
        let ask = |ruleset: &Ruleset, city: &City| -> Result<Decision, Left> {
            let mut facts = Facts::of(report, city, &[], first.at);
            if !erased {
                facts = facts.with_reporter(reporter(past, city));
            }
            match unknown::decides(ruleset, &facts, unknown) {
                None => Ok(decide(ruleset, city, &facts)),
                Some(needs) if needs.load => Err(Left::LoadNotKept),
                Some(_) => Err(Left::ContactErased),
            }
        };
        let would = match ask(&self.candidate, &self.city) {
            Ok(decision) => decision,
            Err(why) => return left(why),
        };
        // A decision always has a lead.
        let to = would.lead().unwrap_or(&self.city.fallback).clone();
        let leads = Some((first.lead.clone(), to.clone()));
        let mut again = differences(&first, &would, &to);
        if again != Again::default()
            && let Some(ruleset) = first.rest.as_ref().and_then(|rest| self.decided_by.get(rest.ruleset))
            && let Ok(asked) = ask(ruleset, &self.today)
        {
            let lead = asked.lead().unwrap_or(&self.today.fallback);
            again.forgive(&differences(&first, &asked, lead));
        }
        Judged { leads, what: Ok(again) }
    }
}

impl Again {
    /// Takes out what the rules that decided would do otherwise too.
    fn forgive(&mut self, asked: &Self) {
        let before = self.clone();
        if self.lead == asked.lead {
            self.lead = None;
        }
        if self.priority == asked.priority {
            self.priority = None;
        }
        if self.term == asked.term {
            self.term = None;
        }
        if self.answer == asked.answer {
            self.answer = None;
        }
        self.informed &= !asked.informed;
        self.nobody &= !asked.nobody;
        self.elsewhere = *self != before;
    }
}

fn reporter(past: &Past, city: &City) -> Reporter {
    let Past { report, contact, .. } = past;
    Reporter {
        name: contact.is_some_and(|contact| contact.name),
        email: contact.is_some_and(|contact| contact.email),
        phone: contact.is_some_and(|contact| contact.phone),
        ..Reporter::of(report, None, city)
    }
}

fn differences(first: &First<'_>, would: &Decision, to: &DepartmentId) -> Again {
    let mut again = Again::default();
    if first.lead != to {
        again.lead = Some((first.lead.clone(), to.clone()));
    }
    again.answer = match (first.answer, &would.answer) {
        (None, Some(_)) => Some(AnswerChange::Answered),
        (Some(_), None) => Some(AnswerChange::NotAnswered),
        (Some(was), Some(would)) if was != would => Some(AnswerChange::OtherArticle),
        _ => None,
    };
    let Some(rest) = &first.rest else { return again };
    if rest.priority != would.priority {
        again.priority = Some((rest.priority, would.priority));
    }
    again.term = match (rest.due_on, would.due_on) {
        (Some(was), Some(would)) if would < was => Some(TermChange::Earlier),
        (Some(was), Some(would)) if would > was => Some(TermChange::Later),
        (None, Some(_)) => Some(TermChange::Gained),
        (Some(_), None) => Some(TermChange::Lost),
        _ => None,
    };
    let mut would_hear = would.informed();
    let mut heard = rest.informed.to_vec();
    would_hear.sort();
    heard.sort();
    again.informed = would_hear != heard;
    again.nobody = would.rule == FALLBACK && rest.rule != FALLBACK;
    again
}

#[cfg(test)]
mod tests;
