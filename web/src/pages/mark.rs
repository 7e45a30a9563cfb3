//! `/{lang}/report/mark`: the token and the mark of a form, for one that was filled in while there was no network. It is
//! what showing the form gives as well, and counts as a showing: from then on it is as old as its mark says.

use super::{Entry, Lang};
use crate::app::App;
use adapters::intake::form::{FormData, field};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "mark", path: "/{lang}/report/mark", route: |_| post(make), sandbox: false };

#[derive(Serialize)]
struct Mark {
    /// As the form hides it.
    token: String,
    /// When it was made, signed.
    shown: String,
    /// A report that comes back sooner looks as if a program had filled it in: wait so long, in seconds.
    wait_seconds: u64,
}

async fn make(State(app): State<App>, Lang(_): Lang) -> Response {
    let form = app.doors.form.marked(FormData::default()).await;
    let value = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let delay = app.site.config.intake.guard.form_delay;
    let mark = Mark {
        token: value(field::TOKEN),
        shown: value(field::SHOWN),
        // A second more, since clocks are read before answers arrive.
        wait_seconds: if delay.is_zero() { 0 } else { delay.as_secs() + 1 },
    };
    ([(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"))], Json(mark)).into_response()
}
