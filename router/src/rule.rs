//! One rule: as its file writes it ([`RuleConfig`]), and ready to be asked ([`Rule`]).

use crate::{
    Facts, Needs,
    check::Check,
    conditions::{self, Clause, When},
    example::Example,
    yaml::{List, Pos, given, pos},
};
use schemas::{
    case::{Assignment, Reason, Role},
    city::{City, Term},
    report::{Kind, Urgency},
    slug::{CategoryId, DepartmentId, Slug},
};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::str::FromStr as _;

/// A rule as its file writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleConfig {
    rule: Spanned<String>,
    when: When,
    then: Spanned<Then>,
    #[serde(default)]
    examples: Vec<Example>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Then {
    #[serde(default, deserialize_with = "given")]
    assign: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    redirect: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    split: Option<Spanned<List>>,
    #[serde(default, deserialize_with = "given")]
    inform: Option<Spanned<List>>,
    #[serde(default, deserialize_with = "given")]
    on_call: Option<Spanned<List>>,
    #[serde(default, deserialize_with = "given")]
    priority: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    term: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    answer: Option<Spanned<String>>,
}

impl Then {
    fn lead(&self) -> Option<&Spanned<String>> {
        self.assign.as_ref().or(self.redirect.as_ref())
    }
}

fn departments(list: Option<Spanned<List>>) -> Vec<DepartmentId> {
    list.iter().flat_map(|list| list.value.texts()).filter_map(|id| Slug::new(id).ok()).collect()
}

impl RuleConfig {
    /// The name and where it stands.
    pub fn name(&self) -> (&str, Pos) {
        (&self.rule.value, pos(&self.rule))
    }

    /// Names everything that is wrong with this rule alone.
    pub fn check(&self, check: &mut Check<'_>) {
        let (name, at) = self.name();
        if Slug::new(name).is_err() {
            check.error(
                at,
                format!("`{name}` is not a name for a rule"),
                "use 1 to 60 of a-z, 0-9 and -, like `lamps-in-heule`",
            );
        } else if name == "fallback" {
            check.error(at, "`fallback` is what happens when no rule matches", "choose another name for this rule");
        }
        self.when.check(check);
        self.check_then(check);
        if self.examples.is_empty() {
            check.warn(
                at,
                format!("the rule `{name}` has no example"),
                "add `examples`: what is given, and what is expected",
            );
        }
        for example in &self.examples {
            example.check(check);
        }
    }

    fn check_then(&self, check: &mut Check<'_>) {
        let then = &self.then.value;
        match (&then.assign, &then.redirect) {
            (Some(_), Some(redirect)) => check.error(
                pos(redirect),
                "a rule has one lead: it cannot both assign and redirect",
                "keep `redirect` when people are sent there, `assign` when the city hands it over",
            ),
            (None, None) => check.error(
                pos(&self.then),
                "`assign` is missing",
                "add `assign:` with the department that does it, or `redirect:` with the one people are sent to",
            ),
            _ => {}
        }
        let lead = then.lead();
        if let Some(lead) = lead {
            check.department(&lead.value, pos(lead));
        }
        if let Some(redirect) = &then.redirect {
            check.redirects(&redirect.value, pos(redirect));
            if let Some(split) = &then.split {
                check.error(
                    pos(split),
                    "who is sent away cannot be helped by parts of the city",
                    "leave `split` out, or write `assign:` instead of `redirect:`",
                );
            }
        }
        let lead = lead.map(|lead| lead.value.as_str());
        let parts: Vec<&str> = then.split.iter().flat_map(|split| split.value.texts()).collect();
        for (id, at) in then.split.iter().flat_map(|split| split.value.items(pos(split))) {
            check.department(id, at);
            if Some(id) == lead {
                check.error(at, format!("`{id}` leads already"), "leave it out of `split`: the lead does its own part");
            } else if parts.iter().filter(|part| **part == id).count() > 1 {
                check.error(at, format!("`{id}` has two parts"), "name each department once");
            }
        }
        for (id, at) in then.inform.iter().flat_map(|inform| inform.value.items(pos(inform))) {
            check.department(id, at);
            check.informable(id, at);
            if Some(id) == lead {
                check.error(at, format!("`{id}` leads already"), "leave it out of `inform`");
            } else if parts.contains(&id) {
                check.error(at, format!("`{id}` does a part already"), "leave it out of `inform`");
            }
        }
        for (id, at) in then.on_call.iter().flat_map(|on_call| on_call.value.items(pos(on_call))) {
            check.department(id, at);
            check.reachable(id, at);
        }
        if let Some(priority) = &then.priority {
            check.known("priority", &priority.value, pos(priority), conditions::URGENCIES.into_iter());
        }
        if let Some(term) = &then.term
            && let Err(wrong) = Term::from_str(&term.value)
        {
            check.error(pos(term), format!("`{}` is not a term", term.value), wrong.to_string());
        }
        if let Some(answer) = &then.answer {
            check.article(&answer.value, pos(answer));
        }
    }

    /// Ready to be asked, and its examples; it stands at `line` of `file`. Only after a `check`
    /// without errors.
    pub fn build(self, file: &str, line: usize) -> Option<(Rule, Vec<Example>)> {
        let then = self.then.value;
        let assign = Slug::new(&then.lead()?.value).ok()?;
        let rule = Rule {
            name: self.rule.value,
            file: file.to_owned(),
            line,
            has_examples: !self.examples.is_empty(),
            clauses: self.when.build(),
            assign,
            split: departments(then.split),
            inform: departments(then.inform),
            on_call: departments(then.on_call),
            priority: then.priority.and_then(|priority| Urgency::parse(&priority.value)),
            term: then.term.and_then(|term| term.value.parse().ok()),
            answer: then.answer.and_then(|answer| Slug::new(&answer.value).ok()),
        };
        Some((rule, self.examples))
    }
}

/// A rule, ready to be asked.
#[derive(Debug)]
pub struct Rule {
    /// Its name, one of a kind in the city.
    pub name: String,
    /// The file it stands in, relative to the city folder.
    pub file: String,
    /// The line it starts at.
    pub line: usize,
    /// Who does the work, or whom people are sent to.
    pub assign: DepartmentId,
    /// Who does a part of it beside the lead.
    pub split: Vec<DepartmentId>,
    /// Who hears of it.
    pub inform: Vec<DepartmentId>,
    /// Whose person on call is telephoned now.
    pub on_call: Vec<DepartmentId>,
    /// How soon it is looked at; the report's urgency when the rule does not say.
    pub priority: Option<Urgency>,
    /// By when; the category's term when the rule does not say.
    pub term: Option<Term>,
    /// The article that answers it at once.
    pub answer: Option<Slug>,
    pub(crate) clauses: Vec<Clause>,
    pub(crate) has_examples: bool,
}

impl Rule {
    /// What has to be looked up before it can be asked.
    pub fn needs(&self) -> Needs {
        self.clauses.iter().fold(Needs::default(), |needs, clause| needs | clause.needs())
    }

    /// Whether a report of this category may match at all.
    pub(crate) fn admits_category(&self, category: &CategoryId) -> bool {
        self.clauses.iter().all(|clause| clause.admits_category(category))
    }

    /// Whether a report of this kind may match at all.
    pub(crate) fn admits_kind(&self, kind: Kind) -> bool {
        self.clauses.iter().all(|clause| clause.admits_kind(kind))
    }

    /// Whether every condition holds that the index has not answered already.
    pub(crate) fn holds_beyond_index(&self, facts: &Facts<'_>) -> bool {
        self.clauses.iter().all(|clause| clause.indexed() || clause.condition.holds(facts).is_some())
    }

    /// Whether every condition holds.
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        self.clauses.iter().all(|clause| clause.condition.holds(facts).is_some())
    }

    /// Each condition with the fact that meets it.
    pub(crate) fn reasons(&self, facts: &Facts<'_>) -> Vec<Reason> {
        let reason = |clause: &Clause| {
            let fact = clause.condition.holds(facts)?;
            Some(Reason { condition: clause.text.clone(), fact: fact.into_owned() })
        };
        self.clauses.iter().filter_map(reason).collect()
    }

    /// The article that answers these facts at once. Nobody in an emergency is sent an article, nor
    /// is anybody whom a department sent on, and an article that expired answers nobody.
    pub(crate) fn answer(&self, city: &City, facts: &Facts<'_>) -> Option<Slug> {
        let article = city.article(self.answer.as_ref()?)?;
        let in_time = article.is_valid(city.calendar.date(facts.at));
        let calm = facts.urgency != Urgency::Emergency && facts.rejected_by.is_empty();
        (in_time && calm).then(|| article.slug.clone())
    }

    /// Who does what; departments that said it is not theirs are left alone.
    pub(crate) fn assignments(&self, facts: &Facts<'_>) -> Vec<Assignment> {
        let others = |ids: &'_ [DepartmentId], role| -> Vec<Assignment> {
            let asked = ids.iter().filter(|id| !facts.rejected_by.contains(id));
            asked.map(|id| Assignment { department: id.clone(), role }).collect()
        };
        let mut all = vec![Assignment { department: self.assign.clone(), role: Role::Lead }];
        all.extend(others(&self.split, Role::Part));
        all.extend(others(&self.inform, Role::Informed));
        all
    }
}
