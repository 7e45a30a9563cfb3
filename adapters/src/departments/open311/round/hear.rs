//! Turns what their server says about a request into updates, each change once.

use super::{SKEW, Seen, Walk};
use crate::departments::open311::{
    form,
    server::Server,
    status::{self, Heard, Means},
    wire::{self, Node},
};
use schemas::{Timestamp, Uuid, dispatch::Update, id::derived};

impl Walk {
    /// Hears what is new about requests.
    pub(super) async fn requests(&mut self, server: &Server, results: &[Node]) -> Result<(), store::Error> {
        for node in results {
            let Some(number) = node.line("service_request_id", 100) else { continue };
            let at = server.said_at(node, "updated_datetime", self.now);
            let heard = server.heard(node, "status_notes", at);
            let digest = digest(node.field("status").unwrap_or_default(), &heard);
            if self.seen(server, &number).await?.is_some_and(|seen| seen.digest == digest) {
                continue;
            }
            let id = derived(&["open311", "request", &number, &digest, &at.to_string()]);
            self.hear(server, &number, &heard, node, at, id).await?;
        }
        Ok(())
    }

    /// What was last seen of `number`, in this round or before it.
    pub(super) async fn seen(&self, server: &Server, number: &str) -> Result<Option<Seen>, store::Error> {
        if let Some(seen) = self.seen.get(number) {
            return Ok(Some(seen.clone()));
        }
        let seen = server.store.open311_seen(&server.department, number).await?;
        Ok(seen.and_then(|seen| serde_json::from_str(&seen).ok()))
    }

    /// Turns what they say about `number` into updates; gives whether it is one of ours.
    pub(super) async fn hear(
        &mut self,
        server: &Server,
        number: &str,
        heard: &Heard,
        node: &Node,
        at: Timestamp,
        id: Uuid,
    ) -> Result<bool, store::Error> {
        let Some(dispatch) = self.about(server, number, at).await? else {
            self.state.strangers = self.state.strangers.saturating_add(1);
            metrics::counter!("voordeur_open311_strangers_total", "department" => server.department.to_string())
                .increment(1);
            return Ok(false);
        };
        let word = node.field("status").unwrap_or_default();
        let before = self.seen(server, number).await?.filter(|seen| seen.dispatch == dispatch);
        // Planned without a day says no more than that they take it.
        let means = match server.statuses.means(word) {
            Means::Plan if heard.expected.is_none() => Means::Accept,
            means => means,
        };
        // Each word of theirs carries the status again: only a change of it is news.
        let known = before.as_ref().map(|seen| server.statuses.means(&seen.word)).is_some_and(|before| {
            means != Means::Ignore && (means == before || (means == Means::Accept && before == Means::Plan))
        });
        let means = if known { Means::Note } else { means };
        let reason = form::no_reason(server.city.languages.first().copied().unwrap_or_default());
        let said = status::says(means, heard, reason).into_iter().enumerate();
        self.updates.extend(said.map(|(n, say)| Update {
            critical: false,
            id: if n == 0 { id.to_string() } else { format!("{id}.{n}") },
            department: server.department.clone(),
            dispatch,
            at,
            say,
        }));
        let seen = Seen { at, word: word.to_owned(), digest: digest(word, heard), dispatch };
        // What comes late says nothing about how it stands now.
        if before.is_none_or(|before| before.at <= at) {
            self.seen.insert(number.to_owned(), seen);
        }
        Ok(true)
    }

    /// The dispatch that `number` stood for at `at`: what was said before a case was reopened is not
    /// about what was asked since.
    pub(super) async fn about(
        &self,
        server: &Server,
        number: &str,
        at: Timestamp,
    ) -> Result<Option<Uuid>, store::Error> {
        let all = server.store.open311_numbered(&server.department, number).await?;
        let then = all.iter().rev().find(|(_, posted)| *posted <= at + SKEW).or(all.first());
        match then {
            Some((dispatch, _)) => Ok(Some(*dispatch)),
            None => server.store.dispatch_by_their_number(&server.department, number).await,
        }
    }
}

impl Server {
    /// When they said it, by their clock; never later than now by ours.
    pub(super) fn said_at(&self, node: &Node, field: &str, now: Timestamp) -> Timestamp {
        let said = node.field(field).and_then(|text| wire::moment(text, &self.city.calendar.zone));
        said.map_or(now, |said| said.min(now))
    }

    pub(super) fn heard(&self, node: &Node, words: &str, at: Timestamp) -> Heard {
        let expected = node.field("expected_datetime").and_then(|text| wire::moment(text, &self.city.calendar.zone));
        Heard {
            text: node.field(words).map(str::to_owned),
            media: node.fields("media_url").map(str::to_owned).collect(),
            expected: expected.map(|expected| self.city.calendar.date(expected)),
            said_on: self.city.calendar.date(at),
        }
    }
}

/// What is compared to see whether there is news.
fn digest(word: &str, heard: &Heard) -> String {
    let expected = heard.expected.map(|day| day.to_string()).unwrap_or_default();
    let media = heard.media.join(" ");
    derived(&["open311", word, heard.text.as_deref().unwrap_or_default(), &expected, &media]).to_string()
}
