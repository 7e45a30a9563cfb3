//! The devices that the reporter of a case is told on, beside the ways they left an address for.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    people::AddressKey,
    sql::sql,
};
use schemas::{
    Timestamp, Uuid,
    id::from_micros,
    way::{Address, Way},
};
use std::collections::HashSet;

sql! {
    both PUT = "INSERT INTO device (report_id, key, address, made_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (report_id, key) DO UPDATE SET address = excluded.address, made_at = excluded.made_at";
    both TRIM = "DELETE FROM device WHERE report_id = $1 AND key NOT IN (SELECT newest.key FROM device AS newest
        WHERE newest.report_id = $1 ORDER BY newest.made_at DESC, newest.key LIMIT CAST($2 AS bigint))";
    both DROP = "DELETE FROM device WHERE report_id = $1 AND key = $2";
    both GONE = "DELETE FROM device WHERE key = $1";
    both OF_REPORTS = "SELECT report_id, key, address, made_at FROM device
        WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1)) ORDER BY report_id, made_at, key";
    both BY_KEYS = "SELECT device.report_id, device.key, device.address, device.made_at
        FROM (SELECT value ->> 'report' AS of, value ->> 'key' AS by FROM json_each($1)) AS given
        JOIN device ON device.report_id = given.of AND device.key = given.by";
    both HAVE = "SELECT DISTINCT report_id FROM device
        WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))";
}

/// A device on which the reporter of a case is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportDevice {
    /// The report.
    pub report: Uuid,
    /// The key of its address ([`crate::AddressKeys::of`]).
    pub key: String,
    /// Where it takes messages: always [`Address::Push`]. Personal data.
    pub address: Address,
    /// Since when, or since when with these keys.
    pub made_at: Timestamp,
}

row! { "device", DeviceRow { report_id: String, key: String, address: String, made_at: i64 } }

impl DeviceRow {
    fn read(self) -> Result<ReportDevice> {
        let broken = |column| Error::broken("device", column, &self.report_id);
        Ok(ReportDevice {
            report: self.report_id.parse().map_err(|_| broken("report_id"))?,
            address: Address::read(Way::Push, &self.address).ok_or_else(|| broken("address"))?,
            made_at: from_micros(self.made_at),
            key: self.key,
        })
    }
}

/// Which device of which report.
#[derive(serde::Serialize)]
pub(crate) struct DeviceKey<'a> {
    pub(crate) report: Uuid,
    pub(crate) key: &'a str,
}

fn read(rows: Vec<DeviceRow>) -> Result<Vec<ReportDevice>> {
    rows.into_iter().map(DeviceRow::read).collect()
}

impl Tx {
    /// Keeps a device of a report; the same device again replaces its keys. When the report then has more than
    /// `most`, the oldest go.
    pub async fn put_device(&mut self, device: &ReportDevice, most: usize) -> Result<()> {
        let (key, address) = (device.key.as_str(), device.address.kept());
        self.conn.exec(PUT, args![device.report, key, address.as_str(), device.made_at]).await?;
        self.conn.exec(TRIM, args![device.report, most]).await.map(|_| ())
    }

    /// Nobody is told on this device of a report any more. `false` when it was not one of its devices.
    pub async fn drop_device(&mut self, report: Uuid, key: &str) -> Result<bool> {
        Ok(self.conn.exec(DROP, args![report, key]).await? > 0)
    }

    /// Forgets a device that is not there any more, whatever it was told of.
    pub async fn forget_device(&mut self, key: &str) -> Result<()> {
        self.conn.exec(GONE, args![key]).await?;
        self.drop_address(&AddressKey { way: Way::Push, key: key.to_owned() }).await
    }

    /// The devices of reports, each report's in the order they came.
    pub async fn devices(&mut self, reports: &[Uuid]) -> Result<Vec<ReportDevice>> {
        read(self.conn.all(OF_REPORTS, vec![batch_ids(reports)]).await?)
    }

    /// Which of these reports have a device.
    pub(crate) async fn have_devices(&mut self, reports: &[Uuid]) -> Result<HashSet<Uuid>> {
        let rows: Vec<(String,)> = self.conn.all(HAVE, vec![batch_ids(reports)]).await?;
        Ok(rows.iter().filter_map(|(id,)| id.parse().ok()).collect())
    }
}

impl Store {
    /// The devices of a report in the order they came.
    pub async fn devices(&self, report: Uuid) -> Result<Vec<ReportDevice>> {
        read(self.inner.db.all(OF_REPORTS, vec![batch_ids(&[report])]).await?)
    }

    /// These devices, as far as they are still there.
    pub(crate) async fn devices_by_keys(&self, keys: &[DeviceKey<'_>]) -> Result<Vec<ReportDevice>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        read(self.inner.db.all(BY_KEYS, vec![batch(keys)?]).await?)
    }
}
