//! Tells people what happened: each event becomes at most one notice per person and sender, each
//! notice is one letter in that sender's lane, with its own verdict and receipt.
//!
//! In reading order: [`plan`] decides who is told by which sender (pure), [`context`] gathers the
//! words of one notice (pure), [`render`] makes a mail of them (pure), [`senders`] hand it over,
//! and [`worker`] ties them to the lanes `notifier` and `send.<sender>`. [`wishes`] are what people say
//! by the link at the foot of each, [`desk`] is what the desk does for who calls, and [`why`] answers why
//! somebody was told, or was not. Before anybody is told anything at an address that they gave, they prove in [`verify`]
//! that it is theirs.

pub mod advice;
pub mod broadcasts;
pub mod choices;
mod colour;
pub mod context;
pub mod desk;
pub mod devices;
pub mod digest;
mod frame;
pub mod further;
pub mod links;
pub mod mine;
pub mod paper;
pub mod plain;
pub mod plan;
pub mod preview;
pub mod render;
pub mod retention;
pub mod senders;
mod template;
pub mod verify;
mod versions;
pub mod wishes;
pub mod wording;
pub mod worker;

pub use links::NoticeLinks;
pub use plan::plan;
pub use render::{Rendered, Templates};
pub use senders::{Parcel, Sender, SenderConfig, Senders};
pub use versions::Version;
pub use worker::{AskWorker, PlanWorker, Rates, SendWorker, why};
