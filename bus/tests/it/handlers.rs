//! Handlers that do as the test says, and remember.

use async_trait::async_trait;
use bus::{Edge, Effects, Outcome};
use schemas::{
    Uuid,
    letter::{Lane, Letter, Topic},
    verdict::Verdict,
};
use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use store::Tx;

/// The number in the body of a letter.
pub fn number(letter: &Letter) -> i64 {
    letter.read().unwrap()
}

type Say = dyn Fn(&Letter) -> Verdict + Send + Sync;

/// An effect handler that gives the verdicts it is told to give, and remembers what committed
/// batches it was asked about.
pub struct Effect {
    say: Box<Say>,
    /// Every letter it was asked about, in order.
    pub asked: Mutex<Vec<i64>>,
    pub batches: AtomicUsize,
}

impl Effect {
    pub fn new(say: impl Fn(&Letter) -> Verdict + Send + Sync + 'static) -> Self {
        Self { say: Box::new(say), asked: Mutex::default(), batches: AtomicUsize::new(0) }
    }

    pub fn done() -> Self {
        Self::new(|_| Verdict::done())
    }

    pub fn asked(&self) -> Vec<i64> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Effects for Effect {
    async fn apply(&self, _tx: &mut Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error> {
        self.batches.fetch_add(1, Ordering::SeqCst);
        let verdicts: Vec<_> = letters.iter().map(|letter| (self.say)(letter)).collect();
        self.asked.lock().unwrap().extend(letters.iter().map(number));
        Ok(verdicts)
    }
}

/// An effect that can be counted: for each letter one letter with a random id, posted to `to`. The
/// inbox dedupes, as every real handler must with a broker.
pub struct Forward {
    pub to: Lane,
    /// How often it pauses, so that it can be cut off in the middle.
    pub slowly: bool,
    pub dedupes: bool,
}

#[async_trait]
impl Effects for Forward {
    async fn apply(&self, tx: &mut Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error> {
        let ids: Vec<_> = letters.iter().map(|letter| letter.id).collect();
        let mut fresh = if self.dedupes { tx.seen("forward", &ids).await? } else { ids.iter().copied().collect() };
        let now = tx.clock().now();
        // A broker may hand out the same letter twice in one batch.
        for letter in letters.iter().filter(|letter| fresh.remove(&letter.id)) {
            if self.slowly {
                tokio::task::yield_now().await;
            }
            let id = Uuid::from_u128(rand::random());
            let out =
                Letter::new(id, self.to.clone(), Topic::CaseEvent, "x", &number(letter), letter.trace.next(), now);
            tx.post(&[out.because(letter.id)]).await?;
        }
        Ok(letters.iter().map(|_| Verdict::done()).collect())
    }
}

/// Collects what arrives, by cause: how many different letters.
#[derive(Default)]
pub struct Collect {
    pub by_cause: Mutex<HashMap<Uuid, Vec<Uuid>>>,
}

#[async_trait]
impl Effects for Collect {
    async fn apply(&self, _tx: &mut Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error> {
        let mut by_cause = self.by_cause.lock().unwrap();
        for letter in letters {
            let ids = by_cause.entry(letter.cause.unwrap()).or_default();
            if !ids.contains(&letter.id) {
                ids.push(letter.id);
            }
        }
        Ok(letters.iter().map(|_| Verdict::done()).collect())
    }
}

/// An edge that says what it is told to say after its gate opens, and remembers.
pub struct Door {
    say: Box<Say>,
    /// A delivery waits here.
    pub gate: tokio::sync::Semaphore,
    pub delivered: Mutex<Vec<i64>>,
    pub recorded: Mutex<Vec<Outcome>>,
    pub inside: AtomicUsize,
    pub most: AtomicUsize,
}

impl Door {
    pub fn new(say: impl Fn(&Letter) -> Verdict + Send + Sync + 'static) -> Self {
        Self {
            say: Box::new(say),
            gate: tokio::sync::Semaphore::new(tokio::sync::Semaphore::MAX_PERMITS / 2),
            delivered: Mutex::default(),
            recorded: Mutex::default(),
            inside: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }

    pub fn shut(say: impl Fn(&Letter) -> Verdict + Send + Sync + 'static) -> Self {
        Self { gate: tokio::sync::Semaphore::new(0), ..Self::new(say) }
    }

    pub fn delivered(&self) -> Vec<i64> {
        self.delivered.lock().unwrap().clone()
    }

    pub fn recorded(&self) -> Vec<Outcome> {
        self.recorded.lock().unwrap().clone()
    }
}

#[async_trait]
impl Edge for Door {
    async fn deliver(&self, letter: &Letter) -> Verdict {
        self.delivered.lock().unwrap().push(number(letter));
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        let _pass = self.gate.acquire().await.unwrap();
        self.inside.fetch_sub(1, Ordering::SeqCst);
        (self.say)(letter)
    }

    async fn record(&self, _tx: &mut Tx, outcomes: &[Outcome]) -> Result<(), store::Error> {
        self.recorded.lock().unwrap().extend_from_slice(outcomes);
        Ok(())
    }
}
