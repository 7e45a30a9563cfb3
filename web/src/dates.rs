//! Dates and times in words, in the city's time zone.

use schemas::{Date, Timestamp, city::Calendar, report::Language, spoken};

/// `dinsdag 1 december`; with the year when it is not `today`'s.
pub fn date(language: Language, date: Date, today: Date) -> String {
    let (weekday, day) = (spoken::weekday(language, date), spoken::day(language, date));
    if date.year() == today.year() { format!("{weekday} {day}") } else { format!("{weekday} {day} {}", date.year()) }
}

/// `1 december, 9:40`; in French `1er décembre, 9 h 40`; with the year when it is not `today`'s.
pub fn moment(language: Language, at: Timestamp, calendar: &Calendar, today: Date) -> String {
    let local = at.to_zoned(calendar.zone.clone());
    let date = local.date();
    let year = if date.year() == today.year() { String::new() } else { format!(" {}", date.year()) };
    format!("{}{year}, {}", spoken::day(language, date), time(language, at, calendar))
}

/// `9:40`; in French `9 h 40`.
pub fn time(language: Language, at: Timestamp, calendar: &Calendar) -> String {
    let local = at.to_zoned(calendar.zone.clone());
    let separator = if language == Language::FR { "\u{a0}h\u{a0}" } else { ":" };
    format!("{}{separator}{:02}", local.hour(), local.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_words() {
        let today: Date = "2026-11-22".parse().unwrap();
        for (text, language, expected) in [
            ("2026-12-01", Language::NL, "dinsdag 1 december"),
            ("2026-12-01", Language::FR, "mardi 1er décembre"),
            ("2026-12-01", Language::EN, "Tuesday 1 December"),
            ("2027-01-04", Language::NL, "maandag 4 januari 2027"),
        ] {
            assert_eq!(date(language, text.parse().unwrap(), today), expected);
        }
    }
}
