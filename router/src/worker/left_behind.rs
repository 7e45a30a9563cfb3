//! What a changed city leaves behind: cases of departments that it does not have any more, and letters
//! in lanes that nobody reads. Every process may look at once: each step is written once.

use super::RouterWorker;
use schemas::{
    Timestamp,
    id::derived,
    letter::{Lane, Letter, Topic},
    report::{Received, Why},
    trace::Trace,
};
use std::{collections::BTreeSet, time::Duration};
use store::Held;
use tokio_util::sync::CancellationToken;

/// How often it is looked: other processes may go on with the old city for a while, and what was in
/// hand comes back.
const LOOK: Duration = Duration::from_secs(60);
/// How soon it is looked again while letters wait, or are in hand, in a lane that nobody reads.
const SOON: Duration = Duration::from_secs(5);
/// Every how manieth look reads the parts of all open cases, too.
const THOROUGH: u32 = 10;
/// How many letters are written at once.
const AT_ONCE: usize = 256;

/// Looks after what the departments of an earlier city left behind.
#[derive(Debug, Clone)]
pub struct LeftBehind {
    router: RouterWorker,
    /// A broker carries what is ready.
    brokered: bool,
    /// The departments of this city and their lanes.
    departments: String,
}

/// What one look found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Found {
    /// Open cases, and parts of them, that the router decides anew.
    pub cases: u64,
    /// Letters that were moved to the lane that their department reads now.
    pub moved: u64,
    /// Letters that became dead letters.
    pub buried: u64,
    /// Lanes whose letters wait for a later try, or are in somebody's hand: nobody else reads them.
    pub lanes: u64,
}

impl LeftBehind {
    /// For the city of `router`; `brokered` when RabbitMQ carries the letters.
    pub fn new(router: RouterWorker, brokered: bool) -> Self {
        let lanes: BTreeSet<&str> = router.desks.values().map(|desk| desk.lane.as_str()).collect();
        let departments = lanes.into_iter().collect::<Vec<_>>().join(" ");
        Self { router, brokered, departments }
    }

    /// Looks until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        let (mut begun, mut looks, mut before) = (false, 0_u32, Found::default());
        while !stop.is_cancelled() {
            let went = async {
                if !begun {
                    self.begin().await?;
                }
                self.once(looks.is_multiple_of(THOROUGH)).await
            };
            let pause = match went.await {
                Ok(found) => {
                    begun = true;
                    looks = looks.wrapping_add(1);
                    // What waits for a decision is found again until it has one.
                    if found != Found::default() && found != before {
                        let Found { cases, moved, buried, lanes } = found;
                        tracing::warn!(
                            cases,
                            moved,
                            buried,
                            lanes,
                            "departments of an earlier city left something behind: their cases are decided anew, \
                             letters go to the lane that is read now or, of a department that is gone, become dead letters"
                        );
                    }
                    let lanes = found.lanes;
                    before = found;
                    if lanes > 0 { SOON } else { LOOK }
                }
                Err(error) => {
                    tracing::warn!(%error, "what an earlier city left behind cannot be looked for; trying again");
                    SOON
                }
            };
            _ = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// From now on this city counts: processes that were started with another leave its lanes alone.
    pub async fn begin(&self) -> Result<(), store::Error> {
        let mut tx = self.router.store.begin().await?;
        tx.see_departments(&self.departments).await?;
        tx.commit().await
    }

    /// Looks once; `thorough` for the parts of cases, too. When a process was started with another city
    /// since [`LeftBehind::begin`], nothing: that city counts.
    pub async fn once(&self, thorough: bool) -> Result<Found, store::Error> {
        let store = &self.router.store;
        let mut tx = store.begin().await?;
        let seen = tx.departments_seen().await?;
        drop(tx);
        let mut found = Found::default();
        if seen.as_deref() != Some(self.departments.as_str()) {
            return Ok(found);
        }
        for lane in self.unread().await? {
            let Some(id) = lane.department_id() else { continue };
            let mut tx = store.begin().await?;
            if let Some(desk) = self.router.desks.get(&id) {
                found.moved += tx.move_letters(&lane, &desk.lane, self.brokered).await?;
            } else {
                let why = format!("this city has no department {id} any more: its cases were decided anew");
                found.buried += tx.bury_letters(&lane, &why, self.brokered).await?;
            }
            tx.commit().await?;
        }
        found.lanes = self.unread().await?.len() as u64;
        let mut held = Vec::new();
        for (lead, _) in store.open_by_lead().await? {
            if !self.router.desks.contains_key(&lead) {
                held.extend(store.led_by(&lead).await?);
            }
            if thorough {
                let parts = store.parts_beside(&lead).await?;
                held.extend(parts.into_iter().filter(|part| !self.router.desks.contains_key(&part.department)));
            }
        }
        found.cases = held.len() as u64;
        for some in held.chunks(AT_ONCE) {
            let now = store.clock().now();
            let letters: Vec<Letter> = some.iter().map(|held| letter(held, now)).collect();
            let mut tx = store.begin().await?;
            tx.post(&letters).await?;
            tx.commit().await?;
        }
        Ok(found)
    }

    /// The lanes of departments that have letters, and are not read in this city.
    async fn unread(&self) -> Result<Vec<Lane>, store::Error> {
        let mut lanes = self.router.store.lanes_of_departments().await?;
        let read = |lane: &Lane| {
            let desk = lane.department_id().and_then(|id| self.router.desks.get(&id));
            desk.is_some_and(|desk| desk.lane == *lane)
        };
        lanes.retain(|lane| !read(lane));
        Ok(lanes)
    }
}

/// Asks the router to decide anew: the same letter, whoever asks, until something happens to the case.
fn letter(held: &Held, now: Timestamp) -> Letter {
    let Held { case, version, department } = held;
    let id = derived(&["gone", &case.to_string(), department, &version.to_string()]);
    let body = Received { report: *case, why: Why::Gone { department: department.clone() } };
    Letter::new(id, Lane::router(), Topic::ReportReceived, "gone", &body, Trace::start(), now).about(*case)
}
