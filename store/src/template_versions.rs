//! The words that notices are written with: every version that a notice was planned with.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, row},
    sql::sql,
};
use schemas::{Timestamp, id::from_micros, report::Language};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// One version of the words of one template in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    /// The head of the SHA-256 of the texts, in hexadecimal digits.
    pub version: String,
    /// The template: the word of an event.
    pub template: String,
    /// In which language.
    pub language: Language,
    /// Each text by its name.
    pub texts: BTreeMap<String, String>,
    /// When the first notice was planned with it.
    pub since: Timestamp,
}

sql! {
    both KNOWN = "SELECT version FROM template_version
        WHERE version IN (SELECT value ->> 'version' FROM json_each($1))";
    both KEEP = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT INTO template_version (version, template, language, texts, since)
        SELECT value ->> 'version', value ->> 'template', value ->> 'language', value ->> 'texts',
            CAST(value ->> 'since' AS bigint)
        FROM batch WHERE TRUE ON CONFLICT (version) DO NOTHING";
    both BY_VERSION = "SELECT version, template, language, texts, since FROM template_version WHERE version = $1";
}

#[derive(Serialize)]
struct VersionKey<'a> {
    version: &'a str,
}

#[derive(Serialize)]
struct KeepRow<'a> {
    version: &'a str,
    template: &'a str,
    language: &'static str,
    texts: String,
    since: i64,
}

row! { "template_version", VersionRow { version: String, template: String, language: String, texts: String, since: i64 } }

impl Tx {
    /// Which of these versions are kept.
    pub async fn known_templates(&mut self, versions: &[&str]) -> Result<HashSet<String>> {
        let keys: Vec<_> = versions.iter().map(|version| VersionKey { version }).collect();
        let rows: Vec<(String,)> = self.conn.all(KNOWN, vec![batch(&keys)?]).await?;
        Ok(rows.into_iter().map(|(version,)| version).collect())
    }

    /// Keeps versions; one that is kept stays as it is.
    pub async fn keep_templates(&mut self, versions: &[TemplateVersion]) -> Result<()> {
        let by_version: BTreeMap<_, _> = versions.iter().map(|kept| (&kept.version, kept)).collect();
        let rows = by_version
            .into_values()
            .map(|kept| {
                Ok(KeepRow {
                    version: &kept.version,
                    template: &kept.template,
                    language: kept.language.as_str(),
                    texts: serde_json::to_string(&kept.texts)?,
                    since: kept.since.as_microsecond(),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        self.conn.exec(KEEP, vec![batch(&rows)?]).await.map(|_| ())
    }
}

impl Store {
    /// One version, when it is kept.
    pub async fn template_version(&self, version: &str) -> Result<Option<TemplateVersion>> {
        let row = self.inner.db.one::<VersionRow>(BY_VERSION, args![version]).await?;
        row.map(|row| {
            let broken = |column| Error::broken("template_version", column, &row.version);
            Ok(TemplateVersion {
                language: Language::parse(&row.language).ok_or_else(|| broken("language"))?,
                texts: serde_json::from_str(&row.texts).map_err(|_| broken("texts"))?,
                since: from_micros(row.since),
                version: row.version,
                template: row.template,
            })
        })
        .transpose()
    }
}
