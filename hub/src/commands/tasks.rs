//! `voordeur tasks`: what people do for departments that no machine reaches.

use super::open;
use crate::{
    city,
    cli::{TaskListArgs as ListArgs, TasksCommand, Who},
    config::Config,
    failure::{Advise as _, Failure},
    output::{Paint, count, say},
};
use adapters::tasks::{self, Act, CallView, DeskTools, FieldView, Refused, TellView, View};
use comfy_table::{ContentArrangement, Table, presets};
use schemas::{
    Uuid,
    dispatch::Say,
    fault::did_you_mean,
    id::derived,
    task::{Kind, State, Told},
    trace::Trace,
};
use store::TaskFilter;

/// What can be said for a department.
const WORDS: [&str; 7] = ["accept", "plan", "done", "reject", "note", "internal_note", "ask"];

/// Does what the command says.
pub async fn run(command: TasksCommand, config: &Config) -> anyhow::Result<()> {
    let town = city::read(config.city.folder.as_deref())?.good()?;
    let store = open::open_beside(config).await?;
    let tools = DeskTools::new(store.clone(), town.city.clone());
    let result = match command {
        TasksCommand::List(args) => list(&tools, &args).await,
        TasksCommand::Show { id, json } => show(&tools, id, json).await,
        TasksCommand::Take { who, take_over } => {
            let taken = tasks::claim(&tools, None, who.id, &who.by, take_over).await;
            told(taken, |_| format!("{} is at it", who.by))
        }
        TasksCommand::Confirm { who, taken_by } => act(&tools, &who, Act::Confirm { taken_by }).await,
        TasksCommand::Number { who, number, replace } => act(&tools, &who, Act::Number { number, replace }).await,
        TasksCommand::Done { who, outcome } => act(&tools, &who, Act::Done { outcome }).await,
        TasksCommand::Told { who, outcome } => match Told::parse(&outcome.replace('-', "_")) {
            Some(outcome) => act(&tools, &who, Act::Told { outcome }).await,
            None => {
                let known = Told::ALL.map(Told::as_str);
                Err(Failure::usage(format!("nothing goes `{outcome}`"), did_you_mean(&outcome, known)).into())
            }
        },
        TasksCommand::CouldNot { who, reason } => act(&tools, &who, Act::could_not(reason)).await,
        TasksCommand::Answer { who, what, on, text, critical } => match answer(&who, &what, on, text, critical) {
            Ok(said) => act(&tools, &who, said).await,
            Err(failure) => Err(failure.into()),
        },
    };
    store.close().await;
    result
}

/// What the department answers; the same twice is one answer.
fn answer(who: &Who, what: &str, on: Option<String>, text: Option<String>, critical: bool) -> Result<Act, Failure> {
    if !WORDS.contains(&what) {
        return Err(Failure::usage(format!("nothing is said by `{what}`"), did_you_mean(what, WORDS)));
    }
    let words = if what == "reject" { "reason" } else { "text" };
    let mut say = serde_json::json!({ "what": what });
    for (name, value) in [("on", on), (words, text)] {
        if let Some(value) = value {
            say[name] = value.into();
        }
    }
    let id = derived(&["operator", &who.id.to_string(), &say.to_string()]).to_string();
    let say: Say = serde_json::from_value(say).map_err(|error| {
        let help = "plan needs --on 2026-12-03; reject, note, internal_note and ask need --text";
        Failure::usage(format!("`{what}` cannot be said so: {error}"), help)
    })?;
    Ok(Act::Say { id, say, critical })
}

async fn act(tools: &DeskTools, who: &Who, act: Act) -> anyhow::Result<()> {
    let done = tasks::act(tools, None, who.id, &who.by, act, Trace::start()).await;
    told(done, |deed| match (deed.task.state, &deed.task.outcome) {
        (State::Passed, Some(outcome)) => {
            format!("noted: {outcome}; the task stays until {} is done with it or refuses", deed.task.department)
        }
        (State::Open, _) => match deed.task.due_at {
            Some(at) => format!("noted; call again after {at:.0}"),
            None => "noted".to_owned(),
        },
        (State::Passed, None) => {
            format!("noted; the task stays until {} is done with it or refuses", deed.task.department)
        }
        (State::Done, Some(outcome)) => format!("done: {outcome}"),
        (state, _) => format!("noted; the task is {}", state.as_str()),
    })
}

fn told(done: Result<tasks::Deed, Refused>, words: impl FnOnce(&tasks::Deed) -> String) -> anyhow::Result<()> {
    let unknown = "`voordeur tasks list` shows the ids";
    match done {
        Ok(deed) if deed.replayed => say!("{} (it was before)", words(&deed)),
        Ok(deed) => say!("{}", words(&deed)),
        Err(Refused::Unknown) => return Err(Failure::new("there is no such task", unknown).into()),
        Err(Refused::Already(task)) => {
            let help = format!("`voordeur tasks show {}` says how it stands", task.id);
            return Err(Failure::new(tasks::already(&task), help).into());
        }
        Err(Refused::NotNow(what)) => return Err(Failure::new(what, "nothing was changed").into()),
        Err(Refused::Invalid(faults)) => {
            let lines: Vec<String> = faults
                .iter()
                .map(|fault| format!("{}: {}", fault.field.rsplit('/').next().unwrap_or_default(), fault.message))
                .collect();
            return Err(Failure::usage(lines.join("\n"), "nothing was changed").into());
        }
        Err(Refused::Failed(error)) => {
            return Err(error).advise("nothing was changed", "see that the database runs");
        }
    }
    Ok(())
}

async fn list(tools: &DeskTools, args: &ListArgs) -> anyhow::Result<()> {
    if let Some(desk) = args.desk.as_ref().filter(|desk| tools.city.department(desk).is_none()) {
        let known = tools.city.departments.iter().map(|department| department.id.as_str());
        return Err(Failure::usage(format!("there is no desk `{desk}`"), did_you_mean(desk, known)).into());
    }
    let states = if args.all { Vec::new() } else { vec![State::Open, State::Passed] };
    let filter =
        TaskFilter { desk: args.desk.clone(), states, kind: None, after: None, limit: usize::from(args.limit) };
    let listed = tasks::list(tools, &filter).await.advise("the tasks cannot be read", "see that the database runs")?;
    if args.json {
        say!("{}", serde_json::json!({ "tasks": listed }));
        return Ok(());
    }
    if listed.is_empty() {
        say!("nothing waits for anybody");
        return Ok(());
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["id", "what", "state", "desk", "for", "case", "since", "who"]);
    for task in &listed {
        let call = task.call.as_ref().map(|call| format!("call {} on {}", call.who, call.phone));
        table.add_row([
            task.id.to_string(),
            kind(task.kind).to_owned(),
            task.state.as_str().to_owned(),
            task.desk.to_string(),
            task.department.to_string(),
            task.reference.to_string(),
            format!("{:.0}", task.opened_at),
            task.done_by.clone().or(task.claimed_by.clone()).or(call).unwrap_or_default(),
        ]);
    }
    say!("{table}");
    eprintln!("{}. `voordeur tasks show ID` gives what is needed to do one.", count(listed.len() as u64, "task"));
    Ok(())
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Form => "fill in a form",
        Kind::Call => "call",
        Kind::Chase => "look after",
        Kind::Tell => "tell a resident",
        Kind::Back => "call a resident back",
    }
}

async fn show(tools: &DeskTools, id: Uuid, json: bool) -> anyhow::Result<()> {
    let view = tasks::view(tools, None, id).await.advise("the task cannot be read", "see that the database runs")?;
    let Some(view) = view else {
        return Err(
            Failure::new(format!("there is no task {id}"), "`voordeur tasks list` shows those that are there").into()
        );
    };
    if json {
        // Words and numbers only; it always serialises.
        say!("{}", serde_json::to_string(&view).unwrap_or_default());
        return Ok(());
    }
    shown(&view);
    Ok(())
}

fn shown(view: &View) {
    let paint = Paint::stdout();
    let task = &view.listed;
    say!("{}  {} for {}", paint.bold(&task.reference.to_string()), kind(task.kind), task.department_name);
    say!("{}  {}, desk {}, since {:.0}", paint.dim("state"), task.state.as_str(), task.desk, task.opened_at);
    if let Some(by) = &task.claimed_by {
        say!("{}  {by}", paint.dim("at it"));
    }
    if let Some(outcome) = &task.outcome {
        say!(
            "{}  {outcome}{}",
            paint.dim("outcome"),
            task.done_by.as_ref().map_or(String::new(), |by| format!(" ({by})"))
        );
    }
    if let Some(next) = view.next {
        say!("\n{}", paint.green(next));
    }
    if let Some(url) = &view.url {
        say!("{}", paint.cyan(url));
    }
    if let Some(CallView { who, phone, .. }) = &task.call {
        say!("{}", paint.cyan(&format!("{who}: {phone}")));
    }
    if let Some(script) = &view.script {
        say!("\n{script}");
    }
    if let Some(tell) = &view.tell {
        told_whom(tell, &paint);
    }
    say!("");
    for FieldView { label, value, withheld } in &view.fields {
        let value = match (value, withheld) {
            (Some(value), _) => value.clone(),
            (None, true) => paint.yellow("withheld: this department may not know"),
            (None, false) => paint.dim("-"),
        };
        // The value alone on its lines, so that it can be copied as it is.
        say!("{}\n{value}\n", paint.bold(label));
    }
    for CallView { who, phone, since, .. } in &view.called_before {
        say!("{} {since:.0}  {who}, {phone}", paint.dim("called in vain"));
    }
}

/// Whom to tell what, and how often nobody answered.
fn told_whom(tell: &TellView, paint: &Paint) {
    let name = tell.name.as_deref().unwrap_or("-");
    let to = tell.to.as_deref().unwrap_or("erased");
    say!("{}", paint.cyan(&format!("{name}: {to} ({})", tell.language.as_str())));
    if tell.calls > 0 {
        let before = tell.not_before.map_or(String::new(), |at| format!(", not before {at:.0}"));
        say!("{}  {} of {}{before}", paint.dim("called in vain"), tell.calls, tell.tries);
    }
    say!("\n{}", tell.words);
}
