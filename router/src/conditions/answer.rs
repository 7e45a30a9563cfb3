//! `answer: {fractie: [glas, textiel]}`: what was answered to the category's questions. Several
//! questions all have to be answered so; several answers to one question are alternatives. A question
//! that is answered with text may be asked for a number: `answer: {huisnummer: ">=100"}`.

use super::check_some;
use crate::{
    Facts,
    check::Check,
    range::{Range, number},
    yaml::{List, Pos},
};
use schemas::{city::AnswerType, report::Answers};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::{borrow::Cow, collections::BTreeMap};

/// Question to the answers that meet it.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Config(BTreeMap<String, Spanned<List>>);

#[derive(Debug)]
pub(crate) struct Condition(Box<[(String, Box<[Wanted]>)]>);

#[derive(Debug, PartialEq)]
enum Wanted {
    Is(String),
    Within(Range),
}

impl Wanted {
    fn read(text: &str) -> Self {
        match text.parse() {
            Ok(range) if Range::is_meant(text) => Self::Within(range),
            _ => Self::Is(text.to_owned()),
        }
    }

    fn text(&self, text: &str) -> bool {
        match self {
            Self::Is(wanted) => wanted == text,
            Self::Within(range) => number(text).is_some_and(|number| range.contains(number)),
        }
    }
}

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(question, list)| format!("{question}: {}", list.value)).collect();
        write!(f, "{{{}}}", parts.join(", "))
    }
}

impl Config {
    pub fn check(&self, at: Pos, check: &mut Check<'_>) {
        if self.0.is_empty() {
            check.error(
                at,
                "no question is named here",
                "write `answer: {question: answer}`, or leave the condition out",
            );
        }
        let city = check.city;
        for (id, list) in &self.0 {
            let at = crate::yaml::pos(list);
            check_some(&list.value, at, "answers", check);
            let Some(question) = city.question(id) else {
                check.known("question", id, at, city.questions.keys().map(String::as_str));
                continue;
            };
            for (answer, at) in list.value.items(at) {
                match question.answer {
                    AnswerType::Bool => {
                        check.known("answer to a yes-or-no question", answer, at, ["true", "false"].into_iter())
                    }
                    AnswerType::Choice | AnswerType::Multi => {
                        check.known("option of this question", answer, at, question.options.iter().map(String::as_str));
                    }
                    AnswerType::Text => {
                        if Range::is_meant(answer)
                            && let Err(wrong) = answer.parse::<Range>()
                        {
                            check.error(at, format!("`{answer}` is no range of numbers"), wrong.to_string());
                        }
                    }
                }
            }
        }
    }

    pub fn build(self) -> Condition {
        let questions = self.0.into_iter();
        Condition(questions.map(|(id, list)| (id, list.value.texts().map(Wanted::read).collect())).collect())
    }
}

/// Whether `value` is, or holds, one of `wanted`.
fn meets(value: &Value, wanted: &[Wanted]) -> bool {
    let is = |text: &str| wanted.iter().any(|w| w.text(text));
    match value {
        Value::String(text) => is(text),
        Value::Bool(yes) => is(if *yes { "true" } else { "false" }),
        Value::Number(number) => is(&number.to_string()),
        Value::Array(items) => items.iter().any(|item| meets(item, wanted)),
        Value::Null | Value::Object(_) => false,
    }
}

impl Condition {
    /// The questions it asks.
    pub fn questions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(id, _)| id.as_str())
    }

    /// Whether it holds whenever `other` does: it asks no more, and takes each answer that `other` takes.
    pub fn takes_all(&self, other: &Self) -> bool {
        let takes = |(id, wanted): &(String, Box<[Wanted]>)| {
            let theirs = other.0.iter().find(|(question, _)| question == id);
            theirs.is_some_and(|(_, theirs)| theirs.iter().all(|one| wanted.contains(one)))
        };
        self.0.iter().all(takes)
    }

    /// The answers to these questions, as far as the rule knows them already: free text may hold
    /// anything, so only what the rule itself writes is shown of it.
    fn shown(&self, answers: &Answers) -> String {
        let part = |(id, wanted): &(String, Box<[Wanted]>)| match answers.get(id) {
            None => format!("{id} was not answered"),
            Some(Value::String(text)) => match wanted.iter().find(|wanted| wanted.text(text)) {
                None => format!("{id} was answered otherwise"),
                Some(Wanted::Is(text)) => format!("{id}: {text}"),
                Some(Wanted::Within(range)) => format!("{id}: {range}"),
            },
            Some(value) => format!("{id}: {value}"),
        };
        self.0.iter().map(part).collect::<Vec<_>>().join(", ")
    }
}

impl Condition {
    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        let met = self.0.iter().all(|(id, wanted)| facts.answers.get(id).is_some_and(|value| meets(value, wanted)));
        met.then(|| Cow::Owned(self.shown(facts.answers)))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        self.shown(facts.answers)
    }
}
