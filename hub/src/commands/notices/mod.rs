//! `voordeur notices`: why somebody was told or was not, and what the desk does for who calls.

mod desk;
mod preview;
mod stats;
mod why;

use super::open;
use crate::{
    city::{self, Town},
    cli::NoticesCommand,
    config::Config,
    failure::Failure,
};
use schemas::reference::Reference;
use store::Store;

/// What these commands stand on.
struct Ground<'a> {
    config: &'a Config,
    store: Store,
    town: Town,
}

/// Does what the command says.
pub async fn run(command: NoticesCommand, config: &Config) -> anyhow::Result<()> {
    let town = city::read(config.city.folder.as_deref())?.good()?;
    let store = open::open_beside(config).await?;
    let ground = Ground { config, store: store.clone(), town };
    let result = match command {
        NoticesCommand::Why(args) => why::run(&ground, &args).await,
        NoticesCommand::Preview(args) => preview::run(&ground, &args).await,
        NoticesCommand::Stats(args) => stats::run(&ground, &args).await,
        NoticesCommand::Prune { dry_run, json } => desk::prune(&ground, dry_run, json).await,
        NoticesCommand::Suppressed(command) => desk::suppressed(&ground, command).await,
        NoticesCommand::Stop(args) => desk::stop(&ground, &args).await,
        NoticesCommand::Forget(args) => desk::forget(&ground, &args).await,
    };
    store.close().await;
    result
}

/// The reference that somebody typed.
fn reference(text: &str) -> Result<Reference, Failure> {
    Reference::parse(text).map_err(|error| {
        Failure::usage(format!("`{text}` is not a reference: {error}"), "write the eight digits: 1234-5670")
    })
}

/// There is no such report.
fn no_report(reference: Reference) -> Failure {
    let help = "see [database] url: is it the city's own?";
    Failure::new(format!("there is no report {reference} in this database"), help)
}
