//! `/{lang}/staff/choose/{token}`: the first password, or another one, by the link that somebody of the city hands on. Opening
//! it changes nothing; choosing uses it up.

use super::{
    Entry, Lang, Oops, Response, Who, href, login, note,
    plain::{Form, Maker},
};
use crate::{app::App, face::Page};
use adapters::staff::accounts::NotDone;
use axum::{
    Form as Sent,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect},
    routing::get,
};
use schemas::{account::Account, report::Language};
use secrecy::SecretString;
use serde::Deserialize;

/// The page.
pub(super) const PAGE: Entry = Entry {
    name: "choose",
    path: "/{lang}/staff/choose/{token}",
    route: |_| get(show).post(send),
    who: Who::Everybody,
    menu: false,
};

#[derive(Deserialize)]
struct Link {
    token: String,
}

#[derive(Deserialize)]
struct Filled {
    #[serde(default = "nothing", rename = "new-password")]
    new: SecretString,
}

fn nothing() -> SecretString {
    String::new().into()
}

async fn show(State(app): State<App>, Lang(language): Lang, Path(link): Path<Link>) -> Result<Response, Oops> {
    Ok(match app.staff.invited(&link.token).await? {
        Some(account) => app.show(&page(&app, language, &link, &account, None)),
        None => spent(&app, language),
    })
}

fn spent(app: &App, language: Language) -> Response {
    app.show(&note(app, language, "spent", href(login::PAGE.path, language)).status(StatusCode::NOT_FOUND))
}

fn page(app: &App, language: Language, link: &Link, account: &Account, fault: Option<String>) -> Page<Form> {
    let maker = Maker { app, language, faults: fault.into_iter().map(|message| ("new-password", message)).collect() };
    let fields = vec![maker.field("new-password", "password", "new-password", "")];
    let action = href(PAGE.path, language).replace("{token}", &link.token);
    let lead = app.text(language, "staff-choose-for", &[("name", &account.name), ("email", &account.email)]);
    let form = Form { lead: Some(lead), ..maker.form("choose", action, fields) };
    let status = if form.wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let here = format!("/staff/choose/{}", link.token);
    Page::new(language, "staff_form", form.title.clone(), here, form).private().status(status)
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    Sent(filled): Sent<Filled>,
) -> Result<Response, Oops> {
    let maker = Maker { app: &app, language, faults: Vec::new() };
    let fault = match app.staff.choose(&link.token, &filled.new).await {
        Ok(_) => {
            let on = format!("{}?chosen=1", href(login::PAGE.path, language));
            return Ok(Redirect::to(&on).into_response());
        }
        Err(NotDone::Invalid(faults)) => {
            maker.of_password(&faults.first().map(|fault| fault.code.to_string()).unwrap_or_default())
        }
        Err(NotDone::Busy(_)) => maker.text("staff-login-busy"),
        Err(NotDone::Store(error)) => return Err(error.into()),
        Err(_) => return Ok(spent(&app, language)),
    };
    let Some(account) = app.staff.invited(&link.token).await? else { return Ok(spent(&app, language)) };
    Ok(app.show(&page(&app, language, &link, &account, Some(fault))))
}
