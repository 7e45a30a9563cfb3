//! `/{lang}/staff/held/{reference}`: one report that was noticed: what was sent and by whom; release it, refuse it with a
//! reason, block who sent it.

use super::{Entry, Lang, Oops, Response, Staff, Who, held, href};
use crate::{
    app::App,
    pages::{
        fields::{Choice, Field, Opt, Wrong},
        photo,
    },
};
use adapters::abuse::{self, Listed, Outcome, Sender};
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect},
    routing::get,
};
use schemas::{
    account::Role,
    block::domains_of,
    held::State as Stand,
    reference::Reference,
    report::{Contact, Language},
};
use serde::{Deserialize, Serialize};

/// The page.
pub(super) const PAGE: Entry = Entry {
    name: "held-one",
    path: "/{lang}/staff/held/{reference}",
    route: |_| get(show).post(act),
    who: Who::Only(Role::Moderator),
    menu: false,
};

/// How long somebody is blocked, unless a moderator says otherwise: days.
const DAYS: u32 = 30;

#[derive(Deserialize)]
struct Named {
    reference: String,
}

#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default, rename = "do")]
    act: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    because: String,
}

/// What was done just now.
#[derive(Debug, Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
    #[serde(default)]
    who: String,
}

#[derive(Serialize)]
struct Data {
    action: String,
    back: String,
    wrong: Vec<Wrong>,
    said: Option<String>,
    /// Who was blocked just now, to be undone.
    undo: Option<String>,
    reference: String,
    category: String,
    why: String,
    since: String,
    until: Option<String>,
    state: String,
    channel: String,
    place: String,
    words: String,
    contact: Vec<String>,
    photos: Vec<photo::Shown>,
    /// It waits: it can be released or refused.
    waits: bool,
    reason: Field,
    block: Option<Block>,
}

#[derive(Serialize)]
struct Block {
    who: Choice,
    days: Field,
    because: Field,
}

async fn found(app: &App, named: &Named) -> Result<Listed, Oops> {
    let reference = Reference::parse(&named.reference).map_err(|_| Oops::Missing)?;
    abuse::look(&app.site.store, reference).await?.ok_or(Oops::Missing)
}

/// Who can be blocked of those that left `contact`, by the name of the choice.
fn senders(contact: Option<&Contact>) -> Vec<(&'static str, Sender, String)> {
    let mut senders = Vec::new();
    if let Some(email) = contact.and_then(|contact| contact.email.clone()) {
        let domain = domains_of(&email).into_iter().next();
        senders.push(("email", Sender::Email(email.clone()), email));
        senders.extend(domain.map(|domain| ("domain", Sender::Domain(domain.clone()), domain)));
    }
    if let Some(phone) = contact.and_then(|contact| contact.phone.clone()) {
        senders.push(("phone", Sender::Phone(phone.clone()), phone));
    }
    senders
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    staff: Staff,
    Path(named): Path<Named>,
    Query(done): Query<Done>,
) -> Result<Response, Oops> {
    let listed = found(&app, &named).await?;
    page(&app, language, &staff, &listed, &Said::default(), &[], &done).await
}

async fn page(
    app: &App,
    language: Language,
    staff: &Staff,
    listed: &Listed,
    filled: &Said,
    faults: &[(&str, String)],
    done: &Done,
) -> Result<Response, Oops> {
    let text = |key: &str| app.text(language, key, &[]);
    let Listed { held, report, contact } = listed;
    let waits = held.state == Stand::Held;
    let field = |name: &'static str, value: &str, more: Field| {
        Field {
            id: name.to_owned(),
            name: name.to_owned(),
            label: text(&format!("held-{name}")),
            hint: app
                .face
                .texts
                .has(language, &format!("held-{name}-hint"))
                .then(|| text(&format!("held-{name}-hint"))),
            value: value.to_owned(),
            error: faults.iter().find(|(field, _)| *field == name).map(|(_, message)| message.clone()),
            ..more
        }
        .done()
    };
    let senders = senders(contact.as_ref());
    let option = |(name, _, shown): &(&'static str, Sender, String)| Opt {
        name: "who".to_owned(),
        value: (*name).to_owned(),
        label: format!("{} {shown}", text(&format!("held-who-{name}"))),
        checked: filled.who == *name,
        ..Opt::default()
    };
    let block = (!senders.is_empty()).then(|| Block {
        who: Choice {
            id: "who".to_owned(),
            legend: text("held-who"),
            error: faults.iter().find(|(field, _)| *field == "who").map(|(_, message)| message.clone()),
            options: senders.iter().map(option).collect(),
            ..Choice::default()
        }
        .done(),
        days: field(
            "days",
            if filled.days.is_empty() { "30" } else { &filled.days },
            Field { inputmode: "numeric", max: 4, ..Field::default() },
        ),
        because: field("because", &filled.because, Field { max: 300, ..Field::default() }),
    });
    let anchor = |name: &str| if name == "who" { "#who-1".to_owned() } else { format!("#{name}") };
    let undo = (done.done == "blocked").then(|| senders.iter().find(|(name, ..)| *name == done.who)).flatten();
    let known = ["blocked", "unblocked", "over"].contains(&done.done.as_str());
    let action = format!("{}/{}", href(held::PATH, language), report.reference.digits());
    let home = format!("/{}/t/{}", language.as_str(), report.token);
    let data = Data {
        back: href(held::PATH, language),
        wrong: faults.iter().map(|(name, message)| Wrong { href: anchor(name), message: message.clone() }).collect(),
        said: known.then(|| text(&format!("held-said-{}", done.done))),
        undo: undo.map(|(name, ..)| (*name).to_owned()),
        reference: report.reference.to_string(),
        category: held::category(app, language, report),
        why: held::why(app, language, listed),
        since: held::moment(app, language, held.at),
        until: waits.then(|| held::moment(app, language, held.until)),
        state: text(&format!("held-state-{}", held.state.as_str())),
        channel: report.channel.to_string(),
        place: report.place.line(),
        words: report.words.clone(),
        contact: contact.iter().flat_map(|c| [c.name.clone(), c.email.clone(), c.phone.clone()]).flatten().collect(),
        photos: photo::shown(&app.site.store, report, &home).await?,
        waits,
        reason: field("reason", &filled.reason, Field { rows: 3, ..Field::default() }),
        block,
        action: action.clone(),
    };
    let title = app.text(language, "held-one-title", &[("reference", &report.reference.to_string())]);
    let here = action.trim_start_matches(&format!("/{}", language.as_str())).to_owned();
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(app.show(&staff.page(app, language, "staff_held_one", title, here, data).status(status)))
}

async fn act(
    State(app): State<App>,
    Lang(language): Lang,
    staff: Staff,
    Path(named): Path<Named>,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    let listed = found(&app, &named).await?;
    let (store, city) = (&app.site.store, &app.site.city);
    let (reference, who) = (listed.report.reference, staff.account.name.as_str());
    let list = href(held::PATH, language);
    let here = format!("{list}/{}", reference.digits());
    let on = |outcome: Outcome, done: &str| match outcome {
        Outcome::Done => Redirect::to(&format!("{list}?done={done}&of={}", reference.digits())),
        Outcome::Over(_) | Outcome::Unknown => Redirect::to(&format!("{here}?done=over")),
    };
    let wrong =
        async |faults: &[(&str, String)]| page(&app, language, &staff, &listed, &said, faults, &Done::default()).await;
    let text = |key: &str| app.text(language, key, &[]);
    match said.act.as_str() {
        "release" => Ok(on(abuse::release(store, reference, who).await?, "released").into_response()),
        "refuse" if said.reason.trim().is_empty() => wrong(&[("reason", text("held-reason-missing"))]).await,
        "refuse" => {
            let outcome = abuse::refuse(store, city, reference, &said.reason, who).await?;
            Ok(on(outcome, "refused").into_response())
        }
        "block" | "unblock" => {
            let sender = senders(listed.contact.as_ref()).into_iter().find(|(name, ..)| *name == said.who);
            let Some((name, sender, _)) = sender else { return wrong(&[("who", text("held-who-missing"))]).await };
            if said.act == "unblock" {
                // Whoever unblocks what is not blocked has what they want.
                _ = abuse::unblock(store, &city.country, &sender, who).await?;
                return Ok(Redirect::to(&format!("{here}?done=unblocked")).into_response());
            }
            let days = said.days.trim().parse().unwrap_or(if said.days.trim().is_empty() { DAYS } else { 0 });
            match abuse::block(store, &city.country, &sender, days, &said.because, who).await? {
                Ok(_) => Ok(Redirect::to(&format!("{here}?done=blocked&who={name}")).into_response()),
                Err(fault) => {
                    let field = match fault.field.as_str() {
                        "days" => "days",
                        "reason" => "because",
                        _ => "who",
                    };
                    wrong(&[(field, text(&format!("held-{field}-wrong")))]).await
                }
            }
        }
        _ => Err(Oops::Status(StatusCode::UNPROCESSABLE_ENTITY)),
    }
}
