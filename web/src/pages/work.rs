//! `/{lang}/work/{token}`: somebody at a department sees a case and says what becomes of it, by the
//! link in a mail and without an account. Opening it changes nothing; only the button on it does.

use super::{
    Call, Entry, Lang, Oops, department,
    fields::{Field, Wrong},
    photo, rate,
    timeline::{Line, Teller},
    track::{self, Matter},
};
use crate::{app::App, face::Page, guard::walk::Walk};
use adapters::{
    answer_link::{self, Answered, Opened, Stand, WORDS},
    answers::MAX_TEXT,
    updates::Outcome,
};
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use schemas::{dispatch::Say, fault::Invalid, place::Point, report::Language};
use serde::{Deserialize, Serialize};

/// The page.
pub const PAGE: Entry =
    Entry { name: "work", path: "/{lang}/work/{token}", route: |_| get(show).post(send), sandbox: false };

/// The secret part of the address.
#[derive(Deserialize)]
pub(super) struct Link {
    token: String,
}

impl Link {
    /// What it leads to.
    pub(super) async fn open(&self, app: &App) -> Result<Opened, Oops> {
        let links = app.site.config.links.as_ref().ok_or(Oops::Missing)?;
        answer_link::open(&app.site.store, links, &self.token).await?.ok_or(Oops::Missing)
    }
}

#[derive(Serialize)]
struct Data {
    reference: String,
    department: String,
    /// What was just said, if something was.
    said: Option<String>,
    /// Why less may be said than usual.
    limits: Option<String>,
    status: &'static str,
    status_name: String,
    expected: Option<String>,
    /// What residents say of how things were dealt with: of this one, and of all lately.
    ratings: Vec<String>,
    matter: Matter,
    map: Option<String>,
    photos: Vec<photo::Shown>,
    lines: Vec<Line>,
    choices: Vec<Choice>,
    form: Option<Fill>,
    phone: Call,
}

/// One thing that can be said.
#[derive(Serialize)]
struct Choice {
    href: String,
    icon: &'static str,
    title: String,
    text: String,
}

/// The form for one of them.
#[derive(Serialize)]
struct Fill {
    action: String,
    say: &'static str,
    seen: i64,
    title: String,
    text: String,
    button: String,
    back: String,
    wrong: Vec<Wrong>,
    fields: Vec<Field>,
    critical: Option<Critical>,
}

/// Whether it is said to be critical; there where that may be said.
#[derive(Serialize)]
struct Critical {
    checked: bool,
    error: Option<String>,
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    say: String,
    #[serde(default)]
    said: String,
}

/// What was filled in.
#[derive(Default, Deserialize)]
struct Filled {
    #[serde(default)]
    say: String,
    #[serde(default)]
    seen: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    on: String,
    #[serde(default)]
    evidence: String,
    /// Something when it is critical.
    #[serde(default)]
    critical: String,
}

impl Filled {
    /// What it says; or what is missing.
    fn read(&self) -> Result<Say, Invalid> {
        let text = self.text.trim().to_owned();
        let maybe = (!text.is_empty()).then(|| text.clone());
        Ok(match self.say.as_str() {
            "accept" => Say::Accept {},
            "plan" => {
                let on = self.on.trim().parse().map_err(|_| Invalid::new("/say/on", "required", ""))?;
                Say::Plan { on, text: maybe }
            }
            "done" => {
                let evidence = self.evidence.split_whitespace().map(str::to_owned).collect();
                Say::Done { text: maybe, evidence }
            }
            "ask" => Say::Ask { text },
            "note" => Say::Note { text },
            "internal_note" => Say::InternalNote { text },
            "reject" => Say::Reject { reason: text },
            _ => return Err(Invalid::new("/say/what", "unknown", "")),
        })
    }
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    Query(asked): Query<Asked>,
) -> Result<Response, Oops> {
    let opened = link.open(&app).await?;
    let say = word(&asked.say).filter(|say| opened.stand.allows(say));
    let filled = Filled { seen: opened.case.version.to_string(), ..Filled::default() };
    let shown = Shown { say, said: word(&asked.said), filled, faults: Vec::new() };
    page(&app, language, &link.token, opened, shown).await
}

async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    walk: Walk,
    Form(filled): Form<Filled>,
) -> Result<Response, Oops> {
    let Some(say) = word(&filled.say) else { return Err(Oops::Status(StatusCode::BAD_REQUEST)) };
    let Ok(seen) = filled.seen.parse::<i64>() else { return Err(Oops::Status(StatusCode::BAD_REQUEST)) };
    let links = app.site.config.links.as_ref().ok_or(Oops::Missing)?;
    let faults = match filled.read() {
        Err(fault) => vec![fault],
        Ok(said) => {
            match answer_link::answer(&app.updates, links, &link.token, said, seen, !filled.critical.is_empty(), walk.0)
                .await?
            {
                Answered::Unknown => return Err(Oops::Missing),
                // Something changed while the page was open: it says what.
                Answered::NotNow => Vec::new(),
                Answered::Sent(Outcome::Taken { .. }) => {
                    let address = format!("/{}/work/{}?said={say}", language.as_str(), link.token);
                    return Ok(Redirect::to(&address).into_response());
                }
                Answered::Sent(Outcome::Invalid(faults)) => faults,
                Answered::Sent(Outcome::Failed(error)) => return Err(error.into()),
                Answered::Sent(_) => return Err(Oops::Status(StatusCode::BAD_REQUEST)),
            }
        }
    };
    let opened = link.open(&app).await?;
    let say = Some(say).filter(|say| opened.stand.allows(say));
    page(&app, language, &link.token, opened, Shown { say, said: None, filled, faults }).await
}

fn word(text: &str) -> Option<&'static str> {
    WORDS.into_iter().find(|word| *word == text)
}

fn icon(say: &str) -> &'static str {
    match say {
        "accept" => "accepted",
        "plan" => "planned",
        "done" => "solved",
        "ask" => "question",
        "reject" => "rejected",
        "internal_note" => "lock",
        _ => "note",
    }
}

/// Whether the resident is sent what it says.
fn is_told(say: &str) -> bool {
    matches!(say, "plan" | "done" | "ask" | "note")
}

/// What the page shows besides the case.
struct Shown {
    say: Option<&'static str>,
    said: Option<&'static str>,
    filled: Filled,
    faults: Vec<Invalid>,
}

async fn page(app: &App, language: Language, token: &str, opened: Opened, shown: Shown) -> Result<Response, Oops> {
    let lang = language.as_str();
    let Opened { dispatch, report, case, stand } = opened;
    let text = |key: &str| app.text(language, key, &[]);
    let events = app.site.store.timeline(case.id, true).await?;
    let teller = Teller { app, language, today: app.today() };
    let home = format!("/{lang}/work/{token}");
    let choices = WORDS.into_iter().filter(|say| stand.allows(say) && shown.say.is_none()).map(|say| Choice {
        href: format!("{home}?say={say}"),
        icon: icon(say),
        title: text(&format!("work-{}", key(say))),
        text: text(&format!("work-{}-text", key(say))),
    });
    let limits = match &stand {
        Stand::Theirs => case.status.is_closed().then(|| text("work-closed")),
        Stand::Informed => Some(text("work-informed")),
        Stand::Elsewhere { to: Some(to) } => {
            Some(app.text(language, "work-elsewhere", &[("department", &department(app, to, language))]))
        }
        Stand::Elsewhere { to: None } => Some(text("work-nobody")),
        Stand::Expired => Some(text("work-expired")),
    };
    let expired = stand == Stand::Expired;
    let reference = report.reference.to_string();
    let expected = case.planned_on.or_else(|| case.due_on()).filter(|_| !case.status.is_closed());
    let photos = if expired { Vec::new() } else { photo::shown(&app.site.store, &report, &home).await? };
    let may_be_critical = app.site.city.department(&dispatch.department).is_some_and(|one| one.may_be_critical);
    let form = shown.say.map(|say| fill(app, language, &home, say, may_be_critical, &shown));
    let data = Data {
        department: department(app, &dispatch.department, language),
        said: shown.said.map(|said| text(&format!("work-{}-said", key(said)))),
        limits,
        status: case.status.as_str(),
        status_name: text(&format!("status-{}", case.status)),
        expected: expected.map(|day| app.text(language, "work-expected", &[("date", &teller.date(day))])),
        map: report.place.point.map(|Point { lat, lon }| format!("geo:{lat:.6},{lon:.6}")),
        photos,
        ratings: rate::of_department(app, language, &dispatch.department, &report).await?,
        lines: teller.lines(&events),
        choices: choices.collect(),
        form,
        phone: Call::to(&app.site.city.phone),
        matter: track::matter(app, language, &report, &teller),
        reference: reference.clone(),
    };
    let title = app.text(language, "work-title", &[("reference", &reference)]);
    let code = if shown.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let here = format!("/work/{token}");
    Ok(app.show(&Page::new(language, "work", title, here, data).private().status(code)))
}

/// The word in the keys of texts.
fn key(say: &str) -> String {
    say.replace('_', "-")
}

fn fill(app: &App, language: Language, home: &str, say: &'static str, may_be_critical: bool, shown: &Shown) -> Fill {
    let text = |key: &str| app.text(language, key, &[]);
    let filled = &shown.filled;
    let mut wrong = Vec::new();
    let mut error = |field: &str, id: &str| {
        let fault = shown.faults.iter().find(|fault| fault.field.starts_with(field))?;
        let message = match fault.code.as_ref() {
            "required" => text(&format!("work-{id}-required")),
            "too_long" => app.text(language, "work-too-long", &[("most", &MAX_TEXT.to_string())]),
            _ => text(&format!("work-{id}-wrong")),
        };
        wrong.push(Wrong { href: format!("#{id}"), message: message.clone() });
        Some(message)
    };
    let mut fields = Vec::new();
    if say == "plan" {
        fields.push(Field {
            id: "on".to_owned(),
            name: "on".to_owned(),
            label: text("work-on"),
            hint: Some(text("work-on-hint")),
            value: filled.on.clone(),
            error: error("/say/on", "on"),
            kind: "date",
            ..Field::default()
        });
    }
    if say != "accept" {
        let name = if say == "reject" { "/say/reason" } else { "/say/text" };
        fields.push(Field {
            id: "text".to_owned(),
            name: "text".to_owned(),
            label: text(&format!("work-{}-words", key(say))),
            hint: Some(text(if say == "internal_note" { "work-private" } else { "work-public" })),
            value: filled.text.clone(),
            error: error(name, "text"),
            rows: 4,
            optional: matches!(say, "plan" | "done"),
            ..Field::default()
        });
    }
    if say == "done" {
        fields.push(Field {
            id: "evidence".to_owned(),
            name: "evidence".to_owned(),
            label: text("work-evidence"),
            hint: Some(text("work-evidence-hint")),
            value: filled.evidence.clone(),
            error: error("/say/evidence", "evidence"),
            kind: "url",
            inputmode: "url",
            optional: true,
            ..Field::default()
        });
    }
    let refused = error("/critical", "critical");
    // What was refused stands there, so that it can be taken back.
    let critical = ((may_be_critical && is_told(say)) || refused.is_some())
        .then_some(Critical { checked: !filled.critical.is_empty(), error: refused });
    Fill {
        action: home.to_owned(),
        say,
        seen: filled.seen.parse().unwrap_or_default(),
        title: text(&format!("work-{}", key(say))),
        text: text(&format!("work-{}-text", key(say))),
        button: text(&format!("work-{}-button", key(say))),
        back: home.to_owned(),
        critical,
        wrong,
        fields: fields.into_iter().map(Field::done).collect(),
    }
}
