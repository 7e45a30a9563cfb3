//! What a decision may look at: everything known of a report, and nothing else.

use jiff::civil;
use schemas::{
    Timestamp,
    city::{Calendar, City, Layer, Owners},
    place::Point,
    report::{Answers, Contact, Kind, Language, Report, Tell, Urgency},
    slug::{AreaId, CategoryId, Channel, DepartmentId, Slug},
};
use std::{collections::HashMap, ops::BitOr, sync::OnceLock};
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
    /// What is known of who reports; nothing when it was not looked up.
    pub reporter: Option<Reporter>,
    /// How busy the departments are; nothing when it was not counted.
    pub load: Option<&'a Load>,
    pub(crate) words: &'a str,
    owners: Owned<'a>,
    calendar: &'a Calendar,
    folded: OnceLock<String>,
    moment: OnceLock<Moment>,
}

/// What has to be looked up before rules can be asked, besides the report itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Who reports: [`Facts::reporter`].
    pub reporter: bool,
    /// How busy departments are: [`Facts::load`].
    pub load: bool,
}

impl BitOr for Needs {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self { reporter: self.reporter || other.reporter, load: self.load || other.load }
    }
}

/// What a rule may know of who reports. Never who it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reporter {
    /// There is a name.
    pub name: bool,
    /// There is an e-mail address.
    pub email: bool,
    /// There is a telephone number.
    pub phone: bool,
    /// They want to be told what happens.
    pub told: bool,
    /// Somebody of the city wrote it down for them.
    pub staff: bool,
}

impl Reporter {
    /// What `contact` and the report itself say.
    pub fn of(report: &Report, contact: Option<&Contact>, city: &City) -> Self {
        Self {
            name: contact.is_some_and(|contact| contact.name.is_some()),
            email: contact.is_some_and(|contact| contact.email.is_some()),
            phone: contact.is_some_and(|contact| contact.phone.is_some()),
            told: report.tell != Tell::Nothing,
            staff: city.staff_channels.contains(&report.channel),
        }
    }

    /// Nothing is known by which they could be found.
    pub fn anonymous(&self) -> bool {
        !(self.name || self.email || self.phone)
    }
}

/// How many open cases each department leads, counted a moment ago.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Load(HashMap<DepartmentId, u64>);

impl Load {
    /// Open cases of `department`.
    pub fn open(&self, department: &str) -> u64 {
        self.0.get(department).copied().unwrap_or_default()
    }
}

impl FromIterator<(DepartmentId, u64)> for Load {
    fn from_iter<I: IntoIterator<Item = (DepartmentId, u64)>>(counts: I) -> Self {
        Self(counts.into_iter().collect())
    }
}

/// Who looks after the place: looked up when first asked, or given by an example.
#[derive(Debug)]
enum Owned<'a> {
    At { owners: &'a Owners, point: Option<Point>, found: [OnceLock<Option<&'a Slug>>; Layer::ALL.len()] },
    Given(&'a [Option<Slug>; Layer::ALL.len()]),
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
            reporter: None,
            load: None,
            words: &report.words,
            owners: Owned::At { owners: &city.owners, point: report.place.point, found: Default::default() },
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
            reporter: Some(situation.reporter),
            load: Some(&situation.load),
            words: &situation.words,
            owners: Owned::Given(&situation.owners),
            calendar: &city.calendar,
            folded: OnceLock::new(),
            moment: OnceLock::new(),
        }
    }

    /// With what is known of who reports.
    #[must_use]
    pub fn with_reporter(mut self, reporter: Reporter) -> Self {
        self.reporter = Some(reporter);
        self
    }

    /// With how busy the departments are.
    #[must_use]
    pub fn with_load(mut self, load: &'a Load) -> Self {
        self.load = Some(load);
        self
    }

    /// Who looks after what `layer` draws at this place.
    pub(crate) fn owner(&self, layer: Layer) -> Option<&Slug> {
        match &self.owners {
            Owned::At { owners, point, found } => {
                *found[layer as usize].get_or_init(|| point.and_then(|point| owners.owner(layer, point)))
            }
            Owned::Given(given) => given[layer as usize].as_ref(),
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
    if text.is_ascii() {
        // Byte by byte: the way by character is several times slower.
        let mut after_a_space = true;
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                out.push(char::from(byte.to_ascii_lowercase()));
                after_a_space = false;
            } else if !after_a_space {
                out.push(' ');
                after_a_space = true;
            }
        }
        if !after_a_space {
            out.push(' ');
        }
        return out;
    }
    let mut push = |c: char| {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    };
    text.nfd().filter(|c| !is_combining_mark(*c)).for_each(&mut push);
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
