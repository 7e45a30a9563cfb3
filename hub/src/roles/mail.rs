//! How departments are mailed, and what comes in by mail: by the mailbox, or handed over by a mail server.

use super::{Ground, intake_tools, rounds};
use crate::{
    config::Tls,
    failure::Failure,
    hub,
    supervise::{Stage, Task},
};
use adapters::{
    departments::email::{
        mailbox::{self, Mailbox},
        sense::Sense,
        spool::{self, Keeper, Spool},
    },
    intake::mail::{Door, Suggest},
    mail::{Mail, idle, lmtp::Lmtp, reply::ReplyAddress},
    rounds::RoundWorker,
};
use schemas::fault::Invalid;
use std::{sync::Arc, time::Duration};

/// How departments are mailed, and where their answers come in.
pub(super) fn department_mail(ground: &Ground) -> anyhow::Result<Option<Mail>> {
    let config = &ground.config;
    let Some(mail) = &config.mail else {
        if config.mailbox.is_some() {
            let help = "set [mail] too, or leave [mailbox] out";
            return Err(Failure::usage("[mailbox]: nothing is answered where nothing is mailed", help).into());
        }
        return Ok(None);
    };
    let tls = |tls: Tls| match tls {
        Tls::None => adapters::mail::Tls::None,
        Tls::Starttls => adapters::mail::Tls::Starttls,
        Tls::Required => adapters::mail::Tls::Required,
    };
    let smtp = adapters::mail::smtp::Config {
        host: mail.host.clone(),
        port: mail.port,
        tls: mail.tls.map(tls),
        user: mail.user.clone(),
        password: mail.password.clone(),
        from: mail.from.clone(),
        reply_to: mail.reply_to.clone(),
        hello_name: mail.hello_name.clone(),
        ca_file: mail.ca_file.clone(),
    };
    let mailbox = config.mailbox.as_ref().map(|mailbox| adapters::mail::imap::Config {
        host: mailbox.host.clone(),
        port: mailbox.port,
        tls: mailbox.tls.map(tls),
        user: mailbox.user.clone(),
        password: mailbox.password.clone(),
        address: mailbox.address.clone(),
        folders: mailbox.folders.clone(),
        done: mailbox.done.clone(),
        unmatched: mailbox.unmatched.clone(),
        every: Duration::from_secs(mailbox.every_seconds),
        ca_file: mailbox.ca_file.clone(),
    });
    let answers_to = config.lmtp.as_ref().and_then(|lmtp| lmtp.addresses.first().cloned());
    let built = adapters::mail::Config { smtp, mailbox, answers_to }.build(&ground.town.city);
    built.map(Some).map_err(|faults| wrong(&faults, "see [mail], [mailbox] and [lmtp] in deploy/voordeur.toml"))
}

/// Faults by section and key.
fn wrong(faults: &[Invalid], help: &str) -> anyhow::Error {
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| {
            let (section, key) = fault.field.split_once('.').unwrap_or(("mail", &fault.field));
            format!("[{section}] {key}: {}", fault.message)
        })
        .collect();
    Failure::usage(lines.join("\n"), help).into()
}

/// What reads mail that comes in.
pub(super) async fn incoming(ground: &Ground, mail: Option<&Mail>) -> anyhow::Result<Vec<Task>> {
    let config = &ground.config;
    let door_help = "see [mail_door] in deploy/voordeur.toml";
    if config.mail_door.is_some() && config.mailbox.is_none() && config.lmtp.is_none() {
        let help = "set [mailbox] or [lmtp], by which mail comes in, or leave [mail_door] out";
        return Err(Failure::usage("[mail_door]: no mail comes in", help).into());
    }
    let own = match &config.lmtp {
        Some(lmtp) => {
            let faults = lmtp.listener().check();
            if !faults.is_empty() {
                return Err(wrong(&faults, "see [lmtp] in deploy/voordeur.toml"));
            }
            lmtp.addresses.first().and_then(|address| ReplyAddress::parse(address).ok())
        }
        None => None,
    };
    let Some(replies) = mail.and_then(|mail| mail.replies.clone()).or(own) else { return Ok(Vec::new()) };
    let door = match &config.mail_door {
        Some(door) => {
            let faults = door.door().check();
            if !faults.is_empty() {
                return Err(wrong(&faults, door_help));
            }
            Some(self::door(ground, door.door(), &replies).await?)
        }
        None => None,
    };
    let sense = Sense {
        replies: replies.clone(),
        links: ground.links.clone(),
        tokens: ground.notice_tokens.clone(),
        language: ground.town.city.languages.first().copied().unwrap_or_default(),
        store: ground.store.clone(),
        door,
    };
    let mut tasks = Vec::new();
    if let (Some(imap), Some(settings)) = (mail.and_then(|mail| mail.mailbox.clone()), &config.mailbox) {
        let round = Mailbox::round(imap.clone(), sense.clone());
        tasks.push(rounds(RoundWorker::of_the_house(ground.store.clone(), mailbox::NAME, round)));
        if settings.idle {
            tasks.extend(imap.folders.iter().map(|folder| watch(ground, &imap, folder)));
        }
    }
    if let Some(lmtp) = &config.lmtp {
        let keep_for = Duration::from_hours(24) * lmtp.keep_days.max(1);
        let round = Spool::round(sense, keep_for);
        tasks.push(rounds(RoundWorker::of_the_house(ground.store.clone(), spool::NAME, round)));
        tasks.push(listen(ground, lmtp.listen, lmtp.listener().build(Some(&replies)))?);
    }
    Ok(tasks)
}

async fn door(ground: &Ground, config: adapters::intake::mail::Config, replies: &ReplyAddress) -> anyhow::Result<Door> {
    let settings = &ground.config;
    let own = [
        Some(ground.town.city.email.clone()),
        settings.mail.as_ref().and_then(|mail| mail.from.clone()),
        settings.mail.as_ref().and_then(|mail| mail.reply_to.clone()),
        settings.mailbox.as_ref().map(|mailbox| mailbox.address.clone()),
    ];
    let mut own: Vec<String> = own.into_iter().flatten().collect();
    own.extend(settings.lmtp.iter().flat_map(|lmtp| lmtp.addresses.clone()));
    let tools = intake_tools(ground)?;
    let photos = settings.photos.desk()?.build();
    Ok(config.build(&tools, &photos, suggest(ground), &own, Some(replies)).await?)
}

/// What words are likely about.
pub(super) fn suggest(ground: &Ground) -> Suggest {
    let Some(likely) = ground.likely.clone() else { return Arc::new(|_: &str| None) };
    Arc::new(move |words: &str| {
        let found = likely.get().suggest(words, 1).into_iter().next()?;
        Some((found.category, found.share))
    })
}

/// Waits for news of one folder, and has the mailbox read at each.
fn watch(ground: &Ground, imap: &adapters::mail::imap::Config, folder: &str) -> Task {
    let (store, imap, folder) = (ground.store.clone(), imap.clone(), folder.to_owned());
    Task::new(format!("mailbox.{folder}"), Stage::Work, move |stop| {
        let (store, imap, folder) = (store.clone(), imap.clone(), folder.clone());
        async move {
            let news = || async {
                if let Err(error) = store.hurry_round(mailbox::NAME).await {
                    tracing::debug!(%error, "the mailbox is read a little later");
                }
            };
            idle::watch(&imap, &folder, news, stop).await;
            Ok(())
        }
    })
}

/// Takes what a mail server hands over.
fn listen(ground: &Ground, address: std::net::SocketAddr, lmtp: Lmtp) -> anyhow::Result<Task> {
    let listener = Arc::new(hub::listen(address, "[lmtp] listen")?);
    let keeper = Keeper(ground.store.clone());
    Ok(Task::new("lmtp", Stage::Intake, move |stop| {
        let (listener, lmtp, keeper) = (listener.clone(), lmtp.clone(), keeper.clone());
        async move {
            let listener = tokio::net::TcpListener::from_std(listener.try_clone()?)?;
            lmtp.serve(listener, keeper, stop).await;
            Ok(())
        }
    }))
}
