//! `voordeur abuse review` and what follows: what of reports becomes public.

use crate::{
    cli::ApproveArgs,
    failure::Failure,
    output::{Paint, say},
};
use adapters::abuse::review::{self, Approved, Decided, Waiting};
use schemas::{city::City, reference::Reference, report::Report};
use store::Store;

/// `abuse review`: the words of each with what may be personal data marked, and what is proposed.
pub async fn list(store: &Store, city: &City, limit: usize, json: bool) -> anyhow::Result<()> {
    if !city.publish.has_words() && !city.publish.has_photos() {
        say!("nothing that residents send becomes public here: `publish` in city.yaml says so");
        return Ok(());
    }
    let waiting = review::waiting(store, city, limit).await?;
    if json {
        let row = |one: &Waiting| {
            serde_json::json!({
                "reference": one.report.reference, "category": one.report.category, "words": one.report.words,
                "found": one.found, "proposed": one.proposed(), "photos": one.report.photos,
                "received_at": one.report.received_at,
            })
        };
        say!("{}", serde_json::json!({ "waiting": waiting.iter().map(row).collect::<Vec<_>>() }));
        return Ok(());
    }
    if waiting.is_empty() {
        say!("nothing waits to be reviewed");
        return Ok(());
    }
    let paint = Paint::stdout();
    for one in waiting {
        let Report { reference, category, photos, .. } = &one.report;
        say!("{}  {category}  {} photos", paint.green(&reference.to_string()), photos.len());
        say!("{}", marked(&one));
        if !one.found.is_empty() {
            let kinds: Vec<&str> = one.found.iter().map(|found| found.kind.as_str()).collect();
            say!("  found: {}", kinds.join(", "));
        }
        say!("");
    }
    say!("[[…]] is what would be left out. `voordeur abuse approve REFERENCE --as-proposed` leaves it out.");
    Ok(())
}

/// The words, with what was found between brackets.
fn marked(one: &Waiting) -> String {
    let words = &one.report.words;
    let mut out = String::new();
    let mut at = 0;
    for found in &one.found {
        out.push_str(words.get(at..found.from).unwrap_or_default());
        out.push_str("[[");
        out.push_str(words.get(found.from..found.until).unwrap_or_default());
        out.push_str("]]");
        at = found.until;
    }
    out.push_str(words.get(at..).unwrap_or_default());
    out.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// `abuse approve`.
pub async fn approve(
    store: &Store,
    city: &City,
    reference: Reference,
    args: &ApproveArgs,
    who: &str,
) -> anyhow::Result<()> {
    let Some(one) = review::look(store, city, reference).await? else { return Err(unknown(reference).into()) };
    let words = if args.as_proposed { Some(one.proposed()) } else { args.words.clone() };
    let photos = match args.photos.as_deref() {
        None => Vec::new(),
        Some("all") => one.report.photos.clone(),
        Some(numbers) => {
            let photo = |number: &str| {
                let at = number.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                at.and_then(|at| one.report.photos.get(at)).copied().ok_or_else(|| {
                    Failure::usage(
                        format!("--photos: there is no photo `{number}`"),
                        format!("it has {}: write `all`, or their numbers: 1,2", one.report.photos.len()),
                    )
                })
            };
            numbers.split(',').map(photo).collect::<Result<Vec<_>, _>>()?
        }
    };
    let decided = review::approve(store, city, reference, Approved { words, photos }, who).await?;
    told(reference, decided, "is public now, as it was approved")
}

/// `abuse reject`.
pub async fn reject(store: &Store, reference: Reference, who: &str) -> anyhow::Result<()> {
    told(reference, review::reject(store, reference, who).await?, "stays as it is: nothing of it is public")
}

/// `abuse unpublish`.
pub async fn unpublish(store: &Store, reference: Reference, who: &str) -> anyhow::Result<()> {
    told(reference, review::unpublish(store, reference, who).await?, "can be read no more")
}

fn unknown(reference: Reference) -> Failure {
    Failure::usage(
        format!("there is no report {reference} in this database"),
        "see [database] url: is it the city's own?",
    )
}

fn told(reference: Reference, decided: Decided, done: &str) -> anyhow::Result<()> {
    match decided {
        Decided::Done => {
            say!("{} {reference} {done}", Paint::stdout().green("✓"));
            Ok(())
        }
        Decided::Nothing => {
            say!("nothing of {reference} was public: nothing changed");
            Ok(())
        }
        Decided::Unknown => Err(unknown(reference).into()),
        Decided::Never(why) => Err(Failure::usage(format!("{reference} does not become public"), why.message()).into()),
    }
}
