//! `voordeur rules explain`: why a report went where it went, and what the rules of today say.

use crate::{
    city::{self, Town},
    commands::{check, open},
    config::Config,
    failure::Failure,
    output::{Paint, say},
};
use router::{Facts, Known};
use schemas::{
    case::{Case, Decision},
    reference::Reference,
    report::{Language, Report},
};
use std::path::PathBuf;

pub(super) async fn run(reference: &str, city: Option<PathBuf>, config: &Config) -> anyhow::Result<()> {
    let reference = Reference::parse(reference)
        .map_err(|error| Failure::usage(error.to_string(), "write it as the resident was given it: 1234 5670"))?;
    let town = city::read(check::folder(city, config).as_deref())?.good()?;
    explain(reference, &town, config).await
}

async fn explain(reference: Reference, town: &Town, config: &Config) -> anyhow::Result<()> {
    let store = open::open_beside(config).await?;
    let Some(report) = store.report_by_reference(reference).await? else {
        return Err(Failure::new(
            format!("there is no report {reference} in this database"),
            "see [database] url: is it the city's own?",
        )
        .into());
    };
    let case = store.case(report.id).await?;
    let known = Known::look_up(&store, &report, &town.city).await?;
    let now = store.clock().now();
    store.close().await;

    let paint = Paint::stdout();
    say!("{}  {}, {}, through {}", paint.bold(&reference.to_string()), report.kind, report.category, report.channel);
    say!("received {}{}", report.received_at, place(&report, town));
    match &case {
        None => say!("\n{}", paint.yellow("not decided yet")),
        Some(case) => stored(case, town, paint),
    }
    let nobody = Vec::new();
    let rejected = case.as_ref().map_or(&nobody, |case| &case.rejected_by);
    let facts = known.add_to(Facts::of(&report, &town.city, rejected, now));
    let today = router::explain(&town.rules, &town.city, &facts);
    say!("\n{} (version {})", paint.bold("What the rules of today say"), town.rules.version());
    if let Some(stored) = case.as_ref().and_then(|case| case.decision.as_ref()) {
        say!("{}", difference(stored, &today.decision, paint));
    }
    say!("{today}");
    Ok(())
}

fn place(report: &Report, town: &Town) -> String {
    match report.place.point {
        None => String::new(),
        Some(point) => {
            let areas = town.city.areas.locate(point);
            if areas.is_empty() { String::new() } else { format!(", in {}", areas.join(", ")) }
        }
    }
}

fn stored(case: &Case, town: &Town, paint: Paint) {
    say!("\n{}", paint.bold("What was decided"));
    let Some(decision) = &case.decision else {
        say!("nothing yet; status {}", case.status);
        return;
    };
    let name = |id: &str| {
        town.city
            .department(id)
            .map_or_else(|| id.to_owned(), |d| format!("{} ({id})", schemas::city::in_language(&d.names, Language::En)))
    };
    if let Some(lead) = decision.lead() {
        say!("  to        {}", name(lead));
    }
    for informed in decision.informed() {
        say!("  informed  {}", name(&informed));
    }
    say!("  by rule   {} (version {})", paint.cyan(&decision.rule), decision.ruleset);
    say!("  priority  {}", decision.priority.as_str());
    if let Some(due) = decision.due_on {
        say!("  due       {due}");
    }
    for reason in &decision.reasons {
        say!("  because   {}  ({})", reason.condition, reason.fact);
    }
    for department in &case.rejected_by {
        say!("  refused   by {}", name(department));
    }
    if let Some(alarm) = &decision.alarm {
        say!("  {}  {}", paint.red("alarm"), alarm);
    }
    say!("  status    {} (version {})", case.status, case.version);
}

fn difference(stored: &Decision, today: &Decision, paint: Paint) -> String {
    if stored.lead() == today.lead() && stored.rule == today.rule {
        return paint.green("the same as was decided").to_string();
    }
    let who = |decision: &Decision| decision.lead().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    paint.yellow(&format!(
        "differs: was {} by `{}`, is now {} by `{}`",
        who(stored),
        stored.rule,
        who(today),
        today.rule
    ))
}
