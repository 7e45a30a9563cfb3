//! `voordeur abuse`: what is held, who is blocked, and what becomes public.

mod review;

use super::open;
use crate::{
    city,
    cli::{AbuseCommand, By, HeldArgs, SenderArgs},
    config::Config,
    failure::Failure,
    output::{Paint, say},
};
use adapters::abuse::{self, Listed, Outcome, Sender};
use comfy_table::{ContentArrangement, Table, presets};
use schemas::{
    block::{Block, BlockKind},
    fault::Invalid,
    held::{Reason, State},
    reference::Reference,
};
use store::Store;

/// The most blocks of one list.
const MOST_BLOCKS: usize = 10_000;
/// So much of somebody's words stands in the list.
const GLIMPSE: usize = 80;

/// Does what the command says.
pub async fn run(command: AbuseCommand, config: &Config) -> anyhow::Result<()> {
    let town = city::read(config.city.folder.as_deref())?.good()?;
    let store = open::open_beside(config).await?;
    let city = &town.city;
    let done = match command {
        AbuseCommand::Held(args) => held(&store, &args).await,
        AbuseCommand::Release { references, by } => match by.who() {
            Ok(who) => release(&store, &references, &who).await,
            Err(failure) => Err(failure.into()),
        },
        AbuseCommand::Refuse { reference, reason, by } => match who_and_which(&by, &reference) {
            Ok((who, reference)) => refuse(&store, city, reference, &reason, &who).await,
            Err(failure) => Err(failure.into()),
        },
        AbuseCommand::Review { limit, json } => review::list(&store, city, limit as usize, json).await,
        AbuseCommand::Approve(args) => match who_and_which(&args.by, &args.reference) {
            Ok((who, reference)) => review::approve(&store, city, reference, &args, &who).await,
            Err(failure) => Err(failure.into()),
        },
        AbuseCommand::Reject { reference, by } => match who_and_which(&by, &reference) {
            Ok((who, reference)) => review::reject(&store, reference, &who).await,
            Err(failure) => Err(failure.into()),
        },
        AbuseCommand::Unpublish { reference, by } => match who_and_which(&by, &reference) {
            Ok((who, reference)) => review::unpublish(&store, reference, &who).await,
            Err(failure) => Err(failure.into()),
        },
        AbuseCommand::Block { sender, days, reason, by } => match by.who() {
            Ok(who) => block(&store, &city.country, &sender.sender(), days, &reason, &who).await,
            Err(failure) => Err(failure.into()),
        },
        AbuseCommand::Unblock { sender, by } => match by.who() {
            Ok(who) => unblock(&store, &city.country, &sender.sender(), &who).await,
            Err(failure) => Err(failure.into()),
        },
        AbuseCommand::List { json } => list(&store, json).await,
    };
    store.close().await;
    done
}

impl SenderArgs {
    /// The one that was named; clap sees to it that one is.
    fn sender(self) -> Sender {
        let Self { email, domain, phone, network, email_key, phone_key } = self;
        let named = [
            email.map(Sender::Email),
            domain.map(Sender::Domain),
            phone.map(Sender::Phone),
            network.map(Sender::Network),
            email_key.map(|key| Sender::Key(BlockKind::Email, key)),
            phone_key.map(|key| Sender::Key(BlockKind::Phone, key)),
        ];
        named.into_iter().flatten().next().unwrap_or_else(|| Sender::Email(String::new()))
    }
}

fn words(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join(", ")
}

async fn held(store: &Store, args: &HeldArgs) -> anyhow::Result<()> {
    let state = State::parse(&args.state).ok_or_else(|| {
        Failure::usage(format!("--state: `{}` is none", args.state), "write held, released, refused or passed")
    })?;
    let listed = abuse::list(store, state, args.limit as usize).await?;
    if args.json {
        let row = |Listed { held, report, contact }: &Listed| {
            serde_json::json!({
                "reference": report.reference, "state": held.state, "reasons": held.reasons, "channel": report.channel,
                "category": report.category, "words": report.words, "contact": contact, "photos": report.photos.len(),
                "at": held.at, "until": held.until, "ended_at": held.ended_at,
            })
        };
        say!("{}", serde_json::json!({ "held": listed.iter().map(row).collect::<Vec<_>>() }));
        return Ok(());
    }
    if listed.is_empty() {
        say!("nothing is {}", state.as_str());
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header([
        "reference",
        "why",
        "since",
        "released by itself",
        "channel",
        "words",
    ]);
    for Listed { held, report, .. } in listed {
        let glimpse: String = report.words.replace('\n', " ").chars().take(GLIMPSE).collect();
        table.add_row([
            report.reference.to_string(),
            words(&held.reasons),
            format!("{:.0}", held.at),
            format!("{:.0}", held.until),
            report.channel.to_string(),
            glimpse,
        ]);
    }
    say!("{table}");
    Ok(())
}

fn told(reference: Reference, outcome: Outcome, done: &str) -> Result<(), Failure> {
    match outcome {
        Outcome::Done => {
            say!("{} {reference} is {done}", Paint::stdout().green("✓"));
            Ok(())
        }
        Outcome::Over(state) => {
            say!("{reference} is not held any more ({}): nothing changed", state.as_str());
            Ok(())
        }
        Outcome::Unknown => {
            Err(Failure::usage(format!("{reference} is not held"), "`voordeur abuse held` shows what is"))
        }
    }
}

fn who_and_which(by: &By, reference: &str) -> Result<(String, Reference), Failure> {
    Ok((by.who()?, read(reference)?))
}

fn read(reference: &str) -> Result<Reference, Failure> {
    Reference::parse(reference).map_err(|error| {
        Failure::usage(format!("`{reference}` is not a reference: {error}"), "write the eight digits: 1234-5670")
    })
}

async fn release(store: &Store, references: &[String], who: &str) -> anyhow::Result<()> {
    let references = references.iter().map(|reference| read(reference)).collect::<Result<Vec<_>, _>>()?;
    for reference in references {
        told(reference, abuse::release(store, reference, who).await?, "released")?;
    }
    Ok(())
}

async fn refuse(
    store: &Store,
    city: &schemas::city::City,
    reference: Reference,
    reason: &str,
    who: &str,
) -> anyhow::Result<()> {
    if reason.trim().is_empty() {
        return Err(Failure::usage("--reason says nothing", "write why, in plain words: people read it").into());
    }
    Ok(told(reference, abuse::refuse(store, city, reference, reason, who).await?, "refused")?)
}

fn wrong(fault: &Invalid) -> Failure {
    Failure::usage(format!("--{}", fault.field), &fault.message)
}

async fn block(
    store: &Store,
    country: &str,
    sender: &Sender,
    days: u32,
    reason: &str,
    who: &str,
) -> anyhow::Result<()> {
    let Block { kind, key, until, .. } =
        abuse::block(store, country, sender, days, reason, who).await?.map_err(|fault| wrong(&fault))?;
    say!("{} {} {key} is blocked until {until:.0}", Paint::stdout().green("✓"), kind.as_str());
    Ok(())
}

async fn unblock(store: &Store, country: &str, sender: &Sender, who: &str) -> anyhow::Result<()> {
    if abuse::unblock(store, country, sender, who).await?.map_err(|fault| wrong(&fault))? {
        say!("{} it is blocked no more", Paint::stdout().green("✓"));
        return Ok(());
    }
    Err(Failure::usage("it is not blocked", "`voordeur abuse list` shows what is").into())
}

async fn list(store: &Store, json: bool) -> anyhow::Result<()> {
    let blocks = store.blocks(store.clock().now(), MOST_BLOCKS).await?;
    if json {
        say!("{}", serde_json::json!({ "blocks": blocks }));
        return Ok(());
    }
    if blocks.is_empty() {
        say!("nobody is blocked");
        return Ok(());
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["what", "which", "until", "why", "who"]);
    for Block { kind, key, until, reason, who, .. } in blocks {
        table.add_row([kind.as_str().to_owned(), key, format!("{until:.0}"), reason, who]);
    }
    say!("{table}");
    Ok(())
}
