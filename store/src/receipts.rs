//! What providers say of notices that they took: kept as it comes, in whatever order.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    sql::sql,
};
use schemas::{
    Uuid,
    id::from_micros,
    notice::{Heard, HeardState},
};
use serde::Serialize;

sql! {
    both HEAR = "INSERT INTO receipt (id, notice_id, provider, number, state, why, at, heard_at)
        VALUES ($1, coalesce($2, (SELECT notice_id FROM provider_number WHERE provider = $3 AND number = $4)), $3, $4,
            $5, $6, $7, $8)
        ON CONFLICT (id) DO NOTHING";
    both OF_RECEIPT = "SELECT notice_id FROM receipt WHERE id = $1";
    both OF_NOTICE = "SELECT notice_id, provider, number, state, why, at FROM receipt WHERE notice_id = $1
        ORDER BY at, heard_at, id";
    both HEARD_OF = "SELECT DISTINCT notice_id FROM receipt
        WHERE notice_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both NUMBER = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO provider_number (provider, number, notice_id)
        SELECT value ->> 'provider', value ->> 'number', value ->> 'notice' FROM batch WHERE TRUE
        ON CONFLICT (provider, number) DO NOTHING";
    both CLAIM = "UPDATE receipt SET notice_id = given.notice
        FROM (SELECT value ->> 'provider' AS by, value ->> 'number' AS nth, value ->> 'notice' AS notice
            FROM json_each($1)) AS given
        WHERE receipt.notice_id IS NULL AND receipt.provider = given.by AND receipt.number = given.nth
        RETURNING receipt.notice_id";
    both NUMBERS = "SELECT number FROM provider_number WHERE notice_id = $1 ORDER BY number";
}

/// The number that a provider gave to a message of ours, or to one part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderNumber {
    /// Who gave it.
    pub provider: String,
    /// The number, as their receipts will write it.
    pub number: String,
    /// The notice.
    pub notice: Uuid,
}

row! { "receipt", ReceiptRow {
    notice_id: Option<String>, provider: String, number: Option<String>, state: String, why: Option<String>, at: i64,
} }

impl ReceiptRow {
    fn read(self) -> Result<Heard> {
        let broken = |column| Error::broken("receipt", column, &self.provider);
        Ok(Heard {
            notice: self.notice_id.map(|id| id.parse()).transpose().map_err(|_| broken("notice_id"))?,
            state: HeardState::parse(&self.state).ok_or_else(|| broken("state"))?,
            at: from_micros(self.at),
            provider: self.provider,
            number: self.number,
            why: self.why,
        })
    }
}

impl Tx {
    /// Keeps what was heard, under `id`, and tells which notice it is about. `None` while the number is
    /// not known yet: [`Tx::number_notices`] finds it again.
    pub async fn hear(&mut self, id: Uuid, heard: &Heard) -> Result<Option<Uuid>> {
        let now = self.clock().now();
        let (notice, provider) = (heard.notice.map(|id| id.to_string()), heard.provider.as_str());
        let (number, why, state) = (heard.number.clone(), heard.why.clone(), heard.state.as_str());
        self.conn.exec(HEAR, args![id, notice, provider, number, state, why, heard.at, now]).await?;
        let rows: Vec<(Option<String>,)> = self.conn.all(OF_RECEIPT, args![id]).await?;
        let notice = rows.into_iter().next().and_then(|(notice,)| notice);
        notice.map(|id| id.parse()).transpose().map_err(|_| Error::broken("receipt", "notice_id", id))
    }

    /// Everything heard of a notice, in the order it happened, as far as they say.
    pub async fn heard_of(&mut self, notice: Uuid) -> Result<Vec<Heard>> {
        let rows: Vec<ReceiptRow> = self.conn.all(OF_NOTICE, args![notice]).await?;
        rows.into_iter().map(ReceiptRow::read).collect()
    }

    /// Of which of these notices something was heard already.
    pub async fn heard_already(&mut self, notices: &[Uuid]) -> Result<Vec<Uuid>> {
        if notices.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(String,)> = self.conn.all(HEARD_OF, vec![batch_ids(notices)]).await?;
        let mut notices: Vec<Uuid> = rows.iter().filter_map(|(id,)| id.parse().ok()).collect();
        notices.sort_unstable();
        Ok(notices)
    }

    /// Keeps the numbers that providers gave, and tells of which of these notices something was heard
    /// already, before its number was known.
    pub async fn number_notices(&mut self, numbers: &[ProviderNumber]) -> Result<Vec<Uuid>> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        self.conn.exec(NUMBER, vec![batch(numbers)?]).await?;
        let rows: Vec<(String,)> = self.conn.all(CLAIM, vec![batch(numbers)?]).await?;
        let mut notices: Vec<Uuid> = rows.iter().filter_map(|(id,)| id.parse().ok()).collect();
        notices.sort_unstable();
        notices.dedup();
        Ok(notices)
    }

    /// The numbers of a notice: one per part of its message.
    pub async fn numbers_of(&mut self, notice: Uuid) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = self.conn.all(NUMBERS, args![notice]).await?;
        Ok(rows.into_iter().map(|(number,)| number).collect())
    }
}

impl Store {
    /// Everything heard of a notice, in the order it happened, as far as they say.
    pub async fn heard_of(&self, notice: Uuid) -> Result<Vec<Heard>> {
        let rows: Vec<ReceiptRow> = self.inner.db.all(OF_NOTICE, args![notice]).await?;
        rows.into_iter().map(ReceiptRow::read).collect()
    }
}
