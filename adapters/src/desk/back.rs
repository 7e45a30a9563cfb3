//! Somebody of the city calls back: a task with the time that was agreed. The number stands with the report, so that it goes
//! when that is erased.

use super::{Desk, may_read};
use schemas::{Timestamp, account::Account, audit::Deed, city::City, report::Report, task::Task};

/// What became of a wish to be called back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// There is a task for it; or was before.
    Yes,
    /// No number stands with the report.
    NoNumber,
    /// The time is none, over, or more than a year away.
    BadTime,
}

/// The moment that a page says as `2026-11-30T14:30`, on the city's clocks; now when it says nothing.
pub fn moment(city: &City, now: Timestamp, text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() {
        return Some(now);
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    let at = local.to_zoned(city.calendar.zone.clone()).ok()?.timestamp();
    // The minute that runs is not over.
    let (first, last) = (now - std::time::Duration::from_secs(60), now + std::time::Duration::from_hours(366 * 24));
    (first <= at && at <= last).then_some(at.max(now))
}

impl Desk {
    /// Somebody is to call the reporter of `report` back, not before `when`. `page` is the unguessable id of the page: pressed
    /// twice is once.
    pub async fn call_back(
        &self,
        account: &Account,
        report: &Report,
        page: &str,
        when: &str,
    ) -> Result<Asked, store::Error> {
        let (store, city) = (&self.tools.store, &self.tools.city);
        let now = self.tools.clock.now();
        let Some(at) = moment(city, now, when) else { return Ok(Asked::BadTime) };
        let contact = store.contacts_by_ids(&[report.id]).await?.remove(&report.id);
        let case = store.case(report.id).await?;
        if contact.is_none_or(|contact| contact.phone.is_none()) || !may_read(city, account, report, case.as_ref()) {
            return Ok(Asked::NoNumber);
        }
        // Who calls for the department that has it; the fallback desk before it is decided.
        let lead = case.as_ref().and_then(|case| case.lead.as_ref()).map_or("", |lead| lead.as_str());
        let task = Task::back(page, report, city.calling_desk(lead).clone(), at, now);
        let mut tx = store.begin().await?;
        if tx.seen("desk-back", &[task.id]).await?.is_empty() {
            return Ok(Asked::Yes);
        }
        tx.open_tasks(std::slice::from_ref(&task)).await?;
        tx.audit(&account.name, Deed::DeskBack, &report.reference.to_string(), "").await?;
        tx.commit().await?;
        Ok(Asked::Yes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{now, read};

    #[test]
    fn a_time_is_one_of_the_city_from_now_on() {
        let city = read();
        let at = |text: &str| moment(&city, now(), text).map(|at| at.to_string());
        for (text, expected) in [
            ("", Some("2026-11-23T10:00:00Z")),
            ("2026-11-23T11:00", Some("2026-11-23T10:00:00Z")),
            ("2026-11-24T14:30", Some("2026-11-24T13:30:00Z")),
            ("2026-11-23T10:30", None),
            ("2028-01-01T10:00", None),
            ("morgen", None),
            ("2026-02-30T10:00", None),
        ] {
            assert_eq!(at(text).as_deref(), expected, "{text}");
        }
    }
}
