//! `voordeur rules history`: which rules decided, since when, and why.

use crate::{
    cli::HistoryArgs,
    commands::open,
    config::Config,
    output::{Paint, say},
};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

pub(super) async fn run(args: HistoryArgs, config: &Config) -> anyhow::Result<()> {
    let store = open::open_beside(config).await?;
    // One more, to say that there are more.
    let history = store.activations(args.limit as usize + 1).await;
    store.close().await;
    let mut history = history?;
    let more = history.len() > args.limit as usize;
    history.truncate(args.limit as usize);
    let newest = history.first().map(|activation| activation.n);
    if args.json {
        let rows: Vec<_> = history
            .iter()
            .map(|activation| {
                serde_json::json!({
                    "activation": activation.n,
                    "version": activation.version,
                    "at": activation.at,
                    "note": activation.note,
                    "in_force": Some(activation.n) == newest,
                })
            })
            .collect();
        say!("{}", serde_json::json!({ "history": rows, "more": more }));
        return Ok(());
    }
    if history.is_empty() {
        say!("no rules were ever put in force: `voordeur serve` does so at its first start");
        return Ok(());
    }
    let paint = Paint::stdout();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header([
        "activation",
        "version",
        "since",
        "",
        "note",
    ]);
    for activation in &history {
        let mark = if Some(activation.n) == newest { paint.green("in force") } else { String::new() };
        table.add_row([
            activation.n.to_string(),
            activation.version.clone(),
            format!("{:.0}", activation.at),
            mark,
            activation.note.clone(),
        ]);
    }
    if let Some(column) = table.column_mut(0) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    say!("{table}");
    if more {
        eprintln!("There are older ones: --limit {} shows more.", args.limit.saturating_mul(5));
    }
    Ok(())
}
