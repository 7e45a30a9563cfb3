//! The fields of the desk's page.

use super::Filled;
use crate::{
    app::App,
    pages::{
        fields::{Ask, Choice, Field, Opt},
        form::{message, option_name},
    },
};
use adapters::{desk::field, intake::form::field as report};
use schemas::{
    city::{AnswerType, Question, in_language},
    report::{Language, Tell},
};

/// How somebody is told, in words of the desk.
pub(in crate::staff) fn told_by(app: &App, language: Language, tell: Tell) -> String {
    let own = format!("desk-tell-{}", tell.as_str());
    let key = if app.face.texts.has(language, &own) { own } else { format!("form-tell-{}", tell.as_str()) };
    app.text(language, &key, &[])
}

/// Makes the fields of one showing of the page.
pub(super) struct Maker<'a> {
    pub(super) app: &'a App,
    pub(super) language: Language,
    pub(super) filled: &'a Filled,
}

impl Maker<'_> {
    pub(super) fn text(&self, key: &str) -> String {
        self.app.text(self.language, key, &[])
    }

    fn maybe(&self, key: &str) -> Option<String> {
        self.app.face.texts.has(self.language, key).then(|| self.text(key))
    }

    /// What was filled in.
    pub(super) fn value(&self, name: &str) -> &str {
        self.filled.form.get(name).map(str::trim).unwrap_or_default()
    }

    /// What is wrong with it, in words.
    pub(super) fn error(&self, name: &str) -> Option<String> {
        let fault = self.filled.faults.iter().find(|fault| fault.field == name)?;
        let own = [format!("desk-wrong-{name}-{}", fault.code), format!("desk-wrong-{name}")];
        Some(own.iter().find_map(|key| self.maybe(key)).unwrap_or_else(|| message(self.app, self.language, fault)))
    }

    /// The field `name`: its words are `desk-<name>`, or those of the form for residents.
    pub(super) fn field(&self, name: &'static str, field: Field) -> Field {
        let label = self.maybe(&format!("desk-{name}")).unwrap_or_else(|| self.text(&format!("form-{name}")));
        Field {
            id: name.to_owned(),
            name: name.to_owned(),
            label,
            hint: self.maybe(&format!("desk-{name}-hint")),
            value: self.filled.form.get(name).unwrap_or_default().to_owned(),
            error: self.error(name),
            ..field
        }
        .done()
    }

    /// By which of the city's channels it came in.
    pub(super) fn channels(&self) -> Choice {
        let channels = &self.app.site.city.staff_channels;
        let given = self.value(field::CHANNEL);
        // The first one is what a desk mostly does.
        let chosen = channels.iter().find(|channel| channel.as_str() == given).or_else(|| channels.first());
        let option = |channel: &schemas::slug::Channel| Opt {
            name: field::CHANNEL.to_owned(),
            value: channel.to_string(),
            label: self.maybe(&format!("desk-channel-{channel}")).unwrap_or_else(|| channel.to_string()),
            checked: Some(channel) == chosen,
            ..Opt::default()
        };
        Choice {
            id: field::CHANNEL.to_owned(),
            legend: self.text("desk-channel"),
            error: self.error(field::CHANNEL),
            short: true,
            options: channels.iter().map(option).collect(),
            ..Choice::default()
        }
        .done()
    }

    /// How they are told; what fits, unless the operator says otherwise.
    pub(super) fn tell(&self) -> Choice {
        let city = &self.app.site.city;
        let chosen = self.value(report::TELL);
        let offered = |tell: &Tell| *tell != Tell::Push && tell.way().is_none_or(|way| city.offers(way));
        let option = |value: &str, label: String| Opt {
            name: report::TELL.to_owned(),
            value: value.to_owned(),
            label,
            checked: value == chosen,
            ..Opt::default()
        };
        let ways = Tell::ALL.into_iter().filter(offered);
        let mut options = vec![option("", self.text("desk-tell-fits"))];
        options.extend(ways.map(|tell| option(tell.as_str(), told_by(self.app, self.language, tell))));
        Choice {
            id: report::TELL.to_owned(),
            legend: self.text("desk-tell"),
            hint: Some(self.text("desk-tell-hint")),
            error: self.error(report::TELL),
            short: true,
            options,
            ..Choice::default()
        }
        .done()
    }

    /// Their language.
    pub(super) fn languages(&self) -> Choice {
        let chosen = Language::parse(self.value(report::LANGUAGE)).unwrap_or(self.language);
        let option = |language: &Language| Opt {
            name: report::LANGUAGE.to_owned(),
            value: language.as_str().to_owned(),
            label: self.app.face.name_of(self.language, *language),
            checked: *language == chosen,
            ..Opt::default()
        };
        Choice {
            id: report::LANGUAGE.to_owned(),
            legend: self.text("desk-language"),
            error: self.error(report::LANGUAGE),
            short: true,
            options: self.app.languages().iter().map(option).collect(),
            ..Choice::default()
        }
        .done()
    }

    /// A question of the category.
    pub(super) fn ask(&self, question: &Question) -> Ask {
        let name = format!("{}{}", report::ANSWER, question.id);
        let id = format!("answer-{}", question.id);
        let label = in_language(&question.texts, self.language).to_owned();
        let many = question.answer == AnswerType::Multi;
        let listed = format!("{name}[]");
        let fields = self.filled.form.fields.iter();
        let given: Vec<&str> = fields.filter(|(n, _)| *n == name || *n == listed).map(|(_, v)| v.as_str()).collect();
        let error = self.error(&name);
        if question.answer == AnswerType::Text {
            let value = given.first().copied().unwrap_or_default().to_owned();
            let field = Field { id, name, label, value, error, max: 500, optional: true, ..Field::default() };
            return Ask { field: Some(field.done()), choice: None };
        }
        let option = |value: &str, label: String| Opt {
            name: if many { listed.clone() } else { name.clone() },
            value: value.to_owned(),
            label,
            checked: given.contains(&value),
            ..Opt::default()
        };
        let options = if question.answer == AnswerType::Bool {
            vec![option("true", self.text("form-yes")), option("false", self.text("form-no"))]
        } else {
            question.options.iter().map(|value| option(value, option_name(question, value, self.language))).collect()
        };
        let choice =
            Choice { id, legend: label, error, many, optional: true, short: true, options, ..Choice::default() };
        Ask { field: None, choice: Some(choice.done()) }
    }
}
