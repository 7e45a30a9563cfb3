//! After a letter came back: what became of it is written down, whatever it takes, because it
//! happened.

use super::Worker;
use crate::{
    Outcome,
    effects::panic_words,
    settle::{Fate, Settling, fate, luck},
    source::Aside,
};
use futures_util::FutureExt as _;
use schemas::{letter::Letter, verdict::Verdict};
use std::panic::AssertUnwindSafe;
use store::AttemptEnd;
use tokio::time::Instant;

/// A letter whose delivery came back.
pub(super) struct Landed {
    pub(super) letter: Letter,
    /// The attempt.
    pub(super) n: u32,
    pub(super) tag: u64,
    pub(super) verdict: Verdict,
}

pub(super) enum Written {
    Yes,
    Stopped,
    No(String),
}

/// What the loop knows of an outcome besides what the handler is told.
pub(super) struct Mark {
    n: u32,
    fate: Fate,
}

impl Worker<'_> {
    /// Settles what came back, in one transaction; each alone when that fails.
    pub(super) async fn land(&mut self, landed: Vec<Landed>) {
        let now = self.inner.store.clock().now();
        for one in &landed {
            self.flying.remove(&one.letter.id);
            match &one.verdict {
                Verdict::Done { .. } | Verdict::Never { .. } => self.breaker.worked(),
                Verdict::Later { .. } | Verdict::Unknown { .. } => self.breaker.failed(now),
            }
        }
        self.meter.count(now, landed.iter().map(|one| (&one.verdict, one.letter.posted_at)));
        let tags: Vec<_> = landed.iter().map(|one| one.tag).collect();
        let (outcomes, marks): (Vec<_>, Vec<_>) = landed.into_iter().map(|one| self.outcome(one)).unzip();
        match self.write_down(&outcomes, &marks).await {
            Written::Yes => {}
            Written::Stopped => return,
            Written::No(why) => {
                tracing::warn!(lane = %self.lane, letters = outcomes.len(), why, "writing down outcomes one by one");
                for (outcome, mark) in outcomes.iter().zip(&marks) {
                    if !self.write_down_alone(outcome, mark).await {
                        return;
                    }
                }
            }
        }
        self.source.settled(tags.into_iter()).await;
    }

    pub(super) fn outcome(&self, one: Landed) -> (Outcome, Mark) {
        let Landed { letter, n, verdict, .. } = one;
        let fate = fate(&letter, &verdict, &self.settings, self.inner.store.clock().now(), luck());
        (Outcome { letter, verdict, settled: fate.settled() }, Mark { n, fate })
    }

    pub(super) async fn write_down_alone(&mut self, outcome: &Outcome, mark: &Mark) -> bool {
        match self.write_down(std::slice::from_ref(outcome), std::slice::from_ref(mark)).await {
            Written::Yes => true,
            Written::Stopped => false,
            Written::No(why) => {
                // The ledger still says what happened: a replay will not send it a second time.
                tracing::error!(lane = %self.lane, letter = %outcome.letter.id, trace = %outcome.letter.trace, why, "an outcome cannot be written down");
                let why = format!("{}, but that could not be written down: {why}", outcome.verdict.word());
                let fate = Fate::Buried { why };
                let end = end(&outcome.letter, mark.n, &outcome.verdict);
                loop {
                    let work = async {
                        let mut tx = self.inner.store.begin().await?;
                        let mut settling = Settling::default();
                        settling.add(&outcome.letter, &fate);
                        tx.end_attempts(std::slice::from_ref(&end)).await?;
                        settling.write(&mut tx, &self.lane, self.source.is_table()).await?;
                        tx.commit().await
                    };
                    match work.await {
                        Ok(()) => return true,
                        Err(error) => self.away(&error.to_string()).await,
                    }
                    if self.stop.is_cancelled() {
                        return false;
                    }
                }
            }
        }
    }

    pub(super) async fn write_down(&mut self, outcomes: &[Outcome], marks: &[Mark]) -> Written {
        let patience = Instant::now() + self.settings.deadline;
        loop {
            let work = async {
                let mut tx = self.inner.store.begin().await?;
                let (mut settling, mut ends) = (Settling::default(), Vec::with_capacity(outcomes.len()));
                for (outcome, mark) in outcomes.iter().zip(marks) {
                    if matches!(mark.fate, Fate::Buried { .. }) {
                        tracing::warn!(lane = %self.lane, letter = %outcome.letter.id, trace = %outcome.letter.trace, "buried");
                    }
                    settling.add(&outcome.letter, &mark.fate);
                    ends.push(end(&outcome.letter, mark.n, &outcome.verdict));
                }
                tx.end_attempts(&ends).await?;
                self.handler.record(&mut tx, outcomes).await?;
                settling.write(&mut tx, &self.lane, self.source.is_table()).await?;
                tx.commit().await
            };
            let work = AssertUnwindSafe(work).catch_unwind();
            let why = match tokio::time::timeout(self.settings.deadline, work).await {
                Ok(Ok(Ok(()))) => {
                    self.back();
                    return Written::Yes;
                }
                Ok(Ok(Err(store::Error::Unavailable(why)))) => why,
                Ok(Ok(Err(error))) => return Written::No(error.to_string()),
                Ok(Err(panic)) => return Written::No(panic_words(&*panic)),
                Err(_) => "the database took too long".to_owned(),
            };
            // It happened outside: it must be written down, however long the database is away.
            self.away(&why).await;
            if self.stop.is_cancelled() && Instant::now() > patience {
                tracing::error!(lane = %self.lane, letters = outcomes.len(), why, "stopping with outcomes that are not written down");
                return Written::Stopped;
            }
        }
    }

    /// Settles letters about which there is nothing to record.
    pub(super) async fn settle_only(&mut self, letters: Vec<(Letter, Fate, u64)>) {
        let mut settling = Settling::default();
        for (letter, fate, _) in &letters {
            settling.add(letter, fate);
        }
        loop {
            let work = async {
                let mut tx = self.inner.store.begin().await?;
                settling.write(&mut tx, &self.lane, self.source.is_table()).await?;
                tx.commit().await
            };
            match work.await {
                Ok(()) => break,
                Err(error) => self.away(&error.to_string()).await,
            }
            if self.stop.is_cancelled() {
                return;
            }
        }
        self.source.settled(letters.iter().map(|(.., tag)| *tag)).await;
    }

    pub(super) async fn settle_aside(&mut self, aside: Vec<Aside>) {
        let now = self.inner.store.clock().now();
        let fates = aside.into_iter().map(|Aside { letter, verdict, ticket }| {
            tracing::warn!(lane = %self.lane, letter = %letter.id, "cannot be handed to the adapter: set aside");
            let fate = fate(&letter, &verdict, &self.settings, now, luck());
            (letter, fate, ticket.tag)
        });
        let fates = fates.collect();
        self.settle_only(fates).await;
    }
}

fn end(letter: &Letter, n: u32, verdict: &Verdict) -> AttemptEnd {
    let why = match verdict {
        Verdict::Done { .. } => None,
        Verdict::Later { why, .. } | Verdict::Never { why, .. } | Verdict::Unknown { why } => Some(why.clone()),
    };
    AttemptEnd { letter: letter.id, n, verdict: verdict.word(), why }
}
