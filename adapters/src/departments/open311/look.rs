//! Whether their server has a dispatch of which nobody knows whether it arrived: by what it told us,
//! or by our mark in its list.

use super::{config::Config, server::Server, services::Known, services::When, windows::Budget};
use crate::departments::Found;
use schemas::{Timestamp, Uuid, dispatch::Dispatch};
use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};
use store::Attempt;

/// Where lists are being looked through that take more than one try: by dispatch.
#[derive(Debug, Default)]
pub struct Looks(Mutex<HashMap<Uuid, Look>>);

/// A list while it is looked through, from its beginning to its end.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// When it was begun: what shows in the list since then may have been passed.
    began: Timestamp,
    /// Looked through up to here.
    until: Timestamp,
}

impl Looks {
    fn take(&self, dispatch: Uuid) -> Option<Look> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&dispatch)
    }

    fn keep(&self, dispatch: Uuid, look: Look) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(dispatch, look);
    }
}

/// From when to when a request may stand in their list that one of `unsure` brought there, in order.
fn spans(unsure: &[&Attempt], config: &Config) -> Vec<(Timestamp, Timestamp)> {
    let mut spans: Vec<(Timestamp, Timestamp)> = Vec::new();
    for attempt in unsure {
        // Theirs may be the moment at which they took it from what they had collected.
        let end = attempt.ended_at.unwrap_or(attempt.started_at) + config.shows_after.max(config.tokens_within);
        // Their clock may be before or behind ours.
        let (from, to) = (attempt.started_at - config.overlap, end + config.overlap);
        match spans.last_mut() {
            Some(last) if from <= last.1 => *last = (last.0.min(from), last.1.max(to)),
            _ => spans.push((from, to)),
        }
    }
    spans
}

impl Server {
    /// Whether their server has `dispatch`.
    pub async fn look_up(&self, dispatch: &Dispatch) -> Found {
        match self.look(dispatch).await {
            Ok(found) => found,
            Err(error) => Found::Later { why: format!("the rows cannot be read: {error}") },
        }
    }

    async fn look(&self, dispatch: &Dispatch) -> Result<Found, store::Error> {
        if let Some(number) = self.store.open311_number(dispatch.id).await? {
            return Ok(Found::Here { receipt: Some(number) });
        }
        let now = self.clock.now();
        let tries = self.store.attempts(dispatch.id).await?;
        // The last one is the try under way: nothing was sent in it.
        let sent = tries.split_last().map_or(&tries[..], |(_, earlier)| earlier);
        let unsure = |try_: &&Attempt| try_.verdict.as_deref().is_none_or(|word| word == "unknown");
        let unsure: Vec<&Attempt> = sent.iter().filter(unsure).collect();
        let last = unsure.last().map_or(now, |last| last.ended_at.unwrap_or(last.started_at));
        let pushed = match &dispatch.again {
            Some(again) if self.config.updates.pushes() => self.store.open311_number(again.first).await?,
            _ => None,
        };
        let ask = match pushed {
            Some(_) => self.ask("servicerequestupdates", ("start_date", "end_date"), "service_request_id"),
            None => self.ask("requests", ("start_date", "end_date"), "service_request_id"),
        };
        let mut look = self.looks.take(dispatch.id).unwrap_or(Look { began: now, until: Timestamp::MIN });
        let mut budget = Budget::new(self.config.reads_per_second);
        let (key, mut found) = (dispatch.id.to_string(), None);
        for (from, to) in spans(&unsure, &self.config) {
            let (from, to) = (from.max(look.until), to.min(now + self.config.overlap));
            if from >= to {
                continue;
            }
            let read = ask
                .read(&self.client, (from, to), &mut budget, |_, results| {
                    match results.iter().find(|result| result.mentions(&key)) {
                        Some(result) => {
                            found = Some(self.number(result));
                            ControlFlow::Break(())
                        }
                        None => ControlFlow::Continue(()),
                    }
                })
                .await;
            if let Some(number) = found {
                return Ok(Found::Here { receipt: pushed.or(number) });
            }
            look.until = read.until;
            let why = match read.trouble {
                // A second copy of an update carries the same id, and says the same.
                Some(trouble) if pushed.is_some() && trouble.is_unknown_there() => return Ok(Found::CannotTell),
                Some(trouble) => {
                    format!("it may have arrived, and nothing is sent again before it can be looked up: {trouble}")
                }
                None if read.until < to => {
                    format!("it may have arrived, and their list is long: looked through up to {}", read.until)
                }
                None => continue,
            };
            self.looks.keep(dispatch.id, look);
            return Ok(Found::Later { why });
        }
        Ok(self.absent(dispatch, last, look.began).await)
    }

    /// It was not in their list when we began to look; whether that means that they do not have it.
    async fn absent(&self, dispatch: &Dispatch, sent: Timestamp, began: Timestamp) -> Found {
        let code = self.config.service(&dispatch.category).unwrap_or_default();
        let batch = match self.known(code).await {
            Known::Here(service) => service.when != When::Realtime,
            Known::Missing(_) | Known::Dark => false,
        };
        let (wait, what) = match batch {
            true => (self.config.tokens_within, "they collect requests first (`tokens_within`)"),
            false => (self.config.shows_after, "it may still appear (`shows_after`)"),
        };
        if began >= sent + wait {
            return Found::NotHere;
        }
        Found::Later { why: format!("it may have arrived, and their list does not show it: {what}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::letter::Lane;
    use serde_json::json;

    #[test]
    fn it_is_looked_for_only_where_it_can_stand() {
        let all = json!({"url": "https://311.example/v2", "services": {"default": "A"},
            "overlap": "10s", "shows_after": "5s", "tokens_within": "100s"});
        let config: Config = serde_json::from_value(all).unwrap();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let attempt = |(from, to): (i64, Option<i64>)| Attempt {
            letter: Uuid::nil(),
            n: 1,
            lane: Lane::new("dept.wegen"),
            started_at: at(from),
            ended_at: to.map(at),
            verdict: None,
            why: None,
        };
        type Row<'a> = (&'a [(i64, Option<i64>)], &'a [(i64, i64)]);
        let rows: [Row<'_>; 4] = [
            (&[], &[]),
            (&[(1_000, Some(1_003))], &[(990, 1_113)]),
            // A try whose end nobody saw; the next one is close by.
            (&[(1_000, None), (1_115, Some(1_120))], &[(990, 1_230)]),
            // Weeks lie between: they are not looked through.
            (&[(1_000, Some(1_001)), (9_000_000, Some(9_000_001))], &[(990, 1_111), (8_999_990, 9_000_111)]),
        ];
        for (tries, expected) in rows {
            let tries: Vec<Attempt> = tries.iter().copied().map(attempt).collect();
            let expected: Vec<_> = expected.iter().map(|(from, to)| (at(*from), at(*to))).collect();
            assert_eq!(spans(&tries.iter().collect::<Vec<_>>(), &config), expected);
        }
    }
}
