//! `/{lang}/staff/cases/{reference}`: a case as people of the city see it. After something was taken down: the reference to
//! read aloud, and what happens next. A caller adds words to it, is called back, or says that it is about something else.

use super::{
    Entry, Lang, Oops, Response, Staff, Who,
    desk::told_by,
    near::{self, Near, lines},
};
use crate::{
    app::App,
    guard::walk::Walk,
    pages::{
        department,
        fields::{Field, Wrong},
        photo::{self, Sized},
        timeline::{Line, Teller},
        track::{self, Matter},
    },
};
use adapters::{
    desk::{back::Asked as BackAsked, earlier::Joined, may_read},
    recategorise::{Outcome as Recategorised, recategorise},
};
use axum::{
    Form,
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect},
    routing::get,
};
use schemas::{
    Uuid,
    account::Role,
    case::{Case, Status},
    city::in_language,
    event::What,
    reference::Reference,
    report::{Language, Report},
    slug::CategoryId,
    spoken,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// So long somebody sees what they took down themselves, also when it is confidential.
const JUST_NOW: Duration = Duration::from_secs(15 * 60);

/// The page.
pub(super) const PAGE: Entry = Entry {
    name: "case",
    path: "/{lang}/staff/cases/{reference}",
    route: |_| get(show).post(send),
    who: Who::Only(Role::Operator),
    menu: false,
};

/// A photo of it.
pub(super) const PHOTO_PAGE: Entry = Entry {
    name: "case-photo",
    path: "/{lang}/staff/cases/{reference}/photos/{photo}",
    route: |_| get(picture),
    who: Who::Only(Role::Operator),
    menu: false,
};

/// The paper that it came on.
pub(super) const SCAN_PAGE: Entry = Entry {
    name: "case-scan",
    path: "/{lang}/staff/cases/{reference}/scan",
    route: |_| get(scan),
    who: Who::Only(Role::Operator),
    menu: false,
};

#[derive(Deserialize)]
struct Which {
    reference: String,
}

impl Which {
    /// The report and its case, if they may read it.
    async fn find(&self, app: &App, staff: &Staff) -> Result<(Report, Option<Case>), Oops> {
        let reference = Reference::parse(&self.reference).map_err(|_| Oops::Missing)?;
        let report = app.site.store.report_by_reference(reference).await?.ok_or(Oops::Missing)?;
        let case = app.site.store.case(report.id).await?;
        if !may_read(&app.site.city, &staff.account, &report, case.as_ref()) && !just_took(app, staff, &report).await? {
            return Err(Oops::Missing);
        }
        Ok((report, case))
    }
}

/// Whoever took it down a moment ago has to read the number aloud, whatever it is about: they wrote every word of it.
async fn just_took(app: &App, staff: &Staff, report: &Report) -> Result<bool, store::Error> {
    let taken = app.site.store.taken_down(report.id).await?;
    let since = app.site.store.clock().now() - JUST_NOW;
    Ok(taken.is_some_and(|taken| taken.account == staff.account.id && taken.at > since))
}

#[derive(Default, Deserialize)]
struct Just {
    #[serde(default)]
    filed: String,
    #[serde(default)]
    already: String,
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default, rename = "do")]
    deed: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    when: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    into: String,
}

#[derive(Serialize)]
struct Data {
    action: String,
    token: String,
    reference: String,
    /// The digits as words, to read aloud.
    spoken: String,
    filed: bool,
    said: Option<String>,
    wrong: Vec<Wrong>,
    status: &'static str,
    status_name: String,
    headline: String,
    department: Option<String>,
    expected: Option<String>,
    tell: String,
    matter: Matter,
    person: Option<Person>,
    taken: Vec<String>,
    scan: Option<String>,
    photos: Vec<photo::Shown>,
    lines: Vec<Line>,
    notes: Vec<Note>,
    words: Field,
    when: Option<Field>,
    near: Vec<Near>,
    categories: Vec<Item>,
    next: Vec<Next>,
}

#[derive(Serialize)]
struct Person {
    name: Option<String>,
    phone: Option<String>,
    tel: Option<String>,
    email: Option<String>,
    post: Option<String>,
}

#[derive(Serialize)]
struct Note {
    by: String,
    text: String,
    time: String,
}

#[derive(Serialize)]
struct Item {
    value: String,
    label: String,
    selected: bool,
}

/// The next call, by the same channel or another.
#[derive(Serialize)]
struct Next {
    href: String,
    name: String,
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Path(which): Path<Which>,
    Query(just): Query<Just>,
    staff: Staff,
) -> Result<Response, Oops> {
    let (report, case) = which.find(&app, &staff).await?;
    let said = match just.done.as_str() {
        "join" => Some("desk-said-join"),
        "back" => Some("desk-said-back"),
        "about" => Some("desk-said-about"),
        "merge" => Some("desk-said-merge"),
        _ if !just.already.is_empty() => Some("desk-said-already"),
        _ => None,
    };
    let seen = Seen { filed: !just.filed.is_empty() || !just.already.is_empty(), said, ..Seen::default() };
    page(&app, language, &staff, report, case, seen).await
}

/// What the page shows besides the case.
#[derive(Default)]
struct Seen {
    filed: bool,
    said: Option<&'static str>,
    words: String,
    when: String,
    fault: Option<(&'static str, &'static str)>,
    token: Option<String>,
}

async fn page(
    app: &App,
    language: Language,
    staff: &Staff,
    report: Report,
    case: Option<Case>,
    seen: Seen,
) -> Result<Response, Oops> {
    let (store, city, lang) = (&app.site.store, &app.site.city, language.as_str());
    let text = |key: &str| app.text(language, key, &[]);
    let home = format!("/{lang}/staff/cases/{}", report.reference.digits());
    let events = store.timeline(report.id, false).await?;
    let teller = Teller { app, language, today: app.today() };
    let status = case.as_ref().map_or(Status::Received, |case| case.status);
    let expected = case.as_ref().filter(|case| !case.status.is_closed()).and_then(Case::expected_on);
    let contact = store.contacts_by_ids(&[report.id]).await?.remove(&report.id);
    let taken = store.taken_down(report.id).await?;
    let scan = taken.as_ref().and_then(|taken| taken.scan).map(|_| format!("{home}/scan"));
    let note = |event: &schemas::event::CaseEvent| match &event.what {
        What::InternalNote { department: by, text } => {
            Some(Note { by: department(app, by, language), text: text.clone(), time: teller.moment(event.at) })
        }
        _ => None,
    };
    let fault = |field: &str| seen.fault.filter(|(name, _)| *name == field).map(|(_, key)| text(key));
    let can_call = contact.as_ref().is_some_and(|contact| contact.phone.is_some());
    let when = can_call.then(|| {
        Field {
            id: "when".to_owned(),
            name: "when".to_owned(),
            label: text("desk-back-when"),
            hint: Some(text("desk-back-when-hint")),
            value: seen.when.clone(),
            error: fault("when"),
            kind: "datetime-local",
            optional: true,
            ..Field::default()
        }
        .done()
    });
    let data = Data {
        token: seen.token.unwrap_or_else(|| store.ids().token()),
        spoken: spoken::digits(&app.site.city.further, language, &report.reference.digits()),
        filed: seen.filed,
        said: seen.said.map(text),
        wrong: seen.fault.iter().map(|(field, key)| Wrong { href: format!("#{field}"), message: text(key) }).collect(),
        status: status.as_str(),
        status_name: text(&format!("status-{status}")),
        headline: text(&format!("status-{status}-text")),
        department: case.as_ref().and_then(|case| case.lead.as_ref()).map(|lead| department(app, lead, language)),
        expected: expected.map(|day| teller.date(day)),
        tell: told_by(app, language, report.tell),
        matter: track::matter(app, language, &report, &teller),
        person: contact.map(|contact| Person {
            tel: contact.phone.as_deref().map(crate::face::tel),
            name: contact.name,
            phone: contact.phone,
            email: contact.email,
            post: contact.post.map(|post| post.line()),
        }),
        taken: taken.iter().flat_map(|taken| took(app, &teller, taken)).collect(),
        scan,
        photos: photo::shown(store, &report, &home).await?,
        notes: events.iter().rev().filter_map(note).collect(),
        lines: teller.lines(&events),
        words: Field {
            id: "words".to_owned(),
            name: "words".to_owned(),
            label: text("desk-join-words"),
            hint: Some(text("desk-join-hint")),
            value: seen.words.clone(),
            error: fault("words"),
            rows: 3,
            ..Field::default()
        }
        .done(),
        when,
        categories: city
            .categories
            .iter()
            .map(|category| Item {
                value: category.id.to_string(),
                label: in_language(&category.names, language).to_owned(),
                selected: category.id == report.category,
            })
            .collect(),
        near: if status.is_closed() {
            Vec::new()
        } else {
            lines(app, language, staff, adapters::near::of_report(store, city, &report).await?)
        },
        next: next(app, language),
        action: home,
        reference: report.reference.to_string(),
    };
    let code = if data.wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = app.text(language, "track-title", &[("reference", &data.reference)]);
    let here = format!("/staff/cases/{}", report.reference.digits());
    Ok(app.show(&staff.page(app, language, "staff_case", title, here, data).status(code)))
}

/// Who took it down, for whom, and when the letter came in.
fn took(app: &App, teller: &Teller<'_>, taken: &store::TakenDown) -> Vec<String> {
    let language = teller.language;
    let at = teller.moment(taken.at);
    let mut lines = vec![app.text(language, "desk-taken", &[("by", &taken.by), ("at", &at)])];
    if let Some(caller) = &taken.caller {
        lines.push(app.text(language, "desk-taken-caller", &[("caller", caller)]));
    }
    if let Some(day) = taken.received_on {
        lines.push(app.text(language, "desk-taken-letter", &[("day", &teller.date(day))]));
    }
    lines
}

fn next(app: &App, language: Language) -> Vec<Next> {
    let to = |channel: &schemas::slug::Channel| {
        let key = format!("desk-next-{channel}");
        let known = app.face.texts.has(language, &key);
        Next {
            href: format!("/{}/staff/desk?channel={channel}", language.as_str()),
            name: if known { app.text(language, &key, &[]) } else { channel.to_string() },
        }
    };
    app.site.city.staff_channels.iter().map(to).collect()
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(which): Path<Which>,
    walk: Walk,
    staff: Staff,
    Form(sent): Form<Sent>,
) -> Result<Response, Oops> {
    let (report, case) = which.find(&app, &staff).await?;
    if sent.token.len() < 16 || sent.token.len() > 64 {
        return Err(Oops::Status(StatusCode::BAD_REQUEST));
    }
    let (store, city) = (&app.site.store, &app.site.city);
    let fault = match sent.deed.as_str() {
        "join" => match app.desk.join(&staff.account, &report, &sent.token, &sent.words, walk.0).await? {
            Joined::Yes => None,
            Joined::Empty => Some(("words", "desk-join-empty")),
            Joined::Unknown => Some(("words", "desk-too-early")),
        },
        "back" => match app.desk.call_back(&staff.account, &report, &sent.token, &sent.when).await? {
            BackAsked::Yes => None,
            BackAsked::NoNumber => Some(("words", "desk-back-no-number")),
            BackAsked::BadTime => Some(("when", "desk-back-bad-time")),
        },
        "merge" => near::merged(&app, &staff, &report, &sent.into, walk.0).await?,
        "about" => {
            let to = CategoryId::new(&sent.category).map_err(|_| Oops::Status(StatusCode::BAD_REQUEST))?;
            match recategorise(store, city, report.reference, &to, &staff.account.name, walk.0).await? {
                Recategorised::Corrected { .. } | Recategorised::Same => None,
                Recategorised::TooEarly => Some(("category", "desk-too-early")),
                Recategorised::Unknown => return Err(Oops::Missing),
                Recategorised::NoCategory | Recategorised::NoName => Some(("category", "desk-wrong-category")),
            }
        }
        _ => return Err(Oops::Status(StatusCode::BAD_REQUEST)),
    };
    match fault {
        None => {
            let digits = report.reference.digits();
            let on = format!("/{}/staff/cases/{digits}?done={}", language.as_str(), sent.deed);
            Ok(Redirect::to(&on).into_response())
        }
        Some(fault) => {
            let Sent { words, when, token, .. } = sent;
            let seen = Seen { words, when, fault: Some(fault), token: Some(token), ..Seen::default() };
            page(&app, language, &staff, report, case, seen).await
        }
    }
}

#[derive(Deserialize)]
struct Photo {
    photo: String,
}

async fn picture(
    State(app): State<App>,
    Path(which): Path<Which>,
    Path(photo): Path<Photo>,
    Query(sized): Query<Sized>,
    staff: Staff,
) -> Result<Response, Oops> {
    let (report, _) = which.find(&app, &staff).await?;
    let id = Uuid::parse_str(&photo.photo).map_err(|_| Oops::Missing)?;
    let size = sized.size().ok_or(Oops::Missing)?;
    let found = app.doors.tools.album.photo_in(size, report.id, id).await?.ok_or(Oops::Missing)?;
    Ok(photo::answer(found, "private, no-store"))
}

/// The paper as a file to save: it is kept as it came, so no browser is to show it in our name.
async fn scan(State(app): State<App>, Path(which): Path<Which>, staff: Staff) -> Result<Response, Oops> {
    let (report, _) = which.find(&app, &staff).await?;
    let scan = app.desk.scan(&staff.account, report.id, report.reference).await?.ok_or(Oops::Missing)?;
    let ending = match scan.media_type.as_str() {
        "application/pdf" => "pdf",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        _ => "bin",
    };
    let name = format!("attachment; filename=\"{}.{ending}\"", report.reference.digits());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(|_| Oops::Missing)?),
    ];
    Ok((headers, scan.bytes).into_response())
}
