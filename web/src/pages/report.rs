//! `/{lang}/report`: tell the city something. Choose what it is about, then fill in one form; it
//! works without JavaScript and loses nothing when something is wrong.

use super::{
    Entry, Lang, Oops, begin, check,
    choose::{self, Carried},
    form::{self, Filled},
    near, personal, told,
};
use crate::{
    app::App,
    face::Page,
    guard::{
        rate::{Caller, Peer},
        walk::Walk,
    },
    map::base,
};
use adapters::intake::form::{FormData, Outcome, field};
use axum::{
    Extension,
    extract::{DefaultBodyLimit, Query, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use schemas::{
    Uuid,
    city::Category,
    fault::Invalid,
    place::Point,
    report::{Kind, Language},
    slug::Channel,
    submission::MAX_WORDS,
};
use serde::Deserialize;

/// The page.
pub const PAGE: Entry = Entry {
    name: "report",
    path: "/{lang}/report",
    route: |app| get(show).post(send).layer(DefaultBodyLimit::max(app.doors.form.max_body())),
    sandbox: false,
};

/// What was chosen so far.
#[derive(Debug, Default, Deserialize)]
struct Chosen {
    #[serde(default)]
    q: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    /// What another site knows already, and the person can still change.
    #[serde(default)]
    words: Option<String>,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    lat: Option<String>,
    #[serde(default)]
    lon: Option<String>,
}

impl Chosen {
    /// The form as a link filled it in: at most as much as a person could type.
    fn filled(&self) -> FormData {
        let degrees = |text: &&String| text.trim().parse::<f64>().is_ok_and(|n| n.abs() <= 180.0);
        let known = [
            (field::WORDS, self.words.as_ref(), MAX_WORDS),
            (field::ADDRESS, self.address.as_ref(), 200),
            (field::LAT, self.lat.as_ref().filter(degrees), 20),
            (field::LON, self.lon.as_ref().filter(degrees), 20),
        ];
        let said = |(name, text, most): (&str, Option<&String>, usize)| {
            Some((name.to_owned(), text?.trim().chars().take(most).collect()))
        };
        FormData { fields: known.into_iter().filter_map(said).collect(), files: Vec::new() }
    }
}

async fn show(State(app): State<App>, Lang(language): Lang, Query(chosen): Query<Chosen>) -> Response {
    let kind = chosen.kind.as_deref().and_then(Kind::parse);
    let category = chosen.category.as_deref().and_then(|id| app.site.city.category(id));
    match category {
        Some(category) => {
            let filled = Filled { form: chosen.filled(), ..Filled::default() };
            page(&app, language, category, kind, filled, StatusCode::OK).await
        }
        None => {
            let known = chosen.filled().fields.into_iter().filter(|(_, text)| !text.is_empty()).collect();
            choose::show(&app, language, chosen.q.as_deref(), chosen.group.as_deref(), &Carried { kind, known })
        }
    }
}

async fn page(
    app: &App,
    language: Language,
    category: &Category,
    kind: Option<Kind>,
    mut filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    // Whoever looked the address up sees what was found until they change it.
    let address = filled.form.get(field::ADDRESS).unwrap_or_default().trim();
    let is_search = filled.form.get(field::DO) == Some(field::FIND);
    if is_search || (!address.is_empty() && filled.form.get(field::SPOT_FOR) == Some(address)) {
        filled.spots = Some(app.geocode.find(address, language).await);
    }
    filled.form = app.doors.form.marked(filled.form).await;
    let view = form::view(app, language, category, kind, &filled);
    let name = schemas::city::in_language(&category.names, language);
    let title = match filled.faults.len() {
        0 if filled.spots.is_none() && (filled.taken_at.is_some() || view.personal.is_some()) => {
            app.text(language, "form-title-offer", &[("title", name)])
        }
        0 => name.to_owned(),
        // The first thing a screen reader says.
        _ => app.text(language, "form-title-wrong", &[("title", name)]),
    };
    let here = format!("/report?category={}", category.id);
    let page = Page::new(language, "report", title, here, view).status(status);
    let mut response = app.show(&Page { script: Some("form.js"), ..page });
    // The form holds a token of its own: one showing, one report.
    let keep = axum::http::HeaderValue::from_static("private, no-store");
    response.headers_mut().insert(axum::http::header::CACHE_CONTROL, keep);
    if let Some(policy) = base::policy(&app.site.city) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    walk: Walk,
    Extension(caller): Extension<Caller>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Result<Response, Oops> {
    let by_program = told::is_wanted(request.headers());
    let sent = form::read(&app, request).await?;
    let Ok(channel) = Channel::new("web") else { return Err(Oops::Missing) };
    // Files are needed once; what is shown again are the fields.
    let fields = FormData { fields: sent.fields.clone(), files: Vec::new() };
    let button = fields.get(field::DO);
    if button == Some(near::FOLLOW) {
        let (photos, ..) = app.doors.form.hold_photos(&sent).await?;
        if let Some(answer) = near::follow(&app, language, caller, &fields, &photos).await? {
            return Ok(answer);
        }
    }
    // They have given something, and now said what it is about: the rest of the form is still to come.
    let is_begun = fields.get(begin::FIRST).is_some();
    let category = fields.get(field::CATEGORY).and_then(|id| app.site.city.category(id.trim()));
    if is_begun && category.is_none() {
        let (photos, _, taken_at) = app.doors.form.hold_photos(&sent).await?;
        return begin::about(&app, language, fields, &photos, taken_at, true).await;
    }
    if let (Some(check::CHECK), Some(category)) = (button, category) {
        let (photos, mut faults, taken_at) = app.doors.form.hold_photos(&sent).await?;
        faults.extend(app.doors.form.faults(&fields));
        if faults.is_empty() {
            return Ok(check::page(&app, language, category, &fields, &photos));
        }
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(again(&app, language, fields, &faults, &photos, taken_at, status).await);
    }
    let is_shown_again =
        is_begun || button == Some(field::FIND) || button == Some(near::CHANGE) || button == Some(near::FOLLOW);
    let is_personal = personal::is_to_be_said(&app, language, &fields);
    if by_program && is_personal {
        return Ok(told::asks(&app, language, "outbox-say-personal"));
    }
    if is_shown_again || is_personal {
        let (photos, faults, taken_at) = app.doors.form.hold_photos(&sent).await?;
        return Ok(again(&app, language, fields, &faults, &photos, taken_at, StatusCode::OK).await);
    }
    let peer = peer.map(|Extension(Peer(address))| address);
    let (receipt, other) = match app.doors.form.receive(&channel, sent, peer, walk.0).await {
        Outcome::Filed(receipt) | Outcome::Again(receipt) | Outcome::AlreadySent(receipt) if by_program => {
            return Ok(told::sent(language, &receipt));
        }
        Outcome::Filed(receipt) | Outcome::Again(receipt) => (receipt, ""),
        Outcome::AlreadySent(receipt) => (receipt, "?already=1"),
        Outcome::Failed(error) => return Err(error.into()),
        Outcome::Invalid { faults, photos, taken_at } => {
            metrics::counter!("voordeur_form_invalid_total").increment(1);
            // Nothing is wrong with photos that nobody can check just now.
            let is_away = faults.iter().any(|fault| fault.code == "unchecked");
            let status = if is_away { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNPROCESSABLE_ENTITY };
            if by_program {
                return Ok(told::wrong(&app, language, &faults, status));
            }
            return Ok(again(&app, language, fields, &faults, &photos, taken_at, status).await);
        }
        Outcome::Near { .. } if by_program => return Ok(told::asks(&app, language, "near-title")),
        Outcome::Offer { .. } if by_program => return Ok(told::asks(&app, language, "outbox-say-place")),
        Outcome::Near { photos, near } => {
            let asked = near::Asked { form: &fields, photos: &photos, near: &near, unchosen: false, wrong: false };
            return near::page(&app, language, &asked).await;
        }
        Outcome::Offer { photos, taken_at } => {
            return Ok(again(&app, language, fields, &[], &photos, Some(taken_at), StatusCode::OK).await);
        }
    };
    let on = format!("/{}/t/{}/receipt{other}", language.as_str(), receipt.token);
    Ok(Redirect::to(&on).into_response())
}

/// The form with what was filled in.
async fn again(
    app: &App,
    language: Language,
    form: FormData,
    faults: &[Invalid],
    photos: &[Uuid],
    taken_at: Option<Point>,
    status: StatusCode,
) -> Response {
    let category = form.get(field::CATEGORY).and_then(|id| app.site.city.category(id.trim()));
    let Some(category) = category else { return choose::show(app, language, None, None, &Carried::default()) };
    let filled = Filled { form, faults, photos, spots: None, taken_at };
    let mut response = page(app, language, category, None, filled, status).await;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}
