//! What a status of theirs means to us: pure.

use crate::answers::{MAX_EVIDENCE, MAX_TEXT, MAX_YEARS};
use jiff::Span;
use schemas::{Date, dispatch::Say, text};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// They take it.
    Accept,
    /// They will do it, on the expected day if they name one.
    Plan,
    /// It is done.
    Done,
    /// It is not theirs; their words are the reason.
    Reject,
    /// Nothing by itself; their words and the expected day are told.
    Note,
    /// Nothing, their words neither.
    Ignore,
}

/// Statuses that servers are known to use: those of GeoReport v2, and those of FixMyStreet.
const KNOWN: &[(&str, Means)] = &[
    // Given by the server itself as soon as a request is there: nobody has looked at it yet.
    ("open", Means::Note),
    ("closed", Means::Done),
    ("acknowledged", Means::Accept),
    ("investigating", Means::Accept),
    ("in_progress", Means::Accept),
    ("for_triage", Means::Note),
    ("planned", Means::Plan),
    ("scheduled", Means::Plan),
    ("action_scheduled", Means::Plan),
    ("fixed", Means::Done),
    ("fixed_council", Means::Done),
    ("no_further_action", Means::Done),
    ("unable_to_fix", Means::Done),
    ("duplicate", Means::Done),
    ("internal_referral", Means::Note),
    ("not_responsible", Means::Reject),
    ("not_councils_responsibility", Means::Reject),
];

/// What the words of a server mean.
#[derive(Debug, Clone)]
pub struct Statuses(BTreeMap<String, Means>);

impl Statuses {
    /// The known ones, and before them `own`.
    pub fn new(own: &BTreeMap<String, Means>) -> Self {
        let known = KNOWN.iter().map(|(word, means)| ((*word).to_owned(), *means));
        Self(known.chain(own.iter().map(|(word, means)| (plain(word), *means))).collect())
    }

    /// What `word` means; a word that nobody knows is a note.
    pub fn means(&self, word: &str) -> Means {
        self.0.get(&plain(word)).copied().unwrap_or(Means::Note)
    }
}

/// Upper and lower case, spaces and hyphens do not count: `In Progress` is `in_progress`.
fn plain(word: &str) -> String {
    let word = word.trim().to_lowercase();
    word.split(|c: char| c.is_whitespace() || c == '-' || c == '_')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

/// What they say about one request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// Their words, for people.
    pub text: Option<String>,
    /// Addresses of pictures.
    pub media: Vec<String>,
    /// The day on which they expect to do it, in the city.
    pub expected: Option<Date>,
    /// The day on which they say it, in the city.
    pub said_on: Date,
}

/// What a department says by it, in order; `reason` stands where they reject without a word.
pub fn says(means: Means, heard: &Heard, reason: &str) -> Vec<Say> {
    let words = heard.text.as_deref().map(fit).filter(|text| !text.is_empty());
    // A day that is over when they name it promises nothing, nor does one that nobody will live to see.
    let last = heard.said_on.saturating_add(Span::new().years(MAX_YEARS));
    let day = heard.expected.filter(|day| (heard.said_on..=last).contains(day));
    let note = || with_media(words.clone(), &heard.media).map(|text| Say::Note { text });
    match (means, day) {
        (Means::Ignore, _) => Vec::new(),
        (Means::Done, _) => {
            let evidence =
                heard.media.iter().filter(|address| is_address(address)).take(MAX_EVIDENCE).cloned().collect();
            vec![Say::Done { text: words, evidence }]
        }
        (Means::Reject, _) => vec![Say::Reject { reason: words.unwrap_or_else(|| reason.to_owned()) }],
        (Means::Accept | Means::Plan | Means::Note, Some(on)) => vec![Say::Plan { on, text: words }],
        (Means::Accept | Means::Plan, None) => std::iter::once(Say::Accept {}).chain(note()).collect(),
        (Means::Note, None) => note().into_iter().collect(),
    }
}

/// Cleaned, and no longer than a text of a department may be.
fn fit(text: &str) -> String {
    let text = text::clean(text);
    if text::length(&text) <= MAX_TEXT {
        return text;
    }
    let cut: String = text.chars().take(MAX_TEXT - 1).collect();
    format!("{}…", cut.trim_end())
}

/// A note has no place for pictures: their addresses stand below it, as far as they fit.
fn with_media(words: Option<String>, media: &[String]) -> Option<String> {
    let mut text = words.unwrap_or_default();
    for address in media.iter().filter(|address| is_address(address)) {
        if text::length(&text) + text::length(address) < MAX_TEXT {
            text = if text.is_empty() { address.clone() } else { format!("{text}\n{address}") };
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Whether this is an address that we may show.
fn is_address(text: &str) -> bool {
    text.len() <= 2_000
        && url::Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn heard(text: Option<&str>, expected: Option<&str>) -> Heard {
        let media = vec!["https://311.example/after.jpg".to_owned(), "javascript:x".to_owned()];
        Heard { text: text.map(str::to_owned), media, expected: expected.map(day), said_on: day("2026-11-23") }
    }

    #[test]
    fn words_mean_what_the_table_says() {
        let own = BTreeMap::from([("In Behandeling".to_owned(), Means::Accept), ("closed".to_owned(), Means::Note)]);
        let statuses = Statuses::new(&own);
        for (word, means) in [
            ("open", Means::Note),
            ("OPEN", Means::Note),
            ("closed", Means::Note),
            ("in behandeling", Means::Accept),
            ("IN_BEHANDELING", Means::Accept),
            ("Fixed - Council", Means::Done),
            ("in-progress", Means::Accept),
            ("action scheduled", Means::Plan),
            ("NOT_COUNCILS_RESPONSIBILITY", Means::Reject),
            ("quantum", Means::Note),
            ("", Means::Note),
        ] {
            assert_eq!(statuses.means(word), means, "{word}");
        }
        assert_eq!(Statuses::new(&BTreeMap::new()).means("Closed"), Means::Done);
    }

    #[test]
    fn each_meaning_says_its_own() {
        let address = "https://311.example/after.jpg";
        let note = |text: &str| Say::Note { text: text.to_owned() };
        let plan = |text: Option<&str>| Say::Plan { on: day("2026-11-30"), text: text.map(str::to_owned) };
        let rows = [
            (
                Means::Done,
                Some("Klaar"),
                None,
                vec![Say::Done { text: Some("Klaar".into()), evidence: vec![address.into()] }],
            ),
            (Means::Done, None, Some("2026-11-30"), vec![Say::Done { text: None, evidence: vec![address.into()] }]),
            (Means::Reject, Some("Gewestweg"), None, vec![Say::Reject { reason: "Gewestweg".into() }]),
            (Means::Reject, Some(" \n"), None, vec![Say::Reject { reason: "niet van ons".into() }]),
            (Means::Accept, None, Some("2026-11-30"), vec![plan(None)]),
            (Means::Plan, Some("Maandag"), Some("2026-11-30"), vec![plan(Some("Maandag"))]),
            (Means::Plan, None, Some("2026-11-22"), vec![Say::Accept {}, note(address)]),
            (Means::Accept, Some("Bezig"), None, vec![Say::Accept {}, note(&format!("Bezig\n{address}"))]),
            (Means::Note, Some("Even geduld"), Some("2026-11-30"), vec![plan(Some("Even geduld"))]),
            (Means::Note, Some("Even geduld"), None, vec![note(&format!("Even geduld\n{address}"))]),
            (Means::Ignore, Some("Even geduld"), Some("2026-11-30"), vec![]),
        ];
        for (means, text, expected, said) in rows {
            assert_eq!(says(means, &heard(text, expected), "niet van ons"), said, "{means:?} {text:?} {expected:?}");
        }
        let silent = Heard { media: Vec::new(), ..heard(None, None) };
        assert_eq!(says(Means::Note, &silent, ""), vec![]);
        assert_eq!(says(Means::Accept, &silent, ""), vec![Say::Accept {}]);
    }

    proptest! {
        /// Whatever they write, what we make of it passes the door of answers.
        #[test]
        fn what_is_said_is_always_good(
            text in proptest::option::of("\\PC{0,60}|[\\x00-\\x20]{0,5}|é{1990,2100}"),
            media in prop::collection::vec("https://311\\.example/[a-z]{1,1990}|[a-z:/@]{0,30}", 0..20),
            expected in proptest::option::of(-400..10_000i64),
            means in prop::sample::select(vec![Means::Accept, Means::Plan, Means::Done, Means::Reject, Means::Note, Means::Ignore]),
        ) {
            let said_on = day("2026-11-23");
            let expected = expected.map(|days| said_on.saturating_add(jiff::Span::new().days(days)));
            let dispatch = crate::testing::dispatch(crate::testing::PUSHED, schemas::case::Role::Lead);
            for say in says(means, &Heard { text, media, expected, said_on }, "niet van ons") {
                let update = crate::testing::update("1", &dispatch, crate::testing::now(), say);
                prop_assert!(crate::answers::check_words(update.clone()).is_ok(), "{:?}", update);
            }
        }
    }
}
