//! `/{lang}/staff/calls`: who is to be called back, the one who waits longest first; and how it went.

use super::{Entry, Lang, Oops, Response, Staff, Who, href};
use crate::{
    app::App,
    guard::walk::Walk,
    pages::{Call, department, timeline::Teller},
};
use adapters::{
    desk::may_read,
    tasks::{Act, DeskTools, Refused, act},
};
use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect},
    routing::get,
};
use schemas::{
    Uuid,
    account::Role,
    city::in_language,
    report::Language,
    task::{Kind, State as Stage, Told},
};
use serde::{Deserialize, Serialize};
use store::TaskFilter;

const PATH: &str = "/{lang}/staff/calls";

/// The page.
pub(super) const PAGE: Entry =
    Entry { name: "calls", path: PATH, route: |_| get(show).post(send), who: Who::Only(Role::Operator), menu: true };

/// The most calls on the page.
const MOST: usize = 50;

#[derive(Serialize)]
struct Data {
    action: String,
    said: Option<String>,
    calls: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    id: String,
    name: Option<String>,
    call: Option<Call>,
    language: String,
    category: String,
    reference: String,
    href: String,
    words: String,
    department: String,
    when: String,
    /// Their time has come.
    due: bool,
    tries: Option<String>,
}

#[derive(Default, Deserialize)]
struct Just {
    #[serde(default)]
    done: String,
    #[serde(default)]
    late: String,
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Query(just): Query<Just>,
    staff: Staff,
) -> Result<Response, Oops> {
    let said = match (just.done.is_empty(), just.late.is_empty()) {
        (false, _) => Some(app.text(language, "calls-done", &[])),
        (_, false) => Some(app.text(language, "calls-late", &[])),
        _ => None,
    };
    let data = Data { action: href(PATH, language), said, calls: lines(&app, language, &staff).await? };
    let title = app.text(language, "staff-page-calls", &[]);
    Ok(app.show(&staff.page(&app, language, "staff_calls", title, "/staff/calls", data)))
}

async fn lines(app: &App, language: Language, staff: &Staff) -> Result<Vec<Line>, store::Error> {
    let (store, city) = (&app.site.store, &app.site.city);
    let filter = TaskFilter { desk: None, states: vec![Stage::Open], kind: Some(Kind::Back), after: None, limit: MOST };
    let mut tasks = store.tasks(&filter).await?;
    tasks.sort_by_key(|task| (task.due_at, task.id));
    let ids: Vec<Uuid> = tasks.iter().map(|task| task.case_id).collect();
    let (reports, cases) = (store.reports_by_ids(&ids).await?, store.cases_by_ids(&ids).await?);
    let contacts = store.contacts_by_ids(&ids).await?;
    let teller = Teller { app, language, today: app.today() };
    let now = store.clock().now();
    let line = |task: &schemas::task::Task| {
        let report = reports.get(&task.case_id)?;
        if !may_read(city, &staff.account, report, cases.get(&task.case_id)) {
            return None;
        }
        let contact = contacts.get(&task.case_id);
        let at = task.due_at.unwrap_or(task.opened_at);
        let category = city.category(&report.category);
        Some(Line {
            id: task.id.to_string(),
            name: contact.and_then(|contact| contact.name.clone()),
            call: contact.and_then(|contact| contact.phone.as_deref()).map(Call::to),
            language: app.face.name_of(language, app.site.city.answers_in(report.language)),
            category: category.map_or_else(String::new, |one| in_language(&one.names, language).to_owned()),
            href: format!("/{}/staff/cases/{}", language.as_str(), report.reference.digits()),
            reference: report.reference.to_string(),
            words: report.words.chars().take(300).collect(),
            department: department(app, &task.desk, language),
            when: teller.moment(at),
            due: at <= now,
            tries: (task.level > 0).then(|| app.text(language, "calls-tries", &[("count", &task.level.to_string())])),
        })
    };
    Ok(tasks.iter().filter_map(line).collect())
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    task: String,
    #[serde(default)]
    outcome: String,
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    walk: Walk,
    staff: Staff,
    Form(sent): Form<Sent>,
) -> Result<Response, Oops> {
    let bad = || Oops::Status(StatusCode::BAD_REQUEST);
    let (id, outcome) = (sent.task.parse::<Uuid>().map_err(|_| bad())?, Told::parse(&sent.outcome).ok_or_else(bad)?);
    let store = &app.site.store;
    let task = store.task(id).await?.filter(|task| task.kind == Kind::Back).ok_or(Oops::Missing)?;
    let report = store.report(task.case_id).await?.ok_or(Oops::Missing)?;
    let case = store.case(task.case_id).await?;
    if !may_read(&app.site.city, &staff.account, &report, case.as_ref()) {
        return Err(Oops::Missing);
    }
    let tools = DeskTools::new(store.clone(), app.site.city.clone());
    let how = match act(&tools, None, id, &staff.account.name, Act::Told { outcome }, walk.0).await {
        Ok(_) => "done",
        Err(Refused::Already(_)) => "late",
        Err(Refused::Failed(error)) => return Err(error.into()),
        Err(Refused::Unknown) => return Err(Oops::Missing),
        Err(Refused::NotNow(_) | Refused::Invalid(_)) => return Err(bad()),
    };
    Ok(Redirect::to(&format!("{}?{how}=1", href(PATH, language))).into_response())
}
