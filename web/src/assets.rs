//! Style sheet, fonts, icons: built into the binary, served under a path that changes whenever
//! they do, so that browsers may keep them for ever.

use crate::{app::App, map::base};
use axum::{
    extract::{FromRef, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use rust_embed::RustEmbed;
use schemas::city::{City, theme};
use sha2::{Digest as _, Sha256};
use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _, sync::Arc};

#[derive(RustEmbed)]
#[folder = "$WEB_DIST"]
struct Built;

#[derive(RustEmbed)]
#[folder = "icons"]
struct Icons;

/// The worker of the map.
const WORKER: &str = "map-worker.js";

/// The city's own style sheet, in its folder and in our addresses.
const THEME: &str = theme::FILE;

/// What the logo of a city may be called, the first that is there.
const LOGOS: [&str; 2] = ["logo.svg", "logo.png"];

/// How a file lies here once more, made small when it was built: what HTTP calls that, and the end of its name. The
/// smallest first.
const PACKED: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];

/// The letters of text, and those of headings.
const LETTERS: [&str; 2] = ["atkinson-hyperlegible-next-latin-wght-normal", "bricolage-grotesque-latin-wght-normal"];

/// What is served under `/assets/<version>/`.
pub struct Assets {
    version: String,
    /// What the city brings: its style sheet, its logo, its fonts.
    own: BTreeMap<String, Arc<[u8]>>,
    /// The colour that browsers paint their own frame with.
    brand: String,
    /// What the worker of the map may fetch: it has a policy of its own.
    worker: Option<HeaderValue>,
    icons: BTreeMap<String, String>,
}

impl Assets {
    /// The assets of this build and the theme of `city`.
    pub fn of(city: &City) -> Self {
        let text = |name: &str| Some((name.to_owned(), city.files.get(name)?.as_bytes().into()));
        let own: BTreeMap<String, Arc<[u8]>> =
            [THEME, LOGOS[0]].into_iter().filter_map(text).chain(city.blobs.clone()).collect();
        let mut hash = Sha256::new();
        for name in Built::iter() {
            hash.update(name.as_bytes());
            hash.update(Built::get(&name).map(|file| file.metadata.sha256_hash()).unwrap_or_default());
        }
        for (name, bytes) in &own {
            hash.update(name.as_bytes());
            hash.update(bytes);
        }
        let version = hash.finalize().iter().take(6).fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        let icons = Icons::iter()
            .filter_map(|name| {
                let text = String::from_utf8(Icons::get(&name)?.data.into_owned()).ok()?;
                let name = name.strip_suffix(".svg")?.to_owned();
                // What points somewhere points the other way from right to left.
                let class = if matches!(name.as_str(), "arrow" | "back") { "icon icon--turns" } else { "icon" };
                let marks = format!("<svg class=\"{class}\" aria-hidden=\"true\" focusable=\"false\" ");
                Some((name, text.trim().replacen("<svg ", &marks, 1)))
            })
            .collect();
        Self { version, own, brand: theme::brand(&city.files), worker: base::policy(city), icons }
    }

    /// The path that everything is under, without a slash at its end.
    pub fn root(&self) -> String {
        format!("/assets/{}", self.version)
    }

    /// Whether this build has the file `name`; scripts that Node makes are not in every one.
    pub fn has(&self, name: &str) -> bool {
        Built::get(name).is_some()
    }

    /// Whether the city has its own style sheet.
    pub fn has_theme(&self) -> bool {
        self.own.contains_key(THEME)
    }

    /// The colour of the city, as CSS.
    pub fn brand(&self) -> &str {
        &self.brand
    }

    /// The address of the city's logo, when it has one.
    pub fn logo(&self) -> Option<String> {
        let name = LOGOS.into_iter().find(|name| self.own.contains_key(*name))?;
        Some(format!("{}/{name}", self.root()))
    }

    /// Fonts that the first lines of a page need, by address, a `light` one those of text alone; none in a build without
    /// Node.
    pub fn fonts(&self, light: bool) -> Vec<String> {
        let first = LETTERS.iter().take(if light { 1 } else { LETTERS.len() });
        let files = first.map(|name| format!("fonts/{name}.woff2"));
        files.filter(|file| Built::get(file).is_some()).map(|file| format!("{}/{file}", self.root())).collect()
    }

    /// What the pages need on which people tell the city something, by address: kept on their device.
    fn shell(&self) -> Vec<String> {
        let scripts = ["app.js", "queue.js", "form.js", "photo.js", "outbox.js", "reading.js"].map(str::to_owned);
        let files = ["site.css".to_owned()].into_iter().chain(self.own.keys().cloned()).chain(scripts);
        let files = files.map(|file| format!("{}/{file}", self.root()));
        files.chain(self.fonts(true)).chain(["/favicon.svg".to_owned()]).collect()
    }

    /// The picture `name` as inline SVG, hidden from screen readers: the words beside it say the
    /// same. A city may name an icon we do not have: it gets the plain one.
    pub fn icon(&self, name: &str) -> &str {
        self.icons.get(name).or_else(|| self.icons.get("dot")).map_or("", String::as_str)
    }

    /// The file `name`, packed the best way that a browser with these headers can read.
    fn packed(&self, name: &str, headers: &HeaderMap) -> Option<(Cow<'static, [u8]>, &'static str)> {
        if self.own.contains_key(name) {
            return None;
        }
        let read = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
        let fit = PACKED.into_iter().filter(|(coding, _)| reads(read, coding));
        fit.into_iter().find_map(|(coding, end)| Some((Built::get(&format!("{name}.{end}"))?.data, coding)))
    }

    /// Whether there is an icon `name`.
    #[cfg(test)]
    pub fn has_icon(&self, name: &str) -> bool {
        self.icons.contains_key(name)
    }

    fn file(&self, name: &str) -> Option<(Cow<'static, [u8]>, &'static str)> {
        let bytes = match self.own.get(name) {
            Some(own) => own.to_vec().into(),
            None => Built::get(name)?.data,
        };
        let kind = match name.rsplit_once('.').map(|(_, end)| end) {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("woff2") => "font/woff2",
            Some("svg") => "image/svg+xml",
            Some("png") => "image/png",
            Some("txt") => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        };
        Some((bytes, kind))
    }
}

/// Whether `Accept-Encoding` (RFC 9110 §12.5.3) names `coding`, and not to refuse it.
fn reads(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused =
            parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0)));
        named && !refused
    })
}

/// `GET /assets/{version}/{*file}`. An old version gets the new file, but may not keep it.
pub async fn serve(
    State(assets): State<Arc<Assets>>,
    Path((version, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let keep = if version == assets.version { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = answer(&assets, &file, keep, &headers);
    if file == WORKER
        && let Some(policy) = &assets.worker
    {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    }
    response
}

impl FromRef<App> for Arc<Assets> {
    fn from_ref(app: &App) -> Self {
        app.assets.clone()
    }
}

/// `GET /favicon.svg`.
pub async fn favicon(State(assets): State<Arc<Assets>>, headers: HeaderMap) -> Response {
    answer(&assets, "favicon.svg", "public, max-age=86400", &headers)
}

/// `GET /worker.js`, and under its earlier name `/push-worker.js`, which browsers still ask for that were told of it: what
/// keeps pages for when there is no network, sends what waits and shows push messages. Browsers let it serve only the
/// addresses below its own, so it stands at the top; they look for a new one by themselves, and find one whenever a
/// file of the site changed, since their version is in it.
pub async fn worker(State(app): State<App>) -> Response {
    let assets = &app.assets;
    let Some((bytes, kind)) = assets.file("worker.js") else { return StatusCode::NOT_FOUND.into_response() };
    let shell = serde_json::json!({
        "root": assets.root(),
        "version": assets.version,
        "languages": app.languages().iter().map(|language| language.as_str()).collect::<Vec<_>>(),
        "files": assets.shell(),
        "groups": app.site.city.groups.iter().map(|group| group.id.as_str()).collect::<Vec<_>>(),
        "categories": app.site.city.categories.iter().map(|category| category.id.as_str()).collect::<Vec<_>>(),
    });
    let script = format!("const voordeur = {shell};\n{}", String::from_utf8_lossy(&bytes));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, script).into_response()
}

/// `GET /robots.txt`.
pub async fn robots(State(app): State<App>) -> Response {
    let secret = app.languages().iter().map(|language| format!("/{}/t/", language.as_str()));
    let closed = secret.chain(["/sandbox/".to_owned(), "/api/".to_owned()]).map(|path| format!("Disallow: {path}\n"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")),
    ];
    (headers, format!("User-agent: *\n{}", closed.collect::<String>())).into_response()
}

fn answer(assets: &Assets, file: &str, keep: &'static str, asked: &HeaderMap) -> Response {
    let Some((bytes, kind)) = assets.file(file) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
    ];
    let Some((packed, coding)) = assets.packed(file, asked) else { return (headers, bytes).into_response() };
    let how = [
        (header::CONTENT_ENCODING, HeaderValue::from_static(coding)),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    (headers, how, packed).into_response()
}
