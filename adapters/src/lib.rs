//! The only code that talks with strangers: [`intake`] makes their reports ours, [`departments`]
//! hands our cases to foreign systems, [`updates`] and [`answers`] take back what those say.
//!
//! Every pluggable file reads alike: `Config` (unknown keys refused), `check(&self)` (pure),
//! `build(self, …)` (may connect, may not spawn) and its verb: a channel *receives*, a department
//! adapter *delivers*.

pub mod abuse;
pub mod album;
pub mod answer_link;
pub mod answers;
pub mod callback;
pub mod calls;
mod cases;
pub mod channels;
pub mod clamd;
pub mod console;
pub mod deliver;
pub mod departments;
pub mod desk;
pub mod further;
pub mod geocode;
pub mod happened;
pub mod intake;
pub mod json;
pub mod keys;
pub mod links;
pub mod mail;
pub mod merge;
pub mod near;
pub mod recategorise;
pub mod rounds;
pub mod secrets;
pub mod signed;
pub mod staff;
pub mod tasks;
#[cfg(test)]
mod testing;
pub mod trials;
pub mod updates;
