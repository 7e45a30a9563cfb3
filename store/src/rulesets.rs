//! Rulesets: the text of every one that ever decided, and which one decides.

use crate::{
    DbKind, Error, Result, Store, Tx,
    db::{args, row},
    sql::sql,
};
use schemas::{Timestamp, city::Files, id::from_micros, letter::Lane};

sql! {
    sqlite ACTIVE_S = "SELECT n, version FROM activation ORDER BY n DESC LIMIT 1";
    postgres ACTIVE_P = "SELECT nth, named FROM rules_in_force()";
    both NEWEST = "SELECT n, version FROM activation ORDER BY n DESC LIMIT 1";
    // Waits for every batch that decides, and keeps new ones waiting until the commit.
    postgres ALONE_P = "SELECT CAST(hashtext('voordeur rules') AS bigint)
        FROM pg_advisory_xact_lock(hashtext('voordeur rules'))";
    both KEEP = "INSERT INTO ruleset (version, files, stored_at) VALUES ($1, $2, $3) ON CONFLICT (version) DO NOTHING";
    both ACTIVATE = "INSERT INTO activation (n, version, at, note) VALUES ($1, $2, $3, $4)";
    both FILES = "SELECT files FROM ruleset WHERE version = $1";
    both HISTORY = "SELECT version, n, at, note FROM activation ORDER BY n DESC LIMIT $1";
    both SEEN = "SELECT value FROM setting WHERE name = 'rules_folder'";
    both SEE = "INSERT INTO setting (name, value) VALUES ('rules_folder', $1)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

/// The lane whose readers are woken when other rules come into force. It never holds a letter.
fn woken() -> Lane {
    Lane::new("rules")
}

/// Which rules decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesInForce {
    /// The number of the activation; each is one higher than the last, the first is 1.
    pub n: i64,
    /// The version of the rules.
    pub version: String,
}

/// When which rules began to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// Its number.
    pub n: i64,
    /// The version of the rules.
    pub version: String,
    /// Since when.
    pub at: Timestamp,
    /// Why, in the words of whoever did it.
    pub note: String,
}

/// What became of an activation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activated {
    /// It decides from now on.
    Now(RulesInForce),
    /// It decides already; nothing was written.
    Already(RulesInForce),
    /// Somebody else activated these in the meantime; nothing was written.
    Overtaken(RulesInForce),
}

row! { "activation", ActivationRow { version: String, n: i64, at: i64, note: String } }

type InForceRow = (i64, String);

fn in_force(rows: Vec<InForceRow>) -> Option<RulesInForce> {
    rows.into_iter().next().map(|(n, version)| RulesInForce { n, version })
}

fn history(rows: Vec<ActivationRow>) -> Vec<Activation> {
    rows.into_iter()
        .map(|ActivationRow { version, n, at, note }| Activation { n, version, at: from_micros(at), note })
        .collect()
}

fn files(version: &str, rows: Vec<(String,)>) -> Result<Option<Files>> {
    let Some((text,)) = rows.into_iter().next() else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|_| Error::broken("ruleset", "files", version))
}

impl Tx {
    /// The rules that decide. They stay in force until this transaction ends: an activation waits
    /// for it. Nothing before the first activation.
    pub async fn rules_in_force(&mut self) -> Result<Option<RulesInForce>> {
        let sql = self.conn.pick(ACTIVE_S, ACTIVE_P);
        Ok(in_force(self.conn.all::<InForceRow>(sql, args![]).await?))
    }

    /// The files of the ruleset `version`, if it was ever kept.
    pub async fn ruleset_files(&mut self, version: &str) -> Result<Option<Files>> {
        files(version, self.conn.all(FILES, args![version]).await?)
    }

    /// The last `limit` activations, newest first.
    pub async fn activations(&mut self, limit: usize) -> Result<Vec<Activation>> {
        Ok(history(self.conn.all(HISTORY, args![limit]).await?))
    }

    /// Keeps a ruleset and lets it decide from the commit of this transaction on, in every process.
    /// `seen` is the activation that the caller believes to be in force (0: none); when another one
    /// is, nothing happens. The same ruleset twice is activated once.
    pub async fn activate_rules(&mut self, version: &str, files: &Files, seen: i64, note: &str) -> Result<Activated> {
        if self.inner.db.kind() == DbKind::Postgres {
            self.conn.all::<(i64,)>(ALONE_P, args![]).await?;
        }
        let newest = in_force(self.conn.all::<InForceRow>(NEWEST, args![]).await?);
        match newest {
            Some(newest) if newest.version == version => return Ok(Activated::Already(newest)),
            Some(newest) if newest.n != seen => return Ok(Activated::Overtaken(newest)),
            _ => {}
        }
        let now = self.clock().now();
        self.conn.exec(KEEP, args![version, serde_json::to_string(files)?, now]).await?;
        let n = newest.map_or(1, |newest| newest.n + 1);
        self.conn.exec(ACTIVATE, args![n, version, now, note]).await?;
        self.touched.insert(woken());
        Ok(Activated::Now(RulesInForce { n, version: version.to_owned() }))
    }

    /// The version that the city folder had when somebody last looked.
    pub async fn rules_folder(&mut self) -> Result<Option<String>> {
        let rows: Vec<(String,)> = self.conn.all(SEEN, args![]).await?;
        Ok(rows.into_iter().next().map(|(version,)| version))
    }

    /// Remembers which version the city folder has.
    pub async fn see_rules_folder(&mut self, version: &str) -> Result<()> {
        self.conn.exec(SEE, args![version]).await.map(|_| ())
    }
}

impl Store {
    /// The rules that decide at this moment; nothing before the first activation.
    pub async fn rules_in_force(&self) -> Result<Option<RulesInForce>> {
        Ok(in_force(self.inner.db.all::<InForceRow>(NEWEST, args![]).await?))
    }

    /// The files of the ruleset `version`, if it was ever kept.
    pub async fn ruleset_files(&self, version: &str) -> Result<Option<Files>> {
        files(version, self.inner.db.all(FILES, args![version]).await?)
    }

    /// The last `limit` activations, newest first.
    pub async fn activations(&self, limit: usize) -> Result<Vec<Activation>> {
        Ok(history(self.inner.db.all(HISTORY, args![limit]).await?))
    }

    /// Returns when other rules may have come into force, or after `at_most`.
    pub async fn wait_for_rules(&self, at_most: std::time::Duration) {
        self.wait(&woken(), at_most).await;
    }
}
