//! The rows: every SQL statement of Voordeur, for SQLite and for PostgreSQL.
//!
//! In reading order: [`Store::open`] opens one of the two (`dialect.rs` holds their differences),
//! [`Store::accept`] keeps a report through the group-commit writer (`writer.rs`), a [`Tx`] does
//! everything else. Letters (`letters.rs`) are the outbox and the queue in one table; `wake.rs`
//! wakes their readers.
//!
//! Every statement is one constant text in a `sql!` list and takes a whole batch as one JSON
//! parameter: a batch of 256 reports costs as many statements as one.
//!
//! Personal data is in the tables `contact`, `person`, `address`, `device`, `place`, `proof`, `letterbox`,
//! `mail_spool`, `sms_in`, `sms_talk`, `sms_out`, `taken_down`, `scan` and `photo_original`, and nowhere else;
//! `account` has that of the city's own people.

mod accounts;
mod answers;
mod api_keys;
mod arrived;
mod attempts;
mod audit;
mod batches;
mod blocks;
mod broadcasts;
mod cases;
mod channel_reports;
mod claims;
mod clock;
mod console;
mod contact_proofs;
mod contested;
mod corrections;
mod crowd;
mod db;
mod dead;
mod desk;
mod devices;
mod dialect;
mod dispatches;
mod error;
mod events;
mod first_words;
mod forget;
mod gathered;
mod geocoded;
mod georeport;
mod glimpses;
mod held;
mod hooks;
mod inbox;
mod lanes;
mod lessons;
mod letterbox;
mod letters;
mod load;
mod login_tries;
mod mail_in;
mod mail_spool;
mod mailed;
mod merged;
mod migrations;
mod near;
mod notice_counts;
mod notices;
mod open311;
mod originals;
mod own_reports;
mod paper;
mod past;
mod peek;
mod people;
mod photo_files;
mod photo_owners;
mod photos;
mod places;
mod proofs;
mod publications;
mod ratings;
mod receipts;
mod references;
mod reports;
mod retention;
mod rounds;
mod rulesets;
mod secret;
mod sessions;
mod sms_in;
mod soft_bounces;
mod sql;
mod standing;
mod store;
mod tasks;
mod template_versions;
mod their_numbers;
mod tokens;
mod tries;
mod unread;
mod wake;
mod writer;
mod wrote;

pub use answers::{AnswerCount, GivenAnswer, NewAnswer};
pub use attempts::{Attempt, AttemptEnd};
pub use audit::AuditFilter;
pub use batches::{BatchAnswer, BatchFile, BatchRow, BatchWaiting};
pub use broadcasts::{Advance, Tally};
pub use channel_reports::{ChannelFilter, ChannelReport};
pub use clock::CaseCount;
pub use console::{ConsoleFilter, ConsoleRow};
pub use contact_proofs::Shown;
pub use crowd::From as CrowdFrom;
pub use dead::{DeadFilter, DeadLetter};
pub use desk::{FirstLine, FirstLineCount, Scan, TakenDown};
pub use devices::ReportDevice;
pub use dispatches::DispatchRow;
pub use error::Error;
pub use georeport::{GeoRequest, GeoUpdate, RequestFilter, UpdateFilter, Viewer};
pub use glimpses::{Facts, Glimpse};
pub use held::{HeldReport, Hold, Noticed, Sighting};
pub use lanes::LaneState;
pub use lessons::Lesson;
pub use letterbox::LetterboxItem;
pub use letters::{Again, Bury, Relay, Settlement};
pub use login_tries::Try;
pub use mail_in::{MailIn, MailInWhat};
pub use mail_spool::Spooled;
pub use merged::{Before as BeforeMerged, Merged};
pub use near::{MOST as MOST_NEAR, spot};
pub use notice_counts::NoticeCount;
pub use notices::{About, AboutCase, NoticeEnd, NoticeRow, NoticeView};
pub use open311::{Open311Receipt, Open311Waiting};
pub use originals::Original;
pub use paper::{BatchState, NewPaper, Paper, PaperBatch, PaperState, Pressed};
pub use past::{Page, Past, PastRow, Reachable, Stretch};
pub use peek::DispatchPeek;
pub use people::{AddressKey, AddressKeys};
pub use photo_files::{DueFile, Lying};
pub use photos::{Lies, Photo, Size as PhotoSize, Small as SmallPhoto};
pub use proofs::Asked;
pub use publications::Unseen;
pub use ratings::{Rating, Score};
pub use receipts::ProviderNumber;
pub use reports::{Accepted, MOST_PHOTOS, NewReport, Receipt};
pub use retention::{Before, Pruned};
pub use rounds::{RoundClaim, RoundState};
pub use rulesets::{Activated, Activation, RulesInForce};
pub use sms_in::{SmsIn, SmsOut, SmsPart, SmsTalk};
pub use sql::statements;
pub use standing::Standing;
pub use store::{Counts, DbKind, Options, Store, Tx};
pub use tasks::{TaskEnd, TaskFilter};
pub use template_versions::TemplateVersion;
pub use tokens::{NoticeTokens, ProofTokens, Tokens};
pub use unread::Held;
pub use wrote::ToldBySms;

/// What every function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
