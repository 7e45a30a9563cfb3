//! How figures are shown: a table for people, one JSON object for machines.

use super::{BenchArgs, Row};
use comfy_table::{CellAlignment, Table, presets::UTF8_BORDERS_ONLY};
use indicatif::{ProgressBar, ProgressStyle};
use std::{io::IsTerminal as _, time::Duration};

/// Where progress and results go.
pub struct Show {
    json: bool,
    bar: ProgressBar,
}

impl Show {
    /// Progress on stderr when somebody watches.
    pub fn new(args: &BenchArgs) -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { json: args.json, bar }
    }

    /// What is measured now.
    pub fn step(&self, what: &'static str) {
        self.bar.set_message(what);
        tracing::info!(what, "measuring");
    }

    /// What is left out, and what it needs.
    pub fn skipped(&self, what: &str) {
        self.bar.suspend(|| eprintln!("Left out: {what}"));
    }

    /// The result.
    pub fn rows(&self, rows: &[Row]) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        if self.json {
            println!("{}", serde_json::to_string(&serde_json::json!({ "rows": rows }))?);
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(UTF8_BORDERS_ONLY).set_header(["figure", "value", "unit", "raw limit", "ratio", "goal"]);
        let number = |n: f64| if n >= 100.0 { format!("{n:.0}") } else { format!("{n:.2}") };
        for row in rows {
            table.add_row([
                row.name.to_owned(),
                number(row.value),
                row.unit.to_owned(),
                row.raw.map(number).unwrap_or_default(),
                row.ratio.map(|r| format!("{r:.2}")).unwrap_or_default(),
                row.goal.to_owned(),
            ]);
        }
        for column in [1, 3, 4] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        println!("{table}");
        Ok(())
    }
}
