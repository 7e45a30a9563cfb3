//! `voordeur dead`: letters that will not be tried again by themselves.

use super::open;
use crate::{
    cli::{DeadAction, DeadCommand, DeadSelection},
    config::Config,
    failure::Failure,
    output::{Paint, bar, count, say},
};
use comfy_table::{ContentArrangement, Table, presets};
use schemas::{Timestamp, Uuid, audit::Deed, letter::Lane, reference::Reference};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use store::{DeadFilter, DeadLetter, Store};

/// How many letters one transaction replays or drops.
const AT_ONCE: usize = 200;

/// Does what the command says.
pub async fn run(command: DeadCommand, config: &Config) -> anyhow::Result<()> {
    let filter = match &command {
        DeadCommand::List { select, .. } => Some(filter(select)?),
        DeadCommand::Replay(action) | DeadCommand::Drop(action) => Some(self::filter(&action.select)?),
        DeadCommand::Show { .. } => None,
    };
    let store = open::open_beside(config).await?;
    let result = match (command, filter.unwrap_or_default()) {
        (DeadCommand::List { json, .. }, filter) => list(&store, filter, json).await,
        (DeadCommand::Show { id, body }, _) => show(&store, id, body).await,
        (DeadCommand::Replay(action), filter) => act(&store, action, filter, Deed::DeadReplay).await,
        (DeadCommand::Drop(action), filter) => act(&store, action, filter, Deed::DeadDrop).await,
    };
    store.close().await;
    result
}

fn filter(select: &DeadSelection) -> anyhow::Result<DeadFilter> {
    let moment = |text: &Option<String>| text.as_deref().map(moment).transpose();
    Ok(DeadFilter {
        lane: select.lane.as_deref().map(Lane::new),
        before: moment(&select.before)?,
        after: moment(&select.after)?,
        department: select.department.clone(),
        why: select.why.clone(),
        reference: select.reference.as_deref().map(reference).transpose()?,
        category: select.category.clone(),
        limit: select.limit as usize,
    })
}

/// A moment as people write it: a day (its begin, UTC) or a full time.
pub(super) fn moment(text: &str) -> anyhow::Result<Timestamp> {
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    full.parse().map_err(|_| {
        Failure::usage(format!("`{text}` is not a moment"), "write 2026-11-30 or 2026-11-30T12:00:00Z").into()
    })
}

fn reference(text: &str) -> anyhow::Result<Reference> {
    Reference::parse(text).map_err(|error| {
        Failure::usage(format!("`{text}` is not a reference: {error}"), "write the eight digits: 1234-5671").into()
    })
}

async fn list(store: &Store, filter: DeadFilter, json: bool) -> anyhow::Result<()> {
    let dead = store.dead(filter).await?;
    if json {
        let rows: Vec<_> = dead.iter().map(row).collect();
        say!("{}", serde_json::json!({ "dead": rows }));
        return Ok(());
    }
    if dead.is_empty() {
        say!("no dead letters");
        return Ok(());
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["id", "lane", "about", "tries", "since", "why"]);
    for letter in &dead {
        table.add_row([
            letter.letter.id.to_string(),
            letter.letter.lane.to_string(),
            letter.letter.topic.as_str().to_owned(),
            letter.letter.attempt.to_string(),
            format!("{:.0}", letter.buried_at),
            letter.why.clone(),
        ]);
    }
    say!("{table}");
    eprintln!(
        "{}. `voordeur dead show ID` says more, `voordeur dead replay` sends again.",
        count(dead.len() as u64, "dead letter")
    );
    Ok(())
}

fn row(dead: &DeadLetter) -> serde_json::Value {
    serde_json::json!({
        "id": dead.letter.id,
        "lane": dead.letter.lane,
        "topic": dead.letter.topic,
        "subject": dead.letter.subject,
        "case": dead.letter.case_id,
        "attempts": dead.letter.attempt,
        "posted_at": dead.letter.posted_at,
        "buried_at": dead.buried_at,
        "why": dead.why,
    })
}

async fn show(store: &Store, id: Uuid, body: bool) -> anyhow::Result<()> {
    let Some(dead) = store.dead_letter(id).await? else {
        return Err(Failure::new(
            format!("there is no dead letter {id}"),
            "`voordeur dead list` shows those that are there",
        )
        .into());
    };
    let paint = Paint::stdout();
    let letter = &dead.letter;
    say!("{}  {}", paint.bold(&letter.id.to_string()), letter.topic.as_str());
    say!("  lane     {}", letter.lane);
    say!("  subject  {}", letter.subject);
    if let Some(case) = letter.case_id {
        match store.report(case).await? {
            Some(report) => say!("  case     {} ({case})", report.reference),
            None => say!("  case     {case}"),
        }
    }
    say!("  written  {}", letter.posted_at);
    say!("  buried   {}", dead.buried_at);
    say!("  trace    {}", letter.trace);
    say!("  why      {}", paint.red(&dead.why));
    for attempt in store.attempts(id).await? {
        let ended = attempt.ended_at.map_or_else(
            || "never ended".to_owned(),
            |at| format!("{} ms", at.duration_since(attempt.started_at).as_millis()),
        );
        say!(
            "  try {:<4} {}  {}  {}  {}",
            attempt.n,
            attempt.started_at,
            attempt.verdict.as_deref().unwrap_or("-"),
            ended,
            attempt.why.unwrap_or_default()
        );
    }
    if body {
        let pretty = serde_json::from_str::<serde_json::Value>(letter.body.get())
            .and_then(|value| serde_json::to_string_pretty(&value));
        say!("{}", pretty.unwrap_or_else(|_| letter.body.get().to_owned()));
    }
    Ok(())
}

async fn act(store: &Store, action: DeadAction, filter: DeadFilter, deed: Deed) -> anyhow::Result<()> {
    let verb = if deed == Deed::DeadReplay { "send again" } else { "throw away" };
    let who = action.by.who()?;
    let mut letters = Vec::new();
    if action.ids.is_empty() {
        letters = store.dead(filter).await?;
    } else {
        for id in &action.ids {
            match store.dead_letter(*id).await? {
                Some(letter) => letters.push(letter),
                None => {
                    return Err(Failure::usage(
                        format!("there is no dead letter {id}"),
                        "`voordeur dead list` shows those that are there; nothing was done",
                    )
                    .into());
                }
            }
        }
    }
    // In the order they were written, so that a department reads its work as it came.
    letters.sort_by_key(|dead| (dead.letter.posted_at, dead.letter.id));
    letters.dedup_by_key(|dead| dead.letter.id);
    let n = letters.len() as u64;
    if n == 0 {
        say!("no dead letters are meant by this: nothing to do");
        return Ok(());
    }
    let by_lane = letters.iter().fold(std::collections::BTreeMap::<&str, u64>::new(), |mut lanes, dead| {
        *lanes.entry(dead.letter.lane.as_str()).or_default() += 1;
        lanes
    });
    eprintln!("{verb}: {}", count(n, "letter"));
    by_lane.iter().for_each(|(lane, n)| eprintln!("  {lane:<24} {n}"));
    if action.dry_run {
        say!("{n}");
        return Ok(());
    }
    confirm(action.confirm, n, verb)?;
    let bar = bar(n, verb);
    let mut done = 0;
    for some in letters.chunks(AT_ONCE) {
        let ids: Vec<Uuid> = some.iter().map(|dead| dead.letter.id).collect();
        let mut tx = store.begin().await?;
        let acted = match deed {
            Deed::DeadReplay => tx.replay_dead(&ids).await?,
            _ => tx.drop_dead(&ids).await?,
        };
        let of = |dead: &&DeadLetter| acted.contains(&dead.letter.id);
        let whats: Vec<String> =
            some.iter().filter(of).map(|dead| format!("{} of {}", dead.letter.id, dead.letter.lane)).collect();
        tx.audit_each(&who, deed, &whats, &action.note).await?;
        tx.commit().await?;
        done += acted.len();
        bar.inc(some.len() as u64);
    }
    bar.finish_and_clear();
    say!("{done}");
    Ok(())
}

/// The number must be said, so that nobody acts on more than they saw.
fn confirm(said: Option<u64>, n: u64, verb: &str) -> anyhow::Result<()> {
    let said = match said {
        None if std::io::stdin().is_terminal() => {
            eprint!("Type {n} to {verb} {}: ", count(n, "letter"));
            std::io::stderr().flush()?;
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line)?;
            line.trim().parse().ok()
        }
        said => said,
    };
    match said {
        Some(said) if said == n => Ok(()),
        Some(said) => Err(Failure::usage(
            format!("--confirm says {said}, but {} are meant: nothing was done", count(n, "letter")),
            format!("look again with --dry-run, then add --confirm {n}"),
        )
        .into()),
        None => Err(Failure::usage(
            "nothing was done",
            format!("add --confirm {n} to {verb} {}, or --dry-run to only look", count(n, "letter")),
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_must_be_said() {
        assert!(confirm(Some(3), 3, "send again").is_ok());
        assert!(confirm(Some(2), 3, "send again").unwrap_err().to_string().contains("3 letters"));
    }

    #[test]
    fn moments_are_days_or_times() {
        assert_eq!(moment("2026-11-30").unwrap(), moment("2026-11-30T00:00:00Z").unwrap());
        assert!(moment("yesterday").is_err());
    }
}
