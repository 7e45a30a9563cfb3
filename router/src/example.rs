//! The examples of a rule: what is given, and what is expected. They are run through the whole
//! ruleset, so that they also show when another rule gets in the way.

use crate::{
    Facts, Rule, Ruleset, Term,
    check::Check,
    conditions::URGENCIES,
    decide::decide,
    yaml::{List, Pos, given, pos},
};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use schemas::{
    case::Decision,
    city::{Calendar, Category, City},
    report::{Answers, Kind, Language, Urgency},
    slug::{AreaId, CategoryId, Channel, DepartmentId, Slug},
};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;

/// A made-up report: what an example gives, or what somebody asks about on the command line.
#[derive(Debug, Clone)]
pub struct Situation {
    /// What it is about.
    pub category: CategoryId,
    /// What kind of matter.
    pub kind: Kind,
    /// The door it came through.
    pub channel: Channel,
    /// How urgent.
    pub urgency: Urgency,
    /// The resident's language.
    pub language: Language,
    /// The areas it lies in.
    pub areas: Vec<AreaId>,
    /// How many photos.
    pub photos: usize,
    /// Answers to the category's questions.
    pub answers: Answers,
    /// The resident's words.
    pub words: String,
    /// The moment.
    pub at: Timestamp,
    /// Departments that said it was not theirs.
    pub rejected_by: Vec<DepartmentId>,
}

impl Situation {
    /// A plain report in `category`, during office hours, of the category's own kind and urgency,
    /// with nothing else known.
    ///
    /// # Panics
    /// Never: `web` is a channel.
    pub fn new(category: &Category, city: &City) -> Self {
        Self {
            category: category.id.clone(),
            kind: category.kind,
            channel: Slug::new("web").expect("`web` is a slug"),
            urgency: category.urgency,
            language: city.languages.first().copied().unwrap_or_default(),
            areas: Vec::new(),
            photos: 0,
            answers: Answers::new(),
            words: String::new(),
            at: plain_moment(&city.calendar),
            rejected_by: Vec::new(),
        }
    }

    /// What a decision may look at.
    pub fn facts<'a>(&'a self, city: &'a City) -> Facts<'a> {
        Facts::of_situation(self, city)
    }
}

/// Halfway through office hours of the first working day from Wednesday 4 March 2026: an example
/// that says nothing about time means an ordinary moment.
fn plain_moment(calendar: &Calendar) -> Timestamp {
    let start = Date::new(2026, 3, 4).unwrap_or(Date::ZERO);
    let day =
        start.series(jiff::Span::new().days(1)).take(30).find(|day| calendar.is_working_day(*day)).unwrap_or(start);
    let minute = u32::midpoint(calendar.office_minutes.0, calendar.office_minutes.1).min(1_439);
    let (hour, minute) = ((minute / 60) as i8, (minute % 60) as i8);
    moment(day.at(hour, minute, 0, 0), &calendar.zone).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn moment(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    local.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

/// A moment as an example writes it: with an offset, or on the city's own clock.
fn read_moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| moment(text.parse::<DateTime>().ok()?, zone))
}

/// One example.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    given: Given,
    expect: Expect,
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
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    assign: Spanned<String>,
    #[serde(default, deserialize_with = "given")]
    inform: Option<Spanned<List>>,
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
        let (given, expect, city) = (&self.given, &self.expect, check.city);
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
        check.department(&expect.assign.value, pos(&expect.assign));
        for (department, at) in items(expect.inform.as_ref()).chain(items(given.rejected_by.as_ref())) {
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
        let expect = &self.expect;
        let lead = decision.lead().map_or("", |id| id.as_str());
        differs("assign", pos(&expect.assign), &expect.assign.value, lead);
        if let Some(name) = &expect.rule {
            differs("rule", pos(name), &name.value, &decision.rule);
        }
        if let Some(answer) = &expect.answer {
            differs("answer", pos(answer), &answer.value, decision.answer.as_deref().unwrap_or("none"));
        }
        if let Some(inform) = &expect.inform {
            let sorted = |ids: BTreeSet<&str>| ids.into_iter().collect::<Vec<_>>().join(", ");
            let informed = decision.informed();
            differs(
                "inform",
                pos(inform),
                &sorted(inform.value.texts().collect()),
                &sorted(informed.iter().map(|id| id.as_str()).collect()),
            );
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
