//! A played department with an Open311 server: it takes requests, and its lists and updates say what
//! becomes of them. It calls nobody: the hub comes and reads.

use super::{Behaviour, Play, Reception, webhook::NEVER};
use crate::{failure::Failure, hub::listen};
use adapters::departments::open311::{
    fake::{Answer, Call, Fake, Request, Setup},
    marked,
};
use anyhow::Context as _;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use schemas::{
    Uuid,
    case::Role,
    dispatch::{AgainWhy, Say},
    id::derived,
};
use secrecy::ExposeSecret as _;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The largest call that is read.
const MAX_BODY: usize = 1024 * 1024;

/// Plays it until told to stop.
pub async fn play(play: Play) -> anyhow::Result<()> {
    let config = play.open311.as_ref().context("the kind of the department was looked at")?;
    let behaviour = play.desk.behaviour();
    let key = play.api_key.as_ref().map(|key| key.expose_secret().to_owned());
    let setup = Setup {
        key: key.filter(|_| behaviour != Behaviour::Trusting),
        doubles: behaviour == Behaviour::DuplicateUpdates,
        backwards: behaviour == Behaviour::OutOfOrder,
        wordless: behaviour == Behaviour::Forgetful,
        ..Setup::fitting(config)
    };
    let base = config.url.path().trim_end_matches('/').to_owned();
    play.rest().await;
    let listener = tokio::net::TcpListener::from_std(listen(play.listen, "--listen")?)?;
    let address = listener.local_addr()?;
    play.hops.note("up", &format!("an Open311 server at http://{address}{base}, {behaviour}"));
    let stop = play.stop.clone();
    let server = Server { play, base, fake: Arc::new(Mutex::new(Fake::new(setup))) };
    let app = Router::new().fallback(call).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(server);
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await?;
    Ok(())
}

#[derive(Clone)]
struct Server {
    play: Play,
    /// Where its API begins.
    base: String,
    fake: Arc<Mutex<Fake>>,
}

impl Server {
    fn fake<T>(&self, act: impl FnOnce(&mut Fake) -> T) -> T {
        act(&mut self.fake.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(&self, call: Call<'_>) -> Answer {
        self.fake(|fake| fake.answer(call, self.play.clock.now()))
    }
}

async fn call(State(server): State<Server>, method: Method, uri: Uri, body: Bytes) -> Response {
    let Some(path) = uri.path().strip_prefix(server.base.as_str()) else {
        let begins = Failure::new("nothing is here", format!("the API begins at {}", server.base));
        return (StatusCode::NOT_FOUND, begins.to_string()).into_response();
    };
    let Ok(body) = std::str::from_utf8(&body) else {
        return (StatusCode::BAD_REQUEST, "write the form in UTF-8").into_response();
    };
    let call = Call { is_post: method == Method::POST, path, query: uri.query().unwrap_or_default(), body };
    if !call.is_post {
        return written(server.answer(call));
    }
    if let Some(no) = server.fake(|fake| fake.denies(call)) {
        server.play.hops.refused("call", &format!("{} not let in", no.status));
        return written(no);
    }
    take(&server, call).await
}

/// A request, or an update of one.
async fn take(server: &Server, call: Call<'_>) -> Response {
    let play = &server.play;
    let form = call.fields();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    // A request that is not of this house has no mark; it is one of its own.
    let id = field("description").and_then(marked).unwrap_or_else(|| derived(&["simulated request", call.body]));
    let arrival = play.desk.arrives(id);
    match arrival.reception {
        Reception::Busy(pause) => {
            let outcome = format!("busy: 503, come back after {} s", pause.as_secs());
            play.hops.came_as(id, "", arrival.times, None, &outcome);
            let header = [(header::RETRY_AFTER, pause.as_secs().to_string())];
            return (StatusCode::SERVICE_UNAVAILABLE, header, "busy").into_response();
        }
        Reception::Broken => {
            play.hops.came_as(id, "", arrival.times, None, "broken: 500");
            return (StatusCode::INTERNAL_SERVER_ERROR, "broken").into_response();
        }
        Reception::Take | Reception::TakeAfter(_) | Reception::TakeAndHang => {}
    }
    let answer = server.answer(call);
    let update = field("service_request_id").filter(|_| answer.status < 300).map(str::to_owned);
    let Some(number) = answer.took.clone().or_else(|| update.clone()) else {
        play.hops.came_as(id, "", arrival.times, None, &format!("{} refused", answer.status));
        return written(answer);
    };
    // A request that comes twice is two requests: GeoReport has no key against that. An update has.
    let word = if arrival.is_new || update.is_none() { "taken" } else { "known" };
    let outcome = match arrival.reception {
        Reception::TakeAfter(late) => format!("{word}, answered after {late:?}"),
        Reception::TakeAndHang => format!("{word}, and never answered"),
        _ => word.to_owned(),
    };
    play.hops.came_as(id, "", arrival.times, Some(&number), &outcome);
    if word == "taken" {
        let photo = field("media_url").map(str::to_owned);
        server.begin(id, number, photo, update.map(|_| AgainWhy::Reminder));
    }
    match arrival.reception {
        Reception::TakeAfter(late) => tokio::time::sleep(late).await,
        Reception::TakeAndHang => tokio::time::sleep(NEVER).await,
        Reception::Take | Reception::Busy(_) | Reception::Broken => {}
    }
    written(answer)
}

impl Server {
    /// Lets be seen, in its own time, what becomes of a request.
    fn begin(&self, id: Uuid, number: String, photo: Option<String>, why: Option<AgainWhy>) {
        let server = self.clone();
        let stop = self.play.stop.clone();
        tokio::spawn(async move {
            let work = async {
                let play = &server.play;
                if let Some(photo) = photo {
                    play.look_at_address(id, &photo).await;
                }
                let begun = play.clock.now();
                let words = play.desk.words(play.language, Role::Lead, why, begun);
                let last = words.len().saturating_sub(1);
                let numbered: Vec<(usize, Say)> = words.into_iter().enumerate().collect();
                let backwards = play.desk.behaviour() == Behaviour::OutOfOrder;
                // Twice under the same id is how its lists show everything, not two things said.
                let in_order = match play.desk.behaviour() {
                    Behaviour::DuplicateUpdates => numbered,
                    other => other.says(numbered),
                };
                for (n, say) in in_order {
                    tokio::time::sleep(play.pace).await;
                    // A second apart, that is as fine as their clocks are.
                    let earlier = Duration::from_secs(last.saturating_sub(n) as u64);
                    let at = if backwards { begun - earlier } else { play.clock.now() };
                    server.fake(|fake| fake.say(&number, at, |request| shows(request, &say)));
                    play.hops.said(id, say.word(), None, &format!("shown as {number}"));
                }
            };
            stop.run_until_cancelled(work).await
        });
    }
}

/// What its lists show when it says `say`.
fn shows(request: &mut Request, say: &Say) {
    let (status, notes) = match say {
        Say::Accept {} => ("in_progress", None),
        Say::Plan { on, text } => {
            request.expected = on.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp());
            ("planned", text.as_ref())
        }
        Say::Done { text, .. } => ("closed", text.as_ref()),
        Say::Reject { reason } => ("not_responsible", Some(reason)),
        Say::Note { text } | Say::InternalNote { text } => (request.status.as_str(), Some(text)),
        Say::Ask { .. } | Say::Refer { .. } => (request.status.as_str(), None),
    };
    request.status = status.to_owned();
    request.notes = notes.cloned().unwrap_or_default();
}

fn written(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type))], answer.body).into_response()
}
