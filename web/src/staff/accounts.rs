//! `/{lang}/staff/accounts`: who has an account, what they may do, and when they logged in last. Accounts are made and
//! disabled by `voordeur staff`.

use super::{Entry, Lang, Oops, Response, Staff, Who};
use crate::{app::App, dates};
use axum::{extract::State, routing::get};
use schemas::account::{Account, Role};
use serde::Serialize;

/// The page.
pub(super) const PAGE: Entry = Entry {
    name: "accounts",
    path: "/{lang}/staff/accounts",
    route: |_| get(show),
    who: Who::Only(Role::Admin),
    menu: true,
};

#[derive(Serialize)]
struct Data {
    accounts: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    email: String,
    roles: String,
    seen: String,
    /// Why they cannot log in.
    stand: Option<String>,
}

async fn show(State(app): State<App>, Lang(language): Lang, staff: Staff) -> Result<Response, Oops> {
    let text = |key: &str| app.text(language, key, &[]);
    let today = app.today();
    let line = |account: Account| Line {
        roles: account.roles.iter().map(|role| text(&format!("staff-role-{role}"))).collect::<Vec<_>>().join(", "),
        seen: account
            .logged_in_at
            .map_or_else(|| text("staff-accounts-never"), |at| dates::moment(&app.site.city, language, at, today)),
        stand: match &account {
            Account { disabled_at: Some(_), .. } => Some(text("staff-accounts-disabled")),
            Account { has_password: false, .. } => Some(text("staff-accounts-new")),
            _ => None,
        },
        name: account.name,
        email: account.email,
    };
    let data = Data { accounts: app.staff.list().await?.into_iter().map(line).collect() };
    let title = text("staff-page-accounts");
    Ok(app.show(&staff.page(&app, language, "staff_accounts", title, "/staff/accounts", data)))
}
