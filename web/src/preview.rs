//! `/preview` on the operator's address: how each message to residents reads, by each way and in each language, how
//! plain it is, and what a text message costs. For people of the city; never public.
//!
//! What is shown may be made of a real case, where the operator says so. Then it holds a resident's name, so these
//! pages answer only where nobody else's page can lead a browser: under a number or `localhost`.

mod page;

use crate::{
    assets::{self, Assets},
    face::{Face, NoPage},
};
use axum::{
    Router,
    extract::{FromRef, Path, Query, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, uri::Authority},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::get,
};
use notifier::{
    Templates,
    preview::{self, Found, Real, Shown, Stage},
};
use schemas::{city::City, reference::Reference, report::Language, way::Way};
use serde::Deserialize;
use std::sync::Arc;

/// What the pages stand on.
#[derive(Clone)]
pub struct Preview {
    /// The rows.
    pub store: store::Store,
    /// The city.
    pub city: Arc<City>,
    /// The words of its messages.
    pub templates: Arc<Templates>,
    /// What links to residents begin with.
    pub public_url: String,
    /// Whether letters that the cheap alphabet of text messages lacks are written by others.
    pub transliterate: bool,
    /// What one part of a text message costs, in euro, as far as that is known.
    pub price_per_part: Option<f64>,
    /// Whether messages may be shown as they are made for a real case.
    pub cases: bool,
}

/// Nothing inline, nothing from elsewhere, no scripts at all.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Inline styles are how mail is written; everything else is shut.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
    frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// The pages, with their templates and style sheets.
#[derive(Clone)]
struct Booth {
    preview: Arc<Preview>,
    face: Arc<Face>,
    assets: Arc<Assets>,
}

impl FromRef<Booth> for Arc<Assets> {
    fn from_ref(booth: &Booth) -> Self {
        booth.assets.clone()
    }
}

/// What may stand behind the address of a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// A reference: then it is shown as it is made for that case.
    case: String,
    /// `yes`: only with what is always there.
    bare: String,
}

impl Asked {
    fn is_bare(&self) -> bool {
        self.bare == "yes"
    }
}

/// `/preview` and what is below it.
///
/// # Errors
/// An embedded template or text that cannot be read, which a test prevents.
pub fn preview_router(preview: Preview) -> Result<Router, NoPage> {
    let assets = Arc::new(Assets::of(&preview.city));
    let face = Arc::new(Face::new(assets.clone(), &preview.city.files)?);
    Ok(Router::new()
        .route("/preview", get(own))
        .route("/preview/{ui}", get(index))
        .route("/preview/{ui}/{word}/{way}/{language}", get(message))
        .route("/preview/mail/{word}/{language}", get(mail))
        .route("/assets/{version}/{*file}", get(assets::serve))
        .route("/favicon.svg", get(assets::favicon))
        .layer(from_fn(guard))
        .with_state(Booth { preview: Arc::new(preview), face, assets }))
}

/// Answers under a number or `localhost` alone: a name can be made to lead here by whoever owns it (DNS rebinding).
async fn guard(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(Authority::as_str)).unwrap_or_default();
    if !is_inside(host) {
        let words = "call this page by a number or localhost: http://127.0.0.1:1778/preview\n";
        return (StatusCode::MISDIRECTED_REQUEST, words).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut add = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::CONTENT_SECURITY_POLICY, POLICY);
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::REFERRER_POLICY, "no-referrer");
    add(header::CACHE_CONTROL, "private, no-store");
    add(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    add(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    add(HeaderName::from_static("x-robots-tag"), "noindex, nofollow");
    response
}

/// Whether `host`, as a browser names it, is a number or this machine.
fn is_inside(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

async fn own(State(booth): State<Booth>) -> Redirect {
    let own = booth.preview.city.languages.first().copied().unwrap_or_default();
    Redirect::temporary(&format!("/preview/{}", own.as_str()))
}

async fn index(State(booth): State<Booth>, Path(ui): Path<String>) -> Response {
    match booth.language(&ui) {
        Some(ui) => booth.index(ui),
        None => missing(),
    }
}

async fn message(
    State(booth): State<Booth>,
    Path((ui, word, way, language)): Path<(String, String, String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let (Some(ui), Some(language), Some(way)) = (booth.language(&ui), booth.language(&language), Way::parse(&way))
    else {
        return missing();
    };
    let (real, wrong) = match booth.real(&asked, &word).await {
        Ok(real) => (real, None),
        Err(No::Because(key)) => (None, Some(key)),
        Err(No::Store(error)) => return failed(&error),
    };
    match booth.show(&word, way, language, &asked, real.as_deref()) {
        Ok(Some(shown)) => booth.message(ui, &word, way, language, (&asked, real.is_some(), wrong), &shown),
        Ok(None) => missing(),
        Err(error) => failed(&error),
    }
}

/// The HTML of a mail alone, for the frame that shows it.
async fn mail(
    State(booth): State<Booth>,
    Path((word, language)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(language) = booth.language(&language) else { return missing() };
    let real = match booth.real(&asked, &word).await {
        Ok(real) => real,
        Err(No::Because(_)) => return missing(),
        Err(No::Store(error)) => return failed(&error),
    };
    match booth.show(&word, Way::Email, language, &asked, real.as_deref()) {
        // Links of a mail open outside of the frame, which may not leave this page.
        Ok(Some(shown)) => {
            let html = Html(format!("<base target=\"_blank\">{}", shown.html));
            ([(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)], html).into_response()
        }
        Ok(None) => missing(),
        Err(error) => failed(&error),
    }
}

/// Why there is nothing real to show.
enum No {
    /// For the person who asked: the key of a text.
    Because(&'static str),
    Store(store::Error),
}

impl Booth {
    /// A language that the city speaks.
    fn language(&self, text: &str) -> Option<Language> {
        Language::parse(text).filter(|language| self.preview.city.languages.contains(language))
    }

    /// What is real of the case that is `asked` for; nothing when none is.
    async fn real(&self, asked: &Asked, word: &str) -> Result<Option<Box<Real>>, No> {
        let text = asked.case.trim();
        if text.is_empty() || !self.preview.cases {
            return Ok(None);
        }
        let reference = Reference::parse(text).map_err(|_| No::Because("preview-case-bad"))?;
        match preview::find(&self.preview.store, reference, word).await.map_err(No::Store)? {
            Found::Real(real) => Ok(Some(real)),
            Found::NoReport => Err(No::Because("preview-case-none")),
            Found::NotHappened => Err(No::Because("preview-case-not-happened")),
        }
    }

    fn show(
        &self,
        word: &str,
        way: Way,
        language: Language,
        asked: &Asked,
        real: Option<&Real>,
    ) -> Result<Option<Shown>, notifier::render::RenderError> {
        let Preview { city, templates, public_url, transliterate, .. } = &*self.preview;
        let stage = Stage { templates, city, public_url, transliterate: *transliterate };
        stage.show(word, way, language, !asked.is_bare(), real)
    }
}

fn missing() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

fn failed(error: &dyn std::error::Error) -> Response {
    tracing::warn!(%error, "a message cannot be shown");
    (StatusCode::SERVICE_UNAVAILABLE, "this message cannot be shown: see the log\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::is_inside;

    #[test]
    fn only_numbers_and_this_machine_are_inside() {
        for host in ["127.0.0.1:1778", "localhost", "LOCALHOST:1778", "10.0.0.5:80", "[::1]:1778", "[::1]"] {
            assert!(is_inside(host), "{host}");
        }
        for host in ["", "evil.example", "evil.example:1778", "127.0.0.1.evil.example", "localhost.evil.example", "a b"]
        {
            assert!(!is_inside(host), "{host}");
        }
    }
}
