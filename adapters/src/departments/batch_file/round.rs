//! The round of a department that exchanges files: makes the file of the hour, brings on its way
//! what was left, looks for receipts that are late, and reads what the department put there.

use super::{
    Exchange,
    config::Receipt,
    hear::Heard,
    out::unreadable,
    shelf::{Shelf, Trouble},
};
use crate::{
    happened::{Fate, Happened},
    rounds::{Round, Went},
};
use async_trait::async_trait;
use schemas::{Date, Timestamp, Uuid, id::derived};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use store::{BatchAnswer, BatchFile, Tx};

/// When a round that left something to do is made again.
const SOON: Duration = Duration::from_secs(10);
/// When a round that met trouble is made again.
const AGAIN: Duration = Duration::from_secs(60);
/// How long the rows of files that are settled are kept: a late receipt may still refuse them.
const KEEP: Duration = Duration::from_secs(60 * 24 * 3600);

/// How far the rounds came.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// The files that were due up to here were made.
    pub made_until: Option<Timestamp>,
    /// The department's files that were seen, and not read yet.
    pub seen: BTreeMap<String, Seen>,
    /// Those that were read and have to be put away: their names and the sha256 of what was read.
    pub read: BTreeMap<String, String>,
    /// When old rows were last swept away.
    pub swept_on: Option<Date>,
}

/// A file as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub size: u64,
    pub modified: Option<Timestamp>,
    /// Since when it has not changed.
    pub since: Timestamp,
    /// It is too large to be read, which its writer was told; it stays where it is.
    #[serde(default)]
    pub refused: bool,
}

/// What a round keeps, in the transaction that ends it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    handed: Vec<i64>,
    /// (file, dispatch, whether it was taken, their number)
    pub answered: Vec<(i64, Uuid, bool, Option<String>)>,
    warned: Vec<i64>,
    sweep_before: Option<Timestamp>,
}

pub(super) struct Exchanging(pub Arc<Exchange>);

#[async_trait]
impl Round for Exchanging {
    fn every(&self) -> Duration {
        self.0.config.look_every
    }

    fn at_most(&self) -> Duration {
        Duration::from_secs(900)
    }

    async fn go(&self, state: Value) -> Result<Went, String> {
        let exchange = &*self.0;
        // What another adapter left behind is no state of ours.
        let state: State = serde_json::from_value(state).unwrap_or_default();
        let mut walk = Walk { now: exchange.clock.now(), state, ..Walk::default() };
        let went = walk.make(exchange).await;
        let went = match exchange.open().await {
            Ok(shelf) => {
                let out = walk.out(exchange, &*shelf).await;
                // A file that cannot go out is no reason not to hear what comes in.
                let heard = walk.hear(exchange, &*shelf).await;
                shelf.close().await;
                went.and(out).and(heard)
            }
            Err(trouble) => went.and(Err(trouble)),
        };
        walk.end(exchange, went)
    }

    async fn keep(&self, tx: &mut Tx, kept: &Value) -> Result<(), store::Error> {
        // Ours, of this very round.
        let kept: Kept = serde_json::from_value(kept.clone()).unwrap_or_default();
        let department = &self.0.department;
        for number in kept.handed {
            tx.hand_batch(department, number, self.0.config.receipt != Receipt::None).await?;
        }
        let mut answers: BTreeMap<i64, Vec<(Uuid, BatchAnswer)>> = BTreeMap::new();
        for (number, dispatch, taken, theirs) in kept.answered {
            let answer = if taken { BatchAnswer::Accepted } else { BatchAnswer::Rejected };
            answers.entry(number).or_default().push((dispatch, answer));
            if let Some(theirs) = theirs {
                tx.note_their_number(department, &theirs, dispatch).await?;
            }
        }
        for (number, answers) in answers {
            tx.answer_batch(department, number, &answers).await?;
        }
        for number in kept.warned {
            tx.warn_batch(department, number).await?;
        }
        if let Some(before) = kept.sweep_before {
            tx.sweep_batches(department, before).await?;
        }
        Ok(())
    }
}

/// One round while it is made.
#[derive(Default)]
struct Walk {
    now: Timestamp,
    state: State,
    went: Went,
    kept: Kept,
    /// Whether there is more to do soon.
    soon: bool,
}

impl Walk {
    /// Makes the files that are due.
    async fn make(&mut self, exchange: &Exchange) -> Result<(), Trouble> {
        let (schedule, calendar) = (exchange.config.schedule(), &exchange.city.calendar);
        // The first file is due after we came. A clock that was set back makes nothing due.
        let from = self.state.made_until.unwrap_or(self.now).min(self.now);
        let due = schedule.next(calendar, from).is_some_and(|next| next <= self.now);
        let waiting = exchange.store.batch_waiting(&exchange.department).await.map_err(unreadable)?;
        let urgent = exchange.config.urgent_at_once && waiting.urgent > 0;
        metrics::gauge!("voordeur_batch_waiting", "department" => exchange.department.to_string())
            .set(waiting.count as f64);
        if due || urgent {
            while exchange.close().await? {}
        }
        self.state.made_until = Some(if due { self.now } else { from });
        Ok(())
    }

    /// Brings files on their way, oldest first; says which receipts are late.
    async fn out(&mut self, exchange: &Exchange, shelf: &dyn Shelf) -> Result<(), Trouble> {
        for file in exchange.store.open_batches(&exchange.department).await.map_err(unreadable)? {
            if file.handed_at.is_some() {
                self.late(exchange, &file).await?;
                continue;
            }
            exchange.hand_over(shelf, &file).await?;
            self.went.arrived.extend(exchange.arrived(&file).await?);
            self.kept.handed.push(file.number);
            let department = exchange.department.to_string();
            metrics::counter!("voordeur_batch_files_total", "department" => department, "what" => "out").increment(1);
            tracing::info!(department = %exchange.department, file = file.name, "a file is in its place");
        }
        Ok(())
    }

    async fn late(&mut self, exchange: &Exchange, file: &BatchFile) -> Result<(), Trouble> {
        let within = exchange.config.receipt_within;
        let Some(handed_at) = file.handed_at.filter(|at| file.warned_at.is_none() && self.now > *at + within) else {
            return Ok(());
        };
        let rows = exchange.store.batch_rows(&exchange.department, file.number).await.map_err(unreadable)?;
        let waiting: Vec<Uuid> = rows.iter().filter(|row| row.answer.is_none()).map(|row| row.dispatch).collect();
        let text = format!(
            "{} was put in its place at {handed_at} and after {} minutes there is no receipt for this case: ask them whether they have it.",
            file.name,
            within.as_secs() / 60
        );
        let count = waiting.len();
        self.went.happened.extend(waiting.into_iter().map(|dispatch| Happened {
            id: derived(&["batch", "late", &file.name, &dispatch.to_string()]),
            dispatch,
            fate: Fate::Noted { text: text.clone() },
        }));
        self.kept.warned.push(file.number);
        let department = exchange.department.to_string();
        metrics::counter!("voordeur_batch_receipts_late_total", "department" => department).increment(1);
        tracing::warn!(department = %exchange.department, file = file.name, rows = count, "no receipt yet");
        Ok(())
    }

    /// Puts away what was read, and reads what is new.
    async fn hear(&mut self, exchange: &Exchange, shelf: &dyn Shelf) -> Result<(), Trouble> {
        let away = exchange.put_away(shelf, &mut self.state).await;
        let mut heard = Heard::default();
        let went = exchange.hear(shelf, &mut self.state, self.now, &mut heard).await;
        let Heard { updates, arrived, happened, answered, more } = heard;
        self.went.updates.extend(updates);
        self.went.arrived.extend(arrived);
        self.went.happened.extend(happened);
        self.kept.answered.extend(answered);
        self.soon |= more;
        away.and(went)
    }

    fn end(mut self, exchange: &Exchange, went: Result<(), Trouble>) -> Result<Went, String> {
        let today = exchange.city.calendar.date(self.now);
        if self.state.swept_on != Some(today) {
            self.state.swept_on = Some(today);
            self.kept.sweep_before = Some(self.now - KEEP);
        }
        let failed = went.is_err();
        let pause = match went {
            Err(trouble) => {
                self.went.trouble = Some(trouble.0);
                AGAIN
            }
            Ok(()) if self.soon => SOON,
            Ok(()) => exchange.config.look_every,
        };
        let from = self.state.made_until.unwrap_or(self.now);
        let next_file = exchange.config.schedule().next(&exchange.city.calendar, from);
        self.went.next_at = Some(match next_file {
            _ if failed => self.now + pause,
            // What was read is put away at once: nobody has to wait for that.
            _ if !self.state.read.is_empty() => self.now,
            Some(next) => next.clamp(self.now, self.now + pause),
            None => self.now + pause,
        });
        self.went.state = serde_json::to_value(&self.state).map_err(|error| error.to_string())?;
        self.went.kept = serde_json::to_value(&self.kept).map_err(|error| error.to_string())?;
        Ok(self.went)
    }
}
