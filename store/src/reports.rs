//! Reports.
use crate::{Result, Store, Tx, later};
use schemas::{
    Timestamp, Uuid,
    reference::Reference,
    report::{Contact, Report},
    trace::Trace,
};
use std::collections::HashMap;

/// A report to be kept.
#[derive(Debug, Clone)]
pub struct NewReport {
    /// The report.
    pub report: Report,
    /// Who told it.
    pub contact: Option<Contact>,
    /// SHA-256 of the canonical submission, hex: tells a retry from another report under the same id.
    pub digest: String,
    /// Whether to post `report.received` to the router's lane.
    pub route: bool,
    /// The walk it belongs to.
    pub trace: Trace,
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// Kept now.
    New(Receipt),
    /// Kept before: what was answered then.
    Again(Receipt),
    /// The id is taken by another report; nothing was written.
    Conflict,
}

/// What the reporter is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The report.
    pub id: Uuid,
    /// What people call it.
    pub reference: Reference,
    /// The unguessable part of the tracking link.
    pub token: String,
    /// When the city received it.
    pub received_at: Timestamp,
}

impl Tx {
    /// Keeps reports; answers in the order given. The same id twice in one call is one report.
    pub async fn accept(&mut self, _reports: &[NewReport]) -> Result<Vec<Accepted>> {
        later()
    }
    /// Reports by id; those that do not exist are left out.
    pub async fn reports(&mut self, _ids: &[Uuid]) -> Result<HashMap<Uuid, Report>> {
        later()
    }
    /// Contacts by report; those who gave none are left out.
    pub async fn contacts(&mut self, _ids: &[Uuid]) -> Result<HashMap<Uuid, Contact>> {
        later()
    }
}

impl Store {
    /// Keeps one report, durably, together with whatever other callers bring at the same moment.
    pub async fn accept(&self, _report: NewReport) -> Result<Accepted> {
        later()
    }
    /// A report.
    pub async fn report(&self, _id: Uuid) -> Result<Option<Report>> {
        later()
    }
    /// The report behind a tracking link.
    pub async fn report_by_token(&self, _token: &str) -> Result<Option<Report>> {
        later()
    }
    /// The report that people call `reference`.
    pub async fn report_by_reference(&self, _reference: Reference) -> Result<Option<Report>> {
        later()
    }
}
