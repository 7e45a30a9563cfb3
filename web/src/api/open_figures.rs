//! `GET /open/figures.json` and `/open/figures.csv`: the figures of `/{lang}/figures` for programs and sheets.

use super::{
    Endpoint,
    openapi::operation::{Back, For, Operation, Parameter, query, text},
};
use crate::{
    app::App,
    outward::{
        self, csv,
        figures::{Figures, NAMES, Part, Question},
        wanted::{AREA, Asked, CATEGORY},
    },
};
use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
    routing::get,
};
use schemas::fault::Invalid;

const PARAMETERS: &[Parameter] = &[
    query("from", "The first month: 2026-01. Twelve months when left out.", text),
    query("until", "The last month: 2026-11. This month when left out.", text),
    CATEGORY,
    AREA,
];

/// `GET /open/figures.json`.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/open/figures.json",
    route: |_| get(json).options(outward::may_read),
    operations: &[Operation::get("readFigures", For::Everybody, "Figures of the public cases")
        .about(
            "By month, district and group of categories. opened = open + ended; open = open_in_term + overdue + \
             open_without_term; ended = solved + declined + referred = in_term + late + ended_without_term; rated = \
             rated_good + rated_fair + rated_poor, told when at least five people said it. The page \
             `/{language}/figures` says what each word means.",
        )
        .given(PARAMETERS)
        .back(&[Back::json(200, "The figures.", |generator| generator.subschema_for::<Figures>())])
        .problems(&[400, 429, 503])],
};

/// `GET /open/figures.csv`.
pub const CSV: Endpoint = Endpoint {
    path: "/open/figures.csv",
    route: |_| get(sheet).options(outward::may_read),
    operations: &[Operation::get("readFiguresCsv", For::Everybody, "Figures of the public cases as CSV")
        .about("A line for all, for each month, each district and each group; the columns are those of the JSON.")
        .given(PARAMETERS)
        .back(&[Back::bytes(200, "The figures.", "text/csv")])
        .problems(&[400, 429, 503])],
};

/// What was asked, counted.
async fn counted(app: &App, query: Option<&str>) -> Result<Figures, Response> {
    let city = &app.site.city;
    let question = Asked::read(query, &NAMES).and_then(|asked| Question::read(&asked, city, app.today()));
    let question = question.map_err(|fault: Invalid| outward::wrong(fault))?;
    app.figures(&question).await.map_err(|error| outward::away(&error))
}

/// The moment alone makes no other figures.
fn mark(how: &str, figures: &Figures) -> String {
    let same = Figures { of: schemas::Timestamp::UNIX_EPOCH, ..figures.clone() };
    outward::mark(&format!("{how} {}", serde_json::to_string(&same).unwrap_or_default()), [])
}

async fn json(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let figures = match counted(&app, query.as_deref()).await {
        Ok(figures) => figures,
        Err(response) => return response,
    };
    let body = || Body::from(serde_json::to_string(&figures).unwrap_or_default());
    outward::answer(&headers, "application/json", &mark("json", &figures), None, body)
}

async fn sheet(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let figures = match counted(&app, query.as_deref()).await {
        Ok(figures) => figures,
        Err(response) => return response,
    };
    let body = || Body::from(lines(&figures));
    let mut response =
        outward::answer(&headers, "text/csv; charset=utf-8; header=present", &mark("csv", &figures), None, body);
    let name = HeaderValue::from_static("attachment; filename=\"figures.csv\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    response
}

fn lines(figures: &Figures) -> String {
    let mut sheet = csv::line([
        "by",
        "name",
        "opened",
        "open",
        "open_in_term",
        "overdue",
        "open_without_term",
        "ended",
        "in_term",
        "late",
        "ended_without_term",
        "solved",
        "declined",
        "referred",
        "contested",
        "median_days",
        "rated",
        "rated_good",
        "rated_fair",
        "rated_poor",
    ]);
    let all = Part { name: format!("{}/{}", figures.from, figures.until), count: figures.total.clone() };
    let parts = [
        ("all", std::slice::from_ref(&all)),
        ("month", &figures.months),
        ("area", &figures.areas),
        ("group", &figures.groups),
    ];
    for (by, part) in parts.into_iter().flat_map(|(by, parts)| parts.iter().map(move |part| (by, part))) {
        let count = &part.count;
        let numbers = [
            count.opened,
            count.open,
            count.open_in_term,
            count.overdue,
            count.open_without_term,
            count.ended,
            count.in_term,
            count.late,
            count.ended_without_term,
            count.solved,
            count.declined,
            count.referred,
            count.contested,
        ];
        let numbers = numbers.map(|number| number.to_string()).join(",");
        let median = count.median_days.map(|days| days.to_string()).unwrap_or_default();
        let rated = [count.rated, count.rated_good, count.rated_fair, count.rated_poor];
        let rated = rated.map(|number| number.map(|number| number.to_string()).unwrap_or_default()).join(",");
        sheet.push_str(&format!("{by},{},{numbers},{median},{rated}\r\n", csv::field(&part.name)));
    }
    sheet
}
