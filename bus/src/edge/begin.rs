//! Before a letter leaves the house: its attempt is written down, as the ledger allows.

use super::{Worker, land::Landed};
use crate::{
    Outcome, Settled,
    breaker::Allow,
    effects::panic_words,
    ledger::{self, CUT, Known, Next},
    settle::{Fate, Settling, fate, later, luck},
    source::{Batch, Ticket},
};
use futures_util::FutureExt as _;
use schemas::{letter::Letter, verdict::Verdict};
use std::{collections::HashSet, panic::AssertUnwindSafe, time::Duration};
use store::{Attempt, AttemptEnd};

const ELSEWHERE: &str = "another copy of it is being delivered";

/// How soon a second copy asks what became of the first; a mail may be in the air for many minutes.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// What becomes of a letter at the beginning.
pub(super) enum Plan {
    /// Deliver it, as the attempt with this number.
    Fly(u32),
    /// Settled without a delivery.
    Fate(Fate),
}

pub(super) enum Begun {
    Yes(Vec<Plan>),
    /// The database is away; the letters are back where they came from.
    GivenBack,
    No(String),
}

impl Worker<'_> {
    /// Writes down that these letters are about to be delivered, and delivers them. Letters that
    /// must not be delivered now are settled in the same transaction.
    pub(super) async fn launch(&mut self, batch: Batch) {
        let Batch { letters, tickets, aside } = batch;
        if !aside.is_empty() {
            self.settle_aside(aside).await;
        }
        let letters: Vec<_> = letters.into_iter().zip(tickets).collect();
        if letters.is_empty() {
            return;
        }
        match self.begin(&letters).await {
            Begun::Yes(plans) => self.fly(letters, plans).await,
            Begun::GivenBack => {}
            Begun::No(why) => {
                tracing::warn!(lane = %self.lane, letters = letters.len(), why, "beginning with each letter alone");
                for one in letters {
                    self.launch_alone(one).await;
                }
            }
        }
    }

    pub(super) async fn launch_alone(&mut self, one: (Letter, Ticket)) {
        let one = [one];
        let mut tries = 0;
        let why = loop {
            match self.begin(&one).await {
                Begun::Yes(plans) => return self.fly(one.into(), plans).await,
                Begun::GivenBack => return,
                // Another process may have begun with a second copy at the same moment.
                Begun::No(_) if tries < 3 => tries += 1,
                Begun::No(why) => break why,
            }
        };
        let [(letter, ticket)] = one;
        tracing::error!(lane = %self.lane, letter = %letter.id, trace = %letter.trace, why, "a letter cannot be begun with");
        let fate = fate(&letter, &Verdict::later(why), &self.settings, self.inner.store.clock().now(), luck());
        self.settle_only(vec![(letter, fate, ticket.tag)]).await;
    }

    /// Commits the beginning of each letter, as the ledger allows.
    pub(super) async fn begin(&mut self, letters: &[(Letter, Ticket)]) -> Begun {
        loop {
            let deadline = self.settings.deadline;
            let work = AssertUnwindSafe(self.begin_once(letters)).catch_unwind();
            let why = match tokio::time::timeout(deadline, work).await {
                Ok(Ok(Ok(plans))) => {
                    self.back();
                    return Begun::Yes(plans);
                }
                Ok(Ok(Err(store::Error::Unavailable(why)))) => why,
                Ok(Ok(Err(error))) => return Begun::No(error.to_string()),
                Ok(Err(panic)) => return Begun::No(panic_words(&*panic)),
                Err(_) => "the database took too long".to_owned(),
            };
            let letters: Vec<_> = letters.iter().map(|(letter, _)| letter.clone()).collect();
            let given_back = self.source.give_back(&letters).await;
            self.away(&why).await;
            // Stopped: a broker gives what was not acknowledged to the next reader.
            if given_back || self.stop.is_cancelled() {
                return Begun::GivenBack;
            }
        }
    }

    pub(super) async fn begin_once(&mut self, letters: &[(Letter, Ticket)]) -> Result<Vec<Plan>, store::Error> {
        let now = self.inner.store.clock().now();
        let open = match self.breaker.allow(now) {
            Allow::NotBefore(until) => Some(until),
            Allow::All | Allow::One => None,
        };
        let mut tx = self.inner.store.begin().await?;
        let ids: Vec<_> = letters.iter().map(|(letter, _)| letter.id).collect();
        let attempts: Vec<Attempt> = tx.attempts_of(&ids).await?;
        let mut held =
            self.handler.held(&mut tx, &letters.iter().map(|(letter, _)| letter).collect::<Vec<_>>()).await?;
        let (mut plans, mut starts, mut ends) = (Vec::with_capacity(letters.len()), Vec::new(), Vec::new());
        let (mut settling, mut outcomes) = (Settling::default(), Vec::new());
        let mut begun = HashSet::new();
        for (letter, ticket) in letters {
            let known = Known {
                now,
                policy: self.settings.unknown,
                deadline: self.settings.deadline,
                // The second copy in one batch, too.
                flying: self.flying.contains(&letter.id) || !begun.insert(letter.id),
                orphan: self.source.is_table() || ticket.redelivered,
                mine: self.maybe_begun.get(&letter.id).copied(),
            };
            let plan = match (ledger::next(ledger::of(letter, &attempts), known), open) {
                (Next::Settled, _) => Plan::Fate(Fate::Gone),
                (Next::Wait(at), _) => {
                    // Asked again before that: most other copies arrive within moments.
                    let at = at.min(now + LOOK_AGAIN);
                    Plan::Fate(Fate::Again { at, tries: letter.attempt, why: ELSEWHERE.to_owned() })
                }
                (Next::Ask { cut }, _) => {
                    let why = CUT.to_owned();
                    ends.push(AttemptEnd { letter: letter.id, n: cut, verdict: "unknown", why: Some(why.clone()) });
                    let verdict = Verdict::Unknown { why };
                    outcomes.push(Outcome { letter: letter.clone(), verdict, settled: Settled::Gone });
                    Plan::Fate(Fate::Gone)
                }
                (Next::Go { cut, .. }, _) if held.contains_key(&letter.id) => {
                    // Whoever takes it next does not know that this attempt's process is gone.
                    if let Some(cut) = cut {
                        let why = Some(CUT.to_owned());
                        ends.push(AttemptEnd { letter: letter.id, n: cut, verdict: "unknown", why });
                    }
                    let held = held.remove(&letter.id);
                    let (wait, why) = held.map(|held| (held.wait, held.why)).unwrap_or_default();
                    Plan::Fate(Fate::Again { at: later(now, wait), tries: letter.attempt, why })
                }
                // Received, but the other side is down: in the order in which they came.
                (Next::Go { .. }, Some(until)) => Plan::Fate(Fate::Again {
                    at: later(until, Duration::from_micros(plans.len() as u64)),
                    tries: letter.attempt,
                    why: "the other side seems to be down".to_owned(),
                }),
                (Next::Go { n, cut, written }, None) => {
                    if let Some(cut) = cut {
                        let why = Some(CUT.to_owned());
                        ends.push(AttemptEnd { letter: letter.id, n: cut, verdict: "unknown", why });
                    }
                    if !written {
                        starts.push((letter.id, self.lane.clone(), n));
                    }
                    Plan::Fly(n)
                }
            };
            plans.push(plan);
        }
        if !ends.is_empty() {
            tx.end_attempts(&ends).await?;
        }
        // Begun by another process since we looked: a second copy of the letter.
        let others = tx.start_attempts(&starts).await?;
        for ((letter, _), plan) in letters.iter().zip(&mut plans) {
            if matches!(plan, Plan::Fly(_)) && others.contains(&letter.id) {
                let (at, why) = (later(now, self.settings.deadline), ELSEWHERE.to_owned());
                *plan = Plan::Fate(Fate::Again { at, tries: letter.attempt, why });
            }
            if let Plan::Fate(fate) = plan {
                settling.add(letter, fate);
            }
        }
        if !outcomes.is_empty() {
            self.handler.record(&mut tx, &outcomes).await?;
        }
        if plans.iter().any(|plan| matches!(plan, Plan::Fate(_))) {
            settling.write(&mut tx, &self.lane, self.source.is_table()).await?;
        }
        self.maybe_begun.extend(starts.iter().map(|(id, _, n)| (*id, *n)));
        tx.commit().await?;
        for (id, ..) in &starts {
            self.maybe_begun.remove(id);
        }
        Ok(plans)
    }

    /// Opens the sockets.
    pub(super) async fn fly(&mut self, letters: Vec<(Letter, Ticket)>, plans: Vec<Plan>) {
        let mut settled = Vec::new();
        let mut flying = 0;
        for ((letter, ticket), plan) in letters.into_iter().zip(plans) {
            let Plan::Fly(n) = plan else {
                settled.push(ticket.tag);
                continue;
            };
            flying += 1;
            self.maybe_begun.remove(&letter.id);
            self.flying.insert(letter.id);
            let (handler, deadline) = (self.handler.clone(), self.settings.deadline);
            self.air.spawn(async move {
                let call = AssertUnwindSafe(handler.deliver(&letter)).catch_unwind();
                let verdict = match tokio::time::timeout(deadline, call).await {
                    Ok(Ok(verdict)) => verdict,
                    Ok(Err(panic)) => {
                        Verdict::Unknown { why: format!("the adapter panicked: {}", panic_words(&*panic)) }
                    }
                    Err(_) => Verdict::Unknown { why: format!("no answer within {deadline:?}") },
                };
                Landed { letter, n, tag: ticket.tag, verdict }
            });
        }
        if let Some(pace) = &mut self.pace {
            pace.spend(flying);
        }
        if !settled.is_empty() {
            self.source.settled(settled.into_iter()).await;
        }
    }
}
