//! What moves, counted, with some references to look at.

use super::{AnswerChange, Judged, Left, TermChange};
use schemas::{reference::Reference, report::Urgency, slug::DepartmentId};
use serde::Serialize;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// Cases that have something in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// How many.
    pub cases: u64,
    /// The first of them.
    pub samples: Vec<Reference>,
}

impl Group {
    fn add(&mut self, reference: Option<Reference>, samples: usize) {
        self.cases += 1;
        if self.samples.len() < samples {
            self.samples.extend(reference);
        }
    }

    fn merge(&mut self, later: Self, samples: usize) {
        self.cases += later.cases;
        let room = samples.saturating_sub(self.samples.len());
        self.samples.extend(later.samples.into_iter().take(room));
    }
}

/// Many cases, judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    samples: usize,
    /// All cases.
    pub cases: u64,
    /// Those that come out as they were decided, in everything.
    pub same: u64,
    /// From which department to which.
    pub moves: HashMap<(DepartmentId, DepartmentId), Group>,
    /// From which priority to which.
    pub priorities: BTreeMap<(Urgency, Urgency), Group>,
    /// What moves with the term.
    pub terms: BTreeMap<TermChange, Group>,
    /// Whether articles answer.
    pub answers: BTreeMap<AnswerChange, Group>,
    /// Other departments hear of them.
    pub informed: Group,
    /// No rule of the candidate matches: the fallback desk gets them, with an alarm.
    pub nobody: Group,
    /// They come out otherwise by the rules that decided, too.
    pub elsewhere: Group,
    /// Those that cannot be decided again.
    pub left: BTreeMap<Left, Group>,
    /// How many each department led, and would lead.
    pub leads: HashMap<DepartmentId, (u64, u64)>,
}

impl Tally {
    /// Nothing yet; keeps at most `samples` references of each group.
    pub fn new(samples: usize) -> Self {
        Self { samples, ..Self::default() }
    }

    /// Counts one case; without a reference it is no sample.
    pub fn add(&mut self, reference: Option<Reference>, judged: Judged) {
        let samples = self.samples;
        self.cases += 1;
        if let Some((had, would)) = judged.leads {
            self.leads.entry(had).or_default().0 += 1;
            self.leads.entry(would).or_default().1 += 1;
        }
        let again = match judged.what {
            Ok(again) => again,
            Err(left) => return self.left.entry(left).or_default().add(reference, samples),
        };
        if again == super::Again::default() {
            self.same += 1;
            return;
        }
        if let Some(from_to) = again.lead {
            self.moves.entry(from_to).or_default().add(reference, samples);
        }
        if let Some(from_to) = again.priority {
            self.priorities.entry(from_to).or_default().add(reference, samples);
        }
        if let Some(change) = again.term {
            self.terms.entry(change).or_default().add(reference, samples);
        }
        if let Some(change) = again.answer {
            self.answers.entry(change).or_default().add(reference, samples);
        }
        for (is, group) in [
            (again.informed, &mut self.informed),
            (again.nobody, &mut self.nobody),
            (again.elsewhere, &mut self.elsewhere),
        ] {
            if is {
                group.add(reference, samples);
            }
        }
    }

    /// Adds cases that come after these.
    pub fn merge(&mut self, later: Self) {
        let samples = self.samples;
        self.cases += later.cases;
        self.same += later.same;
        for (key, group) in later.moves {
            self.moves.entry(key).or_default().merge(group, samples);
        }
        for (key, group) in later.priorities {
            self.priorities.entry(key).or_default().merge(group, samples);
        }
        for (key, group) in later.terms {
            self.terms.entry(key).or_default().merge(group, samples);
        }
        for (key, group) in later.answers {
            self.answers.entry(key).or_default().merge(group, samples);
        }
        for (key, group) in later.left {
            self.left.entry(key).or_default().merge(group, samples);
        }
        self.informed.merge(later.informed, samples);
        self.nobody.merge(later.nobody, samples);
        self.elsewhere.merge(later.elsewhere, samples);
        for (department, (had, would)) in later.leads {
            let count = self.leads.entry(department).or_default();
            *count = (count.0 + had, count.1 + would);
        }
    }

    /// From which department to which, most cases first.
    pub fn moves(&self) -> Vec<(&DepartmentId, &DepartmentId, &Group)> {
        let mut moves: Vec<_> = self.moves.iter().map(|((from, to), group)| (from, to, group)).collect();
        moves.sort_unstable_by_key(|(from, to, group)| (Reverse(group.cases), *from, *to));
        moves
    }

    /// Cases that move to another department.
    pub fn moved(&self) -> u64 {
        self.moves.values().map(|group| group.cases).sum()
    }

    /// Cases that cannot be decided again.
    pub fn left(&self) -> u64 {
        self.left.values().map(|group| group.cases).sum()
    }
}
