//! What the page of a duplicate shows of its main case: what followers may see, and no word of who reported it.

use super::{Oops, timeline::Teller};
use crate::app::App;
use schemas::{
    case::{Case, Status},
    event::{CaseEvent, What},
    report::{Language, Report},
};
use serde::Serialize;

/// The main case of a duplicate.
pub(super) struct Main {
    pub report: Report,
    pub case: Case,
    events: Vec<CaseEvent>,
}

/// It, as the template sees it.
#[derive(Serialize)]
pub(super) struct View {
    reference: String,
    href: String,
    status: &'static str,
    status_name: String,
    expected: Option<String>,
    people: String,
}

impl Main {
    /// The main case of `case`, when that is a duplicate; `None` also when the main case is not for others' eyes any more.
    pub async fn of(app: &App, case: Option<&Case>) -> Result<Option<Self>, Oops> {
        let Some(case) = case.filter(|case| case.status == Status::Duplicate) else { return Ok(None) };
        let store = &app.site.store;
        let Some(merged) = store.merged(&[case.id]).await?.remove(&case.id) else { return Ok(None) };
        let (report, case) = tokio::try_join!(store.report(merged.main), store.case(merged.main))?;
        let (Some(report), Some(case)) = (report, case) else { return Ok(None) };
        if !app.site.city.is_public(&report) || app.site.city.is_confidential(case.lead.as_ref()) {
            return Ok(None);
        }
        let mut events = store.timeline(merged.main, true).await?;
        events.retain(|event| event.what.is_for_followers() && event.what.is_for_duplicates());
        for event in &mut events {
            if let What::Reopened { text, of } = &mut event.what {
                (*text, *of) = (None, Some(report.reference));
            }
        }
        Ok(Some(Self { report, case, events }))
    }

    /// Puts its lines among `own`, the events of the duplicate. What departments were told of the duplicate since it was
    /// one is no step for its reporter.
    pub fn join(&self, own: &mut Vec<CaseEvent>) {
        let since = own.iter().rposition(|event| matches!(event.what, What::Merged { .. }));
        let mut at = 0;
        own.retain(|event| {
            at += 1;
            since.is_none_or(|since| at - 1 <= since) || matches!(event.what, What::Replied { .. })
        });
        own.extend(self.events.iter().cloned());
        own.sort_by_key(|event| event.at);
    }

    /// How many people reported it.
    pub async fn view(&self, app: &App, language: Language, teller: &Teller<'_>) -> Result<View, Oops> {
        let status = self.case.status;
        let expected = self.case.expected_on().filter(|_| !status.is_closed());
        Ok(View {
            reference: self.report.reference.to_string(),
            href: format!("/{}/case/{}", language.as_str(), self.report.reference.digits()),
            status: status.as_str(),
            status_name: app.text(language, &format!("status-{status}"), &[]),
            expected: expected.map(|day| app.text(language, "track-expected", &[("date", &teller.date(day))])),
            people: people(app, language, &self.report).await?,
        })
    }
}

/// How many people reported the case of `report`, in words.
pub(super) async fn people(app: &App, language: Language, report: &Report) -> Result<String, Oops> {
    let also = app.site.store.duplicates(&[report.id]).await?.len();
    Ok(super::near::people(app, language, also + 1))
}
