//! `voordeur broadcast list` and `show`: how far they are.

use super::{Ground, find};
use crate::{
    failure::Advise as _,
    output::{Paint, say},
};
use comfy_table::{ContentArrangement, Table, presets};
use schemas::{
    Timestamp,
    broadcast::{Broadcast, State},
    notice::NoticeState,
};
use serde_json::{Value, json};
use store::Tally;

/// How long something takes, in words.
pub fn time(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=119 => format!("{seconds} seconds"),
        120..=7199 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{:.1} hours", seconds as f64 / 3600.0),
    }
}

/// When it starts, or started, where it was given a time.
pub fn start(ground: &Ground<'_>, broadcast: &Broadcast) -> Option<String> {
    let at = broadcast.draft.at?;
    let words = ground.town.city.calendar.write_moment(at);
    Some(match (broadcast.state, broadcast.starts_at()) {
        (State::Draft, _) if at <= ground.store.clock().now() => {
            format!("{words}: that is over, so it starts when it is approved")
        }
        (State::Draft, _) => format!("{words}, once it is approved"),
        (_, Some(starts)) if starts > at => format!("{words}; it was approved after that, and started at once"),
        _ => words,
    })
}

/// The newest.
pub async fn list(ground: &Ground<'_>, limit: u16, json: bool) -> anyhow::Result<()> {
    let found = ground.store.newest_broadcasts(usize::from(limit)).await;
    let found = found.advise("the broadcasts cannot be read", "see that the database runs")?;
    if json {
        let all: Vec<Value> = found.iter().map(|broadcast| value(ground, broadcast)).collect();
        say!("{}", json!({ "broadcasts": all }));
        return Ok(());
    }
    if found.is_empty() {
        say!("there is none yet: `voordeur broadcast draft --file message.yaml --by NAME`");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["number", "state", "people", "by", "approved by", "since", "what"]);
    for broadcast in &found {
        let (_, words) = broadcast.words(ground.town.city.languages.first().copied().unwrap_or_default(), &[]);
        table.add_row([
            broadcast.reference.to_string(),
            broadcast.state.to_string(),
            broadcast.heads.planned.to_string(),
            broadcast.made_by.clone(),
            broadcast.approved_by.clone().unwrap_or_default(),
            format!("{:.0}", broadcast.made_at),
            words.subject.clone(),
        ]);
    }
    say!("{table}");
    Ok(())
}

/// One.
pub async fn run(ground: &Ground<'_>, number: &str, json: bool) -> anyhow::Result<()> {
    let broadcast = find(ground, number).await?;
    let tally = ground.store.tally(broadcast.id).await;
    let tally = tally.advise("the messages cannot be counted", "see that the database runs")?;
    if json {
        let mut out = value(ground, &broadcast);
        out["notices"] = json!(tally);
        say!("{out}");
        return Ok(());
    }
    shown(ground, &broadcast, &tally);
    Ok(())
}

fn value(ground: &Ground<'_>, broadcast: &Broadcast) -> Value {
    json!({
        "reference": broadcast.reference, "id": broadcast.id, "state": broadcast.state,
        "words": broadcast.draft.words, "critical": broadcast.draft.critical, "at": broadcast.draft.at,
        "audience": broadcast.draft.audience.line(&ground.town.city.areas),
        "made_by": broadcast.made_by, "made_at": broadcast.made_at,
        "approved_by": broadcast.approved_by, "approved_at": broadcast.approved_at,
        "changed_by": broadcast.changed_by, "changed_at": broadcast.changed_at, "ended_at": broadcast.ended_at,
        "expected": broadcast.expected, "heads": broadcast.heads, "everybody_planned_at": broadcast.planned_at,
    })
}

fn shown(ground: &Ground<'_>, broadcast: &Broadcast, tally: &[Tally]) {
    let paint = Paint::stdout();
    let moment = |at: Option<Timestamp>| at.map(|at| format!(" {at:.0}")).unwrap_or_default();
    let state = broadcast.state.as_str();
    let state = match broadcast.state {
        State::Running => paint.green(state),
        State::Scheduled | State::Paused | State::Stopped => paint.yellow(state),
        State::Draft | State::Done => state.to_owned(),
    };
    say!("{}  {state}{}", paint.bold(&broadcast.reference.to_string()), moment(broadcast.ended_at));
    say!("{}  {}", paint.dim("for"), broadcast.draft.audience.line(&ground.town.city.areas));
    if let Some(line) = start(ground, broadcast) {
        say!("{}  {line}", paint.dim("starts"));
    }
    say!("{}  {}{}", paint.dim("written by"), broadcast.made_by, moment(Some(broadcast.made_at)));
    if let Some(by) = &broadcast.approved_by {
        say!("{}  {by}{}", paint.dim("approved by"), moment(broadcast.approved_at));
    }
    if let Some(by) = &broadcast.changed_by {
        say!("{}  {by}{}", paint.dim("last moved by"), moment(broadcast.changed_at));
    }
    let heads = broadcast.heads;
    if let Some(expected) = broadcast.expected {
        let words = format!("{} of {expected} people planned", heads.planned);
        let more = if broadcast.planned_at.is_some() { ", that is everybody" } else { "" };
        say!("{}  {words}{more}", paint.dim("so far"));
        say!("  {:>9}  do not want it", heads.unwanted);
        say!("  {:>9}  cannot be told", heads.unreachable);
    }
    for row in tally {
        let state = match row.state {
            NoticeState::Planned => "to be sent",
            NoticeState::Suppressed => "unwanted",
            other => other.as_str(),
        };
        let cost = if row.cost > 0 { format!(", {:.2} euro", row.cost as f64 / 1e6) } else { String::new() };
        say!("  {:>9}  {state} by {}{cost}", row.notices, row.way);
    }
}
