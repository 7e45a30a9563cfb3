//! The rows: every SQL statement of Voordeur, for SQLite and for PostgreSQL.

mod attempts;
mod cases;
mod dead;
mod dispatches;
mod error;
mod events;
mod inbox;
mod letterbox;
mod letters;
mod notices;
mod photos;
mod references;
mod reports;
mod store;

pub use attempts::{Attempt, AttemptEnd};
pub use dead::{DeadFilter, DeadLetter};
pub use dispatches::DispatchRow;
pub use error::Error;
pub use letterbox::LetterboxItem;
pub use letters::{Again, Bury, LaneState, Relay, Settlement};
pub use notices::{NoticeEnd, NoticeRow, NoticeView};
pub use photos::Photo;
pub use reports::{Accepted, NewReport, Receipt};
pub use store::{Counts, DbKind, Options, Store, Tx};

/// What every function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) fn later<T>() -> Result<T> {
    Err(Error::Unavailable("not written yet".to_owned()))
}
