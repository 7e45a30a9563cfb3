//! References: hi/lo. A block of numbers is taken from the counter in one committed statement,
//! which is safe across processes; within the block numbers are given out from memory. A crash
//! loses the rest of a block, and nobody misses it.

use crate::{
    DbKind, Error, Result, Store, Tx,
    db::args,
    sql::sql,
    store::{Inner, locked},
};
use schemas::reference::{COUNT, Reference};
use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Mutex, OnceLock},
    time::Duration,
};
use tokio::time::Instant;

/// The smallest block. Under load blocks double up to [`LARGEST`], so that taking them costs no
/// measurable share of the commits.
const SMALLEST: u32 = 64;
const LARGEST: u32 = 1024;

sql! {
    both TAKE_BLOCK = "INSERT INTO counter (name, next) VALUES ('reference', CAST($1 AS bigint))
        ON CONFLICT (name) DO UPDATE SET next = counter.next + excluded.next RETURNING next";
    both ADD_SEED = "INSERT INTO setting (name, value) VALUES ('reference_seed', $1) ON CONFLICT (name) DO NOTHING";
    both SEED = "SELECT value FROM setting WHERE name = 'reference_seed'";
}

/// The numbers this process may still give out.
#[derive(Default)]
pub(crate) struct References {
    numbers: Mutex<VecDeque<u32>>,
    seed: OnceLock<u64>,
    /// Held by who fetches a block: its size and when it was fetched.
    fetching: tokio::sync::Mutex<Option<(u32, Instant)>>,
}

impl References {
    /// Moves up to `n` numbers from memory to `to`.
    fn give(&self, to: &mut Vec<u32>, n: usize) {
        let mut numbers = locked(&self.numbers);
        let n = n.saturating_sub(to.len()).min(numbers.len());
        to.extend(numbers.drain(..n));
    }

    /// Adds numbers that are ours for good.
    pub(crate) fn add(&self, block: Option<Range<u32>>) {
        locked(&self.numbers).extend(block.into_iter().flatten());
    }
}

/// The block of `size` numbers that ends where the counter now stands.
fn block(rows: &[(i64,)], size: u32) -> Result<Range<u32>> {
    let end = rows.first().and_then(|(next,)| u32::try_from(*next).ok()).filter(|end| *end >= size);
    let end = end.ok_or_else(|| Error::broken("counter", "next", "reference"))?;
    // The last block may be cut short; what is beyond it would be given out twice.
    if end - size >= COUNT { Err(Error::NoReferences) } else { Ok(end - size..end.min(COUNT)) }
}

impl Inner {
    /// The secret order of this city's references, chosen when the tables were made.
    async fn seed(&self) -> Result<u64> {
        if let Some(seed) = self.references.seed.get() {
            return Ok(*seed);
        }
        let row: Option<(String,)> = self.db.one(SEED, args![]).await?;
        let seed = row.and_then(|(seed,)| seed.parse().ok());
        let seed = seed.ok_or_else(|| Error::broken("setting", "value", "reference_seed"))?;
        Ok(*self.references.seed.get_or_init(|| seed))
    }

    /// Fetches a block in a transaction of its own, for everybody who waits for one.
    async fn fetch_block(&self, wanted: usize, numbers: &mut Vec<u32>) -> Result<()> {
        let mut last = self.references.fetching.lock().await;
        // Somebody may have fetched one while we waited.
        self.references.give(numbers, wanted);
        let missing = wanted - numbers.len();
        if missing == 0 {
            return Ok(());
        }
        let size = match *last {
            Some((size, at)) if at.elapsed() < Duration::from_secs(1) => (size * 2).min(LARGEST),
            _ => SMALLEST,
        };
        let block_size = size.max(u32::try_from(missing).unwrap_or(COUNT).min(COUNT));
        let rows: Vec<(i64,)> = self.db.write(TAKE_BLOCK, args![block_size]).await?;
        *last = Some((size, Instant::now()));
        self.references.add(Some(block(&rows, block_size)?));
        Ok(())
    }
}

impl Store {
    /// `n` references that nobody was given before, in this process or another. Not while a
    /// transaction of the same task is open: see [`Tx::references`].
    ///
    /// # Errors
    /// [`Error::NoReferences`] when all ten million are given out.
    pub async fn references(&self, n: usize) -> Result<Vec<Reference>> {
        let inner = &*self.inner;
        let seed = inner.seed().await?;
        let mut numbers = Vec::with_capacity(n);
        inner.references.give(&mut numbers, n);
        while numbers.len() < n {
            inner.fetch_block(n, &mut numbers).await?;
            inner.references.give(&mut numbers, n);
        }
        Ok(numbers.into_iter().map(|number| Reference::nth(number, seed)).collect())
    }

    /// Chooses the secret order of the references, once in the life of a city.
    pub(crate) async fn choose_seed(&self) -> Result<()> {
        // The low half of a UUIDv7 is random, but for two bits.
        let random = self.ids().new_id().as_u64_pair().1 ^ self.ids().new_id().as_u64_pair().1.rotate_left(17);
        self.inner.db.exec(ADD_SEED, args![random.to_string()]).await.map(|_| ())
    }
}

impl Tx {
    /// `n` references that nobody was given before, from within a transaction. On SQLite there is
    /// one writer, and this is it: a block is taken in this transaction, and what is left of it is
    /// given out after the commit. On PostgreSQL it is taken beside it, so that nobody waits for
    /// this one.
    ///
    /// # Errors
    /// [`Error::NoReferences`] when all ten million are given out.
    pub async fn references(&mut self, n: usize) -> Result<Vec<Reference>> {
        let inner = self.inner.clone();
        let seed = inner.seed().await?;
        let mut numbers = Vec::with_capacity(n);
        if let Some(spare) = &mut self.spare {
            numbers.extend(spare.by_ref().take(n));
        }
        inner.references.give(&mut numbers, n);
        while numbers.len() < n {
            if inner.db.kind() == DbKind::Postgres {
                inner.fetch_block(n, &mut numbers).await?;
                inner.references.give(&mut numbers, n);
            } else {
                let size = LARGEST.max(u32::try_from(n - numbers.len()).unwrap_or(COUNT).min(COUNT));
                let rows: Vec<(i64,)> = self.conn.all(TAKE_BLOCK, args![size]).await?;
                let mut block = block(&rows, size)?;
                let missing = n - numbers.len();
                numbers.extend(block.by_ref().take(missing));
                self.spare = Some(block);
            }
        }
        Ok(numbers.into_iter().map(|number| Reference::nth(number, seed)).collect())
    }
}

/// A reference as it is kept: its eight digits as a number.
pub(crate) fn number(reference: Reference) -> i64 {
    reference.digits().parse().unwrap_or_default()
}

/// Reads [`number`].
pub(crate) fn read(number: i64) -> Option<Reference> {
    let reference = Reference::from_number(u32::try_from(number / 10).ok().filter(|n| *n < COUNT)?);
    (self::number(reference) == number).then_some(reference)
}
