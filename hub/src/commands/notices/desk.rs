//! `voordeur notices suppressed`, `stop` and `forget`: what the desk does for somebody who calls.

use super::{Ground, no_report, reference};
use crate::{
    cli::{About, Address, ForgetArgs, StopArgs, SuppressedCommand, named},
    failure::Failure,
    output::{Paint, count, say},
};
use comfy_table::{ContentArrangement, Table, presets};
use notifier::{
    desk::{self, Desk, Stop},
    retention,
};
use schemas::{Date, Timestamp, fault::did_you_mean, notice::Scope, person::Suppression};
use serde_json::json;

fn addresses(ground: &Ground<'_>, address: &Address) -> Result<Vec<schemas::way::Address>, Failure> {
    let Address { email, phone } = address;
    desk::addresses(email.as_deref(), phone.as_deref(), &ground.town.city)
        .map_err(|why| Failure::usage(why, "`--help` shows examples"))
}

/// Scope and target of what is meant.
async fn about(ground: &Ground<'_>, about: &About) -> anyhow::Result<(Scope, String)> {
    let city = &ground.town.city;
    if let Some(text) = &about.case {
        let reference = reference(text)?;
        let report = ground.store.report_by_reference(reference).await?.ok_or_else(|| no_report(reference))?;
        return Ok((Scope::Case, report.id.to_string()));
    }
    if let Some(topic) = &about.topic {
        let groups = city.groups.iter().map(|group| group.id.as_str());
        let known: Vec<&str> = city.categories.iter().map(|category| category.id.as_str()).chain(groups).collect();
        if !known.contains(&topic.as_str()) {
            let what = format!("--topic: there is no category or group `{topic}`");
            return Err(Failure::usage(what, did_you_mean(topic, known)).into());
        }
        return Ok((Scope::Topic, topic.clone()));
    }
    if let Some(area) = &about.area {
        let known: Vec<&str> = city.areas.all().iter().map(|area| area.id.as_str()).collect();
        if !known.contains(&area.as_str()) {
            let what = format!("--area: there is no district `{area}`");
            return Err(Failure::usage(what, did_you_mean(area, known)).into());
        }
        return Ok((Scope::Area, area.clone()));
    }
    Ok((Scope::All, String::new()))
}

/// `notices suppressed`.
pub async fn suppressed(ground: &Ground<'_>, command: SuppressedCommand) -> anyhow::Result<()> {
    let desk = Desk::open(&ground.store, &ground.town.city).await?;
    match command {
        SuppressedCommand::List { address, limit, json } => {
            let found = if address.email.is_none() && address.phone.is_none() {
                ground.store.newest_suppressions(limit.into()).await?
            } else {
                desk.suppressed(&addresses(ground, &address)?).await?
            };
            list(ground, &found, json).await
        }
        SuppressedCommand::Lift { address, about: of, by } => {
            let (by, of_these) = (named(&by)?, addresses(ground, &address)?);
            let (scope, target) = about(ground, &of).await?;
            let lifted = desk.lift(&of_these, scope, &target, by).await?;
            if lifted == 0 {
                let help = "`voordeur notices suppressed list` with the same address shows what is stopped";
                return Err(Failure::new("nothing was stopped for this", help).into());
            }
            tracing::info!(by, scope = scope.as_str(), lifted, "a suppression was lifted");
            say!(
                "{} lifted ({}): they are told again",
                Paint::stdout().green("✓"),
                count(lifted as u64, "suppression")
            );
            Ok(())
        }
    }
}

async fn list(ground: &Ground<'_>, found: &[Suppression], json: bool) -> anyhow::Result<()> {
    if json {
        let rows: Vec<_> = found
            .iter()
            .map(|stop| {
                json!({
                    "way": stop.way, "key": stop.key, "scope": stop.scope, "target": stop.target,
                    "reason": stop.reason, "is_wish": stop.reason.is_wish(), "why": stop.why, "at": stop.at,
                    "until": stop.until,
                })
            })
            .collect();
        say!("{}", json!({ "suppressed": rows }));
        return Ok(());
    }
    if found.is_empty() {
        say!("nothing is stopped");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["way", "key", "of", "reason", "since", "until", "in words"]);
    for stop in found {
        let of = match stop.scope {
            Scope::All => "everything".to_owned(),
            // A case is known to people by its reference.
            Scope::Case => match stop.target.parse() {
                Ok(id) => {
                    let report = ground.store.report(id).await?;
                    report.map_or_else(|| stop.target.clone(), |report| format!("case {}", report.reference))
                }
                Err(_) => stop.target.clone(),
            },
            scope => format!("{} {}", scope.as_str(), stop.target),
        };
        table.add_row([
            stop.way.to_string(),
            stop.key.chars().take(8).collect(),
            of,
            stop.reason.as_str().to_owned(),
            format!("{:.0}", stop.at),
            stop.until.map_or_else(|| "it is lifted".to_owned(), |until| format!("{until:.0}")),
            stop.why.clone().unwrap_or_default(),
        ]);
    }
    say!("{table}");
    eprintln!("{}. A key stands for an address; it does not tell it.", count(found.len() as u64, "suppression"));
    Ok(())
}

/// `notices stop`.
pub async fn stop(ground: &Ground<'_>, args: &StopArgs) -> anyhow::Result<()> {
    let (by, whose) = (named(&args.by)?, addresses(ground, &args.address)?);
    let until = args.until.as_deref().map(|text| midnight(ground, text)).transpose()?;
    let (scope, target) = about(ground, &args.about).await?;
    let desk = Desk::open(&ground.store, &ground.town.city).await?;
    let stop = Stop { scope, target, by: by.to_owned(), words: args.words.clone(), until };
    desk.stop(&whose, &stop).await?;
    let ways: Vec<&str> = whose.iter().map(|address| address.way().as_str()).collect();
    say!(
        "{} no more messages ({}), {}",
        Paint::stdout().green("✓"),
        ways.join(", "),
        match scope {
            Scope::All => "of anything".to_owned(),
            scope => format!("of this {}", scope.as_str()),
        }
    );
    Ok(())
}

/// When the day begins in the city. It has to be one that comes.
fn midnight(ground: &Ground<'_>, text: &str) -> Result<Timestamp, Failure> {
    let wrong = |what: String| Failure::usage(what, "write a day that comes: 2027-01-01");
    let day: Date = text.parse().map_err(|_| wrong(format!("--until: `{text}` is not a day")))?;
    let zone = ground.town.city.calendar.zone.clone();
    let begin = day.to_zoned(zone).map_err(|_| wrong(format!("--until: `{text}` is too far away")))?.timestamp();
    if begin <= ground.store.clock().now() {
        return Err(wrong(format!("--until: {text} is over or has begun")));
    }
    Ok(begin)
}

/// `notices forget`.
pub async fn forget(ground: &Ground<'_>, args: &ForgetArgs) -> anyhow::Result<()> {
    let (by, whose) = (named(&args.by)?, addresses(ground, &args.address)?);
    let desk = Desk::open(&ground.store, &ground.town.city).await?;
    let forgotten = desk.forget(&whose, (!args.dry_run).then_some(by)).await?;
    if !args.dry_run {
        tracing::info!(by, reports = forgotten.reports, people = forgotten.people, "an address was forgotten");
    }
    say!(
        "{}: the contact of {}, {} of people who follow something, {}, {} in the sandbox",
        if args.dry_run { "would be forgotten" } else { "forgotten" },
        count(forgotten.reports as u64, "report"),
        if forgotten.addresses == 1 { "1 address".to_owned() } else { format!("{} addresses", forgotten.addresses) },
        if forgotten.people == 1 { "1 person".to_owned() } else { format!("{} people", forgotten.people) },
        count(forgotten.items, "message"),
    );
    Ok(())
}

/// `notices prune`: what the notifier does every hour, now.
pub async fn prune(ground: &Ground<'_>, dry_run: bool, json: bool) -> anyhow::Result<()> {
    let terms = ground.config.retention.terms();
    let pruned = if dry_run {
        retention::prunable(&ground.store, &terms, &ground.town.templates).await?
    } else {
        retention::prune(&ground.store, &terms, &ground.town.templates).await?
    };
    if json {
        say!("{}", json!({ "dry_run": dry_run, "forgotten": pruned }));
        return Ok(());
    }
    say!(
        "{}: what providers said of {}, in {} and in the reasons of {}; {} in the sandbox; {} of templates; {} of the audit",
        if dry_run { "would be forgotten" } else { "forgotten" },
        count(pruned.notices, "notice"),
        count(pruned.receipts, "receipt"),
        count(pruned.reasons, "notice"),
        count(pruned.items, "message"),
        count(pruned.templates, "version"),
        if pruned.audit == 1 { "1 entry".to_owned() } else { format!("{} entries", pruned.audit) },
    );
    Ok(())
}
