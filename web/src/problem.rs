//! What is wrong, for programs: RFC 9457 problem details, with one entry per wrong field.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use schemas::fault::Invalid;
use serde::Serialize;

/// The most faults that are told at once: more would make a large answer of a small question.
const MOST: usize = 100;

/// Set on responses that already say what is wrong in the right form.
#[derive(Clone, Copy)]
pub(crate) struct Shaped;

/// An `application/problem+json` answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    /// `about:blank`, or `urn:voordeur:problem:<name>` where the status alone does not say enough.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short, the same for every problem of this type.
    pub title: String,
    /// The HTTP status.
    #[serde(serialize_with = "number")]
    #[schemars(with = "u16")]
    pub status: StatusCode,
    /// What happened here, and what to do.
    pub detail: String,
    /// Every field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Invalid>,
    /// Headers that belong to it: `Retry-After`, `Allow`, `WWW-Authenticate`.
    #[serde(skip)]
    pub headers: HeaderMap,
}

fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem that its status says already.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status,
            detail: detail.into(),
            errors: Vec::new(),
            headers: HeaderMap::new(),
        }
    }

    /// A problem with a name of its own.
    pub fn named(status: StatusCode, name: &str, title: &str, detail: impl Into<String>) -> Self {
        Self { kind: format!("urn:voordeur:problem:{name}"), title: title.to_owned(), ..Self::new(status, detail) }
    }

    /// Fields are wrong.
    pub fn invalid(status: StatusCode, mut errors: Vec<Invalid>) -> Self {
        let detail = match errors.as_slice() {
            [one] => one.to_string(),
            many => format!("{} fields are wrong: see errors", many.len()),
        };
        errors.truncate(MOST);
        Self { errors, ..Self::named(status, "invalid", "Something in the request is wrong", detail) }
    }

    /// The rows cannot be reached, or are broken. What exactly is for the log, not for strangers.
    pub fn store(error: &store::Error) -> Self {
        let problem = if error.is_transient() {
            tracing::warn!(%error, "the store is away");
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "nothing was stored: try again in a few seconds")
        } else {
            tracing::error!(%error, "the store failed");
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "nothing was stored; the operator has been told")
        };
        if problem.status == StatusCode::SERVICE_UNAVAILABLE {
            problem.with(header::RETRY_AFTER, HeaderValue::from_static("5"))
        } else {
            problem
        }
    }

    /// The same problem with a header.
    pub fn with(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// What there is to say about a bare status.
    pub fn of(status: StatusCode) -> Self {
        let detail = match status.as_u16() {
            400 => "the request cannot be read",
            401 => "this needs a key: send Authorization: Bearer <key>",
            403 => "this request came from another site, or the key is not for this",
            404 => "there is nothing at this address",
            405 => "this address does not take this method",
            408 => "the request took too long to arrive: send it again",
            413 => "the body is too large",
            414 => "the address is too long",
            415 => "send JSON, with Content-Type: application/json",
            422 => "the request can be read but not understood",
            429 => "too many requests from this address: wait a moment",
            431 => "the headers are too large",
            503 => "not available now: try again in a few seconds",
            504 => "this took too long: try again",
            _ if status.is_server_error() => "something went wrong on our side; the operator has been told",
            _ => "the request was refused",
        };
        Self::new(status, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let headers = self.headers.clone();
        // A struct of strings and a number always serialises.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, headers, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(Shaped);
        response
    }
}
