//! Every difference between SQLite and PostgreSQL that is not beside its twin in a `sql!` list:
//! how to open, how to begin, and what an error code means.

use crate::{
    Error, Result,
    db::{Db, Either, PgPools, SqlitePools},
};
use sqlx::{
    ConnectOptions as _, Connection as _,
    error::DatabaseError,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    time::Duration,
};

/// SQLite: take the write lock at once. Under a plain `BEGIN` a transaction that reads first and
/// writes later fails when somebody wrote in between.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

/// How long a caller waits for a connection before it is told that the database is away.
const PATIENCE: Duration = Duration::from_secs(3);

/// Settings of every connection to PostgreSQL. One plan for ever: planning anew would cost more
/// than most statements. A plan that was made while a table was small must therefore stay good
/// when it grows, so plans that read a table whole are ruled out here and in [`BY_KEY`]; a test
/// asks for the plan of every statement.
const EVERYWHERE: [(&str, &str); 8] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
    // A server or network that hangs must not hold a caller for ever.
    ("statement_timeout", "60s"),
    ("lock_timeout", "20s"),
    ("idle_in_transaction_session_timeout", "60s"),
];

/// Batches are looked up by key. Only a bitmap scan cannot be a scan of the whole index, which the
/// planner otherwise takes for a good way to join a batch with a table that looks small.
const BY_KEY: [(&str, &str); 2] = [("enable_indexscan", "off"), ("enable_indexonlyscan", "off")];

/// What is read in the order of an index (the next letters, a list), and what may be lost with
/// the server (a lease: after a crash the letter is ready again).
const IN_ORDER: [(&str, &str); 2] = [("enable_bitmapscan", "off"), ("synchronous_commit", "off")];

/// Opens the database that `url` names; `alone` when this process will handle letters.
pub(crate) async fn open(url: &str, alone: bool) -> Result<Db> {
    match url.split_once(':') {
        Some(("sqlite", path)) => sqlite(path, alone).await,
        Some(("postgres" | "postgresql", _)) => postgres(url),
        _ => Err(Error::Url(
            "the address of the database must begin with sqlite: or postgres:, for instance sqlite:/var/lib/voordeur/voordeur.db"
                .to_owned(),
        )),
    }
}

async fn sqlite(path: &str, alone: bool) -> Result<Db> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.starts_with(':') || path.contains('?') {
        return Err(Error::Url("sqlite: needs the path of a file, for instance sqlite:voordeur.db".to_owned()));
    }
    let lock = if alone { exclusive(path)? } else { existing(path)? };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(alone)
        .journal_mode(SqliteJournalMode::Wal)
        // An accepted report survives a power cut. With group commit NORMAL is no faster.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(256)
        // A batch is at most 256 rows: the worker thread never waits for the reader of its rows.
        .row_buffer_size(512)
        .pragma("temp_store", "memory")
        // 16 MB between checkpoints instead of 4: fewer fsyncs of the main file under load.
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging();
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(PATIENCE * 3)
        .connect_with(options.clone().pragma("cache_size", "-32768"))
        .await?;
    let read = SqlitePoolOptions::new()
        .max_connections(4)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(PATIENCE * 3)
        .connect_lazy_with(options.pragma("cache_size", "-8192").pragma("query_only", "on"));
    Ok(Db { pools: Either::Sqlite(SqlitePools { write, read, lock }) })
}

/// Takes `<path>.lock` for this process: claims are kept in memory, so a second process would
/// handle letters twice.
fn exclusive(path: &str) -> Result<File> {
    let name = format!("{path}.lock");
    let file = |source| Error::File { path: name.clone(), source };
    if let Some(folder) = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(file)?;
    }
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(file)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(file(source)),
    }
}

/// The lock file, without the lock. The database must be there: a command that looks makes none.
/// (Not the database itself: closing a second handle of it would drop SQLite's own locks.)
fn existing(path: &str) -> Result<File> {
    let file = |source| Error::File { path: path.to_owned(), source };
    std::fs::metadata(path).map_err(file)?;
    OpenOptions::new().create(true).truncate(false).write(true).open(format!("{path}.lock")).map_err(file)
}

fn postgres(url: &str) -> Result<Db> {
    let options: PgConnectOptions = url.parse().map_err(|_| {
        Error::Url("the address of PostgreSQL must look like postgres://user@host:5432/voordeur".to_owned())
    })?;
    let options = match (options.get_ssl_mode(), options.get_host()) {
        // Within one machine TLS protects nothing, and it writes a batch in records smaller than
        // a segment of the loopback: with the driver's Nagle each batch then waits 40 ms.
        (PgSslMode::Prefer, "localhost" | "127.0.0.1" | "::1" | "[::1]") => options.ssl_mode(PgSslMode::Disable),
        _ => options,
    };
    let options = options
        .application_name("voordeur")
        .statement_cache_capacity(256)
        .options(EVERYWHERE)
        .disable_statement_logging();
    let pool = |connections| {
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .idle_timeout(Duration::from_secs(60))
            // A ping costs a round trip: only connections that rested are asked whether they live.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > Duration::from_secs(1) {
                        return Ok(connection.ping().await.is_ok());
                    }
                    Ok(true)
                })
            })
    };
    let main = pool(10).connect_lazy_with(options.clone().options(BY_KEY));
    let loose = pool(4).connect_lazy_with(options.options(IN_ORDER));
    Ok(Db { pools: Either::Postgres(PgPools { main, loose }) })
}

/// Sorts what the driver says into what the caller can do about it. Only code and message are
/// kept: the details of a PostgreSQL error quote the row.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) if passes(&*error) => Self::Unavailable(error.message().to_owned()),
            sqlx::Error::Database(error) => Self::Sql {
                code: error.code().map(|code| code.into_owned()).unwrap_or_default(),
                message: error.message().to_owned(),
            },
            sqlx::Error::Decode(inner) => match inner.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(inner) => Self::Sql { code: "decode".to_owned(), message: inner.to_string() },
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(error.to_string()),
            other => Self::Sql { code: "driver".to_owned(), message: other.to_string() },
        }
    }
}

/// Whether this error may pass by itself.
fn passes(error: &(dyn DatabaseError + 'static)) -> bool {
    let Some(code) = error.code() else { return false };
    if code.len() < 5 {
        let code: u32 = code.parse().unwrap_or_default();
        // SQLite, primary result codes: BUSY, LOCKED, IOERR, FULL, CANTOPEN, PROTOCOL.
        return matches!(code & 0xff, 5 | 6 | 10 | 13 | 14 | 15);
    }
    // PostgreSQL, appendix A: connection exception, insufficient resources, operator
    // intervention (restart, time-out, cancelled), serialization and deadlock, lock time-out,
    // a standby that is read-only, a transaction that was idle for too long.
    matches!(code.get(..2), Some("08" | "53" | "57"))
        || matches!(&*code, "40001" | "40P01" | "55P03" | "25006" | "25P03" | "58030")
}
