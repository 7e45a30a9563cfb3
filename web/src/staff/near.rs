//! Cases that may be about the same, as people of the city see them; and making two of them one.

use super::{Oops, Staff};
use crate::app::App;
use adapters::{
    desk::may_read,
    merge::{self, Refused},
    near::Found,
};
use schemas::{
    city::in_language,
    reference::Reference,
    report::{Language, Report},
    trace::Trace,
};
use serde::Serialize;

/// The most that are shown.
const MOST: usize = 5;

/// One of them.
#[derive(Serialize)]
pub(super) struct Near {
    href: String,
    reference: String,
    digits: String,
    category: String,
    status: String,
    when: String,
    place: String,
    metres: Option<String>,
    people: Option<String>,
}

/// Those that `staff` may read, the likeliest first.
pub(super) fn lines(app: &App, language: Language, staff: &Staff, found: Vec<Found>) -> Vec<Near> {
    let city = &app.site.city;
    let may = |found: &Found| may_read(city, &staff.account, &found.report, Some(&found.case));
    let line = |Found { report, case, score, people }: Found| {
        let category = city.category(&report.category);
        let metres = score.metres.map(|metres| format!("{:.0}", metres.clamp(0.0, 1e6)));
        Near {
            href: format!("/{}/staff/cases/{}", language.as_str(), report.reference.digits()),
            reference: report.reference.to_string(),
            digits: report.reference.digits(),
            category: category.map_or_else(String::new, |one| in_language(&one.names, language).to_owned()),
            status: app.text(language, &format!("status-{}", case.status), &[]),
            when: crate::dates::date(&city.further, language, city.calendar.date(report.received_at), app.today()),
            place: report.place.address.unwrap_or_default(),
            metres: metres.map(|metres| app.text(language, "desk-near-metres", &[("metres", &metres)])),
            people: (people > 1).then(|| app.text(language, "desk-near-people", &[("count", &people.to_string())])),
        }
    };
    found.into_iter().filter(may).take(MOST).map(line).collect()
}

/// Makes `report` a duplicate of the case `into`; gives the field and the text of what is in the way.
pub(super) async fn merged(
    app: &App,
    staff: &Staff,
    report: &Report,
    into: &str,
    trace: Trace,
) -> Result<Option<(&'static str, &'static str)>, Oops> {
    let (store, city) = (&app.site.store, &app.site.city);
    let into = Reference::parse(into).map_err(|_| Oops::Missing)?;
    let main = store.report_by_reference(into).await?.ok_or(Oops::Missing)?;
    let case = store.case(main.id).await?;
    if !may_read(city, &staff.account, &main, case.as_ref()) {
        return Err(Oops::Missing);
    }
    Ok(match merge::merge(store, city, &[report.reference], into, &staff.account.name, trace).await {
        Ok(_) => None,
        Err(Refused::Failed(error)) => return Err(error.into()),
        Err(Refused::TooEarly(_) | Refused::Busy) => Some(("near", "desk-too-early")),
        Err(Refused::NotPublic(_)) => Some(("near", "desk-merge-private")),
        Err(_) => Some(("near", "desk-merge-no")),
    })
}
