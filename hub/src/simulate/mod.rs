//! `voordeur simulate department`: plays a department against a hub that runs, so that a city can see
//! the whole walk and an integrator can see what the hub does when a department misbehaves.
//!
//! A kind is one file here with a `play` function, and one line in [`REGISTRY`].

pub mod behaviour;
pub mod desk;
pub mod hops;
pub mod open311;
pub mod queue;
pub mod say;
pub mod webhook;

pub use behaviour::{Behaviour, Reception};

use crate::{city, clock, config::Config, failure::Failure, serve::signal};
use adapters::secrets::Key;
use bus::RabbitOptions;
use clap::{Args, Subcommand};
use desk::Desk;
use futures_util::future::BoxFuture;
use hops::Hops;
use schemas::{
    city::{City, Delivery, Department},
    dispatch::{Dispatch, Update},
    fault::did_you_mean,
    id::Clock,
    report::Language,
    slug::DepartmentId,
};
use secrecy::{ExposeSecret as _, SecretString};
use std::{net::SocketAddr, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

type Run = fn(Play) -> BoxFuture<'static, anyhow::Result<()>>;

/// Every kind of department that can be played: its name, and how it is played until told to stop.
pub const REGISTRY: &[(&str, Run)] = &[
    ("webhook", |play| Box::pin(webhook::play(play))),
    ("queue", |play| Box::pin(queue::play(play))),
    ("open311", |play| Box::pin(open311::play(play))),
];

/// What to play.
#[derive(Debug, Clone, Subcommand)]
pub enum SimulateCommand {
    /// Play a department against a hub that runs
    #[command(after_help = "\
Behaviours:
  ok                    takes the work, accepts, plans and solves it
  slow                  the same, three seconds late each time
  flaky                 refuses some calls: 503 with Retry-After, or 500
  timeout-after-accept  keeps the work and does not say so, the first time
  duplicate-updates     says everything twice under the same id
  out-of-order          says the last thing first
  down:10m              is away for ten minutes (or 30s, 2h), then works
  silent                takes the work and is never heard of again
  not-ours              says that it is not theirs, with a reason
  trusting, forgetful   looks at no signature and no key; does not know work again (over Open311: gives no
                        description back): to try `voordeur conformance`

Examples:
  voordeur simulate department --department nutsbedrijf --kind webhook --config my.toml
  voordeur simulate department --department groen --kind queue --behaviour down:10m --json
  voordeur simulate department --department wegen --kind open311 --behaviour timeout-after-accept

Secrets and addresses come from the configuration of the hub, where it is at hand; the flags and their
variables go before it.")]
    Department(DepartmentArgs),
}

/// Which department, and how it behaves.
#[derive(Debug, Clone, Args)]
pub struct DepartmentArgs {
    /// Whom to play: the id in departments.yaml
    #[arg(long, value_name = "ID")]
    pub department: String,
    /// How work reaches it: webhook, queue or open311 [default: as departments.yaml says]
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// How it behaves
    #[arg(long, value_name = "BEHAVIOUR", default_value = "ok")]
    pub behaviour: Behaviour,
    /// Where the hub is [default: [web] listen of the configuration]
    #[arg(long, value_name = "URL", env = "VOORDEUR_SIMULATE_HUB")]
    pub hub: Option<String>,
    /// Where to listen for work [default: the address in departments.yaml if it is this machine's]
    #[arg(long, value_name = "ADDRESS:PORT", env = "VOORDEUR_SIMULATE_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// The secret that signs both ways: whsec_… [default: `secret` under [departments.<id>]]
    #[arg(long, value_name = "SECRET", env = "VOORDEUR_SIMULATE_SECRET", hide_env_values = true)]
    pub secret: Option<String>,
    /// The department's token [default: `token` under [departments.<id>]]
    #[arg(long, value_name = "TOKEN", env = "VOORDEUR_SIMULATE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// The key of an Open311 server [default: `api_key` under [departments.<id>]; without one it lets all in]
    #[arg(long, value_name = "KEY", env = "VOORDEUR_SIMULATE_API_KEY", hide_env_values = true)]
    pub api_key: Option<String>,
    /// The broker, as the department's own user: amqp://user:password@host/vhost [default: [broker] url]
    #[arg(long, value_name = "URL", env = "VOORDEUR_SIMULATE_AMQP", hide_env_values = true)]
    pub amqp: Option<String>,
    /// What every queue begins with [default: [broker] prefix]
    #[arg(long, value_name = "NAME")]
    pub prefix: Option<String>,
    /// How long between two things it says, in milliseconds
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1000)]
    pub pace: u64,
    /// Chance is the same each time under the same number
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Print each hop as one JSON object per line
    #[arg(long)]
    pub json: bool,
}

/// A department that is played: everything a kind needs.
#[derive(Clone)]
pub struct Play {
    /// Who.
    pub department: DepartmentId,
    /// How the city reaches its Open311 server, where it has one.
    pub open311: Option<adapters::departments::open311::Config>,
    /// The language it speaks where the work does not say.
    pub language: Language,
    /// Where work is listened for.
    pub listen: SocketAddr,
    /// Where the hub is, without a slash at the end.
    pub hub: String,
    /// The key that signs both ways.
    pub key: Option<Key>,
    /// The token.
    pub token: Option<SecretString>,
    /// The key of an Open311 server.
    pub api_key: Option<SecretString>,
    /// The broker, where there is one.
    pub broker: Option<RabbitOptions>,
    /// How long between two things it says.
    pub pace: Duration,
    /// The client of everything that is called.
    pub http: bus::http::Client,
    /// The time.
    pub clock: Clock,
    /// What it has, and how it behaves.
    pub desk: Desk,
    /// Where its hops are shown.
    pub hops: Hops,
    /// When to stop.
    pub stop: CancellationToken,
    /// Where updates go that are said over RabbitMQ; by HTTP otherwise.
    pub updates: Option<mpsc::UnboundedSender<Update>>,
}

/// Plays until Ctrl-C.
pub async fn run(command: SimulateCommand, config: &Config) -> anyhow::Result<()> {
    let SimulateCommand::Department(args) = command;
    let town = city::read(config.city.folder.as_deref())?.good()?;
    let department = known(&town.city, &args.department)?;
    let run = kind(&args, department)?;
    let play = Play::new(&args, config, &town.city, department)?;
    let stop = play.stop.clone();
    tokio::select! {
        ended = run(play) => ended,
        told = signal() => {
            stop.cancel();
            told
        }
    }
}

/// The department of this city, or what was probably meant.
pub fn known<'a>(city: &'a City, id: &str) -> anyhow::Result<&'a Department> {
    city.department(id).ok_or_else(|| {
        let near = did_you_mean(id, city.departments.iter().map(|department| department.id.as_str()));
        let help = format!("{near}\nthe city is the one of the configuration: name that with --config FILE");
        Failure::usage(format!("this city has no department `{id}`"), help).into()
    })
}

/// The name of how work reaches `department`.
pub fn delivery(department: &Department) -> &str {
    match &department.delivery {
        Delivery::Queue => "queue",
        Delivery::Push { adapter, .. } => adapter,
    }
}

fn kind(args: &DepartmentArgs, department: &Department) -> anyhow::Result<Run> {
    let configured = delivery(department);
    let wanted = args.kind.as_deref().unwrap_or(configured);
    let names = || REGISTRY.iter().map(|(name, _)| *name);
    let Some((_, run)) = REGISTRY.iter().find(|(name, _)| *name == wanted) else {
        let what = format!("a department of the kind `{wanted}` cannot be played");
        return Err(Failure::usage(what, did_you_mean(wanted, names())).into());
    };
    if wanted != configured {
        return Err(Failure::usage(
            format!("{} gets its work by `{configured}`, not by `{wanted}`", department.id),
            format!("write --kind {configured}, or change `delivery` in departments.yaml and start the hub again"),
        )
        .into());
    }
    Ok(*run)
}

impl Play {
    fn new(args: &DepartmentArgs, config: &Config, city: &City, department: &Department) -> anyhow::Result<Self> {
        let access = config.departments.get(&department.id);
        let secret = args.secret.clone().map(SecretString::from).or_else(|| access.and_then(|a| a.secret.clone()));
        let key = secret.map(|secret| {
            Key::parse(secret.expose_secret()).ok_or_else(|| {
                Failure::usage(
                    "the secret is no secret of Standard Webhooks",
                    "write `whsec_` and the base64 of 24 to 64 random bytes, the same as the hub has",
                )
            })
        });
        let token = args.token.clone().map(SecretString::from);
        let clock = clock::real();
        let broker_url = args.amqp.clone().or_else(|| Some(config.broker.as_ref()?.url.expose_secret().to_owned()));
        let prefix = args.prefix.clone().or_else(|| Some(config.broker.as_ref()?.prefix.clone()));
        Ok(Self {
            department: department.id.clone(),
            open311: adapters::departments::open311::Config::of(department),
            language: city.languages.first().copied().unwrap_or_default(),
            listen: args.listen.or_else(|| own_address(department)).unwrap_or(LISTEN),
            hub: args
                .hub
                .clone()
                .unwrap_or_else(|| format!("http://{}", config.web.listen))
                .trim_end_matches('/')
                .to_owned(),
            key: key.transpose()?,
            token: token.or_else(|| access.and_then(|a| a.token.clone())),
            api_key: args
                .api_key
                .clone()
                .map(SecretString::from)
                .or_else(|| access.and_then(|access| access.api_key.clone())),
            broker: broker_url.map(|url| RabbitOptions {
                url,
                prefix: prefix.unwrap_or_else(|| RabbitOptions::default().prefix),
                name: format!("simulated {}", department.id),
                ..RabbitOptions::default()
            }),
            pace: Duration::from_millis(args.pace),
            http: client()?,
            clock: clock.clone(),
            desk: Desk::new(args.behaviour, args.seed),
            hops: Hops::new(args.json, clock),
            stop: CancellationToken::new(),
            updates: None,
        })
    }

    /// Is away as long as it behaves so. A kind calls this before it takes anything.
    pub async fn rest(&self) {
        let away = self.desk.behaviour().away();
        if !away.is_zero() {
            self.hops.note("down", &format!("away for {away:?}"));
            tokio::time::sleep(away).await;
        }
    }

    /// Says what there is to say about work that was just taken, in its own time.
    pub fn begin(&self, dispatch: Dispatch, receipt: String) {
        let play = self.clone();
        let stop = self.stop.clone();
        tokio::spawn(async move {
            let work = async {
                play.look_at_photos(&dispatch).await;
                for update in play.desk.says(&dispatch, &receipt, play.clock.now()) {
                    tokio::time::sleep(play.pace).await;
                    match &play.updates {
                        // Closed only when the department stops.
                        Some(line) => _ = line.send(update),
                        None => play.say(&update).await,
                    }
                }
            };
            stop.run_until_cancelled(work).await
        });
    }
}

/// Where work is listened for when nobody says.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1778);

/// The address that the city calls, where that is this machine's loopback.
fn own_address(department: &Department) -> Option<SocketAddr> {
    let Delivery::Push { settings, .. } = &department.delivery else { return None };
    let url: reqwest::Url = settings.get("url")?.as_str()?.parse().ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let host = if host == "localhost" { "127.0.0.1" } else { host.as_str() };
    let address: std::net::IpAddr = host.parse().ok()?;
    address.is_loopback().then(|| url.port_or_known_default().map(|port| SocketAddr::new(address, port)))?
}

/// A client that calls whatever the person at the keyboard names, also on this machine.
pub fn client() -> anyhow::Result<bus::http::Client> {
    let config = bus::http::Config {
        // A long poll takes 30 seconds by itself.
        timeout_ms: 45_000,
        private_networks: vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()],
        ..bus::http::Config::default()
    };
    Ok(config.build()?)
}
