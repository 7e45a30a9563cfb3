//! Why nothing is sent to somebody about an event. Pure.

use super::{Recipient, Scene};
use crate::senders;
use schemas::{notice::Suppressed, way::Way};
use serde::Serialize;

/// Why somebody gets no notice of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "silence", rename_all = "snake_case")]
pub enum Silence {
    /// Nobody is sent anything about an event of this kind.
    NotTold,
    /// When they told the city, they asked to hear nothing.
    AskedNothing,
    /// They wrote several mails in a short time; the first was answered, and speaks for all.
    AnsweredBefore,
    /// They left no address, or it was erased.
    NoAddress,
    /// They proved of no address that it is theirs.
    Unverified,
    /// They left addresses only for ways that no sender is set up for.
    NoSender {
        /// These ways.
        ways: Vec<Way>,
    },
    /// The only addresses left do not work.
    Dead {
        /// The last of them.
        way: Way,
        /// What is known of it.
        fact: Suppressed,
    },
    /// Every way they left an address for was tried.
    Tried {
        /// In the order they were tried.
        ways: Vec<Way>,
    },
    /// It is between the city and the reporter: who follows a case does not hear of it.
    NotForFollowers,
    /// The case is not public.
    NotPublic,
    /// They began to follow it later.
    Later,
    /// Nothing stands in the way: it is not planned yet.
    NotYet,
}

/// Why no way is left for `to`, after those `tried`.
pub(super) fn of(scene: &Scene<'_>, to: &Recipient, tried: &[Way]) -> Silence {
    if to.ways.is_empty() {
        return Silence::NoAddress;
    }
    let left = || to.ways.iter().copied().filter(|way| !tried.contains(way));
    let dead = |way: &Way| to.dead.iter().find(|(dead, _)| dead == way);
    let can_go = |way: &Way| senders::preferred(*way, scene.available).is_some();
    if let Some((way, fact)) = left().filter(can_go).filter_map(|way| dead(&way)).next_back() {
        return Silence::Dead { way: *way, fact: *fact };
    }
    if tried.is_empty() {
        return Silence::NoSender { ways: left().collect() };
    }
    Silence::Tried { ways: tried.to_vec() }
}
