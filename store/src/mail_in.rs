//! Mails of residents that came to something: which case each belongs to, and how often somebody wrote.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids, row},
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros, left_out::LeftOut};
use std::collections::{HashMap, HashSet};

sql! {
    both ADD = "INSERT INTO mail_in (key, report_id, sender, what, left_out, at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (key) DO NOTHING";
    both BY_KEYS = "SELECT key, report_id, sender, what, left_out, at FROM mail_in
        WHERE key IN (SELECT value ->> 'id' FROM json_each($1))";
    both OF_REPORTS = "SELECT key, report_id, sender, what, left_out, at FROM mail_in
        WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both OF_SENDER = "SELECT key, report_id, sender, what, left_out, at FROM mail_in
        WHERE sender = $1 AND at > $2 ORDER BY at DESC, key LIMIT 1000";
    both SWEEP = "DELETE FROM mail_in WHERE at < $1";
}

row! { "mail_in", MailInRow {
    key: String, report_id: String, sender: String, what: String, left_out: String, at: i64,
} }

/// What a mail came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailInWhat {
    /// A report, and its receipt is acknowledged.
    Report,
    /// A report of somebody who was answered a moment before: nobody acknowledges it.
    Silent,
    /// Words about a case that was there.
    Wrote,
}

impl MailInWhat {
    fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Silent => "silent",
            Self::Wrote => "wrote",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Report, Self::Silent, Self::Wrote].into_iter().find(|what| what.as_str() == text)
    }
}

/// A mail that came to something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailIn {
    /// The same for every copy of the mail: derived from its Message-ID.
    pub key: Uuid,
    /// The report that it became, or is about.
    pub report: Uuid,
    /// The key of the address that it came from ([`crate::AddressKeys::of`]).
    pub sender: String,
    /// What it came to.
    pub what: MailInWhat,
    /// What of it was not taken.
    pub left_out: Vec<LeftOut>,
    /// When.
    pub at: Timestamp,
}

impl MailInRow {
    fn read(self) -> Result<MailIn> {
        let broken = |column| Error::broken("mail_in", column, &self.key);
        Ok(MailIn {
            key: self.key.parse().map_err(|_| broken("key"))?,
            report: self.report_id.parse().map_err(|_| broken("report_id"))?,
            what: MailInWhat::parse(&self.what).ok_or_else(|| broken("what"))?,
            left_out: serde_json::from_str(&self.left_out).map_err(|_| broken("left_out"))?,
            sender: self.sender,
            at: from_micros(self.at),
        })
    }
}

impl Tx {
    /// Keeps what mails came to; a mail that is known stays as it was.
    pub async fn keep_mail_in(&mut self, mails: &[MailIn]) -> Result<()> {
        let mut sorted: Vec<&MailIn> = mails.iter().collect();
        sorted.sort_unstable_by_key(|mail| mail.key);
        for mail in sorted {
            let left_out = serde_json::to_string(&mail.left_out)?;
            let args = args![mail.key, mail.report, mail.sender.as_str(), mail.what.as_str(), left_out, mail.at];
            self.conn.exec(ADD, args).await?;
        }
        Ok(())
    }

    /// Which of these reports came by a mail that nobody acknowledges.
    pub async fn unacknowledged(&mut self, reports: &[Uuid]) -> Result<HashSet<Uuid>> {
        if reports.is_empty() {
            return Ok(HashSet::new());
        }
        let rows: Vec<MailInRow> = self.conn.all(OF_REPORTS, vec![batch_ids(reports)]).await?;
        let mails = rows.into_iter().map(MailInRow::read).collect::<Result<Vec<_>>>()?;
        Ok(mails.iter().filter(|mail| mail.what == MailInWhat::Silent).map(|mail| mail.report).collect())
    }
}

impl Store {
    /// Mails that came to something, by key.
    pub async fn mails_in(&self, keys: &[Uuid]) -> Result<HashMap<Uuid, MailIn>> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<MailInRow> = self.inner.db.all(BY_KEYS, vec![batch_ids(keys)]).await?;
        rows.into_iter().map(|row| row.read().map(|mail| (mail.key, mail))).collect()
    }

    /// What somebody wrote since then: the newest first, at most 1,000.
    pub async fn mails_of(&self, sender: &str, since: Timestamp) -> Result<Vec<MailIn>> {
        let rows: Vec<MailInRow> = self.inner.db.all(OF_SENDER, args![sender, since]).await?;
        rows.into_iter().map(MailInRow::read).collect()
    }

    /// What was not taken of the mails that became these reports; a report of which all was taken is left out.
    pub async fn left_out(&self, reports: &[Uuid]) -> Result<HashMap<Uuid, Vec<LeftOut>>> {
        if reports.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<MailInRow> = self.inner.db.all(OF_REPORTS, vec![batch_ids(reports)]).await?;
        let mails = rows.into_iter().map(MailInRow::read).collect::<Result<Vec<_>>>()?;
        let told = mails.into_iter().filter(|mail| mail.what != MailInWhat::Wrote && !mail.left_out.is_empty());
        Ok(told.map(|mail| (mail.report, mail.left_out)).collect())
    }

    /// Forgets mails that came before `before`: what answers them now is a matter of its own. Returns how many.
    pub async fn sweep_mails_in(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(SWEEP, args![before]).await
    }
}
