//! `POST /api/v1/suggest`: which categories a person's words are likely about, with the words that
//! point there. A suggestion to show, never to apply.

use super::openapi::operation::{Back, For, Operation};
use super::{Endpoint, invalid, too_large};
use crate::{app::App, problem::Problem};
use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use schemars::JsonSchema;
use schemas::{city::Texts, fault::Invalid, report::Kind, submission::MAX_WORDS};
use serde::{Deserialize, Serialize};

/// The most bytes of a body: the longest story, and some for its frame.
const MAX_BODY: usize = 4 * MAX_WORDS + 1024;
/// How many are suggested when nobody says.
const MOST: usize = 3;

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/suggest",
    route: |_| post(suggest).layer(DefaultBodyLimit::max(MAX_BODY + 1)),
    operations: &[Operation::post("suggestCategories", For::Channels, "What somebody's words are likely about")
        .about("To show, never to apply: the person chooses.")
        .json(|generator| generator.subschema_for::<Asked>(), r#"{"words": "a hole in the road", "most": 3}"#)
        .back(&[Back::json(200, "The likeliest first; none when nothing fits.", |generator| {
            generator.subschema_for::<Answer<'static>>()
        })])
        .problems(&[400, 404, 413, 422, 429])],
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    words: String,
    #[serde(default)]
    most: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct Answer<'a> {
    suggestions: Vec<One<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct One<'a> {
    category: &'a str,
    names: &'a Texts,
    kind: Kind,
    /// Its share of the likelihood among all that fit, 0 to 1.
    share: f64,
    /// The person's words that point there.
    words: Vec<String>,
}

async fn suggest(State(app): State<App>, body: Bytes) -> Response {
    let Some(likely) = &app.site.likely else {
        return Problem::new(StatusCode::NOT_FOUND, "this city suggests no categories").into_response();
    };
    if body.len() > MAX_BODY {
        return too_large(MAX_BODY);
    }
    let asked: Asked = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => {
            let message = format!("{error}: send {{\"words\": \"…\"}}");
            return invalid(StatusCode::BAD_REQUEST, Invalid::new("", "malformed", message));
        }
    };
    let most = asked.most.unwrap_or(MOST);
    if !(1..=10).contains(&most) {
        let fault = Invalid::new("most", "out_of_range", "ask for 1 to 10 suggestions");
        return invalid(StatusCode::UNPROCESSABLE_ENTITY, fault);
    }
    if asked.words.trim().is_empty() {
        let fault = Invalid::new("words", "required", "say in a few words what it is about");
        return invalid(StatusCode::UNPROCESSABLE_ENTITY, fault);
    }
    let found = likely.get().suggest(&asked.words, most);
    let one = |found: &router::Suggestion| {
        let category = app.site.city.category(&found.category)?;
        let (names, kind) = (&category.names, category.kind);
        let share = (found.share * 1000.0).round() / 1000.0;
        Some(One { category: category.id.as_str(), names, kind, share, words: found.words.clone() })
    };
    let answer = Answer { suggestions: found.iter().filter_map(one).collect() };
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(answer)).into_response()
}
