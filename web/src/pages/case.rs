//! `/{lang}/case/{reference}`: what anybody may know of a case that is public, and a way to follow it. Of what the
//! reporter sent stands there only what somebody of the city approved, and no place more precise than the district.

use super::{
    Call, Entry, Lang, Oops, ask,
    fields::Field,
    merged, photo,
    timeline::{Line, Teller},
};
use crate::{app::App, face::Page, guard::rate::Caller, public::PublicCase};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use schemas::{
    case::Status,
    city::in_language,
    event::What,
    notice::Scope,
    proof::{Target, Wants},
    reference::Reference,
    report::{Language, Report},
};
use serde::{Deserialize, Serialize};

/// The page.
pub const PAGE: Entry =
    Entry { name: "case", path: "/{lang}/case/{reference}", route: |_| get(show).post(send), sandbox: false };

/// Which case.
#[derive(Deserialize)]
pub(super) struct Named {
    reference: String,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    address: String,
}

#[derive(Serialize)]
struct Data {
    action: String,
    reference: String,
    category: String,
    areas: String,
    status: &'static str,
    status_name: String,
    /// How many people reported it.
    people: String,
    lines: Vec<Line>,
    /// What of it was approved: the words, and the photos.
    words: Option<String>,
    photos: Vec<photo::Shown>,
    reviewed: bool,
    /// It can still be followed.
    open: bool,
    address: Field,
    topics: String,
    phone: Call,
}

/// The report of a case that is public.
pub(super) async fn public(app: &App, named: &Named) -> Result<Report, Oops> {
    let reference = Reference::parse(&named.reference).map_err(|_| Oops::Missing)?;
    // What is not public is not there.
    let case = PublicCase::by_reference(app, reference).await?.ok_or(Oops::Missing)?;
    app.site.store.report(case.id).await?.ok_or(Oops::Missing)
}

async fn show(State(app): State<App>, Lang(language): Lang, Path(named): Path<Named>) -> Result<Response, Oops> {
    let report = public(&app, &named).await?;
    // What became a duplicate goes on in another case.
    let case = app.site.store.case(report.id).await?;
    if let Some(main) = merged::Main::of(&app, case.as_ref()).await? {
        let to = format!("/{}/case/{}", language.as_str(), main.report.reference.digits());
        return Ok(Redirect::to(&to).into_response());
    }
    page(&app, language, &report, "", false).await
}

async fn page(app: &App, language: Language, report: &Report, typed: &str, wrong: bool) -> Result<Response, Oops> {
    let city = &app.site.city;
    let (case, mut events) =
        tokio::try_join!(app.site.store.case(report.id), app.site.store.timeline(report.id, true))?;
    let status = case.map_or(Status::Received, |case| case.status);
    events.retain(|event| event.what.is_for_followers());
    for event in &mut events {
        // These are the words of whoever reported it.
        if let What::Reopened { text, .. } = &mut event.what {
            *text = None;
        }
    }
    let mut lines = Vec::new();
    let teller = Teller { app, language, today: app.today() };
    for (mut line, event) in teller.lines(&events).into_iter().zip(events.iter().rev()) {
        // On their own page these speak to whoever reported it.
        let key = match event.what {
            What::Received => Some("case-received"),
            What::Reopened { .. } => Some("case-reopened"),
            _ => None,
        };
        if let Some(key) = key {
            line.title = app.text(language, key, &[]);
            line.text = None;
        }
        lines.push(line);
    }
    let areas = report.place.point.map(|point| city.areas.locate(point)).unwrap_or_default();
    let areas = areas.iter().filter_map(|area| city.areas.get(area.as_str()));
    let (reference, lang) = (report.reference.to_string(), language.as_str());
    let here = format!("/case/{}", report.reference.digits());
    let approved = PublicCase::approved(app, &[report.id]).await?.remove(&report.id).unwrap_or_default();
    let home = format!("/{lang}{here}");
    let shown = Report { photos: approved.photos, ..report.clone() };
    let photos = photo::shown(&app.site.store, &shown, &home).await?;
    let title = app.text(language, "case-title", &[("reference", &reference)]);
    let data = Data {
        action: format!("/{lang}{here}"),
        category: city
            .category(&report.category)
            .map_or(report.category.as_str(), |category| in_language(&category.names, language))
            .to_owned(),
        areas: areas.map(|area| in_language(&area.names, language)).collect::<Vec<_>>().join(", "),
        status: status.as_str(),
        status_name: app.text(language, &format!("status-{status}"), &[]),
        people: merged::people(app, language, report).await?,
        lines,
        reviewed: approved.words.is_some(),
        words: approved.words,
        photos,
        open: !status.is_closed() && !app.verify().await?.ways().is_empty(),
        address: ask::field(app, language, typed, wrong).await?,
        topics: format!("/{lang}/follow?topic={}", report.category.group()),
        phone: Call::to(&city.phone),
        reference,
    };
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    // Not a page for search engines: it may become private.
    Ok(app.show(&Page::new(language, "case", title, here, data).private().status(status)))
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(named): Path<Named>,
    Extension(caller): Extension<Caller>,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    let report = public(&app, &named).await?;
    let follows = vec![Target { scope: Scope::Case, target: report.id.to_string() }];
    let wants = Wants { follows, ..Wants::default() };
    match ask::send(&app, caller, language, &said.address, None, wants).await? {
        Some(answer) => Ok(answer),
        None => page(&app, language, &report, &said.address, true).await,
    }
}
