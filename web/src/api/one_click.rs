//! `POST /u/{token}`: a mail program says "no more of this" for whoever got a notice (RFC 8058). No
//! cookie, no page and no going on elsewhere: the token says who it is, and any body will do. A person
//! who opens the address is led to the page, which changes nothing.

use super::Endpoint;
use crate::{app::App, problem::Problem};
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use notifier::wishes::{Opened, Wish};

/// The address.
pub const ENDPOINT: Endpoint = Endpoint { path: "/u/{token}", route: |_| post(stop).get(show), operations: &[] };

async fn stop(State(app): State<App>, Path(token): Path<String>) -> Response {
    let said = match app.wishes().await {
        Ok(wishes) => wishes.say(&token, Wish::NotThis).await,
        Err(error) => Err(error),
    };
    match said {
        Ok(true) => StatusCode::OK.into_response(),
        Ok(false) => Problem::of(StatusCode::NOT_FOUND).into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}

async fn show(State(app): State<App>, Path(token): Path<String>) -> Response {
    let opened = match app.wishes().await {
        Ok(wishes) => wishes.look(&token).await,
        Err(error) => Err(error),
    };
    match opened {
        Ok(Some(Opened { notice, .. })) => {
            let known = app.languages().contains(&notice.language);
            let language = if known { notice.language } else { app.own_language() };
            let on = Redirect::to(&format!("/{}/u/{token}", language.as_str()));
            ([(header::REFERRER_POLICY, "no-referrer")], on).into_response()
        }
        Ok(None) => Problem::of(StatusCode::NOT_FOUND).into_response(),
        Err(error) => Problem::store(&error).into_response(),
    }
}
