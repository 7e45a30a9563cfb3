//! References for reports that are kept inside a transaction that is open already.

use crate::{Error, Result, Tx, db::args, sql::sql};
use schemas::reference::{COUNT, Reference};

sql! {
    both TAKE_IN_TX = "INSERT INTO counter (name, next) VALUES ('reference', CAST($1 AS bigint))
        ON CONFLICT (name) DO UPDATE SET next = counter.next + excluded.next RETURNING next";
    both ADD_SEED_IN_TX = "INSERT INTO setting (name, value) VALUES ('reference_seed', $1) ON CONFLICT (name) DO NOTHING";
    both SEED_IN_TX = "SELECT value FROM setting WHERE name = 'reference_seed'";
}

impl Tx {
    /// `n` references that nobody was given before. [`crate::Store::references`] takes its blocks in
    /// a transaction of its own and must not be waited for while this one is open (on SQLite there
    /// is one writer). These are taken in this one: rolled back with it, and on PostgreSQL others
    /// who take a block wait for its commit, so it is for the few that memory cannot serve.
    ///
    /// # Errors
    /// [`Error::NoReferences`] when all ten million are given out.
    pub async fn references(&mut self, n: usize) -> Result<Vec<Reference>> {
        let size = u32::try_from(n).unwrap_or(COUNT).min(COUNT);
        let random = self.ids().new_id().as_u64_pair().1 ^ self.ids().new_id().as_u64_pair().1.rotate_left(17);
        self.conn.exec(ADD_SEED_IN_TX, args![random.to_string()]).await?;
        let seed: Vec<(String,)> = self.conn.all(SEED_IN_TX, args![]).await?;
        let seed = seed.first().and_then(|(seed,)| seed.parse().ok());
        let seed: u64 = seed.ok_or_else(|| Error::broken("setting", "value", "reference_seed"))?;
        let next: Vec<(i64,)> = self.conn.all(TAKE_IN_TX, args![size]).await?;
        let end = next.first().and_then(|(next,)| u32::try_from(*next).ok()).ok_or(Error::NoReferences)?;
        if end > COUNT {
            return Err(Error::NoReferences);
        }
        Ok((end - size..end).map(|number| Reference::nth(number, seed)).collect())
    }
}
