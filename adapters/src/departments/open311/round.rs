//! What is asked again and again: the numbers of tokens, the updates of the extension, and what
//! became of requests. Each part goes on from where it stopped, however long ago that was.

mod hear;

use super::{
    client::Trouble,
    config::Follow,
    form,
    server::Server,
    windows::{Ask, Budget},
    wire::Node,
};
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
use std::{collections::BTreeMap, sync::Arc, time::Duration};
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
    /// The updates of the extension are read up to here.
    pub updates_until: Option<Timestamp>,
    /// Changes of requests are read up to here.
    pub changes_until: Option<Timestamp>,
    /// The last dispatch whose token was asked for; empty at the end of the list.
    pub after_token: String,
    /// The last number that was asked after; empty at the end of the list.
    pub after_number: String,
    /// Numbers that became known up to here were reckoned with.
    pub noted_until: Option<Timestamp>,
    /// Updates of the extension that were heard lately, by their id, with when they were said: the
    /// next reading meets them again.
    pub heard: BTreeMap<Uuid, Timestamp>,
    /// How much was heard about numbers that are not ours.
    pub strangers: u64,
    /// When what is long closed was last let go.
    pub dropped_on: Option<Date>,
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
    /// Numbers that became known since the last round.
    late: BTreeMap<String, Timestamp>,
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
            late: BTreeMap::new(),
            trouble: None,
            went_well: false,
            more: false,
        };
        let unreadable = |error: store::Error| format!("the rows cannot be read: {error}");
        if let Some(until) = walk.state.noted_until {
            let noted = server.store.open311_noted(&server.department, until - SKEW).await.map_err(unreadable)?;
            walk.late = noted.into_iter().collect();
        }
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
            if !self.budget.take().await {
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
        self.updates.push(Update { id, department, dispatch, at: self.now, say: Say::InternalNote { text } });
    }

    /// From where to read on: (with what was said about numbers before we knew them, as always).
    /// At first, from where there was something to say.
    async fn from(&self, server: &Server, until: Option<Timestamp>) -> Result<(Timestamp, Timestamp), store::Error> {
        let until = match until {
            Some(until) => until,
            None => server.store.open311_since(&server.department).await?.unwrap_or(self.now),
        };
        // A clock that was set back does not make us read the future.
        let until = until.min(self.now);
        let first = self.late.values().min().map_or(until, |posted| until.min(*posted));
        Ok((first - server.config.overlap, until - server.config.overlap))
    }

    /// Reads the updates of the extension.
    async fn extension(&mut self, server: &Server) -> Result<(), store::Error> {
        let ask = server.ask("servicerequestupdates", ("start_date", "end_date"), "update_id");
        let (from, usual) = self.from(server, self.state.updates_until).await?;
        let read = ask.read(&server.client, from, self.now, &mut self.budget).await;
        let mut said: Vec<(Timestamp, Node)> =
            read.results.into_iter().map(|node| (server.said_at(&node, "updated_datetime", self.now), node)).collect();
        // What was said first is heard first: whether a status is news depends on the one before.
        said.sort_by_key(|(at, _)| *at);
        for (at, node) in said {
            let number = node.line("service_request_id", 100).unwrap_or_default();
            let id = derived(&["open311", "update", &number, &node.line("update_id", 200).unwrap_or_default()]);
            // What we told them ourselves comes back in their list; what was read before does, too.
            let ours = node.field("description").is_some_and(form::is_marked);
            let known = self.state.heard.contains_key(&id) || (at < usual && !self.late.contains_key(&number));
            if ours || known {
                continue;
            }
            let heard = server.heard(&node, "description", at);
            // A stranger's may be ours a moment later, when we know its number.
            if self.hear(server, &number, &heard, &node, at, id).await? {
                self.state.heard.insert(id, at);
            }
        }
        let gone = self.now.min(read.until) - server.config.overlap - FORGET;
        self.state.heard.retain(|_, at| *at >= gone);
        self.state.updates_until = self.read_to(read.until, from, self.state.updates_until);
        self.more |= read.until < self.now && read.trouble.is_none();
        read.trouble.into_iter().for_each(|trouble| self.stopped(trouble));
        Ok(())
    }

    /// Up to where a reading counts: never back behind what was read before.
    fn read_to(&mut self, until: Timestamp, from: Timestamp, before: Option<Timestamp>) -> Option<Timestamp> {
        if until <= from {
            return before;
        }
        self.went_well = true;
        Some(before.map_or(until, |before| before.min(self.now).max(until)))
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
                    let results: Vec<Node> = node.having("service_request_id").into_iter().cloned().collect();
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

    /// Asks what changed.
    async fn changes(&mut self, server: &Server) -> Result<(), store::Error> {
        let ask = server.ask("requests", ("updated_after", "updated_before"), "service_request_id");
        let (from, _) = self.from(server, self.state.changes_until).await?;
        let read = ask.read(&server.client, from, self.now, &mut self.budget).await;
        self.requests(server, &read.results).await?;
        self.state.changes_until = self.read_to(read.until, from, self.state.changes_until);
        self.more |= read.until < self.now && read.trouble.is_none();
        read.trouble.into_iter().for_each(|trouble| self.stopped(trouble));
        Ok(())
    }

    fn end(mut self, server: &Server) -> Result<Went, String> {
        if let Some(trouble) = &self.trouble {
            if !self.went_well && trouble.pause().is_none() {
                return Err(trouble.to_string());
            }
            tracing::warn!(department = %server.department, %trouble, "their server was asked in part; the rest follows");
        }
        // While something is left to be read, the late ones stay late.
        if self.trouble.is_none() && !self.more {
            self.state.noted_until = Some(self.now);
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
            happened: Vec::new(),
            next_at,
        })
    }
}

impl Server {
    pub(super) fn ask<'a>(&self, part: &'a str, bounds: (&'a str, &'a str), result: &'a str) -> Ask<'a> {
        Ask { part, bounds, result, window: self.config.window, most: self.config.most }
    }
}
