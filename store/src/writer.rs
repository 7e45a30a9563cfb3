//! Group commit: callers of [`Store::accept`] share one transaction. Nobody waits for company:
//! the writer takes what has gathered while it wrote the last batch.

use crate::{
    Accepted, Error, NewReport, Result, Store,
    store::{Inner, closed},
};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// At most so many reports in one commit.
const BATCH: usize = 256;

pub(crate) enum Job {
    Accept(Box<NewReport>, oneshot::Sender<Result<Accepted>>),
    Finish(oneshot::Sender<()>),
}

/// The way to the writing task.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Job>);

/// Starts the writing task; it ends with the last clone of the store.
pub(crate) fn start(inner: Arc<Inner>) -> Writer {
    let (jobs, queue) = mpsc::channel(4 * BATCH);
    tokio::spawn(run(inner, queue));
    Writer(jobs)
}

async fn run(inner: Arc<Inner>, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut jobs, BATCH).await > 0 {
        let (mut reports, mut callers, mut finished) = (Vec::new(), Vec::new(), Vec::new());
        for job in jobs.drain(..) {
            match job {
                // A caller that went away before its report was touched does not want it kept.
                Job::Accept(_, caller) if caller.is_closed() => {}
                Job::Accept(report, caller) => {
                    reports.push(*report);
                    callers.push(caller);
                }
                Job::Finish(caller) => finished.push(caller),
            }
        }
        if !reports.is_empty() {
            metrics::histogram!("voordeur_accept_batch").record(reports.len() as f64);
            answer(&inner, &reports, callers).await;
        }
        // A receiver that is gone has stopped waiting.
        finished.into_iter().for_each(|caller| _ = caller.send(()));
    }
}

async fn answer(inner: &Arc<Inner>, reports: &[NewReport], callers: Vec<oneshot::Sender<Result<Accepted>>>) {
    match write(inner, reports).await {
        Ok(accepted) => {
            for (caller, accepted) in callers.into_iter().zip(accepted) {
                _ = caller.send(Ok(accepted));
            }
        }
        Err(Error::Unavailable(why)) => {
            for caller in callers {
                _ = caller.send(Err(Error::Unavailable(why.clone())));
            }
        }
        Err(error) if callers.len() == 1 => {
            // Exactly one is left to hear of it.
            for (caller, error) in callers.into_iter().zip([error]) {
                _ = caller.send(Err(error));
            }
        }
        Err(error) => {
            tracing::warn!(%error, reports = reports.len(), "one report spoils its batch: writing one by one");
            for (report, caller) in reports.iter().zip(callers) {
                let alone = write(inner, std::slice::from_ref(report)).await;
                _ = caller.send(alone.map(|mut accepted| accepted.remove(0)));
            }
        }
    }
}

async fn write(inner: &Arc<Inner>, reports: &[NewReport]) -> Result<Vec<Accepted>> {
    let mut tx = inner.begin().await?;
    let accepted = tx.accept(reports).await?;
    tx.commit().await?;
    Ok(accepted)
}

impl Writer {
    async fn accept(&self, report: NewReport) -> Result<Accepted> {
        let (caller, answer) = oneshot::channel();
        self.0.send(Job::Accept(Box::new(report), caller)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Returns when everything that was handed in before is written.
    pub(crate) async fn finish(&self) {
        let (caller, answer) = oneshot::channel();
        if self.0.send(Job::Finish(caller)).await.is_ok() {
            // Either way the writer is done.
            _ = answer.await;
        }
    }
}

impl Store {
    /// Keeps one report, durably, in one commit with whatever other callers bring at the same
    /// moment. A report that cannot be written fails alone.
    ///
    /// Cancel-safe: a caller that goes away before the report was touched leaves nothing; later,
    /// the report is kept and a retry with the same id gets [`Accepted::Again`].
    pub async fn accept(&self, report: NewReport) -> Result<Accepted> {
        self.writer.accept(report).await
    }
}
