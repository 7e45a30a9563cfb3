//! A played department behind a webhook: listens, looks at the signature, keeps the work, and answers
//! by signed callback.

use super::{Behaviour, Play, Reception};
use crate::{failure::Failure, hub::listen};
use adapters::callback;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use schemas::{cloudevent::Incoming, dispatch::Dispatch};
use std::time::Duration;

/// The largest call that is read.
const MAX_BODY: usize = 1024 * 1024;
/// How long a call is left without an answer: longer than any caller waits.
pub(super) const NEVER: Duration = Duration::from_secs(3600);

/// Plays it until told to stop.
pub async fn play(play: Play) -> anyhow::Result<()> {
    if play.key.is_none() {
        return Err(Failure::usage(
            "a webhook needs the secret that signs it",
            format!(
                "give --secret, or name the configuration of the hub with --config: it stands as `secret` under \
                 [departments.{}]",
                play.department
            ),
        )
        .into());
    }
    play.introduce().await?;
    play.rest().await;
    let listener = tokio::net::TcpListener::from_std(listen(play.listen, "--listen")?)?;
    play.hops.note("up", &format!("listening on http://{}, {}", listener.local_addr()?, play.desk.behaviour()));
    let stop = play.stop.clone();
    let app = Router::new().fallback(work).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(play);
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await?;
    Ok(())
}

async fn work(State(play): State<Play>, headers: HeaderMap, body: Bytes) -> Response {
    if play.desk.behaviour() != Behaviour::Trusting
        && let Err(why) = genuine(&play, &headers, &body)
    {
        play.hops.refused("call", &format!("401 {why}"));
        return (StatusCode::UNAUTHORIZED, why.to_string()).into_response();
    }
    let dispatch = match read(&body) {
        Ok(dispatch) => dispatch,
        Err(why) => {
            play.hops.refused("call", &format!("422 {why}"));
            return (StatusCode::UNPROCESSABLE_ENTITY, why).into_response();
        }
    };
    receive(&play, dispatch).await
}

fn genuine(play: &Play, headers: &HeaderMap, body: &[u8]) -> Result<(), callback::NotGenuine> {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let signed = callback::Headers {
        id: text(callback::ID),
        timestamp: text(callback::TIMESTAMP),
        signature: text(callback::SIGNATURE),
    };
    callback::verify(play.key.as_slice(), signed, body, play.clock.now())
}

fn read(body: &[u8]) -> Result<Dispatch, String> {
    let event = Incoming::read(body).map_err(|error| error.to_string())?;
    let data = event.data.map_or("null", |data| data.get());
    serde_json::from_str(data).map_err(|error| format!("data: {error}"))
}

async fn receive(play: &Play, dispatch: Dispatch) -> Response {
    let arrival = play.desk.arrives(dispatch.id);
    let receipt = arrival.receipt.clone().unwrap_or_default();
    let kept = (StatusCode::OK, axum::Json(serde_json::json!({ "receipt": receipt })));
    let word = if arrival.is_new { "taken" } else { "known" };
    let shown = |outcome: &str| play.hops.came(&dispatch, arrival.times, arrival.receipt.as_deref(), outcome);
    match arrival.reception {
        Reception::Busy(pause) => {
            shown(&format!("busy: 503, come back after {} s", pause.as_secs()));
            let header = [(header::RETRY_AFTER, pause.as_secs().to_string())];
            return (StatusCode::SERVICE_UNAVAILABLE, header, "busy").into_response();
        }
        Reception::Broken => {
            shown("broken: 500");
            return (StatusCode::INTERNAL_SERVER_ERROR, "broken").into_response();
        }
        Reception::Take => shown(word),
        Reception::TakeAfter(late) => shown(&format!("{word}, answered after {late:?}")),
        Reception::TakeAndHang => shown(&format!("{word}, and never answered")),
    }
    if arrival.is_new {
        play.begin(dispatch, receipt);
    }
    match arrival.reception {
        Reception::TakeAfter(late) => tokio::time::sleep(late).await,
        Reception::TakeAndHang => tokio::time::sleep(NEVER).await,
        Reception::Take | Reception::Busy(_) | Reception::Broken => {}
    }
    kept.into_response()
}
