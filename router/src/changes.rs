//! What one ruleset changes against another, by the names of rules.

use crate::{Rule, Ruleset};
use serde::Serialize;
use std::collections::HashMap;

/// What changes when the newer ruleset takes the place of the older.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Rules that are new, in their order.
    pub added: Vec<String>,
    /// Rules that are gone, in the order they had.
    pub removed: Vec<String>,
    /// Rules that ask or do something else.
    pub changed: Vec<String>,
    /// Whether rules that both have stand in another order: an earlier rule goes first.
    pub reordered: bool,
}

impl Changes {
    /// Whether both decide alike, whatever their comments and spaces.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Ruleset {
    /// What `newer` changes against this one.
    pub fn changes(&self, newer: &Self) -> Changes {
        let old: HashMap<&str, &Rule> = self.rules().iter().map(|rule| (rule.name.as_str(), rule)).collect();
        let new: HashMap<&str, &Rule> = newer.rules().iter().map(|rule| (rule.name.as_str(), rule)).collect();
        let name = |rule: &Rule| rule.name.clone();
        let stayed = |rules: &[Rule], other: &HashMap<&str, &Rule>| -> Vec<String> {
            rules.iter().filter(|rule| other.contains_key(rule.name.as_str())).map(name).collect()
        };
        let differs = |rule: &&Rule| old.get(rule.name.as_str()).is_some_and(|old| meaning(old) != meaning(rule));
        Changes {
            added: newer.rules().iter().filter(|rule| !old.contains_key(rule.name.as_str())).map(name).collect(),
            removed: self.rules().iter().filter(|rule| !new.contains_key(rule.name.as_str())).map(name).collect(),
            changed: newer.rules().iter().filter(differs).map(name).collect(),
            reordered: stayed(self.rules(), &new) != stayed(newer.rules(), &old),
        }
    }
}

/// Everything a rule asks and does; where it stands is not part of it.
fn meaning(rule: &Rule) -> impl PartialEq {
    let Rule {
        name: _,
        file: _,
        line: _,
        has_examples: _,
        clauses,
        assign,
        split,
        inform,
        on_call,
        priority,
        term,
        answer,
    } = rule;
    let clauses: Vec<&str> = clauses.iter().map(|clause| clause.text.as_str()).collect();
    (clauses, assign, split, inform, on_call, priority, term, answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::city;

    fn read(text: &str) -> Ruleset {
        let (ruleset, faults) = Ruleset::read(&city(&[("a.yaml", text)]));
        ruleset.unwrap_or_else(|| panic!("{faults:#?}"))
    }

    #[test]
    fn changes_are_named() {
        let old = read(
            "
- { rule: a, when: { category: road/* }, then: { assign: roads } }
- { rule: b, when: { category: green/* }, then: { assign: green, inform: [desk] } }
- { rule: c, when: { urgency: [high] }, then: { assign: lamps } }
",
        );
        let new = read(
            "
# A comment, and another layout: not a change.
- rule: c
  when:
    urgency: [high]
  then: { assign: lamps }
- { rule: b, when: { category: green/* }, then: { assign: green, inform: [desk], term: 3wd } }
- { rule: d, when: { urgency: [low] }, then: { assign: desk } }
",
        );
        let changes = old.changes(&new);
        assert_eq!((changes.added, changes.removed), (vec!["d".to_owned()], vec!["a".to_owned()]));
        assert_eq!((changes.changed, changes.reordered), (vec!["b".to_owned()], true));
        assert!(new.changes(&new).is_empty());
        let changes = old.changes(&read(
            "
- { rule: a, when: { category: road/hole }, then: { assign: roads } }
- { rule: b, when: { category: green/* }, then: { assign: roads, inform: [desk] } }
- { rule: c, when: { urgency: [high] }, then: { assign: lamps, priority: high } }
",
        ));
        assert_eq!(changes, Changes { changed: vec!["a".into(), "b".into(), "c".into()], ..Changes::default() });
    }
}
