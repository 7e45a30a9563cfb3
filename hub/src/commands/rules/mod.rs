//! `voordeur rules`: try them, put them in force, take them back, and see why.

mod activate;
mod explain;
mod history;
mod replay;
mod rollback;
mod test;

use crate::{cli::RulesCommand, config::Config};
use router::{Changes, Ruleset};
use schemas::city::City;
use store::{RulesInForce, Store};

/// Does what the command says.
pub async fn run(command: RulesCommand, config: &Config) -> anyhow::Result<()> {
    match command {
        RulesCommand::Test { city } => test::run(city, config),
        RulesCommand::Activate(args) => activate::run(args, config).await,
        RulesCommand::History(args) => history::run(args, config).await,
        RulesCommand::Rollback(args) => rollback::run(args, config).await,
        RulesCommand::Replay(args) => replay::run(args, config).await,
        RulesCommand::Explain(args) => explain::run(args, config).await,
    }
}

/// The ruleset `version` as it was kept, for the city as it is now; or why it cannot be used.
async fn kept(store: &Store, city: &City, version: &str) -> Result<Result<Ruleset, String>, store::Error> {
    Ok(match store.ruleset_files(version).await? {
        Some(files) => Ruleset::kept(city, &files, version),
        None => Err(format!("the text of version {version} is not kept")),
    })
}

/// What an activation or a rollback changes, for machines.
#[derive(serde::Serialize)]
struct Outcome<'a> {
    /// Whether other rules decide now.
    activated: bool,
    dry_run: bool,
    /// The version meant.
    version: &'a str,
    /// The activation in force after this; nothing after a dry run.
    activation: Option<i64>,
    /// What was in force before.
    before: Option<Before<'a>>,
    /// What changes; nothing when the version before cannot be read any more.
    changes: Option<Changes>,
}

#[derive(serde::Serialize)]
struct Before<'a> {
    activation: i64,
    version: &'a str,
}

impl<'a> From<&'a RulesInForce> for Before<'a> {
    fn from(active: &'a RulesInForce) -> Self {
        Self { activation: active.n, version: &active.version }
    }
}

/// The lines that tell what changes: the sign, and the name of the rule.
fn lines(changes: &Changes) -> Vec<String> {
    let signed = |sign: char, names: &[String]| names.iter().map(|name| format!("{sign} {name}")).collect::<Vec<_>>();
    let mut lines = signed('+', &changes.added);
    lines.extend(signed('-', &changes.removed));
    lines.extend(signed('~', &changes.changed));
    if changes.reordered {
        lines.push("  the rules stand in another order".to_owned());
    }
    if lines.is_empty() {
        lines.push("  every rule asks and does the same: only comments, examples or layout differ".to_owned());
    }
    lines
}
