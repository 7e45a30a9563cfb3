//! What is asked again and again: the numbers of tokens, the updates of the extension, and what
//! became of requests. Each part goes on from where it stopped, however long ago that was.

mod hear;
mod reading;

use super::{client::Trouble, config::Follow, server::Server, windows::Budget};
use crate::rounds::{Round, Went};
use async_trait::async_trait;
use schemas::{
    Date, Timestamp, Uuid,
    dispatch::{Say, Update},
    id::derived,
    text,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use store::{Open311Receipt, Tx};

/// How many tokens one round asks for.
const TOKENS: u32 = 20;
/// How long a request is asked after once its case is closed: somebody may reopen it there.
const AFTER_CLOSING: Duration = Duration::from_secs(30 * 24 * 3600);
/// How far behind ours their clock may be when an answer follows a dispatch at once.
const SKEW: Duration = Duration::from_secs(60);
/// How long beyond the overlap it is remembered what was heard: their clock may run ahead.
const FORGET: Duration = Duration::from_secs(3600);
/// When a round that was stopped goes on.
const SOON: Duration = Duration::from_secs(60);

/// How far the rounds came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The updates of the extension are read on from here.
    pub updates_from: Option<Timestamp>,
    /// Changes of requests are read on from here.
    pub changes_from: Option<Timestamp>,
    /// The last dispatch whose token was asked for; empty at the end of the list.
    pub after_token: String,
    /// The last number that was asked after; empty at the end of the list.
    pub after_number: String,
    /// Numbers that became known up to here were reckoned with.
    pub noted_until: Option<Timestamp>,
    /// What was said about numbers before we knew them, while it is read.
    pub reach: Option<Reach>,
    /// Updates of the extension that were heard lately, by their id, with when they were said: the
    /// next reading meets them again.
    pub heard: BTreeMap<Uuid, Timestamp>,
    /// How much was heard about numbers that are not ours.
    pub strangers: u64,
    /// When what is long closed was last let go.
    pub dropped_on: Option<Date>,
}

/// A stretch that was read before, and is read again for numbers that became known since. It may take
/// several rounds; what is said meanwhile does not wait for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reach {
    /// For those that became known up to here.
    pub noted_to: Timestamp,
    /// It is read on from here.
    pub from: Timestamp,
    /// It ends here.
    pub to: Timestamp,
}

/// What a round keeps beside its updates, in their transaction.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    numbers: Vec<(Uuid, String)>,
    seen: Vec<(String, String)>,
    drop: Option<Timestamp>,
}

/// What was last seen of a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Seen {
    at: Timestamp,
    word: String,
    digest: String,
    dispatch: Uuid,
}

/// One round while it is made.
struct Walk {
    now: Timestamp,
    state: State,
    budget: Budget,
    updates: Vec<Update>,
    arrived: Vec<(Uuid, Option<String>)>,
    kept: Kept,
    seen: BTreeMap<String, Seen>,
    /// Numbers that became known since it was last read.
    late: BTreeSet<String>,
    /// What their server said no to, first.
    trouble: Option<Trouble>,
    /// Whether anything went well.
    went_well: bool,
    /// Whether there is more to ask at once.
    more: bool,
}

pub(super) struct Polling(pub Arc<Server>);

#[async_trait]
impl Round for Polling {
    fn every(&self) -> Duration {
        self.0.config.every
    }

    async fn go(&self, state: Value) -> Result<Went, String> {
        let server = &*self.0;
        // What another adapter left behind is no state of ours.
        let state: State = serde_json::from_value(state).unwrap_or_default();
        let mut walk = Walk {
            now: server.clock.now(),
            state,
            budget: Budget::new(server.config.reads_per_second),
            updates: Vec::new(),
            arrived: Vec::new(),
            kept: Kept::default(),
            seen: BTreeMap::new(),
            late: BTreeSet::new(),
            trouble: None,
            went_well: false,
            more: false,
        };
        let unreadable = |error: store::Error| format!("the rows cannot be read: {error}");
        walk.tokens(server).await.map_err(unreadable)?;
        if walk.more {
            return walk.end(server);
        }
        if server.config.updates.pulls() {
            walk.extension(server).await.map_err(unreadable)?;
        }
        match server.config.follows() {
            Follow::Numbers => walk.numbers(server).await.map_err(unreadable)?,
            Follow::Changes => walk.changes(server).await.map_err(unreadable)?,
            Follow::None => {}
        }
        walk.end(server)
    }

    async fn keep(&self, tx: &mut Tx, kept: &Value) -> Result<(), store::Error> {
        // Ours, of this very round.
        let kept: Kept = serde_json::from_value(kept.clone()).unwrap_or_default();
        let department = &self.0.department;
        for (dispatch, number) in &kept.numbers {
            tx.note_open311(department, *dispatch, Open311Receipt::Number(number)).await?;
        }
        tx.see_open311(department, &kept.seen).await?;
        if let Some(closed_before) = kept.drop {
            tx.drop_open311(department, closed_before).await?;
        }
        Ok(())
    }
}

impl Walk {
    fn stopped(&mut self, trouble: Trouble) {
        self.trouble.get_or_insert(trouble);
    }

    /// Asks for the numbers of tokens.
    async fn tokens(&mut self, server: &Server) -> Result<(), store::Error> {
        let waiting = server.store.open311_waiting(&server.department, &self.state.after_token, TOKENS).await?;
        let all = waiting.len() < TOKENS as usize;
        for one in waiting {
            // The rest of a slow round is for what they say.
            if self.budget.is_half_used() || !self.budget.take().await {
                return Ok(());
            }
            match server.client.get(&["tokens", &one.token], &[]).await {
                Ok(node) => {
                    self.went_well = true;
                    if let Some(number) = server.number(&node) {
                        self.arrived.push((one.dispatch, Some(number.clone())));
                        self.kept.numbers.push((one.dispatch, number));
                    } else if self.now > one.since + server.config.tokens_within {
                        self.overdue(server, one.dispatch, &one.token);
                    }
                }
                // Not yet, say some servers.
                Err(trouble) if trouble.is_unknown_there() => {
                    self.went_well = true;
                    if self.now > one.since + server.config.tokens_within {
                        self.overdue(server, one.dispatch, &one.token);
                    }
                }
                Err(trouble) => {
                    self.stopped(trouble);
                    return Ok(());
                }
            }
            self.state.after_token = one.dispatch.to_string();
        }
        if all {
            self.state.after_token.clear();
        } else {
            self.more = true;
        }
        Ok(())
    }

    /// Tells the colleagues, once, that a token has no number yet.
    fn overdue(&mut self, server: &Server, dispatch: Uuid, token: &str) {
        let token: String = text::clean_line(token).chars().take(100).collect();
        let text = format!(
            "Their Open311 server gave the token {token} and after {} hours still no number: ask them whether they have it.",
            server.config.tokens_within.as_secs() / 3600
        );
        let id = derived(&["open311", "token overdue", &dispatch.to_string()]).to_string();
        let department = server.department.clone();
        self.updates.push(Update {
            critical: false,
            id,
            department,
            dispatch,
            at: self.now,
            say: Say::InternalNote { text },
        });
    }

    /// Asks what became of the requests that are open, by their numbers.
    async fn numbers(&mut self, server: &Server) -> Result<(), store::Error> {
        loop {
            let size = server.config.numbers_at_once;
            let limit = u32::try_from(size).unwrap_or(50);
            let page = server.store.open311_followed(&server.department, &self.state.after_number, limit).await?;
            let Some((last, _)) = page.last() else {
                self.state.after_number.clear();
                return Ok(());
            };
            let last = last.clone();
            if !self.budget.take().await {
                self.more = true;
                return Ok(());
            }
            let ids: Vec<&str> = page.iter().map(|(number, _)| number.as_str()).collect();
            match server.client.get(&["requests"], &[("service_request_id", &ids.join(","))]).await {
                Ok(node) => {
                    self.went_well = true;
                    let results = node.into_having("service_request_id");
                    self.budget.hold(&results);
                    self.requests(server, &results).await?;
                }
                // None of these is there any more: what is not there says nothing.
                Err(trouble) if trouble.is_unknown_there() => self.went_well = true,
                Err(trouble) => {
                    self.stopped(trouble);
                    return Ok(());
                }
            }
            if page.len() < size {
                self.state.after_number.clear();
                return Ok(());
            }
            self.state.after_number = last;
        }
    }

    fn end(mut self, server: &Server) -> Result<Went, String> {
        if let Some(trouble) = &self.trouble
            && !self.went_well
            && trouble.pause().is_none()
        {
            return Err(trouble.to_string());
        }
        for (number, seen) in &self.seen {
            let seen = serde_json::to_string(seen).map_err(|error| error.to_string())?;
            self.kept.seen.push((number.clone(), seen));
        }
        let today = server.city.calendar.date(self.now);
        if self.state.dropped_on != Some(today) {
            self.state.dropped_on = Some(today);
            self.kept.drop = Some(self.now - AFTER_CLOSING);
        }
        let next_at = match &self.trouble {
            Some(trouble) => Some(self.now + trouble.pause().unwrap_or(SOON.min(server.config.every))),
            None if self.more => Some(self.now),
            None => None,
        };
        Ok(Went {
            state: serde_json::to_value(&self.state).map_err(|error| error.to_string())?,
            kept: serde_json::to_value(&self.kept).map_err(|error| error.to_string())?,
            updates: self.updates,
            arrived: self.arrived,
            next_at,
            trouble: self.trouble.map(|trouble| format!("their server was asked in part; the rest follows: {trouble}")),
            ..Went::default()
        })
    }
}
