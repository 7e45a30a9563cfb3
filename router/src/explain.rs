//! Why a decision came out as it did, condition by condition, and what nearly matched.

use crate::{Facts, Ruleset, decide};
use schemas::{
    case::{Decision, Role},
    city::City,
    slug::DepartmentId,
};
use serde::Serialize;
use std::fmt;

/// One condition that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The condition as the rule writes it.
    pub condition: String,
    /// Whether it held.
    pub held: bool,
    /// The fact that it looked at.
    pub fact: String,
    /// The conditions inside it, of `all`, `any` and `not`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Tried>,
}

/// What became of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is the first that matches: it decides.
    Decides,
    /// It matches too, but an earlier rule decides.
    TooLate,
    /// It matches, but its department said before that it is not theirs.
    Refused,
    /// It does not match.
    No,
}

/// One rule that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TriedRule {
    /// Its name.
    pub rule: String,
    /// Its file.
    pub file: String,
    /// Its line.
    pub line: usize,
    /// Who leads by it.
    pub assign: DepartmentId,
    /// What became of it.
    pub outcome: Outcome,
    /// Its conditions, in the order they are asked.
    pub conditions: Vec<Tried>,
}

/// Why a decision came out as it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// Every rule for this category and kind, in order.
    pub rules: Vec<TriedRule>,
    /// Rules for other categories or kinds that lack nothing else.
    pub near: Vec<TriedRule>,
}

/// Explains the decision that [`decide`] makes of the same rules, city and facts. It asks every
/// rule: it is for people, not for the walk.
pub fn explain(ruleset: &Ruleset, city: &City, facts: &Facts<'_>) -> Explanation {
    let decision = decide(ruleset, city, facts);
    let (mut rules, mut near) = (Vec::new(), Vec::new());
    for rule in ruleset.rules() {
        let conditions: Vec<Tried> = rule.clauses.iter().map(|clause| clause.tried(facts)).collect();
        let missed = conditions.iter().filter(|tried| !tried.held).count();
        let outcome = if missed > 0 {
            Outcome::No
        } else if facts.rejected_by.contains(&rule.assign) {
            Outcome::Refused
        } else if rule.name == decision.rule {
            Outcome::Decides
        } else {
            Outcome::TooLate
        };
        let held = conditions.len() - missed;
        let tried = TriedRule {
            rule: rule.name.clone(),
            file: rule.file.clone(),
            line: rule.line,
            assign: rule.assign.clone(),
            outcome,
            conditions,
        };
        if rule.admits_category(facts.category) && rule.admits_kind(facts.kind) {
            rules.push(tried);
        } else if missed == 1 && held > 0 {
            near.push(tried);
        }
    }
    Explanation { decision, rules, near }
}

fn write_tried(f: &mut fmt::Formatter<'_>, tried: &[Tried], depth: usize) -> fmt::Result {
    for Tried { condition, held, fact, parts } in tried {
        let mark = if *held { "yes" } else { "no " };
        let indent = "  ".repeat(depth);
        if fact.is_empty() {
            writeln!(f, "  {indent}{mark} {condition}")?;
        } else {
            writeln!(f, "  {indent}{mark} {condition}  ({fact})")?;
        }
        write_tried(f, parts, depth + 1)?;
    }
    Ok(())
}

impl fmt::Display for TriedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, file, line, assign, outcome, conditions } = self;
        let outcome = match outcome {
            Outcome::Decides => "decides",
            Outcome::TooLate => "matches, but an earlier rule decides",
            Outcome::Refused => "matches, but its department said it is not theirs",
            Outcome::No => "does not match",
        };
        writeln!(f, "{rule} -> {assign}: {outcome}  [{file}:{line}]")?;
        write_tried(f, conditions, 1)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decision = &self.decision;
        let lead = decision.lead().map_or("nobody", |id| id.as_str());
        write!(f, "{lead}, by `{}`, priority {}", decision.rule, decision.priority.as_str())?;
        if let Some(due) = decision.due_on {
            write!(f, ", by {due}")?;
        }
        for (word, departments) in [
            ("with", decision.with_role(Role::Part)),
            ("informing", decision.informed()),
            ("calling", decision.on_call.clone()),
        ] {
            if !departments.is_empty() {
                write!(f, ", {word} {}", departments.join(", "))?;
            }
        }
        writeln!(f)?;
        if let Some(alarm) = &decision.alarm {
            writeln!(f, "alarm: {alarm}")?;
        }
        for rule in &self.rules {
            write!(f, "\n{rule}")?;
        }
        if !self.near.is_empty() {
            writeln!(f, "\nNearly, for another category or kind:")?;
            for rule in &self.near {
                write!(f, "\n{rule}")?;
            }
        }
        Ok(())
    }
}
