//! `/{lang}/manifest.webmanifest`: what a device needs to know to put the front door among its apps (W3C Web Application
//! Manifest), in each language of the city.

use super::{Entry, Lang};
use crate::app::App;
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::json;

/// The page.
pub const PAGE: Entry =
    Entry { name: "manifest", path: "/{lang}/manifest.webmanifest", route: |_| get(show), sandbox: false };

async fn show(State(app): State<App>, Lang(language): Lang) -> Response {
    let (lang, root) = (language.as_str(), app.assets.root());
    let text = |key: &str| app.text(language, key, &[("city", app.site.city.name(language))]);
    let icon = |file: &str, size: &str, purpose: &str| json!({ "src": format!("{root}/{file}"), "sizes": size, "type": "image/png", "purpose": purpose });
    let shortcut = |name: &str, page: &str| json!({ "name": text(name), "url": format!("/{lang}{page}") });
    let manifest = json!({
        "id": "/",
        "name": text("brand"),
        "short_name": app.site.city.name(language),
        "description": text("description"),
        "lang": lang,
        "dir": "ltr",
        "start_url": format!("/{lang}"),
        "scope": "/",
        "display": "standalone",
        "theme_color": app.assets.brand(),
        "background_color": app.assets.brand(),
        "categories": ["government", "utilities"],
        "icons": [
            { "src": "/favicon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any" },
            icon("icon-192.png", "192x192", "any"),
            icon("icon-512.png", "512x512", "any"),
            icon("icon-mask-512.png", "512x512", "maskable"),
        ],
        "shortcuts": [shortcut("manifest-report", "/report"), shortcut("outbox-title", "/outbox")],
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/manifest+json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(lang)),
    ];
    (headers, manifest.to_string()).into_response()
}
