//! The decision: the first rule that matches, or the fallback desk with an alarm. Pure: the same
//! rules, city and facts always give the same decision.

use crate::{Facts, Ruleset};
use schemas::{
    case::{Assignment, Decision, Reason, Role},
    city::City,
    report::Urgency,
};

/// The name of the decision when no rule matches.
pub(crate) const FALLBACK: &str = "fallback";

/// Decides who does what. There is always exactly one lead; when no rule that may be used matches,
/// it is the city's fallback desk, and the decision carries an alarm.
pub fn decide(ruleset: &Ruleset, city: &City, facts: &Facts<'_>) -> Decision {
    let ruleset_version = ruleset.version().to_owned();
    let category_term = ruleset.index.term(facts.category);
    let due = |term: Option<crate::Term>| term.map(|term| term.due(&city.calendar, facts.at));
    match ruleset.index.first(ruleset.rules(), facts) {
        Some(rule) => Decision {
            rule: rule.name.clone(),
            ruleset: ruleset_version,
            assignments: rule.assignments(facts),
            priority: priority(facts, rule.priority),
            due_on: due(rule.term.or(category_term)),
            reasons: rule.reasons(facts),
            alarm: None,
        },
        None => {
            let (fact, alarm) = nobody(facts);
            Decision {
                rule: FALLBACK.to_owned(),
                ruleset: ruleset_version,
                assignments: vec![Assignment { department: city.fallback.clone(), role: Role::Lead }],
                priority: priority(facts, None),
                due_on: due(category_term),
                reasons: vec![Reason { condition: "no rule matches".to_owned(), fact }],
                alarm: Some(alarm),
            }
        }
    }
}

/// An emergency stays an emergency, whatever a rule says.
fn priority(facts: &Facts<'_>, rule: Option<Urgency>) -> Urgency {
    match facts.urgency {
        Urgency::Emergency => Urgency::Emergency,
        urgency => rule.unwrap_or(urgency),
    }
}

/// The fact and the alarm of a decision that no rule makes.
fn nobody(facts: &Facts<'_>) -> (String, String) {
    let (kind, category) = (facts.kind, facts.category);
    let matter = format!("{kind} in {category}");
    let alarm = match facts.rejected_by {
        [] => format!("no rule matches a {matter}: the fallback desk has it"),
        refused => format!("no rule is left for a {matter} after {} said it is not theirs: the fallback desk has it", refused.join(", ")),
    };
    (matter, alarm)
}
