//! An explanation for people.

use super::{Again, Decided, Explained, Now};
use crate::output::{Paint, say};
use schemas::{
    case::{Decision, Role},
    city::{City, in_language},
    report::Language,
    slug::DepartmentId,
};

pub(super) fn explained(explained: &Explained, city: &City) {
    let paint = Paint::stdout();
    let Explained { reference, kind, category, channel, received_at, areas, status, decided, now } = explained;
    say!("{}  {kind}, {category}, through {channel}", paint.bold(&reference.to_string()));
    let place = if areas.is_empty() { String::new() } else { format!(", in {}", areas.join(", ")) };
    say!("received {received_at:.0}{place}");
    if let Some(status) = status {
        say!("status {status}");
    }
    match decided {
        None => say!("\n{}", paint.yellow("Not decided yet")),
        Some(decided) => stands(decided, city, paint),
    }
    today(now, decided.as_ref(), paint);
}

fn stands(decided: &Decided, city: &City, paint: Paint) {
    let Decided { at, decision, activation, rejected_by, rejected_since, again, unknown } = decided;
    let version = match activation {
        Some(n) => format!("version {}, activation {n}", decision.ruleset),
        None => format!("version {}", decision.ruleset),
    };
    say!("\n{}  {at:.0}, {version}", paint.bold("What was decided"));
    let name = |id: &DepartmentId| {
        city.department(id)
            .map_or_else(|| id.to_string(), |d| format!("{} ({id})", in_language(&d.names, Language::EN)))
    };
    let names = |ids: &[DepartmentId]| ids.iter().map(name).collect::<Vec<_>>().join(", ");
    let line = |what: &str, words: &str| say!("  {what:<9} {words}");
    if let Some(lead) = decision.lead() {
        line("to", &name(lead));
    }
    for (what, ids) in [
        ("with", decision.with_role(Role::Part)),
        ("informed", decision.informed()),
        ("called", decision.on_call.clone()),
    ] {
        if !ids.is_empty() {
            line(what, &names(&ids));
        }
    }
    line("by rule", &paint.cyan(&decision.rule));
    line("priority", decision.priority.as_str());
    if let Some(due) = decision.due_on {
        line("due", &due.to_string());
    }
    if let Some(article) = &decision.answer {
        line("answered", &format!("at once, by the article {article}"));
    }
    for reason in &decision.reasons {
        line("because", &format!("{}  ({})", reason.condition, reason.fact));
    }
    if !rejected_by.is_empty() {
        line("after", &format!("{} said it is not theirs", names(rejected_by)));
    }
    if !rejected_since.is_empty() {
        line("since", &format!("{} said it is not theirs", names(rejected_since)));
    }
    if let Some(alarm) = &decision.alarm {
        line(&paint.red("alarm"), alarm);
    }
    match again {
        Again::Cannot { why } => say!("\n{}", paint.yellow(&format!("Its rules cannot be asked again: {why}"))),
        Again::Says { same, explanation } => {
            say!("\n{}", paint.bold("Why, condition by condition"));
            for what in unknown {
                say!("{}", paint.yellow(&format!("Not known any more: {what}")));
            }
            if !same {
                let text = "Asked again, the same rules say otherwise: the city or a fact changed since, or a fact is not known any more";
                say!("{}", paint.yellow(text));
            }
            say!("{}", explanation.to_string().trim_end());
        }
    }
}

fn today(now: &Now, decided: Option<&Decided>, paint: Paint) {
    let Now { rules, version, trouble, differs, explanation } = now;
    let what =
        if rules == "in force" { "the rules in force say".to_owned() } else { format!("the rules of {rules} say") };
    say!("\n{}  version {version}", paint.bold(&format!("What {what} now")));
    if let Some(trouble) = trouble {
        say!("{}", paint.red(&format!("The rules that were put in force last cannot be used: {trouble}")));
    }
    if let Some(Decided { decision, again, .. }) = decided {
        if *differs {
            say!("{}", paint.yellow(&difference(decision, &explanation.decision)));
        } else {
            say!("{}", paint.green("the same as was decided"));
        }
        // Nothing new to read.
        if !differs && decision.ruleset == *version && matches!(again, Again::Says { same: true, .. }) {
            return;
        }
    }
    say!("{}", explanation.to_string().trim_end());
}

fn difference(stood: &Decision, today: &Decision) -> String {
    let who = |decision: &Decision| decision.lead().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    let words = |decision: &Decision| {
        let mut words = format!("{} by `{}`, priority {}", who(decision), decision.rule, decision.priority.as_str());
        let informed = decision.informed();
        if !informed.is_empty() {
            words += &format!(", informing {}", informed.join(", "));
        }
        words
    };
    format!("differs: was {}; is now {}", words(stood), words(today))
}
