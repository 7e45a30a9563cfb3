//! `answer: {fractie: [glas, textiel]}`: what was answered to the category's questions. Several
//! questions all have to be answered so; several answers to one question are alternatives.

use super::check_some;
use crate::{
    Facts,
    check::Check,
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
pub(crate) struct Condition(Box<[(String, Box<[String]>)]>);

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
                    AnswerType::Text => {}
                }
            }
        }
    }

    pub fn build(self) -> Condition {
        let questions = self.0.into_iter();
        Condition(questions.map(|(id, list)| (id, list.value.texts().map(str::to_owned).collect())).collect())
    }
}

/// Whether `value` is, or holds, one of `wanted`.
fn meets(value: &Value, wanted: &[String]) -> bool {
    let is = |text: &str| wanted.iter().any(|w| w == text);
    match value {
        Value::String(text) => is(text),
        Value::Bool(yes) => is(if *yes { "true" } else { "false" }),
        Value::Number(number) => is(&number.to_string()),
        Value::Array(items) => items.iter().any(|item| meets(item, wanted)),
        Value::Null | Value::Object(_) => false,
    }
}

/// The answers to these questions as a person writes them; only options and yes or no are shown,
/// free text may hold anything.
fn shown<'q>(answers: &Answers, questions: impl Iterator<Item = (&'q str, bool)>) -> String {
    let part = |(id, met): (&str, bool)| match answers.get(id) {
        None => format!("{id} was not answered"),
        Some(Value::String(_)) if !met => format!("{id} was answered otherwise"),
        Some(Value::String(text)) => format!("{id}: {text}"),
        Some(value) => format!("{id}: {value}"),
    };
    questions.map(part).collect::<Vec<_>>().join(", ")
}

impl Condition {
    pub fn holds(&self, facts: &Facts<'_>) -> Option<Cow<'static, str>> {
        let met = self.0.iter().all(|(id, wanted)| facts.answers.get(id).is_some_and(|value| meets(value, wanted)));
        met.then(|| Cow::Owned(shown(facts.answers, self.0.iter().map(|(id, _)| (id.as_str(), true)))))
    }

    pub fn sees(&self, facts: &Facts<'_>) -> String {
        let met = |id: &str, wanted: &[String]| facts.answers.get(id).is_some_and(|value| meets(value, wanted));
        shown(facts.answers, self.0.iter().map(|(id, wanted)| (id.as_str(), met(id, wanted))))
    }
}
