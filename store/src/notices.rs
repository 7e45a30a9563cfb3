//! Notices.
use crate::{Result, Store, Tx, later};
use schemas::{
    Timestamp, Uuid,
    case::Case,
    event::CaseEvent,
    notice::{Notice, NoticeState},
    report::{Contact, Report},
};
use std::collections::{HashMap, HashSet};

/// Everything needed to render and send one notice.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeView {
    /// The notice.
    pub notice: Notice,
    /// The event it tells.
    pub event: CaseEvent,
    /// The report.
    pub report: Report,
    /// Who told it.
    pub contact: Option<Contact>,
    /// The case, once the router opened it.
    pub case: Option<Case>,
}

/// A notice and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// The notice.
    pub notice: Notice,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: u32,
    /// What the provider answered.
    pub receipt: Option<String>,
    /// Why not, if not.
    pub why: Option<String>,
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeEnd {
    /// The notice.
    pub id: Uuid,
    /// How far it is now.
    pub state: NoticeState,
    /// When.
    pub at: Timestamp,
    /// What the provider answered.
    pub receipt: Option<String>,
    /// Why not, if not.
    pub why: Option<String>,
}

impl Tx {
    /// Writes planned notices and returns the ids of those that are new.
    pub async fn plan_notices(&mut self, _notices: &[Notice]) -> Result<HashSet<Uuid>> {
        later()
    }
    /// Writes what became of notices; each counts as one attempt unless superseded.
    pub async fn settle_notices(&mut self, _ends: &[NoticeEnd]) -> Result<()> {
        later()
    }
}

impl Store {
    /// One notice with all that is needed to send it.
    pub async fn notice(&self, _id: Uuid) -> Result<Option<NoticeView>> {
        later()
    }
    /// Many notices with all that is needed to send them.
    pub async fn notices_by_ids(&self, _ids: &[Uuid]) -> Result<HashMap<Uuid, NoticeView>> {
        later()
    }
    /// The notices of a case, in the order they were planned.
    pub async fn notices_of(&self, _case: Uuid) -> Result<Vec<NoticeRow>> {
        later()
    }
}
