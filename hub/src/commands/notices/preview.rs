//! `voordeur notices preview`: how a message reads, what it costs, and how plain it is.

use super::{Ground, no_report, reference};
use crate::{
    cli::PreviewArgs,
    failure::Failure,
    output::{Paint, say},
};
use notifier::{
    Rendered,
    context::{self, About, Facts, Sample},
    plain::{self, Reading},
    senders::sms::text::{self, Alphabet, Sms},
};
use schemas::{
    event::{CaseEvent, What},
    fault::did_you_mean,
    report::{Contact, Language, Report},
    slug::DepartmentId,
    way::Way,
};
use serde_json::json;

/// One event of one case, with what its message is made of.
struct Real {
    event: CaseEvent,
    report: Report,
    contact: Option<Contact>,
    lead: Option<DepartmentId>,
}

/// Shows it.
pub async fn run(ground: &Ground<'_>, args: &PreviewArgs) -> anyhow::Result<()> {
    let city = &ground.town.city;
    let samples = context::samples(city, !args.bare);
    let known = || samples.iter().map(|sample| sample.word());
    let Some(sample) = samples.iter().find(|sample| sample.word() == args.template) else {
        let what = format!("no message is made from `{}`", args.template);
        return Err(Failure::usage(what, did_you_mean(&args.template, known())).into());
    };
    let language = args.lang.as_deref().map(read_language).transpose()?;
    let real = match &args.case {
        Some(text) => Some(real(ground, text, &args.template).await?),
        None => None,
    };
    let language = language
        .or(real.as_ref().map(|real| real.report.language))
        .or(city.languages.first().copied())
        .unwrap_or_default();
    let way = read_way(&args.way)?;
    let public_url = ground.config.web.public_url();
    let rendered = match &real {
        Some(real) => render(ground, real, sample, &public_url, language),
        None => ground.town.templates.render(city, &public_url, &sample.facts(), language),
    };
    let rendered = rendered.map_err(|error| Failure::new(error.to_string(), "`voordeur check` shows each fault"))?;
    let version = ground.town.templates.version(&args.template, language).map(|version| version.name.as_str());
    show(ground, args, &rendered, way, language, version.unwrap_or_default());
    Ok(())
}

fn render(
    ground: &Ground<'_>,
    real: &Real,
    sample: &Sample,
    public_url: &str,
    language: Language,
) -> Result<Rendered, notifier::render::RenderError> {
    let city = &ground.town.city;
    let article = match &real.event.what {
        What::Answered { article, .. } => city.article(article).map(|article| article.text(language)),
        _ => None,
    };
    let (event, report, lead) = (&real.event, &real.report, real.lead.as_ref());
    let facts = Facts {
        about: About::Case { event, report, is_theirs: true, lead, article },
        name: real.contact.as_ref().and_then(|contact| contact.name.as_deref()),
        // The links that only the person themselves may have stay those of the sample.
        ..sample.facts()
    };
    ground.town.templates.render(city, public_url, &facts, language)
}

/// The newest event of this kind of a case.
async fn real(ground: &Ground<'_>, text: &str, template: &str) -> anyhow::Result<Real> {
    let (reference, store) = (reference(text)?, &ground.store);
    let mut report = store.report_by_reference(reference).await?.ok_or_else(|| no_report(reference))?;
    let timeline = store.timeline(report.id, false).await?;
    let Some(event) = timeline.into_iter().rev().find(|event| event.what.word() == template) else {
        let help = format!("`voordeur notices why {reference}` shows what happened to it");
        return Err(Failure::new(format!("`{template}` did not happen to {reference}"), help).into());
    };
    let contact = store.contacts_by_ids(&[report.id]).await?.remove(&report.id);
    let lead = store.case(report.id).await?.and_then(|case| case.lead);
    // Whoever has the tracking link speaks for the reporter: it is not for a terminal.
    report.token = "…".to_owned();
    Ok(Real { event, report, contact, lead })
}

fn read_language(text: &str) -> Result<Language, Failure> {
    let all = Language::ALL.map(Language::as_str);
    Language::parse(text)
        .ok_or_else(|| Failure::usage(format!("--lang: `{text}` is no language of messages"), did_you_mean(text, all)))
}

fn read_way(text: &str) -> Result<Way, Failure> {
    let all = Way::ALL.map(Way::as_str);
    Way::parse(text)
        .ok_or_else(|| Failure::usage(format!("--way: `{text}` is no way to tell somebody"), did_you_mean(text, all)))
}

fn show(ground: &Ground<'_>, args: &PreviewArgs, made: &Rendered, way: Way, language: Language, version: &str) {
    let is_short = matches!(way, Way::Sms | Way::Push | Way::Call);
    let transliterate = ground.config.sms.as_ref().is_none_or(|sms| sms.transliterate);
    let sms = (way == Way::Sms).then(|| text::encode(&made.short, transliterate));
    let words = match &sms {
        Some(sms) => sms.text.as_str(),
        None if is_short => made.short.as_str(),
        None => made.text.as_str(),
    };
    let price = ground.config.sms.as_ref().and_then(|sms| sms.price_per_part);
    let cost = sms.as_ref().zip(price).map(|(sms, price)| price * sms.parts as f64);
    let reading = plain::judge(words, language);
    if args.json {
        let out = json!({
            "template": args.template, "version": version, "language": language, "way": way,
            "subject": (!is_short).then_some(&made.subject), "text": words,
            "html": (way == Way::Email).then_some(&made.html), "sms": sms, "euro": cost, "reading": reading,
        });
        say!("{out}");
        return;
    }
    if args.html {
        say!("{}", made.html);
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
    if !is_short {
        say!("{}  {}", paint.dim("subject"), made.subject);
    }
    say!("\n{words}\n");
    if let Some(sms) = &sms {
        show_parts(paint, sms, cost);
    }
    if let Some(reading) = &reading {
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
