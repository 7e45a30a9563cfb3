//! Opens the database for a command.

use crate::{clock, config::Config, failure::Failure};
use secrecy::ExposeSecret as _;
use std::time::{Duration, Instant};
use store::{DbKind, Options, Store};

/// Opens the database of the configuration for this process alone.
pub async fn open(config: &Config) -> anyhow::Result<Store> {
    Store::open(config.database.url.expose_secret(), options(config)).await.map_err(cannot)
}

/// Opens the database of the configuration beside a hub that may be running, and sees that its
/// tables are those of this program.
pub async fn open_beside(config: &Config) -> anyhow::Result<Store> {
    let store = beside(config).await?;
    store
        .check_schema()
        .await
        .map_err(|error| cannot_use(error, "the database is not the one of this program", "run `voordeur migrate`"))?;
    Ok(store)
}

/// As [`open_beside`], whatever its tables are.
pub async fn beside(config: &Config) -> anyhow::Result<Store> {
    Store::open_beside(config.database.url.expose_secret(), options(config)).await.map_err(cannot)
}

fn options(config: &Config) -> Options {
    let clock = clock::real();
    let ids = clock::ids(&clock);
    Options { clock, ids, publish_events: config.broker.is_some() }
}

fn cannot(error: store::Error) -> anyhow::Error {
    let help = match &error {
        store::Error::InUse(_) => "stop the other process, or name another file in [database] url",
        store::Error::Unavailable(_) => "see that the database runs and that [database] url names it",
        store::Error::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            "see that [database] url names the city's own database; `voordeur migrate` makes a new one"
        }
        store::Error::File { .. } => "see that the folder exists and may be written to",
        _ => "see [database] url in the configuration: sqlite:voordeur.db or postgres://user:password@host/database",
    };
    anyhow::Error::from(error).context(Failure::new("the database cannot be opened", help))
}

/// How long `serve` waits for a database that does not answer, before it gives up and leaves it to
/// whoever supervises the process.
const PATIENCE: Duration = Duration::from_secs(120);

/// Opens the database for `serve`: brings it up to date first where the configuration says so. A
/// database that is just restarting is waited for.
pub async fn open_for_serving(config: &Config) -> anyhow::Result<Store> {
    let start = Instant::now();
    loop {
        let error = match try_open_for_serving(config).await {
            Ok(store) => return Ok(store),
            Err(error) => error,
        };
        let is_passing = error.downcast_ref::<store::Error>().is_some_and(store::Error::is_transient);
        if !is_passing || start.elapsed() > PATIENCE {
            return Err(error);
        }
        tracing::warn!(error = %error.root_cause(), "the database does not answer yet: trying again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn try_open_for_serving(config: &Config) -> anyhow::Result<Store> {
    let store = open(config).await?;
    if config.database.migrate.unwrap_or(store.kind() == DbKind::Sqlite) {
        let ran = store.migrate().await.map_err(|error| {
            cannot_use(error, "the database cannot be brought up to date", "see `voordeur migrate --status`")
        })?;
        if ran > 0 {
            tracing::info!(migrations = ran, "the database was brought up to date");
        }
    }
    store.check_schema().await.map_err(|error| {
        cannot_use(error, "the database is not the one of this program", "run `voordeur migrate`, then start again")
    })?;
    Ok(store)
}

/// A database that does not answer is not a wrong one.
pub fn cannot_use(error: store::Error, what: &'static str, help: &'static str) -> anyhow::Error {
    if error.is_transient() { cannot(error) } else { anyhow::Error::from(error).context(Failure::new(what, help)) }
}
