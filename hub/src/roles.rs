//! What each role is: one function per role that builds it and says what it runs.

mod channels;
mod mail;
mod notifier;
mod partners;
mod sms;

pub use notifier::{notifier, rates, sender_config};

use crate::{
    base_map,
    city::Town,
    config::{Config, Geocode},
    failure::Failure,
    rules,
    supervise::{Stage, Task},
    telemetry,
};
use ::notifier::{Senders, senders::sms::Hooks};
use adapters::{
    abuse::{self, HeldRound},
    album::{Album, Tidied, UNCLAIMED_FOR},
    answers::AnswersWorker,
    calls::{self, CallsRound},
    deliver::DeliverWorker,
    departments,
    intake::{IntakeTools, photo::Desk},
    links::Links,
    rounds::RoundWorker,
    secrets::Secrets,
};
use axum::{http::StatusCode, routing::get};
use bus::{Bus, Edge, Effects, LaneSettings};
use metrics_exporter_prometheus::PrometheusHandle;
use router::{ClockWorker, Latest, LeftBehind, RouterWorker};
use schemas::{
    city::Delivery,
    fault::{Fault, Invalid},
    letter::Lane,
    slug::DepartmentId,
};
use std::{net::TcpListener, sync::Arc, time::Duration};
use store::{NoticeTokens, Store};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// What every role stands on.
#[derive(Clone)]
pub struct Ground {
    /// The configuration.
    pub config: Arc<Config>,
    /// The rows.
    pub store: Store,
    /// The carrier.
    pub bus: Bus,
    /// The city.
    pub town: Town,
    /// The address residents see.
    pub public_url: String,
    /// Keys and tokens of departments.
    pub secrets: Secrets,
    /// Links by which departments answer without an account.
    pub links: Links,
    /// Tokens of notices.
    pub notice_tokens: NoticeTokens,
    /// Which category words are likely about; nothing when the city wants no suggestion, or no role here asks.
    pub likely: Option<Arc<Latest>>,
    /// Metrics of this process.
    pub metrics: PrometheusHandle,
}

/// What a role runs, and what is closed after it stopped.
#[derive(Default)]
pub struct Built {
    /// Its tasks.
    pub tasks: Vec<Task>,
    /// Senders to say goodbye to.
    pub senders: Option<Senders>,
}

/// The departments that fetch their work from a queue of their own.
pub fn queue_departments(town: &Town) -> Vec<DepartmentId> {
    town.city.departments.iter().filter(|d| matches!(d.delivery, Delivery::Queue)).map(|d| d.id.clone()).collect()
}

/// The secrets of the configuration, read; each must belong to a department of the city.
pub fn secrets(config: &Config, town: &Town) -> anyhow::Result<Secrets> {
    for id in config.departments.keys() {
        if town.city.department(id).is_none() {
            let help = schemas::fault::did_you_mean(id, town.city.departments.iter().map(|d| d.id.as_str()));
            return Err(Failure::usage(format!("[departments.{id}] is not a department of this city"), help).into());
        }
    }
    let both = |new: &Option<_>, old: &Option<_>| [old, new].into_iter().flatten().cloned().collect();
    let configured = config
        .departments
        .iter()
        .map(|(id, access)| {
            let secrets = adapters::secrets::Config {
                webhook_keys: both(&access.secret, &access.previous_secret),
                tokens: both(&access.token, &access.previous_token),
                credentials: adapters::secrets::Credentials {
                    api_key: access.api_key.clone(),
                    password: access.password.clone(),
                    ssh_key: access.ssh_key.clone(),
                },
                ..adapters::secrets::Config::default()
            };
            (id.clone(), secrets)
        })
        .collect();
    Secrets::read(configured).map_err(|faults| {
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| {
                // `secrets.<id>.<what>`, in the words of the configuration.
                let field = fault.field.replace("secrets.", "[departments.");
                let field = field.replace(".webhook_keys", "] secret").replace(".tokens", "] token");
                format!("{field}: {}", fault.message)
            })
            .collect();
        Failure::usage(lines.join("\n"), "secrets stand under [departments.<id>] in the configuration").into()
    })
}

/// The pages and the API, on `listener`.
pub fn web(ground: &Ground, listener: TcpListener) -> anyhow::Result<Built> {
    let config = web_config(ground)?;
    let ground = ground.clone();
    let (store, keep) = (ground.store.clone(), ground.config.geocode.as_ref().map_or(Duration::ZERO, Geocode::keep));
    let (album, desk) = photo_desk(&ground)?;
    let tidying = Task::new("tidying", Stage::Carry, move |stop| {
        let (store, album, desk) = (store.clone(), album.clone(), desk.clone());
        async move {
            let all = async {
                look_after(&desk, &album).await;
                tidy(&store, &album, keep).await;
            };
            _ = stop.run_until_cancelled(all).await;
            Ok(())
        }
    });
    let likely = ground.likely.clone();
    let listener = Arc::new(listener);
    let task = Task::new("web", Stage::Intake, move |stop| {
        let (ground, config, listener) = (ground.clone(), config.clone(), listener.clone());
        let likely = likely.clone();
        async move {
            let ops = ops(&ground);
            let site = web::Site { store: ground.store, bus: ground.bus, city: ground.town.city, likely, config };
            let listener = tokio::net::TcpListener::from_std(listener.try_clone()?)?;
            web::serve_apart(listener, web::door(site).beside(health(ops)), stop).await?;
            Ok(())
        }
    });
    Ok(Built { tasks: vec![task, tidying], ..Built::default() })
}

/// What was seen is remembered this long: longer than anything is ever delivered again.
const SEEN_FOR: Duration = Duration::from_secs(90 * 24 * 3600);

/// Where photos lie, and who looks at them.
fn photo_desk(ground: &Ground) -> anyhow::Result<(Album, Desk)> {
    let photos = &ground.config.photos;
    Ok((photos.open(&ground.store, &ground.config.http)?, photos.desk()?.build()))
}

/// Says at the start when the scanner is away, or the place for photos: the door opens all the same.
async fn look_after(desk: &Desk, album: &Album) {
    if let Err(why) = desk.scanner_answers().await {
        tracing::error!(why, "[photos] clamd: photos cannot be scanned for malware");
    }
    if let Err(why) = album.probe().await {
        tracing::error!(%why, "[photos] store: photos go into the database, and those that lie there are not shown");
    }
}

/// Throws away what nobody needs any more, at the start and every hour; answers of the geocoder after `keep`.
async fn tidy(store: &Store, album: &Album, keep: Duration) {
    loop {
        let now = store.clock().now();
        match album.tidy(now).await {
            Ok(Tidied { photos: 0, originals: 0, files: 0, stuck: 0 }) => {}
            Ok(Tidied { photos, originals, files, stuck }) => {
                tracing::info!(photos, originals, files, stuck, "photos that nobody needs any more were thrown away");
            }
            Err(error) => tracing::warn!(%error, "photos that nobody needs stay for now"),
        }
        match store.sweep_inbox(now - SEEN_FOR).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "old marks of what was seen were thrown away"),
            Err(error) => tracing::warn!(%error, "old marks of what was seen stay for now"),
        }
        let logins = async {
            store.sweep_sessions(now).await?;
            store.sweep_logins(now - Duration::from_hours(24)).await
        };
        if let Err(error) = store.sweep_scans(now - UNCLAIMED_FOR).await {
            tracing::warn!(%error, "scans of no report stay for now");
        }
        if let Err(error) = logins.await {
            tracing::warn!(%error, "sessions that are over stay for now");
        }
        if let Err(error) = store.sweep_geocoded(now - keep).await {
            tracing::warn!(%error, "old answers of the geocoder stay for now");
        }
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

/// What the operator's pages ask.
pub fn ops(ground: &Ground) -> web::Ops {
    web::Ops { store: ground.store.clone(), bus: ground.bus.clone(), metrics: telemetry::render(&ground.metrics) }
}

/// What the pages stand on that show how messages read.
pub fn preview(ground: &Ground) -> web::Preview {
    let sms = ground.config.sms.as_ref();
    web::Preview {
        store: ground.store.clone(),
        city: ground.town.city.clone(),
        templates: ground.town.templates.clone(),
        public_url: ground.public_url.clone(),
        transliterate: sms.is_none_or(|sms| sms.transliterate),
        price_per_part: sms.and_then(|sms| sms.price_per_part),
        cases: ground.config.web.preview_cases,
    }
}

/// For a load balancer, on the public address: whether this process can do its work, and not a word
/// more. Why it cannot is on `[web] ops_listen`.
fn health(ops: web::Ops) -> axum::Router {
    let inside = web::ops_router(ops);
    let ask = move |path: &'static str| {
        let inside = inside.clone();
        async move || {
            let request = axum::extract::Request::builder().uri(path).body(axum::body::Body::empty());
            let Ok(request) = request else { return StatusCode::INTERNAL_SERVER_ERROR };
            inside.oneshot(request).await.map_or(StatusCode::INTERNAL_SERVER_ERROR, |answer| answer.status())
        }
    };
    axum::Router::new()
        .route("/health/live", get(ask("/health/live")))
        .route("/health/ready", get(ask("/health/ready")))
}

fn web_config(ground: &Ground) -> anyhow::Result<web::WebConfig> {
    let config = &ground.config;
    let public_url = ground.public_url.parse().map_err(|error| {
        anyhow::Error::new(error).context(Failure::usage(
            "[web] public_url is not an address",
            "write for instance https://voordeur.example.org",
        ))
    })?;
    let mut out = web::WebConfig::new(public_url);
    let web::Rate { writes_per_minute, reads_per_minute, proofs_per_hour, per_key_per_minute } = &mut out.rate;
    *writes_per_minute = config.web.rate_per_minute;
    *reads_per_minute = config.web.reads_per_minute;
    *proofs_per_hour = config.web.proofs_per_hour;
    *per_key_per_minute = config.web.per_key_per_minute;
    config.intake.set(config.http.client(), &mut out.intake)?;
    out.intake.photos = config.photos.desk()?;
    out.album = Some(config.photos.open(&ground.store, &config.http)?);
    out.intake.guard = config.abuse.guard()?;
    out.letterbox = config.mail.is_none();
    if out.letterbox && !out.is_for_this_machine() {
        tracing::warn!("everybody can read what is sent at /sandbox/letterbox: set [mail] before residents come");
    }
    for text in &config.web.trusted_proxies {
        let network = text.parse().map_err(|_| {
            Failure::usage(
                format!("[web] trusted_proxies: `{text}` is not a network"),
                "write an address or a network: 10.0.0.5 or 10.0.0.0/8",
            )
        })?;
        out.trusted_proxies.push(network);
    }
    out.senders = sender_config(config, &ground.public_url).names();
    out.sms = Hooks::build(&config.gateways(&ground.public_url), &ground.town.city, &ground.store);
    if let Some(push) = &config.push {
        out.push = Some(push.devices(&ground.public_url, config.sandbox.magic)?);
    }
    out.geocode = geocoder(ground)?;
    out.secrets = ground.secrets.clone();
    out.links = Some(ground.links.clone());
    out.staff = config.staff;
    out.base_file = base_map::open(&ground.town.city, config.city.folder.as_deref())?;
    Ok(out)
}

/// What the doors of this process stand on that are no pages: with the geocoder outside, when there is one.
fn intake_tools(ground: &Ground) -> anyhow::Result<IntakeTools> {
    let album = ground.config.photos.open(&ground.store, &ground.config.http)?;
    let tools = IntakeTools::new(ground.store.clone(), ground.town.city.clone()).keeping(album);
    let tools = tools.guarded(ground.config.abuse.guard()?);
    Ok(match geocoder(ground)? {
        Some(geocoder) => tools.finding(geocoder),
        None => tools,
    })
}

/// The geocoder outside, when there is one.
fn geocoder(ground: &Ground) -> anyhow::Result<Option<adapters::geocode::Geocode>> {
    let Some(config) = &ground.config.geocode else { return Ok(None) };
    let tools = adapters::geocode::Tools {
        city: ground.town.city.clone(),
        store: ground.store.clone(),
        http: http_client(ground)?,
    };
    config.finder().build(&tools).map(Some).map_err(|faults| {
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| format!("[geocode] {}: {}", fault.field.trim_start_matches("geocode."), fault.message))
            .collect();
        Failure::usage(lines.join("\n"), "see [geocode] in deploy/voordeur.toml").into()
    })
}

/// The one client for calls to the outside.
fn http_client(ground: &Ground) -> anyhow::Result<bus::http::Client> {
    let http = ground.config.http.client();
    let help = "see [http] in deploy/voordeur.toml";
    if let Some(Invalid { field, message, .. }) = http.check().into_iter().next() {
        return Err(Failure::usage(format!("[http] {}: {message}", field.trim_start_matches("http.")), help).into());
    }
    http.build().map_err(|error| Failure::usage(error.to_string(), help).into())
}

/// Decides; looks after what is late; takes what channel integrations submit over the broker.
pub fn router(ground: &Ground) -> Built {
    let (store, town) = (ground.store.clone(), &ground.town);
    let worker = RouterWorker::new(store, town.city.clone(), town.rules.clone(), &ground.public_url);
    let rules = rules::watch(ground, worker.rules().clone());
    let left_behind = Arc::new(LeftBehind::new(worker.clone(), ground.config.broker.is_some()));
    let left_behind = Task::new("departments", Stage::Work, move |stop| {
        let left_behind = left_behind.clone();
        async move {
            left_behind.run(stop).await;
            Ok(())
        }
    });
    let clock = Arc::new(ClockWorker::new(worker.clone()));
    let clock = Task::new("clock", Stage::Work, move |stop| {
        let clock = clock.clone();
        async move {
            clock.run(stop).await;
            Ok(())
        }
    });
    let worker: Arc<dyn Effects> = Arc::new(worker);
    let mut tasks = vec![rules, left_behind, clock, effects(ground, Lane::router(), Stage::Work, worker.clone())];
    if ground.config.broker.is_some() {
        tasks.push(effects(ground, Lane::intake(), Stage::Intake, worker));
    }
    Built { tasks, ..Built::default() }
}

/// Hands work to departments' own systems, and takes in what departments answer.
pub async fn adapters(ground: &Ground) -> anyhow::Result<Built> {
    let mail = mail::department_mail(ground)?;
    let tools = departments::Tools {
        city: ground.town.city.clone(),
        clock: ground.store.clock().clone(),
        http: http_client(ground)?,
        secrets: ground.secrets.clone(),
        source: ground.public_url.clone(),
        store: ground.store.clone(),
        links: ground.links.clone(),
        mail: mail.clone(),
    };
    let built = departments::build(&ground.town.city, &tools).map_err(|faults| cannot_deliver(&faults))?;
    let mut tasks = mail::incoming(ground, mail.as_ref()).await?;
    tasks.extend(sms::conversations(ground)?);
    tasks.extend(partners::partners(ground, &tools.http)?);
    for department in built {
        tasks.extend(RoundWorker::new(ground.store.clone(), &department).map(rounds));
        let worker = DeliverWorker::new(ground.store.clone(), department);
        // The worker's settings, not the adapter's own: the city's pace is in them.
        let (lane, settings) = (worker.lane(), worker.settings());
        tasks.push(edge(ground, lane, Arc::new(worker), settings));
    }
    tasks.extend(channels::channels(ground, &tools.http)?);
    let calls = CallsRound::new(ground.store.clone(), ground.town.city.clone());
    tasks.push(rounds(RoundWorker::of_the_house(ground.store.clone(), calls::NAME, Arc::new(calls))));
    let held = HeldRound::new(ground.store.clone(), ground.config.abuse.guard()?);
    tasks.push(rounds(RoundWorker::of_the_house(ground.store.clone(), abuse::NAME, Arc::new(held))));
    let answers = Arc::new(AnswersWorker::new(ground.town.city.clone(), ground.store.clock().clone()));
    tasks.push(effects(ground, Lane::updates(), Stage::Work, answers));
    Ok(Built { tasks, ..Built::default() })
}

/// What an adapter does by itself.
fn rounds(worker: RoundWorker) -> Task {
    let worker = Arc::new(worker);
    Task::new(format!("{}.round", worker.name()), Stage::Work, move |stop| {
        let worker = worker.clone();
        async move {
            worker.run(stop).await;
            Ok(())
        }
    })
}

fn cannot_deliver(faults: &[Fault]) -> anyhow::Error {
    let lines: Vec<String> =
        faults.iter().map(|fault| format!("{}:{}: {}", fault.file, fault.line, fault.message)).collect();
    Failure::usage(
        lines.join("\n"),
        "see departments.yaml of the city, and [departments] and [http] in the configuration",
    )
    .into()
}

/// A lane whose work is rows.
fn effects(ground: &Ground, lane: Lane, stage: Stage, handler: Arc<dyn Effects>) -> Task {
    let bus = ground.bus.clone();
    Task::new(lane.to_string(), stage, move |stop: CancellationToken| {
        let (bus, lane, handler) = (bus.clone(), lane.clone(), handler.clone());
        async move {
            bus.run_effects(lane, handler, LaneSettings::default(), stop).await;
            Ok(())
        }
    })
}

/// A lane that touches the outside.
fn edge(ground: &Ground, lane: Lane, handler: Arc<dyn Edge>, settings: LaneSettings) -> Task {
    let bus = ground.bus.clone();
    Task::new(lane.to_string(), Stage::Work, move |stop: CancellationToken| {
        let (bus, lane, handler, settings) = (bus.clone(), lane.clone(), handler.clone(), settings.clone());
        async move {
            bus.run_edge(lane, handler, settings, stop).await;
            Ok(())
        }
    })
}
