//! `/{lang}/staff/password`: another password, by whoever knows the one they have.

use super::{
    Entry, Lang, Oops, Response, Staff, Who, href,
    plain::{self, Form, Maker},
};
use crate::app::App;
use adapters::staff::accounts::NotDone;
use axum::{
    Form as Sent,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect},
    routing::get,
};
use schemas::report::Language;
use secrecy::SecretString;
use serde::Deserialize;

const PATH: &str = "/{lang}/staff/password";

/// The page.
pub(super) const PAGE: Entry =
    Entry { name: "password", path: PATH, route: |_| get(show).post(send), who: Who::LoggedIn, menu: true };

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
struct Filled {
    #[serde(default = "nothing")]
    password: SecretString,
    #[serde(default = "nothing", rename = "new-password")]
    new: SecretString,
}

fn nothing() -> SecretString {
    String::new().into()
}

async fn show(State(app): State<App>, Lang(language): Lang, Query(asked): Query<Asked>, staff: Staff) -> Response {
    let said = (!asked.done.is_empty()).then(|| app.text(language, "staff-password-done", &[]));
    page(&app, language, &staff, said, Vec::new(), StatusCode::OK)
}

fn page(
    app: &App,
    language: Language,
    staff: &Staff,
    said: Option<String>,
    faults: Vec<(&'static str, String)>,
    status: StatusCode,
) -> Response {
    let maker = Maker { app, language, faults };
    let fields = vec![
        maker.field("password", "password", "current-password", ""),
        maker.field("new-password", "password", "new-password", ""),
    ];
    let form = Form { said, ..maker.form("change", href(PATH, language), fields) };
    app.show(&staff.page(app, language, "staff_form", form.title.clone(), "/staff/password", form).status(status))
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    staff: Staff,
    Sent(filled): Sent<Filled>,
) -> Result<Response, Oops> {
    let text = |key: &str| app.text(language, key, &[]);
    let fault = match app.staff.change(&staff.account, staff.secret(), &filled.password, &filled.new).await {
        Ok(()) => {
            let on = format!("{}?done=1", href(PATH, language));
            return Ok(Redirect::to(&on).into_response());
        }
        Err(NotDone::Wrong) => ("password", text("staff-password-wrong")),
        Err(NotDone::Wait(until)) => {
            let time = plain::at(&app, language, until);
            ("password", app.text(language, "staff-login-wait", &[("time", &time)]))
        }
        Err(NotDone::Busy(_)) => ("password", text("staff-login-busy")),
        Err(NotDone::Invalid(faults)) => {
            let code = faults.first().map(|fault| fault.code.to_string()).unwrap_or_default();
            let maker = Maker { app: &app, language, faults: Vec::new() };
            ("new-password", maker.of_password(&code))
        }
        Err(NotDone::Store(error)) => return Err(error.into()),
        Err(NotDone::Unknown | NotDone::Before | NotDone::Spent) => return Err(Oops::Missing),
    };
    Ok(page(&app, language, &staff, None, vec![fault], StatusCode::UNPROCESSABLE_ENTITY))
}
