//! The examples of a rule: what is given, and what is expected. They are run through the whole
//! ruleset, so that they also show when another rule gets in the way.

use crate::{
    Facts, Rule, Ruleset, Situation,
    check::Check,
    conditions::{TRAITS, URGENCIES, check_owner},
    decide::decide,
    situation::read_moment,
    yaml::{List, Pos, given, pos},
};
use jiff::civil::Date;
use schemas::{
    case::{Decision, Role},
    city::{City, Layer, Term},
    report::{Answers, Kind, Language, Urgency},
    slug::{DepartmentId, Slug},
};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};

/// One example.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    given: Given,
    expect: Spanned<Expect>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    category: Spanned<String>,
    #[serde(default, deserialize_with = "given")]
    kind: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    channel: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    urgency: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    language: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    area: Option<Spanned<List>>,
    #[serde(default)]
    photos: usize,
    #[serde(default)]
    answers: Answers,
    #[serde(default)]
    words: String,
    #[serde(default, deserialize_with = "given")]
    at: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    rejected_by: Option<Spanned<List>>,
    #[serde(default, deserialize_with = "given")]
    road_manager: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    green_manager: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    watercourse_manager: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    reporter: Option<Spanned<List>>,
    #[serde(default)]
    load: BTreeMap<String, Spanned<u64>>,
}

impl Given {
    fn managers(&self) -> [(Layer, Option<&Spanned<String>>); Layer::ALL.len()] {
        let given = [&self.road_manager, &self.green_manager, &self.watercourse_manager];
        std::array::from_fn(|layer| (Layer::ALL[layer], given[layer].as_ref()))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
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
    rule: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    answer: Option<Spanned<String>>,
}

impl Example {
    /// Names everything that is wrong with how the example is written.
    pub fn check(&self, check: &mut Check<'_>) {
        let (given, expect, city) = (&self.given, &self.expect.value, check.city);
        check.known(
            "category",
            &given.category.value,
            pos(&given.category),
            city.categories.iter().map(|c| c.id.as_str()),
        );
        if let Some(kind) = &given.kind {
            check.known("kind", &kind.value, pos(kind), Kind::ALL.into_iter().map(Kind::as_str));
        }
        if let Some(channel) = &given.channel
            && let Err(wrong) = Slug::new(&channel.value)
        {
            check.error(pos(channel), wrong.to_string(), "a channel is written like `web`");
        }
        for urgency in [&given.urgency, &expect.priority].into_iter().flatten() {
            check.known("urgency", &urgency.value, pos(urgency), URGENCIES.into_iter());
        }
        if let Some(language) = &given.language {
            check.known("language", &language.value, pos(language), city.languages.iter().map(|l| l.as_str()));
        }
        for (area, at) in items(given.area.as_ref()) {
            check.area(area, at);
        }
        for id in given.answers.keys().filter(|id| city.question(id).is_none()) {
            check.known("question", id, pos(&given.category), city.questions.keys().map(String::as_str));
        }
        if let Some(at) = &given.at
            && read_moment(&at.value, &city.calendar.zone).is_none()
        {
            check.error(
                pos(at),
                format!("`{}` is not a moment", at.value),
                "write it like `2026-11-11 23:00`, on the city's clock",
            );
        }
        for (layer, owner) in given.managers() {
            if let Some(owner) = owner {
                check_owner(layer, &owner.value, pos(owner), check);
            }
        }
        for (name, at) in items(given.reporter.as_ref()) {
            check.known("trait of a reporter", name, at, TRAITS.into_iter().map(|(name, ..)| name));
        }
        for (department, open) in &given.load {
            check.department(department, pos(open));
        }
        for lead in [&expect.assign, &expect.redirect].into_iter().flatten() {
            check.department(&lead.value, pos(lead));
        }
        if let Some(redirect) = &expect.redirect {
            check.redirects(&redirect.value, pos(redirect));
        }
        if expect.assign.is_none() && expect.redirect.is_none() && expect.rule.is_none() {
            check.error(
                pos(&self.expect),
                "this example does not say who leads",
                "write `assign:` or `redirect:` with the department that should",
            );
        }
        let lists = [&expect.split, &expect.inform, &expect.on_call, &given.rejected_by];
        for (department, at) in lists.into_iter().flat_map(|list| items(list.as_ref())) {
            check.department(department, at);
        }
        if let Some(answer) = &expect.answer
            && answer.value != "none"
        {
            check.article(&answer.value, pos(answer));
        }
        if let Some(term) = &expect.term
            && term.value != "none"
            && term.value.parse::<Term>().is_err()
        {
            check.error(
                pos(term),
                format!("`{}` is not a term", term.value),
                "write `10wd` (working days), `14d` (days) or `none`",
            );
        }
    }

    fn situation(&self, city: &City) -> Option<Situation> {
        let given = &self.given;
        let mut situation = Situation::new(city.category(&given.category.value)?, city);
        let raised =
            |id: &String, value: &serde_json::Value| *value == true && city.question(id).is_some_and(|q| q.raises);
        if given.answers.iter().any(|(id, value)| raised(id, value)) {
            situation.urgency = Urgency::Emergency;
        }
        let text = |part: &Option<Spanned<String>>| part.as_ref().map(|spanned| spanned.value.clone());
        if let Some(kind) = text(&given.kind) {
            situation.kind = Kind::parse(&kind)?;
        }
        if let Some(channel) = text(&given.channel) {
            situation.channel = Slug::new(&channel).ok()?;
        }
        if let Some(urgency) = text(&given.urgency) {
            situation.urgency = Urgency::parse(&urgency)?;
        }
        if let Some(language) = text(&given.language) {
            situation.language = Language::parse(&language)?;
        }
        if let Some(at) = text(&given.at) {
            situation.at = read_moment(&at, &city.calendar.zone)?;
        }
        situation.areas = items(given.area.as_ref()).filter_map(|(id, _)| Slug::new(id).ok()).collect();
        situation.rejected_by = items(given.rejected_by.as_ref()).filter_map(|(id, _)| Slug::new(id).ok()).collect();
        for (layer, owner) in given.managers() {
            situation.owners[layer as usize] = owner.and_then(|owner| Slug::new(&owner.value).ok());
        }
        situation.reporter.staff = city.staff_channels.contains(&situation.channel);
        for (name, _) in items(given.reporter.as_ref()) {
            let reporter = &mut situation.reporter;
            match name {
                "named" => reporter.name = true,
                "email" => reporter.email = true,
                "phone" => reporter.phone = true,
                "told" => reporter.told = true,
                "staff" => reporter.staff = true,
                "resident" => reporter.staff = false,
                // Nobody has said who they are until one of the others says so.
                _ => {}
            }
        }
        let load = given.load.iter();
        situation.load = load.filter_map(|(id, open)| Some((Slug::new(id).ok()?, open.value))).collect();
        situation.photos = given.photos;
        situation.answers.clone_from(&given.answers);
        situation.words.clone_from(&given.words);
        Some(situation)
    }

    /// Runs the example through all rules and names what came out otherwise than expected. Returns
    /// the name of the rule that decided. Only after a `check` without errors.
    pub fn run(&self, rule: &Rule, ruleset: &Ruleset, check: &mut Check<'_>) -> Option<String> {
        let city = check.city;
        let situation = self.situation(city)?;
        let facts = situation.facts(city);
        let decision = decide(ruleset, city, &facts);
        let help = why_not(rule, &decision, &facts);
        let mut differs = |what: &str, at: Pos, expected: &str, got: &str| {
            if expected != got {
                let by = &decision.rule;
                check.error(
                    at,
                    format!("this example expects {what} `{expected}`, but `{by}` gives `{got}`"),
                    help.clone(),
                );
            }
        };
        let expect = &self.expect.value;
        let lead = decision.lead().map_or("", |id| id.as_str());
        for (what, expected) in [("assign", &expect.assign), ("redirect", &expect.redirect)] {
            if let Some(expected) = expected {
                differs(what, pos(expected), &expected.value, lead);
            }
        }
        if let Some(name) = &expect.rule {
            differs("rule", pos(name), &name.value, &decision.rule);
        }
        if let Some(answer) = &expect.answer {
            differs("answer", pos(answer), &answer.value, decision.answer.as_deref().unwrap_or("none"));
        }
        for (what, expected, got) in [
            ("split", &expect.split, decision.with_role(Role::Part)),
            ("inform", &expect.inform, decision.informed()),
            ("on_call", &expect.on_call, decision.on_call.clone()),
        ] {
            if let Some(expected) = expected {
                let sorted = |ids: BTreeSet<&str>| ids.into_iter().collect::<Vec<_>>().join(", ");
                differs(
                    what,
                    pos(expected),
                    &sorted(expected.value.texts().collect()),
                    &sorted(got.iter().map(DepartmentId::as_str).collect()),
                );
            }
        }
        if let Some(priority) = &expect.priority {
            differs("priority", pos(priority), &priority.value, decision.priority.as_str());
        }
        if let Some(term) = &expect.term {
            let day = |date: Option<Date>| date.map_or("none".to_owned(), |date| date.to_string());
            let due = term.value.parse::<Term>().ok().map(|term| term.due(&city.calendar, facts.at));
            if due != decision.due_on {
                differs("a term that ends on", pos(term), &day(due), &day(decision.due_on));
            }
        }
        Some(decision.rule)
    }
}

fn items(list: Option<&Spanned<List>>) -> impl Iterator<Item = (&str, Pos)> {
    list.into_iter().flat_map(|list| list.value.items(pos(list)))
}

/// What to look at when an example of `rule` came out otherwise.
fn why_not(rule: &Rule, decision: &Decision, facts: &Facts<'_>) -> String {
    let failed: Vec<String> = rule
        .clauses
        .iter()
        .filter(|clause| clause.condition.holds(facts).is_none())
        .map(|clause| format!("`{}` does not hold ({})", clause.text, clause.condition.sees(facts)))
        .collect();
    if !failed.is_empty() {
        format!("in `{}` {}: correct the rule or the example", rule.name, failed.join(" and "))
    } else if decision.rule == rule.name {
        "correct the rule or the example".to_owned()
    } else if facts.rejected_by.contains(&rule.assign) {
        format!("`{}` is not used here because {} said it is not theirs", rule.name, rule.assign)
    } else {
        format!("`{}` comes before `{}` and matches too: put the narrower rule first", decision.rule, rule.name)
    }
}
