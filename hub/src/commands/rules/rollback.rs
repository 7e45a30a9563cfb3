//! `voordeur rules rollback`: one command back to the rules before.

use super::{Outcome, activate::overtaken, kept, lines};
use crate::{
    city,
    cli::RollbackArgs,
    commands::{check, open},
    config::Config,
    failure::Failure,
    output::{Paint, say},
};
use router::LOOK_BACK;
use schemas::{audit::Deed, city::City};
use store::{Activated, Activation, RulesInForce, Store};

pub(super) async fn run(args: RollbackArgs, config: &Config) -> anyhow::Result<()> {
    let reading = city::read(check::folder(None, config).as_deref())?;
    // The folder's rules may be the very fault that is rolled back.
    let folder = reading.town.as_ref().map(|town| town.rules.version().to_owned());
    let Some(city) = reading.city.clone() else { return reading.good().map(|_| ()) };
    let store = open::open_beside(config).await?;
    let done = go_back(&store, &city, &args, folder.as_deref()).await;
    store.close().await;
    done
}

async fn go_back(store: &Store, city: &City, args: &RollbackArgs, folder: Option<&str>) -> anyhow::Result<()> {
    let (paint, who) = (Paint::stdout(), args.by.who()?);
    let Some(before) = store.rules_in_force().await? else {
        return Err(Failure::new(
            "no rules were ever put in force: there is nothing to go back to",
            "`voordeur rules activate` puts those of the city folder in force",
        )
        .into());
    };
    let to = target(store, &before, args.n).await?;
    if to.version == before.version {
        let activation = Some(before.n);
        let (version, was) = (&*to.version, Some((&before).into()));
        if args.json {
            let outcome =
                Outcome { activated: false, dry_run: args.dry_run, version, activation, before: was, changes: None };
            say!("{}", serde_json::to_string(&outcome)?);
        } else {
            say!("version {version} is in force already (activation {}): nothing to do", before.n);
        }
        return Ok(());
    }
    let ruleset = kept(store, city, &to.version).await?.map_err(|why| {
        Failure::new(
            format!("activation {} cannot be brought back: {why}", to.n),
            "choose another one from `voordeur rules history`, or put the city folder right and `voordeur rules activate`",
        )
    })?;
    let old = kept(store, city, &before.version).await?;
    let changes = old.as_ref().ok().map(|old| old.changes(&ruleset));
    if !args.json {
        say!(
            "back from version {} (activation {}) to {} (of activation {}):",
            before.version,
            before.n,
            to.version,
            to.n
        );
        match (&changes, &old) {
            (Some(changes), _) => lines(changes).iter().for_each(|line| say!("  {line}")),
            (None, Err(why)) => say!("  what changes cannot be shown: {why}"),
            (None, Ok(_)) => {}
        }
    }
    let mut activation = None;
    if !args.dry_run {
        let note = match args.note.as_str() {
            "" => format!("rollback to {}", to.n),
            note => format!("rollback to {}: {note}", to.n),
        };
        let files = store.ruleset_files(&to.version).await?.unwrap_or_default();
        let mut tx = store.begin().await?;
        activation = match tx.activate_rules(&to.version, &files, before.n, &note).await? {
            Activated::Now(active) => {
                let what = format!("version {} of activation {} (activation {})", to.version, to.n, active.n);
                tx.audit(&who, Deed::RulesRollback, &what, &args.note).await?;
                Some(active.n)
            }
            Activated::Already(active) => Some(active.n),
            Activated::Overtaken(active) => return Err(overtaken(&active.version, active.n)),
        };
        // What lies in the folder now must not come back by itself.
        if let Some(folder) = folder {
            tx.see_rules_folder(folder).await?;
        }
        tx.commit().await?;
    }
    if args.json {
        let (activated, version, was) = (activation.is_some(), &*to.version, Some((&before).into()));
        let outcome = Outcome { activated, dry_run: args.dry_run, version, activation, before: was, changes };
        say!("{}", serde_json::to_string(&outcome)?);
    } else if let Some(n) = activation {
        say!("{} version {} decides from now on, in every process (activation {n})", paint.green("✓"), to.version);
        if folder.is_some_and(|folder| folder != to.version) {
            eprintln!(
                "The city folder still holds other rules; they come into force when they change, or by `voordeur rules activate`."
            );
        }
    } else {
        say!("nothing was changed (--dry-run)");
    }
    Ok(())
}

/// The activation with the number asked for, or the last one with other rules than those in force.
async fn target(store: &Store, before: &RulesInForce, n: Option<i64>) -> anyhow::Result<Activation> {
    let look_back = n.map_or(LOOK_BACK, |n| usize::try_from(before.n.saturating_sub(n)).unwrap_or_default() + 1);
    let wanted = |activation: &Activation| match n {
        Some(n) => activation.n == n,
        None => activation.version != before.version,
    };
    if let Some(found) = store.activations(look_back).await?.into_iter().find(wanted) {
        return Ok(found);
    }
    Err(match n {
        Some(n) => {
            Failure::usage(format!("there is no activation {n}"), "`voordeur rules history` shows those there are")
        }
        None => Failure::new(
            "no other rules were in force before: there is nothing to go back to",
            "`voordeur rules history` shows what was in force",
        ),
    }
    .into())
}
