//! The conditions of a rule. Each is one file with the same four words: `Config` (how the rule
//! writes it), `check` (names what is wrong), `build`, and `holds` (the fact that meets it, or
//! nothing). A new condition is a file here and one line in the registry below.

mod all;
mod answer;
mod any;
mod area;
mod category;
mod channel;
mod expression;
mod green_manager;
mod holiday;
mod kind;
mod language;
mod load;
mod manager;
mod not;
mod office_hours;
mod photo;
mod reporter;
mod road_manager;
mod time;
mod urgency;
mod watercourse_manager;
mod weekday;
mod words;

use crate::{
    Facts, Needs, Tried,
    check::Check,
    yaml::{Pos, given, pos},
};
use schemas::{report::Kind, slug::CategoryId};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::borrow::Cow;

pub(crate) use expression::Vocabulary;
pub(crate) use manager::check_owner;
pub(crate) use reporter::TRAITS;
pub(crate) use urgency::ALL as URGENCIES;

/// A condition of a rule, with the words the rule has for it.
#[derive(Debug)]
pub(crate) struct Clause {
    /// `category: wegen/*`.
    pub text: String,
    pub condition: Condition,
}

macro_rules! registry {
    ($($name:ident: $variant:ident),* $(,)?) => {
        /// What a rule writes under `when`: all of it has to hold.
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct When {
            $(#[serde(default, deserialize_with = "given")] $name: Option<Spanned<$name::Config>>,)*
        }

        /// A condition, ready to be asked.
        #[derive(Debug)]
        pub(crate) enum Condition {
            $($variant($name::Condition),)*
        }

        impl When {
            /// Every condition, as rules write it.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];

            /// Names everything that is wrong.
            pub fn check(&self, check: &mut Check<'_>) {
                $(if let Some(config) = &self.$name {
                    config.value.check(pos(config), check);
                })*
            }

            /// Ready to be asked, in the order of the registry. Only after a `check` without errors.
            pub fn build(self) -> Vec<Clause> {
                let mut clauses = Vec::new();
                $(if let Some(config) = self.$name {
                    let text = format!(concat!(stringify!($name), ": {}"), config.value);
                    clauses.push(Clause { text, condition: Condition::$variant(config.value.build()) });
                })*
                clauses
            }

            /// How many conditions are written here.
            pub fn len(&self) -> usize {
                [$(self.$name.is_some()),*].into_iter().filter(|there| *there).count()
            }

            fn texts(&self) -> Vec<String> {
                let mut texts = Vec::new();
                $(if let Some(config) = &self.$name {
                    texts.push(format!(concat!(stringify!($name), ": {}"), config.value));
                })*
                texts
            }
        }

        impl Condition {
            /// The fact that meets this condition, or nothing when it does not hold.
            pub fn holds<'f>(&'f self, facts: &'f Facts<'_>) -> Option<Cow<'f, str>> {
                match self {
                    $(Self::$variant(condition) => condition.holds(facts),)*
                }
            }

            /// What the condition looked at, for whoever asks why it does not hold.
            pub fn sees(&self, facts: &Facts<'_>) -> String {
                match self {
                    $(Self::$variant(condition) => condition.sees(facts),)*
                }
            }
        }
    };
}

// In the order they are asked and shown: what is cheap and tells most first.
registry! {
    category: Category,
    kind: Kind,
    channel: Channel,
    urgency: Urgency,
    area: Area,
    answer: Answer,
    photo: Photo,
    language: Language,
    reporter: Reporter,
    load: Load,
    office_hours: OfficeHours,
    holiday: Holiday,
    weekday: Weekday,
    time: Time,
    road_manager: RoadManager,
    green_manager: GreenManager,
    watercourse_manager: WatercourseManager,
    words: Words,
    expression: Expression,
    all: All,
    any: Any,
    not: Not,
}

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{{{}}}", self.texts().join(", "))
    }
}

impl Condition {
    /// What it names, any of which is enough, if it is such a condition.
    pub fn names(&self) -> Option<Vec<String>> {
        Some(match self {
            Self::Category(condition) => condition.names(),
            Self::Kind(condition) => condition.names(),
            Self::Channel(condition) => condition.names(),
            Self::Urgency(condition) => condition.names(),
            Self::Area(condition) => condition.names(),
            Self::Language(condition) => condition.names(),
            Self::Reporter(condition) => condition.names(),
            Self::Weekday(condition) => condition.names(),
            Self::RoadManager(condition) => condition.names(),
            Self::GreenManager(condition) => condition.names(),
            Self::WatercourseManager(condition) => condition.names(),
            Self::Words(condition) => condition.names(),
            _ => return None,
        })
    }

    /// The conditions inside it, of `all`, `any` and `not`.
    fn inside(&self) -> impl Iterator<Item = &Clause> {
        let branches: &[Vec<Clause>] = match self {
            Self::All(all) => std::slice::from_ref(all.clauses()),
            Self::Any(any) => any.clauses(),
            Self::Not(not) => std::slice::from_ref(not.clauses()),
            _ => &[],
        };
        branches.iter().flatten()
    }
}

impl Clause {
    /// What has to be looked up before this can be asked.
    pub fn needs(&self) -> Needs {
        let own = match &self.condition {
            Condition::Reporter(_) => Needs { reporter: true, ..Needs::default() },
            Condition::Load(_) => Needs { load: true, ..Needs::default() },
            Condition::Expression(expression) => expression.needs(),
            _ => Needs::default(),
        };
        self.condition.inside().fold(own, |needs, clause| needs | clause.needs())
    }

    /// Whether this condition holds, what it looked at, and the same of its parts.
    pub fn tried(&self, facts: &Facts<'_>) -> Tried {
        let fact = self.condition.holds(facts);
        let parts = match &self.condition {
            Condition::All(all) => all.branches(facts),
            Condition::Any(any) => any.branches(facts),
            Condition::Not(not) => not.branches(facts),
            _ => Vec::new(),
        };
        Tried {
            condition: self.text.clone(),
            held: fact.is_some(),
            fact: fact.map_or_else(|| self.condition.sees(facts), Cow::into_owned),
            parts,
        }
    }

    /// Whether the index already answers this condition, so that it need not be asked again.
    pub fn indexed(&self) -> bool {
        matches!(self.condition, Condition::Category(_) | Condition::Kind(_))
    }

    /// Whether a report of this category may meet this condition.
    pub fn admits_category(&self, category: &CategoryId) -> bool {
        match &self.condition {
            Condition::Category(condition) => condition.admits(category).is_some(),
            _ => true,
        }
    }

    /// Whether a report of this kind may meet this condition.
    pub fn admits_kind(&self, kind: Kind) -> bool {
        match &self.condition {
            Condition::Kind(condition) => condition.admits(kind),
            _ => true,
        }
    }
}

/// All clauses hold: the facts that met them, joined.
fn every<'f>(clauses: &'f [Clause], facts: &'f Facts<'_>) -> Option<Cow<'f, str>> {
    if let [one] = clauses {
        return one.condition.holds(facts);
    }
    let met = clauses.iter().map(|clause| clause.condition.holds(facts)).collect::<Option<Vec<_>>>()?;
    Some(Cow::Owned(met.join(", ")))
}

/// The facts behind clauses that do not all hold.
fn seen(clauses: &[Clause], facts: &Facts<'_>) -> String {
    clauses
        .iter()
        .filter(|clause| clause.condition.holds(facts).is_none())
        .map(|clause| clause.condition.sees(facts))
        .collect::<Vec<_>>()
        .join(", ")
}

fn tried_all(clauses: &[Clause], facts: &Facts<'_>) -> Vec<Tried> {
    clauses.iter().map(|clause| clause.tried(facts)).collect()
}

/// Checks that a list names at least one thing.
fn check_some(list: &crate::yaml::List, at: Pos, what: &str, check: &mut Check<'_>) {
    if list.is_empty() {
        check.error(
            at,
            format!("this list of {what} is empty, so the rule never matches"),
            "name at least one, or leave the condition out",
        );
    }
}

#[cfg(test)]
mod tests;
