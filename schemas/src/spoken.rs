//! Dates and digits in the words of each language: what mails, pages and people say alike.

use crate::report::Language;
use jiff::civil::Date;

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
        Language::NL => 0,
        Language::FR => 1,
        _ => 2,
    }
}

/// The day of the week: `maandag`, `lundi`, `Monday`.
pub fn weekday(language: Language, date: Date) -> &'static str {
    DAYS[row(language)][usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())]
}

/// Day and month: `30 november`, `30 novembre`, `30 November`. French writes the first of a month
/// `1er`.
pub fn day(language: Language, date: Date) -> String {
    let month = MONTHS[row(language)][usize::from(date.month().unsigned_abs()) - 1];
    match (language, date.day()) {
        (Language::FR, 1) => format!("1er {month}"),
        (_, day) => format!("{day} {month}"),
    }
}

const DIGITS: [[&str; 10]; 3] = [
    ["nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen"],
    ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"],
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
];

/// The digits of a reference as words to read aloud, in groups of two: `een twee, drie vier`. What is no digit is left out.
pub fn digits(language: Language, text: &str) -> String {
    let words: Vec<&str> =
        text.chars().filter_map(|c| c.to_digit(10)).map(|digit| DIGITS[row(language)][digit as usize]).collect();
    words.chunks(2).map(|pair| pair.join(" ")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_aloud_in_pairs() {
        let said = Language::BUILT_IN.map(|language| digits(language, "1204 5-9"));
        assert_eq!(
            said,
            ["een twee, nul vier, vijf negen", "un deux, zéro quatre, cinq neuf", "one two, zero four, five nine"]
        );
        assert_eq!(digits(Language::NL, ""), "");
    }

    #[test]
    fn dates_are_said_as_people_say_them() {
        let date: Date = "2026-12-01".parse().unwrap();
        let said = Language::BUILT_IN.map(|language| format!("{} {}", weekday(language, date), day(language, date)));
        assert_eq!(said, ["dinsdag 1 december", "mardi 1er décembre", "Tuesday 1 December"]);
    }
}
