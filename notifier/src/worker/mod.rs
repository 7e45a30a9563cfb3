//! The two workers: [`PlanWorker`] turns events into notices and listens to what is heard of them;
//! [`SendWorker`] hands them over.

mod ask;
mod audience;
mod digest;
mod gather;
mod heard;
mod known;
pub(crate) mod members;
mod patches;
mod pinned;
mod plan;
mod proof;
mod said;
mod send;
pub(crate) mod step;
pub mod why;

pub use ask::AskWorker;
pub(crate) use audience::contact_addresses;
pub(crate) use heard::address_of;
pub(crate) use known::{address, facts, is_unwanted};
pub(crate) use pinned::PinnedWords;
pub use plan::PlanWorker;
pub use send::{NO_ADDRESS, SUPERSEDED, SendWorker};
pub(crate) use send::{PAUSED, STOPPED};
pub use step::Rates;
