//! What people of the city did, written beside its effect. Only added to: triggers refuse a change, and what is
//! younger than the term that the city set does not go.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, row},
    dead::literal,
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    audit::{Deed, Entry},
    id::from_micros,
    text::clean_line,
};
use serde::Serialize;

/// The most characters of a name.
const MOST_NAME: usize = 100;
/// The most characters of what something was done to, and of why.
const MOST_WORDS: usize = 300;

/// Which entries; everything that is left out counts.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Since this moment.
    pub since: Option<Timestamp>,
    /// Only of this person, large letters or small.
    pub who: Option<String>,
    /// Only this deed: [`Deed::as_str`].
    pub deed: Option<String>,
    /// Only what was done to something that holds these characters: a reference, an id, a key.
    pub what: Option<String>,
    /// At most so many; the newest first.
    pub limit: usize,
}

sql! {
    both ADD = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO audit (id, at, who, deed, what, why)
        SELECT value ->> 'id', CAST($2 AS bigint), CAST($3 AS text), CAST($4 AS text), value ->> 'what', CAST($5 AS text)
        FROM batch WHERE TRUE";
    both LIST = "SELECT id, at, who, deed, what, why FROM audit
        WHERE at >= $1 AND (CAST($2 AS text) IS NULL OR LOWER(who) = LOWER($2))
            AND (CAST($3 AS text) IS NULL OR deed = $3) AND (CAST($4 AS text) IS NULL OR what LIKE $4 ESCAPE '!')
        ORDER BY at DESC, id DESC LIMIT CAST($5 AS bigint)";
    both TERM = "INSERT INTO setting (name, value) VALUES ('audit_term', $1)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    both FORGET = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at, id
        LIMIT CAST($2 AS bigint))";
    both COUNT = "SELECT CAST(count(*) AS bigint) FROM audit WHERE at < $1";
}

#[derive(Serialize)]
struct NewRow {
    id: Uuid,
    what: String,
}

row! { "audit", AuditRow { id: String, at: i64, who: String, deed: String, what: String, why: String } }

impl AuditRow {
    fn read(self) -> Result<Entry> {
        let id = self.id.parse().map_err(|_| Error::broken("audit", "id", &self.id))?;
        let Self { at, who, deed, what, why, .. } = self;
        Ok(Entry { id, at: from_micros(at), who, deed, what, why })
    }
}

/// One line of at most so many characters.
fn short(text: &str, most: usize) -> String {
    clean_line(text).chars().take(most).collect()
}

impl Tx {
    /// Writes down that `who` did `deed` to `what`, and `why` (may be empty), if this transaction is committed. No
    /// personal data of residents: an address by its key, a case by its reference. Longer than 300 characters is cut.
    pub async fn audit(&mut self, who: &str, deed: Deed, what: &str, why: &str) -> Result<()> {
        self.audit_each(who, deed, &[what.to_owned()], why).await
    }

    /// The same for many at once, one entry each.
    pub async fn audit_each(&mut self, who: &str, deed: Deed, whats: &[String], why: &str) -> Result<()> {
        if whats.is_empty() {
            return Ok(());
        }
        let now = self.clock().now();
        let new = |what: &String| NewRow { id: self.ids().new_id(), what: short(what, MOST_WORDS) };
        let mut rows: Vec<NewRow> = whats.iter().map(new).collect();
        rows.sort_by_key(|row| row.id);
        let mut args = vec![batch(&rows)?];
        args.extend(args![now, short(who, MOST_NAME), deed.as_str(), short(why, MOST_WORDS)]);
        self.conn.exec(ADD, args).await.map(|_| ())
    }

    /// Forgets at most `limit` entries from before this moment, which must be that of the city's term.
    pub(crate) async fn forget_audit(&mut self, before: Timestamp, limit: usize) -> Result<u64> {
        self.conn.exec(TERM, args![before.as_microsecond().to_string()]).await?;
        self.conn.exec(FORGET, args![before, limit]).await
    }
}

impl Store {
    /// What people did, the newest first.
    pub async fn audit(&self, filter: AuditFilter) -> Result<Vec<Entry>> {
        let AuditFilter { since, who, deed, what, limit } = filter;
        let what = what.map(|what| format!("%{}%", literal(&what)));
        let since = since.unwrap_or(Timestamp::UNIX_EPOCH);
        let rows: Vec<AuditRow> = self.inner.db.ordered(LIST, args![since, who, deed, what, limit]).await?;
        rows.into_iter().map(AuditRow::read).collect()
    }

    /// How many entries are from before this moment.
    pub(crate) async fn audit_before(&self, before: Timestamp) -> Result<u64> {
        let row: Option<(i64,)> = self.inner.db.one(COUNT, args![before]).await?;
        Ok(row.and_then(|(n,)| u64::try_from(n).ok()).unwrap_or_default())
    }
}
