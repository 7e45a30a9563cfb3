//! `voordeur migrate`.

use super::open;
use crate::{
    cli::MigrateArgs,
    config::Config,
    failure::Advise as _,
    output::{count, say},
};

/// Brings the database up to date, or says what is missing.
pub async fn run(args: MigrateArgs, config: &Config) -> anyhow::Result<()> {
    let store = if args.status { open::beside(config).await? } else { open::open(config).await? };
    let pending = store.pending_migrations().await.map_err(|error| {
        open::cannot_use(error, "the database cannot be asked what it has", "see that the account may read its tables")
    })?;
    if args.status {
        match pending.as_slice() {
            [] => say!("up to date"),
            names => {
                say!("{} to run:", count(names.len() as u64, "migration"));
                names.iter().for_each(|name| say!("  {name}"));
            }
        }
    } else {
        let ran = store.migrate().await.advise(
            "the database cannot be brought up to date",
            "the account must be allowed to create and change tables",
        )?;
        match ran {
            0 => say!("up to date already"),
            n => say!("{} ran: up to date", count(n as u64, "migration")),
        }
    }
    store.close().await;
    Ok(())
}
