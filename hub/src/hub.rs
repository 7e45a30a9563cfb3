//! A whole hub in this process: started with the roles it is given, stopped in order.

use crate::{
    city::Town,
    cli::Role,
    commands::open,
    config::Config,
    failure::{Advise as _, Failure},
    roles::{self, Ground},
    rules, suggestion,
    supervise::{Stage, Supervisor, Task},
    telemetry,
};
use adapters::links::Links;
use bus::{Bus, BusOptions, RabbitOptions};
use notifier::Senders;
use secrecy::ExposeSecret as _;
use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
};
use store::{DbKind, Store};

/// Starts hubs.
pub struct Hub;

/// What a hub is made of besides its configuration.
pub struct Parts {
    /// The city, read and found good.
    pub town: Town,
    /// The rows; opened by the caller, closed by [`Running::stop`].
    pub store: Store,
    /// Which roles run here.
    pub roles: Vec<Role>,
    /// Where the web role listens; without it on `[web] listen`.
    pub listener: Option<TcpListener>,
}

impl Parts {
    /// Everything from `config`: its city, its database with the machine's clock.
    pub async fn from_config(config: &Config, roles: Vec<Role>) -> anyhow::Result<Self> {
        let mut reading = crate::city::read(config.city.folder.as_deref())?;
        // Before a file is made that nobody asked for.
        one_process(config.database.url.expose_secret().starts_with("sqlite:"), &roles)?;
        if reading.town.is_none() {
            reading.town = rules::without_the_folder(config, &reading).await?;
        }
        let town = reading.good()?;
        Ok(Self { town, store: open::open_for_serving(config).await?, roles, listener: None })
    }
}

/// A SQLite file belongs to one process.
fn one_process(sqlite: bool, roles: &[Role]) -> anyhow::Result<()> {
    if !sqlite || roles.len() == Role::ALL.len() {
        return Ok(());
    }
    Err(Failure::usage(
        "on SQLite one process runs every role",
        "leave --roles out, or use PostgreSQL: [database] url = \"postgres://…\"",
    )
    .into())
}

/// A hub that runs.
pub struct Running {
    /// The rows.
    pub store: Store,
    /// The carrier.
    pub bus: Bus,
    /// The city.
    pub town: Town,
    /// The address residents see.
    pub public_url: String,
    /// Where the web role listens.
    pub web: Option<SocketAddr>,
    /// Where health and metrics are.
    pub ops: Option<SocketAddr>,
    supervisor: Supervisor,
    senders: Vec<Senders>,
}

impl Hub {
    /// Starts the roles of `parts`. When this returns, the door is open.
    pub async fn start(config: Config, parts: Parts) -> anyhow::Result<Running> {
        let Parts { town, store, roles, listener } = parts;
        one_process(store.kind() == DbKind::Sqlite, &roles)?;
        if roles.is_empty() {
            return Err(Failure::usage("there is no role to run", "choose from web, router, notifier, adapters").into());
        }
        let has = |role| roles.contains(&role);
        let listener = match listener {
            _ if !has(Role::Web) => None,
            Some(listener) => Some(listener),
            None => Some(listen(config.web.listen, "[web] listen")?),
        };
        let web = listener.as_ref().map(TcpListener::local_addr).transpose()?;
        let ops_listener = config.web.ops_listen.map(|address| listen(address, "[web] ops_listen")).transpose()?;
        let ops = ops_listener.as_ref().map(TcpListener::local_addr).transpose()?;
        let public_url = match (&config.web.public_url, web) {
            (None, Some(web)) => format!("http://{web}"),
            _ => config.web.public_url(),
        };
        town.city.offer(&roles::sender_config(&config, &public_url).offers());
        store.tell_channels(&config.channels.keys().cloned().collect::<Vec<_>>());
        let links = Links::new(store.secret("links").await?, &public_url);
        let notice_tokens = store.notice_tokens().await?;
        // Doors in the role of adapters ask what words are about.
        let asks = config.mail_door.is_some() || config.sms_door.is_some();
        let ground = Ground {
            links,
            notice_tokens,
            bus: carrier(&config, &store, &town),
            secrets: roles::secrets(&config, &town)?,
            metrics: telemetry::metrics()?,
            likely: suggestion::begin(&town.city).filter(|_| has(Role::Web) || (has(Role::Adapters) && asks)),
            config: Arc::new(config),
            store,
            town,
            public_url,
        };

        // Everything is built before anything runs: a hub starts whole or not at all.
        let mut built = Vec::new();
        if has(Role::Router) {
            rules::at_start(&ground).await?;
            built.push(roles::router(&ground));
        }
        if has(Role::Adapters) {
            built.push(roles::adapters(&ground).await?);
        }
        if has(Role::Notifier) {
            built.push(roles::notifier(&ground).await?);
        }
        if let Some(listener) = listener {
            built.push(roles::web(&ground, listener)?);
        }
        let mut supervisor = Supervisor::new();
        for task in house(&ground, ops_listener) {
            supervisor.run(task);
        }
        let mut senders = Vec::new();
        for part in built {
            senders.extend(part.senders);
            part.tasks.into_iter().for_each(|task| supervisor.run(task));
        }
        for role in &roles {
            metrics::gauge!("voordeur_up", "role" => role.as_str()).set(1.0);
        }
        let Ground { store, bus, town, public_url, .. } = ground;
        Ok(Running { store, bus, town, public_url, web, ops, supervisor, senders })
    }
}

impl Running {
    /// Stops in order: takes nothing new, finishes what is in hand, gives back what is claimed,
    /// sends off what was written, closes.
    pub async fn stop(self) -> anyhow::Result<()> {
        tracing::info!("stopping: nothing new is taken, what is in hand is finished");
        self.bus.stop_waiting();
        self.supervisor.stop().await;
        for senders in &self.senders {
            senders.close().await;
        }
        let flushed = self.store.flush_confirmed().await;
        self.store.close().await;
        // Rows of letters that were published only make the sweeper publish them again.
        if let Err(error) = flushed {
            tracing::warn!(%error, "rows of published letters stay: their second copy is deduped");
        }
        tracing::info!("stopped");
        Ok(())
    }
}

/// Listens on `address`; `key` is the setting that says so.
pub fn listen(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|error| {
        let help = match error.kind() {
            std::io::ErrorKind::AddrInUse => format!(
                "another program listens there (perhaps another voordeur): stop it, or choose another port with {key}"
            ),
            std::io::ErrorKind::PermissionDenied => {
                format!("ports below 1024 need the right to bind them: choose a higher one with {key}")
            }
            _ => format!("choose an address of this machine with {key}"),
        };
        anyhow::Error::from(error).context(Failure::new(format!("cannot listen on {address}"), help))
    })?;
    listener.set_nonblocking(true).advise("the listening socket cannot be used", "")?;
    Ok(listener)
}

fn carrier(config: &Config, store: &Store, town: &Town) -> Bus {
    match &config.broker {
        None => Bus::table(store.clone(), BusOptions::default()),
        Some(broker) => Bus::rabbit(store.clone(), rabbit_options(broker), roles::queue_departments(town)),
    }
}

/// The broker of the configuration, as the bus wants it.
pub fn rabbit_options(broker: &crate::config::Broker) -> RabbitOptions {
    RabbitOptions {
        url: broker.url.expose_secret().to_owned(),
        prefix: broker.prefix.clone(),
        ..RabbitOptions::default()
    }
}

/// What runs in every process, whatever its roles.
fn house(ground: &Ground, ops: Option<TcpListener>) -> Vec<Task> {
    let mut tasks = Vec::new();
    let bus = ground.bus.clone();
    tasks.push(Task::new("relay", Stage::Carry, move |stop| {
        let bus = bus.clone();
        async move {
            bus.run_relay(stop).await;
            Ok(())
        }
    }));
    tasks.extend(ground.likely.clone().map(|likely| suggestion::learning(ground, likely)));
    let (store, handle) = (ground.store.clone(), ground.metrics.clone());
    tasks.push(Task::new("gauges", Stage::Carry, move |stop| {
        let (store, handle) = (store.clone(), handle.clone());
        async move {
            telemetry::gauges(store, handle, stop).await;
            Ok(())
        }
    }));
    if let Some(listener) = ops {
        let (ops, preview) = (roles::ops(ground), roles::preview(ground));
        let listener = Arc::new(listener);
        tasks.push(Task::new("ops", Stage::Carry, move |stop| {
            let (ops, preview, listener) = (ops.clone(), preview.clone(), listener.clone());
            async move {
                let inside = web::ops_router(ops).merge(web::preview_router(preview)?);
                web::serve(tokio::net::TcpListener::from_std(listener.try_clone()?)?, inside, stop).await?;
                Ok(())
            }
        }));
    }
    tasks
}
