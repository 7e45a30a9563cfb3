//! The two pages: all messages, and one of them.

use super::{Asked, Booth};
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};
use notifier::{
    plain::{Hint, Level, Reading},
    preview::{self, Shown},
    senders::sms::text::{Alphabet, Sms},
};
use schemas::{report::Language, way::Way};
use serde::Serialize;
use url::form_urlencoded::byte_serialize;

#[derive(Serialize)]
struct Frame<'a> {
    lang: &'a str,
    title: &'a str,
    city: &'a str,
    assets: String,
    theme: bool,
    languages: Vec<Link>,
    body: &'a str,
}

/// A link to the same thing in another language, or by another way.
#[derive(Serialize)]
struct Link {
    code: &'static str,
    name: String,
    /// What a screen reader says before the name.
    of: String,
    href: String,
    current: bool,
}

#[derive(Serialize)]
struct Index {
    messages: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    word: &'static str,
    ways: Vec<ByWay>,
}

#[derive(Serialize)]
struct ByWay {
    name: String,
    languages: Vec<Link>,
}

#[derive(Serialize)]
struct Message {
    back: String,
    name: String,
    by: String,
    ways: Vec<Link>,
    languages: Vec<Link>,
    /// The language of the message.
    lang: &'static str,
    subject: Option<String>,
    words: String,
    /// Where the HTML of a mail stands.
    frame: Option<String>,
    facts: Vec<String>,
    /// Hints for plainer words.
    hints: Vec<String>,
    /// Where the form leads; nothing where no case may be shown.
    form: Option<String>,
    case: String,
    wrong: Option<String>,
    bare: bool,
    /// It is made of a real case.
    is_real: bool,
    other: String,
}

fn way_key(way: Way) -> &'static str {
    match way {
        Way::Email => "preview-way-email",
        Way::Sms => "preview-way-sms",
        Way::Push => "preview-way-push",
        Way::Letter => "preview-way-letter",
        Way::Call => "preview-way-call",
    }
}

/// The address of a message.
fn at(ui: Language, word: &str, way: Way, language: Language, asked: &Asked) -> String {
    format!("/preview/{}/{word}/{}/{}{}", ui.as_str(), way.as_str(), language.as_str(), query(asked))
}

fn query(asked: &Asked) -> String {
    let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let case = (!asked.case.is_empty()).then(|| format!("case={}", escaped(asked.case.trim())));
    let bare = asked.is_bare().then(|| "bare=yes".to_owned());
    let pairs: Vec<String> = case.into_iter().chain(bare).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

impl Booth {
    fn text(&self, ui: Language, key: &str, args: &[(&str, &str)]) -> String {
        self.face.text(ui, key, args)
    }

    fn name(&self, ui: Language, word: &str) -> String {
        self.text(ui, &format!("preview-message-{word}"), &[])
    }

    /// Links to every language of the city.
    fn languages(
        &self,
        ui: Language,
        of: &str,
        current: Option<Language>,
        href: impl Fn(Language) -> String,
    ) -> Vec<Link> {
        let link = |language: &Language| Link {
            code: language.as_str(),
            name: self.face.name_of(ui, *language),
            of: of.to_owned(),
            href: href(*language),
            current: current == Some(*language),
        };
        self.preview.city.languages.iter().map(link).collect()
    }

    /// All messages.
    pub(super) fn index(&self, ui: Language) -> Response {
        let none = Asked::default();
        let by = |word: &str, way: Way| {
            let name = self.text(ui, way_key(way), &[]);
            let of = format!("{}, {name}:", self.name(ui, word));
            let languages = self.languages(ui, &of, None, |language| at(ui, word, way, language, &none));
            ByWay { name, languages }
        };
        let row = |word: &'static str| Row {
            name: self.name(ui, word),
            word,
            ways: preview::ways(word).iter().map(|way| by(word, *way)).collect(),
        };
        let messages = preview::words(&self.preview.city).into_iter().map(row).collect();
        let title = self.text(ui, "preview-title", &[]);
        let here = |language: Language| format!("/preview/{}", language.as_str());
        self.page(ui, "preview", &title, here, StatusCode::OK, &Index { messages })
    }

    /// One message.
    pub(super) fn message(
        &self,
        ui: Language,
        word: &str,
        way: Way,
        language: Language,
        (asked, is_real, wrong): (&Asked, bool, Option<&'static str>),
        shown: &Shown,
    ) -> Response {
        let name = self.name(ui, word);
        let by = self.text(ui, way_key(way), &[]);
        let ways = preview::ways(word).iter().map(|other| Link {
            code: other.as_str(),
            name: self.text(ui, way_key(*other), &[]),
            of: String::new(),
            href: at(ui, word, *other, language, asked),
            current: *other == way,
        });
        let can_be_real = self.preview.cases && !matches!(word, "broadcast" | "digest" | "proof");
        let other = Asked { bare: if asked.is_bare() { String::new() } else { "yes".to_owned() }, ..Asked::default() };
        let asks = Asked { case: if is_real { asked.case.clone() } else { String::new() }, ..asked.clone() };
        let frame = format!("/preview/mail/{word}/{}{}", language.as_str(), query(&asks));
        let mut facts: Vec<String> = Vec::new();
        if let Some(sms) = &shown.sms {
            facts.extend(self.parts(ui, sms));
        }
        facts.extend(shown.reading.as_ref().map(|reading| self.reading(ui, reading)));
        let hints = shown.reading.iter().flat_map(|reading| &reading.hints).map(|hint| self.hint(ui, hint)).collect();
        let data = Message {
            back: format!("/preview/{}", ui.as_str()),
            ways: ways.collect(),
            languages: self.languages(ui, "", Some(language), |other| at(ui, word, way, other, asked)),
            lang: language.as_str(),
            subject: shown.subject.clone(),
            words: shown.words.clone(),
            frame: (way == Way::Email).then_some(frame),
            facts,
            hints,
            form: can_be_real.then(|| at(ui, word, way, language, &Asked::default())),
            case: asked.case.trim().chars().take(40).collect(),
            wrong: wrong.map(|key| self.text(ui, key, &[])),
            bare: asked.is_bare(),
            is_real,
            other: at(ui, word, way, language, &other),
            name,
            by,
        };
        let title = format!("{} · {}", data.name, data.by);
        let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        self.page(ui, "preview_message", &title, |ui| at(ui, word, way, language, asked), status, &data)
    }

    fn parts(&self, ui: Language, sms: &Sms) -> Vec<String> {
        let parts = sms.parts.to_string();
        let key = if sms.parts == 1 { "preview-part" } else { "preview-parts" };
        let mut lines = vec![match self.preview.price_per_part {
            Some(price) => {
                let mut euro = format!("{:.3}", price * sms.parts as f64);
                if ui != Language::EN {
                    euro = euro.replace('.', ",");
                }
                format!(
                    "{} {}",
                    self.text(ui, key, &[("parts", &parts)]),
                    self.text(ui, "preview-price", &[("euro", &euro)])
                )
            }
            None => format!("{} {}", self.text(ui, key, &[("parts", &parts)]), self.text(ui, "preview-no-price", &[])),
        }];
        if sms.alphabet == Alphabet::Ucs2 {
            lines.push(self.text(ui, "preview-ucs2", &[]));
        }
        if !sms.changed.is_empty() {
            let changed: Vec<String> = sms.changed.iter().map(|(from, to)| format!("{from} → {to}")).collect();
            lines.push(self.text(ui, "preview-changed", &[("letters", &changed.join(", "))]));
        }
        if sms.cut {
            lines.push(self.text(ui, "preview-cut", &[]));
        }
        lines
    }

    fn reading(&self, ui: Language, reading: &Reading) -> String {
        let level = match reading.level {
            Level::Easy => "preview-easy",
            Level::Plain => "preview-plain",
            Level::Hard => "preview-hard",
            Level::VeryHard => "preview-very-hard",
        };
        let (score, level) = (format!("{:.0}", reading.score), self.text(ui, level, &[]));
        self.text(ui, "preview-reading", &[("score", &score), ("level", &level)])
    }

    fn hint(&self, ui: Language, hint: &Hint) -> String {
        match hint {
            Hint::LongSentence { words, begins } => {
                let words = words.to_string();
                self.text(ui, "preview-hint-sentence", &[("words", &words), ("begins", begins)])
            }
            Hint::LongWord { word } => self.text(ui, "preview-hint-word", &[("word", word)]),
            Hint::Passive { words } => self.text(ui, "preview-hint-passive", &[("words", words)]),
            Hint::Official { word, better } => {
                self.text(ui, "preview-hint-official", &[("word", word), ("better", better)])
            }
        }
    }

    fn page(
        &self,
        ui: Language,
        template: &'static str,
        title: &str,
        here: impl Fn(Language) -> String,
        status: StatusCode,
        data: &impl Serialize,
    ) -> Response {
        let city = &self.preview.city;
        let made = self.face.render(ui, template, data).and_then(|body| {
            let frame = Frame {
                lang: ui.as_str(),
                title,
                city: city.name(ui),
                assets: self.assets.root(),
                theme: self.assets.has_theme(),
                languages: self.languages(ui, "", Some(ui), here),
                body: &body,
            };
            self.face.render(ui, "preview_frame", &frame)
        });
        match made {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => super::failed(&error),
        }
    }
}
