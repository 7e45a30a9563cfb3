//! A form of a few fields: to log in, to choose a password.

use crate::{
    app::App,
    pages::fields::{Field, Wrong},
};
use schemas::report::Language;
use serde::Serialize;

/// What the template is given.
#[derive(Serialize)]
pub(super) struct Form {
    pub(super) title: String,
    pub(super) lead: Option<String>,
    /// What was just done.
    pub(super) said: Option<String>,
    pub(super) wrong: Vec<Wrong>,
    pub(super) action: String,
    pub(super) next: String,
    pub(super) fields: Vec<Field>,
    pub(super) button: String,
}

/// Makes the form `key` of texts.
pub(super) struct Maker<'a> {
    pub(super) app: &'a App,
    pub(super) language: Language,
    /// The fields that are wrong, and what is wrong with each.
    pub(super) faults: Vec<(&'static str, String)>,
}

impl Maker<'_> {
    pub(super) fn text(&self, key: &str) -> String {
        self.app.text(self.language, key, &[])
    }

    /// The field `name`; a password never comes back.
    pub(super) fn field(
        &self,
        name: &'static str,
        kind: &'static str,
        autocomplete: &'static str,
        value: &str,
    ) -> Field {
        let hint = format!("staff-{name}-hint");
        Field {
            id: name.to_owned(),
            name: name.to_owned(),
            label: self.text(&format!("staff-{name}")),
            hint: self.app.face.texts.has(self.language, &hint).then(|| self.text(&hint)),
            value: if kind == "password" { String::new() } else { value.to_owned() },
            error: self.faults.iter().find(|(field, _)| *field == name).map(|(_, message)| message.clone()),
            kind,
            autocomplete,
            max: if kind == "password" { 400 } else { 254 },
            ..Field::default()
        }
        .done()
    }

    /// The form of `key`, with `fields`, sent to `action`.
    pub(super) fn form(&self, key: &str, action: String, fields: Vec<Field>) -> Form {
        let line = |(field, message): &(&str, String)| Wrong { href: format!("#{field}"), message: message.clone() };
        let lead = format!("staff-{key}-lead");
        Form {
            title: self.text(&format!("staff-{key}-title")),
            lead: self.app.face.texts.has(self.language, &lead).then(|| self.text(&lead)),
            said: None,
            wrong: self.faults.iter().map(line).collect(),
            action,
            next: String::new(),
            fields,
            button: self.text(&format!("staff-{key}-button")),
        }
    }

    /// What is wrong with a new password, in words.
    pub(super) fn of_password(&self, code: &str) -> String {
        let key = match code {
            "too_short" => "staff-password-too-short",
            "too_long" => "staff-password-too-long",
            _ => "staff-password-too-common",
        };
        let (fewest, most) =
            (adapters::staff::passwords::FEWEST.to_string(), adapters::staff::passwords::MOST.to_string());
        self.app.text(self.language, key, &[("fewest", &fewest), ("most", &most)])
    }
}

/// When something may be tried again: the minute after.
pub(super) fn at(app: &App, language: Language, until: schemas::Timestamp) -> String {
    let after = until + std::time::Duration::from_secs(59);
    crate::dates::time(&app.site.city, language, after)
}
