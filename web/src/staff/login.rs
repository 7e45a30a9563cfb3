//! `/{lang}/staff/login`: with e-mail address and password. What is wrong is not said more exactly than that.

use super::{
    Entry, Lang, Oops, PAGES, Response, Staff, Who, gate, href,
    plain::{self, Form, Maker},
};
use crate::{app::App, face::Page, guard::rate::Caller};
use adapters::staff::Came;
use axum::{
    Extension, Form as Sent,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect},
    routing::get,
};
use schemas::report::Language;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// The page.
pub(super) const PAGE: Entry = Entry {
    name: "login",
    path: "/{lang}/staff/login",
    route: |_| get(show).post(send),
    who: Who::Everybody,
    menu: false,
};

#[derive(Default, Deserialize)]
struct Asked {
    /// The name of the page that they wanted to see.
    #[serde(default)]
    next: String,
    #[serde(default)]
    chosen: String,
}

#[derive(Deserialize)]
struct Filled {
    #[serde(default)]
    email: String,
    #[serde(default = "nothing")]
    password: SecretString,
    #[serde(default)]
    next: String,
}

fn nothing() -> SecretString {
    String::new().into()
}

/// Where to go on: only to a page of ours, by its name.
fn on(language: Language, next: &str) -> Redirect {
    let page = PAGES.iter().find(|page| page.menu && page.name == next);
    Redirect::to(&href(page.map_or("/{lang}/staff", |page| page.path), language))
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Query(asked): Query<Asked>,
    staff: Option<Extension<Staff>>,
) -> Response {
    if staff.is_some() {
        return on(language, &asked.next).into_response();
    }
    let said = (!asked.chosen.is_empty()).then(|| app.text(language, "staff-login-chosen", &[]));
    let form = Form { said, ..form(&app, language, "", &asked.next, None) };
    app.show(&page(language, form))
}

fn form(app: &App, language: Language, email: &str, next: &str, wrong: Option<String>) -> Form {
    let maker = Maker { app, language, faults: wrong.into_iter().map(|message| ("email", message)).collect() };
    let email: String = email.chars().take(254).collect();
    let fields = vec![
        maker.field("email", "email", "username", &email),
        maker.field("password", "password", "current-password", ""),
    ];
    let next = PAGES.iter().find(|page| page.name == next).map_or("", |page| page.name);
    Form { next: next.to_owned(), ..maker.form("login", href(PAGE.path, language), fields) }
}

fn page(language: Language, form: Form) -> Page<Form> {
    Page::new(language, "staff_form", form.title.clone(), "/staff/login", form).private()
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    caller: Option<Extension<Caller>>,
    Sent(filled): Sent<Filled>,
) -> Result<Response, Oops> {
    let network = gate::network(caller.as_deref());
    let (status, wrong, wait) = match app.staff.log_in(&filled.email, &filled.password, network).await? {
        Came::In { secret, .. } => {
            let mut response = on(language, &filled.next).into_response();
            if let Some(cookie) = gate::cookie(&app, Some(secret.expose_secret())) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            return Ok(response);
        }
        Came::Wrong => (StatusCode::UNPROCESSABLE_ENTITY, app.text(language, "staff-login-wrong", &[]), None),
        Came::Wait(until) => {
            let time = plain::at(&app, language, until);
            let seconds = until.as_second() - app.site.store.clock().now().as_second();
            let wrong = app.text(language, "staff-login-wait", &[("time", &time)]);
            (StatusCode::TOO_MANY_REQUESTS, wrong, Some(seconds.max(1)))
        }
        Came::Busy => (StatusCode::SERVICE_UNAVAILABLE, app.text(language, "staff-login-busy", &[]), Some(10)),
    };
    let form = form(&app, language, &filled.email, &filled.next, Some(wrong));
    let mut response = app.show(&page(language, form).status(status));
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
