//! `/{lang}/t/{token}/receipt`: what a person leaves the counter with: the reference to say aloud,
//! the link to follow it, and what happens next.

use super::{Call, Entry, Lang, Oops, Token, timeline::Teller};
use crate::{app::App, face::Page};
use axum::{
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use schemas::{case::Status, report::Tell};
use serde::{Deserialize, Serialize};

/// The page.
pub const PAGE: Entry =
    Entry { name: "receipt", path: "/{lang}/t/{token}/receipt", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    reference: String,
    spoken: String,
    link: String,
    href: String,
    told: bool,
    already: bool,
    calls: Vec<Call>,
    /// By when they hear who has taken it on.
    acknowledged: Option<String>,
    /// By when it is to be solved, once somebody has it.
    expected: Option<String>,
    phone: Call,
    letterbox: bool,
    again: String,
}

#[derive(Deserialize)]
struct How {
    #[serde(default)]
    already: Option<String>,
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Path(token): Path<Token>,
    Query(how): Query<How>,
) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    let lang = language.as_str();
    let config = &app.site.config;
    let reference = report.reference.to_string();
    let case = app.site.store.case(report.id).await?.filter(|case| !case.status.is_closed());
    let teller = Teller { app: &app, language, today: app.today() };
    let expected = case.and_then(|case| case.expected_on()).filter(|day| *day >= app.today());
    let expected = expected.map(|day| app.text(language, "track-expected", &[("date", &teller.date(day))]));
    let data = Data {
        expected,
        // Digits one by one, so that a screen reader does not read two thousands.
        spoken: reference.chars().filter(char::is_ascii_digit).map(String::from).collect::<Vec<_>>().join(" "),
        reference,
        link: config.tracking_url(language, &report.token),
        href: format!("/{lang}/t/{}", report.token),
        told: report.tell == Tell::Email,
        already: how.already.is_some(),
        calls: super::emergencies(&app.site.city, &report.words),
        acknowledged: super::track::acknowledged(&app, language, &report, Status::Received),
        phone: Call::to(&app.site.city.phone),
        letterbox: config.letterbox && report.tell == Tell::Email,
        again: format!("/{lang}"),
    };
    let title = app.text(language, "receipt-title", &[]);
    let here = format!("/t/{}/receipt", report.token);
    Ok(app.show(&Page::new(language, "receipt", title, here, data).private()))
}
