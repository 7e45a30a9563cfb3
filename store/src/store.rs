//! The open store and its transactions.

use crate::{
    Error, Relay, Result,
    claims::Claims,
    db::{Conn, Db, Either, args},
    dialect, letters,
    references::References,
    sql::sql,
    wake::Wake,
    writer::{self, Writer},
};
use schemas::{
    Uuid,
    id::{Clock, Ids},
    letter::{Lane, Letter},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
};

/// How to open a [`Store`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Tells the time.
    pub clock: Clock,
    /// Makes ids and secrets.
    pub ids: Ids,
    /// Whether case events are also posted to the `events` lane.
    pub publish_events: bool,
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DbKind {
    /// One file, one process.
    Sqlite,
    /// A server, any number of processes.
    Postgres,
}

/// How much there is, for the health page and the demo.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Reports taken in.
    pub reports: u64,
    /// Cases opened.
    pub cases: u64,
    /// Cases that still wait for somebody.
    pub open_cases: u64,
    /// Dispatches, by state.
    pub dispatches: BTreeMap<String, u64>,
    /// Notices, by state.
    pub notices: BTreeMap<String, u64>,
    /// Letters that wait, now or later.
    pub letters: u64,
    /// Dead letters.
    pub dead: u64,
}

sql! {
    both PING = "SELECT CAST(1 AS bigint)";
    both COUNTS = "SELECT 'reports', CAST(count(*) AS bigint) FROM report
        UNION ALL SELECT 'cases', CAST(count(*) AS bigint) FROM cases
        UNION ALL SELECT 'open_cases', CAST(count(*) AS bigint) FROM cases WHERE closed_at IS NULL
        UNION ALL SELECT 'letters', CAST(count(*) AS bigint) FROM letter WHERE buried_at IS NULL
        UNION ALL SELECT 'dead', CAST(count(*) AS bigint) FROM letter WHERE buried_at IS NOT NULL
        UNION ALL SELECT 'dispatch.' || state, CAST(count(*) AS bigint) FROM dispatch GROUP BY state
        UNION ALL SELECT 'notice.' || state, CAST(count(*) AS bigint) FROM notice GROUP BY state";
}

/// What all clones of a store share.
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) options: Options,
    pub(crate) wake: Wake,
    pub(crate) claims: Claims,
    pub(crate) relay: RwLock<Option<Relay>>,
    /// Published letters whose rows can go.
    pub(crate) confirmed: Mutex<Vec<Uuid>>,
    pub(crate) references: References,
    /// Channels that are told what becomes of their reports.
    pub(crate) hooks: OnceLock<Vec<schemas::slug::Channel>>,
}

impl Inner {
    pub(crate) fn relay(&self) -> Option<Relay> {
        self.relay.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn begin(self: &Arc<Self>) -> Result<Tx> {
        Ok(Tx {
            conn: self.db.begin().await?,
            inner: self.clone(),
            posted: Vec::new(),
            touched: BTreeSet::new(),
            settled: Vec::new(),
            spare: None,
        })
    }
}

/// The rows. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
    pub(crate) writer: Writer,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({:?})", self.kind())
    }
}

impl Store {
    /// Opens the database at `url`: `sqlite:/path/file.db` (made when missing, with its folder) or
    /// `postgres://user@host:5432/name`. A SQLite file is locked for this process.
    ///
    /// PostgreSQL need not be there yet: calls answer [`Error::Unavailable`] until it is.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::InUse`], [`Error::File`], or what SQLite says of the file.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        Ok(Self::over(dialect::open(url, true).await?, options))
    }

    /// Opens the existing database at `url` beside a hub that may be using it: for commands that
    /// look, and that replay or drop dead letters. Never take letters from such a store.
    pub async fn open_beside(url: &str, options: Options) -> Result<Self> {
        Ok(Self::over(dialect::open(url, false).await?, options))
    }

    fn over(db: Db, options: Options) -> Self {
        let wake = match &db.pools {
            Either::Sqlite(_) => Wake::local(),
            Either::Postgres(pools) => Wake::everywhere(pools.loose.clone()),
        };
        let inner = Arc::new(Inner {
            db,
            options,
            wake,
            claims: Claims::default(),
            relay: RwLock::new(None),
            confirmed: Mutex::default(),
            references: References::default(),
            hooks: OnceLock::new(),
        });
        let writer = writer::start(inner.clone());
        Self { inner, writer }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.inner.db.one::<(i64,)>(PING, args![]).await.map(|_| ())
    }

    /// Which database.
    pub fn kind(&self) -> DbKind {
        self.inner.db.kind()
    }

    /// The clock it was opened with.
    pub fn clock(&self) -> &Clock {
        &self.inner.options.clock
    }

    /// The ids it was opened with.
    pub fn ids(&self) -> &Ids {
        &self.inner.options.ids
    }

    /// Writes what waits, closes every connection and gives the file free. Calls after this answer
    /// [`Error::Unavailable`].
    pub async fn close(&self) {
        self.writer.finish().await;
        if let Err(error) = self.flush_confirmed().await {
            tracing::debug!(%error, "published letters keep their rows; they will be published again");
        }
        self.inner.wake.stop();
        self.inner.db.close().await;
    }

    /// Starts a transaction. Keep it short, and never open across a call to the outside: on SQLite
    /// it holds up every other writer.
    pub async fn begin(&self) -> Result<Tx> {
        self.inner.begin().await
    }

    /// How much there is. Counts whole tables: for a page, not for a loop.
    pub async fn count(&self) -> Result<Counts> {
        let mut counts = Counts::default();
        for (what, n) in self.inner.db.all::<(String, i64)>(COUNTS, args![]).await? {
            let n = u64::try_from(n).unwrap_or_default();
            match (what.as_str(), what.split_once('.')) {
                ("reports", _) => counts.reports = n,
                ("cases", _) => counts.cases = n,
                ("open_cases", _) => counts.open_cases = n,
                ("letters", _) => counts.letters = n,
                ("dead", _) => counts.dead = n,
                (_, Some(("dispatch", state))) => _ = counts.dispatches.insert(state.to_owned(), n),
                (_, Some(("notice", state))) => _ = counts.notices.insert(state.to_owned(), n),
                _ => {}
            }
        }
        Ok(counts)
    }
}

/// One transaction. Dropped without [`Tx::commit`] it never happened.
pub struct Tx {
    pub(crate) conn: Conn,
    pub(crate) inner: Arc<Inner>,
    /// Letters to be written with the commit: one statement, however often `post` was called.
    pub(crate) posted: Vec<Letter>,
    /// Lanes whose readers may have something to do after the commit.
    pub(crate) touched: BTreeSet<Lane>,
    /// Letters that are nobody's any more after the commit.
    pub(crate) settled: Vec<Uuid>,
    /// Numbers of references that were taken in this transaction and not needed.
    pub(crate) spare: Option<std::ops::Range<u32>>,
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tx({} letters)", self.posted.len())
    }
}

impl Tx {
    /// The clock of the store.
    pub fn clock(&self) -> &Clock {
        &self.inner.options.clock
    }

    /// The ids of the store.
    pub fn ids(&self) -> &Ids {
        &self.inner.options.ids
    }

    /// Writes the posted letters and commits; then wakes their readers, or hands them to the relay.
    ///
    /// # Errors
    /// After an error nothing happened, with one exception that no database can rule out: when
    /// the connection breaks during the commit itself ([`Error::Unavailable`]), it may have.
    pub async fn commit(mut self) -> Result<()> {
        let relay = self.inner.relay();
        letters::write_posted(&mut self, relay.as_ref()).await?;
        let published = if relay.is_some() { letters::forget_published(&mut self).await? } else { Published::none() };
        let Self { conn, inner, mut posted, mut touched, settled, spare } = self;
        conn.commit().await?;
        published.gone();
        inner.claims.remove(&settled);
        inner.references.add(spare);
        if let Some(relay) = relay {
            // A letter for later is found by the sweeper when its time comes.
            posted.retain(|letter| letter.ready_at.is_none());
            if !posted.is_empty() && relay.sender.try_send(posted).is_err() {
                tracing::debug!("the relay is busy: the sweeper will find these letters");
            }
        } else {
            touched.extend(posted.into_iter().map(|letter| letter.lane));
        }
        inner.wake.lanes(touched);
        Ok(())
    }
}

/// Published letters whose rows are deleted in a transaction; put back if it does not commit.
pub(crate) struct Published {
    pub(crate) back: Option<(Arc<Inner>, Vec<Uuid>)>,
}

impl Published {
    pub(crate) fn none() -> Self {
        Self { back: None }
    }

    /// The transaction was committed.
    pub(crate) fn gone(mut self) {
        if let Some((inner, ids)) = self.back.take() {
            inner.claims.remove(&ids);
        }
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        if let Some((inner, ids)) = self.back.take() {
            inner.confirmed.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
        }
    }
}

/// The value of a mutex, even when a thread panicked while it held it: what we keep in them is
/// never half changed.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a call gets after [`Store::close`].
pub(crate) fn closed() -> Error {
    Error::Unavailable("the store is closed".to_owned())
}
