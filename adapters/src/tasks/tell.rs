//! To tell a resident something: whom, where and in which words; and how it went.

use super::{
    DeskTools,
    act::{Deed, Refused, find, late, note},
    words::Words,
};
use schemars::JsonSchema;
use schemas::{
    Timestamp, Uuid,
    further::Word,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Heard, HeardState, Notice, Scope},
    report::Language,
    task::{Calls, Kind, State, Task, Telling, Told},
    trace::Trace,
    way::{Address, Way},
};
use serde::Serialize;
use std::time::Duration;
use store::{AddressKey, NoticeView, TaskEnd};

/// So many calls are made at most to call somebody back.
const BACK_TRIES: u32 = 3;
/// So many minutes lie between two of them.
const BACK_PAUSE_MINUTES: u32 = 30;

/// Who says so, in receipts.
const PROVIDER: &str = "desk";

/// Whom to tell what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TellView {
    /// By telephone (`call`), or on paper (`letter`).
    pub way: Way,
    /// The language they chose.
    pub language: Language,
    /// Their name, when they left one.
    pub name: Option<String>,
    /// The number (ITU-T E.164) or the postal address; nothing when it is erased.
    pub to: Option<String>,
    /// What to say or to write, in their language.
    pub words: String,
    /// How often nobody answered.
    pub calls: u32,
    /// How many calls are made at most.
    pub tries: u32,
    /// Not to be called before.
    pub not_before: Option<Timestamp>,
    /// They said meanwhile that they want no messages about this: do not tell them.
    pub unwanted: bool,
}

/// What the operator says first, in the language of who is told.
pub(crate) static INTRO: Word = Word::new(
    "call-intro",
    [
        "U spreekt met { $city }. Ik bel u met nieuws over uw nummer bij ons.",
        "Ici { $city }. Je vous appelle pour vous donner des nouvelles de votre numéro chez nous.",
        "This is { $city }. I am calling with news about your number with us.",
    ],
);

/// What an operator needs to tell it; `None` when it is not that kind of task, or the notice is gone.
pub(super) async fn view(tools: &DeskTools, task: &Task) -> Result<Option<TellView>, store::Error> {
    if task.kind == Kind::Back {
        return back(tools, task).await.map(Some);
    }
    let Some(telling) = &task.body.tell else { return Ok(None) };
    let Some(notice) = tools.store.notice(telling.notice).await? else { return Ok(None) };
    let address = address(tools, telling, &notice);
    let unwanted = match &address {
        Some(address) => is_unwanted(tools, &notice.notice, address).await?,
        None => false,
    };
    let name = match &notice.person {
        Some((person, _)) => person.name.clone(),
        None => notice.case().and_then(|case| case.contact.as_ref()).and_then(|contact| contact.name.clone()),
    };
    // A letter begins without it.
    let intro = (telling.way != Way::Letter).then(|| {
        let city = [("city", tools.city.name(telling.language))];
        format!("{}\n", tools.city.further.fill(telling.language, &INTRO, &city))
    });
    Ok(Some(TellView {
        way: telling.way,
        language: telling.language,
        name,
        to: address.map(|address| match address {
            Address::Letter { post, .. } => post.line(),
            other => other.line(),
        }),
        words: intro.into_iter().chain([telling.words.clone()]).collect(),
        calls: task.level,
        tries: telling.tries,
        not_before: task.due_at.filter(|_| task.state == State::Open),
        unwanted,
    }))
}

/// Whom to call back: the reporter, at the number that stands with the report.
async fn back(tools: &DeskTools, task: &Task) -> Result<TellView, store::Error> {
    let contact = tools.store.contacts_by_ids(&[task.case_id]).await?.remove(&task.case_id).unwrap_or_default();
    let report = tools.store.report(task.case_id).await?;
    Ok(TellView {
        way: Way::Call,
        language: report.map_or_else(Language::default, |report| report.language),
        to: contact.address(Way::Call, &tools.city.country).map(|address| address.line()),
        name: contact.name,
        words: String::new(),
        calls: task.level,
        tries: BACK_TRIES,
        not_before: task.due_at.filter(|_| task.state == State::Open),
        unwanted: false,
    })
}

fn address(tools: &DeskTools, telling: &Telling, notice: &NoticeView) -> Option<Address> {
    match &notice.person {
        Some((_, addresses)) => {
            let mut good = addresses.iter().filter(|known| known.verified_at.is_some()).map(|known| &known.address);
            good.find(|address| address.way() == telling.way).cloned()
        }
        None => notice.case()?.contact.as_ref()?.address(telling.way, &tools.city.country),
    }
}

/// Whether they said that they want to hear nothing more of this, or of anything.
async fn is_unwanted(tools: &DeskTools, notice: &Notice, address: &Address) -> Result<bool, store::Error> {
    let key = AddressKey { way: address.way(), key: tools.store.address_keys().await?.of(address) };
    let (scope, target) = notice.this();
    let found = tools.store.suppressions(&[key]).await?;
    Ok(found.iter().any(|stop| {
        let here = stop.scope == Scope::All || (stop.scope == scope && stop.target == target);
        here && stop.reason.is_wish()
    }))
}

/// `by` told it, or could not. What follows for the notice is written in the same transaction.
pub(super) async fn told(tools: &DeskTools, task: Task, by: &str, told: Told, trace: Trace) -> Result<Deed, Refused> {
    let telling = task.body.tell.as_deref();
    let (way, tries, pause_minutes) = match telling {
        Some(telling) => (telling.way, telling.tries, telling.pause_minutes),
        None if task.kind == Kind::Back => (Way::Call, BACK_TRIES, BACK_PAUSE_MINUTES),
        None => return Err(Refused::NotNow("this task tells no resident anything")),
    };
    if way == Way::Letter && told == Told::NoAnswer {
        return Err(Refused::NotNow("nobody answers a letter at once: say `reached` when it is in the post"));
    }
    if task.state != State::Open {
        return late(tools, task.id, by, told.as_str()).await;
    }
    let now = tools.store.clock().now();
    let again = told == Told::NoAnswer && task.level.saturating_add(1) < tries;
    if told == Told::NoAnswer && task.due_at.is_some_and(|at| now < at) {
        // The same call, said twice; or one more within the pause, which counts as that call.
        return Ok(Deed { task, replayed: true });
    }
    let mut tx = tools.store.begin().await?;
    _ = tx.lock_cases(&[task.case_id]).await?;
    let moved = if again {
        let pause = Duration::from_secs(60 * u64::from(pause_minutes));
        tx.escalate_task(task.id, task.level, now + pause, &Calls::default()).await?
    } else {
        let end = TaskEnd { from: State::Open, to: State::Done, by, outcome: Some(told.as_str()) };
        tx.end_task(task.id, &end).await?
    };
    if !moved {
        drop(tx);
        return late(tools, task.id, by, told.as_str()).await;
    }
    // Of a call back no notice waits to hear.
    if let (false, Some(telling)) = (again, telling) {
        tx.post(&[heard(&task, telling, told, trace, now)]).await?;
    }
    let text = Words::of(&tools.city).told(by, way, told);
    note(&mut tx, &task, &format!("told-{}-{}", task.level, told.as_str()), text, trace).await?;
    tx.commit().await?;
    tracing::info!(task = %task.id, case = %task.case_id, %trace, outcome = told.as_str(), "somebody of the desk told a resident, or tried to");
    Ok(Deed { task: find(tools, None, task.id).await?, replayed: false })
}

/// What the planner hears of it.
fn heard(task: &Task, telling: &Telling, told: Told, trace: Trace, now: Timestamp) -> Letter {
    let (state, why) = match told {
        Told::Reached => (HeardState::Delivered, None),
        Told::NoAnswer => (HeardState::Failed, Some(format!("nobody answered {} calls", task.level.saturating_add(1)))),
        Told::Wrong => (HeardState::Dead, Some("it is somebody else's or nobody's, the desk says".to_owned())),
        Told::Unwanted => (HeardState::Unwanted, Some("they do not want to be told this way".to_owned())),
    };
    let heard =
        Heard { notice: Some(telling.notice), provider: PROVIDER.to_owned(), number: None, state, why, at: now };
    let id: Uuid = derived(&["heard", PROVIDER, &task.id.to_string(), told.as_str()]);
    Letter::new(id, Lane::notifier(), Topic::NoticeHeard, "notice.heard", &heard, trace, now).about(task.case_id)
}
