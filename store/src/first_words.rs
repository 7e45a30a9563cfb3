//! What is said first of a report: the event that it was received, and the letter that asks for a decision.

use schemas::{
    event::{CaseEvent, What},
    id::derived,
    letter::{Lane, Letter, Topic},
    report::{Received, Report, Why},
    trace::Trace,
};

/// The first line of the timeline of `report`.
pub(crate) fn received(report: &Report) -> CaseEvent {
    CaseEvent {
        critical: false,
        id: derived(&["event", &report.id.to_string(), "received"]),
        case_id: report.id,
        reference: report.reference,
        version: 1,
        at: report.received_at,
        what: What::Received,
    }
}

/// The letter that asks the router for a decision about `report`.
pub(crate) fn route(report: &Report, trace: Trace) -> Letter {
    let id = derived(&["route", &report.id.to_string(), "new"]);
    let body = Received { report: report.id, why: Why::New };
    let kind = report.kind.as_str();
    Letter::new(id, Lane::router(), Topic::ReportReceived, kind, &body, trace, report.received_at).about(report.id)
}
