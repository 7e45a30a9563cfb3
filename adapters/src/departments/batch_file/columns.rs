//! What a dispatch has under each name that a column may ask for.

use crate::departments::informed;
use schemas::{
    city::{City, in_language},
    dispatch::Dispatch,
    report::Language,
};
use serde_json::Value;

/// Every name, besides `answer.<question>`, in the order of a file whose columns were left out.
pub const NAMES: [&str; 25] = [
    "dispatch",
    "reference",
    "role",
    "kind",
    "category",
    "category_name",
    "words",
    "address",
    "latitude",
    "longitude",
    "answers",
    "photos",
    "priority",
    "due_on",
    "received_at",
    "language",
    "channel",
    "rule",
    "news",
    "news_text",
    "first",
    "their_number",
    "name",
    "email",
    "phone",
];

/// What begins the name of one answer.
pub const ANSWER: &str = "answer.";

/// Whether a column may ask for `name`.
pub fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || name.strip_prefix(ANSWER).is_some_and(|question| !question.is_empty())
}

/// Whether `name` says who reported.
pub fn is_personal(name: &str) -> bool {
    matches!(name, "name" | "email" | "phone")
}

/// A dispatch as it goes into a file.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The city.
    pub city: &'a City,
    /// The dispatch; with who reported, where the department may know, and with photos that open by
    /// their address alone.
    pub dispatch: &'a Dispatch,
    /// The department's own number of the case, if it told one.
    pub number: Option<&'a str>,
}

impl Known<'_> {
    /// What stands under `name`; empty when there is nothing.
    pub fn value(&self, name: &str) -> String {
        self.find(name).unwrap_or_default()
    }

    fn find(&self, name: &str) -> Option<String> {
        let dispatch = self.dispatch;
        let (point, again, contact) = (dispatch.place.point, dispatch.again.as_ref(), dispatch.contact.as_ref());
        Some(match name {
            "dispatch" => dispatch.id.to_string(),
            "reference" => dispatch.reference.to_string(),
            "role" => word(&dispatch.role),
            "kind" => word(&dispatch.kind),
            "category" => dispatch.category.to_string(),
            "category_name" => in_language(&self.city.category(&dispatch.category)?.names, self.language()).to_owned(),
            "words" => informed::before(self.city, dispatch, &dispatch.words),
            "address" => dispatch.place.readable()?.to_owned(),
            "latitude" => format!("{:.6}", point?.lat),
            "longitude" => format!("{:.6}", point?.lon),
            "answers" => self.answers(),
            "photos" => dispatch.photos.join("\n"),
            "priority" => word(&dispatch.priority),
            "due_on" => dispatch.due_on?.to_string(),
            "received_at" => dispatch.received_at.to_string(),
            "language" => dispatch.language.as_str().to_owned(),
            "channel" => dispatch.channel.to_string(),
            "rule" => dispatch.rule.clone(),
            "news" => word(&again?.why),
            "news_text" => again?.text.clone()?,
            "first" => again?.first.to_string(),
            "their_number" => self.number?.to_owned(),
            "name" => contact?.name.clone()?,
            "email" => contact?.email.clone()?,
            "phone" => contact?.phone.clone()?,
            other => {
                let question = other.strip_prefix(ANSWER)?;
                self.answer(question, dispatch.answers.get(question)?)
            }
        })
    }

    fn language(&self) -> Language {
        self.city.languages.first().copied().unwrap_or_default()
    }

    fn answers(&self) -> String {
        let line = |(id, value): (&String, &Value)| {
            let asked = self.city.question(id).map(|question| in_language(&question.texts, self.language()));
            format!("{} {}", asked.unwrap_or(id), self.answer(id, value))
        };
        self.dispatch.answers.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn answer(&self, question: &str, value: &Value) -> String {
        let names = self.city.question(question).map(|question| &question.option_names);
        let option = |id: &str| {
            let names = names.and_then(|names| names.get(id));
            names.map_or_else(|| id.to_owned(), |names| in_language(names, self.language()).to_owned())
        };
        match value {
            Value::String(text) => option(text),
            Value::Array(several) => {
                several.iter().filter_map(Value::as_str).map(option).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        }
    }
}

/// A word as it stands in JSON.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
