//! `voordeur broadcast preview`: whom it tells, what it costs, how long it takes, and how it reads.

use super::{Ground, find, show};
use crate::{
    failure::{Advise as _, Failure},
    output::{Paint, say},
};
use notifier::{
    Rendered,
    broadcasts::Count,
    context::{About, Facts},
    plain::{self, Reading},
    senders::sms::text,
};
use schemas::{broadcast::Broadcast, report::Language, way::Way};
use serde::Serialize;

/// How it reads one way in one language.
#[derive(Serialize)]
struct Sample {
    way: Way,
    language: Language,
    /// How many people get it so.
    people: u64,
    subject: Option<String>,
    text: String,
    /// How plain it is.
    reading: Option<Reading>,
    /// In how many parts a text message travels.
    parts: Option<usize>,
    /// What all of these cost, in euro, where a price is set.
    euro: Option<f64>,
}

/// Shows it.
pub async fn run(ground: &Ground<'_>, number: &str, json: bool) -> anyhow::Result<()> {
    let broadcast = find(ground, number).await?;
    let count = ground.broadcasts.count(&broadcast).await;
    let count = count.advise("the people cannot be counted", "see that the database runs")?;
    let mut samples = Vec::with_capacity(count.told.len());
    for told in &count.told {
        samples.push(sample(ground, &broadcast, told.way, told.language, told.people)?);
    }
    let euro: Option<f64> = samples.iter().filter_map(|sample| sample.euro).reduce(|one, other| one + other);
    if json {
        let audience = broadcast.draft.audience.line(&ground.town.city.areas);
        say!(
            "{}",
            serde_json::json!({
                "reference": broadcast.reference, "state": broadcast.state, "audience": audience,
                "critical": broadcast.draft.critical, "at": broadcast.draft.at, "count": count, "euro": euro, "samples": samples,
            })
        );
        return Ok(());
    }
    shown(ground, &broadcast, &count, &samples, euro);
    Ok(())
}

fn sample(
    ground: &Ground<'_>,
    broadcast: &Broadcast,
    way: Way,
    language: Language,
    people: u64,
) -> anyhow::Result<Sample> {
    let made = render(ground, broadcast, language)?;
    let is_short = matches!(way, Way::Sms | Way::Push | Way::Call);
    let sms = ground.config.sms.as_ref();
    let transliterate = sms.is_none_or(|sms| sms.transliterate);
    let encoded = (way == Way::Sms).then(|| text::encode(&made.short, transliterate));
    let words = match &encoded {
        Some(encoded) => encoded.text.clone(),
        None if is_short => made.short,
        None => made.text,
    };
    let parts = encoded.map(|encoded| encoded.parts);
    let price = sms.and_then(|sms| sms.price_per_part);
    Ok(Sample {
        way,
        language,
        people,
        subject: (!is_short).then_some(made.subject),
        reading: plain::judge(&words, language),
        euro: parts.zip(price).map(|(parts, price)| price * parts as f64 * people as f64),
        text: words,
        parts,
    })
}

fn render(ground: &Ground<'_>, broadcast: &Broadcast, language: Language) -> anyhow::Result<Rendered> {
    let facts = Facts {
        about: About::Broadcast { broadcast, because: None },
        name: None,
        // The links that only a person themselves may have.
        wishes: "…",
        why: "…",
        choices: "…",
        left_out: &[],
    };
    let made = ground.town.templates.render(&ground.town.city, &ground.config.web.public_url(), &facts, language);
    Ok(made.map_err(|error| Failure::new(error.to_string(), "`voordeur check` shows each fault"))?)
}

fn shown(ground: &Ground<'_>, broadcast: &Broadcast, count: &Count, samples: &[Sample], euro: Option<f64>) {
    let paint = Paint::stdout();
    let heads = count.heads;
    say!("{}  {}", paint.bold(&broadcast.reference.to_string()), broadcast.state);
    say!("{}  {}", paint.dim("for"), broadcast.draft.audience.line(&ground.town.city.areas));
    if let Some(line) = show::start(ground, broadcast) {
        say!("{}  {line}", paint.dim("starts"));
    }
    say!("{}  {} are told", paint.dim("people"), paint.bold(&heads.planned.to_string()));
    for told in &count.told {
        say!("  {:>9}  by {} in {}, through {}", told.people, told.way, told.language.as_str(), told.sender);
    }
    if heads.unwanted > 0 {
        say!("  {:>9}  do not want it", heads.unwanted);
    }
    for (silence, people) in &count.silences {
        say!("  {people:>9}  cannot be told: {}", silence.replace('_', " "));
    }
    if count.wait > 0 {
        say!("  {:>9}  of them wait until their quiet hours are over", count.wait);
    }
    let cost = euro.map_or("no price is set ([sms] price_per_part)".to_owned(), |euro| format!("about {euro:.2} euro"));
    if samples.iter().any(|sample| sample.way == Way::Sms) {
        say!("{}  {cost}", paint.dim("text messages"));
    }
    if let Some(letters) =
        samples.iter().filter(|sample| sample.way == Way::Letter).map(|s| s.people).reduce(|a, b| a + b)
    {
        say!("{}  {letters} to print and to post", paint.dim("letters"));
    }
    if let Some(calls) = samples.iter().filter(|sample| sample.way == Way::Call).map(|s| s.people).reduce(|a, b| a + b)
    {
        say!("{}  {calls} for people of the desk", paint.yellow("calls"));
    }
    say!("{}  about {}", paint.dim("takes"), show::time(count.seconds));
    if broadcast.draft.critical {
        say!("{}", paint.yellow("It is about safety: it does not wait for quiet hours."));
    }
    for sample in samples {
        let parts = sample.parts.map_or(String::new(), |parts| format!(", {parts} parts"));
        say!("\n{}", paint.bold(&format!("by {} in {}{parts}", sample.way, sample.language.as_str())));
        if let Some(subject) = &sample.subject {
            say!("{}  {subject}", paint.dim("subject"));
        }
        say!("{}", sample.text);
        if let Some(reading) = &sample.reading {
            say!("{}  {} ({})", paint.dim("plain"), reading.score, reading.level.as_str());
            for hint in &reading.hints {
                say!("  {} {}", paint.yellow("–"), hint.line());
            }
        }
    }
    say!("\nnext: voordeur broadcast approve {} --by SOMEBODY-ELSE --expect {}", broadcast.reference, heads.planned);
}
