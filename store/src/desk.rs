//! What people of the city take down: who did, for whom, the paper that it came on; and what they answered at once.

use crate::{
    AddressKey, Error, Result, Store, Tx,
    db::{args, batch, row},
    reports::{Accepted, NewReport},
    sql::sql,
    wrote::tail,
};
use schemas::{
    Date, Timestamp, Uuid,
    id::from_micros,
    report::Language,
    slug::{CategoryId, Channel},
};
use serde::Serialize;

sql! {
    both TAKE_DOWN = "INSERT INTO taken_down (report_id, account_id, by_name, at, caller, received_on, scan_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (report_id) DO NOTHING";
    both TAKEN_DOWN = "SELECT report_id, account_id, by_name, at, caller, received_on, scan_id FROM taken_down
        WHERE report_id = $1";
    both BY_TAIL = "SELECT report_id, phone FROM contact WHERE phone_tail = $1 ORDER BY report_id DESC LIMIT 100";
    both FOLLOWED = "SELECT DISTINCT follow.target
        FROM (SELECT value ->> 'way' AS by, value ->> 'key' AS of FROM json_each($1)) AS given
        JOIN address ON address.way = given.by AND address.key = given.of AND address.verified_at IS NOT NULL
        JOIN follow ON follow.person_id = address.person_id AND follow.scope = 'case' LIMIT 100";
    both ADD_SCAN = "INSERT INTO scan (id, media_type, bytes, received_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO NOTHING";
    both CLAIM_SCAN = "UPDATE scan SET report_id = $2 WHERE id = $1 AND (report_id IS NULL OR report_id = $2)";
    both IS_SCAN = "SELECT id FROM scan WHERE id = $1 AND report_id IS NULL";
    both SCAN_OF = "SELECT id, media_type, bytes FROM scan WHERE report_id = $1 LIMIT 1";
    both SWEEP_SCANS = "DELETE FROM scan WHERE report_id IS NULL AND received_at < $1";
    both ANSWERED = "INSERT INTO first_line (id, day, channel, category, article, language) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO NOTHING";
    both FIRST_LINE = "SELECT day, channel, category, article, language, CAST(count(*) AS bigint) FROM first_line
        WHERE day >= $1 GROUP BY day, channel, category, article, language
        ORDER BY day, channel, category, article, language";
    both BY_DAY = "SELECT day, CAST(count(*) AS bigint) FROM first_line GROUP BY day ORDER BY day";
}

/// Who of the city took a report down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenDown {
    /// The report.
    pub report: Uuid,
    /// Their account.
    pub account: Uuid,
    /// Their name at that moment.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Who called for the one it is for, and agreed that both names are kept. Personal data.
    pub caller: Option<String>,
    /// When the letter came in that it is from.
    pub received_on: Option<Date>,
    /// The paper, as it was scanned.
    pub scan: Option<Uuid>,
}

/// A paper as it was scanned. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Scan {
    /// Its id.
    pub id: Uuid,
    /// `application/pdf`, `image/jpeg`, …
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scan({}, {} bytes)", self.id, self.bytes.len())
    }
}

/// An answer that somebody of the city gave at once, without a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstLine {
    /// Derived from the page that it was given on: pressed twice is once.
    pub id: Uuid,
    /// The day, in the city.
    pub day: Date,
    /// By telephone, at the counter, …
    pub channel: Channel,
    /// What it was about.
    pub category: CategoryId,
    /// The article that was read out; empty: none.
    pub article: String,
    /// In which language.
    pub language: Language,
}

/// How many such answers were alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirstLineCount {
    /// The day, YYYY-MM-DD.
    pub day: String,
    /// By telephone, at the counter, …
    pub channel: String,
    /// What they were about.
    pub category: String,
    /// The article that was read out; empty: none.
    pub article: String,
    /// In which language.
    pub language: String,
    /// How many.
    pub count: u64,
}

row! { "taken_down", TakenRow {
    report_id: String, account_id: String, by_name: String, at: i64, caller: Option<String>, received_on: Option<String>,
    scan_id: Option<String>,
} }

row! { "scan", ScanRow { id: String, media_type: String, bytes: Vec<u8> } }

row! { "contact", PhoneRow { report_id: String, phone: Option<String> } }

#[derive(Serialize)]
struct KeyRow<'a> {
    way: &'static str,
    key: &'a str,
}

impl TakenRow {
    fn read(self) -> Result<TakenDown> {
        let broken = |column| Error::broken("taken_down", column, &self.report_id);
        Ok(TakenDown {
            report: self.report_id.parse().map_err(|_| broken("report_id"))?,
            account: self.account_id.parse().map_err(|_| broken("account_id"))?,
            received_on: self
                .received_on
                .as_ref()
                .map(|day| day.parse().map_err(|_| broken("received_on")))
                .transpose()?,
            scan: self.scan_id.as_ref().map(|id| id.parse().map_err(|_| broken("scan_id"))).transpose()?,
            by: self.by_name,
            at: from_micros(self.at),
            caller: self.caller,
        })
    }
}

impl Tx {
    /// Keeps a report that somebody of the city took down, with who did: one or neither. Once it was kept, nothing is
    /// added to it.
    pub async fn take_down(&mut self, new: &NewReport, taken: &TakenDown) -> Result<Accepted> {
        let mut accepted = self.accept(std::slice::from_ref(new)).await?;
        // One report was given, so there is one answer.
        let accepted = accepted.swap_remove(0);
        if let Accepted::New(_) = accepted {
            let TakenDown { report, account, by, at, caller, received_on, scan } = taken;
            let received_on = received_on.map(|day| day.to_string());
            let scan_id = scan.map(|scan| scan.to_string());
            let row = args![*report, *account, by.as_str(), *at, caller.clone(), received_on, scan_id];
            self.conn.exec(TAKE_DOWN, row).await?;
            if let Some(scan) = scan {
                self.conn.exec(CLAIM_SCAN, args![*scan, *report]).await?;
            }
        }
        Ok(accepted)
    }

    /// Counts an answer that was given at once. `false` when it was counted before.
    pub async fn answered_at_once(&mut self, answer: &FirstLine) -> Result<bool> {
        let FirstLine { id, day, channel, category, article, language } = answer;
        let row = args![*id, day.to_string(), channel.as_str(), category.as_str(), article.as_str(), language.as_str()];
        Ok(self.conn.exec(ANSWERED, row).await? > 0)
    }
}

impl Store {
    /// Who of the city took a report down; nothing when its reporter sent it.
    pub async fn taken_down(&self, report: Uuid) -> Result<Option<TakenDown>> {
        self.inner.db.one::<TakenRow>(TAKEN_DOWN, args![report]).await?.map(TakenRow::read).transpose()
    }

    /// Reports whose reporter left a number that ends as `phone` does, with it: at most 100, the newest first. Numbers of
    /// two countries may end alike.
    pub async fn reports_by_phone(&self, phone: &str) -> Result<Vec<(Uuid, String)>> {
        let rows: Vec<PhoneRow> = self.inner.db.all(BY_TAIL, args![tail(phone)]).await?;
        rows.into_iter()
            .filter_map(|row| row.phone.map(|phone| (row.report_id, phone)))
            .map(|(id, phone)| Ok((id.parse().map_err(|_| Error::broken("contact", "report_id", &id))?, phone)))
            .collect()
    }

    /// Cases that somebody follows who is told at one of these addresses: at most 100.
    pub async fn cases_followed_by(&self, keys: &[AddressKey]) -> Result<Vec<Uuid>> {
        let rows: Vec<_> = keys.iter().map(|key| KeyRow { way: key.way.as_str(), key: &key.key }).collect();
        let found: Vec<(String,)> = self.inner.db.all(FOLLOWED, vec![batch(&rows)?]).await?;
        let read = |(id,): (String,)| id.parse().map_err(|_| Error::broken("follow", "target", &id));
        found.into_iter().map(read).collect()
    }

    /// Keeps a scan that no report has yet; the same id twice is one.
    pub async fn add_scan(&self, scan: Scan) -> Result<()> {
        let now = self.clock().now();
        self.inner.db.exec(ADD_SCAN, args![scan.id, scan.media_type, scan.bytes, now]).await.map(|_| ())
    }

    /// Whether there is such a scan that no report has yet.
    pub async fn is_free_scan(&self, id: Uuid) -> Result<bool> {
        Ok(self.inner.db.one::<(String,)>(IS_SCAN, args![id]).await?.is_some())
    }

    /// The scan of the paper that a report is from.
    pub async fn scan_of(&self, report: Uuid) -> Result<Option<Scan>> {
        let row: Option<ScanRow> = self.inner.db.one(SCAN_OF, args![report]).await?;
        row.map(|ScanRow { id, media_type, bytes }| {
            let id = id.parse().map_err(|_| Error::broken("scan", "id", &id))?;
            Ok(Scan { id, media_type, bytes })
        })
        .transpose()
    }

    /// Deletes scans from before `before` that no report has; returns how many.
    pub async fn sweep_scans(&self, before: Timestamp) -> Result<u64> {
        self.inner.db.exec(SWEEP_SCANS, args![before]).await
    }

    /// Answers given at once since `day`, counted by what they have in common.
    pub async fn first_line(&self, since: Date) -> Result<Vec<FirstLineCount>> {
        let rows: Vec<(String, String, String, String, String, i64)> =
            self.inner.db.all(FIRST_LINE, args![since.to_string()]).await?;
        let read = |(day, channel, category, article, language, count): (_, _, _, _, _, i64)| FirstLineCount {
            day,
            channel,
            category,
            article,
            language,
            count: count.unsigned_abs(),
        };
        Ok(rows.into_iter().map(read).collect())
    }
    /// Answers given at once, counted by day, whatever they were about.
    pub async fn answered_by_day(&self) -> Result<Vec<(Date, u64)>> {
        let rows: Vec<(String, i64)> = self.inner.db.ordered(BY_DAY, Vec::new()).await?;
        rows.into_iter()
            .map(|(day, count)| {
                let read = day.parse().map_err(|_| Error::broken("first_line", "day", &day))?;
                Ok((read, count.unsigned_abs()))
            })
            .collect()
    }
}
