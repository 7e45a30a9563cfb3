//! The pages. One page = one file here + its template + one line in [`PAGES`].

mod add;
mod answers;
mod article;
mod ask;
mod becomes;
mod begin;
mod calendar;
mod case;
mod case_photo;
mod chart;
mod check;
mod choose;
mod contest;
mod door;
mod embed;
pub(crate) mod fields;
mod figures;
mod find;
mod follow;
mod forgotten;
pub(crate) mod form;
mod helped;
mod home;
mod letterbox;
mod letterbox_html;
mod letterbox_item;
mod maintenance;
mod manifest;
mod map;
mod mark;
mod merged;
mod message;
mod near;
mod offline;
mod open;
mod open_data;
mod outbox;
mod pace;
mod patch;
mod person;
mod person_acts;
mod personal;
pub(crate) mod photo;
mod photo_place;
mod pin;
pub(crate) mod places;
mod privacy;
mod prove;
mod proven;
mod rate;
mod reading;
mod receipt;
mod reply;
mod report;
pub(crate) mod search;
mod short;
pub(crate) mod timeline;
mod told;
pub(crate) mod track;
mod why;
mod wishes;
mod work;
mod work_photo;

pub(crate) use photo::{Sized as PhotoSized, answer as picture};
pub(crate) use timeline::line;

use crate::app::App;
use axum::{
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::MethodRouter,
};
use schemas::{
    city::{City, in_language},
    report::{Language, Report},
};
use serde::Serialize;

/// One page.
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Where it is.
    pub path: &'static str,
    /// How it answers.
    pub route: fn(&App) -> MethodRouter<App>,
    /// Only there when the sandbox letterbox sends notices.
    pub sandbox: bool,
}

/// Every page, in the order a resident meets them.
pub const PAGES: &[Entry] = &[
    home::PAGE,
    door::PAGE,
    begin::PAGE,
    report::PAGE,
    mark::PAGE,
    outbox::PAGE,
    offline::PAGE,
    manifest::PAGE,
    reading::PAGE,
    receipt::PAGE,
    short::PAGE,
    track::PAGE,
    why::PAGE,
    contest::PAGE,
    reply::PAGE,
    add::PAGE,
    rate::PAGE,
    calendar::PAGE,
    find::PAGE,
    helped::PAGE,
    photo::PAGE,
    wishes::PAGE,
    why::NOTICE_PAGE,
    pace::PAGE,
    becomes::PAGE,
    follow::PAGE,
    map::PAGE,
    case::PAGE,
    case_photo::PAGE,
    open::PAGE,
    prove::PAGE,
    proven::PAGE,
    person::PAGE,
    pace::PERSON_PAGE,
    forgotten::PAGE,
    work::PAGE,
    work_photo::PAGE,
    answers::PAGE,
    article::PAGE,
    message::PAGE,
    figures::PAGE,
    open_data::PAGE,
    embed::PAGE,
    privacy::PAGE,
    crate::api::openapi::PAGE,
    letterbox::PAGE,
    letterbox_item::PAGE,
    letterbox_html::PAGE,
    maintenance::PAGE,
];

/// Why a page is not shown. It leaves as a bare status; [`crate::guard::shape`] makes the page.
#[derive(Debug)]
pub enum Oops {
    /// There is no such thing.
    Missing,
    /// The rows cannot be reached.
    Store(store::Error),
    /// The request cannot be read.
    Status(StatusCode),
    /// It is elsewhere now.
    Moved(Redirect),
}

impl From<store::Error> for Oops {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        match self {
            Self::Missing => StatusCode::NOT_FOUND.into_response(),
            Self::Status(status) => status.into_response(),
            Self::Moved(there) => there.into_response(),
            Self::Store(error) => crate::problem::Problem::store(&error).into_response(),
        }
    }
}

/// The language at the start of the address; 404 when there is no such language. Links in one that the city gave up lead on to
/// the same page in its own.
pub struct Lang(pub Language);

impl FromRequestParts<App> for Lang {
    type Rejection = Oops;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Oops> {
        let name = parts.uri.path().split('/').nth(1).unwrap_or_default();
        let known = Language::parse(name).filter(|language| language.as_str() == name).ok_or(Oops::Missing)?;
        if app.languages().contains(&known) {
            return Ok(Lang(known));
        }
        let rest = parts.uri.path_and_query().map_or("", |there| there.as_str()).trim_start_matches('/');
        let rest = rest.strip_prefix(name).unwrap_or_default();
        if known.is_built_in() {
            return Err(Oops::Missing);
        }
        let there = format!("/{}{rest}", app.own_language().as_str());
        // What somebody sends goes along (RFC 9110 §15.4.8).
        Err(Oops::Moved(if parts.method.is_safe() { Redirect::to(&there) } else { Redirect::temporary(&there) }))
    }
}

/// The secret part of an address.
#[derive(serde::Deserialize)]
pub struct Token {
    token: String,
}

impl Token {
    /// The report behind it.
    pub async fn report(&self, app: &App) -> Result<Report, Oops> {
        // Ours are 26 letters; anything else needs no look at the rows.
        if self.token.is_empty() || self.token.len() > 64 || !self.token.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Oops::Missing);
        }
        app.site.store.report_by_token(&self.token).await?.ok_or(Oops::Missing)
    }
}

/// A reload of the address of a form after sending, or a shared link: back to the case.
async fn back_to_case(
    State(app): State<App>,
    Lang(language): Lang,
    Path(token): Path<Token>,
) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    Ok(Redirect::to(&format!("/{}/t/{}", language.as_str(), report.token)).into_response())
}

/// A number to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// As people write it.
    pub number: String,
    /// As a `tel:` address.
    pub tel: String,
}

impl Call {
    pub(crate) fn to(number: &str) -> Self {
        Self { number: number.to_owned(), tel: crate::face::tel(number) }
    }
}

/// The emergency numbers that `text` calls for.
pub(crate) fn emergencies(city: &City, text: &str) -> Vec<Call> {
    city.emergency_numbers(text).into_iter().map(Call::to).collect()
}

/// The name of a department in `language`.
pub(crate) fn department(app: &App, id: &str, language: Language) -> String {
    app.site.city.department(id).map_or_else(|| id.to_owned(), |d| in_language(&d.names, language).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_page_is_listed_once() {
        let names: BTreeSet<_> = PAGES.iter().map(|page| page.name).collect();
        let paths: BTreeSet<_> = PAGES.iter().map(|page| page.path).collect();
        assert_eq!((names.len(), paths.len()), (PAGES.len(), PAGES.len()));
    }
}
