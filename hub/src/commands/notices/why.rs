//! `voordeur notices why`: per event and person, what was sent, why, and what became of it.

use super::{Ground, no_report, reference};
use crate::{
    cli::WhyArgs,
    failure::{Advise as _, Failure},
    output::{Paint, say},
    roles,
};
use notifier::{
    plan::{REPORTER, Silence},
    why::{Asked, BroadcastWhy, CaseWhy, NoticeWhy, PersonWhy, Reach, Whys},
};
use schemas::{
    Timestamp, Uuid,
    notice::{Because, NoticeState, Scope},
    way::Way,
};
use store::PaperState;

/// Answers.
pub async fn run(ground: &Ground<'_>, args: &WhyArgs) -> anyhow::Result<()> {
    let Ground { config, store, town } = ground;
    let available = roles::sender_config(config, &config.web.public_url()).names();
    let whys = Whys::open(store, &town.city, available).await?;
    let person = args.person.clone();
    if let Some(person) = &person
        && person != REPORTER
        && person.parse::<Uuid>().is_err()
    {
        let help = "write `reporter`, or the id of a person as `notices why` shows it";
        return Err(Failure::usage(format!("--person: `{person}` is nobody"), help).into());
    }
    let found = match args.about.parse::<Uuid>() {
        Ok(notice) => {
            if let Some(told) =
                whys.broadcast(notice).await.advise("the notice cannot be read", "see that the database runs")?
            {
                show_broadcast(&told, args.json);
                return Ok(());
            }
            let found = whys.notice(notice).await.advise("the notice cannot be read", "see that the database runs")?;
            let help = "`voordeur notices why REF` shows the notices of a case with their ids";
            found.ok_or_else(|| Failure::new(format!("there is no notice {notice}"), help))?
        }
        Err(_) => {
            let reference = reference(&args.about)?;
            let report = store.report_by_reference(reference).await?.ok_or_else(|| no_report(reference))?;
            let asked = Asked { person, event: None };
            whys.case(report.id, &asked).await?.ok_or_else(|| no_report(reference))?
        }
    };
    if args.json {
        // Words and numbers only; it always serialises.
        say!("{}", serde_json::to_string(&found).unwrap_or_default());
    } else {
        show(&found);
    }
    Ok(())
}

fn show(why: &CaseWhy) {
    let paint = Paint::stdout();
    say!("{}  case {}", paint.bold(&why.reference.to_string()), why.case);
    for (person, reach) in &why.people {
        let places = places(reach);
        say!("  {person}: {places}");
    }
    for event in &why.events {
        say!("\n{}  {}", paint.bold(event.event.what.word()), paint.dim(&moment(event.event.at)));
        if !event.told {
            say!("  {}", in_words(&Silence::NotTold));
            continue;
        }
        for person in &event.people {
            show_person(paint, person);
        }
    }
}

fn show_broadcast(why: &BroadcastWhy, json: bool) {
    if json {
        // Words and numbers only; it always serialises.
        say!("{}", serde_json::to_string(why).unwrap_or_default());
        return;
    }
    let paint = Paint::stdout();
    say!("{}  broadcast {}: {}", paint.bold(&why.reference.to_string()), why.broadcast, why.subject);
    say!("  {}: {}", why.person, places(&why.reach));
    for notice in &why.notices {
        show_notice(paint, notice);
    }
}

/// Where somebody can be told, in one line.
fn places(reach: &[Reach]) -> String {
    let proved = |reach: &Reach| if reach.verified { "" } else { " (not proved to be theirs)" };
    let places = reach.iter().map(|reach| format!("{} {}{}", reach.way, reach.address, proved(reach)));
    let places = places.collect::<Vec<_>>().join(", ");
    if places.is_empty() { "no address".to_owned() } else { places }
}

fn show_person(paint: Paint, person: &PersonWhy) {
    say!("  {}", person.person);
    if let Some(silence) = &person.silence {
        say!("    {} {}", paint.yellow("–"), in_words(silence));
    }
    for notice in &person.notices {
        show_notice(paint, notice);
    }
    if let Some(way) = person.next {
        say!("    should it not reach them: next by {way}");
    }
}

fn show_notice(paint: Paint, why: &NoticeWhy) {
    let notice = &why.notice;
    let state = notice.state.as_str();
    let state = match notice.state {
        NoticeState::Sent | NoticeState::Delivered => paint.green(state),
        NoticeState::Failed => paint.red(state),
        NoticeState::Planned => state.to_owned(),
        NoticeState::Unknown | NoticeState::Superseded | NoticeState::Suppressed | NoticeState::Stopped => {
            paint.yellow(state)
        }
    };
    let sent = why.sent_at.map_or(String::new(), |at| format!(", sent {}", moment(at)));
    let (way, sender, language) = (notice.way, &notice.sender, notice.language.as_str());
    say!("    {state} by {way} ({sender}, {language}), planned {}{sent}", moment(notice.planned_at));
    say!("      {}  {}", paint.dim("notice"), notice.id);
    for because in &notice.reasons {
        say!("      {} {}", paint.dim("because"), reason(because));
    }
    let version = notice.template_version.as_deref().unwrap_or("of the day it is sent");
    say!("      {}  {}, version {version}", paint.dim("words"), notice.template);
    for attempt in &why.attempts {
        let verdict = attempt.verdict.as_deref().unwrap_or("no answer yet, or cut off");
        let words = attempt.why.as_deref().or(why.receipt.as_deref().filter(|_| verdict == "done"));
        let words = words.map_or(String::new(), |words| format!(": {words}"));
        say!("      {} {}  {}  {verdict}{words}", paint.dim("try"), attempt.n + 1, moment(attempt.started_at));
    }
    for heard in &why.heard {
        let words = heard.why.as_ref().map_or(String::new(), |words| format!(": {words}"));
        let (provider, state) = (&heard.provider, heard.state.as_str());
        say!("      {}  {}  {provider} says {state}{words}", paint.dim("heard"), moment(heard.at));
    }
    if let Some(words) = why.why.as_ref().filter(|_| why.attempts.iter().all(|attempt| attempt.why.is_none())) {
        say!("      {}  {words}", paint.dim("in words"));
    }
    if let Some(waits) = &why.waits {
        match waits.buried_at {
            Some(at) => say!("      given up {}: a dead letter (`voordeur dead show {}`)", moment(at), notice.id),
            None => say!("      not before {}", moment(waits.ready_at)),
        }
    }
    match why.paper {
        Some(PaperState::Waiting) => say!("      waits for the print room (`voordeur letters print`)"),
        Some(PaperState::Printing | PaperState::Printed) => {
            say!("      in a batch of the print room, not in the post yet (`voordeur letters sent`)");
        }
        Some(PaperState::Sent | PaperState::Returned | PaperState::Dropped) | None => {}
    }
    if let Some(cost) = why.cost {
        say!("      {}  {}.{:06} euro", paint.dim("cost"), cost / 1_000_000, cost % 1_000_000);
    }
}

/// A moment of UTC to the second.
fn moment(at: Timestamp) -> String {
    format!("{at:.0}")
}

fn list(ways: &[Way]) -> String {
    ways.iter().map(|way| way.as_str()).collect::<Vec<_>>().join(", ")
}

fn reason(because: &Because) -> String {
    match because {
        Because::Reporter => "they told the city of it".into(),
        Because::Merged { report, with, .. } => format!("their report {report} was merged with {with}"),
        Because::Place { district: Some(district), .. } => format!("they have a place in {district}"),
        Because::Place { street: Some(street), .. } => format!("they have a place in {street}"),
        Because::Place { .. } => "they have a place in the area that was drawn".into(),
        Because::Follows { scope: Scope::Place, .. } => {
            "it is where they chose to hear of everything, around a place of theirs".into()
        }
        Because::Follows { scope, target } if target.is_empty() => format!("they follow {}", scope.as_str()),
        Because::Follows { scope, target } => format!("they follow the {} {target}", scope.as_str()),
        Because::Asked => "they asked to be told this way".into(),
        Because::Instead { of, why } => format!("{of} did not reach them: {why}"),
        Because::Quiet { until } => format!("it waits for the end of their quiet hours, {}", moment(*until)),
        Because::Together { until } => format!("it waited until {}, in case more happened", moment(*until)),
        Because::Digest { until } => format!("it waits to be told together with others, {}", moment(*until)),
        Because::Critical => "it matters for somebody's safety: it waits for nothing".into(),
        Because::Suppressed { by, scope } => {
            format!(
                "it is not sent: {} (for {})",
                by.as_str(),
                if scope.as_str() == "all" { "everything" } else { scope.as_str() }
            )
        }
    }
}

fn in_words(silence: &Silence) -> String {
    match silence {
        Silence::NotTold => "nobody is told of this".into(),
        Silence::AskedNothing => "not told: they asked to hear nothing".into(),
        Silence::AnsweredBefore => "not told: their mail before this one was answered, and speaks for all".into(),
        Silence::NoAddress => "not told: there is no address".into(),
        Silence::Unverified => "not told: they did not prove that an address is theirs".into(),
        Silence::NoSender { ways } => format!("not told: no sender is set up for {}", list(ways)),
        Silence::Dead { way, fact } => format!("not told: the address for {way} does not work ({})", fact.as_str()),
        Silence::Tried { ways } => format!("not told: every way was tried ({})", list(ways)),
        Silence::NotForFollowers => "not told: it is between the city and the reporter".into(),
        Silence::NotPublic => "not told: the case is not public".into(),
        Silence::Later => "not told: they began to follow it later".into(),
        Silence::NotYet => "not planned yet: nothing stands in the way".into(),
    }
}
