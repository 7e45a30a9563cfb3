//! Rules that no report can reach, and departments that no rule reaches: what a city only notices when
//! somebody waits in vain. What is told here is sure; what is only likely is not told.
//!
//! - [`never`]: conditions that cannot hold together.
//! - [`implies`]: when one condition holds whenever another does.

mod implies;
mod never;

use crate::{Rule, Ruleset, Situation, check::Check, decide, decide::FALLBACK};
use schemas::{
    city::{Category, City, Delivery},
    report::Kind,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Among more rules than this, one by one is not compared with each other.
const MOST_COMPARED: usize = 500;

/// Warns of what cannot be reached.
pub(crate) fn check(ruleset: &Ruleset, check: &mut Check<'_>) {
    if ruleset.rules().is_empty() {
        "rules/".clone_into(&mut check.file);
        return check.warn(
            (0, 0),
            "this city has no rules: everything goes to the fallback desk",
            "add a file `rules/90-categories.yaml`",
        );
    }
    let city = check.city;
    categories(ruleset, check);
    let mut told = HashSet::new();
    for (n, rule) in ruleset.rules().iter().enumerate() {
        check.file.clone_from(&rule.file);
        for (why, help) in never::find(rule, city) {
            told.insert(n);
            check.warn_in_file((rule.line, 0), format!("in `{}` {why}", rule.name), help);
        }
    }
    for (n, before) in shadowed(ruleset, city) {
        let (rule, before) = (&ruleset.rules()[n], before.iter().map(|n| &ruleset.rules()[*n]).collect::<Vec<_>>());
        if told.contains(&n) || before.is_empty() {
            continue;
        }
        check.file.clone_from(&rule.file);
        let names = before.iter().map(|rule| format!("`{}`", rule.name)).collect::<Vec<_>>().join(", ");
        let at = before.iter().map(|rule| format!("{}:{}", rule.file, rule.line)).collect::<Vec<_>>().join(", ");
        if before.iter().all(|before| before.assign == rule.assign) {
            check.warn_in_file(
                (rule.line, 0),
                format!("`{}` is never used: {names} ({at}) takes all that it would", rule.name),
                "leave it out, or move it before",
            );
        } else if !rule.has_examples {
            // An example shows that it is meant for what the others refuse.
            check.warn_in_file(
                (rule.line, 0),
                format!("`{}` only gets what is refused: {names} ({at}) takes all that it would", rule.name),
                "move it before, or add an example with `rejected_by` that shows what it is for",
            );
        }
    }
    departments(ruleset, check);
}

/// Categories whose plain reports no rule takes.
fn categories(ruleset: &Ruleset, check: &mut Check<'_>) {
    let city = check.city;
    let left = |category: &&Category| {
        let situation = Situation::new(category, city);
        decide(ruleset, city, &situation.facts(city)).rule == FALLBACK
    };
    "categories.yaml".clone_into(&mut check.file);
    for category in city.categories.iter().filter(left) {
        check.warn_in_file(
            city.category_at(&category.id),
            format!("no rule takes a plain report in `{}`", category.id),
            format!("add a rule for it, last of all: until then `{}` gets it, with an alarm", city.fallback),
        );
    }
}

/// Departments that get nothing and are not told of anything.
fn departments(ruleset: &Ruleset, check: &mut Check<'_>) {
    let city = check.city;
    let named: HashSet<&str> = ruleset
        .rules()
        .iter()
        .flat_map(|rule| [&rule.assign].into_iter().chain(&rule.split).chain(&rule.inform).chain(&rule.on_call))
        .chain([&city.fallback])
        .chain(city.departments.iter().map(|department| city.calling_desk(&department.id)))
        .map(|id| id.as_str())
        .collect();
    let products = city.files.get("products.yaml").map_or("", AsRef::as_ref);
    let routed: HashSet<&str> =
        products.lines().filter_map(|line| line.trim().strip_prefix("route:")).map(str::trim).collect();
    "departments.yaml".clone_into(&mut check.file);
    for department in &city.departments {
        let id = department.id.as_str();
        if named.contains(id) || routed.contains(id) {
            continue;
        }
        let help = match department.delivery {
            Delivery::Queue => "add a rule that assigns or informs it; nobody writes to its queue until then",
            Delivery::Push { .. } => "add a rule that assigns or informs it, or leave it out",
        };
        check.warn_in_file(city.delivery_at(id), format!("no rule names the department `{id}`"), help);
    }
}

/// Rules that earlier ones leave nothing for, with those earlier ones: for each category and kind that a
/// rule is for, there is one before it that holds whenever it does.
fn shadowed(ruleset: &Ruleset, city: &City) -> Vec<(usize, BTreeSet<usize>)> {
    let rules = ruleset.rules();
    let mut before: Vec<Option<BTreeSet<usize>>> = vec![Some(BTreeSet::new()); rules.len()];
    let mut known: HashMap<(usize, usize), bool> = HashMap::new();
    let mut seen = vec![false; rules.len()];
    for category in &city.categories {
        for kind in Kind::ALL {
            let candidates = ruleset.index.candidates(category, kind);
            let all_of_it = candidates.iter().copied().find(|n| unconditional(&rules[*n]));
            for (place, &n) in candidates.iter().enumerate() {
                seen[n] = true;
                let Some(found) = &mut before[n] else { continue };
                let mut earlier = candidates[..place].iter().copied();
                let by = match all_of_it {
                    Some(all) if all < n => Some(all),
                    _ if candidates.len() > MOST_COMPARED => None,
                    _ => earlier.find(|&m| {
                        *known
                            .entry((m, n))
                            .or_insert_with(|| implies::beyond_index(&rules[n].clauses, &rules[m].clauses))
                    }),
                };
                match by {
                    Some(by) => _ = found.insert(by),
                    None => before[n] = None,
                }
            }
        }
    }
    let found = before.into_iter().enumerate().filter(|(n, _)| seen[*n]);
    found.filter_map(|(n, before)| Some((n, before?))).collect()
}

/// Whether the index answers all that a rule asks.
fn unconditional(rule: &Rule) -> bool {
    rule.clauses.iter().all(crate::conditions::Clause::indexed)
}

#[cfg(test)]
mod tests;
