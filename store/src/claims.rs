//! SQLite is one process, so who holds which letter is kept in memory: taking a letter writes
//! nothing, and a batch costs one commit. After a crash nothing is claimed.

use crate::store::locked;
use schemas::{Timestamp, Uuid, letter::Lane};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

/// The letters in hand, by lane, each until when.
#[derive(Default)]
pub(crate) struct Claims {
    held: Mutex<BTreeMap<Lane, HashMap<Uuid, Timestamp>>>,
    /// Held while letters are taken: what is read as free must be claimed before the next taker
    /// reads.
    pub(crate) taking: tokio::sync::Mutex<()>,
}

impl Claims {
    /// The letters of `lane` that are in hand at `now`; a claim that is older than its lease is
    /// forgotten.
    pub(crate) fn held(&self, lane: &Lane, now: Timestamp) -> Vec<Uuid> {
        let mut held = locked(&self.held);
        let Some(claims) = held.get_mut(lane) else { return Vec::new() };
        claims.retain(|_, until| *until > now);
        claims.keys().copied().collect()
    }

    /// Claims letters of `lane`.
    pub(crate) fn add(&self, lane: &Lane, ids: impl Iterator<Item = Uuid>, until: Timestamp) {
        locked(&self.held).entry(lane.clone()).or_default().extend(ids.map(|id| (id, until)));
    }

    /// Gives letters free; returns the lanes they were of.
    pub(crate) fn remove(&self, ids: &[Uuid]) -> Vec<Lane> {
        let mut held = locked(&self.held);
        let mut lanes = Vec::new();
        for (lane, claims) in held.iter_mut() {
            let before = claims.len();
            for id in ids {
                claims.remove(id);
            }
            if claims.len() < before {
                lanes.push(lane.clone());
            }
        }
        lanes
    }

    /// When the first claim of `lane` runs out.
    pub(crate) fn next(&self, lane: &Lane) -> Option<Timestamp> {
        locked(&self.held).get(lane)?.values().min().copied()
    }
}
