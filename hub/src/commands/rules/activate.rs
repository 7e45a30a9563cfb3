//! `voordeur rules activate`: checked, compared, kept and in force, or nothing.

use super::{Outcome, kept, lines};
use crate::{
    city::{self, Town},
    cli::ActivateArgs,
    commands::{check, open},
    config::Config,
    failure::Failure,
    output::{Paint, count, say},
};
use router::Ruleset;
use schemas::{audit::Deed, fault::Severity};
use store::{Activated, Store};

pub(super) async fn run(args: ActivateArgs, config: &Config) -> anyhow::Result<()> {
    // Otherwise a hub that takes over its folder would do this a second time.
    let is_the_hubs = args.city.is_none() || args.city == config.city.folder;
    let reading = city::read(check::folder(args.city.clone(), config).as_deref())?;
    if args.json && reading.town.is_none() {
        let errors = reading.faults.iter().filter(|fault| fault.severity == Severity::Error).count();
        say!("{}", serde_json::json!({"activated": false, "errors": errors, "faults": reading.faults}));
        let what = format!("{} in {}: nothing was activated", count(errors as u64, "fault"), reading.place);
        return Err(Failure::new(what, "put them right and activate again").into());
    }
    let place = reading.place.clone();
    let town = reading.good()?;
    let store = open::open_beside(config).await?;
    let done = put_in_force(&store, &town, &place, &args, is_the_hubs).await;
    store.close().await;
    done
}

async fn put_in_force(
    store: &Store,
    town: &Town,
    place: &str,
    args: &ActivateArgs,
    is_the_hubs: bool,
) -> anyhow::Result<()> {
    let (paint, rules, who) = (Paint::stdout(), &town.rules, args.by.who()?);
    let version = rules.version();
    let before = store.rules_in_force().await?;
    if before.is_some() && rules.rules().is_empty() {
        return Err(Failure::new(
            format!("{place} has no rules: everything would go to the fallback desk, so nothing was activated"),
            "name another folder with --city DIR",
        )
        .into());
    }
    let old = match &before {
        Some(active) => Some(kept(store, &town.city, &active.version).await?),
        None => None,
    };
    let changes = old.as_ref().and_then(|old| old.as_ref().ok()).map(|old| old.changes(rules));
    let stands = before.as_ref().is_some_and(|active| active.version == version);

    if !args.json {
        let rules = count(rules.rules().len() as u64, "rule");
        say!("{} {rules} of {place}: every example comes out as it says", paint.green("✓"));
        match (&before, &old) {
            (Some(active), _) if stands => {
                say!("version {version} is in force already (activation {}): nothing to do", active.n);
            }
            (Some(active), Some(Err(why))) => {
                say!("in force is version {} (activation {}), but {why}", active.version, active.n);
            }
            (Some(active), _) => {
                say!("against version {} (activation {}):", active.version, active.n);
                changes.iter().flat_map(lines).for_each(|line| say!("  {line}"));
            }
            (None, _) => say!("no rules were ever put in force: these are the first"),
        }
    }
    let mut activation = before.as_ref().map(|active| active.n).filter(|_| stands);
    if !args.dry_run {
        let mut tx = store.begin().await?;
        let files = Ruleset::files(&town.city.files);
        let seen = before.as_ref().map_or(0, |active| active.n);
        activation = match tx.activate_rules(version, &files, seen, &args.note).await? {
            Activated::Now(active) => {
                let what = format!("version {version} (activation {})", active.n);
                tx.audit(&who, Deed::RulesActivate, &what, &args.note).await?;
                Some(active.n)
            }
            Activated::Already(active) => Some(active.n),
            Activated::Overtaken(active) => return Err(overtaken(&active.version, active.n)),
        };
        if is_the_hubs {
            tx.see_rules_folder(version).await?;
        }
        tx.commit().await?;
    }
    let activated = !stands && !args.dry_run;
    if args.json {
        let before = before.as_ref().map(Into::into);
        let outcome = Outcome { activated, dry_run: args.dry_run, version, activation, before, changes };
        say!("{}", serde_json::to_string(&outcome)?);
    } else if let (true, Some(n)) = (activated, activation) {
        say!("{} version {version} decides from now on, in every process (activation {n})", paint.green("✓"));
        if before.is_some() {
            eprintln!("`voordeur rules rollback` goes back.");
        }
    } else if args.dry_run && !stands {
        say!("version {version} would be put in force; nothing was changed (--dry-run)");
    }
    Ok(())
}

/// Somebody was faster.
pub(super) fn overtaken(version: &str, n: i64) -> anyhow::Error {
    Failure::new(
        format!("somebody else just put version {version} in force (activation {n}): nothing was changed"),
        "see `voordeur rules history`, then do it again if you still want to",
    )
    .into()
}
