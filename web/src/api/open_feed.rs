//! `GET /open/{lang}/cases.atom`: what happens in a city, a district or about a subject, as an Atom feed (RFC 4287): the
//! cases whose status changed last.

use super::{
    Endpoint,
    openapi::operation::{Back, For, Operation},
};
use crate::{
    app::App,
    outward::{
        self, row,
        wanted::{FILTERS, Wanted},
    },
    problem::Problem,
    public::PublicCase,
};
use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemas::{Timestamp, city::in_language, report::Language};
use std::{fmt::Write as _, sync::Arc};

/// The most entries.
const MOST: usize = 50;
const ATOM: &str = "application/atom+xml; charset=utf-8";

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/open/{lang}/cases.atom",
    route: |_| get(list).options(outward::may_read),
    operations: &[Operation::get("readCaseFeed", For::Everybody, "What happens to public cases, as an Atom feed")
        .about("In one of the languages of the city. The 50 cases whose status changed last, each once.")
        .given(&FILTERS)
        .back(&[Back::bytes(200, "The feed.", "application/atom+xml")])
        .problems(&[400, 404, 429, 503])],
};

async fn list(
    State(app): State<App>,
    Path(lang): Path<String>,
    RawQuery(asked): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(language) = app.languages().iter().copied().find(|language| language.as_str() == lang) else {
        let missing = Problem::new(StatusCode::NOT_FOUND, "the city does not speak this language");
        return outward::open(missing.into_response());
    };
    let (wanted, asked) = match Wanted::of(asked.as_deref(), &app.site.city, &[]) {
        Ok(read) => read,
        Err(fault) => return outward::wrong(fault),
    };
    let mut cases = match outward::find(&app, &wanted).await {
        Ok(cases) => cases,
        Err(error) => return outward::away(&error),
    };
    // The newest few of very many are found without putting all in order.
    let newest = |case: &Arc<PublicCase>| std::cmp::Reverse((case.status_at, case.reference));
    if cases.len() > MOST {
        cases.select_nth_unstable_by_key(MOST, newest);
        cases.truncate(MOST);
    }
    cases.sort_by_key(newest);
    let query = asked.without("");
    let mark = outward::mark(&format!("atom {lang} {query}"), &cases);
    outward::answer(&headers, ATOM, &mark, outward::last_change(&cases), || {
        Body::from(feed(&app, language, &query, &wanted, &cases))
    })
}

fn feed(app: &App, language: Language, query: &str, wanted: &Wanted, cases: &[Arc<PublicCase>]) -> String {
    let (city, lang, base) = (&app.site.city, language.as_str(), outward::base(app));
    let mut here = format!("{base}/open/{lang}/cases.atom");
    if !query.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(here, "?{query}");
    }
    // Of an empty feed nothing ever changed.
    let updated = cases.iter().map(|case| case.status_at).max().unwrap_or(Timestamp::UNIX_EPOCH);
    let title = app.text(language, "feed-title", &[("city", city.name(language))]);
    let place = wanted.area.as_ref().and_then(|area| city.areas.get(area.as_str()));
    let place = place.map(|area| format!(": {}", in_language(&area.names, language))).unwrap_or_default();
    let rights = format!("{} {}", city.open_data.licence, city.open_data.licence_url);
    let author = city.open_data.source.as_deref().unwrap_or(city.name(language));
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{lang}\">\n\
         <id>{here}</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{here}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{base}/{lang}/open-data\"/>\n\
         <author><name>{author}</name></author>\n<rights>{rights}</rights>\n",
        here = escape(&here),
        title = escape(&format!("{title}{place}")),
        author = escape(author),
        rights = escape(&rights),
        base = escape(base),
    );
    for case in cases {
        entry(app, language, case, &mut xml);
    }
    xml.push_str("</feed>\n");
    xml
}

fn entry(app: &App, language: Language, case: &PublicCase, xml: &mut String) {
    let page = row::page(app, language, case);
    let name = row::name(app, language, case);
    let status = app.text(language, &format!("status-{}", case.status), &[]);
    let areas: Vec<&str> = case
        .areas
        .iter()
        .filter_map(|area| app.site.city.areas.get(area.as_str()))
        .map(|area| in_language(&area.names, language))
        .collect();
    let place = if areas.is_empty() { String::new() } else { format!(" ({})", areas.join(", ")) };
    // The same case is the same entry, in whatever language and however far it is.
    let id = format!("{}/case/{}", outward::base(app), case.reference.digits());
    // Writing to a String cannot fail.
    let _ = write!(
        xml,
        "<entry>\n<id>{id}</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n<published>{published}</published>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{page}\"/>\n<category term=\"{term}\" label=\"{name}\"/>\n\
         <summary>{summary}</summary>\n</entry>\n",
        id = escape(&id),
        title = escape(&format!("{name}{place}: {status}")),
        updated = case.status_at,
        published = case.received_at,
        page = escape(&page),
        term = escape(case.category.as_str()),
        name = escape(&name),
        summary = escape(&app.text(language, "feed-entry", &[("reference", &case.reference.to_string())])),
    );
}

/// Text for XML; what XML cannot hold is left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
