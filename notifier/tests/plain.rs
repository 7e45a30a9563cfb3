//! The words that come with Voordeur are plain; a city hears when its own are not.

mod common;

use notifier::{
    Templates,
    advice::advice,
    context::samples,
    plain::{self, Hint, Level},
};
use schemas::report::Language;

#[test]
fn every_message_that_comes_with_it_is_plain() {
    let city = common::city();
    let templates = Templates::read(&city).0.unwrap();
    let mut hard = Vec::new();
    for full in [true, false] {
        for sample in samples(&city, full) {
            for language in Language::BUILT_IN {
                let mail = templates.render(&city, "https://hallo.example", &sample.facts(), language).unwrap();
                let reading = plain::judge(&mail.text, language).unwrap();
                if reading.level > Level::Plain || !reading.hints.is_empty() {
                    let name = format!("{} {} {full}", sample.word(), language.as_str());
                    let hints: Vec<_> = reading.hints.iter().map(Hint::line).collect();
                    hard.push(format!("{name}: {} {hints:?}", reading.score));
                }
            }
        }
    }
    assert_eq!(hard, Vec::<String>::new());
}

#[test]
fn a_city_hears_of_its_own_words_alone() {
    let office = "subject: {{reference}}\n\nTeneinde uw aanvraag te kunnen behandelen dient u de ontbrekende documentatie \
                  alsmede de desbetreffende verantwoordingsstukken te bezorgen aan de bevoegde administratieve dienst.\n\n\
                  > {{text}}\n";
    let city = common::city_with(&[
        ("templates/note/mail.nl.hbs", office),
        ("templates/note/mail.en.hbs", "subject: {{reference}}\n\nWe have news for you.\n\n> {{text}}\n"),
    ]);
    let templates = Templates::read(&city).0.unwrap();
    let found = advice(&city, &templates);
    assert_eq!(found.iter().map(|advice| advice.file.as_str()).collect::<Vec<_>>(), ["templates/note/mail.nl.hbs"]);
    let lines: Vec<String> = found[0].reading.hints.iter().map(Hint::line).collect();
    assert!(lines.iter().any(|line| line.contains("\"teneinde\" is office language: \"om\"")), "{lines:?}");
    assert!(advice(&common::city(), &Templates::read(&common::city()).0.unwrap()).is_empty());
}
