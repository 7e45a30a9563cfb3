//! Requests and updates in the fields of GeoReport. To everybody only what was approved of what the reporter sent is
//! shown, and no place more precise than the district, as on the public page of a case; to the channel that brought it
//! in, its own.

use crate::{app::App, pages};
use adapters::{
    abuse::review::Approved,
    intake::open311::{say, write::Value},
};
use schemas::{
    Timestamp,
    city::in_language,
    event::{CaseEvent, What},
    report::Language,
};
use store::{GeoRequest, GeoUpdate};

/// A moment as GeoReport writes it: W3C, in seconds.
fn moment(at: Timestamp) -> Value {
    Value::text(format!("{at:.0}"))
}

/// The words of an event: what the department wrote, and what else there is to know of it.
fn words(app: &App, event: &CaseEvent, language: Language) -> String {
    // What the resident wrote comes from the channel, or is between them and the city.
    if let What::Reopened { .. } = event.what {
        let key = "case-reopened";
        return app.text(language, key, &[]);
    }
    if let What::Merged { into, .. } = event.what {
        let told = pages::line(app, event, language).map(|line| line.title).unwrap_or_default();
        return format!("duplicate {into}: {told}");
    }
    let Some(line) = pages::line(app, event, language) else { return String::new() };
    let alone =
        matches!(event.what, What::Note { .. } | What::Solved { .. } | What::Declined { .. } | What::Asked { .. });
    match line.quote {
        Some(quote) if alone => quote,
        quote => [Some(line.title), line.text, quote].into_iter().flatten().collect::<Vec<_>>().join("\n"),
    }
}

/// Addresses of what shows that it was done: the first, and the others.
fn evidence(what: &What) -> (Option<&str>, &[String]) {
    match what {
        What::Solved { evidence, .. } | What::PartSolved { evidence, .. } => match evidence.split_first() {
            Some((first, others)) => (Some(first), others),
            None => (None, &[]),
        },
        _ => (None, &[]),
    }
}

/// One request. `said` is what was told about it, in order; `approved` is what everybody may read of what was sent.
pub fn request(
    app: &App,
    request: &GeoRequest,
    said: &[CaseEvent],
    approved: Option<&Approved>,
    own: bool,
    language: Language,
) -> Value {
    let city = &app.site.city;
    let last = said.iter().rev().find(|event| own || say::PUBLIC.contains(&event.what.word()));
    let category = city.category(&request.category);
    let point = request.place.point.filter(|_| own);
    let areas = request.place.point.map(|point| city.areas.locate(point)).unwrap_or_default();
    let areas = areas.iter().filter_map(|id| city.areas.get(id.as_str()));
    let district = areas.map(|area| in_language(&area.names, language)).collect::<Vec<_>>().join(", ");
    let address = request.place.address.clone().filter(|_| own).unwrap_or(district);
    let expected = request.planned_on.or(request.due_on).map(|day| city.calendar.closes(day));
    let updated = last.map_or(request.status_at, |event| event.at.max(request.status_at));
    let lead = request.lead.as_ref().map(|lead| pages::department(app, lead, language));
    let approved_photo = approved.and_then(|approved| approved.photos.first()).map(|photo| {
        let base = app.site.config.public_url.as_str().trim_end_matches('/');
        format!("{base}/{}/case/{}/photos/{photo}", language.as_str(), request.reference.digits())
    });
    let shown = last.and_then(|event| evidence(&event.what).0).map(str::to_owned).or(approved_photo);
    let description =
        if own { Some(request.words.as_str()) } else { approved.and_then(|approved| approved.words.as_deref()) };
    Value::Fields(vec![
        ("service_request_id", Value::text(request.reference.digits())),
        ("status", Value::text(say::status(request.status))),
        ("status_notes", Value::maybe(last.map(|event| words(app, event, language)))),
        ("service_name", Value::maybe(category.map(|category| in_language(&category.names, language)))),
        ("service_code", Value::text(request.category.as_str())),
        ("description", Value::maybe(description)),
        ("agency_responsible", Value::maybe(lead)),
        ("service_notice", Value::Nothing),
        ("requested_datetime", moment(request.received_at)),
        ("updated_datetime", moment(updated)),
        ("expected_datetime", expected.map_or(Value::Nothing, moment)),
        ("address", Value::text(address)),
        ("address_id", Value::Nothing),
        ("zipcode", Value::Nothing),
        ("lat", point.map_or(Value::Nothing, |point| Value::Degrees(point.lat))),
        ("long", point.map_or(Value::Nothing, |point| Value::Degrees(point.lon))),
        ("media_url", Value::maybe(shown)),
    ])
}

/// One update, in the language of the report for the channel that brought it in; nothing for what is not told.
pub fn update(app: &App, update: &GeoUpdate, own: bool, language: Language) -> Option<Value> {
    let event = &update.event;
    let status = say::after(&event.what, update.status)?;
    let language = if own { update.language } else { language };
    let (first, others) = evidence(&event.what);
    let mut description = vec![words(app, event, language)];
    description.extend(others.iter().cloned());
    let mut fields = vec![
        ("update_id", Value::text(event.id.to_string())),
        ("service_request_id", Value::text(event.reference.digits())),
        ("status", Value::text(status)),
        ("updated_datetime", moment(event.at)),
        ("description", Value::text(description.join("\n"))),
        ("media_url", Value::maybe(first)),
    ];
    if let What::Planned { on, .. } = &event.what {
        fields.push(("expected_datetime", moment(app.site.city.calendar.closes(*on))));
    }
    Some(Value::Fields(fields))
}
