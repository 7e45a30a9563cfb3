//! Words that the templates are given ready-made: dates in words, and what kind of matter it is,
//! with the article or possessive that each language needs. Pure.

use schemas::{
    Date,
    report::{Kind, Language},
};

const DAYS: [[&str; 7]; 3] = [
    ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
    ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
];

const MONTHS: [[&str; 12]; 3] = [
    [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];

fn row(language: Language) -> usize {
    match language {
        Language::Nl => 0,
        Language::Fr => 1,
        Language::En => 2,
    }
}

/// `date` in words: `maandag 30 november 2026`, `lundi 30 novembre 2026`,
/// `Monday 30 November 2026`. French writes the first of a month `1er`.
pub fn date(date: Date, language: Language) -> String {
    let weekday = DAYS[row(language)][usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())];
    let month = MONTHS[row(language)][usize::from(date.month().unsigned_abs()) - 1];
    let day = match (language, date.day()) {
        (Language::Fr, 1) => "1er".to_owned(),
        (_, day) => day.to_string(),
    };
    format!("{weekday} {day} {month} {}", date.year())
}

/// The matter as its owner is told of it: `uw melding`, `votre signalement`, `your report`.
pub fn matter(kind: Kind, language: Language) -> &'static str {
    let [nl, fr, en] = match kind {
        Kind::Report => ["uw melding", "votre signalement", "your report"],
        Kind::Question => ["uw vraag", "votre question", "your question"],
        Kind::Suggestion => ["uw suggestie", "votre suggestion", "your suggestion"],
        Kind::Complaint => ["uw klacht", "votre plainte", "your complaint"],
        Kind::Compliment => ["uw compliment", "votre compliment", "your compliment"],
        Kind::Request => ["uw aanvraag", "votre demande", "your request"],
    };
    [nl, fr, en][row(language)]
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
            (civil::date(2026, 11, 30), Language::Nl, "maandag 30 november 2026"),
            (civil::date(2026, 11, 30), Language::Fr, "lundi 30 novembre 2026"),
            (civil::date(2026, 11, 30), Language::En, "Monday 30 November 2026"),
            (civil::date(2026, 2, 1), Language::Fr, "dimanche 1er février 2026"),
            (civil::date(2026, 2, 1), Language::Nl, "zondag 1 februari 2026"),
            (civil::date(2028, 2, 29), Language::En, "Tuesday 29 February 2028"),
        ] {
            assert_eq!(date(day, language), expected);
        }
    }

    #[test]
    fn capitals() {
        assert_eq!(capital("uw melding"), "Uw melding");
        assert_eq!(capital("été"), "Été");
        assert_eq!(capital(""), "");
    }
}
