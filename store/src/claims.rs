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
    /// The letters of `lane` (of every lane when `None`) that are in hand at `now`; a claim that
    /// is older than its lease is forgotten.
    pub(crate) fn held(&self, lane: Option<&Lane>, now: Timestamp) -> Vec<Uuid> {
        let mut held = locked(&self.held);
        let mut ids = Vec::new();
        for (of, claims) in held.iter_mut() {
            if lane.is_none_or(|lane| lane == of) {
                claims.retain(|_, until| *until > now);
                ids.extend(claims.keys().copied());
            }
        }
        ids
    }

    /// Claims a letter.
    pub(crate) fn add(&self, lane: &Lane, id: Uuid, until: Timestamp) {
        let mut held = locked(&self.held);
        if let Some(claims) = held.get_mut(lane) {
            claims.insert(id, until);
        } else {
            held.insert(lane.clone(), HashMap::from([(id, until)]));
        }
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
