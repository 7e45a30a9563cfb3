//! What adapters do by themselves, again and again: poll the other side, read a mailbox, write the
//! file of the day. Each has a row that says how far it came; one process at a time works it. What a
//! round brings and how far it came are committed together, so a round that dies is made again and
//! nothing is heard twice.

use crate::{
    deliver,
    departments::Built,
    happened::{self, Happened},
    updates,
};
use async_trait::async_trait;
use schemas::{Timestamp, Uuid, dispatch::Update, letter::Letter, slug::DepartmentId, trace::Trace};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use store::{MailIn, NewReport, Shown, Store, Tx};
use tokio_util::sync::CancellationToken;

/// What an adapter does by itself.
#[async_trait]
pub trait Round: Send + Sync {
    /// How long after a round that went well the next is due.
    fn every(&self) -> Duration;

    /// The longest a round may take; another process takes over after that.
    fn at_most(&self) -> Duration {
        Duration::from_secs(300)
    }

    /// Makes one round. `state` is what the last one left (null before the first). No transaction is
    /// open. The error is for the operator; the round is made again later, with the same `state`.
    async fn go(&self, state: Value) -> Result<Went, String>;

    /// Writes what the adapter keeps beside what it heard ([`Went::kept`]), in the transaction that
    /// ends the round.
    async fn keep(&self, _tx: &mut Tx, _kept: &Value) -> Result<(), store::Error> {
        Ok(())
    }
}

/// What a round came to.
#[derive(Debug, Clone, Default)]
pub struct Went {
    /// How far it came: given to the next round.
    pub state: Value,
    /// What the other side says. The id of each has to be the same when it is read again.
    pub updates: Vec<Update>,
    /// Dispatches that the other side has now, with its receipt.
    pub arrived: Vec<(Uuid, Option<String>)>,
    /// What else the adapter has to keep: given to [`Round::keep`].
    pub kept: Value,
    /// What else happened to dispatches.
    pub happened: Vec<Happened>,
    /// What it brings for others than departments; ids derived from what was heard.
    pub letters: Vec<Letter>,
    /// Reports that came in.
    pub reports: Vec<NewReport>,
    /// What mails of residents came to.
    pub mails_in: Vec<MailIn>,
    /// Reporters who showed that where they are told is theirs, by report.
    pub shown: Vec<(Uuid, Shown)>,
    /// When the next round is due, if not after [`Round::every`].
    pub next_at: Option<Timestamp>,
    /// What did not go well, for the operator, where the rest did.
    pub trouble: Option<String>,
}

/// Works the round of one department, or one of the house.
pub struct RoundWorker {
    store: Store,
    name: String,
    /// Whose dispatches arrive; nobody's in a round of the house.
    department: Option<DepartmentId>,
    round: Arc<dyn Round>,
}

/// How often an idle worker looks whether its round is due.
const LOOK: Duration = Duration::from_secs(1);

impl RoundWorker {
    /// The worker of `built`, if its adapter makes rounds.
    pub fn new(store: Store, built: &Built) -> Option<Self> {
        let (name, department) = (format!("dept.{}", built.department), Some(built.department.clone()));
        Some(Self { store, name, department, round: built.adapter.round()? })
    }

    /// The worker of a round that belongs to no department.
    pub fn of_the_house(store: Store, name: &str, round: Arc<dyn Round>) -> Self {
        Self { store, name: name.to_owned(), department: None, round }
    }

    /// The name of the round's row.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes rounds until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.once().await {
                Ok(true) => continue,
                Ok(false) => LOOK,
                Err(error) => {
                    tracing::warn!(round = self.name(), %error, "cannot work; trying again");
                    LOOK * 5
                }
            };
            _ = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// Makes the round if it is due and nobody else is at it; gives whether it was made.
    pub async fn once(&self) -> Result<bool, store::Error> {
        let name = self.name();
        let Some(claim) = self.store.claim_round(name, self.round.at_most()).await? else { return Ok(false) };
        let went = tokio::time::timeout(self.round.at_most(), self.round.go(claim.state.clone())).await;
        let went = went.unwrap_or_else(|_| Err("it took too long".to_owned()));
        let now = self.store.clock().now();
        let mut tx = self.store.begin().await?;
        match went {
            Ok(went) => {
                let ids: Vec<Uuid> = went.updates.iter().map(|update| update.dispatch).collect();
                let peeks = tx.peek_dispatches(&ids).await?;
                let mut letters: Vec<_> = went
                    .updates
                    .iter()
                    .filter_map(|update| {
                        let case = peeks.get(&update.dispatch)?.case_id;
                        Some(updates::letter(update, case, Trace::start(), now))
                    })
                    .collect();
                letters.extend(went.letters);
                if let Some(department) = self.department.as_ref().filter(|_| !went.arrived.is_empty()) {
                    deliver::arrived(&mut tx, department, &went.arrived).await?;
                }
                if !went.happened.is_empty() {
                    happened::write(&mut tx, &went.happened).await?;
                }
                if !went.reports.is_empty() {
                    tx.accept(&went.reports).await?;
                }
                if !went.mails_in.is_empty() {
                    tx.keep_mail_in(&went.mails_in).await?;
                }
                for (report, shown) in &went.shown {
                    tx.prove_contact(*report, shown, now).await?;
                }
                if !letters.is_empty() {
                    tx.post(&letters).await?;
                }
                let next_at = went.next_at.unwrap_or(now + self.round.every());
                self.round.keep(&mut tx, &went.kept).await?;
                if let Some(why) = &went.trouble {
                    tracing::warn!(round = name, why, "a part of a round failed; it is made again");
                }
                // Somebody else may have taken over; then what this round brought is theirs to bring.
                let why = went.trouble.as_deref();
                if tx.end_round(name, claim.until, Some(&went.state), next_at, why).await? {
                    tx.commit().await?;
                }
            }
            Err(why) => {
                tracing::warn!(round = name, why, "a round failed; it is made again");
                let next_at = now + self.round.every().min(Duration::from_secs(60));
                if tx.end_round(name, claim.until, None, next_at, Some(&why)).await? {
                    tx.commit().await?;
                }
            }
        }
        Ok(true)
    }
}
