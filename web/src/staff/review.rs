//! `/{lang}/staff/review`: what waits for somebody to look before it becomes public, the newest first.

use super::{Entry, Lang, Oops, Response, Staff, Who, held, href};
use crate::app::App;
use adapters::abuse::review::{self, Waiting};
use axum::{
    extract::{Query, State},
    routing::get,
};
use schemas::account::Role;
use serde::{Deserialize, Serialize};

/// Where it is.
pub(super) const PATH: &str = "/{lang}/staff/review";

/// The page.
pub(super) const PAGE: Entry =
    Entry { name: "review", path: PATH, route: |_| get(show), who: Who::Only(Role::Moderator), menu: true };

/// So many stand on the page.
const MOST: usize = 50;

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    done: String,
    #[serde(default)]
    of: String,
}

#[derive(Serialize)]
struct Data {
    said: Option<String>,
    /// The report that was decided about just now: there it can be undone.
    undo: Option<String>,
    lead: String,
    reports: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    href: String,
    reference: String,
    category: String,
    when: String,
    words: String,
    found: usize,
    photos: usize,
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    staff: Staff,
    Query(which): Query<Which>,
) -> Result<Response, Oops> {
    let city = &app.site.city;
    let home = href(PATH, language);
    let line = |one: Waiting| Line {
        href: format!("{home}/{}", one.report.reference.digits()),
        reference: one.report.reference.to_string(),
        category: held::category(&app, language, &one.report),
        when: held::moment(&app, language, one.report.received_at),
        words: one.report.words.replace('\n', " ").chars().take(200).collect(),
        found: one.found.len(),
        photos: one.report.photos.len(),
    };
    let said = held::said(&app, language, &which.done, &which.of, &["approved", "rejected", "withdrawn"]);
    let is_on = city.publish.has_words() || city.publish.has_photos();
    let data = Data {
        undo: said.is_some().then(|| format!("{home}/{}", which.of)),
        said,
        lead: app.text(language, if is_on { "review-lead" } else { "review-off" }, &[]),
        reports: review::waiting(&app.site.store, city, MOST).await?.into_iter().map(line).collect(),
    };
    let title = app.text(language, "staff-page-review", &[]);
    Ok(app.show(&staff.page(&app, language, "staff_review", title, "/staff/review", data)))
}
