//! What can go wrong with rows, sorted by what the caller can do about it.

use uuid::Uuid;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database is away, busy or restarting: the same call may work in a moment.
    #[error("the database cannot be reached or is busy: {0}")]
    Unavailable(String),
    /// Another process holds the file.
    #[error(
        "another voordeur already uses {0}: stop it first, or give this one its own file (a SQLite store has one process; use PostgreSQL for several)"
    )]
    InUse(String),
    /// A row holds something that this program never writes.
    #[error("table {table}, column {column}: row {key} holds a value that cannot be read")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The primary key of the row.
        key: String,
    },
    /// Somebody else wrote this version of the case first: read it again and try again.
    #[error("case {case} already has another event as its version {version}")]
    Stale {
        /// The case.
        case: Uuid,
        /// The version that is taken.
        version: i64,
    },
    /// The tables are not the ones this program needs.
    #[error("{0}")]
    Schema(String),
    /// The address of the database cannot be read.
    #[error("{0}")]
    Url(String),
    /// All ten million references are given out.
    #[error("all references of eight digits have been given out")]
    NoReferences,
    /// A value could not be written as JSON.
    #[error("a value cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The lock file or the folder of the database cannot be used.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database refused a statement.
    #[error("the database refused: {message} ({code})")]
    Sql {
        /// SQLSTATE, or SQLite's extended result code.
        code: String,
        /// The database's own words; never its details, which quote the row.
        message: String,
    },
}

impl Error {
    /// Whether the same call may work in a moment, unchanged.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Stale { .. })
    }

    /// A row that this program never wrote.
    pub(crate) fn broken(table: &'static str, column: &'static str, key: impl ToString) -> Self {
        Self::Inconsistent { table, column, key: key.to_string() }
    }
}
