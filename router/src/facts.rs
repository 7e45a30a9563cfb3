//! What a decision may look at: everything known of a report, and nothing else.

use jiff::civil;
use schemas::{
    Timestamp,
    city::{Calendar, City},
    report::{Answers, Kind, Language, Report, Urgency},
    slug::{AreaId, CategoryId, Channel, DepartmentId},
};
use std::sync::OnceLock;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// The facts of one report at one moment. What costs something to find out (clean words, the local
/// time) is found out once, when the first condition asks.
#[derive(Debug)]
pub struct Facts<'a> {
    /// What it is about.
    pub category: &'a CategoryId,
    /// What kind of matter.
    pub kind: Kind,
    /// The door it came through.
    pub channel: &'a Channel,
    /// The category's urgency, raised by an answer if need be.
    pub urgency: Urgency,
    /// The resident's language.
    pub language: Language,
    /// The areas it lies in; none when the place is unknown.
    pub areas: Vec<AreaId>,
    /// How many photos there are.
    pub photos: usize,
    /// Answers to the category's questions.
    pub answers: &'a Answers,
    /// The moment of the decision; terms run from it.
    pub at: Timestamp,
    /// Departments that said it was not theirs; no rule they lead is used.
    pub rejected_by: &'a [DepartmentId],
    words: &'a str,
    calendar: &'a Calendar,
    folded: OnceLock<String>,
    moment: OnceLock<Moment>,
}

/// The moment of the decision, as the city's clocks and calendar show it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub local: civil::DateTime,
    pub holiday: bool,
    pub office: bool,
}

impl<'a> Facts<'a> {
    /// The facts of `report`, decided `at`, with its place looked up in the city's areas.
    pub fn of(report: &'a Report, city: &'a City, rejected_by: &'a [DepartmentId], at: Timestamp) -> Self {
        Self {
            category: &report.category,
            kind: report.kind,
            channel: &report.channel,
            urgency: report.urgency,
            language: report.language,
            areas: report.place.point.map(|point| city.areas.locate(point)).unwrap_or_default(),
            photos: report.photos.len(),
            answers: &report.answers,
            at,
            rejected_by,
            words: &report.words,
            calendar: &city.calendar,
            folded: OnceLock::new(),
            moment: OnceLock::new(),
        }
    }

    pub(crate) fn of_situation(situation: &'a crate::Situation, city: &'a City) -> Self {
        Self {
            category: &situation.category,
            kind: situation.kind,
            channel: &situation.channel,
            urgency: situation.urgency,
            language: situation.language,
            areas: situation.areas.clone(),
            photos: situation.photos,
            answers: &situation.answers,
            at: situation.at,
            rejected_by: &situation.rejected_by,
            words: &situation.words,
            calendar: &city.calendar,
            folded: OnceLock::new(),
            moment: OnceLock::new(),
        }
    }

    /// The words, [`fold`]ed.
    pub(crate) fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(self.words))
    }

    pub(crate) fn moment(&self) -> Moment {
        *self.moment.get_or_init(|| {
            let local = self.at.to_zoned(self.calendar.zone.clone()).datetime();
            Moment {
                local,
                holiday: self.calendar.is_holiday(local.date()),
                office: self.calendar.is_office_time(self.at),
            }
        })
    }
}

/// Text as words are looked for in it: lower case, no accents, every run of anything that is not a
/// letter or digit made one space, and a space at both ends, so that `" put "` is a whole word.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    let mut push = |c: char| {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    };
    if text.is_ascii() {
        text.chars().for_each(&mut push);
    } else {
        text.nfd().filter(|c| !is_combining_mark(*c)).for_each(&mut push);
    }
    push(' ');
    out
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn words_are_folded() {
        for (text, folded) in [
            ("Put!", " put "),
            ("  één  CAFÉ-terras,", " een cafe terras "),
            ("", " "),
            ("\n...", " "),
            ("N8/R8", " n8 r8 "),
            ("stra\u{df}e", " stra\u{df}e "),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }
}
