//! What waits until somebody proves that an address is theirs.

use crate::{
    AddressKey, Error, Result, Store, Tx,
    db::{args, row},
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    id::from_micros,
    proof::Proof,
    report::Language,
    way::{Address, Way},
};

sql! {
    both ASK = "INSERT INTO proof (id, way, key, person_id, address, language, wants, sent, tries, asked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)";
    both COUNTS = "SELECT CAST(count(*) AS bigint), CAST(coalesce(sum(CASE WHEN asked_at > $4 THEN 1 ELSE 0 END), 0) AS bigint)
        FROM proof WHERE way = $1 AND key = $2 AND asked_at > $3 AND sent = 1";
    both OF_WAY = "SELECT CAST(count(*) AS bigint) FROM proof WHERE way = $1 AND asked_at > $2 AND sent = 1";
    both GET = "SELECT id, way, key, person_id, address, language, wants, sent, tries, asked_at, done_at
        FROM proof WHERE id = $1";
    both WAITING = "SELECT id, way, key, person_id, address, language, wants, sent, tries, asked_at, done_at
        FROM proof WHERE person_id = $1 AND asked_at > $2 AND done_at IS NULL ORDER BY asked_at DESC, id";
    both TRY = "UPDATE proof SET tries = tries + 1 WHERE id = $1 AND tries < CAST($2 AS bigint) AND done_at IS NULL
        RETURNING tries";
    both DONE = "UPDATE proof SET done_at = $2 WHERE id = $1 AND done_at IS NULL";
    both DROP_WAITING = "DELETE FROM proof WHERE person_id = $1 AND way = $2 AND key = $3 AND done_at IS NULL";
    both DROP_ALL = "DELETE FROM proof WHERE person_id = $1";
    both OLD = "DELETE FROM proof WHERE asked_at < $1";
}

row! { "proof", ProofRow {
    id: String, way: String, key: String, person_id: Option<String>, address: String, language: String, wants: String,
    sent: i64, tries: i64, asked_at: i64, done_at: Option<i64>,
} }

impl ProofRow {
    fn read(self) -> Result<Proof> {
        let broken = |column| Error::broken("proof", column, &self.id);
        let way = Way::parse(&self.way).ok_or_else(|| broken("way"))?;
        Ok(Proof {
            id: self.id.parse().map_err(|_| broken("id"))?,
            person: self.person_id.as_deref().map(str::parse).transpose().map_err(|_| broken("person_id"))?,
            address: Address::read(way, &self.address).ok_or_else(|| broken("address"))?,
            language: Language::parse(&self.language).ok_or_else(|| broken("language"))?,
            wants: serde_json::from_str(&self.wants).map_err(|_| broken("wants"))?,
            sent: self.sent != 0,
            tries: u32::try_from(self.tries).map_err(|_| broken("tries"))?,
            asked_at: from_micros(self.asked_at),
            done_at: self.done_at.map(from_micros),
            key: self.key,
        })
    }
}

/// How many messages went to an address that somebody was to prove.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Since the earlier of two moments.
    pub day: u64,
    /// Since the later one.
    pub hour: u64,
}

fn number(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

impl Tx {
    /// Keeps what somebody asked for.
    pub async fn put_proof(&mut self, proof: &Proof) -> Result<()> {
        let (way, key, address) = (proof.address.way().as_str(), proof.key.as_str(), proof.address.kept());
        let (language, wants) = (proof.language.as_str(), serde_json::to_string(&proof.wants)?);
        let person = proof.person.map(|person| person.to_string());
        let sent = i64::from(proof.sent);
        let args = args![proof.id, way, key, person, address, language, wants, sent, proof.asked_at];
        self.conn.exec(ASK, args).await.map(|_| ())
    }

    /// How many messages went to an address since `day` and since `hour`, the later of the two.
    pub async fn asked(&mut self, of: &AddressKey, day: Timestamp, hour: Timestamp) -> Result<Asked> {
        let rows: Vec<(i64, i64)> = self.conn.all(COUNTS, args![of.way.as_str(), of.key.as_str(), day, hour]).await?;
        Ok(rows.first().map(|(day, hour)| Asked { day: number(*day), hour: number(*hour) }).unwrap_or_default())
    }

    /// How many such messages went a way since then, to whomever.
    pub async fn asked_by(&mut self, way: Way, since: Timestamp) -> Result<u64> {
        let rows: Vec<(i64,)> = self.conn.all(OF_WAY, args![way.as_str(), since]).await?;
        Ok(rows.first().map(|(n,)| number(*n)).unwrap_or_default())
    }

    /// Counts a code that is tried; returns how many there were with it. `None` when `most` were tried before, or when
    /// it is proven.
    pub async fn try_code(&mut self, id: Uuid, most: u32) -> Result<Option<u32>> {
        let rows: Vec<(i64,)> = self.conn.all(TRY, args![id, i64::from(most)]).await?;
        Ok(rows.first().and_then(|(n,)| u32::try_from(*n).ok()))
    }

    /// It is proven at `at`. `false` when it was before.
    pub async fn prove(&mut self, id: Uuid, at: Timestamp) -> Result<bool> {
        Ok(self.conn.exec(DONE, args![id, at]).await? > 0)
    }

    /// Forgets what a person waits for at an address.
    pub async fn drop_waiting(&mut self, person: Uuid, of: &AddressKey) -> Result<()> {
        self.conn.exec(DROP_WAITING, args![person, of.way.as_str(), of.key.as_str()]).await.map(|_| ())
    }

    /// Forgets everything that a person asked to have added.
    pub async fn forget_waiting(&mut self, person: Uuid) -> Result<()> {
        self.conn.exec(DROP_ALL, args![person]).await.map(|_| ())
    }

    /// Forgets what was asked before that, and returns how much that was.
    pub async fn forget_proofs(&mut self, before: Timestamp) -> Result<u64> {
        self.conn.exec(OLD, args![before]).await
    }
}

impl Store {
    /// What somebody asked for.
    pub async fn proof(&self, id: Uuid) -> Result<Option<Proof>> {
        self.inner.db.one::<ProofRow>(GET, args![id]).await?.map(ProofRow::read).transpose()
    }

    /// What a person has still to prove, of what they asked since then; the newest first.
    pub async fn waiting_proofs(&self, person: Uuid, since: Timestamp) -> Result<Vec<Proof>> {
        let rows: Vec<ProofRow> = self.inner.db.all(WAITING, args![person, since]).await?;
        rows.into_iter().map(ProofRow::read).collect()
    }
}
