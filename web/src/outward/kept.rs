//! Figures that were counted, for as long as they would come out the same: many look at the same few, and each is a walk over
//! every case.

use super::figures::{self, Figures, Question};
use crate::register::Snapshot;
use schemas::city::City;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// So many are kept.
const MOST: usize = 32;

/// The newest figures, by what they were counted of.
#[derive(Default)]
pub struct Kept(Mutex<VecDeque<(Snapshot, Question, Arc<Figures>)>>);

/// Whether nothing changed that figures are made of: the cases are the same, and so is the day, with which terms end.
fn is_same(one: &Snapshot, other: &Snapshot, city: &City) -> bool {
    Arc::ptr_eq(&one.cases, &other.cases)
        && one.contested == other.contested
        && one.at_once == other.at_once
        && one.ratings == other.ratings
        && city.calendar.date(one.at) == city.calendar.date(other.at)
}

impl Kept {
    /// The figures of `snapshot`, counted now or before.
    pub fn count(&self, snapshot: &Snapshot, question: &Question, city: &City) -> Figures {
        let known = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|(of, ..)| is_same(of, snapshot, city));
            kept.iter().find(|(_, asked, _)| asked == question).map(|(.., figures)| figures.clone())
        };
        if let Some(figures) = known {
            return Figures { of: snapshot.at, ..Figures::clone(&figures) };
        }
        let figures = figures::count(snapshot, question, city);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(MOST - 1);
        kept.push_front((snapshot.clone(), question.clone(), Arc::new(figures.clone())));
        figures
    }
}
