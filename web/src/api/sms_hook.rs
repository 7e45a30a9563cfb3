//! `/hooks/sms/{gateway}[/{secret}]`: what an SMS gateway says of the messages it took, and the messages that
//! people send to the city. GET and POST, as gateways do.

use super::{Endpoint, From, guessed};
use crate::{
    app::App,
    guard::{rate::Peer, walk::Walk},
    problem::Problem,
};
use axum::{
    Extension,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get},
};
use notifier::senders::sms::{Call, Taken};

/// More than any gateway says at once.
const MAX_BODY: usize = 256 * 1024;

/// The address of gateways that sign, or are known by their network.
pub const ENDPOINT: Endpoint = Endpoint { path: "/hooks/sms/{gateway}", route: |_| route(), operations: &[] };

/// The address of gateways that know a secret.
pub const WITH_SECRET: Endpoint =
    Endpoint { path: "/hooks/sms/{gateway}/{secret}", route: |_| route(), operations: &[] };

fn route() -> MethodRouter<App> {
    get(take).post(take).layer(DefaultBodyLimit::max(MAX_BODY))
}

/// The path, with or without a secret.
#[derive(serde::Deserialize)]
struct Where {
    gateway: String,
    secret: Option<String>,
}

#[expect(clippy::too_many_arguments, reason = "each is one part of the request")]
async fn take(
    State(app): State<App>,
    From(caller): From,
    Extension(Peer(from)): Extension<Peer>,
    Path(Where { gateway, secret }): Path<Where>,
    RawQuery(query): RawQuery,
    walk: Walk,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(hooks) = &app.site.config.sms else { return Problem::of(StatusCode::NOT_FOUND).into_response() };
    let query = query.unwrap_or_default();
    let call = Call { query: &query, secret: secret.as_deref(), headers: &headers, body: &body, from };
    match hooks.take(&gateway, &call, walk.0).await {
        Taken::Receipts(_) | Taken::Stop | Taken::Start | Taken::Passed => StatusCode::ACCEPTED.into_response(),
        Taken::Words => {
            // The words themselves are never logged.
            metrics::counter!("voordeur_sms_unmatched_total", "gateway" => gateway.clone()).increment(1);
            tracing::info!(%gateway, "a text message came in of somebody who was told nothing");
            StatusCode::ACCEPTED.into_response()
        }
        Taken::NotGenuine => guessed(&app, caller).unwrap_or_else(|| {
            let message = "this is not signed as the gateway would, or not from where it would come";
            Problem::new(StatusCode::FORBIDDEN, message).into_response()
        }),
        Taken::Unreadable => {
            let message = "there is no receipt and no message in this call that the profile of the gateway knows";
            Problem::new(StatusCode::BAD_REQUEST, message).into_response()
        }
        Taken::Failed(error) => Problem::store(&error).into_response(),
    }
}
