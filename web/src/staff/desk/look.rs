//! `/{lang}/staff/desk/look`: what is looked up while somebody types. The answer is the parts of the page that change, as the
//! page itself would show them.

use super::{
    Entry, Filled, Lang, Oops, Response, Staff, Who,
    view::{self, Parts},
};
use crate::{app::App, pages::form};
use axum::{
    Json,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse as _,
    routing::post,
};
use schemas::account::Role;

/// The largest page without its files, in bytes.
const MOST: usize = 512 * 1024;

pub(super) const PATH: &str = "/{lang}/staff/desk/look";

/// The page.
pub(in crate::staff) const PAGE: Entry = Entry {
    name: "desk-look",
    path: PATH,
    route: |_| post(look).layer(DefaultBodyLimit::max(MOST)),
    who: Who::Only(Role::Operator),
    menu: false,
};

async fn look(State(app): State<App>, Lang(language): Lang, staff: Staff, request: Request) -> Result<Response, Oops> {
    let form = form::read(&app, request).await?;
    let view = view::view(&app, language, &staff, &Filled { form, ..Filled::default() }).await?;
    let Some(Parts(parts)) = view.parts(&app, language) else {
        return Err(Oops::Status(StatusCode::INTERNAL_SERVER_ERROR));
    };
    let mut response = Json(parts).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}
