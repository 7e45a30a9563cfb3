//! `voordeur audit`: what people of the city did.

use super::{dead::moment, open};
use crate::{
    cli::AuditArgs,
    config::Config,
    failure::{Advise as _, Failure},
    output::say,
};
use comfy_table::{ContentArrangement, Table, presets};
use schemas::{audit::Deed, fault::did_you_mean};
use store::AuditFilter;

/// Shows it.
pub async fn run(args: AuditArgs, config: &Config) -> anyhow::Result<()> {
    if let Some(deed) = args.deed.as_deref().filter(|deed| Deed::ALL.iter().all(|known| known.as_str() != *deed)) {
        let known = Deed::ALL.map(Deed::as_str);
        return Err(Failure::usage(format!("--deed: nobody does `{deed}`"), did_you_mean(deed, known)).into());
    }
    let filter = AuditFilter {
        since: args.since.as_deref().map(moment).transpose()?,
        who: args.who,
        deed: args.deed,
        what: args.what,
        limit: args.limit as usize,
    };
    let store = open::open_beside(config).await?;
    let found = store.audit(filter).await.advise("the audit cannot be read", "see that the database runs");
    store.close().await;
    let found = found?;
    if args.json {
        say!("{}", serde_json::json!({ "audit": found }));
        return Ok(());
    }
    if found.is_empty() {
        say!("nobody did anything of the kind");
        return Ok(());
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["at", "who", "deed", "what", "why"]);
    for entry in found {
        table.add_row([format!("{:.0}", entry.at), entry.who, entry.deed, entry.what, entry.why]);
    }
    say!("{table}");
    Ok(())
}
