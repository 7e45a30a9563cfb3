//! By which ways somebody showed that what they left with a report is theirs.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch_ids},
    sql::sql,
};
use schemas::{Timestamp, Uuid, way::Way};
use std::collections::HashMap;

sql! {
    both BY_MAIL = "INSERT INTO contact_proof (report_id, way, at)
        SELECT report_id, 'email', CAST($3 AS bigint) FROM contact WHERE report_id = $1 AND lower(email) = $2
        ON CONFLICT (report_id, way) DO NOTHING";
    both BY_SMS = "INSERT INTO contact_proof (report_id, way, at)
        SELECT report_id, 'sms', CAST($2 AS bigint) FROM contact WHERE report_id = $1 AND phone IS NOT NULL
        ON CONFLICT (report_id, way) DO NOTHING";
    both OF = "SELECT report_id, way FROM contact_proof
        WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1)) ORDER BY report_id, way";
    both NO_MORE = "DELETE FROM contact_proof WHERE way = $2
        AND report_id IN (SELECT value ->> 'id' FROM json_each($1))";
}

/// Somebody showed that where they are told is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// They answered, from this address, a mail that only this address was sent.
    Mail(String),
    /// They sent a text message from the number of the report; whoever says so compared the two.
    Sms,
}

impl Tx {
    /// Remembers since when the reporter of `report` has shown that a way to reach them is theirs. What they did not
    /// leave with the report is not remembered; twice is once.
    pub async fn prove_contact(&mut self, report: Uuid, shown: &Shown, at: Timestamp) -> Result<()> {
        match shown {
            Shown::Mail(from) => self.conn.exec(BY_MAIL, args![report, from.to_lowercase(), at]).await?,
            Shown::Sms => self.conn.exec(BY_SMS, args![report, at]).await?,
        };
        Ok(())
    }

    /// Forgets what was shown of a way of these reports: it is not there any more.
    pub(crate) async fn unprove_contacts(&mut self, reports: &[Uuid], way: Way) -> Result<()> {
        let way = if way == Way::Call { Way::Sms } else { way };
        self.conn.exec(NO_MORE, vec![batch_ids(reports), way.as_str().into()]).await.map(|_| ())
    }
}

impl Store {
    /// By which ways the reporters of these reports have shown that what they left is theirs.
    pub async fn contacts_proven(&self, reports: &[Uuid]) -> Result<HashMap<Uuid, Vec<Way>>> {
        let mut proven: HashMap<Uuid, Vec<Way>> = HashMap::new();
        if reports.is_empty() {
            return Ok(proven);
        }
        let rows: Vec<(String, String)> = self.inner.db.all(OF, vec![batch_ids(reports)]).await?;
        for (report, way) in rows {
            let broken = |column| Error::broken("contact_proof", column, &report);
            let id = report.parse().map_err(|_| broken("report_id"))?;
            proven.entry(id).or_default().push(Way::parse(&way).ok_or_else(|| broken("way"))?);
        }
        Ok(proven)
    }
}
