//! What is sent: a dispatch as the form of `POST requests`, or of `POST servicerequestupdates`.

use super::{
    config::{Config, Field, Source},
    services::{Attribute, Service},
};
use crate::departments::informed;
use schemas::{
    Uuid,
    city::{AnswerType, City, in_language},
    dispatch::{AgainWhy, Dispatch},
    report::Language,
    text,
    verdict::{Fault, Verdict},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Pairs of a form, in order.
pub type Pairs = Vec<(String, String)>;

/// The line by which a request is known again: whatever else a server does with a description, it
/// gives it back.
pub fn marker(dispatch: Uuid) -> String {
    format!("[voordeur {dispatch}]")
}

/// Whether a text is one of ours: its last line is a marker.
pub fn is_marked(text: &str) -> bool {
    text.trim_end().lines().next_back().is_some_and(|line| line.trim().starts_with("[voordeur "))
}

/// The dispatch whose marker is the last line of a text.
pub fn marked(text: &str) -> Option<Uuid> {
    let line = text.trim_end().lines().next_back()?.trim();
    line.strip_prefix("[voordeur ")?.strip_suffix(']')?.parse().ok()
}

/// What a form needs besides the dispatch.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    pub config: &'a Config,
    pub city: &'a City,
    /// Addresses of the photos, as a stranger can open them.
    pub photos: &'a [String],
}

impl Desk<'_> {
    /// The language in which the city writes to its departments.
    fn language(&self) -> Language {
        self.city.languages.first().copied().unwrap_or_default()
    }

    /// The form of a new request for the service `code`; `before` is their number of an earlier
    /// request about the same case. The verdict names the setting that is missing.
    pub fn request(
        &self,
        dispatch: &Dispatch,
        code: &str,
        service: Option<&Service>,
        before: Option<&str>,
    ) -> Result<Pairs, Verdict> {
        let mut pairs = Pairs::new();
        let mut put = |name: &str, value: String| pairs.push((name.to_owned(), value));
        put("service_code", code.to_owned());
        if let Some(point) = dispatch.place.point {
            put("lat", format!("{:.7}", point.lat));
            put("long", format!("{:.7}", point.lon));
        }
        if let Some(address) = dispatch.place.readable() {
            put("address_string", address.to_owned());
        }
        if let Some(contact) = &dispatch.contact {
            let (first, last) = contact.name.as_deref().map(names).unwrap_or_default();
            let fields = [
                ("first_name", Some(first)),
                ("last_name", Some(last)),
                ("email", contact.email.clone()),
                ("phone", contact.phone.clone()),
            ];
            for (name, value) in fields {
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    put(name, value);
                }
            }
        }
        if let Some(photo) = self.photos.first() {
            put("media_url", photo.clone());
        }
        let (attributes, asked) = self.attributes(dispatch, code, service)?;
        pairs.extend(attributes);
        if let Some(code) = &self.config.key_attribute {
            pairs.push((format!("attribute[{code}]"), dispatch.id.to_string()));
        }
        pairs.push(("description".to_owned(), self.description(dispatch, &asked, before)));
        Ok(pairs)
    }

    /// The form of an update of request `number` that the department has.
    pub fn update(&self, dispatch: &Dispatch, number: &str, at: &str) -> Pairs {
        let pairs = [
            ("service_request_id", number.to_owned()),
            // The same on every retry: they dedupe by it.
            ("update_id", dispatch.id.to_string()),
            ("update_id_ext", dispatch.id.to_string()),
            ("service_request_id_ext", dispatch.case_id.to_string()),
            ("status", "OPEN".to_owned()),
            ("updated_datetime", at.to_owned()),
            (
                "description",
                self.cut(&informed::before(self.city, dispatch, &self.news(dispatch)), &[marker(dispatch.id)]),
            ),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The attributes, and the questions whose answers they hold.
    fn attributes(
        &self,
        dispatch: &Dispatch,
        code: &str,
        service: Option<&Service>,
    ) -> Result<(Pairs, BTreeSet<String>), Verdict> {
        let theirs = service.and_then(|service| service.attributes.as_deref());
        let (mut pairs, mut asked, mut filled) = (Pairs::new(), BTreeSet::new(), BTreeSet::new());
        for (name, source) in &self.config.attributes {
            let attribute = theirs.and_then(|all| all.iter().find(|attribute| attribute.code == *name));
            if theirs.is_some() && attribute.is_none() {
                continue;
            }
            let mut values = source.read(dispatch);
            if let Some(attribute) = attribute.filter(|attribute| !attribute.options.is_empty()) {
                values = values.iter().filter_map(|value| option(attribute, value)).collect();
            }
            if values.is_empty() {
                continue;
            }
            let several = attribute.map_or(values.len() > 1, |attribute| attribute.several);
            if several {
                pairs.extend(values.into_iter().map(|value| (format!("attribute[{name}][]"), value)));
            } else {
                pairs.push((format!("attribute[{name}]"), values.join(", ")));
            }
            filled.insert(name.as_str());
            asked.extend(source.question.clone());
        }
        filled.extend(self.config.key_attribute.as_deref());
        let lacks = |attribute: &&Attribute| attribute.required && !filled.contains(attribute.code.as_str());
        match theirs.unwrap_or_default().iter().find(lacks) {
            Some(attribute) => Err(Verdict::never(Fault::Ours, missing(code, attribute))),
            None => Ok((pairs, asked)),
        }
    }

    fn description(&self, dispatch: &Dispatch, asked: &BTreeSet<String>, before: Option<&str>) -> String {
        let words = Words::of(self.language());
        let mut head: Vec<String> = informed::line(self.city, dispatch).into_iter().map(str::to_owned).collect();
        if let Some(again) = &dispatch.again {
            let number = before.map(str::to_owned).or_else(|| again.receipt.clone()).unwrap_or_default();
            head.push(format!("{} {number}", words.about).trim_end().to_owned());
            head.push(self.news(dispatch));
        }
        head.push(dispatch.words.clone());
        let mut tail: Vec<String> = self.answers(dispatch, asked, words);
        tail.extend(self.photos.iter().skip(1).map(|photo| format!("{}: {photo}", words.photo)));
        tail.push(format!("{}: {}", words.reference, dispatch.reference));
        tail.push(marker(dispatch.id));
        self.cut(&head.join("\n\n"), &tail)
    }

    /// What is new about a case that the department has.
    fn news(&self, dispatch: &Dispatch) -> String {
        let words = Words::of(self.language());
        let Some(again) = &dispatch.again else { return dispatch.words.clone() };
        let head = match again.why {
            AgainWhy::Reopened => words.reopened,
            AgainWhy::Replied => words.replied,
            AgainWhy::Reminder => words.reminder,
            AgainWhy::Recategorised => words.recategorised,
            AgainWhy::Merged => words.merged,
            AgainWhy::Split => words.split,
        };
        match &again.text {
            Some(text) => format!("{head}\n{text}"),
            None => head.to_owned(),
        }
    }

    /// Answers that no attribute holds, as lines; private ones never: descriptions are public on
    /// many servers.
    fn answers(&self, dispatch: &Dispatch, asked: &BTreeSet<String>, words: &Words) -> Vec<String> {
        let language = self.language();
        let open = dispatch.answers.iter().filter(|(id, _)| !asked.contains(*id));
        open.filter_map(|(id, answer)| {
            let question = self.city.question(id).filter(|question| !question.private)?;
            let name = |value: &Value| match value {
                Value::Bool(true) => words.yes.to_owned(),
                Value::Bool(false) => words.no.to_owned(),
                Value::String(option) if question.answer != AnswerType::Text => question
                    .option_names
                    .get(option)
                    .map_or_else(|| option.replace('-', " "), |names| in_language(names, language).to_owned()),
                other => plain(other),
            };
            let answer = match answer {
                Value::Array(several) => several.iter().map(name).collect::<Vec<_>>().join(", "),
                one => name(one),
            };
            Some(format!("{}: {answer}", in_language(&question.texts, language).trim_end_matches(['?', ':'])))
        })
        .collect()
    }

    /// `head`, cut so that `tail` fits below it in what a description may have. The marker stands
    /// last and is never cut.
    fn cut(&self, head: &str, tail: &[String]) -> String {
        let most = self.config.description_most;
        let (mut lines, mut room) = (Vec::new(), most);
        // From the end, so that the marker is the first to find room.
        for line in tail.iter().rev() {
            let length = text::length(line) + 1;
            // A third at least is for the resident's own words.
            if length + most / 3 > room && !lines.is_empty() {
                continue;
            }
            room = room.saturating_sub(length);
            lines.push(line.as_str());
        }
        lines.reverse();
        let room = room.saturating_sub(1);
        let head = match text::length(head) <= room {
            true => head.to_owned(),
            false => format!("{}…", head.chars().take(room.saturating_sub(1)).collect::<String>().trim_end()),
        };
        format!("{head}\n\n{}", lines.join("\n"))
    }
}

impl Source {
    /// Our values, or theirs where the table has them.
    fn read(&self, dispatch: &Dispatch) -> Vec<String> {
        let ours: Vec<String> = match (&self.question, self.field, &self.value) {
            (Some(question), ..) => match dispatch.answers.get(question) {
                Some(Value::Array(several)) => several.iter().map(plain).collect(),
                Some(answer) => vec![plain(answer)],
                None => Vec::new(),
            },
            (None, Some(field), _) => vec![field.read(dispatch)],
            (None, None, value) => value.iter().cloned().collect(),
        };
        let theirs = ours.into_iter().map(|value| self.values.get(&value).cloned().unwrap_or(value));
        theirs.filter(|value| !value.is_empty()).collect()
    }
}

impl Field {
    fn read(self, dispatch: &Dispatch) -> String {
        match self {
            Self::Reference => dispatch.reference.digits(),
            Self::Category => dispatch.category.to_string(),
            Self::Kind => dispatch.kind.to_string(),
            Self::Priority => dispatch.priority.as_str().to_owned(),
            Self::DueOn => dispatch.due_on.map(|day| day.to_string()).unwrap_or_default(),
            Self::Language => dispatch.language.as_str().to_owned(),
            Self::Channel => dispatch.channel.to_string(),
            Self::ReceivedAt => dispatch.received_at.to_string(),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The key of the option that `value` names, by key or by name.
fn option(attribute: &Attribute, value: &str) -> Option<String> {
    let by_key = attribute.options.iter().find(|(key, _)| key == value);
    let by_name = || attribute.options.iter().find(|(_, name)| name.to_lowercase() == value.to_lowercase());
    by_key.or_else(by_name).map(|(key, _)| key.clone())
}

fn missing(service: &str, attribute: &Attribute) -> String {
    let mut options: Vec<&str> = attribute.options.iter().map(|(key, _)| key.as_str()).take(10).collect();
    if attribute.options.len() > options.len() {
        options.push("…");
    }
    let options = if options.is_empty() { String::new() } else { format!(", one of {}", options.join(", ")) };
    let asks = if attribute.asks.is_empty() { String::new() } else { format!(" ({})", attribute.asks) };
    format!(
        "their service `{service}` needs the attribute `{}`{asks}{options}, and this dispatch has no value for it: write under \
         `attributes` what fills it, in departments.yaml, and replay this",
        attribute.code
    )
}

/// First and last names: what stands before the first space, and the rest.
fn names(name: &str) -> (String, String) {
    match name.trim().split_once(' ') {
        Some((first, last)) => (first.to_owned(), last.trim().to_owned()),
        None => (String::new(), name.trim().to_owned()),
    }
}

/// The few words that we add, in the language of the city.
struct Words {
    about: &'static str,
    reopened: &'static str,
    replied: &'static str,
    reminder: &'static str,
    recategorised: &'static str,
    merged: &'static str,
    split: &'static str,
    reference: &'static str,
    photo: &'static str,
    yes: &'static str,
    no: &'static str,
}

impl Words {
    fn of(language: Language) -> &'static Self {
        match language {
            Language::NL => &Self {
                about: "Dit gaat verder op uw melding",
                reopened: "De melder zegt dat dit niet is opgelost.",
                replied: "De melder antwoordt.",
                reminder: "Herinnering: we hoorden nog niets over deze melding. Wilt u laten weten hoe het ermee staat?",
                recategorised: "De stad verbeterde waar deze melding over gaat:",
                merged: "Dit hoeft niet te gebeuren: de melding is samengevoegd met een andere.",
                split: "Deze melding staat weer apart: ze moet toch gebeuren.",
                reference: "Referentie van de stad",
                photo: "Foto",
                yes: "ja",
                no: "nee",
            },
            Language::FR => &Self {
                about: "Ceci fait suite à votre signalement",
                reopened: "La personne dit que le problème n'est pas résolu.",
                replied: "La personne répond.",
                reminder: "Rappel : nous n'avons pas encore de nouvelles de ce signalement. Où en est-il ?",
                recategorised: "La ville a corrigé le sujet de ce signalement :",
                merged: "Rien à faire : ce signalement est joint à un autre.",
                split: "Ce signalement est à nouveau à part : il faut quand même le traiter.",
                reference: "Référence de la ville",
                photo: "Photo",
                yes: "oui",
                no: "non",
            },
            _ => &Self {
                about: "This follows on from your request",
                reopened: "The resident says that this is not solved.",
                replied: "The resident answers.",
                reminder: "Reminder: we have heard nothing about this request yet. How is it going?",
                recategorised: "The city corrected what this request is about:",
                merged: "Nothing to do for this one: it was merged with another request.",
                split: "This request stands by itself again: it has to be done after all.",
                reference: "Reference of the city",
                photo: "Photo",
                yes: "yes",
                no: "no",
            },
        }
    }
}

/// What stands as the reason when they say that it is not theirs, without a word.
pub fn no_reason(language: Language) -> &'static str {
    match language {
        Language::NL => "Deze dienst is hiervoor niet bevoegd.",
        Language::FR => "Ce service n'est pas compétent pour cela.",
        _ => "This service is not responsible for this.",
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
