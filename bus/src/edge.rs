//! The loop of a lane that touches the outside: write the attempts down, call the other side with
//! no transaction open, settle whatever has come back.

use crate::{
    Edge, LaneSettings, Outcome, Settled,
    breaker::{Allow, BreakerState, Pace},
    carry::{Busy, Inner, Working},
    effects::panic_words,
    ledger::{self, CUT, Known, Next},
    retry::Retry,
    settle::{Fate, Meter, fate, later, luck},
    source::{Batch, Source, Ticket, Unusable},
};
use futures_util::FutureExt as _;
use schemas::{
    letter::{Lane, Letter},
    verdict::Verdict,
};
use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};
use store::{Attempt, AttemptEnd, Settlement};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A letter whose delivery came back.
struct Landed {
    letter: Letter,
    /// The attempt.
    n: u32,
    tag: u64,
    verdict: Verdict,
}

struct Worker<'a> {
    inner: &'a Inner,
    lane: Lane,
    handler: Arc<dyn Edge>,
    settings: LaneSettings,
    source: Source,
    stop: CancellationToken,
    meter: Meter,
    breaker: BreakerState,
    pace: Option<Pace>,
    /// Deliveries under way. Dropped with the worker, as a crash would.
    air: JoinSet<Landed>,
    flying: HashSet<Uuid>,
    /// Held while anything is in hand.
    busy: Option<Busy<'a>>,
    /// Attempts whose beginning may or may not be committed, and whose socket was never opened.
    maybe_begun: HashMap<Uuid, u32>,
    /// Set while the source is told not to receive.
    paused: bool,
    /// Nothing is taken before: the database or the broker was away.
    not_before: Option<Instant>,
    away: u32,
}

/// Works `lane` until `stop`.
pub(crate) async fn run(
    inner: &Inner,
    lane: Lane,
    handler: Arc<dyn Edge>,
    settings: LaneSettings,
    source: Source,
    stop: CancellationToken,
) {
    let _working = Working::new(&inner.board, &lane);
    let mut worker = Worker {
        meter: Meter::new(&lane),
        breaker: BreakerState::new(settings.breaker),
        pace: settings.rate_per_second.map(|rate| Pace::new(rate, Instant::now())),
        air: JoinSet::new(),
        flying: HashSet::new(),
        busy: None,
        maybe_begun: HashMap::new(),
        paused: false,
        not_before: None,
        away: 0,
        inner,
        lane,
        handler,
        settings,
        source,
        stop,
    };
    while !worker.stop.is_cancelled() {
        worker.once().await;
    }
    worker.finish().await;
}

const ELSEWHERE: &str = "another copy of it is being delivered";

/// What the loop may do now.
enum Room {
    /// Take so many.
    For(usize),
    /// Nothing before this passes, or before something lands.
    After(Duration),
    /// Nothing before something lands.
    Full,
}

impl Worker<'_> {
    async fn once(&mut self) {
        let mut landed = Vec::new();
        while let Some(one) = self.air.try_join_next() {
            landed.extend(one);
        }
        if !landed.is_empty() {
            return self.land(landed).await;
        }
        let room = self.room();
        if let Allow::NotBefore(_) = self.breaker.allow(self.inner.store.clock().now()) {
            self.rest().await;
        }
        if let Room::For(most) = room {
            self.paused = false;
            self.busy.get_or_insert_with(|| self.inner.board.busy());
            match self.source.take(most).await {
                Ok(batch) if batch.is_empty() => self.back(),
                Ok(batch) => {
                    self.inner.board.took();
                    return self.launch(batch).await;
                }
                Err(trouble) => {
                    self.not_before = Some(Instant::now() + self.trouble(&trouble.to_string()));
                    return;
                }
            }
        }
        if self.air.is_empty() {
            self.busy = None;
        }
        let pause = match room {
            Room::After(pause) => pause.min(Duration::from_millis(500)),
            _ => Duration::from_secs(3600),
        };
        tokio::select! {
            () = self.stop.cancelled() => {}
            Some(landed) = self.air.join_next() => self.land(landed.into_iter().collect()).await,
            () = self.source.wait(), if matches!(room, Room::For(_)) => {}
            () = tokio::time::sleep(pause), if matches!(room, Room::After(_)) => {}
            () = self.inner.board.poke.notified() => {}
        }
    }

    /// How many letters may be taken now. Half of the places must be free first: taking letters one
    /// by one as places come free would cost a transaction for each.
    fn room(&mut self) -> Room {
        let now = self.inner.store.clock().now();
        let allowed = self.breaker.allow(now);
        let until = match allowed {
            Allow::NotBefore(until) => Some(until),
            Allow::All | Allow::One => None,
        };
        self.inner.board.paused(&self.lane, until);
        let most = match allowed {
            Allow::NotBefore(until) => {
                let pause = Duration::try_from(until.duration_since(now)).unwrap_or_default();
                return Room::After(pause.max(Duration::from_millis(1)));
            }
            Allow::One => 1,
            Allow::All => self.settings.concurrency.max(1),
        };
        if let Some(pause) = self.not_before.map(|at| at.saturating_duration_since(Instant::now())) {
            if !pause.is_zero() {
                return Room::After(pause);
            }
            self.not_before = None;
        }
        let free = most.saturating_sub(self.air.len());
        if free == 0 || free * 2 < most {
            return Room::Full;
        }
        match &mut self.pace {
            None => Room::For(free),
            Some(pace) => match pace.free(Instant::now()) {
                0 => Room::After(pace.next(Instant::now())),
                n => Room::For(free.min(n)),
            },
        }
    }

    /// The other side seems to be down: nothing is received from a broker, and what was received
    /// waits in the table, in order.
    async fn rest(&mut self) {
        if self.paused {
            return;
        }
        self.paused = true;
        let batch = self.source.pause().await;
        if !batch.is_empty() {
            self.busy.get_or_insert_with(|| self.inner.board.busy());
            self.launch(batch).await;
        }
    }

    /// Writes down that these letters are about to be delivered, and delivers them. Letters that
    /// must not be delivered now are settled in the same transaction.
    async fn launch(&mut self, batch: Batch) {
        let Batch { letters, tickets, refused } = batch;
        if !refused.is_empty() {
            self.bury_unusable(&refused).await;
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

    async fn launch_alone(&mut self, one: (Letter, Ticket)) {
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
    async fn begin(&mut self, letters: &[(Letter, Ticket)]) -> Begun {
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

    async fn begin_once(&mut self, letters: &[(Letter, Ticket)]) -> Result<Vec<Plan>, store::Error> {
        let now = self.inner.store.clock().now();
        let open = match self.breaker.allow(now) {
            Allow::NotBefore(until) => Some(until),
            Allow::All | Allow::One => None,
        };
        let mut tx = self.inner.store.begin().await?;
        let ids: Vec<_> = letters.iter().map(|(letter, _)| letter.id).collect();
        let attempts: Vec<Attempt> = tx.attempts_of(&ids).await?;
        let (mut plans, mut starts, mut ends) = (Vec::with_capacity(letters.len()), Vec::new(), Vec::new());
        let (mut settlement, mut outcomes) = (Settlement::default(), Vec::new());
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
                (Next::Wait(at), _) => Plan::Fate(Fate::Again { at, tries: letter.attempt, why: ELSEWHERE.to_owned() }),
                (Next::Ask { cut }, _) => {
                    let why = CUT.to_owned();
                    ends.push(AttemptEnd { letter: letter.id, n: cut, verdict: "unknown", why: Some(why.clone()) });
                    let verdict = Verdict::Unknown { why };
                    outcomes.push(Outcome { letter: letter.clone(), verdict, settled: Settled::Gone });
                    Plan::Fate(Fate::Gone)
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
                fate.add(&mut settlement, letter, self.source.is_table());
            }
        }
        if !outcomes.is_empty() {
            self.handler.record(&mut tx, &outcomes).await?;
        }
        if plans.iter().any(|plan| matches!(plan, Plan::Fate(_))) {
            tx.settle(&settlement).await?;
        }
        self.maybe_begun.extend(starts.iter().map(|(id, _, n)| (*id, *n)));
        tx.commit().await?;
        for (id, ..) in &starts {
            self.maybe_begun.remove(id);
        }
        Ok(plans)
    }

    /// Opens the sockets.
    async fn fly(&mut self, letters: Vec<(Letter, Ticket)>, plans: Vec<Plan>) {
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

    /// Settles what came back, in one transaction; each alone when that fails.
    async fn land(&mut self, landed: Vec<Landed>) {
        let now = self.inner.store.clock().now();
        for one in &landed {
            self.flying.remove(&one.letter.id);
            match &one.verdict {
                Verdict::Done { .. } | Verdict::Never { .. } => self.breaker.worked(),
                Verdict::Later { .. } | Verdict::Unknown { .. } => self.breaker.failed(now),
            }
        }
        self.meter.count(now, landed.iter().map(|one| (&one.verdict, one.letter.posted_at)));
        let tags: Vec<_> = landed.iter().map(|one| one.tag).collect();
        let (outcomes, marks): (Vec<_>, Vec<_>) = landed.into_iter().map(|one| self.outcome(one)).unzip();
        match self.write_down(&outcomes, &marks).await {
            Written::Yes => {}
            Written::Stopped => return,
            Written::No(why) => {
                tracing::warn!(lane = %self.lane, letters = outcomes.len(), why, "writing down outcomes one by one");
                for (outcome, mark) in outcomes.iter().zip(&marks) {
                    if !self.write_down_alone(outcome, mark).await {
                        return;
                    }
                }
            }
        }
        self.source.settled(tags.into_iter()).await;
    }

    fn outcome(&self, one: Landed) -> (Outcome, Mark) {
        let Landed { letter, n, verdict, .. } = one;
        let fate = fate(&letter, &verdict, &self.settings, self.inner.store.clock().now(), luck());
        (Outcome { letter, verdict, settled: fate.settled() }, Mark { n, fate })
    }

    async fn write_down_alone(&mut self, outcome: &Outcome, mark: &Mark) -> bool {
        match self.write_down(std::slice::from_ref(outcome), std::slice::from_ref(mark)).await {
            Written::Yes => true,
            Written::Stopped => false,
            Written::No(why) => {
                // The ledger still says what happened: a replay will not send it a second time.
                tracing::error!(lane = %self.lane, letter = %outcome.letter.id, trace = %outcome.letter.trace, why, "an outcome cannot be written down");
                let why = format!("{}, but that could not be written down: {why}", outcome.verdict.word());
                let fate = Fate::Buried { why };
                let end = end(&outcome.letter, mark.n, &outcome.verdict);
                loop {
                    let work = async {
                        let mut tx = self.inner.store.begin().await?;
                        let mut settlement = Settlement::default();
                        fate.add(&mut settlement, &outcome.letter, self.source.is_table());
                        tx.end_attempts(std::slice::from_ref(&end)).await?;
                        tx.settle(&settlement).await?;
                        tx.commit().await
                    };
                    match work.await {
                        Ok(()) => return true,
                        Err(error) => self.away(&error.to_string()).await,
                    }
                    if self.stop.is_cancelled() {
                        return false;
                    }
                }
            }
        }
    }

    async fn write_down(&mut self, outcomes: &[Outcome], marks: &[Mark]) -> Written {
        let patience = Instant::now() + self.settings.deadline;
        loop {
            let work = async {
                let mut tx = self.inner.store.begin().await?;
                let (mut settlement, mut ends) = (Settlement::default(), Vec::with_capacity(outcomes.len()));
                for (outcome, mark) in outcomes.iter().zip(marks) {
                    if matches!(mark.fate, Fate::Buried { .. }) {
                        tracing::warn!(lane = %self.lane, letter = %outcome.letter.id, trace = %outcome.letter.trace, "buried");
                    }
                    mark.fate.add(&mut settlement, &outcome.letter, self.source.is_table());
                    ends.push(end(&outcome.letter, mark.n, &outcome.verdict));
                }
                tx.end_attempts(&ends).await?;
                self.handler.record(&mut tx, outcomes).await?;
                tx.settle(&settlement).await?;
                tx.commit().await
            };
            let work = AssertUnwindSafe(work).catch_unwind();
            let why = match tokio::time::timeout(self.settings.deadline, work).await {
                Ok(Ok(Ok(()))) => {
                    self.back();
                    return Written::Yes;
                }
                Ok(Ok(Err(store::Error::Unavailable(why)))) => why,
                Ok(Ok(Err(error))) => return Written::No(error.to_string()),
                Ok(Err(panic)) => return Written::No(panic_words(&*panic)),
                Err(_) => "the database took too long".to_owned(),
            };
            // It happened outside: it must be written down, however long the database is away.
            self.away(&why).await;
            if self.stop.is_cancelled() && Instant::now() > patience {
                tracing::error!(lane = %self.lane, letters = outcomes.len(), why, "stopping with outcomes that are not written down");
                return Written::Stopped;
            }
        }
    }

    /// Settles letters about which there is nothing to record.
    async fn settle_only(&mut self, letters: Vec<(Letter, Fate, u64)>) {
        let mut settlement = Settlement::default();
        for (letter, fate, _) in &letters {
            fate.add(&mut settlement, letter, self.source.is_table());
        }
        loop {
            let work = async {
                let mut tx = self.inner.store.begin().await?;
                tx.settle(&settlement).await?;
                tx.commit().await
            };
            match work.await {
                Ok(()) => break,
                Err(error) => self.away(&error.to_string()).await,
            }
            if self.stop.is_cancelled() {
                return;
            }
        }
        self.source.settled(letters.iter().map(|(.., tag)| *tag)).await;
    }

    async fn bury_unusable(&mut self, refused: &[Unusable]) {
        let fates = refused.iter().map(|one| {
            tracing::warn!(lane = %self.lane, letter = %one.letter.id, "unusable: buried");
            (one.letter.clone(), Fate::Buried { why: one.why.clone() }, one.ticket.tag)
        });
        self.settle_only(fates.collect()).await;
    }

    /// Stopping: what is in the air lands, as long as it may take.
    async fn finish(&mut self) {
        while let Some(landed) = self.air.join_next().await {
            let mut all: Vec<_> = landed.into_iter().collect();
            while let Some(one) = self.air.try_join_next() {
                all.extend(one);
            }
            self.land(all).await;
        }
    }

    async fn away(&mut self, why: &str) {
        let pause = self.trouble(why);
        tokio::time::sleep(pause).await;
    }

    /// Notes that nothing goes at the moment; how long to wait.
    fn trouble(&mut self, why: &str) -> Duration {
        if self.away == 0 {
            tracing::warn!(lane = %self.lane, why, "cannot work; trying again until it goes");
        }
        self.inner.board.trouble(&self.lane, Some(why.to_owned()));
        let pause = Retry::back_off(self.away, luck());
        self.away = self.away.saturating_add(1);
        pause
    }

    fn back(&mut self) {
        if self.away > 0 {
            self.away = 0;
            self.inner.board.trouble(&self.lane, None);
            tracing::info!(lane = %self.lane, "works again");
        }
    }
}

/// What becomes of a letter at the beginning.
enum Plan {
    /// Deliver it, as the attempt with this number.
    Fly(u32),
    /// Settled without a delivery.
    Fate(Fate),
}

enum Begun {
    Yes(Vec<Plan>),
    /// The database is away; the letters are back where they came from.
    GivenBack,
    No(String),
}

enum Written {
    Yes,
    Stopped,
    No(String),
}

/// What the loop knows of an outcome besides what the handler is told.
struct Mark {
    n: u32,
    fate: Fate,
}

fn end(letter: &Letter, n: u32, verdict: &Verdict) -> AttemptEnd {
    let why = match verdict {
        Verdict::Done { .. } => None,
        Verdict::Later { why, .. } | Verdict::Never { why, .. } | Verdict::Unknown { why } => Some(why.clone()),
    };
    AttemptEnd { letter: letter.id, n, verdict: verdict.word(), why }
}
