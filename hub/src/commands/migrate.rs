//! `voordeur migrate`.

use super::open;
use crate::{cli::MigrateArgs, config::Config, failure::Advise as _, output::count};

/// Brings the database up to date, or says what is missing.
pub async fn run(args: MigrateArgs, config: &Config) -> anyhow::Result<()> {
    let store = open::open(config).await?;
    let pending = store
        .pending_migrations()
        .await
        .advise("the database cannot be asked what it has", "see that the account may read its tables")?;
    if args.status {
        match pending.as_slice() {
            [] => println!("up to date"),
            names => {
                println!("{} to run:", count(names.len() as u64, "migration"));
                names.iter().for_each(|name| println!("  {name}"));
            }
        }
    } else {
        let ran = store.migrate().await.advise(
            "the database cannot be brought up to date",
            "the account must be allowed to create and change tables",
        )?;
        match ran {
            0 => println!("up to date already"),
            n => println!("{} ran: up to date", count(n as u64, "migration")),
        }
    }
    store.close().await;
    Ok(())
}
