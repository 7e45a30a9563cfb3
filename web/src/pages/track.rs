//! `/{lang}/t/{token}`: where is my report? Everything that happened, what happens next and when,
//! for whoever has the secret link.

use super::{
    Call, Entry, Lang, Oops, Token, add, article, calendar, form, merged, photo, rate,
    timeline::{Leg, Line, Step, Teller},
};
use crate::{app::App, face::Page};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use schemas::{
    case::{Case, Part, Status},
    city::in_language,
    event::{CaseEvent, What},
    report::{Language, Report},
};
use serde::{Deserialize, Serialize};

/// The page.
pub const PAGE: Entry = Entry { name: "track", path: "/{lang}/t/{token}", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    reference: String,
    spoken: String,
    status: &'static str,
    status_name: String,
    tone: &'static str,
    headline: String,
    expected: Option<String>,
    late: bool,
    again: bool,
    replied: bool,
    added: bool,
    reply: Option<Reply>,
    add: Option<add::View>,
    rate: Option<rate::View>,
    /// The day for a calendar.
    calendar: Option<String>,
    unheard: Option<String>,
    steps: Vec<Step>,
    leg: Option<Leg>,
    parts: Vec<PartLine>,
    lines: Vec<Line>,
    next: Option<String>,
    /// The case that this one goes on in.
    main: Option<merged::View>,
    matter: Matter,
    photos: Vec<photo::Shown>,
    answer: Option<Answered>,
    contest: Option<Contest>,
    second_line: Option<SecondLine>,
    /// By when they hear who has taken it on.
    acknowledged: Option<String>,
    /// Where this device can be told, in browsers that can.
    device: Option<DeviceBox>,
    /// Why they were told, or were not.
    why: String,
    /// Where they choose how they are told.
    choices: String,
    /// The page that others may see and follow, where there is one.
    public: Option<String>,
    phone: Call,
}

/// What the script needs that registers a device; without the script nothing of it is seen.
#[derive(Serialize)]
struct DeviceBox {
    token: String,
    key: String,
    script: String,
}

/// What was told.
#[derive(Serialize)]
pub(crate) struct Matter {
    category: String,
    icon: String,
    kind: String,
    words: String,
    place: String,
    answers: Vec<Answer>,
    received: String,
}

#[derive(Serialize)]
struct Answer {
    question: String,
    answer: String,
}

/// What the knowledge base answered.
#[derive(Serialize)]
struct Answered {
    article: article::View,
    helped: bool,
    helped_action: String,
    contest: Contest,
}

/// Where somebody goes who is not content with how it ended.
#[derive(Serialize)]
struct SecondLine {
    name: String,
    phone: Option<Call>,
    web: Option<String>,
}

#[derive(Serialize)]
struct Contest {
    action: String,
    words: String,
    wrong: bool,
    most: usize,
}

/// What one of several departments does.
#[derive(Serialize)]
struct PartLine {
    department: String,
    status: &'static str,
    status_name: String,
    tone: &'static str,
    planned: Option<String>,
}

/// What a department asks.
#[derive(Serialize)]
struct Reply {
    action: String,
    /// The version at which it was asked.
    asked: i64,
    who: String,
    question: String,
    words: String,
    wrong: Option<String>,
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    again: Option<String>,
    #[serde(default)]
    replied: Option<String>,
    #[serde(default)]
    added: Option<String>,
}

/// What the resident has just done on this page.
#[derive(Default)]
pub struct Just {
    /// Said that it is not solved.
    pub again: bool,
    /// Wrote this about it, which is too long.
    pub contested: Option<String>,
    /// Answered what a department asked.
    pub replied: bool,
    /// Wrote this as an answer, and which text says why that did not do.
    pub reply: Option<(String, &'static str)>,
    /// Added something.
    pub added: bool,
    /// Wanted to add this, and it did not do.
    pub tried: Option<add::Tried>,
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Path(token): Path<Token>,
    Query(seen): Query<Seen>,
) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    let Seen { again, replied, added } = seen;
    let (again, replied, added) = (again.is_some(), replied.is_some(), added.is_some());
    let just = Just { again, replied, added, ..Just::default() };
    page(&app, language, report, just).await
}

/// The page of `report`, for its reporter who has just done something there.
pub async fn page(app: &App, language: Language, report: Report, just: Just) -> Result<Response, Oops> {
    let Just { again, contested, replied, reply: written, added, tried } = just;
    let store = &app.site.store;
    let (case, mut events, dispatches, given) = tokio::try_join!(
        store.case(report.id),
        store.timeline(report.id, true),
        store.dispatches_of(report.id),
        store.answer(report.id)
    )?;
    let lang = language.as_str();
    let today = app.today();
    let teller = Teller { app, language, today };
    let main = merged::Main::of(app, case.as_ref()).await?;
    let main_view = match &main {
        Some(main) => {
            main.join(&mut events);
            Some(main.view(app, language, &teller).await?)
        }
        None => None,
    };
    // Between the door and the router there is a report and no case yet.
    let status = case.as_ref().map_or(Status::Received, |case| case.status);
    // How far the work is: of a duplicate that of the main case.
    let stage = main.as_ref().map_or(status, |main| main.case.status);
    let planned_on = case.as_ref().and_then(|case| case.planned_on);
    let expected_on = case.as_ref().and_then(Case::expected_on).filter(|_| !status.is_closed());
    // What the resident is waited for is nobody's delay.
    let slips = case.as_ref().filter(|_| status != Status::Waiting).and_then(|case| case.watch.news_by);
    let late = status != Status::Waiting && expected_on.is_some_and(|day| day < today || slips.is_some());
    let expected = expected_on.map(|day| {
        let date = teller.date(day);
        match slips {
            Some(news_by) if news_by >= today => {
                let args = [("was", date.as_str()), ("date", &teller.date(news_by))];
                app.text(language, "track-slipping", &args)
            }
            _ if late => app.text(language, "track-late", &[("date", &date)]),
            _ if planned_on.is_some() => app.text(language, "track-planned", &[("date", &date)]),
            _ => app.text(language, "track-expected", &[("date", &date)]),
        }
    });
    let is_contested = contested.is_some();
    let answered = status == Status::Solved && matches!(closing(&events), Some(What::Answered { .. }));
    let word = if answered { "answered" } else { status.as_str() };
    let policy = app.site.city.policy(&report);
    let second_line = policy.second_line.as_ref().filter(|_| status.is_closed()).map(|line| SecondLine {
        name: line.name(language).to_owned(),
        phone: line.phone.as_deref().map(Call::to),
        web: line.web.clone(),
    });
    let acknowledged = acknowledged(app, language, &report, status);
    let contest = (stage == Status::Solved && policy.contest).then(|| Contest {
        action: format!("/{lang}/t/{}/contest", report.token),
        words: contested.unwrap_or_default(),
        wrong: is_contested,
        most: adapters::intake::contest::MAX_WORDS,
    });
    // An article that the city took away since: what is left is to say that it did not help.
    let article = given.as_ref().filter(|_| answered).and_then(|given| app.site.city.article(&given.article));
    let (answer, contest) = match (article, contest) {
        (Some(article), Some(contest)) => {
            let answered = Answered {
                article: article::view(app, language, article, 3),
                helped: given.as_ref().is_some_and(|given| given.helped == Some(true)),
                helped_action: format!("/{lang}/t/{}/helped", report.token),
                contest,
            };
            (Some(answered), None)
        }
        (_, contest) => (None, contest),
    };
    let is_unsaid = written.is_some() || tried.is_some();
    let (words, wrong) = written.map_or((String::new(), None), |(words, why)| (words, Some(why)));
    let wrong = wrong.map(|why| {
        let most = adapters::intake::reply::MAX_WORDS.to_string();
        app.text(language, why, &[("most", &most), ("phone", &app.site.city.phone)])
    });
    let question = case.as_ref().and_then(|case| schemas::reply::question(case, &events));
    // Whoever answered too late keeps their words.
    let unheard = wrong.as_ref().filter(|_| question.is_none()).map(|why| format!("{why}\n\n{words}"));
    let reply = question.map(|(asked, department, text)| Reply {
        action: format!("/{lang}/t/{}/reply", report.token),
        asked,
        who: super::department(app, department, language),
        question: text.to_owned(),
        words,
        wrong,
    });
    let reply_is_wanted = reply.is_some();
    let day = case.as_ref().and_then(calendar::day);
    let photos = photo::shown(store, &report, &format!("/{lang}/t/{}", report.token)).await?;
    // Like any other before somebody has it: who sent what is held sees no difference.
    let is_public = case.is_some() && app.site.city.is_public(&report) && !store.is_hidden(report.id).await?;
    let reference = report.reference.to_string();
    let data = Data {
        spoken: reference.chars().filter(char::is_ascii_digit).map(String::from).collect::<Vec<_>>().join(" "),
        status: word,
        status_name: app.text(language, &format!("status-{word}"), &[]),
        tone: tone(status),
        headline: app.text(language, &format!("status-{word}-text"), &[]),
        expected,
        late,
        again: again && !stage.is_closed(),
        replied,
        added,
        reply,
        // Whoever is asked something says it there; a duplicate's reporter speaks on the main case's way.
        add: if reply_is_wanted && tried.is_none() {
            None
        } else {
            add::view(app, language, &report, case.as_ref(), tried)
        },
        rate: if stage == Status::Solved && !answered { Some(rate::view(app, language, &report).await?) } else { None },
        calendar: day.map(|_| format!("/{lang}/t/{}/calendar.ics", report.token)),
        unheard,
        steps: if answered { teller.answered() } else { teller.steps(stage, planned_on.is_some()) },
        leg: case.as_ref().filter(|case| !case.status.is_closed()).and_then(|c| teller.leg(c, &dispatches, &events)),
        parts: case
            .iter()
            .filter(|_| status != Status::Duplicate)
            .flat_map(|case| &case.parts)
            .map(|part| part_line(app, &teller, part))
            .collect(),
        lines: teller.lines(&events),
        second_line,
        acknowledged,
        next: (!status.is_closed()).then(|| app.text(language, &format!("next-{status}"), &[])),
        main: main_view,
        matter: matter(app, language, &report, &teller),
        photos,
        answer,
        contest,
        device: device_box(app, &report.token).filter(|_| !stage.is_closed()),
        why: format!("/{lang}/t/{}/why", report.token),
        choices: format!("/{lang}/choices"),
        public: is_public.then(|| format!("/{lang}/case/{}", report.reference.digits())),
        phone: Call::to(&app.site.city.phone),
        reference: reference.clone(),
    };
    let title = app.text(language, "track-title", &[("reference", &reference)]);
    let code = if is_contested || is_unsaid { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let here = format!("/t/{}", report.token);
    Ok(app.show(&Page::new(language, "track", title, here, data).private().status(code)))
}

/// By when whoever sent `report` hears who has taken it on; nothing once somebody has, or where nobody promises it.
pub(super) fn acknowledged(app: &App, language: Language, report: &Report, status: Status) -> Option<String> {
    let term = app.site.city.policy(report).acknowledge?;
    if !matches!(status, Status::Received | Status::Routed) {
        return None;
    }
    let by = term.due(&app.site.city.calendar, report.received_at);
    let date = Teller { app, language, today: app.today() }.date(by);
    Some(app.text(language, "track-acknowledged", &[("date", &date)]))
}

fn device_box(app: &App, token: &str) -> Option<DeviceBox> {
    let key = app.site.config.push.as_ref()?.offer().public_key?;
    Some(DeviceBox { token: token.to_owned(), key, script: format!("{}/push.js", app.assets.root()) })
}

/// What closed the case.
fn closing(events: &[CaseEvent]) -> Option<&What> {
    let closes = |what: &&What| matches!(what, What::Solved { .. } | What::Answered { .. } | What::Reopened { .. });
    events.iter().rev().map(|event| &event.what).find(closes)
}

fn part_line(app: &App, teller: &Teller<'_>, part: &Part) -> PartLine {
    let date = part.planned_on.filter(|_| part.status == Status::Planned).map(|day| teller.date(day));
    PartLine {
        department: super::department(app, &part.department, teller.language),
        status: part.status.as_str(),
        status_name: app.text(teller.language, &format!("status-{}", part.status), &[]),
        tone: tone(part.status),
        planned: date.map(|date| app.text(teller.language, "track-planned", &[("date", &date)])),
    }
}

/// How a status looks.
fn tone(status: Status) -> &'static str {
    match status {
        Status::Solved => "good",
        Status::Planned | Status::Waiting => "wait",
        Status::Declined | Status::Referred | Status::Duplicate => "quiet",
        Status::Received | Status::Routed | Status::Accepted => "plain",
    }
}

pub(crate) fn matter(app: &App, language: Language, report: &Report, teller: &Teller<'_>) -> Matter {
    let city = &app.site.city;
    let category = city.category(&report.category);
    let group = city.groups.iter().find(|group| group.id == report.category.group());
    let answers = report.answers.iter().filter_map(|(id, value)| {
        let question = city.question(id)?;
        let name = |option: &str| form::option_name(question, option, language);
        let answer = match value {
            serde_json::Value::Bool(true) => app.text(language, "form-yes", &[]),
            serde_json::Value::Bool(false) => app.text(language, "form-no", &[]),
            serde_json::Value::String(text) if question.options.is_empty() => text.clone(),
            serde_json::Value::String(option) => name(option),
            serde_json::Value::Array(options) => {
                options.iter().filter_map(|option| option.as_str()).map(name).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        Some(Answer { question: in_language(&question.texts, language).to_owned(), answer })
    });
    Matter {
        category: category.map_or_else(|| report.category.to_string(), |c| in_language(&c.names, language).to_owned()),
        icon: group.map_or("dot", |group| group.icon.as_str()).to_owned(),
        kind: app.text(language, &format!("kind-{}", report.kind), &[]),
        words: report.words.clone(),
        place: report.place.line(),
        answers: answers.collect(),
        received: teller.moment(report.received_at),
    }
}
