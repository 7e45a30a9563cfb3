//! Migrations: the tables, brought up to date step by step. Each step is one shared text, and may
//! have a second one for PostgreSQL.

use crate::{DbKind, Error, Result, Store, db::args, sql::sql};
use std::collections::BTreeMap;

/// What begins a line that only SQLite reads.
const SQLITE: &str = "-- sqlite: ";

/// One step. Never changed once it was released: a changed text is refused.
struct Migration {
    name: &'static str,
    both: &'static str,
    postgres: Option<&'static str>,
}

const ALL: &[Migration] = &[
    Migration {
        name: "0001_foundation",
        both: include_str!("../migrations/0001_foundation.sql"),
        postgres: Some(include_str!("../migrations/0001_foundation.postgres.sql")),
    },
    Migration { name: "0002_departments", both: include_str!("../migrations/0002_departments.sql"), postgres: None },
    Migration { name: "0003_load", both: include_str!("../migrations/0003_load.sql"), postgres: None },
    Migration {
        name: "0004_rules",
        both: include_str!("../migrations/0004_rules.sql"),
        postgres: Some(include_str!("../migrations/0004_rules.postgres.sql")),
    },
    Migration { name: "0005_clock", both: include_str!("../migrations/0005_clock.sql"), postgres: None },
    Migration { name: "0006_answers", both: include_str!("../migrations/0006_answers.sql"), postgres: None },
    Migration { name: "0006_corrections", both: include_str!("../migrations/0006_corrections.sql"), postgres: None },
    Migration { name: "0007_mail", both: include_str!("../migrations/0007_mail.sql"), postgres: None },
    Migration { name: "0008_open311", both: include_str!("../migrations/0008_open311.sql"), postgres: None },
    Migration { name: "0009_tasks", both: include_str!("../migrations/0009_tasks.sql"), postgres: None },
    Migration { name: "0011_batch", both: include_str!("../migrations/0011_batch.sql"), postgres: None },
    Migration { name: "0012_people", both: include_str!("../migrations/0012_people.sql"), postgres: None },
    Migration { name: "0013_devices", both: include_str!("../migrations/0013_devices.sql"), postgres: None },
    Migration { name: "0014_letters", both: include_str!("../migrations/0014_letters.sql"), postgres: None },
    Migration { name: "0015_notices", both: include_str!("../migrations/0015_notices.sql"), postgres: None },
    Migration { name: "0016_broadcasts", both: include_str!("../migrations/0016_broadcasts.sql"), postgres: None },
    Migration { name: "0016_places", both: include_str!("../migrations/0016_places.sql"), postgres: None },
    Migration { name: "0017_proofs", both: include_str!("../migrations/0017_proofs.sql"), postgres: None },
    Migration { name: "0018_digests", both: include_str!("../migrations/0018_digests.sql"), postgres: None },
    Migration {
        name: "0019_audit",
        both: include_str!("../migrations/0019_audit.sql"),
        postgres: Some(include_str!("../migrations/0019_audit.postgres.sql")),
    },
    Migration { name: "0020_wrote", both: include_str!("../migrations/0020_wrote.sql"), postgres: None },
    Migration {
        name: "0021_broadcast_start",
        both: include_str!("../migrations/0021_broadcast_start.sql"),
        postgres: None,
    },
    Migration { name: "0021_soft_bounces", both: include_str!("../migrations/0021_soft_bounces.sql"), postgres: None },
    Migration { name: "0022_geocoded", both: include_str!("../migrations/0022_geocoded.sql"), postgres: None },
    Migration { name: "0023_api_keys", both: include_str!("../migrations/0023_api_keys.sql"), postgres: None },
    Migration { name: "0024_open311_door", both: include_str!("../migrations/0024_open311_door.sql"), postgres: None },
    Migration { name: "0025_mail_in", both: include_str!("../migrations/0025_mail_in.sql"), postgres: None },
    Migration { name: "0026_sms_in", both: include_str!("../migrations/0026_sms_in.sql"), postgres: None },
    Migration { name: "0027_small_photos", both: include_str!("../migrations/0027_small_photos.sql"), postgres: None },
    Migration {
        name: "0028_merged",
        both: include_str!("../migrations/0028_merged.sql"),
        postgres: Some(include_str!("../migrations/0028_merged.postgres.sql")),
    },
    Migration { name: "0029_desk", both: include_str!("../migrations/0029_desk.sql"), postgres: None },
    Migration { name: "0029_staff", both: include_str!("../migrations/0029_staff.sql"), postgres: None },
    Migration { name: "0030_abuse", both: include_str!("../migrations/0030_abuse.sql"), postgres: None },
    Migration { name: "0030_publication", both: include_str!("../migrations/0030_publication.sql"), postgres: None },
    Migration { name: "0031_photo_files", both: include_str!("../migrations/0031_photo_files.sql"), postgres: None },
    Migration {
        name: "0032_contact_proofs",
        both: include_str!("../migrations/0032_contact_proofs.sql"),
        postgres: None,
    },
    Migration { name: "0033_changed", both: include_str!("../migrations/0033_changed.sql"), postgres: None },
    Migration { name: "0034_reopened", both: include_str!("../migrations/0034_reopened.sql"), postgres: None },
    Migration { name: "0035_ratings", both: include_str!("../migrations/0035_ratings.sql"), postgres: None },
    Migration { name: "0036_patches", both: include_str!("../migrations/0036_patches.sql"), postgres: None },
];

sql! {
    both LEDGER = "CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL, ran_at BIGINT NOT NULL)";
    // Two processes that start together: one migrates, the other waits and finds nothing to do.
    postgres LOCK_P = "SELECT CAST(hashtext('voordeur migrations') AS bigint)
        FROM pg_advisory_xact_lock(hashtext('voordeur migrations'))";
    sqlite EXISTS_S = "SELECT CAST(count(*) AS bigint) FROM sqlite_master WHERE type = 'table' AND name = 'migration'";
    postgres EXISTS_P = "SELECT CAST(count(*) AS bigint) FROM pg_class WHERE oid = to_regclass('migration')";
}

const RAN: &str = "SELECT name, digest FROM migration ORDER BY name";
const NOTE: &str = "INSERT INTO migration (name, digest, ran_at) VALUES ($1, $2, $3)";

impl Migration {
    fn digest(&self) -> String {
        use sha2::{Digest as _, Sha256};
        let digest = Sha256::new().chain_update(self.both).chain_update(self.postgres.unwrap_or_default()).finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The migrations that did not run yet; or why these are not our tables.
fn pending(ran: &BTreeMap<String, String>) -> Result<Vec<&'static Migration>> {
    if let Some(newer) = ran.keys().find(|name| ALL.iter().all(|known| known.name != name.as_str())) {
        return Err(Error::Schema(format!(
            "the database was migrated by a newer voordeur ({newer}): start that version, or restore a backup from before"
        )));
    }
    if let Some(changed) = ALL.iter().find(|known| ran.get(known.name).is_some_and(|digest| *digest != known.digest()))
    {
        return Err(Error::Schema(format!(
            "migration {} was changed after it ran on this database: start the version that ran it",
            changed.name
        )));
    }
    Ok(ALL.iter().filter(|known| !ran.contains_key(known.name)).collect())
}

impl Store {
    /// Brings the tables up to date, each step in one transaction; returns how many steps ran. Safe
    /// to call from several processes at once.
    pub async fn migrate(&self) -> Result<usize> {
        let mut count = 0;
        loop {
            let mut conn = self.inner.db.begin().await?;
            if self.kind() == DbKind::Postgres {
                conn.all::<(i64,)>(LOCK_P, args![]).await?;
            }
            conn.script(LEDGER).await?;
            let ran: Vec<(String, String)> = conn.all(RAN, args![]).await?;
            let ran = ran.into_iter().collect();
            let Some(next) = pending(&ran)?.first().copied() else {
                conn.commit().await?;
                self.choose_seed().await?;
                self.release_rounds().await?;
                return Ok(count);
            };
            match self.kind() {
                DbKind::Sqlite => conn.script(&next.both.replace(SQLITE, "")).await?,
                DbKind::Postgres => conn.script(next.both).await?,
            }
            if let (DbKind::Postgres, Some(more)) = (self.kind(), next.postgres) {
                conn.script(more).await?;
            }
            conn.exec(NOTE, args![next.name, next.digest(), self.clock().now()]).await?;
            conn.commit().await?;
            tracing::info!(migration = next.name, "migrated");
            count += 1;
        }
    }

    /// The names of migrations that have not run yet.
    ///
    /// # Errors
    /// [`Error::Schema`] when the tables belong to a newer program, or were made by another text.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        let exists = match self.kind() {
            DbKind::Sqlite => EXISTS_S,
            DbKind::Postgres => EXISTS_P,
        };
        let ran = match self.inner.db.one::<(i64,)>(exists, args![]).await? {
            Some((1,)) => self.inner.db.all::<(String, String)>(RAN, args![]).await?,
            _ => Vec::new(),
        };
        Ok(pending(&ran.into_iter().collect())?.iter().map(|migration| migration.name.to_owned()).collect())
    }

    /// Says clearly what is wrong when the tables are not those of this program.
    pub async fn check_schema(&self) -> Result<()> {
        let pending = self.pending_migrations().await?;
        if pending.is_empty() {
            return Ok(());
        }
        Err(Error::Schema(format!(
            "the tables are older than this program: run `voordeur migrate` (waiting: {})",
            pending.join(", ")
        )))
    }
}
