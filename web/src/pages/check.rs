//! "Check your answers": everything that somebody filled in, read back before it is sent, with a way back to each part.
//! Nothing is kept yet; all of it goes along, hidden in the page.

use super::{form::option_name, photo_place::PhotoPlace};
use crate::{app::App, face::Page};
use adapters::intake::{
    form::{FormData, field},
    photo_place::confirmed,
};
use axum::response::Response;
use schemas::{
    Uuid,
    city::{Category, in_language},
    report::{Kind, Language, Tell},
};
use serde::Serialize;

/// The button that leads here.
pub const CHECK: &str = "check";
/// What goes along is not this.
const OWN: [&str; 2] = [field::DO, field::KEPT];

#[derive(Serialize)]
struct Data {
    action: String,
    fields: Vec<Hidden>,
    rows: Vec<Row>,
    calls: Vec<super::Call>,
    privacy: String,
}

#[derive(Serialize)]
struct Hidden {
    name: String,
    value: String,
}

/// One answer.
#[derive(Serialize)]
struct Row {
    question: String,
    answer: String,
}

/// The page, for a form in which nothing is wrong.
pub fn page(app: &App, language: Language, category: &Category, form: &FormData, photos: &[Uuid]) -> Response {
    let kept = form.fields.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    let mut fields: Vec<Hidden> =
        kept.map(|(name, value)| Hidden { name: name.clone(), value: value.clone() }).collect();
    fields.extend(photos.iter().map(|id| Hidden { name: field::KEPT.into(), value: id.to_string() }));
    let lang = language.as_str();
    let data = Data {
        action: format!("/{lang}/report"),
        fields,
        rows: rows(app, language, category, form, photos.len()),
        calls: super::emergencies(&app.site.city, form.get(field::WORDS).unwrap_or_default()),
        privacy: format!("/{lang}/privacy"),
    };
    let here = format!("/report?category={}", category.id);
    app.show(&Page::new(language, "check", app.text(language, "check-title", &[]), here, data).private())
}

fn rows(app: &App, language: Language, category: &Category, form: &FormData, photos: usize) -> Vec<Row> {
    let city = &app.site.city;
    let text = |key: &str| app.text(language, key, &[]);
    let mut rows = Vec::new();
    let mut add = |question: String, answer: String| {
        if !answer.trim().is_empty() {
            rows.push(Row { question, answer });
        }
    };
    let value = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
    add(text("choose-heading"), in_language(&category.names, language).to_owned());
    let kind = form.get(field::KIND).and_then(Kind::parse).unwrap_or(category.kind);
    add(text("form-kind"), text(&format!("kind-{kind}")));
    add(text("form-what"), value(field::WORDS));
    for question in category.questions.iter().filter_map(|id| city.question(id)) {
        let name = format!("{}{}", field::ANSWER, question.id);
        let many = format!("{name}[]");
        let given =
            form.fields.iter().filter(|(n, _)| *n == name || *n == many).map(|(_, given)| match given.as_str() {
                "true" => text("form-yes"),
                "false" => text("form-no"),
                given if question.options.iter().any(|option| option == given) => {
                    option_name(question, given, language)
                }
                given => given.to_owned(),
            });
        add(in_language(&question.texts, language).to_owned(), given.collect::<Vec<_>>().join(", "));
    }
    let place = [value(field::ADDRESS), value(field::SPOT)];
    add(text("form-where"), place.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(": "));
    let degrees = [value(field::LAT), value(field::LON)];
    let photo = confirmed(form).map(|point| PhotoPlace::line(app, language, point));
    let point = if degrees.iter().all(|one| one.is_empty()) { photo.unwrap_or_default() } else { degrees.join(" / ") };
    add(text("form-point-row"), point);
    if photos > 0 {
        add(text("form-photos-title"), photos.to_string());
    }
    let tell = form.get(field::TELL).and_then(Tell::parse).unwrap_or(Tell::Nothing);
    add(text("form-tell"), text(&format!("form-tell-{}", tell.as_str())));
    for name in [field::EMAIL, field::NAME, field::PHONE, field::STREET, field::POSTCODE, field::TOWN] {
        add(text(&format!("form-{name}")), value(name));
    }
    let answered = form.get(field::LANGUAGE).and_then(Language::parse).map_or(language, |one| city.answers_in(one));
    add(text("form-language"), app.face.name_of(language, answered));
    rows
}
