//! `voordeur broadcast`: tell many people one thing.

mod preview;
mod show;

use super::open;
use crate::{
    city::{self, Town},
    cli::{BroadcastCommand, BroadcastWho},
    config::Config,
    failure::{Advise as _, Failure},
    output::{Paint, say},
    roles,
};
use notifier::broadcasts::{Broadcasts, Refused};
use schemas::{
    broadcast::{Broadcast, Draft},
    fault::Severity,
    reference::Reference,
};
use std::{
    io::Read as _,
    path::{Component, Path},
};
use store::Store;

/// The longest file that is read.
const LONGEST: u64 = 4 * 1024 * 1024;

/// What these commands stand on.
struct Ground<'a> {
    config: &'a Config,
    store: Store,
    town: Town,
    broadcasts: Broadcasts,
}

/// Does what the command says.
pub async fn run(command: BroadcastCommand, config: &Config) -> anyhow::Result<()> {
    let town = city::read(config.city.folder.as_deref())?.good()?;
    let store = open::open_beside(config).await?;
    let available = roles::sender_config(config, &config.web.public_url()).names();
    let broadcasts = Broadcasts::new(&store, &town.city, available, roles::rates(config));
    let ground = Ground { config, store: store.clone(), town, broadcasts };
    let result = match command {
        BroadcastCommand::Draft { file, at, by, json } => draft(&ground, &file, at.as_deref(), &by, json).await,
        BroadcastCommand::Preview { number, json } => preview::run(&ground, &number, json).await,
        BroadcastCommand::Approve { who, expect } => approve(&ground, &who, expect).await,
        BroadcastCommand::Pause(who) => {
            let broadcast = find(&ground, &who.number).await?;
            let done = ground.broadcasts.pause(&broadcast, &who.by).await;
            told(&broadcast, done.map(|()| "paused: nobody more is told until `voordeur broadcast resume`".to_owned()))
        }
        BroadcastCommand::Resume(who) => {
            let broadcast = find(&ground, &who.number).await?;
            let done = ground.broadcasts.resume(&broadcast, &who.by).await;
            told(&broadcast, done.map(|()| "goes on where it stood still".to_owned()))
        }
        BroadcastCommand::Stop(who) => {
            let broadcast = find(&ground, &who.number).await?;
            let done = ground.broadcasts.stop(&broadcast, &who.by).await;
            told(&broadcast, done.map(|n| format!("stopped for good; {n} messages were planned and do not leave")))
        }
        BroadcastCommand::List { limit, json } => show::list(&ground, limit, json).await,
        BroadcastCommand::Show { number, json } => show::run(&ground, &number, json).await,
    };
    store.close().await;
    result
}

/// The broadcast with the number that somebody typed.
async fn find(ground: &Ground<'_>, number: &str) -> anyhow::Result<Broadcast> {
    let reference = Reference::parse(number).map_err(|error| {
        let help = "write the eight digits: 1234-5670; `voordeur broadcast list` shows them";
        Failure::usage(format!("`{number}` is not the number of a broadcast: {error}"), help)
    })?;
    let found = ground.store.broadcast_by_reference(reference).await;
    let found = found.advise("the broadcast cannot be read", "see that the database runs")?;
    let none = || Failure::new(format!("there is no broadcast {reference}"), "`voordeur broadcast list` shows them");
    Ok(found.ok_or_else(none)?)
}

async fn draft(ground: &Ground<'_>, file: &Path, at: Option<&str>, by: &str, json: bool) -> anyhow::Result<()> {
    let mut draft = read(ground, file)?;
    let calendar = &ground.town.city.calendar;
    if let Some(text) = at {
        let read = calendar.read_moment(text).ok_or_else(|| {
            let help = "write day and time of the city: --at \"2026-12-01 09:00\"";
            Failure::usage(format!("`{text}` is no day and time"), help)
        })?;
        draft.at = Some(read);
    }
    let kept = match ground.broadcasts.draft(&draft, by).await {
        Ok(kept) => kept,
        Err(refused) => return Err(failure(refused)),
    };
    let reference = kept.reference;
    if json {
        say!(
            "{}",
            serde_json::json!({ "reference": reference, "id": kept.id, "state": kept.state, "at": kept.draft.at })
        );
        return Ok(());
    }
    say!("broadcast {reference} is written down; nobody is told yet");
    if let Some(at) = kept.draft.at {
        say!("  starts {}, once it is approved", calendar.write_moment(at));
    }
    say!("  for {}", draft.audience.line(&ground.town.city.areas));
    say!("  next: voordeur broadcast preview {reference}");
    Ok(())
}

/// The draft in `file`; each fault is shown with its place.
fn read(ground: &Ground<'_>, file: &Path) -> anyhow::Result<Draft> {
    let name = file.display().to_string();
    let text = open_file(file).ok_or_else(|| {
        Failure::usage(
            format!("{name}: this file cannot be read"),
            "name a YAML file of at most 4 MiB; see docs/install/broadcast.md",
        )
    })?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let open = |name: &str| {
        // A name, or a path below the folder of the file: what somebody sends by mail opens nothing else.
        let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        plain.then(|| open_file(&folder.join(name))).flatten()
    };
    let (draft, faults) = ground.town.city.read_draft(&name, &text, &open);
    let paint = Paint::stderr();
    for fault in &faults {
        let source = if fault.file == name { Some(text.clone()) } else { open(&fault.file) };
        let shown = fault.render(source.as_deref());
        eprintln!("{}", if fault.severity == Severity::Error { paint.red(&shown) } else { shown });
    }
    Ok(draft.ok_or_else(|| Failure::usage(format!("{name} cannot be used"), "put right what is shown above"))?)
}

fn open_file(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).ok()?;
    let read = file.take(LONGEST + 1).read_to_string(&mut text).ok()?;
    (read as u64 <= LONGEST).then_some(text)
}

async fn approve(ground: &Ground<'_>, who: &BroadcastWho, expect: u64) -> anyhow::Result<()> {
    let broadcast = find(ground, &who.number).await?;
    let done = ground.broadcasts.approve(&broadcast, &who.by, expect).await;
    let words = done.map(|count| {
        let (heads, takes) = (count.heads.planned, show::time(count.seconds));
        match broadcast.draft.at.filter(|at| *at > ground.store.clock().now()) {
            Some(at) => {
                let at = ground.town.city.calendar.write_moment(at);
                format!("is scheduled: {heads} people are told from {at} on, which takes about {takes}")
            }
            None => format!("runs: {heads} people are told, which takes about {takes}"),
        }
    });
    told(&broadcast, words)
}

fn told(broadcast: &Broadcast, done: Result<String, Refused>) -> anyhow::Result<()> {
    match done {
        Ok(words) => say!("broadcast {} {words}", broadcast.reference),
        Err(refused) => return Err(failure(refused)),
    }
    Ok(())
}

/// What was refused, and what to do.
fn failure(refused: Refused) -> anyhow::Error {
    let help = match &refused {
        Refused::Nameless => "--by NAME",
        Refused::SamePerson(_) => "ask a colleague to look at `voordeur broadcast preview` and to approve it",
        Refused::Past(_) => "give it a time that is to come, or none: then it starts when it is approved",
        Refused::Far(_) => "give it a time within a year",
        Refused::NotNow { .. } => "`voordeur broadcast show NUMBER` says how it stands; nothing was changed",
        Refused::Nobody => "see `voordeur broadcast preview NUMBER`: nobody has a place there, or follows it",
        Refused::Other { .. } => "look at `voordeur broadcast preview NUMBER` again; nothing was started",
        Refused::Store(_) => "see that the database runs; nothing was changed",
    };
    Failure::new(refused.to_string(), help).into()
}
