//! Words that the templates are given ready-made: dates in words, and what kind of matter it is,
//! with the article or possessive that each language needs. Pure.

use schemas::{
    Date,
    city::{City, in_language},
    further::{Further, Word},
    notice::{Because, Scope},
    report::{Kind, Language},
    spoken,
};

/// `date` in words: `maandag 30 november 2026`, `lundi 30 novembre 2026`,
/// `Monday 30 November 2026`. French writes the first of a month `1er`.
pub fn date(further: &Further, date: Date, language: Language) -> String {
    spoken::with_weekday(further, language, date, &spoken::day_of_year(further, language, date))
}

/// The matter as its owner is told of it: `uw melding`, `votre signalement`, `your report`; and as who
/// follows it is: `de melding`, `le signalement`, `the report`.
pub fn matter(kind: Kind, is_theirs: bool) -> &'static Word {
    let theirs = usize::from(is_theirs);
    match kind {
        Kind::Report => &REPORT[theirs],
        Kind::Question => &QUESTION[theirs],
        Kind::Suggestion => &SUGGESTION[theirs],
        Kind::Complaint => &COMPLAINT[theirs],
        Kind::Compliment => &COMPLIMENT[theirs],
        Kind::Request => &REQUEST[theirs],
    }
}

static REPORT: [Word; 2] = [
    Word::new("matter-report", ["de melding", "le signalement", "the report"]),
    Word::new("matter-own-report", ["uw melding", "votre signalement", "your report"]),
];
static QUESTION: [Word; 2] = [
    Word::new("matter-question", ["de vraag", "la question", "the question"]),
    Word::new("matter-own-question", ["uw vraag", "votre question", "your question"]),
];
static SUGGESTION: [Word; 2] = [
    Word::new("matter-suggestion", ["de suggestie", "la suggestion", "the suggestion"]),
    Word::new("matter-own-suggestion", ["uw suggestie", "votre suggestion", "your suggestion"]),
];
static COMPLAINT: [Word; 2] = [
    Word::new("matter-complaint", ["de klacht", "la plainte", "the complaint"]),
    Word::new("matter-own-complaint", ["uw klacht", "votre plainte", "your complaint"]),
];
static COMPLIMENT: [Word; 2] = [
    Word::new("matter-compliment", ["het compliment", "le compliment", "the compliment"]),
    Word::new("matter-own-compliment", ["uw compliment", "votre compliment", "your compliment"]),
];
static REQUEST: [Word; 2] = [
    Word::new("matter-request", ["de aanvraag", "la demande", "the request"]),
    Word::new("matter-own-request", ["uw aanvraag", "votre demande", "your request"]),
];

/// A broadcast, as [`matter`] calls reports.
pub static MESSAGE: Word = Word::new("matter-message", ["dit bericht", "ce message", "this message"]);

/// What kind of matter a broadcast is, where others name their category.
pub static FROM_THE_CITY: Word =
    Word::new("from-the-city", ["Bericht van de stad", "Message de la ville", "Message from the city"]);

static IN_DISTRICT: Word = Word::new(
    "because-district",
    ["U hebt een plek in { $what }.", "Vous avez un lieu à { $what }.", "You have a place in { $what }."],
);
static IN_STREET: Word = Word::new(
    "because-street",
    [
        "U hebt een plek in deze straat: { $what }.",
        "Vous avez un lieu dans cette rue : { $what }.",
        "You have a place in this street: { $what }.",
    ],
);
static NEAR: Word = Word::new(
    "because-near",
    ["U hebt een plek in deze buurt.", "Vous avez un lieu dans ce quartier.", "You have a place in this area."],
);
static FOLLOWS: Word =
    Word::new("because-area", ["U volgt { $what }.", "Vous suivez { $what }.", "You follow { $what }."]);
static FOLLOWS_TOPIC: Word = Word::new(
    "because-topic",
    ["U volgt dit onderwerp: { $what }.", "Vous suivez ce sujet : { $what }.", "You follow this topic: { $what }."],
);
static ASKED: Word = Word::new(
    "because-asked",
    ["U wilde berichten van ons krijgen.", "Vous avez demandé nos messages.", "You asked for our messages."],
);

/// Every one of these words.
pub(crate) fn words() -> impl Iterator<Item = &'static Word> {
    let matters = [&REPORT, &QUESTION, &SUGGESTION, &COMPLAINT, &COMPLIMENT, &REQUEST].into_iter().flatten();
    let others = [&MESSAGE, &FROM_THE_CITY, &IN_DISTRICT, &IN_STREET, &NEAR, &FOLLOWS, &FOLLOWS_TOPIC, &ASKED];
    matters.chain(others)
}

/// Why somebody is told of a broadcast, in a sentence.
pub fn reason(because: Option<&Because>, city: &City, language: Language) -> String {
    let area =
        |id: &str| city.areas.get(id).map_or_else(|| id.to_owned(), |a| in_language(&a.names, language).to_owned());
    let topic = |id: &str| {
        let category = city.categories.iter().find(|category| category.id.as_str() == id).map(|c| &c.names);
        let names = category.or_else(|| city.groups.iter().find(|group| group.id.as_str() == id).map(|g| &g.names));
        names.map_or_else(|| id.to_owned(), |names| in_language(names, language).to_owned())
    };
    let (word, what) = match because {
        Some(Because::Place { district: Some(id), .. }) => (&IN_DISTRICT, area(id)),
        Some(Because::Place { street: Some(street), .. }) => (&IN_STREET, street.clone()),
        Some(Because::Place { .. }) => (&NEAR, String::new()),
        Some(Because::Follows { scope: Scope::Area, target }) => (&FOLLOWS, area(target)),
        Some(Because::Follows { target, .. }) => (&FOLLOWS_TOPIC, topic(target)),
        _ => (&ASKED, String::new()),
    };
    city.further.fill(language, word, &[("what", &what)])
}

/// `text` with a capital at its start.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    #[test]
    fn dates_in_words() {
        for (day, language, expected) in [
            (civil::date(2026, 11, 30), Language::NL, "maandag 30 november 2026"),
            (civil::date(2026, 11, 30), Language::FR, "lundi 30 novembre 2026"),
            (civil::date(2026, 11, 30), Language::EN, "Monday 30 November 2026"),
            (civil::date(2026, 2, 1), Language::FR, "dimanche 1er février 2026"),
            (civil::date(2026, 2, 1), Language::NL, "zondag 1 februari 2026"),
            (civil::date(2028, 2, 29), Language::EN, "Tuesday 29 February 2028"),
        ] {
            assert_eq!(date(&Further::default(), day, language), expected);
        }
    }

    #[test]
    fn capitals() {
        assert_eq!(capital("uw melding"), "Uw melding");
        assert_eq!(capital("été"), "Été");
        assert_eq!(capital(""), "");
    }
}
