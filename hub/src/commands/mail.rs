//! `voordeur mail`: mails that were handed over by LMTP and wait for a person.

use super::open;
use crate::{cli::MailCommand, config::Config, failure::Failure, output::say};
use adapters::departments::email::spool;
use schemas::{Uuid, audit::Deed};
use std::io::Write as _;
use store::Store;

/// Does what the command says.
pub async fn run(command: MailCommand, config: &Config) -> anyhow::Result<()> {
    let store = open::open_beside(config).await?;
    let result = match command {
        MailCommand::List { limit, json } => list(&store, limit as usize, json).await,
        MailCommand::Show { id } => show(&store, id).await,
        MailCommand::Again { id, by } => act(&store, id, &by.who()?, Deed::MailAgain).await,
        MailCommand::Drop { id, by } => act(&store, id, &by.who()?, Deed::MailDrop).await,
    };
    store.close().await;
    result
}

async fn list(store: &Store, limit: usize, json: bool) -> anyhow::Result<()> {
    let mails = store.kept_mails(limit).await?;
    if json {
        let row = |mail: &store::Spooled| serde_json::json!({ "id": mail.id, "at": mail.at, "why": mail.why });
        say!("{}", serde_json::json!({ "mails": mails.iter().map(row).collect::<Vec<_>>() }));
        return Ok(());
    }
    if mails.is_empty() {
        say!("no mail waits for a person");
    }
    for mail in mails {
        say!("{}  {}  {}", mail.id, mail.at.strftime("%Y-%m-%d %H:%M"), mail.why.unwrap_or_default());
    }
    Ok(())
}

fn none(id: Uuid) -> anyhow::Error {
    Failure::usage(format!("no mail {id} waits"), "`voordeur mail list` shows those that do").into()
}

async fn show(store: &Store, id: Uuid) -> anyhow::Result<()> {
    let mail = store.spooled_mail(id).await?.ok_or_else(|| none(id))?;
    std::io::stdout().lock().write_all(&mail.bytes)?;
    Ok(())
}

async fn act(store: &Store, id: Uuid, who: &str, deed: Deed) -> anyhow::Result<()> {
    let mut tx = store.begin().await?;
    let done = match deed {
        Deed::MailAgain => tx.read_mail_again(id).await?,
        _ => tx.drop_mail(id).await?,
    };
    if !done {
        return Err(none(id));
    }
    tx.audit_each(who, deed, &[id.to_string()], "").await?;
    tx.commit().await?;
    if deed == Deed::MailAgain {
        store.hurry_round(spool::NAME).await?;
    }
    say!("1");
    Ok(())
}
