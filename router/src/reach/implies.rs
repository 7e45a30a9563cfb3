//! When one condition holds whenever another does. "No" means "not as far as can be seen".

use crate::conditions::{Clause, Condition};

/// Whether `wide` holds whenever all of `narrow` do, for a report that both are candidates for: what
/// the index answers is answered.
pub(super) fn beyond_index(narrow: &[Clause], wide: &[Clause]) -> bool {
    wide.iter().filter(|clause| !clause.indexed()).all(|clause| implies(narrow, clause))
}

/// Whether all of `wide` holds whenever all of `narrow` do.
pub(super) fn all(narrow: &[Clause], wide: &[Clause]) -> bool {
    wide.iter().all(|clause| implies(narrow, clause))
}

/// Whether `wide` holds whenever all of `narrow` do.
pub(super) fn implies(narrow: &[Clause], wide: &Clause) -> bool {
    match &wide.condition {
        Condition::All(parts) => return all(narrow, parts.clauses()),
        Condition::Any(any) if any.clauses().iter().any(|branch| all(narrow, branch)) => return true,
        _ => {}
    }
    narrow.iter().any(|clause| one(clause, wide))
}

fn one(narrow: &Clause, wide: &Clause) -> bool {
    if narrow.text == wide.text {
        return true;
    }
    match (&narrow.condition, &wide.condition) {
        (Condition::All(parts), _) => implies(parts.clauses(), wide),
        (Condition::Any(any), _) => any.clauses().iter().all(|branch| implies(branch, wide)),
        // What rules out more rules out less.
        (Condition::Not(wider), Condition::Not(narrower)) => all(narrower.clauses(), wider.clauses()),
        (Condition::Answer(narrow), Condition::Answer(wide)) => wide.takes_all(narrow),
        (Condition::Time(narrow), Condition::Time(wide)) => wide.contains_all(narrow),
        (narrow, wide) if std::mem::discriminant(narrow) == std::mem::discriminant(wide) => {
            let (Some(narrow), Some(wide)) = (narrow.names(), wide.names()) else { return false };
            let is_in = |name: &String| {
                let group = name.split_once('/').map(|(group, _)| format!("{group}/*"));
                wide.contains(name) || group.is_some_and(|group| wide.contains(&group))
            };
            narrow.iter().all(is_in)
        }
        _ => false,
    }
}
