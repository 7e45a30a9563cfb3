//! Opens the database for a command.

use crate::{
    clock,
    config::Config,
    failure::{Advise as _, Failure},
};
use secrecy::ExposeSecret as _;
use store::{DbKind, Options, Store};

/// Opens the database of the configuration for this process alone.
pub async fn open(config: &Config) -> anyhow::Result<Store> {
    Store::open(config.database.url.expose_secret(), options(config)).await.map_err(cannot)
}

/// Opens the database of the configuration beside a hub that may be running, and sees that its
/// tables are those of this program.
pub async fn open_beside(config: &Config) -> anyhow::Result<Store> {
    let store = beside(config).await?;
    store.check_schema().await.advise("the database is not the one of this program", "run `voordeur migrate`")?;
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

/// Opens the database for `serve`: brings it up to date first where the configuration says so.
pub async fn open_for_serving(config: &Config) -> anyhow::Result<Store> {
    let store = open(config).await?;
    if config.database.migrate.unwrap_or(store.kind() == DbKind::Sqlite) {
        let ran = store
            .migrate()
            .await
            .advise("the database cannot be brought up to date", "see `voordeur migrate --status`")?;
        if ran > 0 {
            tracing::info!(migrations = ran, "the database was brought up to date");
        }
    }
    store
        .check_schema()
        .await
        .advise("the database is not the one of this program", "run `voordeur migrate`, then start again")?;
    Ok(store)
}
