//! `voordeur rules …`: its words.

use super::By;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to do with rules.
#[derive(Debug, Clone, Subcommand)]
pub enum RulesCommand {
    /// Run the examples that stand beside each rule
    Test {
        /// The city folder [default: as in `check`]
        #[arg(long, value_name = "DIR")]
        city: Option<PathBuf>,
    },
    /// Check the rules of a city folder and put them in force, in every process at once
    Activate(ActivateArgs),
    /// Which rules decided, since when, and why
    History(HistoryArgs),
    /// Go back to the rules before those in force, or to those of an earlier activation
    Rollback(RollbackArgs),
    /// Decide stored cases again by other rules, and show what would move from where to where
    Replay(ReplayArgs),
    /// Why a report went where it went, condition by condition, and what the rules in force say now
    Explain(ExplainArgs),
}

/// Which rules to put in force.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur rules activate --dry-run
  voordeur rules activate --note \"lamps of the north go to Fluvius\"

Runs beside a hub. Batches that are being decided are finished by the rules before; every later one is decided by these.")]
pub struct ActivateArgs {
    /// The city folder [default: as in `check`]
    #[arg(long, value_name = "DIR")]
    pub city: Option<PathBuf>,
    /// Why, for `rules history`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, value_parser = note)]
    pub note: String,
    /// Who acts
    #[command(flatten)]
    pub by: By,
    /// Only say what would change
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What to show of the past.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// At most this many, newest first
    #[arg(long, default_value_t = 20)]
    pub limit: u32,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What to go back to.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur rules rollback            the rules before those in force
  voordeur rules rollback 4          those of activation 4 (see `voordeur rules history`)")]
pub struct RollbackArgs {
    /// The number of an activation, from `rules history` [default: the last one with other rules]
    #[arg(value_name = "N")]
    pub n: Option<i64>,
    /// Why, for `rules history`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, value_parser = note)]
    pub note: String,
    /// Who acts
    #[command(flatten)]
    pub by: By,
    /// Only say what would change
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Which report to explain.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur rules explain 1234 5671
  voordeur rules explain 1234 5671 --json | jq .decided.decision.reasons")]
pub struct ExplainArgs {
    /// The eight digits the resident was given
    #[arg(required = true, num_args = 1..=2, value_name = "REFERENCE")]
    pub reference: Vec<String>,
    /// Say what the rules of this city folder would do now, instead of those in force
    #[arg(long, value_name = "DIR")]
    pub city: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Which rules to try, on which cases.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur rules replay --candidate draft --since 2026-10-01
  voordeur rules replay --candidate draft --since 2026-10-01 --until 2026-10-31 --samples 10
  voordeur rules replay --candidate draft --since 2026-10-01 --json | jq '.moves[0]'

Changes nothing: it reads what was decided first about each report, and decides again with the facts of that moment.")]
pub struct ReplayArgs {
    /// The city folder whose rules are tried
    #[arg(long, value_name = "DIR")]
    pub candidate: PathBuf,
    /// Reports received from this day on, in the city's time zone: 2026-10-01 (or 2026-10-01T08:00:00Z)
    #[arg(long, value_name = "DATE")]
    pub since: String,
    /// Up to and with this day (or up to this moment) [default: now]
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// How many references to show of each change
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub samples: u8,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// A note is one line of a table.
const LONGEST_NOTE: usize = 300;

fn note(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err("a note is one line: leave line breaks and control characters out".to_owned());
    }
    match text.chars().count() {
        n if n > LONGEST_NOTE => Err(format!("this note has {n} characters: write at most {LONGEST_NOTE}")),
        _ => Ok(text.to_owned()),
    }
}
