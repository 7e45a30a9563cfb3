//! The geocoder outside, behind its cache, its time-out and its breakers.

use super::{
    Config, Geocoder, Trouble,
    cache::{Cache, Question},
};
use bus::{Allow, Breaker, BreakerState};
use schemas::{
    place::{Point, Spot},
    text,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::Store;

/// How soon somebody needs the answer. A geocoder that is too slow for a report may still do for a search, so each has a
/// breaker of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hurry {
    /// A report waits.
    Intake,
    /// A person looks at the page.
    Patient,
}

impl Hurry {
    fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Patient => "search",
        }
    }
}

/// After so many failures in a row it is left alone, the first time so long.
const BREAKER: Breaker = Breaker { failures: 3, open_for: Duration::from_secs(20) };

#[derive(Debug)]
pub(super) struct Remote {
    source: Arc<dyn Geocoder>,
    cache: Cache,
    store: Store,
    kind: String,
    intake: Line,
    patient: Line,
}

/// One way of asking.
#[derive(Debug)]
struct Line {
    timeout: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    breaker: BreakerState,
    /// Somebody is finding out whether it is back.
    trying: bool,
}

/// One question that may be asked. Dropped without a word (the person closed the page), it says nothing.
struct Turn<'a> {
    line: &'a Line,
    is_trial: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.is_trial {
            self.line.lock().trying = false;
        }
    }
}

impl Line {
    fn new(timeout: Duration) -> Self {
        Self { timeout, state: Mutex::new(State { breaker: BreakerState::new(BREAKER), trying: false }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leave to ask at `now`; while it is away only one at a time finds out.
    fn turn(&self, now: schemas::Timestamp) -> Option<Turn<'_>> {
        let mut state = self.lock();
        let is_trial = match state.breaker.allow(now) {
            Allow::All => false,
            Allow::One if !state.trying => true,
            Allow::One | Allow::NotBefore(_) => return None,
        };
        state.trying = state.trying || is_trial;
        Some(Turn { line: self, is_trial })
    }

    fn ended(&self, worked: bool, now: schemas::Timestamp) {
        let mut state = self.lock();
        if worked { state.breaker.worked() } else { state.breaker.failed(now) }
    }
}

impl Remote {
    pub(super) fn new(source: Arc<dyn Geocoder>, store: &Store, config: &Config) -> Self {
        Self {
            source,
            cache: Cache::new(store, &config.kind, config.keep),
            store: store.clone(),
            kind: config.kind.clone(),
            intake: Line::new(config.intake),
            patient: Line::new(config.timeout),
        }
    }

    /// What the words may mean; nothing when it is not known now.
    pub(super) async fn find(&self, words: &str, hurry: Hurry) -> Vec<Spot> {
        let words = text::clean_line(words);
        self.ask(Question::Words(&words), hurry).await
    }

    /// The address at a point; nothing when it is not known now.
    pub(super) async fn near(&self, point: Point, hurry: Hurry) -> Option<Spot> {
        self.ask(Question::At(point), hurry).await.into_iter().next()
    }

    async fn ask(&self, question: Question<'_>, hurry: Hurry) -> Vec<Spot> {
        let line = match hurry {
            Hurry::Intake => &self.intake,
            Hurry::Patient => &self.patient,
        };
        if line.timeout.is_zero() {
            return Vec::new();
        }
        let answer = tokio::time::timeout(line.timeout, self.within(question, line, hurry)).await;
        answer.unwrap_or_else(|_| {
            // Whether the database or the geocoder was slow: the one outside is left alone either way.
            line.ended(false, self.store.clock().now());
            self.count(hurry, "late");
            Vec::new()
        })
    }

    async fn within(&self, question: Question<'_>, line: &Line, hurry: Hurry) -> Vec<Spot> {
        if let Some(spots) = self.cache.get(question).await {
            self.count(hurry, "kept");
            return spots;
        }
        let Some(_turn) = line.turn(self.store.clock().now()) else {
            self.count(hurry, "paused");
            return Vec::new();
        };
        let answer = match question {
            Question::Words(words) => self.source.find(words).await,
            Question::At(point) => self.source.near(point).await.map(|spot| spot.into_iter().collect()),
        };
        line.ended(answer.is_ok(), self.store.clock().now());
        match answer {
            Ok(spots) => {
                self.count(hurry, if spots.is_empty() { "nothing" } else { "found" });
                self.cache.put(question, &spots).await;
                spots
            }
            Err(Trouble(why)) => {
                tracing::warn!(geocoder = self.kind, why, "the geocoder gave no answer");
                self.count(hurry, "failed");
                Vec::new()
            }
        }
    }

    fn count(&self, hurry: Hurry, outcome: &'static str) {
        let labels = [("geocoder", self.kind.clone()), ("for", hurry.as_str().into()), ("outcome", outcome.into())];
        metrics::counter!("voordeur_geocode_total", &labels).increment(1);
    }
}
