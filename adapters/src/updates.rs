//! Two doors through which departments answer over HTTP: with their token, or by a signed
//! callback. What they say is checked while they wait, and posted as a letter before they hear
//! that we have it; the case changes a moment later ([`crate::answers`]).

use crate::{
    answers::{check_critical, check_words},
    callback::{self, NotGenuine},
    departments::queue::{Denied, authenticate},
    json::{self, Unreadable},
    secrets::Secrets,
};
use schemas::{
    Uuid,
    case::Role,
    city::City,
    cloudevent::{self, Incoming},
    dispatch::{Say, Update},
    fault::Invalid,
    id::{Clock, derived},
    letter::{Lane, Letter, Topic},
    slug::DepartmentId,
    trace::Trace,
};
use std::sync::Arc;
use store::Store;

/// The largest update, in bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// How far ahead of ours a department's clock may be, in seconds.
const MAX_AHEAD: i64 = 600;

/// What the doors stand on.
#[derive(Debug, Clone)]
pub struct UpdateTools {
    /// The rows.
    pub store: Store,
    /// The city.
    pub city: Arc<City>,
    /// Who is who.
    pub secrets: Secrets,
    /// The time.
    pub clock: Clock,
}

/// What became of an update.
#[derive(Debug)]
pub enum Outcome {
    /// We have it, durably: 202. The same update again gets the same id and is heard once.
    Taken {
        /// The id of the letter that carries it.
        letter: Uuid,
    },
    /// Not this department's token: 401.
    Denied(Denied),
    /// Not this department's signature: 401.
    NotGenuine(NotGenuine),
    /// Not JSON at all: 400.
    Malformed(Invalid),
    /// Not `application/json`: 415.
    NotJson(Invalid),
    /// More than this many bytes: 413.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Fields are wrong: 422. Every fault is named.
    Invalid(Vec<Invalid>),
    /// The rows cannot be reached; nothing was stored: 503.
    Failed(store::Error),
}

/// `POST /api/v1/departments/{department}/updates` with `Authorization: Bearer …`.
pub async fn submit_update(
    tools: &UpdateTools,
    department: &str,
    authorization: Option<&str>,
    content_type: Option<&str>,
    body: &[u8],
    trace: Trace,
) -> Outcome {
    match authenticate(&tools.secrets, &tools.city, department, authorization) {
        Ok(department) => take(tools, &department, content_type, body, trace).await,
        Err(denied) => Outcome::Denied(denied),
    }
}

/// `POST /api/v1/departments/{department}/callback`, signed by the Standard Webhooks scheme with
/// one of the department's keys, not more than five minutes ago.
pub async fn submit_callback(
    tools: &UpdateTools,
    department: &str,
    headers: callback::Headers<'_>,
    content_type: Option<&str>,
    body: &[u8],
    trace: Trace,
) -> Outcome {
    if body.len() > MAX_BODY {
        return Outcome::TooLarge { limit: MAX_BODY };
    }
    let known = tools.city.department(department);
    let keys = known.map_or(&[][..], |department| tools.secrets.keys(&department.id));
    match (known, callback::verify(keys, headers, body, tools.clock.now())) {
        (Some(department), Ok(())) => take(tools, &department.id, content_type, body, trace).await,
        (_, Err(why)) => Outcome::NotGenuine(why),
        (None, Ok(())) => Outcome::NotGenuine(NotGenuine::NoKey),
    }
}

/// The letter that carries `update` to the lane of answers. Its id follows from the department's
/// own id of it.
pub fn letter(update: &Update, case: Uuid, trace: Trace, now: schemas::Timestamp) -> Letter {
    let subject = format!("{}.{}", update.department, update.say.word());
    Letter::new(letter_id(update), Lane::updates(), Topic::DepartmentUpdate, subject, update, trace, now).about(case)
}

/// What an update is deduped by: the department and its own id of it.
pub fn letter_id(update: &Update) -> Uuid {
    derived(&["update", &update.department, &update.id])
}

async fn take(
    tools: &UpdateTools,
    department: &DepartmentId,
    content_type: Option<&str>,
    body: &[u8],
    trace: Trace,
) -> Outcome {
    if let Some(fault) = json::not_json(content_type) {
        return Outcome::NotJson(fault);
    }
    if body.len() > MAX_BODY {
        return Outcome::TooLarge { limit: MAX_BODY };
    }
    let is_event =
        content_type.is_some_and(|t| t.trim().to_ascii_lowercase().starts_with("application/cloudevents+json"));
    let update = if is_event { read_event(body) } else { json::read(body, MAX_BODY) };
    let update: Update = match update {
        Ok(update) => update,
        Err(Unreadable::TooLarge { limit }) => return Outcome::TooLarge { limit },
        Err(Unreadable::Malformed(fault)) => return Outcome::Malformed(fault),
        Err(Unreadable::Invalid(fault)) => return Outcome::Invalid(vec![fault]),
    };
    let (update, mut faults) = match check_words(update) {
        Ok(update) => (update, Vec::new()),
        Err(faults) => return Outcome::Invalid(faults),
    };
    let now = tools.clock.now();
    if update.department != *department {
        let message = format!("this is {department}'s door: write \"{department}\"");
        faults.push(Invalid::new("/department", "not_yours", message));
    }
    if update.at.as_second() - now.as_second() > MAX_AHEAD {
        let message = format!("this is in the future, it is {now} now: check the clock and the time zone");
        faults.push(Invalid::new("/at", "in_the_future", message));
    }
    if !faults.is_empty() {
        return Outcome::Invalid(faults);
    }
    post(tools, &update, trace, now).await.unwrap_or_else(Outcome::Failed)
}

fn read_event(body: &[u8]) -> Result<Update, Unreadable> {
    let event = Incoming::read(body).map_err(|error| match error {
        cloudevent::NotAnEvent::Attribute(name, message) => {
            Unreadable::Invalid(Invalid::new(format!("/{name}"), "malformed", message))
        }
        cloudevent::NotAnEvent::Shape(error) => Unreadable::Malformed(Invalid::new("", "malformed", error.to_string())),
    })?;
    if event.topic() != Some(Topic::DepartmentUpdate.as_str()) {
        let message = format!("write {}{}", cloudevent::TYPE_PREFIX, Topic::DepartmentUpdate.as_str());
        return Err(Unreadable::Invalid(Invalid::new("/type", "unknown", message)));
    }
    let data = event.data.map_or("null", |data| data.get());
    json::read(data.as_bytes(), MAX_BODY).map_err(|error| match error {
        Unreadable::Invalid(mut fault) => {
            fault.field.insert_str(0, "/data");
            Unreadable::Invalid(fault)
        }
        other => other,
    })
}

/// Posts an update whose words were checked, if its dispatch was this department's.
pub(crate) async fn post(
    tools: &UpdateTools,
    update: &Update,
    trace: Trace,
    now: schemas::Timestamp,
) -> Result<Outcome, store::Error> {
    if let Some(fault) = check_critical(&tools.city, update) {
        return Ok(Outcome::Invalid(vec![fault]));
    }
    let mut tx = tools.store.begin().await?;
    let row = tx.peek_dispatches(&[update.dispatch]).await?.remove(&update.dispatch);
    // Another department's dispatch is answered as one that does not exist.
    let Some(row) = row.filter(|row| row.department == update.department) else {
        let message = "there is no such dispatch for this department: use the `id` of the dispatch you were given";
        return Ok(Outcome::Invalid(vec![Invalid::new("/dispatch", "unknown", message)]));
    };
    if row.role == Role::Informed && !matches!(update.say, Say::InternalNote { .. }) {
        let message = "you were informed of this case, another department does it: only internal_note is possible";
        return Ok(Outcome::Invalid(vec![Invalid::new("/say/what", "only_informed", message)]));
    }
    let letter = letter(update, row.case_id, trace, now);
    let id = letter.id;
    tx.post(&[letter]).await?;
    tx.commit().await?;
    tracing::info!(lane = "updates", letter = %id, case = %row.case_id, %trace, said = update.say.word(), "a department answered");
    Ok(Outcome::Taken { letter: id })
}

#[cfg(test)]
#[path = "updates_tests.rs"]
mod tests;
