//! Whether a decision hangs on a fact that nobody knows any more.

use crate::{Facts, Needs, Ruleset};

/// The unknown facts that decide: the first rule whose known conditions all hold asks for them.
/// Nothing when the decision is the same whatever they were.
pub(super) fn decides(ruleset: &Ruleset, facts: &Facts<'_>, unknown: Needs) -> Option<Needs> {
    let asked = |needs: Needs| Needs { load: needs.load && unknown.load, reporter: needs.reporter && unknown.reporter };
    let is_some = |needs: Needs| needs != Needs::default();
    if !is_some(asked(ruleset.needs())) {
        return None;
    }
    let rule = ruleset.rules().iter().find(|rule| {
        rule.admits_category(facts.category)
            && rule.admits_kind(facts.kind)
            && !facts.rejected_by.contains(&rule.assign)
            && rule.clauses.iter().all(|clause| {
                // What asks for the unknown may hold or not: the rule stays in the running.
                is_some(asked(clause.needs())) || clause.condition.holds(facts).is_some()
            })
    })?;
    Some(asked(rule.needs())).filter(|needs| is_some(*needs))
}
