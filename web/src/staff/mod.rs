//! Pages for people of the city, behind an account. One page = one file here + its template + one line in [`PAGES`], which
//! also says who may see it: [`gate`] looks before the page does, so that none can forget to.

mod accounts;
mod calls;
mod case;
mod choose;
mod desk;
mod gate;
mod held;
mod held_one;
mod home;
mod login;
mod logout;
mod near;
mod open;
mod password;
mod plain;
mod review;
mod review_one;

pub(crate) use gate::Staff;

use crate::{
    app::App,
    face::Page,
    pages::{Lang, Oops},
};
use axum::{Router, middleware::from_fn_with_state, response::Response, routing::MethodRouter};
use schemas::{account::Role, report::Language};
use serde::Serialize;

/// One page.
pub(crate) struct Entry {
    /// Its name: `staff-page-<name>` is what its link is called.
    pub(crate) name: &'static str,
    /// Where it is.
    pub(crate) path: &'static str,
    /// How it answers.
    pub(crate) route: fn(&App) -> MethodRouter<App>,
    /// Who may see it.
    pub(crate) who: Who,
    /// Whether it stands in the menu of those who may see it.
    pub(crate) menu: bool,
}

/// Who may see a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// Everybody: it lets people in.
    Everybody,
    /// Whoever is logged in.
    LoggedIn,
    /// Whoever is logged in and has this role.
    Only(Role),
}

/// Every page, in the order of the menu.
pub(crate) const PAGES: &[Entry] = &[
    open::PAGE,
    login::PAGE,
    choose::PAGE,
    home::PAGE,
    desk::PAGE,
    desk::LOOK_PAGE,
    calls::PAGE,
    case::PAGE,
    case::PHOTO_PAGE,
    case::SCAN_PAGE,
    held::PAGE,
    held_one::PAGE,
    review::PAGE,
    review_one::PAGE,
    accounts::PAGE,
    password::PAGE,
    logout::PAGE,
];

/// The pages, each behind its gate.
pub(crate) fn router(app: &App) -> Router<App> {
    PAGES.iter().fold(Router::new(), |router, page| {
        let gate = from_fn_with_state((app.clone(), page.who), gate::pass);
        router.route(page.path, (page.route)(app).layer(gate))
    })
}

/// Whether `path` is one of these pages.
pub(crate) fn is_here(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let first = parts.next();
    first == Some("staff") || (first.is_some_and(|first| first.len() == 2) && parts.next() == Some("staff"))
}

/// What stands above every page of somebody who is logged in.
#[derive(Serialize)]
pub struct Menu {
    /// Who is logged in.
    name: String,
    /// Where they can go.
    links: Vec<Link>,
    /// Where the button to log out leads.
    logout: String,
}

#[derive(Serialize)]
struct Link {
    href: String,
    name: String,
    current: bool,
}

/// The address of the page with this path, in `language`.
fn href(path: &str, language: Language) -> String {
    path.replace("{lang}", language.as_str())
}

impl Staff {
    /// The pages that they may see, in the menu.
    fn pages(&self) -> impl Iterator<Item = &'static Entry> {
        let may = |page: &&Entry| match page.who {
            Who::Everybody => false,
            Who::LoggedIn => true,
            Who::Only(role) => self.account.may(role),
        };
        PAGES.iter().filter(|page| page.menu).filter(may)
    }

    fn menu(&self, app: &App, language: Language, here: &str) -> Menu {
        let link = |page: &Entry| {
            let href = href(page.path, language);
            let current = href == format!("/{}{here}", language.as_str());
            Link { name: app.text(language, &format!("staff-page-{}", page.name), &[]), href, current }
        };
        Menu {
            name: self.account.name.clone(),
            links: self.pages().map(link).collect(),
            logout: href(logout::PAGE.path, language),
        }
    }

    /// A page for them: with the menu, kept nowhere. `here` is its address after `/{lang}`.
    pub(crate) fn page<T: Serialize>(
        &self,
        app: &App,
        language: Language,
        template: &'static str,
        title: String,
        here: impl Into<String>,
        data: T,
    ) -> Page<T> {
        let here = here.into();
        let menu = self.menu(app, language, &here);
        Page { menu: Some(menu), ..Page::new(language, template, title, here, data).private() }
    }
}

/// A page that says one thing and how to go on.
#[derive(Serialize)]
struct Note {
    title: String,
    text: String,
    href: String,
    link: String,
}

/// A page that says `key`, and leads on to `href`.
fn note(app: &App, language: Language, key: &str, href: String) -> Page<Note> {
    let text = |part: &str| app.text(language, &format!("staff-{key}-{part}"), &[]);
    let data = Note { title: text("title"), text: text("text"), href, link: text("link") };
    Page { here: None, ..Page::new(language, "staff_note", data.title.clone(), "", data).private() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_page_is_listed_once_and_lies_where_it_is_counted() {
        let names: BTreeSet<_> = PAGES.iter().map(|page| page.name).collect();
        let paths: BTreeSet<_> = PAGES.iter().map(|page| page.path).collect();
        assert_eq!((names.len(), paths.len()), (PAGES.len(), PAGES.len()));
        for page in PAGES {
            assert!(is_here(&href(page.path, Language::NL)), "{}", page.path);
            assert!(!page.menu || page.who != Who::Everybody, "{}: the menu is for those who are in", page.name);
        }
        for other in ["/", "/nl", "/nl/report", "/nl/staffing", "/api/staff", "/assets/staff", "/t/staff"] {
            assert!(!is_here(other), "{other}");
        }
    }
}
