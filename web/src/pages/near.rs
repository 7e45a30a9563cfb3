//! "Is it one of these?": before a report is kept, what others reported near it, with two plain ways on. All that was
//! filled in goes along, hidden in the page.

use super::{
    Oops, ask,
    fields::{Choice, Field, Opt, Wrong},
};
use crate::{app::App, dates, face::Page, guard::rate::Caller};
use adapters::{
    intake::form::{FormData, field},
    near::Offered,
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use schemas::{
    Uuid,
    case::Case,
    city::in_language,
    notice::Scope,
    proof::{Target, Wants},
    reference::Reference,
    report::{Language, Report},
};
use serde::Serialize;

/// The button by which somebody follows a report of another.
pub const FOLLOW: &str = "follow-near";
/// The button that leads back to the form.
pub const CHANGE: &str = "change";
/// The report that was chosen.
const CHOSEN: &str = "near_case";
/// Where they want to be told.
const TELL_ME: &str = "near_address";
/// What goes along is not these.
const OWN: [&str; 5] = [field::DO, field::NEAR, CHOSEN, TELL_ME, field::KEPT];

#[derive(Serialize)]
struct Data {
    action: String,
    fields: Vec<Hidden>,
    near: Choice,
    /// They can be told.
    open: bool,
    address: Field,
    wrong: Vec<Wrong>,
    privacy: String,
}

#[derive(Serialize)]
struct Hidden {
    name: String,
    value: String,
}

/// What the page is made of.
pub struct Asked<'a> {
    /// What was filled in.
    pub form: &'a FormData,
    /// Photos that are here already.
    pub photos: &'a [Uuid],
    /// What may be the same.
    pub near: &'a [Offered],
    /// They want to follow one, and did not say which.
    pub unchosen: bool,
    /// They want to follow one, and this is no address.
    pub wrong: bool,
}

/// The page.
pub async fn page(app: &App, language: Language, asked: &Asked<'_>) -> Result<Response, Oops> {
    let text = |key: &str| app.text(language, key, &[]);
    let typed = asked.form.get(TELL_ME).or_else(|| asked.form.get(field::EMAIL)).unwrap_or_default();
    let address = ask::field(app, language, typed, asked.wrong).await?;
    let address =
        Field { id: TELL_ME.into(), name: TELL_ME.into(), optional: true, described: String::new(), ..address }.done();
    let chosen = asked.form.get(CHOSEN).unwrap_or_default();
    let option = |offered: &Offered| {
        let value = offered.reference.digits();
        let is_only = asked.near.len() == 1;
        let (label, hint) = words(app, language, offered);
        Opt {
            name: CHOSEN.into(),
            checked: is_only || value == chosen,
            value,
            label,
            hint: Some(hint),
            ..Opt::default()
        }
    };
    let near = Choice {
        id: "near".into(),
        legend: text("near-legend"),
        error: asked.unchosen.then(|| text("near-unchosen")),
        options: asked.near.iter().map(option).collect(),
        ..Choice::default()
    }
    .done();
    let mut wrong = Vec::new();
    wrong.extend(near.error.iter().map(|message| Wrong { href: near.anchor(), message: message.clone() }));
    wrong.extend(address.error.iter().map(|message| Wrong { href: format!("#{TELL_ME}"), message: message.clone() }));
    let kept = asked.form.fields.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    let mut fields: Vec<Hidden> =
        kept.map(|(name, value)| Hidden { name: name.clone(), value: value.clone() }).collect();
    fields.extend(asked.photos.iter().map(|id| Hidden { name: field::KEPT.into(), value: id.to_string() }));
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let lang = language.as_str();
    let data = Data {
        action: format!("/{lang}/report"),
        fields,
        open: !app.verify().await?.ways().is_empty(),
        near,
        address,
        wrong,
        privacy: format!("/{lang}/privacy"),
    };
    let here = format!("/report?category={}", asked.form.get(field::CATEGORY).unwrap_or_default());
    let mut response = app.show(&Page::new(language, "near", text("near-title"), here, data).private().status(status));
    // It holds what was filled in.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// What anybody may know of it: the subject and the district; since when, how far, and how many people.
pub(super) fn words(app: &App, language: Language, offered: &Offered) -> (String, String) {
    let city = &app.site.city;
    let category = city.category(&offered.category);
    let category = category.map_or(offered.category.as_str(), |category| in_language(&category.names, language));
    let areas = offered.areas.iter().filter_map(|area| city.areas.get(area.as_str()));
    let label = [category].into_iter().chain(areas.map(|area| in_language(&area.names, language)));
    let since = dates::date(&app.site.city.further, language, offered.since, app.today());
    let status = app.text(language, &format!("status-{}", offered.status), &[]);
    let people = people(app, language, offered.people);
    let since = app.text(language, "near-since", &[("date", &since), ("status", &status)]);
    (label.collect::<Vec<_>>().join(", "), format!("{since} {people}"))
}

/// "3 people reported this."
pub(super) fn people(app: &App, language: Language, people: usize) -> String {
    let key = if people == 1 { "near-one" } else { "near-people" };
    app.text(language, key, &[("people", &people.to_string())])
}

/// Has the message sent that proves an address, to follow what was chosen; shows the page again when nothing was, or
/// the address is none. `None` when nothing is near any more: then the form goes on as it is.
pub async fn follow(
    app: &App,
    language: Language,
    caller: Caller,
    form: &FormData,
    photos: &[Uuid],
) -> Result<Option<Response>, Oops> {
    let chosen = match form.get(CHOSEN).and_then(|reference| Reference::parse(reference).ok()) {
        Some(reference) => followable(app, reference).await?,
        None => None,
    };
    let typed = form.get(TELL_ME).unwrap_or_default();
    if let Some(report) = &chosen {
        let follows = vec![Target { scope: Scope::Case, target: report.id.to_string() }];
        let wants = Wants { follows, ..Wants::default() };
        if let Some(answer) = ask::send(app, caller, language, typed, None, wants).await? {
            return Ok(Some(answer));
        }
    }
    let near = app.doors.form.near(form).await;
    if near.is_empty() {
        return Ok(None);
    }
    let asked = Asked { form, photos, near: &near, unchosen: chosen.is_none(), wrong: chosen.is_some() };
    page(app, language, &asked).await.map(Some)
}

/// The report of a case that anybody may follow.
async fn followable(app: &App, reference: Reference) -> Result<Option<Report>, Oops> {
    let report = app.site.store.report_by_reference(reference).await?;
    let Some(report) = report.filter(|report| app.site.city.is_public(report)) else { return Ok(None) };
    let case = app.site.store.case(report.id).await?;
    let is_open = |case: &Case| !case.status.is_closed() && !app.site.city.is_confidential(case.lead.as_ref());
    Ok(Some(report).filter(|_| case.as_ref().is_some_and(is_open)))
}
