//! Which rules can match at all, by category and kind: found once when the rules are read, so that
//! a decision costs what its own candidates cost, however many rules other categories have.

use crate::{Facts, rule::Rule};
use schemas::{
    city::{Category, City, Term},
    report::Kind,
    slug::CategoryId,
};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct Index {
    categories: HashMap<CategoryId, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Rules in their order, by kind.
    candidates: [Box<[u32]>; Kind::ALL.len()],
    term: Option<Term>,
}

impl Index {
    pub fn new(rules: &[Rule], city: &City) -> Self {
        let entry = |category: &Category| {
            let admitted: Vec<(u32, &Rule)> =
                (0_u32..).zip(rules).filter(|(_, rule)| rule.admits_category(&category.id)).collect();
            let of_kind =
                |kind| admitted.iter().filter(|(_, rule)| rule.admits_kind(kind)).map(|(number, _)| *number).collect();
            Entry { candidates: Kind::ALL.map(of_kind), term: category.term.map(Term::Working) }
        };
        Self { categories: city.categories.iter().map(|category| (category.id.clone(), entry(category))).collect() }
    }

    /// The first of `rules` that matches. A category that the city no longer has is rare and old:
    /// it is asked of every rule.
    pub fn first<'r>(&self, rules: &'r [Rule], facts: &Facts<'_>) -> Option<&'r Rule> {
        let allowed = |rule: &&Rule| !facts.rejected_by.contains(&rule.assign);
        match self.categories.get(facts.category) {
            Some(entry) => entry.candidates[facts.kind as usize]
                .iter()
                .filter_map(|number| rules.get(*number as usize))
                .filter(allowed)
                .find(|rule| rule.holds_beyond_index(facts)),
            None => rules.iter().filter(allowed).find(|rule| rule.holds(facts)),
        }
    }

    /// The rules that can match a report of this category and kind, in their order.
    pub fn candidates(&self, category: &Category, kind: Kind) -> Vec<usize> {
        let entry = self.categories.get(&category.id);
        entry.map_or_else(Vec::new, |entry| entry.candidates[kind as usize].iter().map(|n| *n as usize).collect())
    }

    /// The term of the category itself.
    pub fn term(&self, category: &CategoryId) -> Option<Term> {
        self.categories.get(category)?.term
    }
}
