//! `sql!` names a statement and puts it on the list that a test prepares on both databases.
//!
//! House rules for every text, each from a trap that was sprung:
//! - `CAST(x AS bigint)`, never `::`; every computed column is cast;
//! - batches are one JSON array of objects, read with `json_each($1)` and `value ->> 'name'`;
//! - when several fields are read, `value` comes from `WITH batch AS MATERIALIZED (…)`: SQLite renders
//!   it anew at each mention, which was a fifth of the time of a batch;
//! - `WHERE TRUE` before `ON CONFLICT` when selecting from `json_each`;
//! - a key at most once per batch with `DO UPDATE` (PostgreSQL refuses it otherwise);
//! - no JSON operators on stored columns, no `= ANY`, `ILIKE`, `greatest`, `now()`;
//! - rows are written in the order of their ids, so that two transactions never wait for each
//!   other in a circle.

use crate::DbKind;

/// One SQL text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
    pub(crate) only: Option<DbKind>,
}

macro_rules! sql {
    ($($(#[$doc:meta])* $on:ident $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $text;)*
        /// Every statement of this file.
        pub(crate) const STATEMENTS: &[$crate::sql::Statement] =
            &[$($crate::sql::Statement { name: stringify!($name), sql: $name, only: $crate::sql::on!($on) }),*];
    };
}

macro_rules! on {
    (both) => {
        None
    };
    (sqlite) => {
        Some($crate::DbKind::Sqlite)
    };
    (postgres) => {
        Some($crate::DbKind::Postgres)
    };
}
pub(crate) use {on, sql};

/// Every SQL text that runs on `kind`, with its name: what a test prepares.
pub fn statements(kind: DbKind) -> Vec<(&'static str, &'static str)> {
    [
        crate::accounts::STATEMENTS,
        crate::answers::STATEMENTS,
        crate::api_keys::STATEMENTS,
        crate::arrived::STATEMENTS,
        crate::attempts::STATEMENTS,
        crate::audit::STATEMENTS,
        crate::batches::STATEMENTS,
        crate::blocks::STATEMENTS,
        crate::broadcasts::STATEMENTS,
        crate::cases::STATEMENTS,
        crate::channel_reports::STATEMENTS,
        crate::clock::STATEMENTS,
        crate::console::STATEMENTS,
        crate::contact_proofs::STATEMENTS,
        crate::contested::STATEMENTS,
        crate::corrections::STATEMENTS,
        crate::crowd::STATEMENTS,
        crate::dead::STATEMENTS,
        crate::desk::STATEMENTS,
        crate::devices::STATEMENTS,
        crate::dispatches::STATEMENTS,
        crate::events::STATEMENTS,
        crate::forget::STATEMENTS,
        crate::gathered::STATEMENTS,
        crate::geocoded::STATEMENTS,
        crate::georeport::STATEMENTS,
        crate::glimpses::STATEMENTS,
        crate::held::STATEMENTS,
        crate::hooks::STATEMENTS,
        crate::inbox::STATEMENTS,
        crate::lanes::STATEMENTS,
        crate::lessons::STATEMENTS,
        crate::letterbox::STATEMENTS,
        crate::letters::STATEMENTS,
        crate::load::STATEMENTS,
        crate::login_tries::STATEMENTS,
        crate::mail_in::STATEMENTS,
        crate::mail_spool::STATEMENTS,
        crate::mailed::STATEMENTS,
        crate::merged::STATEMENTS,
        crate::migrations::STATEMENTS,
        crate::near::STATEMENTS,
        crate::notice_counts::STATEMENTS,
        crate::notices::STATEMENTS,
        crate::open311::STATEMENTS,
        crate::originals::STATEMENTS,
        crate::own_reports::STATEMENTS,
        crate::paper::STATEMENTS,
        crate::past::STATEMENTS,
        crate::peek::STATEMENTS,
        crate::people::STATEMENTS,
        crate::photo_files::STATEMENTS,
        crate::photo_owners::STATEMENTS,
        crate::photos::STATEMENTS,
        crate::places::STATEMENTS,
        crate::proofs::STATEMENTS,
        crate::publications::STATEMENTS,
        crate::references::STATEMENTS,
        crate::ratings::STATEMENTS,
        crate::receipts::STATEMENTS,
        crate::soft_bounces::STATEMENTS,
        crate::reports::STATEMENTS,
        crate::retention::STATEMENTS,
        crate::rounds::STATEMENTS,
        crate::rulesets::STATEMENTS,
        crate::secret::STATEMENTS,
        crate::sessions::STATEMENTS,
        crate::sms_in::STATEMENTS,
        crate::standing::STATEMENTS,
        crate::store::STATEMENTS,
        crate::tasks::STATEMENTS,
        crate::template_versions::STATEMENTS,
        crate::their_numbers::STATEMENTS,
        crate::tries::STATEMENTS,
        crate::unread::STATEMENTS,
        crate::wrote::STATEMENTS,
        crate::wake::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .filter(|statement| statement.only.is_none_or(|only| only == kind))
    .map(|statement| (statement.name, statement.sql))
    .collect()
}
