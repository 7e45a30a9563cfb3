//! The block list: addresses and numbers by their key alone, domains and networks as they are.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, row},
    sql::sql,
};
use schemas::{
    Timestamp,
    block::{Block, BlockKind},
    id::from_micros,
};
use serde::Serialize;

sql! {
    both PUT_BLOCK = "INSERT INTO block (kind, key, until, reason, who, at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (kind, key) DO UPDATE SET until = excluded.until, reason = excluded.reason, who = excluded.who,
            at = excluded.at";
    both DROP_BLOCK = "DELETE FROM block WHERE kind = $1 AND key = $2 AND until > $3 RETURNING kind";
    both FORGET_BLOCKS = "DELETE FROM block WHERE until < $1";
    both BLOCKED = "SELECT block.kind, block.key, until, reason, who, at
        FROM (SELECT value ->> 'kind' AS what, value ->> 'key' AS of FROM json_each($1)) AS given
        JOIN block ON block.kind = given.what AND block.key = given.of
        WHERE until > $2 ORDER BY block.kind, block.key";
    both BLOCKS = "SELECT kind, key, until, reason, who, at FROM block WHERE until > $1 ORDER BY kind, key
        LIMIT CAST($2 AS bigint)";
}

#[derive(Serialize)]
struct Key<'a> {
    kind: &'static str,
    key: &'a str,
}

row! { "block", BlockRow { kind: String, key: String, until: i64, reason: String, who: String, at: i64 } }

impl BlockRow {
    fn read(self) -> Result<Block> {
        let kind = BlockKind::parse(&self.kind).ok_or_else(|| Error::broken("block", "kind", &self.key))?;
        let Self { key, until, reason, who, at, .. } = self;
        Ok(Block { kind, key, until: from_micros(until), reason, who, at: from_micros(at) })
    }
}

impl Tx {
    /// Blocks; what was blocked before is so until the new day, for the new reason.
    pub async fn put_block(&mut self, block: &Block) -> Result<()> {
        let Block { kind, key, until, reason, who, at } = block;
        let args = args![kind.as_str(), key.as_str(), *until, reason.as_str(), who.as_str(), *at];
        self.conn.exec(PUT_BLOCK, args).await.map(|_| ())
    }

    /// Blocks it no more. Gives whether it was blocked.
    pub async fn drop_block(&mut self, kind: BlockKind, key: &str) -> Result<bool> {
        let now = self.clock().now();
        let rows: Vec<(String,)> = self.conn.all(DROP_BLOCK, args![kind.as_str(), key, now]).await?;
        Ok(!rows.is_empty())
    }
}

impl Store {
    /// Which of these are blocked at `now`.
    pub async fn blocked(&self, keys: &[(BlockKind, String)], now: Timestamp) -> Result<Vec<Block>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = keys.iter().map(|(kind, key)| Key { kind: kind.as_str(), key }).collect();
        let mut args = vec![batch(&keys)?];
        args.extend(args![now]);
        let rows: Vec<BlockRow> = self.inner.db.all(BLOCKED, args).await?;
        rows.into_iter().map(BlockRow::read).collect()
    }

    /// What is blocked at `now`, at most so much.
    pub async fn blocks(&self, now: Timestamp, limit: usize) -> Result<Vec<Block>> {
        let rows: Vec<BlockRow> = self.inner.db.all(BLOCKS, args![now, limit]).await?;
        rows.into_iter().map(BlockRow::read).collect()
    }

    /// Forgets what was blocked until then.
    pub async fn forget_blocks(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(FORGET_BLOCKS, args![before]).await
    }
}
