//! `GET /open/cases.csv`: the public cases for a spreadsheet, all that are wanted at once. It is sent as it is made, a
//! thousand lines at a time, so that a city with very many costs no more memory than one with few.

use super::{
    Endpoint,
    openapi::operation::{Back, For, Operation},
};
use crate::{
    app::App,
    outward::{
        self, csv,
        row::{FIELDS, Row},
        wanted::{FILTERS, Wanted},
    },
    public::PublicCase,
};
use adapters::abuse::review::Approved;
use axum::{
    body::{Body, Bytes},
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
    routing::get,
};
use futures_util::stream;
use schemas::Uuid;
use std::{collections::HashMap, sync::Arc};

/// So many lines are made at once.
const LINES: usize = 1_000;

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/open/cases.csv",
    route: |_| get(list).options(outward::may_read),
    operations: &[Operation::get("readOpenCasesCsv", For::Everybody, "The public cases as CSV")
        .about(
            "UTF-8, commas, the names of the fields on the first line, moments in UTC. The newest first, all of them. \
             What a spreadsheet would take for a formula begins with an apostrophe.",
        )
        .given(&FILTERS)
        .back(&[Back::bytes(200, "A line per case.", "text/csv")])
        .problems(&[400, 429, 503])],
};

async fn list(State(app): State<App>, RawQuery(asked): RawQuery, headers: HeaderMap) -> Response {
    let wanted = match Wanted::of(asked.as_deref(), &app.site.city, &[]) {
        Ok((wanted, _)) => wanted,
        Err(fault) => return outward::wrong(fault),
    };
    let cases = match outward::find(&app, &wanted).await {
        Ok(cases) => cases,
        Err(error) => return outward::away(&error),
    };
    let (mark, changed) = (outward::mark("csv", &cases), outward::last_change(&cases));
    let mut response =
        outward::answer(&headers, "text/csv; charset=utf-8; header=present", &mark, changed, || stream(app, cases));
    let name = HeaderValue::from_static("attachment; filename=\"cases.csv\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    response
}

fn stream(app: App, cases: Vec<Arc<PublicCase>>) -> Body {
    let head = Some(csv::line(FIELDS));
    Body::from_stream(stream::try_unfold((app, cases, 0, head), |(app, cases, at, head)| async move {
        if let Some(head) = head {
            return Ok::<_, store::Error>(Some((Bytes::from(head), (app, cases, at, None))));
        }
        let some = cases.get(at..).unwrap_or_default();
        let some = &some[..some.len().min(LINES)];
        if some.is_empty() {
            return Ok(None);
        }
        // What is withdrawn while it is sent is withdrawn.
        let approved = approved(&app, some).await?;
        let lines: String = some.iter().map(|case| line(&app, case, approved.get(&case.id))).collect();
        let at = at + some.len();
        Ok(Some((Bytes::from(lines), (app, cases, at, None))))
    }))
}

async fn approved(app: &App, cases: &[Arc<PublicCase>]) -> Result<HashMap<Uuid, Approved>, store::Error> {
    let ids: Vec<Uuid> = cases.iter().map(|case| case.id).collect();
    PublicCase::approved(app, &ids).await
}

fn line(app: &App, case: &PublicCase, approved: Option<&Approved>) -> String {
    let row = Row::new(app, case, approved);
    let degrees = |value: Option<f64>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
    let optional = |value: Option<String>| value.unwrap_or_default();
    // Numbers are no text, and stand as they are: longitudes may be below nought.
    let [lat, lon] = [degrees(row.point.map(|p| p.lat)), degrees(row.point.map(|p| p.lon))];
    let areas: Vec<&str> = row.areas.iter().map(|area| area.as_str()).collect();
    let before = [
        row.reference.digits(),
        row.kind.to_string(),
        row.category.to_string(),
        row.category_name,
        areas.join(" "),
        row.received_at.to_string(),
        row.status.to_string(),
        row.status_at.to_string(),
        optional(row.closed_at.map(|at| at.to_string())),
        optional(row.department.map(|id| id.to_string())),
        optional(row.expected_on.map(|day| day.to_string())),
        row.people.to_string(),
    ];
    let before = before.iter().map(|text| csv::field(text)).collect::<Vec<_>>().join(",");
    let after = [optional(row.words), row.photos.join(" "), row.page];
    let after = after.iter().map(|text| csv::field(text)).collect::<Vec<_>>().join(",");
    format!("{before},{lat},{lon},{after}\r\n")
}
