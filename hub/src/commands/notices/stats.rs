//! `voordeur notices stats`: how many messages there were, how they fared, how soon they went, what they cost.

use super::Ground;
use crate::{
    cli::StatsArgs,
    failure::{Advise as _, Failure},
    output::say,
};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use schemas::{Timestamp, notice::NoticeState, way::Way};
use serde::Serialize;
use std::collections::BTreeMap;
use store::NoticeCount;

/// Handed over so soon after it was due counts as at once.
const SOON: i64 = 10_000_000;

/// One way, and how its messages fared.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Line {
    /// How many were planned.
    planned: u64,
    /// Of these, how many a provider took, also those that came back.
    sent: u64,
    /// How many the provider says have arrived.
    delivered: u64,
    /// How many could not be sent, or came back.
    failed: u64,
    /// How many may or may not have been taken.
    unknown: u64,
    /// How many nobody wanted.
    suppressed: u64,
    /// How many something newer took the place of.
    superseded: u64,
    /// How many belonged to a broadcast that was stopped before they left.
    stopped: u64,
    /// How many wait.
    waiting: u64,
    /// Of those that were sent, how many within ten seconds of when they were due.
    within_10_s: u64,
    /// What they cost, in millionths of a euro.
    cost_micro_euro: i64,
}

impl Line {
    fn add(&mut self, count: &NoticeCount) {
        self.planned += count.notices;
        self.sent += count.sent;
        self.within_10_s += count.soon;
        self.cost_micro_euro += count.cost;
        *match count.state {
            NoticeState::Planned => &mut self.waiting,
            NoticeState::Delivered => &mut self.delivered,
            NoticeState::Failed => &mut self.failed,
            NoticeState::Unknown => &mut self.unknown,
            NoticeState::Suppressed => &mut self.suppressed,
            NoticeState::Superseded => &mut self.superseded,
            NoticeState::Stopped => &mut self.stopped,
            NoticeState::Sent => return,
        } += count.notices;
    }
}

/// Prints the counts.
pub async fn run(ground: &Ground<'_>, args: &StatsArgs) -> anyhow::Result<()> {
    let now = ground.store.clock().now();
    let day = |text: &Option<String>, otherwise: Timestamp| match text {
        None => Ok(otherwise),
        Some(text) => begin(text, &ground.town.city.calendar.zone),
    };
    let since = day(&args.since, Timestamp::UNIX_EPOCH)?;
    let until = day(&args.until, Timestamp::MAX)?;
    if until <= since {
        return Err(Failure::usage("--until is not after --since", "the day of --until does not count any more").into());
    }
    let counts = ground.store.notice_counts(since, until, SOON).await;
    let lines = lines(&counts.advise("the notices cannot be counted", "try again")?);
    if args.json {
        let ways: BTreeMap<&str, &Line> = lines.iter().map(|(way, line)| (way.as_str(), line)).collect();
        say!("{}", serde_json::json!({ "at": now, "since": args.since, "until": args.until, "ways": ways }));
        return Ok(());
    }
    if lines.is_empty() {
        say!("nobody was told anything in this time");
        return Ok(());
    }
    show(&lines);
    Ok(())
}

/// When `day` begins in the city.
fn begin(day: &str, zone: &jiff::tz::TimeZone) -> anyhow::Result<Timestamp> {
    let help = "write it as 2026-11-30";
    let date: jiff::civil::Date = day.parse().map_err(|_| Failure::usage(format!("`{day}` is not a day"), help))?;
    Ok(date.to_zoned(zone.clone()).advise(format!("`{day}` is not a day here"), help)?.timestamp())
}

fn lines(counts: &[NoticeCount]) -> BTreeMap<Way, Line> {
    let mut lines: BTreeMap<Way, Line> = BTreeMap::new();
    for count in counts {
        lines.entry(count.way).or_default().add(count);
    }
    lines
}

fn show(lines: &BTreeMap<Way, Line>) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header([
        "way", "planned", "sent", "arrived", "failed", "unknown", "unwanted", "replaced", "stopped", "waiting",
        "in 10 s", "euro",
    ]);
    let mut all = Line::default();
    for (way, line) in lines {
        table.add_row(cells(way.as_str(), line));
        for (sum, one) in [
            (&mut all.planned, line.planned),
            (&mut all.sent, line.sent),
            (&mut all.delivered, line.delivered),
            (&mut all.failed, line.failed),
            (&mut all.unknown, line.unknown),
            (&mut all.suppressed, line.suppressed),
            (&mut all.superseded, line.superseded),
            (&mut all.stopped, line.stopped),
            (&mut all.waiting, line.waiting),
            (&mut all.within_10_s, line.within_10_s),
        ] {
            *sum += one;
        }
        all.cost_micro_euro += line.cost_micro_euro;
    }
    if lines.len() > 1 {
        table.add_row(cells("all", &all));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    say!("{table}");
}

fn cells(name: &str, line: &Line) -> Vec<String> {
    let numbers = [
        line.planned,
        line.sent,
        line.delivered,
        line.failed,
        line.unknown,
        line.suppressed,
        line.superseded,
        line.stopped,
        line.waiting,
    ];
    let soon = match line.sent {
        0 => "-".to_owned(),
        // Rounded down: what is not all is never 100.
        sent => format!("{} %", line.within_10_s.saturating_mul(100) / sent),
    };
    let cost = line.cost_micro_euro;
    let cost = format!("{}.{:02}", cost / 1_000_000, cost % 1_000_000 / 10_000);
    let numbers = numbers.map(|number| number.to_string());
    std::iter::once(name.to_owned()).chain(numbers).chain([soon, cost]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_notice_counts_in_one_place() {
        let count = |way, state, notices, sent, soon, cost| NoticeCount {
            way,
            sender: "x".to_owned(),
            state,
            notices,
            sent,
            soon,
            cost,
        };
        let lines = lines(&[
            count(Way::Sms, NoticeState::Sent, 2, 2, 2, 130_000),
            count(Way::Sms, NoticeState::Failed, 3, 1, 0, 65_000),
            count(Way::Email, NoticeState::Delivered, 200, 200, 199, 0),
            count(Way::Email, NoticeState::Suppressed, 4, 0, 0, 0),
        ]);
        let sms = &lines[&Way::Sms];
        assert_eq!((sms.planned, sms.sent, sms.failed, sms.within_10_s), (5, 3, 3, 2));
        assert_eq!(cells("sms", sms)[10..], ["66 %", "0.19"]);
        assert_eq!(
            cells("email", &lines[&Way::Email])[1..],
            ["204", "200", "200", "0", "0", "4", "0", "0", "0", "99 %", "0.00"]
        );
        assert_eq!(cells("none", &Line::default())[10], "-");
    }
}
