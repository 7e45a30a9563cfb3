//! The sandbox letterbox: what would have been sent, kept so that a newcomer sees it happen.

use crate::{
    Error, Result, Store,
    db::{args, row},
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros, report::Language, way::Way};

/// A notice as it would have been sent. Personal data.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct LetterboxItem {
    /// The notice.
    pub notice_id: Uuid,
    /// Its case.
    pub case_id: Uuid,
    /// The way it would have gone.
    pub way: Way,
    /// The address it would have gone to.
    pub recipient: String,
    /// The subject line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// In which language.
    pub language: Language,
    /// When.
    pub at: Timestamp,
}

impl std::fmt::Debug for LetterboxItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LetterboxItem({}, hidden)", self.notice_id)
    }
}

sql! {
    both PUT = "INSERT INTO letterbox (notice_id, case_id, recipient, subject, text, html, language, at, way)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (notice_id) DO NOTHING";
    both LIST = "SELECT notice_id, case_id, recipient, subject, text, html, language, at, way FROM letterbox
        WHERE CAST($1 AS bigint) IS NULL OR at < $1 ORDER BY at DESC, notice_id LIMIT $2";
    both BY_ID = "SELECT notice_id, case_id, recipient, subject, text, html, language, at, way FROM letterbox
        WHERE notice_id = $1";
}

row! { "letterbox", ItemRow {
    notice_id: String, case_id: String, recipient: String, subject: String, text: String, html: String,
    language: String, at: i64, way: String,
} }

impl ItemRow {
    fn read(self) -> Result<LetterboxItem> {
        let broken = |column| Error::broken("letterbox", column, &self.notice_id);
        Ok(LetterboxItem {
            notice_id: self.notice_id.parse().map_err(|_| broken("notice_id"))?,
            case_id: self.case_id.parse().map_err(|_| broken("case_id"))?,
            way: Way::parse(&self.way).ok_or_else(|| broken("way"))?,
            language: Language::parse(&self.language).ok_or_else(|| broken("language"))?,
            recipient: self.recipient,
            subject: self.subject,
            text: self.text,
            html: self.html,
            at: from_micros(self.at),
        })
    }
}

impl Store {
    /// Keeps an item; a second one with the same notice id changes nothing.
    pub async fn put_letter(&self, item: LetterboxItem) -> Result<()> {
        let LetterboxItem { notice_id, case_id, way, recipient, subject, text, html, language, at } = item;
        let args = args![notice_id, case_id, recipient, subject, text, html, language.as_str(), at, way.as_str()];
        self.inner.db.exec(PUT, args).await.map(|_| ())
    }

    /// The newest items, or the newest before a moment.
    pub async fn letterbox(&self, limit: usize, before: Option<Timestamp>) -> Result<Vec<LetterboxItem>> {
        let rows: Vec<ItemRow> = self.inner.db.ordered(LIST, args![before, limit]).await?;
        rows.into_iter().map(ItemRow::read).collect()
    }

    /// One item.
    pub async fn letterbox_item(&self, notice: Uuid) -> Result<Option<LetterboxItem>> {
        self.inner.db.one::<ItemRow>(BY_ID, args![notice]).await?.map(ItemRow::read).transpose()
    }
}
