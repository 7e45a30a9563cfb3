//! The loop of a lane that touches the outside: write the attempts down, call the other side with
//! no transaction open, settle whatever has come back.

mod begin;
mod land;

use crate::{
    Edge, LaneSettings,
    breaker::{Allow, BreakerState, Pace},
    carry::{Busy, Inner, Working},
    retry::Retry,
    settle::{Fate, Meter, luck},
    source::Source,
};
use land::Landed;
use schemas::letter::Lane;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

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
            let trial = self.breaker.allow(self.inner.store.clock().now()) == Allow::One;
            match self.source.take(most, trial).await {
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

    /// Stopping: what is in the air lands, as long as it may take.
    async fn finish(&mut self) {
        let batch = self.source.pause().await;
        let now = self.inner.store.clock().now();
        let waits = batch.letters.into_iter().zip(batch.tickets).map(|(letter, ticket)| {
            let fate = Fate::Again { at: now, tries: letter.attempt, why: "received while stopping".to_owned() };
            (letter, fate, ticket.tag)
        });
        let waits: Vec<_> = waits.collect();
        if !waits.is_empty() {
            self.settle_only(waits).await;
        }
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
