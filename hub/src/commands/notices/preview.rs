//! `voordeur notices preview`: how a message reads, what it costs, and how plain it is.

use super::{Ground, no_report, reference};
use crate::{
    cli::PreviewArgs,
    failure::Failure,
    output::{Paint, say},
};
use notifier::{
    plain::Reading,
    preview::{self, Found, Real, Shown, Stage},
    senders::sms::text::{Alphabet, Sms},
};
use schemas::{city::City, fault::did_you_mean, report::Language, way::Way};
use serde_json::json;

/// Shows it.
pub async fn run(ground: &Ground<'_>, args: &PreviewArgs) -> anyhow::Result<()> {
    let city = &ground.town.city;
    let known = preview::words(city);
    if !known.contains(&args.template.as_str()) {
        let what = format!("no message is made from `{}`", args.template);
        return Err(Failure::usage(what, did_you_mean(&args.template, known)).into());
    }
    let language = args.lang.as_deref().map(|text| read_language(city, text)).transpose()?;
    let real = match &args.case {
        Some(text) => Some(real(ground, text, &args.template).await?),
        None => None,
    };
    let language = language
        .or(real.as_ref().map(|real| city.answers_in(real.report.language)))
        .or(city.languages.first().copied())
        .unwrap_or_default();
    let way = read_way(&args.way)?;
    let stage = Stage {
        templates: &ground.town.templates,
        city,
        public_url: &ground.config.web.public_url(),
        transliterate: ground.config.sms.as_ref().is_none_or(|sms| sms.transliterate),
    };
    let shown = stage.show(&args.template, way, language, !args.bare, real.as_deref());
    let shown = shown.map_err(|error| Failure::new(error.to_string(), "`voordeur check` shows each fault"))?;
    let shown = shown.ok_or_else(|| {
        let ways = preview::ways(&args.template).iter().map(|way| way.as_str()).collect::<Vec<_>>().join(", ");
        Failure::usage(format!("`{}` does not go by {way}", args.template), format!("--way {ways}"))
    })?;
    let version = ground.town.templates.version(&args.template, language).map(|version| version.name.as_str());
    show(ground, args, &shown, way, language, version.unwrap_or_default());
    Ok(())
}

/// The newest event of this kind of a case.
async fn real(ground: &Ground<'_>, text: &str, template: &str) -> anyhow::Result<Box<Real>> {
    let reference = reference(text)?;
    match preview::find(&ground.store, reference, template).await? {
        Found::Real(real) => Ok(real),
        Found::NoReport => Err(no_report(reference).into()),
        Found::NotHappened => {
            let help = format!("`voordeur notices why {reference}` shows what happened to it");
            Err(Failure::new(format!("`{template}` did not happen to {reference}"), help).into())
        }
    }
}

fn read_language(city: &City, text: &str) -> Result<Language, Failure> {
    let further = city.languages.iter().filter(|language| !language.is_built_in());
    let all: Vec<&str> = Language::BUILT_IN.iter().chain(further).map(|language| language.as_str()).collect();
    Language::parse(text)
        .filter(|language| city.answers_in(*language) == *language)
        .ok_or_else(|| Failure::usage(format!("--lang: `{text}` is no language of messages"), did_you_mean(text, all)))
}

fn read_way(text: &str) -> Result<Way, Failure> {
    let all = Way::ALL.map(Way::as_str);
    Way::parse(text)
        .ok_or_else(|| Failure::usage(format!("--way: `{text}` is no way to tell somebody"), did_you_mean(text, all)))
}

fn show(ground: &Ground<'_>, args: &PreviewArgs, shown: &Shown, way: Way, language: Language, version: &str) {
    let price = ground.config.sms.as_ref().and_then(|sms| sms.price_per_part);
    let cost = shown.sms.as_ref().zip(price).map(|(sms, price)| price * sms.parts as f64);
    if args.json {
        let out = json!({
            "template": args.template, "version": version, "language": language, "way": way,
            "subject": shown.subject, "text": shown.words, "html": (way == Way::Email).then_some(&shown.html),
            "sms": shown.sms, "euro": cost, "reading": shown.reading,
        });
        say!("{out}");
        return;
    }
    if args.html {
        say!("{}", shown.html);
        return;
    }
    let paint = Paint::stdout();
    say!(
        "{}  {} by {way}, {}, version {version}",
        paint.bold(&args.template),
        language.as_str(),
        match &args.case {
            Some(case) => format!("as for {case}"),
            None if args.bare => "a sample with only what is always there".to_owned(),
            None => "a sample with all that may be there".to_owned(),
        }
    );
    if let Some(subject) = &shown.subject {
        say!("{}  {subject}", paint.dim("subject"));
    }
    say!("\n{}\n", shown.words);
    if let Some(sms) = &shown.sms {
        show_parts(paint, sms, cost);
    }
    if let Some(reading) = &shown.reading {
        show_reading(paint, reading);
    }
}

fn show_parts(paint: Paint, sms: &Sms, cost: Option<f64>) {
    let alphabet = match sms.alphabet {
        Alphabet::Gsm => "the GSM alphabet",
        Alphabet::Ucs2 => "UCS-2: letters outside the GSM alphabet more than halve the room",
    };
    let cost = cost.map_or("no price is set ([sms] price_per_part)".to_owned(), |cost| format!("{cost:.3} euro"));
    let parts = if sms.parts == 1 { "1 part".to_owned() } else { format!("{} parts", sms.parts) };
    say!("{}  {parts}, {cost}; {alphabet}", paint.dim("cost"));
    if !sms.changed.is_empty() {
        let changed: Vec<String> = sms.changed.iter().map(|(from, to)| format!("{from} → {to}")).collect();
        say!("{}  {}", paint.dim("written otherwise"), changed.join(", "));
    }
    if sms.cut {
        say!("{}", paint.red("It is too long: its end is cut off."));
    }
}

fn show_reading(paint: Paint, reading: &Reading) {
    let Reading { score, level, sentences, words, .. } = reading;
    let line = format!("{score} ({}), {words} words in {sentences} sentences", level.as_str());
    say!("{}  {line}", paint.dim("plain"));
    for hint in &reading.hints {
        say!("  {} {}", paint.yellow("–"), hint.line());
    }
}
