//! `/{lang}/t/{token}/calendar.ics`: the day on which something is planned or expected, for a calendar (RFC 5545).

use super::{Entry, Lang, Oops, Token};
use crate::app::App;
use axum::{
    extract::{Path, State},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemas::{
    Date, Timestamp,
    case::Case,
    city::in_language,
    report::{Language, Report},
};

/// The page.
pub const PAGE: Entry =
    Entry { name: "calendar", path: "/{lang}/t/{token}/calendar.ics", route: |_| get(show), sandbox: false };

/// The longest line, in octets, without its end (RFC 5545 §3.1).
const LINE: usize = 75;

/// One whole day.
struct Entry5545<'a> {
    uid: String,
    /// Rises with every change.
    sequence: i64,
    changed: Timestamp,
    day: Date,
    summary: &'a str,
    description: &'a str,
    place: &'a str,
    url: &'a str,
}

/// The day of `case` that belongs into a calendar: what is planned, else what is expected; none once it is closed.
pub fn day(case: &Case) -> Option<(Date, bool)> {
    let day = case.planned_on.or_else(|| case.expected_on()).filter(|_| !case.status.is_closed())?;
    Some((day, case.planned_on.is_some()))
}

async fn show(State(app): State<App>, Lang(language): Lang, Path(token): Path<Token>) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    let case = app.site.store.case(report.id).await?.ok_or(Oops::Missing)?;
    let (day, is_planned) = day(&case).ok_or(Oops::Missing)?;
    let text = file(&app, language, &report, &case, day, is_planned);
    let name = format!("attachment; filename=\"{}.ics\"", report.reference.digits());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8; method=PUBLISH")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow")),
    ];
    let mut answer = (headers, text).into_response();
    if let Ok(name) = HeaderValue::from_str(&name) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(answer)
}

fn file(app: &App, language: Language, report: &Report, case: &Case, day: Date, is_planned: bool) -> String {
    let city = &app.site.city;
    let category = city.category(&report.category);
    let about = category.map_or_else(|| report.category.to_string(), |c| in_language(&c.names, language).to_owned());
    let reference = report.reference.to_string();
    let args = [("about", about.as_str()), ("city", city.name(language)), ("reference", &reference)];
    let key = if is_planned { "calendar-planned" } else { "calendar-expected" };
    let host = app.site.config.public_url.host_str().unwrap_or("localhost");
    entry(&Entry5545 {
        uid: format!("{}@{host}", report.id),
        sequence: case.version,
        changed: case.status_at,
        day,
        summary: &app.text(language, key, &args),
        description: &app.text(language, "calendar-text", &args),
        place: &report.place.line(),
        url: &app.site.config.tracking_url(language, &report.token),
    })
}

/// A calendar with one event. Pure.
fn entry(entry: &Entry5545<'_>) -> String {
    let digits = |date: Date| date.to_string().replace('-', "");
    let next = entry.day.tomorrow().unwrap_or(entry.day);
    let at: String = entry.changed.strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Voordeur//Voordeur//NL".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", entry.uid),
        format!("DTSTAMP:{at}"),
        format!("SEQUENCE:{}", entry.sequence),
        format!("DTSTART;VALUE=DATE:{}", digits(entry.day)),
        format!("DTEND;VALUE=DATE:{}", digits(next)),
        format!("SUMMARY:{}", escaped(entry.summary)),
        format!("DESCRIPTION:{}", escaped(entry.description)),
    ];
    if !entry.place.is_empty() {
        lines.push(format!("LOCATION:{}", escaped(entry.place)));
    }
    lines.extend([
        format!("URL:{}", entry.url),
        "TRANSP:TRANSPARENT".to_owned(),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ]);
    lines.iter().map(|line| folded(line) + "\r\n").collect()
}

/// A TEXT value (RFC 5545 §3.3.11).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace("\r\n", "\n").replace('\n', "\\n")
}

/// A line in pieces of at most 75 octets, never within a character.
fn folded(line: &str) -> String {
    let (mut text, mut octets) = (String::with_capacity(line.len() + 8), 0);
    for c in line.chars() {
        if octets + c.len_utf8() > LINE {
            text.push_str("\r\n ");
            octets = 1;
        }
        octets += c.len_utf8();
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_as_calendars_read_it() {
        let long = "é".repeat(60);
        let text = entry(&Entry5545 {
            uid: "1@x".into(),
            sequence: 3,
            changed: "2026-11-23T09:12:00.5Z".parse().unwrap(),
            day: "2026-12-31".parse().unwrap(),
            summary: "Put, weg; \\ hier",
            description: &long,
            place: "",
            url: "https://x/nl/t/a",
        });
        assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n"));
        assert!(text.contains("\r\nDTSTAMP:20261123T091200Z\r\nSEQUENCE:3\r\n"), "{text}");
        assert!(text.contains("DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n"), "{text}");
        assert!(text.contains("SUMMARY:Put\\, weg\\; \\\\ hier\r\n") && !text.contains("LOCATION"));
        assert!(text.split("\r\n").all(|line| line.len() <= LINE), "{text}");
        assert!(text.replace("\r\n ", "").contains(&long), "unfolded it is whole");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    }
}
