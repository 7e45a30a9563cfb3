//! A task with everything an operator needs to do it.

use super::{
    DeskTools,
    tell::{self, TellView},
    values,
    values::Known,
    words::Words,
};
use schemars::JsonSchema;
use schemas::{
    Date, Timestamp, Uuid,
    city::{City, in_language},
    event::{CaseEvent, What},
    reference::Reference,
    report::Urgency,
    slug::DepartmentId,
    task::{Call, Field, Holds, Kind, State, Task},
};
use serde::Serialize;
use store::TaskFilter;

/// A task in a list: nothing of what the resident wrote.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Listed {
    /// The task.
    pub id: Uuid,
    /// What has to be done.
    pub kind: Kind,
    /// How far it is.
    pub state: State,
    /// Whose operator does it.
    pub desk: DepartmentId,
    /// For which department.
    pub department: DepartmentId,
    /// Its name, in the city's language.
    pub department_name: String,
    /// What the resident calls the case.
    pub reference: Reference,
    /// How soon it is looked at.
    pub priority: Urgency,
    /// By when the case is to be solved.
    pub due_on: Option<Date>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the next one on the list is to be called; for a resident who did not answer, not before.
    pub next_call_at: Option<Timestamp>,
    /// How many were called in vain.
    pub level: u32,
    /// Whom to call now.
    pub call: Option<CallView>,
    /// Who is at it.
    pub claimed_by: Option<String>,
    /// Since when.
    pub claimed_at: Option<Timestamp>,
    /// When the department had it.
    pub done_at: Option<Timestamp>,
    /// Who said so.
    pub done_by: Option<String>,
    /// The department's number, who took the call, or why nothing was left to do.
    pub outcome: Option<String>,
}

/// Somebody on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallView {
    /// Their function.
    pub who: String,
    /// Their number.
    pub phone: String,
    /// Since when it is (or was) their turn.
    pub since: Timestamp,
    /// Whether they answer at this hour.
    pub on_duty: bool,
}

/// One task, complete.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct View {
    /// As in the list.
    #[serde(flatten)]
    pub listed: Listed,
    /// The case.
    pub case_id: Uuid,
    /// The dispatch, if the department has one.
    pub dispatch: Option<Uuid>,
    /// What to do now, in the city's language.
    pub next: Option<&'static str>,
    /// Where the form is.
    pub url: Option<String>,
    /// What to say on the telephone.
    pub script: Option<String>,
    /// Which resident is told what.
    pub tell: Option<TellView>,
    /// What belongs in the form, in its order; everything there is, for a call.
    pub fields: Vec<FieldView>,
    /// Addresses of the photos, readable with the desk's own token.
    pub photos: Vec<String>,
    /// Who was called in vain, oldest first.
    pub called_before: Vec<CallView>,
    /// How often the whole list was called in vain.
    pub rounds: u32,
}

/// One field, ready to copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldView {
    /// What the form calls it.
    pub label: String,
    /// What belongs in it; nothing when the case has none.
    pub value: Option<String>,
    /// The department may not know this.
    pub withheld: bool,
}

/// The tasks that `filter` selects.
pub async fn list(tools: &DeskTools, filter: &TaskFilter) -> Result<Vec<Listed>, store::Error> {
    Ok(tools.store.tasks(filter).await?.iter().map(|task| listed(&tools.city, task)).collect())
}

/// The task `id`, for an operator of `desk`; of any desk when `None`. Nothing when that desk has no
/// such task.
pub async fn view(tools: &DeskTools, desk: Option<&DepartmentId>, id: Uuid) -> Result<Option<View>, store::Error> {
    let found = tools.store.task(id).await?.filter(|task| desk.is_none_or(|desk| *desk == task.desk));
    let Some(task) = found else { return Ok(None) };
    let Some(report) = tools.store.report(task.case_id).await? else { return of_broadcast(tools, task).await };
    let contact = if task.body.may_know {
        tools.store.contacts_by_ids(&[task.case_id]).await?.remove(&task.case_id)
    } else {
        None
    };
    let photo = |photo| format!("/api/v1/desks/{}/tasks/{}/photos/{photo}", task.desk, task.id);
    let photos: Vec<String> = report.photos.iter().map(photo).collect();
    let city = &*tools.city;
    let added: Vec<String> = tools.store.timeline(task.case_id, true).await?.into_iter().filter_map(said).collect();
    let known = Known { city, task: &task, report: &report, contact: contact.as_ref(), photos: &photos, added: &added };
    let told = tell::view(tools, &task).await?;
    let usual;
    let fields = match task.kind {
        Kind::Form => &task.body.fields,
        Kind::Call | Kind::Chase => {
            usual = values::usual(city);
            &usual
        }
        Kind::Tell | Kind::Back => {
            usual = values::about(city);
            &usual
        }
    };
    let fields = fields.iter().map(|field| shown(field, &known)).collect();
    let listed = listed(city, &task);
    let call = task.kind == Kind::Call;
    Ok(Some(View {
        case_id: task.case_id,
        dispatch: task.dispatch,
        next: next(&task, &listed, &known, told.as_ref()),
        url: task.body.url.clone(),
        script: call.then(|| script(&listed, &known)),
        tell: told,
        fields,
        called_before: task.calls.before.iter().map(|turn| call_view(city, &task, turn)).collect(),
        rounds: task.calls.rounds,
        photos,
        listed,
    }))
}

/// What the resident said after the report.
fn said(event: CaseEvent) -> Option<String> {
    match event.what {
        What::Reopened { text, .. } => text,
        What::Replied { text } => Some(text),
        _ => None,
    }
}

fn listed(city: &City, task: &Task) -> Listed {
    let language = city.languages.first().copied().unwrap_or_default();
    let department = city.department(&task.department);
    Listed {
        id: task.id,
        kind: task.kind,
        state: task.state,
        desk: task.desk.clone(),
        department: task.department.clone(),
        department_name: department
            .map_or_else(|| task.department.to_string(), |d| in_language(&d.names, language).to_owned()),
        reference: task.reference,
        priority: task.body.priority,
        due_on: task.body.due_on,
        opened_at: task.opened_at,
        next_call_at: task.due_at,
        level: task.level,
        call: task.calls.now.as_ref().filter(|_| task.state == State::Open).map(|turn| call_view(city, task, turn)),
        claimed_by: task.claimed_by.clone(),
        claimed_at: task.claimed_at,
        done_at: task.done_at,
        done_by: task.done_by.clone(),
        outcome: task.outcome.clone(),
    }
}

/// A turn; with the number that the city has now, should the list have been put right meanwhile.
fn call_view(city: &City, task: &Task, turn: &Call) -> CallView {
    let on_call = city.department(&task.department).and_then(|department| department.on_call.as_ref());
    let contact = on_call.and_then(|on_call| on_call.contacts.iter().find(|contact| contact.who == turn.who));
    CallView {
        who: turn.who.clone(),
        phone: contact.map_or(&turn.phone, |contact| &contact.phone).clone(),
        since: turn.at,
        on_duty: turn.on_duty,
    }
}

fn shown(field: &Field, known: &Known<'_>) -> FieldView {
    let label = field.label.clone();
    match &field.holds {
        Holds::Text(text) => FieldView { label, value: Some(text.clone()), withheld: false },
        Holds::Value(name) => FieldView {
            label,
            value: known.value(name),
            withheld: values::is_personal(name) && !known.task.body.may_know,
        },
    }
}

/// A task that tells a resident of a broadcast; nothing when its notice is gone.
async fn of_broadcast(tools: &DeskTools, task: Task) -> Result<Option<View>, store::Error> {
    let Some(told) = tell::view(tools, &task).await? else { return Ok(None) };
    let next = (task.state == State::Open).then(|| Words::of(&tools.city).tell(Some(&told)));
    Ok(Some(View {
        listed: listed(&tools.city, &task),
        case_id: task.case_id,
        dispatch: None,
        next,
        url: None,
        script: None,
        tell: Some(told),
        fields: Vec::new(),
        photos: Vec::new(),
        called_before: Vec::new(),
        rounds: 0,
    }))
}

fn next(task: &Task, listed: &Listed, known: &Known<'_>, told: Option<&TellView>) -> Option<&'static str> {
    let words = known.words();
    match (task.state, task.kind) {
        (State::Open, Kind::Form) => Some(words.fill_in(task.body.informed)),
        (State::Open, Kind::Call) => {
            Some(listed.call.as_ref().map_or_else(|| words.nobody(), |call| words.call(call.on_duty)))
        }
        (State::Open, Kind::Chase) => Some(words.chase()),
        (State::Open, Kind::Tell) => Some(words.tell(told)),
        (State::Open, Kind::Back) => Some(words.back(told)),
        (State::Passed, _) => Some(words.follow()),
        (State::Done | State::Cancelled, _) => None,
    }
}

fn script(listed: &Listed, known: &Known<'_>) -> String {
    let words = known.words();
    let place = known.value("place").unwrap_or_else(|| words.no_place().to_owned());
    let words_of_resident = known.words_of_resident();
    let said = known.news().map_or_else(|| words_of_resident.clone(), |news| format!("{words_of_resident}\n{news}"));
    words.script(
        known.city.name(known.language()),
        words.priority(listed.priority),
        &known.category(),
        &place,
        &said,
        &listed.reference.to_string(),
        &listed.department_name,
    )
}
