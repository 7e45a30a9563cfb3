//! `/{lang}/staff/logout`: the button that stands on every page.

use super::{Entry, Lang, Oops, Response, Staff, Who, gate, href, login};
use crate::app::App;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Redirect},
    routing::post,
};

/// The page.
pub(super) const PAGE: Entry = Entry {
    name: "logout",
    path: "/{lang}/staff/logout",
    route: |_| post(send).get(back),
    who: Who::LoggedIn,
    menu: false,
};

async fn send(State(app): State<App>, Lang(language): Lang, staff: Staff) -> Result<Response, Oops> {
    app.staff.log_out(&staff.account, staff.secret()).await?;
    let mut response = Redirect::to(&href(login::PAGE.path, language)).into_response();
    if let Some(cookie) = gate::cookie(&app, None) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Somebody typed the address: nobody is logged out by a link.
async fn back(Lang(language): Lang) -> Redirect {
    Redirect::to(&href("/{lang}/staff", language))
}
