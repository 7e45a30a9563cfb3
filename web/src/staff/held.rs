//! `/{lang}/staff/held`: the reports that are held, the oldest first; and those that passed, were released or refused.

use super::{Entry, Lang, Oops, Response, Staff, Who, href};
use crate::{app::App, dates};
use adapters::abuse::{self, Listed};
use axum::{
    extract::{Query, State},
    routing::get,
};
use schemas::{account::Role, city::in_language, held::State as Stand, reference::Reference, report::Language};
use serde::{Deserialize, Serialize};

/// Where it is.
pub(super) const PATH: &str = "/{lang}/staff/held";

/// The page.
pub(super) const PAGE: Entry =
    Entry { name: "held", path: PATH, route: |_| get(show), who: Who::Only(Role::Moderator), menu: true };

/// So many stand on the page.
const MOST: usize = 100;
/// So much of somebody's words stands in the list.
const GLIMPSE: usize = 200;

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    state: String,
    /// What was done just now, and to which report.
    #[serde(default)]
    done: String,
    #[serde(default)]
    of: String,
}

#[derive(Serialize)]
struct Data {
    said: Option<String>,
    states: Vec<Tab>,
    lead: String,
    empty: String,
    reports: Vec<Line>,
    /// There are more than stand here.
    more: bool,
}

#[derive(Serialize)]
struct Tab {
    href: String,
    name: String,
    current: bool,
}

#[derive(Serialize)]
struct Line {
    href: String,
    reference: String,
    category: String,
    why: String,
    when: String,
    words: String,
}

/// Why it was noticed, in words.
pub(super) fn why(app: &App, language: Language, listed: &Listed) -> String {
    let reason = |reason: &schemas::held::Reason| app.text(language, &format!("held-reason-{}", reason.as_str()), &[]);
    listed.held.reasons.iter().map(reason).collect::<Vec<_>>().join(", ")
}

/// The name of the category of a report.
pub(super) fn category(app: &App, language: Language, report: &schemas::report::Report) -> String {
    let known = app.site.city.category(&report.category);
    known.map_or_else(|| report.category.to_string(), |known| in_language(&known.names, language).to_owned())
}

/// A moment, as the city counts it.
pub(super) fn moment(app: &App, language: Language, at: schemas::Timestamp) -> String {
    dates::moment(&app.site.city, language, at, app.today())
}

/// What was done to the report `of` just now, in a sentence; nothing when that is no word or no reference.
pub(super) fn said(app: &App, language: Language, done: &str, of: &str, known: &[&str]) -> Option<String> {
    let reference = Reference::parse(of).ok()?.to_string();
    known.contains(&done).then(|| app.text(language, &format!("staff-done-{done}"), &[("reference", &reference)]))
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    staff: Staff,
    Query(which): Query<Which>,
) -> Result<Response, Oops> {
    let state = Stand::parse(&which.state).unwrap_or(Stand::Held);
    let mut listed = abuse::list(&app.site.store, state, MOST + 1).await?;
    let more = listed.len() > MOST;
    listed.truncate(MOST);
    let home = href(PATH, language);
    let line = |one: Listed| {
        let key = if state == Stand::Held { "held-until" } else { "held-since" };
        let at = if state == Stand::Held { one.held.until } else { one.held.at };
        let mut words: String = one.report.words.replace('\n', " ").chars().take(GLIMPSE + 1).collect();
        if words.chars().count() > GLIMPSE {
            words = words.chars().take(GLIMPSE).chain(['…']).collect();
        }
        Line {
            href: format!("{home}/{}", one.report.reference.digits()),
            reference: one.report.reference.to_string(),
            category: category(&app, language, &one.report),
            why: why(&app, language, &one),
            when: app.text(language, key, &[("time", &moment(&app, language, at))]),
            words,
        }
    };
    let tab = |of: Stand| Tab {
        href: if of == Stand::Held { home.clone() } else { format!("{home}?state={}", of.as_str()) },
        name: app.text(language, &format!("held-state-{}", of.as_str()), &[]),
        current: of == state,
    };
    let data = Data {
        said: said(&app, language, &which.done, &which.of, &["released", "refused"]),
        states: [Stand::Held, Stand::Passed, Stand::Released, Stand::Refused].map(tab).into(),
        lead: app.text(language, &format!("held-lead-{}", state.as_str()), &[]),
        empty: app.text(language, "held-empty", &[]),
        reports: listed.into_iter().map(line).collect(),
        more,
    };
    let title = app.text(language, "staff-page-held", &[]);
    Ok(app.show(&staff.page(&app, language, "staff_held", title, "/staff/held", data)))
}
