//! What a played department has on its desk: the work that came, and what it says about it. The same
//! for every kind; a kind only knows how work comes and how answers go.

use super::behaviour::{Behaviour, Reception};
use jiff::Span;
use schemas::{
    Timestamp, Uuid,
    case::Role,
    dispatch::{AgainWhy, Dispatch, Say, Update},
    report::Language,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The desk. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Desk {
    behaviour: Behaviour,
    seed: u64,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// How many calls came.
    arrivals: u64,
    /// How many cases were opened here.
    opened: u32,
    pieces: HashMap<Uuid, Piece>,
}

/// One piece of work: how often it came, and under which of our numbers it is kept.
#[derive(Debug, Default)]
struct Piece {
    times: usize,
    receipt: Option<String>,
}

/// How a piece of work was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// How the caller is treated.
    pub reception: Reception,
    /// How often this piece of work has come, this time included.
    pub times: usize,
    /// The department's own number of it, once it is kept.
    pub receipt: Option<String>,
    /// It is new here: there is something to say about it.
    pub is_new: bool,
}

impl Desk {
    /// An empty desk.
    pub fn new(behaviour: Behaviour, seed: u64) -> Self {
        Self { behaviour, seed, shared: Arc::default() }
    }

    /// How it behaves.
    pub fn behaviour(&self) -> Behaviour {
        self.behaviour
    }

    /// The work with this id comes.
    pub fn arrives(&self, id: Uuid) -> Arrival {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.arrivals += 1;
        let nth = shared.arrivals;
        let (times, known) = {
            let piece = shared.pieces.entry(id).or_default();
            piece.times += 1;
            (piece.times, piece.receipt.clone())
        };
        let reception = self.behaviour.receives(self.seed, nth, times);
        let is_new = reception.is_kept() && (known.is_none() || self.behaviour == Behaviour::Forgetful);
        let receipt = if is_new {
            shared.opened += 1;
            let receipt = format!("SIM-{:04}", shared.opened);
            if let Some(piece) = shared.pieces.get_mut(&id) {
                piece.receipt = Some(receipt.clone());
            }
            Some(receipt)
        } else {
            known
        };
        Arrival { reception, times, receipt, is_new }
    }

    /// The updates about `dispatch`, kept under `receipt` since `now`, in the order in which they
    /// are sent. Their ids follow from the piece of work, so that saying one again is the same one.
    pub fn says(&self, dispatch: &Dispatch, receipt: &str, now: Timestamp) -> Vec<Update> {
        let why = dispatch.again.as_ref().map(|again| again.why);
        let said = self.words(dispatch.language, dispatch.role, why, now);
        let updates = said.into_iter().enumerate().map(|(n, say)| Update {
            critical: false,
            id: format!("{receipt}-{}-{n}", dispatch.id),
            department: dispatch.department.clone(),
            dispatch: dispatch.id,
            // A moment apart: which came first stays known, in whatever order they arrive.
            at: now + Duration::from_millis(n as u64),
            say,
        });
        self.behaviour.says(updates.collect())
    }

    /// What there is to say, in its natural order: about work for `role` that came since `now`, or came
    /// again because of `why`.
    pub fn words(&self, language: Language, role: Role, why: Option<AgainWhy>, now: Timestamp) -> Vec<Say> {
        let text = |nl: &str, fr: &str, en: &str| {
            match language {
                Language::NL => nl,
                Language::FR => fr,
                _ => en,
            }
            .to_owned()
        };
        if role == Role::Informed {
            return vec![Say::InternalNote { text: "Seen. (Simulated department.)".to_owned() }];
        }
        if self.behaviour == Behaviour::NotOurs {
            let reason = text(
                "Dit is niet van onze dienst. (Gesimuleerde dienst.)",
                "Ce n'est pas de notre service. (Service simulé.)",
                "This is not our department's. (Simulated department.)",
            );
            return vec![Say::Reject { reason }];
        }
        let on = now.to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(Span::new().days(3));
        let done = Say::Done {
            text: Some(text(
                "Het is gedaan. (Gesimuleerde dienst.)",
                "C'est fait. (Service simulé.)",
                "It has been done. (Simulated department.)",
            )),
            evidence: Vec::new(),
        };
        match why {
            // What it said about the work still stands.
            Some(AgainWhy::Recategorised | AgainWhy::Merged) => Vec::new(),
            Some(AgainWhy::Reminder) => vec![Say::Plan { on, text: None }, done],
            Some(AgainWhy::Reopened | AgainWhy::Replied | AgainWhy::Split) | None => {
                vec![Say::Accept {}, Say::Plan { on, text: None }, done]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn the_same_work_is_one_case_except_for_the_forgetful() {
        let desk = Desk::new(Behaviour::Ok, 1);
        let (first, second, other) = (desk.arrives(id(1)), desk.arrives(id(1)), desk.arrives(id(2)));
        assert!(first.is_new && !second.is_new && other.is_new);
        assert_eq!(first.receipt, second.receipt);
        assert_ne!(first.receipt, other.receipt);
        let desk = Desk::new(Behaviour::Forgetful, 1);
        let (first, second) = (desk.arrives(id(1)), desk.arrives(id(1)));
        assert!(first.is_new && second.is_new);
        assert_ne!(first.receipt, second.receipt);
    }

    #[test]
    fn what_was_refused_is_new_when_it_is_kept() {
        let desk = Desk::new(Behaviour::Flaky, 3);
        let arrivals: Vec<Arrival> = (0..5).map(|_| desk.arrives(id(1))).collect();
        assert_eq!(arrivals.iter().filter(|arrival| arrival.is_new).count(), 1);
        assert!(arrivals.iter().all(|arrival| arrival.receipt.is_some() || !arrival.reception.is_kept()));
    }
}
