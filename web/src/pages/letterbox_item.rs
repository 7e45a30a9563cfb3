//! `/sandbox/letterbox/{id}`: one letter of the sandbox, as it looks and as plain text.

use super::{Entry, Oops, letterbox};
use crate::{app::App, face::Page};
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use schemas::Uuid;
use serde::Serialize;
use store::LetterboxItem;

/// The page.
pub const PAGE: Entry =
    Entry { name: "letterbox_item", path: "/sandbox/letterbox/{id}", route: |_| get(show), sandbox: true };

#[derive(Serialize)]
struct Data {
    item: letterbox::Item,
    /// Nothing for a text message, which has no looks.
    frame: Option<String>,
    text: String,
    back: &'static str,
}

/// The item behind the address.
pub async fn find(app: &App, id: &str) -> Result<LetterboxItem, Oops> {
    let id = Uuid::parse_str(id).map_err(|_| Oops::Missing)?;
    app.site.store.letterbox_item(id).await?.ok_or(Oops::Missing)
}

async fn show(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Result<Response, Oops> {
    let language = letterbox::language(&app, &headers);
    let item = find(&app, &id).await?;
    let data = Data {
        item: letterbox::line(&app, language, &item),
        frame: (!item.html.is_empty()).then(|| format!("/sandbox/letterbox/{}/html", item.notice_id)),
        text: item.text,
        back: "/sandbox/letterbox",
    };
    let page = Page { here: None, ..Page::new(language, "letterbox_item", item.subject, "", data).private() };
    Ok(app.show(&page))
}
