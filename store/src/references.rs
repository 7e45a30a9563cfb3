//! References: hi/lo. A block of numbers is taken from the counter in one committed statement,
//! which is safe across processes; within the block numbers are given out from memory. A crash
//! loses the rest of a block, and nobody misses it.

use crate::{Error, Result, Store, db::args, sql::sql};
use schemas::reference::{COUNT, Reference};
use std::{ops::Range, time::Duration};
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
pub(crate) struct Block {
    numbers: Range<u32>,
    seed: Option<u64>,
    size: u32,
    taken: Option<Instant>,
}

impl Store {
    /// `n` references that nobody was given before, in this process or another.
    ///
    /// # Errors
    /// [`Error::NoReferences`] when all ten million are given out.
    pub async fn references(&self, n: usize) -> Result<Vec<Reference>> {
        let mut block = self.inner.references.lock().await;
        let seed = match block.seed {
            Some(seed) => seed,
            None => *block.seed.insert(self.seed().await?),
        };
        let mut references = Vec::with_capacity(n);
        while references.len() < n {
            match block.numbers.next() {
                Some(number) => references.push(Reference::nth(number, seed)),
                None => self.take_block(&mut block, n - references.len()).await?,
            }
        }
        Ok(references)
    }

    async fn take_block(&self, block: &mut Block, wanted: usize) -> Result<()> {
        let quickly = block.taken.is_some_and(|at| at.elapsed() < Duration::from_secs(1));
        block.size = if quickly { (block.size * 2).min(LARGEST) } else { SMALLEST };
        let size = block.size.max(u32::try_from(wanted).unwrap_or(LARGEST).min(COUNT));
        let rows: Vec<(i64,)> = self.inner.db.write(TAKE_BLOCK, args![size]).await?;
        let end = rows.first().map(|(next,)| *next).ok_or_else(|| Error::broken("counter", "next", "reference"))?;
        let end = u32::try_from(end).ok().filter(|end| *end >= size);
        let end = end.ok_or_else(|| Error::broken("counter", "next", "reference"))?;
        if end - size >= COUNT {
            return Err(Error::NoReferences);
        }
        block.numbers = end - size..end.min(COUNT);
        block.taken = Some(Instant::now());
        Ok(())
    }

    /// The secret order of this city's references; chosen once.
    async fn seed(&self) -> Result<u64> {
        // The low half of a UUIDv7 is random.
        let random = self.ids().new_id().as_u64_pair().1 ^ self.ids().new_id().as_u64_pair().1.rotate_left(17);
        self.inner.db.exec(ADD_SEED, args![random.to_string()]).await?;
        // From the writer: on PostgreSQL another process may have been first.
        let rows: Vec<(String,)> = self.inner.db.write(SEED, args![]).await?;
        let seed = rows.first().and_then(|(seed,)| seed.parse().ok());
        seed.ok_or_else(|| Error::broken("setting", "value", "reference_seed"))
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
