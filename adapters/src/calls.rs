//! Somebody on call is telephoned until somebody confirms. Who did not confirm in time is followed
//! by the next on the list; after the last one the list begins again, and somebody is alarmed. It
//! never stops by itself: only a person, or the end of the case, ends a call.

use crate::{
    cases::Opened,
    rounds::{Round, Went},
};
use async_trait::async_trait;
use schemas::{Timestamp, Uuid, city::City, event::What, id::derived, task::Task, trace::Trace};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use store::Store;

/// The name of the round.
pub const NAME: &str = "calls";
/// How often it is looked whether somebody is to be called.
const LOOK: Duration = Duration::from_secs(10);
/// How many calls of one round.
const AT_ONCE: usize = 100;

/// Goes round the calls that nobody confirmed in time.
#[derive(Debug, Clone)]
pub struct CallsRound {
    store: Store,
    city: Arc<City>,
}

impl CallsRound {
    /// The calls of `city`.
    pub fn new(store: Store, city: Arc<City>) -> Self {
        Self { store, city }
    }

    /// The next one on the list is to be called. One transaction: killed before its end, nothing
    /// happened, and the call is still due.
    async fn escalate(&self, task: &Task) -> Result<(), store::Error> {
        let mut tx = self.store.begin().await?;
        let now = self.store.clock().now();
        let mut opened = Opened::lock(&mut tx, std::iter::once(task.case_id)).await?;
        if opened.case(task.case_id).is_some_and(|case| case.status.ends_calls()) {
            tx.drop_tasks_of_cases(&[task.case_id], "the case is closed").await?;
            return tx.commit().await;
        }
        let department = self.city.department(&task.department);
        let on_call = department.and_then(|department| department.on_call.as_ref());
        let (calls, due, again) = task.calls.clone().next(on_call, &self.city.calendar, now);
        if !tx.escalate_task(task.id, task.level, due, &calls).await? {
            // Confirmed, or escalated by another process, since it was read.
            return Ok(());
        }
        if again {
            let event = derived(&["event", "calls", &task.id.to_string(), &calls.rounds.to_string()]);
            let why = match on_call {
                Some(on_call) => {
                    format!(
                        "nobody on call confirmed: all {} were called {} times",
                        on_call.contacts.len(),
                        calls.rounds
                    )
                }
                None => "nobody is on call at this department".to_owned(),
            };
            let what = What::Escalated { department: task.department.clone(), to: task.desk.clone(), why };
            opened.happened(task.case_id, event, what, now, Trace::start());
            opened.save(&mut tx).await?;
        }
        let on_duty = calls.now.as_ref().is_some_and(|call| call.on_duty);
        tx.commit().await?;
        metrics::counter!("voordeur_calls_escalated_total").increment(1);
        let (id, case, level) = (task.id, task.case_id, task.level + 1);
        if again || !on_duty {
            metrics::counter!("voordeur_calls_unanswered_total").increment(1);
            tracing::error!(task = %id, %case, level, department = %task.department, on_duty, rounds = calls.rounds, "nobody on call confirms: somebody has to look now");
        } else {
            tracing::warn!(task = %id, %case, level, department = %task.department, "the call was not confirmed in time: the next one is to be called");
        }
        Ok(())
    }

    /// How much waits for people, for the operator's gauges.
    async fn gauge(&self, now: Timestamp) -> Result<(), store::Error> {
        let mut open: BTreeMap<&str, (u64, Duration)> =
            schemas::task::Kind::ALL.into_iter().map(|kind| (kind.as_str(), (0, Duration::ZERO))).collect();
        for (_, kind, n, oldest) in self.store.open_tasks().await? {
            let (count, age) = open.entry(kind.as_str()).or_default();
            *count += n;
            *age = (*age).max(now.duration_since(oldest).unsigned_abs());
        }
        for (kind, (count, age)) in open {
            #[expect(clippy::cast_precision_loss, reason = "a gauge of people's work is far below 2^52")]
            metrics::gauge!("voordeur_tasks_open", "kind" => kind).set(count as f64);
            metrics::gauge!("voordeur_tasks_oldest_seconds", "kind" => kind).set(age.as_secs_f64());
        }
        Ok(())
    }
}

#[async_trait]
impl Round for CallsRound {
    fn every(&self) -> Duration {
        LOOK
    }

    async fn go(&self, _: Value) -> Result<Went, String> {
        let due = self.store.due_tasks(AT_ONCE).await.map_err(|error| error.to_string())?;
        let mut failed: Option<(Uuid, store::Error)> = None;
        for task in &due {
            // One that fails does not silence the others.
            if let Err(error) = self.escalate(task).await {
                tracing::error!(task = %task.id, case = %task.case_id, %error, "a call cannot be escalated; it is tried again");
                failed.get_or_insert((task.id, error));
            }
        }
        let now = self.store.clock().now();
        self.gauge(now).await.map_err(|error| error.to_string())?;
        if let Some((task, error)) = failed {
            return Err(format!("the call {task} cannot be escalated: {error}"));
        }
        let next_at = (due.len() == AT_ONCE).then_some(now);
        Ok(Went { next_at, ..Went::default() })
    }
}

#[cfg(test)]
#[path = "calls_tests.rs"]
mod tests;
