//! Who is telephoned for a department: its contacts in order, each with the hours at which somebody
//! answers.

use super::Calendar;
use crate::slug::DepartmentId;
use jiff::{Timestamp, civil::Weekday};

/// The people on call of a department.
#[derive(Debug, Clone, PartialEq)]
pub struct OnCall {
    /// Minutes until the next contact is called when nobody confirmed.
    pub every: u32,
    /// The desk whose operator calls; the city's fallback desk when left out.
    pub desk: Option<DepartmentId>,
    /// Whom to call, in order; at least one.
    pub contacts: Vec<Contact>,
}

/// One number to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The function, not a person's name: `Wachtdienst wegen`.
    pub who: String,
    /// The telephone number.
    pub phone: String,
    /// At which hours of the day.
    pub hours: Hours,
    /// On which days.
    pub days: Days,
}

/// Hours of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// Day and night.
    Always,
    /// While the office is open.
    Office,
    /// While the office is closed.
    OutsideOffice,
    /// Minutes of the day from, until. Until before from goes over midnight and belongs to the day
    /// on which it begins.
    Between(u32, u32),
}

/// Days of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Days {
    /// Every day.
    All,
    /// Working days.
    Working,
    /// Weekends and holidays.
    Free,
}

/// Whose turn it is to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn<'a> {
    /// Their place in the list.
    pub place: usize,
    /// Whom.
    pub contact: &'a Contact,
    /// Everybody was called: the list begins again.
    pub again: bool,
    /// Whether they answer at this hour. When nobody on the list does, the next one is called all
    /// the same.
    pub on_duty: bool,
}

/// Minutes of a day.
const DAY: u32 = 24 * 60;

impl Contact {
    /// Whether somebody answers `at` this moment.
    pub fn answers(&self, calendar: &Calendar, at: Timestamp) -> bool {
        let local = at.to_zoned(calendar.zone.clone());
        let minute = u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs());
        let today = local.date();
        let day = |date| match self.days {
            Days::All => true,
            Days::Working => calendar.is_working_day(date),
            Days::Free => !calendar.is_working_day(date),
        };
        match self.hours {
            Hours::Always => day(today),
            Hours::Office => day(today) && calendar.is_office_time(at),
            Hours::OutsideOffice => day(today) && !calendar.is_office_time(at),
            Hours::Between(from, until) if from < until => day(today) && (from..until).contains(&minute),
            Hours::Between(from, until) => {
                (minute >= from && day(today)) || (minute < until && today.yesterday().is_ok_and(day))
            }
        }
    }
}

impl OnCall {
    /// Whom to call `at` this moment, after the contact at `last` was called in vain. `None` only for
    /// an empty list.
    pub fn turn(&self, calendar: &Calendar, at: Timestamp, last: Option<usize>) -> Option<Turn<'_>> {
        let all = self.contacts.len();
        let next = last.map_or(0, |last| last.saturating_add(1));
        // From the next one to the end, then from the top: who comes before or at `last` comes again.
        let order = (next.min(all)..all).chain(0..all);
        let turn = |(steps, place): (usize, usize), on_duty| Turn {
            place,
            contact: &self.contacts[place],
            again: last.is_some() && steps >= all.saturating_sub(next),
            on_duty,
        };
        let mut order = order.enumerate();
        let first = order.clone().next();
        order
            .find(|(_, place)| self.contacts[*place].answers(calendar, at))
            .map(|step| turn(step, true))
            .or_else(|| first.map(|step| turn(step, false)))
    }

    /// The first hour of an ordinary week at which nobody answers: the day and the minute of it.
    pub fn gap(&self, calendar: &Calendar) -> Option<(Weekday, u32)> {
        // A week of January without the holidays that some year puts there: only the days of the
        // week and the office hours decide.
        let plain = Calendar { fixed: [].into(), easter_offsets: Vec::new(), ..calendar.clone() };
        let monday = jiff::civil::date(2026, 1, 12);
        (0..7 * DAY / 15).find_map(|quarter| {
            let (day, minute) = (quarter * 15 / DAY, quarter * 15 % DAY);
            let date = monday.checked_add(jiff::Span::new().days(i64::from(day))).ok()?;
            let (hour, rest) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
            let at = date.at(hour, rest, 0, 0).to_zoned(plain.zone.clone()).ok()?.timestamp();
            let nobody = self.contacts.iter().all(|contact| !contact.answers(&plain, at));
            nobody.then_some((date.weekday(), minute))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn calendar() -> Calendar {
        Calendar {
            zone: TimeZone::get("Europe/Brussels").unwrap(),
            working_days: vec![
                Weekday::Monday,
                Weekday::Tuesday,
                Weekday::Wednesday,
                Weekday::Thursday,
                Weekday::Friday,
            ],
            fixed: [(11, 11)].into(),
            easter_offsets: Vec::new(),
            office_minutes: (540, 1020),
        }
    }

    fn contact(who: &str, hours: Hours, days: Days) -> Contact {
        Contact { who: who.to_owned(), phone: "1".to_owned(), hours, days }
    }

    fn on_call(contacts: Vec<Contact>) -> OnCall {
        OnCall { every: 10, desk: None, contacts }
    }

    #[test]
    fn hours_are_those_of_the_city() {
        let night = Hours::Between(22 * 60, 6 * 60);
        // Brussels is an hour ahead of UTC in November. The 13th is a Friday, the 11th a holiday.
        let rows = [
            (Hours::Always, Days::All, "2026-11-11T03:00:00Z", true),
            (Hours::Office, Days::All, "2026-11-13T08:00:00Z", true),
            (Hours::Office, Days::All, "2026-11-11T08:00:00Z", false),
            (Hours::OutsideOffice, Days::All, "2026-11-13T16:00:00Z", true),
            (Hours::OutsideOffice, Days::Working, "2026-11-14T12:00:00Z", false),
            (Hours::Always, Days::Free, "2026-11-14T12:00:00Z", true),
            (Hours::Between(420, 1140), Days::Working, "2026-11-13T06:00:00Z", true),
            (Hours::Between(420, 1140), Days::Working, "2026-11-13T18:00:00Z", false),
            // A night belongs to the day on which it begins: Friday night is a working day's.
            (night, Days::Working, "2026-11-13T23:30:00Z", true),
            (night, Days::Working, "2026-11-14T04:59:00Z", true),
            (night, Days::Working, "2026-11-14T05:00:00Z", false),
            (night, Days::Working, "2026-11-14T22:00:00Z", false),
            (night, Days::Free, "2026-11-16T04:00:00Z", true),
        ];
        for (hours, days, at, answers) in rows {
            assert_eq!(
                contact("x", hours, days).answers(&calendar(), at.parse().unwrap()),
                answers,
                "{hours:?} {days:?} {at}"
            );
        }
    }

    #[test]
    fn everybody_who_answers_is_called_in_order_and_then_again() {
        let list = on_call(vec![
            contact("a", Hours::OutsideOffice, Days::All),
            contact("b", Hours::Office, Days::All),
            contact("c", Hours::Always, Days::All),
        ]);
        let night = "2026-11-13T23:00:00Z".parse().unwrap();
        let turn = |last| list.turn(&calendar(), night, last).map(|t| (t.contact.who.as_str(), t.again, t.on_duty));
        assert_eq!(turn(None), Some(("a", false, true)));
        assert_eq!(turn(Some(0)), Some(("c", false, true)), "`b` does not answer at night");
        assert_eq!(turn(Some(2)), Some(("a", true, true)));
        assert_eq!(turn(Some(9)), Some(("a", true, true)), "the list became shorter");
    }

    #[test]
    fn one_is_called_again_and_nobody_on_duty_is_no_excuse() {
        let one = on_call(vec![contact("a", Hours::Always, Days::All)]);
        let day: Timestamp = "2026-11-13T10:00:00Z".parse().unwrap();
        let again = one.turn(&calendar(), day, Some(0)).unwrap();
        assert_eq!((again.place, again.again, again.on_duty), (0, true, true));
        let none = on_call(vec![
            contact("a", Hours::OutsideOffice, Days::All),
            contact("b", Hours::Between(0, 60), Days::All),
        ]);
        let turn = |last| none.turn(&calendar(), day, last).map(|t| (t.place, t.again, t.on_duty)).unwrap();
        assert_eq!(
            (turn(None), turn(Some(0)), turn(Some(1))),
            ((0, false, false), (1, false, false), (0, true, false))
        );
        assert!(on_call(Vec::new()).turn(&calendar(), day, None).is_none());
    }

    #[test]
    fn a_gap_in_the_week_is_found() {
        let always = contact("a", Hours::Always, Days::Working);
        let free = |hours| contact("b", hours, Days::Free);
        assert_eq!(on_call(vec![always.clone(), free(Hours::Always)]).gap(&calendar()), None);
        let gap = on_call(vec![always, free(Hours::Between(480, 0))]).gap(&calendar());
        assert_eq!(gap, Some((Weekday::Saturday, 0)));
    }
}
