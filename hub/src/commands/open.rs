//! Opens the database for a command.

use crate::{
    clock,
    config::Config,
    failure::{Advise as _, Failure},
};
use secrecy::ExposeSecret as _;
use store::{DbKind, Options, Store};

/// Opens the database of the configuration.
pub async fn open(config: &Config) -> anyhow::Result<Store> {
    let clock = clock::real();
    let ids = clock::ids(&clock);
    let options = Options { clock, ids, publish_events: config.broker.is_some() };
    let url = config.database.url.expose_secret();
    Store::open(url, options).await.map_err(|error| {
        let help = match &error {
            store::Error::InUse(_) => "stop the other process, or name another file in [database] url",
            store::Error::Unavailable(_) => "see that the database runs and that [database] url names it",
            store::Error::File { .. } => "see that the folder exists and may be written to",
            _ => {
                "see [database] url in the configuration: sqlite:voordeur.db or postgres://user:password@host/database"
            }
        };
        anyhow::Error::from(error).context(Failure::new("the database cannot be opened", help))
    })
}

/// Opens the database and sees that its tables are those of this program.
pub async fn open_current(config: &Config) -> anyhow::Result<Store> {
    let store = open(config).await?;
    store.check_schema().await.advise("the database is not the one of this program", "run `voordeur migrate`")?;
    Ok(store)
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
