//! When there is no room for another report, whoever brings one is told before anything is read of it: to refuse must be
//! cheap, or refusing is all that a crowded house does.

use crate::{api, app::App, problem::Problem, serve::Inside};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::{runtime::Handle, task::JoinError};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

/// A body up to this size is on its way before the answer is; who is in the middle of sending a larger one would only see
/// the connection break. Those are told when they are through.
const SMALL: u64 = 64 * 1024;

/// Looks for room before anything else is done for a program that brings a report: with far too many of them, what each
/// refusal costs is what is left for those that are let in. A person's form is told in words, further in.
#[derive(Clone)]
pub(crate) struct Room(pub(crate) App);

impl Room {
    /// What a program is told for which there is no room.
    pub(crate) fn refuse<B>(&self, request: &Request<B>) -> Option<Response> {
        let brings = request.method() == Method::POST && request.uri().path() == REPORTS;
        (brings && self.0.doors.tools.is_full() && is_small(request.headers())).then(busy)
    }
}

/// Where programs bring reports.
const REPORTS: &str = "/api/v1/reports";

fn busy() -> Response {
    metrics::counter!("voordeur_intake_busy_total").increment(1);
    let again = HeaderValue::from_static("5");
    let mut response = Problem::of(StatusCode::SERVICE_UNAVAILABLE).with(header::RETRY_AFTER, again).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Asks whoever brings a report to come again while as many are taken in as there is room for.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let brings = request.method() == Method::POST
        && (path == REPORTS || path.ends_with("/report") || path.starts_with(api::open311::BASE));
    if brings && app.doors.tools.is_full() && is_small(request.headers()) {
        return busy();
    }
    let Some(Inside(inside)) = request.extensions().get::<Inside>().cloned() else { return next.run(request).await };
    let only_reads = request.method().is_safe();
    match work(&inside, only_reads, next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a request was not worked on to its end");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Does `work` on the threads of `inside`. When whoever asked does not wait, what only reads ends with them; what changes
/// something goes on, and is what they see when they ask again.
async fn work<T: Send + 'static>(
    inside: &Handle,
    only_reads: bool,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, JoinError> {
    let task = inside.spawn(work);
    if only_reads { AbortOnDropHandle::new(task).await } else { task.await }
}

fn is_small(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.is_some_and(|length: u64| length <= SMALL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::{sync::oneshot, time::timeout};

    #[tokio::test]
    async fn whoever_leaves_ends_what_only_reads() {
        let here = Handle::current();
        for only_reads in [true, false] {
            let (begun, has_begun) = oneshot::channel();
            let (go_on, may_go_on) = oneshot::channel::<()>();
            let (done, is_done) = oneshot::channel();
            let asked = work(&here, only_reads, async move {
                let _ = begun.send(());
                let _ = may_go_on.await;
                let _ = done.send(());
            });
            let mut asked = Box::pin(asked);
            tokio::select! {
                _ = &mut asked => panic!("it waits"),
                begun = has_begun => begun.unwrap(),
            }
            drop(asked);
            if !only_reads {
                go_on.send(()).unwrap();
            }
            let end = timeout(Duration::from_secs(20), is_done).await.expect("it ends");
            assert_eq!(end.is_ok(), !only_reads);
        }
    }
}
