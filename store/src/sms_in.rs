//! Text messages that people send to the city, the conversations that come of them, and what the city says in these.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids, row},
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros, report::Language};

sql! {
    both KEEP = "INSERT INTO sms_in (id, key, number, words, part, at, done) VALUES ($1, $2, $3, $4, $5, $6, 0)
        ON CONFLICT (id) DO NOTHING";
    both WAITING = "SELECT id, key, number, words, part, at FROM sms_in WHERE done = 0 ORDER BY at, id LIMIT $1";
    both READ = "UPDATE sms_in SET done = 1, number = '', words = '' WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both CAME = "SELECT CAST(count(*) AS bigint) FROM sms_in WHERE key = $1 AND at > $2";
    both FORGET_IN = "DELETE FROM sms_in WHERE at < $1 AND done = 1";
    both TALK = "SELECT key, number, state, until FROM sms_talk WHERE key = $1";
    both TALKS_OVER = "SELECT key, number, state, until FROM sms_talk WHERE until <= $1 ORDER BY until, key LIMIT $2";
    both PUT_TALK = "INSERT INTO sms_talk (key, number, state, until) VALUES ($1, $2, $3, $4)
        ON CONFLICT (key) DO UPDATE SET number = excluded.number, state = excluded.state, until = excluded.until";
    both END_TALK = "DELETE FROM sms_talk WHERE key = $1";
    both SAY = "INSERT INTO sms_out (id, key, number, what, words, language, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO NOTHING";
    both SAID = "SELECT id, key, number, what, words, language, at FROM sms_out WHERE id = $1";
    both SAID_TO = "SELECT id, key, number, what, words, language, at FROM sms_out WHERE key = $1 AND at > $2
        ORDER BY at DESC, id LIMIT 200";
    both SAID_TO_ALL = "SELECT CAST(count(*) AS bigint) FROM sms_out WHERE at > $1";
    both FORGET_OUT = "DELETE FROM sms_out WHERE at < $1";
}

row! { "sms_in", InRow { id: String, key: String, number: String, words: String, part: Option<String>, at: i64 } }
row! { "sms_talk", TalkRow { key: String, number: String, state: String, until: i64 } }
row! { "sms_out", OutRow {
    id: String, key: String, number: String, what: String, words: String, language: String, at: i64,
} }

/// A text message that came in.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsIn {
    /// The same when the gateway delivers it twice.
    pub id: Uuid,
    /// The key of the number ([`crate::AddressKeys::of`]).
    pub key: String,
    /// The number (E.164).
    pub number: String,
    /// What it says.
    pub words: String,
    /// Which part of a longer message it is; `None` when it is whole.
    pub part: Option<SmsPart>,
    /// When it came.
    pub at: Timestamp,
}

/// A part of a message that the network cut (3GPP TS 23.040 §9.2.3.24.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmsPart {
    /// What its parts have in common.
    pub reference: u16,
    /// How many there are.
    pub of: u8,
    /// Which this is, from 1.
    pub nth: u8,
}

/// A conversation that is not over.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsTalk {
    /// The key of the number.
    pub key: String,
    /// The number (E.164).
    pub number: String,
    /// How far it is, as whoever leads it writes it.
    pub state: serde_json::Value,
    /// It ends then, whatever comes.
    pub until: Timestamp,
}

/// What the city says in a conversation.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsOut {
    /// Its id.
    pub id: Uuid,
    /// The key of the number.
    pub key: String,
    /// The number (E.164).
    pub number: String,
    /// A word for it: `help`, `what`, …
    pub what: String,
    /// The words.
    pub words: String,
    /// Their language.
    pub language: Language,
    /// When it was written.
    pub at: Timestamp,
}

macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }
    )*};
}
hidden!(SmsIn, SmsTalk, SmsOut);

impl SmsPart {
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('/');
        let part = Self {
            reference: numbers.next()?.parse().ok()?,
            of: numbers.next()?.parse().ok()?,
            nth: numbers.next()?.parse().ok()?,
        };
        numbers.next().is_none().then_some(part)
    }
}

impl InRow {
    fn read(self) -> Result<SmsIn> {
        let broken = |column| Error::broken("sms_in", column, &self.id);
        let part = self.part.as_deref().map(|part| SmsPart::parse(part).ok_or_else(|| broken("part"))).transpose()?;
        let id = self.id.parse().map_err(|_| broken("id"))?;
        Ok(SmsIn { id, key: self.key, number: self.number, words: self.words, part, at: from_micros(self.at) })
    }
}

impl TalkRow {
    fn read(self) -> Result<SmsTalk> {
        let state = serde_json::from_str(&self.state).map_err(|_| Error::broken("sms_talk", "state", &self.key))?;
        Ok(SmsTalk { key: self.key, number: self.number, state, until: from_micros(self.until) })
    }
}

impl OutRow {
    fn read(self) -> Result<SmsOut> {
        let broken = |column| Error::broken("sms_out", column, &self.id);
        Ok(SmsOut {
            id: self.id.parse().map_err(|_| broken("id"))?,
            language: Language::parse(&self.language).ok_or_else(|| broken("language"))?,
            key: self.key,
            number: self.number,
            what: self.what,
            words: self.words,
            at: from_micros(self.at),
        })
    }
}

fn number(row: Option<&(i64,)>) -> u64 {
    row.and_then(|(n,)| u64::try_from(*n).ok()).unwrap_or_default()
}

impl Tx {
    /// Keeps a text message that came in; `false` when it did before.
    pub async fn keep_sms_in(&mut self, sms: &SmsIn) -> Result<bool> {
        let part = sms.part.map(|part| format!("{}/{}/{}", part.reference, part.of, part.nth));
        let args = args![sms.id, sms.key.as_str(), sms.number.as_str(), sms.words.as_str(), part, sms.at];
        Ok(self.conn.exec(KEEP, args).await? > 0)
    }

    /// These messages were read: their words are forgotten.
    pub async fn sms_read(&mut self, ids: &[Uuid]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        self.conn.exec(READ, vec![batch_ids(ids)]).await.map(|_| ())
    }

    /// A conversation is so far.
    pub async fn put_sms_talk(&mut self, talk: &SmsTalk) -> Result<()> {
        let args = args![talk.key.as_str(), talk.number.as_str(), talk.state.to_string(), talk.until];
        self.conn.exec(PUT_TALK, args).await.map(|_| ())
    }

    /// A conversation is over.
    pub async fn end_sms_talk(&mut self, key: &str) -> Result<()> {
        self.conn.exec(END_TALK, args![key]).await.map(|_| ())
    }

    /// Keeps what is said, for whoever sends it.
    pub async fn put_sms_out(&mut self, out: &SmsOut) -> Result<()> {
        let (key, number, what, words) = (&*out.key, &*out.number, &*out.what, &*out.words);
        let args = args![out.id, key, number, what, words, out.language.as_str(), out.at];
        self.conn.exec(SAY, args).await.map(|_| ())
    }

    /// What was said to a number since then, the newest first; at most 200.
    pub async fn sms_said_to(&mut self, key: &str, since: Timestamp) -> Result<Vec<SmsOut>> {
        let rows: Vec<OutRow> = self.conn.all(SAID_TO, args![key, since]).await?;
        rows.into_iter().map(OutRow::read).collect()
    }
}

impl Store {
    /// At most `most` messages that wait to be read, in the order they came.
    pub async fn sms_waiting(&self, most: usize) -> Result<Vec<SmsIn>> {
        let rows: Vec<InRow> = self.inner.db.all(WAITING, args![most]).await?;
        rows.into_iter().map(InRow::read).collect()
    }

    /// How many messages came from a number since then.
    pub async fn sms_came(&self, key: &str, since: Timestamp) -> Result<u64> {
        Ok(number(self.inner.db.one::<(i64,)>(CAME, args![key, since]).await?.as_ref()))
    }

    /// The conversation with a number.
    pub async fn sms_talk(&self, key: &str) -> Result<Option<SmsTalk>> {
        self.inner.db.one::<TalkRow>(TALK, args![key]).await?.map(TalkRow::read).transpose()
    }

    /// At most `most` conversations whose time is over.
    pub async fn sms_talks_over(&self, at: Timestamp, most: usize) -> Result<Vec<SmsTalk>> {
        let rows: Vec<TalkRow> = self.inner.db.all(TALKS_OVER, args![at, most]).await?;
        rows.into_iter().map(TalkRow::read).collect()
    }

    /// What is to be sent.
    pub async fn sms_out(&self, id: Uuid) -> Result<Option<SmsOut>> {
        self.inner.db.one::<OutRow>(SAID, args![id]).await?.map(OutRow::read).transpose()
    }

    /// How much was said to all numbers since then.
    pub async fn sms_said(&self, since: Timestamp) -> Result<u64> {
        Ok(number(self.inner.db.one::<(i64,)>(SAID_TO_ALL, args![since]).await?.as_ref()))
    }

    /// Forgets what came before `came` and was read, and what was said before `said`. Returns how much that was.
    pub async fn forget_sms(&self, came: Timestamp, said: Timestamp) -> Result<u64> {
        Ok(self.inner.db.exec(FORGET_IN, args![came]).await? + self.inner.db.exec(FORGET_OUT, args![said]).await?)
    }
}
