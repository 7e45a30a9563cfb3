//! What the case has under each name that a field of a form may ask for.

use super::words::Words;
use crate::departments::informed;
use schemas::{
    city::{AnswerType, City, Question, in_language},
    dispatch::AgainWhy,
    report::{Contact, Language, Report},
    spoken,
    task::{Body, Field, Holds, Task},
};
use serde_json::Value;

/// Every name, besides `answer.<question>`.
pub const NAMES: [&str; 20] = [
    "reference",
    "kind",
    "category",
    "words",
    "place",
    "address",
    "latitude",
    "longitude",
    "coordinates",
    "answers",
    "photos",
    "priority",
    "due_on",
    "received_on",
    "language",
    "name",
    "email",
    "phone",
    "news",
    "their_number",
];

/// What begins the name of one answer.
pub const ANSWER: &str = "answer.";

/// Those that say who reported.
const PERSONAL: [&str; 3] = ["name", "email", "phone"];

/// Whether a field may ask for `name`.
pub fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || name.strip_prefix(ANSWER).is_some_and(|question| !question.is_empty())
}

/// Whether `name` says who reported.
pub fn is_personal(name: &str) -> bool {
    PERSONAL.contains(&name)
}

/// Everything a form may ask for, by our own names in the city's language.
pub fn usual(city: &City) -> Vec<Field> {
    const USUAL: [&str; 13] = [
        "reference",
        "category",
        "words",
        "place",
        "coordinates",
        "answers",
        "photos",
        "due_on",
        "news",
        "their_number",
        "name",
        "email",
        "phone",
    ];
    let words = Words::of(city);
    let field = |name: &str| Field { label: words.label(name).to_owned(), holds: Holds::Value(name.to_owned()) };
    USUAL.into_iter().map(field).collect()
}

/// What somebody who tells a resident something has to know of the case.
pub fn about(city: &City) -> Vec<Field> {
    usual(city).into_iter().take(4).collect()
}

/// What a task is about, as its operator may see it.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub city: &'a City,
    pub task: &'a Task,
    pub report: &'a Report,
    /// Only where the department may know.
    pub contact: Option<&'a Contact>,
    /// Addresses of the photos.
    pub photos: &'a [String],
    /// What the resident said since, oldest first.
    pub added: &'a [String],
}

impl Known<'_> {
    /// What the case has under `name`; nothing when it has none.
    pub fn value(&self, name: &str) -> Option<String> {
        let (report, language) = (self.report, self.language());
        let point = report.place.point;
        let value = match name {
            "reference" => report.reference.to_string(),
            "kind" => self.words().kind(report.kind).to_owned(),
            "category" => self.category(),
            "words" => self.words_to_copy(),
            "place" => report.place.line(),
            "address" => report.place.readable()?.to_owned(),
            "latitude" => format!("{:.6}", point?.lat),
            "longitude" => format!("{:.6}", point?.lon),
            "coordinates" => point.map(|point| format!("{:.6}, {:.6}", point.lat, point.lon))?,
            "answers" => self.answers(),
            "photos" => self.photos.join("\n"),
            "priority" => self.words().priority(self.body().priority).to_owned(),
            "due_on" => spoken::day(&self.city.further, language, self.body().due_on?),
            "received_on" => spoken::day(&self.city.further, language, self.city.calendar.date(report.received_at)),
            "language" => report.language.as_str().to_owned(),
            "name" => self.contact?.name.clone()?,
            "email" => self.contact?.email.clone()?,
            "phone" => self.contact?.phone.clone()?,
            "news" => self.news()?,
            "their_number" => self.body().again.as_ref()?.receipt.clone()?,
            other => {
                let question = other.strip_prefix(ANSWER)?;
                self.answer(question, report.answers.get(question)?)
            }
        };
        Some(value).filter(|value| !value.is_empty())
    }

    fn body(&self) -> &Body {
        &self.task.body
    }

    pub fn language(&self) -> Language {
        self.city.languages.first().copied().unwrap_or_default()
    }

    pub fn words(&self) -> Words {
        Words::of(self.city)
    }

    /// The name of the category, in the city's language.
    pub fn category(&self) -> String {
        let id = &self.report.category;
        let known = self.city.category(id).map(|category| in_language(&category.names, self.language()).to_owned());
        known.unwrap_or_else(|| id.to_string())
    }

    /// What the resident wrote; all of it, when the department reads of it for the first time.
    pub fn words_of_resident(&self) -> String {
        let added = if self.body().again.is_some() { &[][..] } else { self.added };
        let all: Vec<&str> = std::iter::once(&self.report.words).chain(added).map(String::as_str).collect();
        all.join("\n\n").trim().to_owned()
    }

    /// The same, as the department reads it.
    fn words_to_copy(&self) -> String {
        let words = self.words_of_resident();
        if self.body().informed { format!("{}\n\n{words}", informed::said(self.language())) } else { words }
    }

    /// What is new since the department had it.
    pub fn news(&self) -> Option<String> {
        let again = self.body().again.as_ref()?;
        let why = self.words().again(again.why);
        let said = match again.why {
            AgainWhy::Reminder | AgainWhy::Recategorised | AgainWhy::Merged | AgainWhy::Split => again.text.as_ref(),
            AgainWhy::Reopened | AgainWhy::Replied => self.added.last(),
        };
        Some(said.map_or_else(|| why.to_owned(), |text| format!("{why}: {text}")))
    }

    fn answers(&self) -> String {
        let line = |(id, value): (&String, &Value)| {
            let question = self.city.question(id);
            let asked = question.map_or(id.as_str(), |question| in_language(&question.texts, self.language()));
            format!("{asked} {}", self.answer(id, value))
        };
        self.report.answers.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn answer(&self, question: &str, value: &Value) -> String {
        let question = self.city.question(question);
        let option = |id: &str| option(question, id, self.language());
        match value {
            Value::Bool(yes) => self.words().yes_or_no(*yes).to_owned(),
            Value::String(text) => option(text),
            Value::Array(several) => {
                several.iter().filter_map(Value::as_str).map(option).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        }
    }
}

/// What an answer is called: the name of an option, or the words themselves.
fn option(question: Option<&Question>, id: &str, language: Language) -> String {
    let Some(question) = question.filter(|question| question.answer != AnswerType::Text) else { return id.to_owned() };
    let names = question.option_names.get(id);
    names.map_or_else(|| id.replace('-', " "), |names| in_language(names, language).to_owned())
}
