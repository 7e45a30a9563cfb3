//! What is read by time: the updates of the extension, or the requests that changed.

use super::{FORGET, Reach, SKEW, Walk};
use crate::departments::open311::{form, server::Server, windows::Ask, wire::Node};
use schemas::{Timestamp, id::derived};

/// What one round read.
struct Pages {
    results: Vec<Node>,
    /// From where on it is new.
    from: Timestamp,
    /// From where the next round reads on.
    next: Timestamp,
}

impl Walk {
    /// Reads the updates of the extension.
    pub(super) async fn extension(&mut self, server: &Server) -> Result<(), store::Error> {
        let ask = server.ask("servicerequestupdates", ("start_date", "end_date"), "update_id");
        let pages = self.pages(server, ask, self.state.updates_from).await?;
        let mut said: Vec<(Timestamp, Node)> =
            pages.results.into_iter().map(|node| (server.said_at(&node, "updated_datetime", self.now), node)).collect();
        // What was said first is heard first: whether a status is news depends on the one before.
        said.sort_by_key(|(at, _)| *at);
        for (at, node) in said {
            let number = node.line("service_request_id", 100).unwrap_or_default();
            let id = derived(&["open311", "update", &number, &node.line("update_id", 200).unwrap_or_default()]);
            // What we told them ourselves comes back in their list; what was read before does, too.
            let ours = node.field("description").is_some_and(form::is_marked);
            let known = self.state.heard.contains_key(&id) || (at < pages.from && !self.late.contains(&number));
            if ours || known {
                continue;
            }
            let heard = server.heard(&node, "description", at);
            // A stranger's may be ours a moment later, when we know its number.
            if self.hear(server, &number, &heard, &node, at, id).await? {
                self.state.heard.insert(id, at);
            }
        }
        let gone = pages.next - server.config.overlap - FORGET;
        self.state.heard.retain(|_, at| *at >= gone);
        self.state.updates_from = Some(pages.next);
        Ok(())
    }

    /// Asks what changed.
    pub(super) async fn changes(&mut self, server: &Server) -> Result<(), store::Error> {
        let ask = server.ask("requests", ("updated_after", "updated_before"), "service_request_id");
        let pages = self.pages(server, ask, self.state.changes_from).await?;
        self.requests(server, &pages.results).await?;
        self.state.changes_from = Some(pages.next);
        Ok(())
    }

    /// Reads on from `from`, as far as the budget lasts; then what was said about numbers before we
    /// knew them. At first, from where there was something to say.
    async fn pages(&mut self, server: &Server, ask: Ask<'_>, from: Option<Timestamp>) -> Result<Pages, store::Error> {
        let overlap = server.config.overlap;
        let from = match from {
            Some(from) => from,
            None => server.store.open311_since(&server.department).await?.unwrap_or(self.now) - overlap,
        };
        // A clock that was set back does not make us read the future.
        let from = from.min(self.now - overlap);
        self.reach(server, from).await?;
        let mut results = Vec::new();
        let until = self.stretch(server, ask, (from, self.now), &mut results).await;
        // What they enter late stands in the overlap. Up to there it is read once, so that each round
        // comes further, whatever their list holds.
        let next = until.min(self.now - overlap);
        self.more |= self.trouble.is_none() && until < self.now - overlap;
        if let Some(reach) = self.state.reach.clone().filter(|_| self.trouble.is_none()) {
            let came = self.stretch(server, ask, (reach.from, reach.to), &mut results).await;
            if came >= reach.to {
                self.state.noted_until = Some(reach.noted_to);
                self.state.reach = None;
            } else {
                self.state.reach = Some(Reach { from: came, ..reach });
                self.more |= self.trouble.is_none();
            }
        }
        Ok(Pages { results, from, next })
    }

    /// Which numbers became known since, and how far back something can have been said about them
    /// that was not read for them: before `from`.
    async fn reach(&mut self, server: &Server, from: Timestamp) -> Result<(), store::Error> {
        let Some(noted_until) = self.state.noted_until else {
            // Everything there is to say is read for the first time.
            self.state.noted_until = Some(self.now);
            return Ok(());
        };
        let noted_to = self.state.reach.as_ref().map_or(self.now, |reach| reach.noted_to);
        let noted = server.store.open311_noted(&server.department, noted_until - SKEW, noted_to).await?;
        if self.state.reach.is_none() {
            match noted.iter().map(|(_, first)| *first - server.config.overlap).min().filter(|first| *first < from) {
                Some(first) => self.state.reach = Some(Reach { noted_to, from: first, to: from }),
                None => self.state.noted_until = Some(noted_to),
            }
        }
        self.late = noted.into_iter().map(|(number, _)| number).collect();
        Ok(())
    }

    /// Reads one stretch; gives up to where.
    async fn stretch(
        &mut self,
        server: &Server,
        ask: Ask<'_>,
        stretch: (Timestamp, Timestamp),
        results: &mut Vec<Node>,
    ) -> Timestamp {
        let read = ask.gather(&server.client, stretch, &mut self.budget, results).await;
        self.went_well |= read.until > stretch.0;
        read.trouble.into_iter().for_each(|trouble| self.stopped(trouble));
        read.until
    }
}

impl Server {
    pub(in crate::departments::open311) fn ask<'a>(
        &self,
        part: &'a str,
        bounds: (&'a str, &'a str),
        result: &'a str,
    ) -> Ask<'a> {
        Ask { part, bounds, result, window: self.config.window, most: self.config.most }
    }
}
