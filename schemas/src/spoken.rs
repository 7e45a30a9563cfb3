//! Dates and digits in the words of each language: what mails, pages and people say alike.

use crate::{
    further::{Further, Word},
    report::Language,
};
use jiff::civil::Date;
use std::borrow::Cow;

static DAYS: [Word; 7] = [
    Word::new("day-monday", ["maandag", "lundi", "Monday"]),
    Word::new("day-tuesday", ["dinsdag", "mardi", "Tuesday"]),
    Word::new("day-wednesday", ["woensdag", "mercredi", "Wednesday"]),
    Word::new("day-thursday", ["donderdag", "jeudi", "Thursday"]),
    Word::new("day-friday", ["vrijdag", "vendredi", "Friday"]),
    Word::new("day-saturday", ["zaterdag", "samedi", "Saturday"]),
    Word::new("day-sunday", ["zondag", "dimanche", "Sunday"]),
];

static MONTHS: [Word; 12] = [
    Word::new("month-january", ["januari", "janvier", "January"]),
    Word::new("month-february", ["februari", "février", "February"]),
    Word::new("month-march", ["maart", "mars", "March"]),
    Word::new("month-april", ["april", "avril", "April"]),
    Word::new("month-may", ["mei", "mai", "May"]),
    Word::new("month-june", ["juni", "juin", "June"]),
    Word::new("month-july", ["juli", "juillet", "July"]),
    Word::new("month-august", ["augustus", "août", "August"]),
    Word::new("month-september", ["september", "septembre", "September"]),
    Word::new("month-october", ["oktober", "octobre", "October"]),
    Word::new("month-november", ["november", "novembre", "November"]),
    Word::new("month-december", ["december", "décembre", "December"]),
];

static DIGITS: [Word; 10] = [
    Word::new("digit-0", ["nul", "zéro", "zero"]),
    Word::new("digit-1", ["een", "un", "one"]),
    Word::new("digit-2", ["twee", "deux", "two"]),
    Word::new("digit-3", ["drie", "trois", "three"]),
    Word::new("digit-4", ["vier", "quatre", "four"]),
    Word::new("digit-5", ["vijf", "cinq", "five"]),
    Word::new("digit-6", ["zes", "six", "six"]),
    Word::new("digit-7", ["zeven", "sept", "seven"]),
    Word::new("digit-8", ["acht", "huit", "eight"]),
    Word::new("digit-9", ["negen", "neuf", "nine"]),
];

static DAY: Word = Word::new("date-day", ["{ $day } { $month }"; 3]);
static WEEKDAY: Word = Word::new("date-weekday", ["{ $weekday } { $date }"; 3]);
static MONTH: Word = Word::new("date-month", ["{ $month } { $year }"; 3]);
static YEAR: Word = Word::new("date-year", ["{ $date } { $year }"; 3]);

/// Every one of these words.
pub(crate) fn words() -> impl Iterator<Item = &'static Word> {
    DAYS.iter().chain(&MONTHS).chain(&DIGITS).chain([&DAY, &WEEKDAY, &MONTH, &YEAR])
}

/// The day of the week: `maandag`, `lundi`, `Monday`.
pub fn weekday(further: &Further, language: Language, date: Date) -> Cow<'static, str> {
    further.say(language, &DAYS[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())])
}

/// Day and month: `30 november`, `30 novembre`, `30 November`. French writes the first of a month
/// `1er`.
pub fn day(further: &Further, language: Language, date: Date) -> String {
    let month = further.say(language, &MONTHS[usize::from(date.month().unsigned_abs()) - 1]);
    let day = match (language, date.day()) {
        (Language::FR, 1) => "1er".to_owned(),
        (_, day) => day.to_string(),
    };
    further.fill(language, &DAY, &[("day", &day), ("month", &month)])
}

/// Month and year: `november 2026`.
pub fn month(further: &Further, language: Language, date: Date) -> String {
    let month = further.say(language, &MONTHS[usize::from(date.month().unsigned_abs()) - 1]);
    further.fill(language, &MONTH, &[("month", &month), ("year", &date.year().to_string())])
}

/// Day, month and year: `30 november 2026`.
pub fn day_of_year(further: &Further, language: Language, date: Date) -> String {
    let year = date.year().to_string();
    further.fill(language, &YEAR, &[("date", &day(further, language, date)), ("year", &year)])
}

/// `said`, a day, after the day of the week: `maandag 30 november`.
pub fn with_weekday(further: &Further, language: Language, date: Date, said: &str) -> String {
    further.fill(language, &WEEKDAY, &[("weekday", &weekday(further, language, date)), ("date", said)])
}

/// The digits of a reference as words to read aloud, in groups of two: `een twee, drie vier`. What is no digit is left out.
pub fn digits(further: &Further, language: Language, text: &str) -> String {
    let words: Vec<_> = text
        .chars()
        .filter_map(|c| c.to_digit(10))
        .map(|digit| further.say(language, &DIGITS[digit as usize]))
        .collect();
    words.chunks(2).map(|pair| pair.join(" ")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_aloud_in_pairs() {
        let none = Further::default();
        let said = Language::BUILT_IN.map(|language| digits(&none, language, "1204 5-9"));
        assert_eq!(
            said,
            ["een twee, nul vier, vijf negen", "un deux, zéro quatre, cinq neuf", "one two, zero four, five nine"]
        );
        assert_eq!(digits(&none, Language::NL, ""), "");
    }

    #[test]
    fn dates_are_said_as_people_say_them() {
        let date: Date = "2026-12-01".parse().unwrap();
        let none = Further::default();
        let said = Language::BUILT_IN
            .map(|language| format!("{} {}", weekday(&none, language, date), day(&none, language, date)));
        assert_eq!(said, ["dinsdag 1 december", "mardi 1er décembre", "Tuesday 1 December"]);
    }
}
