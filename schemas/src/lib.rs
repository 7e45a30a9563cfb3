//! The words of Voordeur, in reading order: a [`report::Report`] comes in from a
//! [`slug::Channel`], becomes a [`case::Case`], is handed to departments as
//! [`dispatch::Dispatch`]es, comes back as [`dispatch::Update`]s, and is told to people as
//! [`notice::Notice`]s. Everything that travels is a [`letter::Letter`] and ends in a
//! [`verdict::Verdict`]. A [`city::City`] is the folder of data that makes it all concrete.
//!
//! This crate holds types and pure functions only: no input or output, no async, no SQL.

pub mod account;
pub mod api_key;
pub mod audit;
pub mod block;
pub mod broadcast;
pub mod case;
pub mod channel;
pub mod city;
pub mod cloudevent;
pub mod device;
pub mod dispatch;
pub mod event;
pub mod fault;
pub mod further;
pub mod held;
pub mod id;
pub mod lambert;
pub mod language;
pub mod left_out;
pub mod letter;
pub mod markdown;
pub mod notice;
pub mod patch;
pub mod person;
pub mod phone;
pub mod place;
pub mod proof;
pub mod publication;
pub mod published;
pub mod redact;
pub mod reference;
pub mod reply;
pub mod report;
pub mod slug;
pub mod spoken;
pub mod submission;
pub mod task;
pub mod text;
pub mod tongue;
pub mod trace;
pub mod verdict;
pub mod way;
pub mod wish;

pub use jiff::{Timestamp, civil::Date};
pub use uuid::Uuid;
