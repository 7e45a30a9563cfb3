//! Dates and times in words, in the city's time zone.

use schemas::{
    Date, Timestamp,
    city::City,
    further::{Further, Word},
    report::Language,
    spoken,
};

/// `dinsdag 1 december`; with the year when it is not `today`'s.
pub fn date(further: &Further, language: Language, date: Date, today: Date) -> String {
    spoken::with_weekday(further, language, date, &short(further, language, date, today))
}

/// `1 december`; with the year when it is not `today`'s.
fn short(further: &Further, language: Language, date: Date, today: Date) -> String {
    let day = if date.year() == today.year() { spoken::day } else { spoken::day_of_year };
    day(further, language, date)
}

/// `1 december, 9:40`; in French `1er décembre, 9 h 40`; with the year when it is not `today`'s.
pub fn moment(city: &City, language: Language, at: Timestamp, today: Date) -> String {
    let day = short(&city.further, language, city.calendar.date(at), today);
    city.further.fill(language, &MOMENT, &[("date", &day), ("time", &time(city, language, at))])
}

/// `9:40`; in French `9 h 40`.
pub fn time(city: &City, language: Language, at: Timestamp) -> String {
    let local = at.to_zoned(city.calendar.zone.clone());
    let minute = format!("{:02}", local.minute());
    city.further.fill(language, &TIME, &[("hour", &local.hour().to_string()), ("minute", &minute)])
}

static MOMENT: Word = Word::new("date-moment", ["{ $date }, { $time }"; 3]);
static TIME: Word =
    Word::new("date-time", ["{ $hour }:{ $minute }", "{ $hour }\u{a0}h\u{a0}{ $minute }", "{ $hour }:{ $minute }"]);

/// Every one of these words.
pub fn words() -> impl Iterator<Item = &'static Word> {
    [&MOMENT, &TIME].into_iter()
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
            assert_eq!(date(&Further::default(), language, text.parse().unwrap(), today), expected);
        }
    }
}
