//! A report that was never sent: what an example gives, or what somebody asks about.

use crate::{Facts, Load, Reporter};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use schemas::{
    city::{Calendar, Category, City, Layer},
    report::{Answers, Kind, Language, Urgency},
    slug::{AreaId, CategoryId, Channel, DepartmentId, Slug},
};

/// A made-up report: what an example gives, or what somebody asks about on the command line.
#[derive(Debug, Clone)]
pub struct Situation {
    /// What it is about.
    pub category: CategoryId,
    /// What kind of matter.
    pub kind: Kind,
    /// The door it came through.
    pub channel: Channel,
    /// How urgent.
    pub urgency: Urgency,
    /// The resident's language.
    pub language: Language,
    /// The areas it lies in.
    pub areas: Vec<AreaId>,
    /// How many photos.
    pub photos: usize,
    /// Answers to the category's questions.
    pub answers: Answers,
    /// The resident's words.
    pub words: String,
    /// The moment.
    pub at: Timestamp,
    /// Departments that said it was not theirs.
    pub rejected_by: Vec<DepartmentId>,
    /// Who looks after the place, by [`Layer`].
    pub owners: [Option<Slug>; Layer::ALL.len()],
    /// What is known of who reports: nothing.
    pub reporter: Reporter,
    /// Open cases of departments: none.
    pub load: Load,
}

impl Situation {
    /// A plain report in `category`, during office hours, of the category's own kind and urgency,
    /// with nothing else known.
    ///
    /// # Panics
    /// Never: `web` is a channel.
    pub fn new(category: &Category, city: &City) -> Self {
        Self {
            category: category.id.clone(),
            kind: category.kind,
            channel: Slug::new("web").expect("`web` is a slug"),
            urgency: category.urgency,
            language: city.languages.first().copied().unwrap_or_default(),
            areas: Vec::new(),
            photos: 0,
            answers: Answers::new(),
            words: String::new(),
            at: plain_moment(&city.calendar),
            rejected_by: Vec::new(),
            owners: Default::default(),
            reporter: Reporter::default(),
            load: Load::default(),
        }
    }

    /// What a decision may look at.
    pub fn facts<'a>(&'a self, city: &'a City) -> Facts<'a> {
        Facts::of_situation(self, city)
    }
}

/// Halfway through office hours of the first working day from Wednesday 4 March 2026: an example
/// that says nothing about time means an ordinary moment.
fn plain_moment(calendar: &Calendar) -> Timestamp {
    let start = Date::new(2026, 3, 4).unwrap_or(Date::ZERO);
    let day =
        start.series(jiff::Span::new().days(1)).take(30).find(|day| calendar.is_working_day(*day)).unwrap_or(start);
    let minute = u32::midpoint(calendar.office_minutes.0, calendar.office_minutes.1).min(1_439);
    let (hour, minute) = ((minute / 60) as i8, (minute % 60) as i8);
    moment(day.at(hour, minute, 0, 0), &calendar.zone).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn moment(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    local.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

/// A moment as an example writes it: with an offset, or on the city's own clock.
pub(crate) fn read_moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| moment(text.parse::<DateTime>().ok()?, zone))
}
