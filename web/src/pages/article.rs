//! `/{lang}/answers/{slug}`: one article of the knowledge base; and how any page shows one.

use super::{Call, Entry, Lang, Oops};
use crate::{app::App, face::Page};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use schemas::{city::Article, report::Language};
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "article", path: "/{lang}/answers/{slug}", route: |_| get(show), sandbox: false };

/// An article as a template shows it.
#[derive(Serialize)]
pub struct View {
    /// The question.
    title: String,
    /// The answer: safe HTML. Left out when it is not right any more.
    html: Option<String>,
    /// Its language, when it is not that of the page.
    lang: Option<&'static str>,
    /// Whom to call about it.
    phone: Call,
    /// Its own page.
    href: String,
}

/// `article` on a page in `language`, its highest heading `<h{top}>`.
pub fn view(app: &App, language: Language, article: &Article, top: u8) -> View {
    let (written, text) = article.text(language);
    View {
        title: text.title.clone(),
        html: article.is_valid(app.today()).then(|| text.html(language, top)),
        lang: (written != language).then(|| written.as_str()),
        phone: Call::to(article.phone.as_deref().unwrap_or(&app.site.city.phone)),
        href: format!("/{}/answers/{}", language.as_str(), article.slug),
    }
}

#[derive(Serialize)]
struct Data {
    back: String,
    article: View,
    ask: String,
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Path((_, slug)): Path<(String, String)>,
) -> Result<Response, Oops> {
    let article = app.site.city.article(&slug).ok_or(Oops::Missing)?;
    let lang = language.as_str();
    let shown = view(&app, language, article, 2);
    let (title, here) = (shown.title.clone(), format!("/answers/{}", article.slug));
    // Whoever kept the address of an answer that is not right any more is told so.
    let status = if shown.html.is_some() { StatusCode::OK } else { StatusCode::GONE };
    let data = Data {
        back: format!("/{lang}/answers"),
        article: shown,
        ask: match article.categories.first() {
            Some(category) => format!("/{lang}/report?category={category}&kind=question"),
            None => format!("/{lang}/report?kind=question"),
        },
    };
    Ok(app.show(&Page::new(language, "article", title, here, data).status(status)))
}
