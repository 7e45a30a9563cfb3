//! What each kind of matter has of its own. There is one engine for all of them; the kind picks clock, rights and
//! visibility.

use super::{City, Term, Texts, in_language};
use crate::{
    report::{Kind, Language, Report},
    slug::DepartmentId,
};
use std::collections::BTreeMap;

/// What a kind of matter has of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct KindPolicy {
    /// Whether others may know of one, where its category is public. Of a complaint they never may.
    pub public: bool,
    /// Who handles it in the place of the department that it is about.
    pub handler: Option<DepartmentId>,
    /// By when whoever sent it is told that somebody has taken it on; nobody promises that when `None`.
    pub acknowledge: Option<Term>,
    /// By when it is to be solved, where neither the rule nor the category says.
    pub term: Option<Term>,
    /// So many working days a department may be silent about it; 0: for ever. `None`: as the department may.
    pub silent: Option<u32>,
    /// Whether "solved" can be contested.
    pub contest: bool,
    /// Where somebody goes who is not content with how it ended.
    pub second_line: Option<SecondLine>,
}

/// An independent body that looks at what the city did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondLine {
    /// Its name.
    pub names: Texts,
    /// Its telephone number.
    pub phone: Option<String>,
    /// The address of its website.
    pub web: Option<String>,
}

impl SecondLine {
    /// Its name in `language`.
    pub fn name(&self, language: Language) -> &str {
        in_language(&self.names, language)
    }
}

impl KindPolicy {
    /// What a kind has when the city says nothing of it.
    pub const fn of(kind: Kind) -> Self {
        Self {
            public: !matches!(kind, Kind::Complaint),
            handler: None,
            acknowledge: None,
            term: None,
            silent: None,
            contest: true,
            second_line: None,
        }
    }
}

/// What every kind of matter has of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Kinds(BTreeMap<Kind, KindPolicy>);

impl Default for Kinds {
    fn default() -> Self {
        Self(Kind::ALL.into_iter().map(|kind| (kind, KindPolicy::of(kind))).collect())
    }
}

impl Kinds {
    /// What `kind` has of its own.
    pub fn of(&self, kind: Kind) -> &KindPolicy {
        &self.0[&kind]
    }

    /// Says anew what `kind` has of its own. A complaint stays confidential.
    pub fn put(&mut self, kind: Kind, policy: KindPolicy) {
        self.0.insert(kind, KindPolicy { public: policy.public && kind != Kind::Complaint, ..policy });
    }

    /// The kinds that others may never know of.
    pub fn private(&self) -> Vec<Kind> {
        self.0.iter().filter(|(_, policy)| !policy.public).map(|(kind, _)| *kind).collect()
    }
}

impl City {
    /// What the kind of `report` has of its own.
    pub fn policy(&self, report: &Report) -> &KindPolicy {
        self.kinds.of(report.kind)
    }
}
