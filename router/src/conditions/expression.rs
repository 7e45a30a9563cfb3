//! `expression: "photos >= 2 and (hour >= 22 or hour < 6)"`: what the other conditions cannot say, in
//! the [Zen expression language](https://docs.rs/zen-expression). It is read, typed and bounded when
//! the rules are read; one that cannot be worked out for a report does not hold.
//!
//! - [`vocabulary`]: the names it may ask, and how each gets its value.
//! - [`judge`]: whether it can be read and comes out as yes or no, and where it goes wrong.
//! - [`walk`]: what may stand in it.

mod judge;
mod vocabulary;
mod walk;

pub(crate) use vocabulary::Vocabulary;

use crate::{
    Facts, Needs,
    check::Check,
    yaml::{Pos, Text},
};
use serde::{Deserialize, Deserializer};
use std::{borrow::Cow, cell::OnceCell};
use vocabulary::Name;
use zen_expression::{Expression, Scope, Variable, expression::Standard, variable::VariableMap, vm::VM};

/// The text, and what became of it when it was checked.
#[derive(Debug)]
pub(crate) struct Config {
    text: String,
    compiled: OnceCell<Compiled>,
}

/// Ready to be worked out, and the names it asks.
#[derive(Debug)]
struct Compiled {
    expression: Expression<Standard>,
    names: Box<[Name]>,
}

/// Nothing only when the configuration was not checked.
#[derive(Debug)]
pub(crate) struct Condition(Option<Compiled>);

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        Ok(Self { text, compiled: OnceCell::new() })
    }
}

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text.trim())
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        match judge::judge(&self.text, check.vocabulary()) {
            Ok(compiled) => _ = self.compiled.set(compiled),
            Err(wrong) => {
                let at = check.inside(at, &self.text, wrong.at);
                check.error(at, wrong.message, wrong.help);
            }
        }
    }

    pub fn build(self) -> Condition {
        Condition(self.compiled.into_inner())
    }
}

impl Condition {
    pub fn needs(&self) -> Needs {
        let names = self.0.iter().flat_map(|compiled| &compiled.names);
        names.fold(Needs::default(), |needs, name| needs | name.needs())
    }

    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        let compiled = self.0.as_ref()?;
        let scope = Scope::new(environment(&compiled.names, facts)?);
        let value = compiled.expression.evaluate_with_scope(&scope, &mut VM::new()).ok()?;
        (value.as_bool() == Some(true)).then(|| self.sees(facts).into())
    }

    /// The names it asks with their values, never what somebody wrote.
    pub fn sees(&self, facts: &Facts<'_>) -> String {
        let names = self.0.iter().flat_map(|compiled| &compiled.names);
        names.map(|name| name.shown(facts)).collect::<Vec<_>>().join(", ")
    }
}

/// The values of `names`, as an expression sees them; nothing when one was not looked up.
fn environment(names: &[Name], facts: &Facts<'_>) -> Option<Variable> {
    let mut root = VariableMap::with_capacity(names.len());
    let mut groups: Vec<(&'static str, VariableMap)> = Vec::new();
    for name in names {
        let value = name.value(facts)?;
        match name.group() {
            None => _ = root.insert_str(name.own(), value),
            Some(group) => {
                let at = groups.iter().position(|(known, _)| *known == group).unwrap_or_else(|| {
                    groups.push((group, VariableMap::new()));
                    groups.len() - 1
                });
                groups[at].1.insert_str(name.own(), value);
            }
        }
    }
    for (group, values) in groups {
        root.insert_str(group, Variable::from_object(values));
    }
    Some(Variable::from_object(root))
}

#[cfg(test)]
mod tests;
