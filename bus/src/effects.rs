//! The loop of a lane whose work is rows: a whole batch in one transaction, and when that fails
//! each letter in its own, so that a bad one sinks nobody.

use crate::{
    Effects, LaneSettings,
    carry::{Inner, Working},
    retry::Retry,
    settle::{Fate, Meter, Settling, fate, luck},
    source::{Aside, Batch, Source},
};
use futures_util::FutureExt as _;
use schemas::{
    letter::{Lane, Letter},
    verdict::Verdict,
};
use serde_json::json;
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio_util::sync::CancellationToken;

/// Why a try of one or more letters came to nothing.
enum Failure {
    /// The database is away: no letter is to blame.
    Away(String),
    /// The letters, or their handler.
    Broken(String),
    /// Our lease had run out, and somebody else settled one of the letters. Nothing was committed.
    NotOurs,
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable(_) => Self::Away(error.to_string()),
            other => Self::Broken(other.to_string()),
        }
    }
}

struct Worker<'a> {
    inner: &'a Inner,
    lane: Lane,
    handler: Arc<dyn Effects>,
    settings: LaneSettings,
    source: Source,
    stop: CancellationToken,
    meter: Meter,
    /// Times in a row that the database or the broker was away.
    away: u32,
}

/// Works `lane` until `stop`.
pub(crate) async fn run(
    inner: &Inner,
    lane: Lane,
    handler: Arc<dyn Effects>,
    settings: LaneSettings,
    source: Source,
    stop: CancellationToken,
) {
    let _working = Working::new(&inner.board, &lane);
    let meter = Meter::new(&lane);
    let mut worker = Worker { inner, lane, handler, settings, source, stop, meter, away: 0 };
    while !worker.stop.is_cancelled() {
        worker.once().await;
    }
    worker.finish_up().await;
}

impl Worker<'_> {
    /// Takes what is there and handles it, or waits.
    async fn once(&mut self) {
        let busy = self.inner.board.busy();
        match self.source.take(self.settings.batch.max(1), false).await {
            Ok(batch) if batch.is_empty() => {
                drop(busy);
                self.back();
                tokio::select! {
                    () = self.stop.cancelled() => {}
                    () = self.source.wait() => {}
                    () = self.inner.board.poke.notified() => {}
                }
            }
            Ok(batch) => {
                self.inner.board.took();
                self.handle(batch).await;
            }
            Err(trouble) => {
                drop(busy);
                self.away(&trouble.to_string()).await;
            }
        }
    }

    /// Stopping: a broker has sent ahead what was not taken yet. Handled now, because a message that
    /// is given back unread counts as a failed delivery.
    async fn finish_up(&mut self) {
        let batch = self.source.pause().await;
        if !batch.is_empty() {
            let _busy = self.inner.board.busy();
            self.handle(batch).await;
        }
    }

    async fn handle(&mut self, batch: Batch) {
        loop {
            match self.attempt(&batch.letters, &batch.aside).await {
                Ok(verdicts) => {
                    self.back();
                    return self.finish(&batch, &verdicts).await;
                }
                Err(Failure::Away(why)) => {
                    if self.wait_or_give_back(&batch, &why).await {
                        return;
                    }
                }
                Err(Failure::Broken(why)) => {
                    let letters = batch.letters.len() + batch.aside.len();
                    if letters > 1 {
                        tracing::warn!(lane = %self.lane, letters, why, "a batch failed: trying its letters one by one");
                    }
                    break;
                }
                Err(Failure::NotOurs) => break,
            }
        }
        let Batch { letters, tickets, aside } = batch;
        let singles = letters.into_iter().zip(tickets).map(|(letter, ticket)| Batch {
            letters: vec![letter],
            tickets: vec![ticket],
            aside: Vec::new(),
        });
        let aside = aside.into_iter().map(|one| Batch { aside: vec![one], ..Batch::default() });
        let mut given_back = false;
        for single in singles.chain(aside) {
            if given_back {
                self.source.give_back(&single.letters).await;
            } else {
                given_back = !self.handle_alone(single).await;
            }
        }
    }

    /// False when the letter was given back, because the database is away.
    async fn handle_alone(&mut self, single: Batch) -> bool {
        let mut stale = 0;
        loop {
            let why = match self.attempt(&single.letters, &single.aside).await {
                Ok(verdicts) => {
                    self.finish(&single, &verdicts).await;
                    return true;
                }
                Err(Failure::Away(why)) => {
                    if self.wait_or_give_back(&single, &why).await {
                        return false;
                    }
                    continue;
                }
                Err(Failure::Broken(why)) => why,
                Err(Failure::NotOurs) => return true,
            };
            // Somebody else may have changed the same case at the same moment.
            stale += 1;
            if stale < 3 && !single.letters.is_empty() {
                continue;
            }
            if let Some(letter) = single.letters.first() {
                tracing::error!(lane = %self.lane, letter = %letter.id, trace = %letter.trace, why, "a letter cannot be handled");
            }
            return self.set_aside(&single, &why).await;
        }
    }

    /// One transaction: the effects of `letters`, and their settling.
    async fn attempt(&self, letters: &[Letter], aside: &[Aside]) -> Result<Vec<Verdict>, Failure> {
        let work = async {
            let mut tx = self.inner.store.begin().await?;
            let verdicts = match letters {
                [] => Vec::new(),
                letters => self.handler.apply(&mut tx, letters).await?,
            };
            if verdicts.len() != letters.len() {
                let why = format!("the handler gave {} verdicts for {} letters", verdicts.len(), letters.len());
                return Err(Failure::Broken(why));
            }
            if !self.settle(&mut tx, letters.iter().zip(&verdicts), aside).await? {
                return Err(Failure::NotOurs);
            }
            tx.commit().await?;
            Ok(verdicts)
        };
        match tokio::time::timeout(self.settings.deadline, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Failure::Broken(format!("the handler panicked: {}", panic_words(&*panic)))),
            Err(_) => Err(Failure::Broken(format!("took longer than {:?}", self.settings.deadline))),
        }
    }

    /// False when somebody else settled one of the letters first.
    async fn settle<'l>(
        &self,
        tx: &mut store::Tx,
        letters: impl Iterator<Item = (&'l Letter, &'l Verdict)>,
        aside: &'l [Aside],
    ) -> Result<bool, store::Error> {
        let now = self.inner.store.clock().now();
        let mut settling = Settling::default();
        let mut obituaries = Vec::new();
        for (letter, verdict) in letters.chain(aside.iter().map(|one| (&one.letter, &one.verdict))) {
            let fate = fate(letter, verdict, &self.settings, now, luck());
            if let Fate::Buried { why } = &fate {
                tracing::warn!(lane = %self.lane, letter = %letter.id, trace = %letter.trace, "buried");
                obituaries.extend(self.source.obituary(letter, why));
            }
            settling.add(letter, &fate);
        }
        if !obituaries.is_empty() {
            tx.post(&obituaries).await?;
        }
        settling.write(tx, &self.lane, self.source.is_table()).await
    }

    /// The one letter of `single` failed by itself: it is tried again later, or given up. False when
    /// it was given back.
    async fn set_aside(&mut self, single: &Batch, why: &str) -> bool {
        let verdicts: Vec<_> = single.letters.iter().map(|_| Verdict::later(why)).collect();
        loop {
            let work = async {
                let mut tx = self.inner.store.begin().await?;
                self.settle(&mut tx, single.letters.iter().zip(&verdicts), &single.aside).await?;
                tx.commit().await
            };
            let why = match tokio::time::timeout(self.settings.deadline, work).await {
                Ok(Ok(())) => {
                    self.finish(single, &verdicts).await;
                    return true;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => "took too long".to_owned(),
            };
            if self.wait_or_give_back(single, &why).await {
                return false;
            }
        }
    }

    /// After the commit: tell the source, answer who asked, count.
    async fn finish(&mut self, batch: &Batch, verdicts: &[Verdict]) {
        let aside = batch.aside.iter().map(|one| (&one.letter, &one.ticket, &one.verdict));
        let letters = batch.letters.iter().zip(&batch.tickets).zip(verdicts);
        let all = || letters.clone().map(|((letter, ticket), verdict)| (letter, ticket, verdict)).chain(aside.clone());
        self.source.settled(all().map(|(_, ticket, _)| ticket.tag)).await;
        for (_, ticket, verdict) in all() {
            let Some(to) = &ticket.reply else { continue };
            match verdict {
                Verdict::Done { receipt: Some(receipt) } => self.source.reply(to, receipt.clone().into_bytes()),
                Verdict::Never { why, .. } => self.source.reply(to, refusal(why)),
                _ => {}
            }
        }
        let now = self.inner.store.clock().now();
        self.meter.count(now, all().map(|(letter, _, verdict)| (verdict, letter.posted_at)));
    }

    /// The database is away: gives the letters back (true), or waits with them in hand (false). True
    /// also when stopped: a broker gives what was not acknowledged to the next reader.
    async fn wait_or_give_back(&mut self, batch: &Batch, why: &str) -> bool {
        let given = self.source.give_back(&batch.letters).await;
        self.away(why).await;
        given || self.stop.is_cancelled()
    }

    async fn away(&mut self, why: &str) {
        if self.away == 0 {
            tracing::warn!(lane = %self.lane, why, "cannot work; trying again until it goes");
        }
        self.inner.board.trouble(&self.lane, Some(why.to_owned()));
        let pause = Retry::back_off(self.away, luck());
        self.away = self.away.saturating_add(1);
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    fn back(&mut self) {
        if self.away > 0 {
            self.away = 0;
            self.inner.board.trouble(&self.lane, None);
            tracing::info!(lane = %self.lane, "works again");
        }
    }
}

/// What an asker is told when a letter is refused: a problem (RFC 9457). A handler that has one
/// already gives it as its reason.
fn refusal(why: &str) -> Vec<u8> {
    let problem = match serde_json::from_str::<serde_json::Value>(why) {
        Ok(problem @ serde_json::Value::Object(_)) => problem,
        _ => json!({ "type": "about:blank", "title": "This cannot be taken", "status": 422, "detail": why }),
    };
    json!({ "error": problem }).to_string().into_bytes()
}

/// The words of a panic.
pub(crate) fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}
