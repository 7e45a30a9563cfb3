//! `/{lang}/staff`: what somebody may do, and where.

use super::{Entry, Lang, Response, Staff, Who, href};
use crate::app::App;
use axum::{extract::State, routing::get};
use schemas::city::in_language;
use serde::Serialize;

/// The page.
pub(super) const PAGE: Entry =
    Entry { name: "home", path: "/{lang}/staff", route: |_| get(show), who: Who::LoggedIn, menu: true };

#[derive(Serialize)]
struct Data {
    name: String,
    email: String,
    pages: Vec<Place>,
    roles: Vec<Part>,
    /// Their names; empty: all.
    departments: String,
}

#[derive(Serialize)]
struct Place {
    href: String,
    name: String,
    text: String,
}

#[derive(Serialize)]
struct Part {
    name: String,
    text: String,
}

async fn show(State(app): State<App>, Lang(language): Lang, staff: Staff) -> Response {
    let text = |key: String| app.text(language, &key, &[]);
    let place = |page: &Entry| Place {
        href: href(page.path, language),
        name: text(format!("staff-page-{}", page.name)),
        text: text(format!("staff-page-{}-text", page.name)),
    };
    let part = |role: &schemas::account::Role| Part {
        name: text(format!("staff-role-{role}")),
        text: text(format!("staff-role-{role}-text")),
    };
    let department = |id: &schemas::slug::DepartmentId| {
        app.site.city.department(id).map_or_else(|| id.to_string(), |d| in_language(&d.names, language).to_owned())
    };
    let account = &staff.account;
    let data = Data {
        name: account.name.clone(),
        email: account.email.clone(),
        pages: staff.pages().filter(|page| page.name != "home").map(place).collect(),
        roles: account.roles.iter().map(part).collect(),
        departments: account.departments.iter().map(department).collect::<Vec<_>>().join(", "),
    };
    let title = app.text(language, "staff-page-home", &[]);
    app.show(&staff.page(&app, language, "staff_home", title, "/staff", data))
}
