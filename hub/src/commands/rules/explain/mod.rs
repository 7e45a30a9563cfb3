//! `voordeur rules explain`: why a report went where it went: what was decided, by which version,
//! condition by condition with the facts of that moment, and what the rules in force say now.

mod show;

use super::kept;
use crate::{
    city,
    cli::ExplainArgs,
    commands::{check, open},
    config::Config,
    failure::Failure,
    output::say,
};
use router::{Explanation, Facts, Known, LOOK_BACK, Reporter, Ruleset};
use schemas::{
    Timestamp,
    case::{Case, Decision, Status},
    city::City,
    event::{CaseEvent, What},
    reference::Reference,
    report::{Kind, Report},
    slug::{AreaId, CategoryId, Channel, DepartmentId},
};
use serde::Serialize;
use std::sync::Arc;
use store::Store;

/// Everything there is to say about where a report went.
#[derive(Serialize)]
struct Explained {
    reference: Reference,
    kind: Kind,
    category: CategoryId,
    channel: Channel,
    received_at: Timestamp,
    areas: Vec<AreaId>,
    status: Option<Status>,
    /// Nothing as long as the router did not see it.
    decided: Option<Decided>,
    now: Now,
}

/// The decision that stands.
#[derive(Serialize)]
struct Decided {
    at: Timestamp,
    decision: Decision,
    /// The activation by which its version was in force then, if it was by one.
    activation: Option<i64>,
    /// Departments that had refused before.
    rejected_by: Vec<DepartmentId>,
    /// Departments that refused since.
    rejected_since: Vec<DepartmentId>,
    /// The same version, asked again with the facts of then; or why it cannot be asked.
    again: Again,
    /// Facts of then that nobody knows any more, in words.
    unknown: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Again {
    Says {
        /// Whether it comes out as it did.
        same: bool,
        explanation: Box<Explanation>,
    },
    Cannot {
        why: String,
    },
}

/// What the rules say now.
#[derive(Serialize)]
struct Now {
    /// Where the rules come from: `in force`, `the city folder`, or the folder that was named.
    rules: String,
    version: String,
    /// Why the rules that were activated last are not used.
    trouble: Option<String>,
    /// Whether something comes out otherwise than it was decided.
    differs: bool,
    explanation: Explanation,
}

pub(super) async fn run(args: ExplainArgs, config: &Config) -> anyhow::Result<()> {
    let reference = Reference::parse(&args.reference.concat())
        .map_err(|error| Failure::usage(error.to_string(), "write it as the resident was given it: 1234 5671"))?;
    let reading = city::read(check::folder(args.city.clone(), config).as_deref())?;
    // The rules of the configured folder do not matter here: those that count are in the database.
    let (city, folder) = match (&args.city, reading.city.clone()) {
        (None, Some(city)) => (city, reading.town.map(|town| town.rules)),
        _ => {
            let town = reading.good()?;
            (town.city, Some(town.rules))
        }
    };
    let store = open::open_beside(config).await?;
    let explained = match &args.city {
        Some(named) => {
            let rules = folder.map(|rules| (named.display().to_string(), rules, None));
            explain(&store, &city, reference, rules).await
        }
        None => match in_force(&store, &city, folder).await {
            Ok(rules) => explain(&store, &city, reference, rules).await,
            Err(error) => Err(error.into()),
        },
    };
    store.close().await;
    let explained = explained?;
    if args.json {
        say!("{}", serde_json::to_string(&explained)?);
    } else {
        show::explained(&explained, &city);
    }
    Ok(())
}

/// Rules, where they come from, and why not those that were activated last.
type Rules = (String, Arc<Ruleset>, Option<String>);

/// The rules that decide now for this city, as [`router::InForce`] finds them.
async fn in_force(store: &Store, city: &City, folder: Option<Arc<Ruleset>>) -> Result<Option<Rules>, store::Error> {
    let mut trouble = None;
    for activation in store.activations(LOOK_BACK).await? {
        match kept(store, city, &activation.version).await? {
            Ok(rules) => return Ok(Some(("in force".to_owned(), Arc::new(rules), trouble))),
            Err(why) => _ = trouble.get_or_insert(why),
        }
    }
    Ok(folder.map(|rules| ("the city folder".to_owned(), rules, trouble)))
}

async fn explain(store: &Store, city: &City, reference: Reference, rules: Option<Rules>) -> anyhow::Result<Explained> {
    let Some(report) = store.report_by_reference(reference).await? else {
        return Err(Failure::new(
            format!("there is no report {reference} in this database"),
            "see [database] url: is it the city's own?",
        )
        .into());
    };
    let Some((rules, ruleset, trouble)) = rules else {
        return Err(Failure::new(
            "no rules were ever put in force, and those of the city folder have faults",
            "`voordeur check` shows them",
        )
        .into());
    };
    let case = store.case(report.id).await?;
    let decided = match &case {
        Some(case) => decided(store, city, &report, case).await?,
        None => None,
    };
    let known = Known::look_up(store, &report, city).await?;
    let nobody = Vec::new();
    let rejected = case.as_ref().map_or(&nobody, |case| &case.rejected_by);
    let facts = known.add_to(Facts::of(&report, city, rejected, store.clock().now()));
    let explanation = router::explain(&ruleset, city, &facts);
    let differs = decided.as_ref().is_some_and(|decided| !alike(&decided.decision, &explanation.decision));
    let areas = facts.areas.clone();
    let now = Now { rules, version: ruleset.version().to_owned(), trouble, differs, explanation };
    let status = case.map(|case| case.status);
    let Report { kind, category, channel, received_at, .. } = report;
    Ok(Explained { reference, kind, category, channel, received_at, areas, status, decided, now })
}

async fn decided(store: &Store, city: &City, report: &Report, case: &Case) -> Result<Option<Decided>, store::Error> {
    let Some(decision) = case.decision.clone() else { return Ok(None) };
    let (at, rejected_by) = moment(case, &decision, &store.timeline(case.id, false).await?);
    let history = store.activations(LOOK_BACK).await?;
    let then = history.iter().find(|activation| activation.at <= at);
    let activation = then.filter(|then| then.version == decision.ruleset).map(|then| then.n);
    let mut unknown = Vec::new();
    let again = match kept(store, city, &decision.ruleset).await? {
        Err(why) => Again::Cannot { why },
        Ok(ruleset) => {
            let contact = store.contacts_by_ids(&[report.id]).await?.remove(&report.id);
            let facts = Facts::of(report, city, &rejected_by, at);
            let facts = facts.with_reporter(Reporter::of(report, contact.as_ref(), city));
            let explanation = router::explain(&ruleset, city, &facts);
            if ruleset.needs().load {
                unknown.push("how busy the departments were");
            }
            if ruleset.needs().reporter && contact.is_none() && report.tell != schemas::report::Tell::Nothing {
                unknown.push("who reported: their contact is erased");
            }
            Again::Says { same: alike(&decision, &explanation.decision), explanation: Box::new(explanation) }
        }
    };
    let rejected_since = case.rejected_by.iter().filter(|id| !rejected_by.contains(id)).cloned().collect();
    Ok(Some(Decided { at, decision, activation, rejected_by, rejected_since, again, unknown }))
}

/// When `decision` was made, and who had refused by then.
fn moment(case: &Case, decision: &Decision, timeline: &[CaseEvent]) -> (Timestamp, Vec<DepartmentId>) {
    let made = timeline.iter().find(|event| match &event.what {
        What::Routed { rule, ruleset, department, .. } => {
            *rule == decision.rule && *ruleset == decision.ruleset && Some(department) == decision.lead()
        }
        What::Answered { department, .. } => Some(department) == decision.lead(),
        _ => false,
    });
    // When everybody refused, no event says who would have had it.
    let Some(made) = made else { return (case.status_at, case.rejected_by.clone()) };
    let refused =
        timeline.iter().take_while(|event| event.version < made.version).filter_map(|event| match &event.what {
            What::Rejected { department, .. } => Some(department.clone()),
            _ => None,
        });
    (made.at, refused.collect())
}

/// Whether two decisions come to the same for the departments and the resident. Days are left out:
/// they run from the moment of the decision.
fn alike(one: &Decision, other: &Decision) -> bool {
    let what = |decision: &Decision| {
        let Decision { rule, assignments, priority, answer, on_call, .. } = decision.clone();
        (rule, assignments, priority, answer, on_call)
    };
    // What an article answered and did not help with is no answer any more.
    let reopened = one.answer.is_none() && other.answer.is_some();
    let mut other = other.clone();
    if reopened {
        other.answer = None;
    }
    what(one) == what(&other)
}
