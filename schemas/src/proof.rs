//! What somebody asked for that waits until they prove that an address is theirs.

use crate::{notice::Scope, patch::Patch, place::Point, report::Language, way::Address};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Somebody asked for something at an address, and got a message there, by which they prove that it is theirs.
/// Personal data; kept for [`Proof::KEPT_HOURS`].
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// The code and the link derive from it, so neither is kept.
    pub id: Uuid,
    /// Whose choices the address is added to; `None`: whoever it belongs to, or somebody new.
    pub person: Option<Uuid>,
    /// Where.
    pub address: Address,
    /// The key of the address.
    pub key: String,
    /// The language of the message.
    pub language: Language,
    /// What they asked for.
    pub wants: Wants,
    /// Whether a message was sent. Too many to one address are not; whoever asked is told the same.
    pub sent: bool,
    /// How many codes were tried.
    pub tries: u32,
    /// When they asked.
    pub asked_at: Timestamp,
    /// When they proved it.
    pub done_at: Option<Timestamp>,
}

impl Proof {
    /// So many hours it is kept, whatever became of it; no link is good for longer.
    pub const KEPT_HOURS: u32 = 7 * 24;
}

/// What somebody asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Wants {
    /// What they want to hear of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<Target>,
    /// Where they want to hear what happens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<WantedPlace>,
    /// The language that they chose for all messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

/// One thing to hear of, or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// What kind of thing.
    pub scope: Scope,
    /// Which one: the id of a case, a category or group, an area.
    pub target: String,
}

/// A place that somebody wants to hear about; not theirs yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WantedPlace {
    /// What they call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Where it is.
    pub point: Point,
    /// The street, with or without a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// The part of the city in which they want to hear of single cases, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
}
