//! `voordeur answers`: which articles of the knowledge base answer, and do they help?

use super::{check, open};
use crate::{
    city,
    config::Config,
    failure::{Advise as _, Failure},
    output::{Paint, count, say},
};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use schemas::{Timestamp, city::City, report::Language};
use serde::Serialize;
use std::{collections::BTreeMap, path::PathBuf};
use store::{AnswerCount, FirstLineCount};

/// Which answers to count.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  voordeur answers
  voordeur answers --since 2026-11-01 --json
  voordeur answers --desk                    what operators answered at once, by day and category")]
pub struct AnswersArgs {
    /// Only answers given since this day
    #[arg(long, value_name = "DAY")]
    pub since: Option<String>,
    /// What people of the city answered at once at the desk, instead of what articles answered
    #[arg(long)]
    pub desk: bool,
    /// The city folder [default: as in `check`]
    #[arg(long, value_name = "DIR")]
    pub city: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// One article, and what people said of it.
#[derive(Debug, Default, Serialize)]
struct Line {
    title: Option<String>,
    given: u64,
    helped: u64,
    failed: u64,
    /// Given per language.
    languages: BTreeMap<&'static str, u64>,
    /// Why it answers nobody now.
    #[serde(skip_serializing_if = "Option::is_none")]
    off: Option<&'static str>,
}

/// Prints the counts.
pub async fn run(args: AnswersArgs, config: &Config) -> anyhow::Result<()> {
    let town = city::read(check::folder(args.city, config).as_deref())?.good()?;
    let since = match &args.since {
        None => Timestamp::UNIX_EPOCH,
        Some(text) => {
            let day: jiff::civil::Date =
                text.parse().map_err(|_| Failure::usage(format!("`{text}` is not a day"), "write it as 2026-11-30"))?;
            day.to_zoned(town.city.calendar.zone.clone())
                .advise(format!("`{text}` is not a day here"), "write it as 2026-11-30")?
                .timestamp()
        }
    };
    let store = open::open_beside(config).await?;
    let today = town.city.calendar.date(store.clock().now());
    if args.desk {
        let day = town.city.calendar.date(since);
        let counts = store.first_line(day).await;
        store.close().await;
        return desk(&counts.advise("the answers cannot be counted", "try again")?, args.json);
    }
    let counts = store.answer_counts(since).await.advise("the answers cannot be counted", "try again")?;
    store.close().await;
    let lines = lines(&town.city, &counts, today);
    if args.json {
        say!("{}", serde_json::json!({ "since": args.since, "articles": lines }));
        return Ok(());
    }
    if lines.is_empty() {
        say!("the knowledge base is empty: see docs/install/knowledge.md");
        return Ok(());
    }
    show(&lines);
    Ok(())
}

/// Prints what was answered at once at the desk.
fn desk(counts: &[FirstLineCount], json: bool) -> anyhow::Result<()> {
    if json {
        say!("{}", serde_json::json!({ "desk": counts }));
        return Ok(());
    }
    if counts.is_empty() {
        say!("nothing was answered at once at the desk: see docs/install/desk.md");
        return Ok(());
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["day", "channel", "category", "article", "language", "answered"]);
    for FirstLineCount { day, channel, category, article, language, count } in counts {
        table.add_row([
            day.clone(),
            channel.clone(),
            category.clone(),
            article.clone(),
            language.clone(),
            count.to_string(),
        ]);
    }
    say!("{table}");
    let all: u64 = counts.iter().map(|one| one.count).sum();
    say!("\n{} without a case", count(all, "answer"));
    Ok(())
}

/// Every article of the city and every one that once answered, by name.
fn lines(city: &City, counts: &[AnswerCount], today: jiff::civil::Date) -> BTreeMap<String, Line> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for article in &city.articles {
        let line = lines.entry(article.slug.to_string()).or_default();
        line.title = Some(article.text(Language::EN).1.title.clone());
        line.off = (!article.is_valid(today)).then_some("out of date");
    }
    for one in counts {
        let line = lines.entry(one.article.clone()).or_insert_with(|| Line { off: Some("removed"), ..Line::default() });
        line.given += one.given;
        line.helped += one.helped;
        line.failed += one.failed;
        line.languages.insert(one.language.as_str(), one.given);
    }
    lines
}

fn show(lines: &BTreeMap<String, Line>) {
    let paint = Paint::stdout();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header([
        "article",
        "answered",
        "helped",
        "did not",
        "said nothing",
        "",
    ]);
    for (name, line) in lines {
        let silent = line.given.saturating_sub(line.helped + line.failed);
        let numbers = [line.given, line.helped, line.failed, silent].map(|number| number.to_string());
        let note = line.off.map_or_else(String::new, |off| paint.yellow(off));
        table.add_row(std::iter::once(name.clone()).chain(numbers).chain([note]).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut().skip(1).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    say!("{table}");
    let given: u64 = lines.values().map(|line| line.given).sum();
    let helped: u64 = lines.values().map(|line| line.helped).sum();
    let failed: u64 = lines.values().map(|line| line.failed).sum();
    say!("\n{} answered at once; {helped} said that it helped, {failed} that it did not", count(given, "case"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_article_has_a_line_and_so_has_one_that_was_removed() {
        let town = city::read(None).unwrap().good().unwrap();
        let count = |article: &str, language, given, helped| AnswerCount {
            article: article.to_owned(),
            language,
            given,
            helped,
            failed: 1,
        };
        let counts = [
            count("wespennest", Language::NL, 5, 2),
            count("wespennest", Language::FR, 2, 1),
            count("gone", Language::EN, 1, 0),
        ];
        let lines = lines(&town.city, &counts, "2027-11-15".parse().unwrap());
        assert_eq!(lines.len(), town.city.articles.len() + 1);
        let wasps = &lines["wespennest"];
        assert_eq!((wasps.given, wasps.helped, wasps.failed, wasps.off), (7, 3, 2, Some("out of date")));
        assert_eq!(wasps.languages, [("fr", 2), ("nl", 5)].into());
        assert_eq!((lines["gone"].off, lines["gone"].title.as_ref()), (Some("removed"), None));
        assert_eq!((lines["verhuizen"].given, lines["verhuizen"].off), (0, None));
    }
}
