//! `/{lang}/staff/desk`: one page for one call, in the order in which a call goes. It works without JavaScript, by buttons that
//! look things up; with it they are looked up while somebody types.

mod fields;
mod look;
mod view;

pub(super) use fields::told_by;
pub(super) use look::PAGE as LOOK_PAGE;

use super::{Entry, Lang, Oops, Response, Staff, Who, href};
use crate::{
    app::App,
    guard::walk::Walk,
    pages::form::{self, Scanned},
};
use adapters::{
    desk::{
        answer::{Given, NotCounted},
        field,
        scan::NotKept,
    },
    intake::form::{FormData, Outcome, field as report},
};
use axum::{
    extract::{DefaultBodyLimit, Query, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect},
    routing::get,
};
use schemas::{Uuid, account::Role, fault::Invalid, report::Language};
use serde::Deserialize;

const PATH: &str = "/{lang}/staff/desk";

/// The page.
pub(super) const PAGE: Entry = Entry {
    name: "desk",
    path: PATH,
    route: |app| get(show).post(send).layer(DefaultBodyLimit::max(app.doors.form.max_body())),
    who: Who::Only(Role::Operator),
    menu: true,
};

/// The template.
const TEMPLATE: &str = "staff_desk";

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    channel: String,
    #[serde(default)]
    answered: String,
}

/// What was filled in, and what came of it.
#[derive(Default)]
struct Filled {
    form: FormData,
    faults: Vec<Invalid>,
    /// Photos that are here already.
    photos: Vec<Uuid>,
    /// The scan that is here already.
    scan: Option<Uuid>,
    /// A sentence at the top: what was just done, or what is still to do.
    said: Option<&'static str>,
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Query(asked): Query<Asked>,
    staff: Staff,
) -> Result<Response, Oops> {
    let fields = vec![(field::CHANNEL.to_owned(), asked.channel)];
    let said = (!asked.answered.is_empty()).then_some("desk-answered");
    let filled = Filled { form: FormData { fields, files: Vec::new() }, said, ..Filled::default() };
    page(&app, language, &staff, filled).await
}

async fn page(app: &App, language: Language, staff: &Staff, filled: Filled) -> Result<Response, Oops> {
    let view = view::view(app, language, staff, &filled).await?;
    let status = if filled.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = app.text(language, if filled.faults.is_empty() { "desk-title" } else { "desk-title-wrong" }, &[]);
    let mut page = staff.page(app, language, TEMPLATE, title, "/staff/desk", view).status(status);
    page.script = Some("desk.js");
    Ok(app.show(&page))
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    staff: Staff,
    walk: Walk,
    request: Request,
) -> Result<Response, Oops> {
    let Scanned { mut sent, scan } = form::read_scanned(&app, request).await?;
    let mut filled = Filled::default();
    if let Some(id) = sent.get(field::KEPT_SCAN).and_then(|id| Uuid::parse_str(id.trim()).ok())
        && app.site.store.is_free_scan(id).await?
    {
        filled.scan = Some(id);
    }
    if let Some(scan) = scan {
        let page = sent.get(report::TOKEN).unwrap_or_default().to_owned();
        match app.desk.hold_scan(&page, scan.bytes).await {
            Ok(id) => filled.scan = Some(id),
            Err(NotKept::Invalid(fault)) => filled.faults.push(fault),
            Err(NotKept::Store(error)) => return Err(error.into()),
        }
    }
    // Answers to what another category asks are nobody's.
    let category = sent.get(report::CATEGORY).and_then(|id| app.site.city.category(id.trim()));
    let asks = category.map(|category| category.questions.as_slice()).unwrap_or_default();
    sent.fields.retain(|(name, _)| {
        name.strip_prefix(report::ANSWER).is_none_or(|id| asks.iter().any(|ask| ask == id.trim_end_matches("[]")))
    });
    let wanted = sent.get(report::DO).unwrap_or_default();
    let unasked = !asks.is_empty() && sent.get(view::ASKED_FOR) != category.map(|category| category.id.as_str());
    filled.form = FormData { fields: sent.fields.clone(), files: Vec::new() };
    if wanted == field::ANSWERED {
        return answered(&app, language, &staff, filled).await;
    }
    if wanted == field::LOOK || wanted == report::FIND || unasked || !filled.faults.is_empty() {
        let (photos, faults, _) = app.doors.form.hold_photos(&sent).await?;
        filled.photos = photos;
        filled.faults.extend(faults);
        filled.said = (wanted.is_empty() && unasked).then_some("desk-unasked");
        return page(&app, language, &staff, filled).await;
    }
    let (receipt, how) = match app.desk.take(&staff.account, sent, filled.scan, walk.0).await {
        Outcome::Filed(receipt) | Outcome::Again(receipt) => (receipt, "filed"),
        Outcome::AlreadySent(receipt) => (receipt, "already"),
        Outcome::Failed(error) => return Err(error.into()),
        Outcome::Invalid { faults, photos, .. } => {
            filled.faults = faults;
            filled.photos = photos;
            return page(&app, language, &staff, filled).await;
        }
        Outcome::Offer { .. } | Outcome::Near { .. } => return page(&app, language, &staff, filled).await,
    };
    let on = format!("/{}/staff/cases/{}?{how}=1", language.as_str(), receipt.reference.digits());
    Ok(Redirect::to(&on).into_response())
}

/// It was answered at once: counted, and the page is empty again.
async fn answered(app: &App, language: Language, staff: &Staff, mut filled: Filled) -> Result<Response, Oops> {
    let get = |name: &str| filled.form.get(name).map(str::trim).unwrap_or_default();
    let given = Given {
        page: get(report::TOKEN),
        channel: get(field::CHANNEL),
        category: get(report::CATEGORY),
        article: get(field::ARTICLE),
        language: Language::parse(get(report::LANGUAGE)).map_or(language, |one| app.site.city.answers_in(one)),
    };
    match app.desk.answered(&staff.account, &given).await {
        Ok(_) => {
            let on = format!("{}?channel={}&answered=1", href(PATH, language), given.channel);
            Ok(Redirect::to(&on).into_response())
        }
        Err(NotCounted::Invalid(faults)) => {
            filled.faults = faults;
            page(app, language, staff, filled).await
        }
        Err(NotCounted::Store(error)) => Err(error.into()),
    }
}
