//! Two databases, one text. [`Either`] holds the SQLite or the PostgreSQL form of a thing and
//! `each!` writes one expression for both; the rest of the crate only calls [`Db`] and [`Conn`]
//! with a constant text and its arguments.

use crate::{DbKind, Error, Result, dialect};
use schemas::{Timestamp, Uuid};
use sqlx::{
    AssertSqlSafe, ColumnIndex, Decode, FromRow, Postgres, Sqlite, Transaction, Type,
    postgres::{PgPool, PgRow},
    sqlite::{SqlitePool, SqliteRow},
};
use std::fs::File;

/// The SQLite or the PostgreSQL form of something.
pub(crate) enum Either<S, P> {
    Sqlite(S),
    Postgres(P),
}

/// One expression, compiled for both databases.
macro_rules! each {
    ($on:expr, $c:ident => $body:expr) => {
        match $on {
            $crate::db::Either::Sqlite($c) => $body,
            $crate::db::Either::Postgres($c) => $body,
        }
    };
}

/// A value given to a statement as `$1`, `$2`, …
pub(crate) enum Arg {
    Text(String),
    MaybeText(Option<String>),
    Int(i64),
    MaybeInt(Option<i64>),
    Bytes(Vec<u8>),
    MaybeBytes(Option<Vec<u8>>),
}

macro_rules! arg {
    ($($from:ty => |$v:ident| $to:expr),* $(,)?) => {$(
        impl From<$from> for Arg {
            fn from($v: $from) -> Self {
                $to
            }
        }
    )*};
}
arg! {
    String => |v| Self::Text(v),
    &str => |v| Self::Text(v.to_owned()),
    Uuid => |v| Self::Text(v.to_string()),
    Option<String> => |v| Self::MaybeText(v),
    i64 => |v| Self::Int(v),
    Option<i64> => |v| Self::MaybeInt(v),
    usize => |v| Self::Int(i64::try_from(v).unwrap_or(i64::MAX)),
    u32 => |v| Self::Int(i64::from(v)),
    Timestamp => |v| Self::Int(v.as_microsecond()),
    Option<Timestamp> => |v| Self::MaybeInt(v.map(|at| at.as_microsecond())),
    Vec<u8> => |v| Self::Bytes(v),
    Option<Vec<u8>> => |v| Self::MaybeBytes(v),
    Option<u32> => |v| Self::MaybeInt(v.map(i64::from)),
}

/// The arguments of a statement.
macro_rules! args {
    ($($arg:expr),* $(,)?) => { vec![$($crate::db::Arg::from($arg)),*] };
}
pub(crate) use args;

macro_rules! bound {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg {
                Arg::Text(v) => query.bind(v),
                Arg::MaybeText(v) => query.bind(v),
                Arg::Int(v) => query.bind(v),
                Arg::MaybeInt(v) => query.bind(v),
                Arg::Bytes(v) => query.bind(v),
                Arg::MaybeBytes(v) => query.bind(v),
            };
        }
        query
    }};
}

/// A row that reads the same from both databases.
pub(crate) trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A struct whose fields are the columns of a statement, in their order. The first column is the
/// key: an unreadable column is reported as [`Error::Inconsistent`] with it.
macro_rules! row {
    ($table:literal, $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        pub(crate) struct $name { $(pub(crate) $field: $type),* }
        impl<'r, R> sqlx::FromRow<'r, R> for $name
        where
            R: sqlx::Row,
            usize: sqlx::ColumnIndex<R>,
            String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            bool: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            Vec<u8>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
        {
            fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
                let mut at = 0..;
                Ok(Self { $($field: {
                    let i: usize = at.next().unwrap_or_default();
                    $crate::db::column::<$type, R>(row, i, $table, stringify!($field))?
                }),* })
            }
        }
    };
}
pub(crate) use row;

/// Column `i` of `row`, or which row of which table cannot be read.
pub(crate) fn column<'r, T, R>(
    row: &'r R,
    i: usize,
    table: &'static str,
    column: &'static str,
) -> Result<T, sqlx::Error>
where
    R: sqlx::Row,
    usize: ColumnIndex<R>,
    T: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    row.try_get(i).map_err(|_| {
        let key: String = row.try_get(0).unwrap_or_default();
        sqlx::Error::Decode(Box::new(Error::broken(table, column, key)))
    })
}

/// The open database.
pub(crate) struct Db {
    pub(crate) pools: Either<SqlitePools, PgPools>,
}

/// SQLite: one connection writes, some read.
pub(crate) struct SqlitePools {
    pub(crate) write: SqlitePool,
    pub(crate) read: SqlitePool,
    /// Held as long as the store is open: embedded is one process.
    pub(crate) lock: File,
}

/// PostgreSQL: `main` finds rows by key and commits durably; `loose` reads in the order of an index
/// and writes what may be lost with the server: leases, wake-ups.
pub(crate) struct PgPools {
    pub(crate) main: PgPool,
    pub(crate) loose: PgPool,
}

impl Db {
    pub(crate) fn kind(&self) -> DbKind {
        match self.pools {
            Either::Sqlite(_) => DbKind::Sqlite,
            Either::Postgres(_) => DbKind::Postgres,
        }
    }

    fn reader(&self) -> Either<&SqlitePool, &PgPool> {
        match &self.pools {
            Either::Sqlite(pools) => Either::Sqlite(&pools.read),
            Either::Postgres(pools) => Either::Postgres(&pools.main),
        }
    }

    fn writer(&self) -> Either<&SqlitePool, &PgPool> {
        match &self.pools {
            Either::Sqlite(pools) => Either::Sqlite(&pools.write),
            Either::Postgres(pools) => Either::Postgres(&pools.main),
        }
    }

    fn loose(&self) -> Either<&SqlitePool, &PgPool> {
        match &self.pools {
            Either::Sqlite(pools) => Either::Sqlite(&pools.read),
            Either::Postgres(pools) => Either::Postgres(&pools.loose),
        }
    }

    /// Every row of a statement that only reads.
    pub(crate) async fn all<R: Row>(&self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<R>> {
        Ok(each!(self.reader(), on => bound!(sqlx::query_as::<_, R>(sql), args).fetch_all(on).await)?)
    }

    /// The row of a statement that only reads, if there is one.
    pub(crate) async fn one<R: Row>(&self, sql: &'static str, args: Vec<Arg>) -> Result<Option<R>> {
        Ok(each!(self.reader(), on => bound!(sqlx::query_as::<_, R>(sql), args).fetch_optional(on).await)?)
    }

    /// Runs one statement as its own durable transaction; returns its rows.
    pub(crate) async fn write<R: Row>(&self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<R>> {
        Ok(each!(self.writer(), on => bound!(sqlx::query_as::<_, R>(sql), args).fetch_all(on).await)?)
    }

    /// Runs one statement as its own durable transaction; returns how many rows it changed.
    pub(crate) async fn exec(&self, sql: &'static str, args: Vec<Arg>) -> Result<u64> {
        Ok(each!(self.writer(), on => bound!(sqlx::query(sql), args).execute(on).await.map(|r| r.rows_affected()))?)
    }

    /// Rows in the order of an index; on PostgreSQL also a write that may be lost with the server.
    pub(crate) async fn ordered<R: Row>(&self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<R>> {
        Ok(each!(self.loose(), on => bound!(sqlx::query_as::<_, R>(sql), args).fetch_all(on).await)?)
    }

    /// Starts a transaction; on SQLite it is the only one that writes, from the start.
    ///
    /// It is started by a task of its own: whoever gives up in the middle (a visitor who leaves) would
    /// otherwise hand a connection back to the pool with a transaction open that the driver knows nothing of,
    /// and what others write on it next would wait for a commit that never comes.
    pub(crate) async fn begin(&self) -> Result<Conn> {
        let started = match &self.pools {
            Either::Sqlite(pools) => {
                let pool = pools.write.clone();
                tokio::spawn(async move { Ok(Conn(Either::Sqlite(pool.begin_with(dialect::BEGIN).await?))) })
            }
            Either::Postgres(pools) => {
                let pool = pools.main.clone();
                tokio::spawn(async move { Ok(Conn(Either::Postgres(pool.begin().await?))) })
            }
        };
        started.await.map_err(|gone| Error::Unavailable(format!("the transaction was not started: {gone}")))?
    }

    /// Closes every connection and gives the file free.
    pub(crate) async fn close(&self) {
        match &self.pools {
            Either::Sqlite(pools) => {
                pools.read.close().await;
                pools.write.close().await;
                // An error only means that the lock goes with the process instead.
                _ = pools.lock.unlock();
            }
            Either::Postgres(pools) => {
                pools.loose.close().await;
                pools.main.close().await;
            }
        }
    }
}

/// A connection inside a transaction.
pub(crate) struct Conn(Either<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>);

impl Conn {
    /// The text for this database.
    pub(crate) fn pick(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.0 {
            Either::Sqlite(_) => sqlite,
            Either::Postgres(_) => postgres,
        }
    }

    /// Every row of a statement.
    pub(crate) async fn all<R: Row>(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<R>> {
        Ok(each!(&mut self.0, on => bound!(sqlx::query_as::<_, R>(sql), args).fetch_all(&mut **on).await)?)
    }

    /// Runs a statement; returns how many rows it changed.
    pub(crate) async fn exec(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<u64> {
        let done = each!(&mut self.0, on => bound!(sqlx::query(sql), args)
            .execute(&mut **on).await.map(|done| done.rows_affected()));
        Ok(done?)
    }

    /// Runs a text of several statements without arguments: a migration, never anything from
    /// outside.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<()> {
        each!(&mut self.0, on => sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut **on).await.map(|_| ()))?;
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<()> {
        Ok(each!(self.0, on => on.commit().await)?)
    }
}

/// A batch as the one JSON parameter of its statement.
pub(crate) fn batch<T: serde::Serialize>(rows: &[T]) -> Result<Arg> {
    Ok(Arg::Text(serde_json::to_string(rows)?))
}

/// Ids as the one JSON parameter of a statement: `[{"id":"…"}]`.
pub(crate) fn batch_ids<'a>(ids: impl IntoIterator<Item = &'a Uuid>) -> Arg {
    let mut text = String::from("[");
    let mut buffer = Uuid::encode_buffer();
    for id in ids {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str("{\"id\":\"");
        text.push_str(id.hyphenated().encode_lower(&mut buffer));
        text.push_str("\"}");
    }
    text.push(']');
    Arg::Text(text)
}
