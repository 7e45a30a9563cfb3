//! `voordeur rules replay`: what other rules would have done with the cases there were.

mod show;

use super::kept;
use crate::{
    city,
    cli::ReplayArgs,
    commands::{check, open},
    config::Config,
    failure::Failure,
    output::{bar, say},
    replay,
};
use router::{LOOK_BACK, Ruleset, replay::Replay};
use schemas::{Date, Timestamp, city::City};
use std::{collections::HashMap, sync::Arc, time::Instant};
use store::{Store, Stretch};

pub(super) async fn run(args: ReplayArgs, config: &Config) -> anyhow::Result<()> {
    let candidate = city::read(Some(&args.candidate))?.good()?;
    let reading = city::read(check::folder(None, config).as_deref())?;
    let Some(today) = reading.city.clone() else { return reading.good().map(|_| ()) };
    let store = open::open_beside(config).await?;
    let done = run_on(&store, &args, &candidate, today).await;
    store.close().await;
    done
}

async fn run_on(store: &Store, args: &ReplayArgs, candidate: &city::Town, today: Arc<City>) -> anyhow::Result<()> {
    let now = store.clock().now();
    let stretch = stretch(args, &today, now)?;
    let decided_by = decided_by(store, &today).await?;
    let kept = decided_by.len();
    let replay = Replay::new(candidate.rules.clone(), candidate.city.clone(), today, decided_by);
    let total = store.past_count(stretch).await?;
    let progress = bar(total, "deciding again");
    let began = Instant::now();
    let tally =
        replay::run(store, Arc::new(replay), stretch, usize::from(args.samples), |cases| progress.inc(cases)).await;
    progress.finish_and_clear();
    let tally = tally?;
    let shown = show::Shown { candidate: candidate.rules.version(), stretch, tally: &tally, kept };
    if args.json {
        say!("{}", shown.json());
    } else {
        shown.people(&args.candidate.display().to_string());
        eprintln!("{} cases in {:.1} s", tally.cases, began.elapsed().as_secs_f64());
    }
    Ok(())
}

/// The versions that were in force lately and that the city as it is can still use.
async fn decided_by(store: &Store, city: &City) -> Result<HashMap<String, Arc<Ruleset>>, store::Error> {
    let mut versions = HashMap::new();
    for activation in store.activations(LOOK_BACK).await? {
        if versions.contains_key(&activation.version) {
            continue;
        }
        let ruleset = kept(store, city, &activation.version).await?.ok().map(Arc::new);
        versions.insert(activation.version, ruleset);
    }
    Ok(versions.into_iter().filter_map(|(version, ruleset)| Some((version, ruleset?))).collect())
}

fn stretch(args: &ReplayArgs, city: &City, now: Timestamp) -> anyhow::Result<Stretch> {
    let since = moment("since", &args.since, city, false)?;
    let until = args.until.as_deref().map(|until| moment("until", until, city, true)).transpose()?.unwrap_or(now);
    if since > now {
        return Err(
            Failure::usage(format!("--since {} has not come yet", args.since), "name a day that is past").into()
        );
    }
    if until <= since {
        let help = "name a day for --until that is not before the one of --since";
        return Err(Failure::usage(format!("nothing lies between --since {} and --until", args.since), help).into());
    }
    Ok(Stretch { since, until })
}

/// A moment as people write it: a day of the city (its begin, or its end), or a full time.
fn moment(what: &str, text: &str, city: &City, end: bool) -> anyhow::Result<Timestamp> {
    let day = |day: Date| {
        let day = if end { day.tomorrow()? } else { day };
        day.to_zoned(city.calendar.zone.clone()).map(|begin| begin.timestamp())
    };
    let read = match text.parse::<Date>() {
        Ok(date) if text.len() == 10 => day(date).ok(),
        _ => text.parse().ok(),
    };
    read.ok_or_else(|| {
        let help = "write a day, 2026-10-01, or a moment, 2026-10-01T08:00:00Z";
        Failure::usage(format!("--{what} `{text}` is neither a day nor a moment"), help).into()
    })
}
