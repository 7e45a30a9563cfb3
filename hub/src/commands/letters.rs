//! `voordeur letters`: paper for the print room, and what comes back.

mod print;

use super::open;
use crate::{
    city,
    cli::{By, LetterListArgs as ListArgs, LettersCommand},
    config::Config,
    failure::{Advise as _, Failure},
    output::{count, say},
    roles,
};
use comfy_table::{ContentArrangement, Table, presets};
use notifier::senders::letters::{NAME, Press};
use schemas::{
    Timestamp, Uuid,
    audit::Deed,
    fault::did_you_mean,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Heard, HeardState},
    reference::Reference,
    trace::Trace,
};
use store::{Paper, PaperState, Store};

/// Why a letter comes back, and what that says of the address.
const REASONS: [(&str, HeardState); 6] = [
    ("moved", HeardState::Dead),
    ("unknown", HeardState::Dead),
    ("incomplete", HeardState::Dead),
    ("deceased", HeardState::Dead),
    ("refused", HeardState::Unwanted),
    ("other", HeardState::Failed),
];

/// Does what the command says.
pub async fn run(command: LettersCommand, config: &Config) -> anyhow::Result<()> {
    let store = open::open_beside(config).await?;
    let result = match command {
        LettersCommand::List(args) => list(&store, &args).await,
        LettersCommand::Print(args) => match press(config, &store).await {
            Ok(press) => print::run(&store, &press, &args).await,
            Err(error) => Err(error),
        },
        LettersCommand::Sent { batch, by } => sent(&store, batch, &by).await,
        LettersCommand::Returned { letter, reason, by } => returned(&store, &letter, &reason, &by).await,
    };
    store.close().await;
    result
}

async fn press(config: &Config, store: &Store) -> anyhow::Result<Press> {
    let url = config.web.public_url();
    let Some(letters) = roles::sender_config(config, &url).letters else {
        return Err(Failure::usage("no letters are set up", "add a section [letters]: see deploy/voordeur.toml").into());
    };
    let town = city::read(config.city.folder.as_deref())?.good()?;
    let press = Press::open(&letters, store, &town.city, &town.templates, &url).await;
    press.map_err(|fault| Failure::usage(fault, "see [letters] in deploy/voordeur.toml").into())
}

/// What the planner hears of a letter; the same thing twice is one.
fn heard(paper: &Paper, state: HeardState, why: Option<String>, now: Timestamp) -> Letter {
    let heard = Heard { notice: Some(paper.notice), provider: NAME.to_owned(), number: None, state, why, at: now };
    let id = derived(&["heard", NAME, &paper.notice.to_string(), state.as_str()]);
    Letter::new(id, Lane::notifier(), Topic::NoticeHeard, "notice.heard", &heard, Trace::start(), now)
        .about(paper.case_id)
}

async fn list(store: &Store, args: &ListArgs) -> anyhow::Result<()> {
    let Some(state) = PaperState::parse(&args.state) else {
        let known = PaperState::ALL.map(PaperState::as_str);
        return Err(Failure::usage(format!("no letter is `{}`", args.state), did_you_mean(&args.state, known)).into());
    };
    let limit = usize::from(args.limit);
    let cannot = "the letters cannot be read";
    let letters = store.paper_in(state, limit).await.advise(cannot, "see that the database runs")?;
    let batches = store.paper_batches(None, limit).await.advise(cannot, "see that the database runs")?;
    if args.json {
        say!("{}", serde_json::json!({ "letters": letters, "batches": batches }));
        return Ok(());
    }
    let table = |header: [&str; 5]| {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
        table
    };
    let mut of_letters = table(["letter", "case", "state", "since", "why"]);
    for letter in &letters {
        of_letters.add_row([
            letter.notice.to_string(),
            letter.reference.to_string(),
            letter.state.as_str().to_owned(),
            format!("{:.0}", letter.at),
            letter.why.clone().unwrap_or_default(),
        ]);
    }
    let mut of_batches = table(["batch", "letters", "state", "begun", "folder"]);
    for batch in &batches {
        of_batches.add_row([
            batch.id.to_string(),
            batch.letters.to_string(),
            batch.state.as_str().to_owned(),
            format!("{:.0}", batch.opened_at),
            batch.folder.clone(),
        ]);
    }
    if letters.is_empty() {
        say!("no letter is {}", state.as_str());
    } else {
        say!("{of_letters}");
    }
    if !batches.is_empty() {
        say!("\n{of_batches}");
    }
    eprintln!("{}. `voordeur letters print --out DIR` makes a batch.", count(letters.len() as u64, "letter"));
    Ok(())
}

async fn sent(store: &Store, id: Uuid, by: &By) -> anyhow::Result<()> {
    let who = by.who()?;
    let cannot = "nothing was noted";
    let Some(batch) = store.paper_batch(id).await.advise(cannot, "see that the database runs")? else {
        return Err(Failure::new(format!("there is no batch {id}"), "`voordeur letters list` shows them").into());
    };
    if batch.sent_at.is_some() {
        say!("it was in the post before");
        return Ok(());
    }
    let work = async {
        let letters = store.paper_of_batch(id).await?;
        let mut tx = store.begin().await?;
        if !tx.paper_batch_sent(id).await? {
            return Ok::<_, store::Error>(None);
        }
        let now = store.clock().now();
        let printed: Vec<_> = letters.iter().filter(|letter| letter.state == PaperState::Printed).collect();
        let told: Vec<_> = printed.iter().map(|letter| heard(letter, HeardState::Delivered, None, now)).collect();
        tx.post(&told).await?;
        tx.audit(&who, Deed::LettersSent, &format!("batch {id}"), "").await?;
        tx.commit().await?;
        Ok(Some(told.len()))
    };
    match work.await.advise(cannot, "see that the database runs")? {
        Some(n) => say!("{} in the post", count(n as u64, "letter")),
        None => {
            let help = format!("finish it: voordeur letters print --out {}", batch.folder);
            return Err(Failure::new("this batch is not printed yet", help).into());
        }
    }
    Ok(())
}

async fn returned(store: &Store, letter: &str, reason: &str, by: &By) -> anyhow::Result<()> {
    let who = by.who()?;
    let Some((word, state)) = REASONS.into_iter().find(|(word, _)| *word == reason) else {
        let known = REASONS.map(|(word, _)| word);
        return Err(Failure::usage(format!("no letter comes back `{reason}`"), did_you_mean(reason, known)).into());
    };
    let cannot = "nothing was noted";
    let database = "see that the database runs";
    let out = |paper: &Paper| matches!(paper.state, PaperState::Printed | PaperState::Sent);
    let found = if let Ok(notice) = Uuid::parse_str(letter) {
        store
            .paper(notice)
            .await
            .advise(cannot, database)?
            .filter(|paper| out(paper) || paper.state == PaperState::Returned)
    } else {
        let reference = Reference::parse(letter).map_err(|error| {
            let help = "write the number on the letter, 0864-1629, or the id from `voordeur letters list`";
            Failure::usage(format!("`{letter}` is no number of a letter: {error}"), help)
        })?;
        let all = store.paper_about(reference).await.advise(cannot, database)?;
        // The newest that is out; when none is, the newest that came back, so that saying it twice is once.
        let back = |all: &[Paper]| all.iter().find(|paper| paper.state == PaperState::Returned).cloned();
        all.iter().find(|paper| out(paper)).cloned().or_else(|| back(&all))
    };
    let Some(paper) = found else {
        let help = "`voordeur letters list --state sent` shows those that are";
        return Err(Failure::new("no letter of this number is in the post", help).into());
    };
    let why = format!("it came back: {word}");
    let work = async {
        let mut tx = store.begin().await?;
        let new = tx.paper_returned(paper.notice, &why).await?;
        if new {
            tx.post(&[heard(&paper, state, Some(why.clone()), store.clock().now())]).await?;
            let what = format!("letter {} of {}", paper.notice, paper.reference);
            tx.audit(&who, Deed::LettersReturned, &what, word).await?;
            tx.commit().await?;
        }
        Ok::<_, store::Error>(new)
    };
    if work.await.advise(cannot, database)? {
        say!("noted: {why}; the person is told the next way, if there is one");
    } else {
        say!("it was noted before");
    }
    Ok(())
}
