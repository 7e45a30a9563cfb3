//! Figures of the public cases, whose definitions agree with each other: every sum below is one, and a test says so on
//! cases that chance made.
//!
//! - opened = open + ended: each case counts in the month in which its report came, duplicates with their main case alone;
//! - open = open_in_term + overdue + open_without_term;
//! - ended = solved + declined + referred = in_term + late + ended_without_term;
//! - in term means ended on the expected day at the latest; contested ones are among them all, not beside them;
//! - rated = rated_good + rated_fair + rated_poor: people who said how a case of those opened was dealt with. What fewer than
//!   [`FEW`] said is not told, nor what could be taken off a sum to learn it.

use super::wanted::{Asked, Wanted};
use crate::{public::PublicCase, register::Snapshot};
use schemars::JsonSchema;
use schemas::{
    Date, Timestamp,
    case::Status,
    city::{Calendar, City},
    fault::Invalid,
    slug::AreaId,
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// The most months of one look.
const MOST_MONTHS: usize = 120;
/// So many months, when nobody says which.
const USUAL_MONTHS: i32 = 12;

/// What fewer people said would be about one of them.
pub const FEW: u64 = 5;

/// The names that [`Question::read`] knows.
pub const NAMES: [&str; 4] = ["from", "until", "category", "area"];

/// What somebody wants to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The first day of the first month.
    pub from: Date,
    /// The first day of the last month.
    pub until: Date,
    /// About this, or about something of this group.
    pub about: Option<String>,
    /// In this district: that is the first one it lies in.
    pub area: Option<AreaId>,
}

/// How many, and how long.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Figures")]
pub struct Count {
    /// Reports that came in.
    pub opened: u64,
    /// Of these, those that are still open.
    pub open: u64,
    /// Open, and the expected day is still to come.
    pub open_in_term: u64,
    /// Open, and the expected day is over.
    pub overdue: u64,
    /// Open, without an expected day.
    pub open_without_term: u64,
    /// Of those opened, those that are over.
    pub ended: u64,
    /// Ended on the expected day at the latest.
    pub in_term: u64,
    /// Ended later.
    pub late: u64,
    /// Ended, and no day was ever expected.
    pub ended_without_term: u64,
    /// Ended because it was solved.
    pub solved: u64,
    /// Ended because it will not be done.
    pub declined: u64,
    /// Ended because somebody outside the city does it.
    pub referred: u64,
    /// Of those opened, those of which somebody said once that they were not solved.
    pub contested: u64,
    /// Half of those that ended took at most so many days; nothing when none ended.
    pub median_days: Option<f64>,
    /// So many people said how it was dealt with; nothing when they are too few to be counted.
    pub rated: Option<u64>,
    /// Of these: well, thank you.
    pub rated_good: Option<u64>,
    /// Of these: it will do.
    pub rated_fair: Option<u64>,
    /// Of these: not well.
    pub rated_poor: Option<u64>,
    /// How often each was said, whether it is told or not.
    #[serde(skip)]
    #[schemars(skip)]
    said: [u64; 3],
    /// Seconds from opened to ended, of each that ended.
    #[serde(skip)]
    #[schemars(skip)]
    took: Vec<i64>,
}

/// The same, of one part.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Part {
    /// A month (`2026-11`), an id of a district, or an id of a group; empty: none of the districts.
    pub name: String,
    /// How many.
    #[serde(flatten)]
    pub count: Count,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "FiguresAnswer")]
pub struct Figures {
    /// As of when.
    pub of: Timestamp,
    /// The first month.
    pub from: String,
    /// The last month.
    pub until: String,
    /// Questions that people of the city answered at once, without a case; nothing when one subject or district was asked
    /// for, for of these only the day is told.
    pub first_line: Option<u64>,
    /// All together.
    pub total: Count,
    /// By the month they came in.
    pub months: Vec<Part>,
    /// By district: a case that lies in several counts in the first of them.
    pub areas: Vec<Part>,
    /// By group of categories.
    pub groups: Vec<Part>,
}

impl Question {
    /// Reads what is wanted; the last twelve months when nothing is said.
    ///
    /// # Errors
    /// The parameter that cannot be read.
    pub fn read(asked: &Asked, city: &City, today: Date) -> Result<Self, Invalid> {
        let wanted = Wanted::read(asked, city)?;
        let this = today.first_of_month();
        let until = asked.get("until").map(|text| month("until", text)).transpose()?.unwrap_or(this);
        let usual = || back(until, USUAL_MONTHS - 1);
        let from = asked.get("from").map(|text| month("from", text)).transpose()?.unwrap_or_else(usual);
        if from > until {
            return Err(Invalid::new("until", "out_of_range", "this is before `from`: the end comes after it"));
        }
        if months(from, until).len() > MOST_MONTHS {
            return Err(Invalid::new("from", "out_of_range", "write at most 120 months"));
        }
        Ok(Self { from, until, about: wanted.about, area: wanted.area })
    }
}

/// `2026-11`, or a day of it.
fn month(name: &str, text: &str) -> Result<Date, Invalid> {
    let whole = if text.len() == 7 { format!("{text}-01") } else { text.to_owned() };
    let day = whole.parse::<Date>().ok().filter(|day| (1900..=2999).contains(&day.year()));
    day.map(Date::first_of_month).ok_or_else(|| Invalid::new(name, "malformed", "write a month: 2026-11"))
}

/// The first day of the month so many months before.
fn back(month: Date, by: i32) -> Date {
    (0..by).fold(month, |month, _| month.yesterday().map_or(month, Date::first_of_month))
}

/// A month as it is written: `2026-11`.
pub fn written(month: Date) -> String {
    format!("{:04}-{:02}", month.year(), month.month())
}

/// The first days of the months from `from` to `until`; one more than is ever asked for, at most.
fn months(from: Date, until: Date) -> Vec<Date> {
    let mut all = vec![from];
    while let Some(last) = all.last().copied().filter(|last| *last < until && all.len() <= MOST_MONTHS) {
        let Ok(next) = last.last_of_month().tomorrow() else { break };
        all.push(next);
    }
    all
}

/// When days begin, looked up once each.
struct Days<'a> {
    calendar: &'a Calendar,
    known: HashMap<Date, Timestamp>,
}

impl Days<'_> {
    fn begins(&mut self, day: Date) -> Timestamp {
        let zone = &self.calendar.zone;
        let look = || day.to_zoned(zone.clone()).map_or(Timestamp::MAX, |at| at.timestamp());
        *self.known.entry(day).or_insert_with(look)
    }

    /// When the day is over.
    fn ends(&mut self, day: Date) -> Timestamp {
        day.tomorrow().map_or(Timestamp::MAX, |next| self.begins(next))
    }
}

impl Count {
    /// Counts one more; `ends` is when its expected day is over.
    fn add(&mut self, case: &PublicCase, ends: Option<Timestamp>, snapshot: &Snapshot) {
        let now = snapshot.at;
        self.opened += 1;
        self.contested += u64::from(snapshot.contested.contains(&case.id));
        if let Some(said) = snapshot.ratings.get(&case.id) {
            self.said.iter_mut().zip(said).for_each(|(sum, one)| *sum += one);
        }
        if !case.status.is_closed() {
            self.open += 1;
            let place = match ends {
                Some(ends) if now < ends => &mut self.open_in_term,
                Some(_) => &mut self.overdue,
                None => &mut self.open_without_term,
            };
            *place += 1;
            return;
        }
        self.ended += 1;
        let ended = case.closed_at.unwrap_or(case.status_at);
        let place = match ends {
            Some(ends) if ended < ends => &mut self.in_term,
            Some(_) => &mut self.late,
            None => &mut self.ended_without_term,
        };
        *place += 1;
        match case.status {
            Status::Declined => self.declined += 1,
            Status::Referred => self.referred += 1,
            _ => self.solved += 1,
        }
        self.took.push((ended.as_second() - case.received_at.as_second()).max(0));
    }

    /// Tells how it was rated, or does not.
    fn tell(&mut self, is_told: bool) {
        let all = [self.said.iter().sum(), self.said[0], self.said[1], self.said[2]];
        [self.rated, self.rated_good, self.rated_fair, self.rated_poor] = all.map(|count| is_told.then_some(count));
    }

    fn done(mut self) -> Self {
        self.tell(self.said.iter().sum::<u64>() >= FEW);
        let mut took = std::mem::take(&mut self.took);
        took.sort_unstable();
        let middle = took.len() / 2;
        // Of an even number it is the mean of the two in the middle.
        let lower = if took.len().is_multiple_of(2) { middle.saturating_sub(1) } else { middle };
        if let (Some(lower), Some(upper)) = (took.get(lower), took.get(middle)) {
            #[expect(clippy::cast_precision_loss, reason = "a case takes less than millions of years")]
            let days = (lower + upper) as f64 / 2.0 / 86_400.0;
            self.median_days = Some((days * 10.0).round() / 10.0);
        }
        self
    }
}

/// Of parts of which one alone is not told, another is not either: the sum is, and would tell it.
fn hide(mut parts: Vec<Part>) -> Vec<Part> {
    let sum = |part: &Part| part.count.said.iter().sum::<u64>();
    let (told, hidden): (Vec<&mut Part>, Vec<&mut Part>) =
        parts.iter_mut().filter(|part| sum(part) > 0).partition(|part| part.count.rated.is_some());
    if hidden.len() == 1
        && let Some(least) = told.into_iter().min_by_key(|part| sum(part))
    {
        least.count.tell(false);
    }
    parts
}

/// Counts the cases of `snapshot` as of its moment.
pub fn count(snapshot: &Snapshot, question: &Question, city: &City) -> Figures {
    let mut days = Days { calendar: &city.calendar, known: HashMap::new() };
    let firsts = months(question.from, question.until);
    let starts: Vec<Timestamp> = firsts.iter().map(|day| days.begins(*day)).collect();
    let over = days.ends(question.until.last_of_month());
    let mut total = Count::default();
    let mut by_month = vec![Count::default(); firsts.len()];
    let (mut by_area, mut by_group) = (HashMap::<&str, Count>::new(), HashMap::<&str, Count>::new());
    for case in snapshot.listed().filter(|case| case.received_at < over) {
        let after = starts.partition_point(|start| *start <= case.received_at);
        let Some(month) = after.checked_sub(1) else { continue };
        let area = case.areas.first();
        let is_about = |about: &String| case.category.as_str() == about || case.category.group() == about;
        if !question.about.as_ref().is_none_or(is_about) || question.area.as_ref().is_some_and(|own| area != Some(own))
        {
            continue;
        }
        let ends = case.expected_on.map(|day| days.ends(day));
        let area = area.map_or("", |area| area.as_str());
        let places = [
            &mut total,
            &mut by_month[month],
            by_area.entry(area).or_default(),
            by_group.entry(case.category.group()).or_default(),
        ];
        for place in places {
            place.add(case, ends, snapshot);
        }
    }
    let part =
        |name: &str, count: Option<Count>| count.map(|count| Part { name: name.to_owned(), count: count.done() });
    // In the order of the city's own files; what lies in no district comes last.
    let areas = city.areas.all().iter().map(|area| area.id.as_str()).chain([""]);
    let areas = areas.filter_map(|id| part(id, by_area.remove(id))).collect();
    let groups = city.groups.iter().filter_map(|group| part(&group.id, by_group.remove(group.id.as_str()))).collect();
    let months = firsts.iter().zip(by_month).map(|(day, count)| Part { name: written(*day), count: count.done() });
    let is_whole = question.about.is_none() && question.area.is_none();
    Figures {
        of: snapshot.at,
        from: written(question.from),
        until: written(question.until),
        first_line: is_whole.then(|| at_once(&snapshot.at_once, question)),
        total: total.done(),
        months: hide(months.collect()),
        areas: hide(areas),
        groups: hide(groups),
    }
}

/// Answers given at once in the months of `question`.
fn at_once(days: &BTreeMap<Date, u64>, question: &Question) -> u64 {
    days.range(question.from..=question.until.last_of_month()).map(|(_, count)| count).sum()
}

#[cfg(test)]
mod tests;
