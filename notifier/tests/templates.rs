//! Every mail, in every language, whatever people typed.

mod common;

use notifier::{
    Rendered, Templates,
    context::{About, Facts, Sample, samples},
};
use schemas::{city::City, event::What, fault::Severity, report::Language, slug::Slug};

const URL: &str = "https://hallo.example";

fn templates(city: &City) -> Templates {
    let (templates, mut faults) = Templates::read(city);
    // A further language may be there by half.
    faults.retain(|fault| !fault.file.starts_with("texts/") || fault.severity == Severity::Error);
    assert_eq!(faults, []);
    templates.unwrap()
}

fn render(city: &City, sample: &Sample, language: Language) -> Rendered {
    templates(city).render(city, URL, &sample.facts(), language).unwrap()
}

fn sample(city: &City, word: &str, full: bool) -> Sample {
    samples(city, full).into_iter().find(|s| s.word() == word).unwrap()
}

/// The words a reader of the HTML part sees below the city's bar.
fn words_of_html(html: &str) -> Vec<String> {
    let body = html.split("<div class=\"words\">").nth(1).unwrap();
    let mut text = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if inside => continue,
            c => {
                text.push(c);
                continue;
            }
        }
        text.push(' ');
    }
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x3D;", "="),
        ("&#x60;", "`"),
        ("&amp;", "&"),
    ];
    let text = named.iter().fold(text, |text, (entity, c)| text.replace(entity, c));
    text.split_whitespace().map(str::to_owned).collect()
}

/// The words of the text part, without the address that the HTML part has behind a button.
fn words_of_text(text: &str) -> Vec<String> {
    let lines =
        text.lines().filter(|line| !line.starts_with("https://")).map(|line| line.strip_prefix("> ").unwrap_or(line));
    let joined = lines.collect::<Vec<_>>().join("\n");
    joined.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn both_parts_say_the_same_in_every_language() {
    let city = common::city();
    let templates = templates(&city);
    let mut seen = 0;
    for full in [true, false] {
        for sample in samples(&city, full) {
            for language in Language::BUILT_IN {
                let mail = templates.render(&city, URL, &sample.facts(), language).unwrap();
                let name = format!("{} {language:?} {full}", sample.word());
                let page = if sample.broadcast.is_some() { "message/01234566" } else { "t/abcdefghijklmnopqrstuvwxyz" };
                let link = format!("{URL}/{}/{page}", language.as_str());
                // The colon after a button's words is the only thing that the text part has more.
                let plain: Vec<_> =
                    words_of_text(&mail.text).iter().map(|w| w.trim_end_matches(':').to_owned()).collect();
                let rich: Vec<_> =
                    words_of_html(&mail.html).iter().map(|w| w.trim_end_matches(':').to_owned()).collect();
                assert_eq!(plain, rich, "{name}");
                for part in [&mail.text, &mail.html] {
                    assert!(part.contains(&sample.report.reference.to_string()), "{name} has the reference");
                    assert!(part.contains(&city.phone), "{name} has the telephone number");
                    assert!(!part.contains("{{") && !part.contains("}}"), "{name}");
                    assert!(!part.contains('\u{2028}') && !part.contains('\u{e000}'), "{name}");
                }
                assert!(mail.text.contains(&format!("\n{link}\n")), "{name} has the link: {}", mail.text);
                assert!(mail.html.contains(&format!("href=\"{link}\"")), "{name} has the link");
                assert!(mail.html.contains(&format!("<html lang=\"{}\"", language.as_str())), "{name}");
                assert!(mail.html.contains(&format!("<title>{}</title>", mail.subject)), "{name}");
                assert!(mail.subject.chars().count() < 120 && !mail.subject.contains('\n'), "{name}");
                assert!(!mail.text.contains("\n\n\n") && !mail.text.contains("  "), "{name}: {}", mail.text);
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 15 * 3 * 2);
}

#[test]
fn a_received_mail_reads_like_this() {
    let city = common::city();
    let mail = render(&city, &sample(&city, "received", true), Language::NL);
    assert_eq!(mail.subject, "Wij hebben uw melding ontvangen (0123 4566)");
    assert_eq!(
        mail.text,
        "Dag Jo Voorbeeld,\n\n\
         Bedankt. Wij hebben uw melding goed ontvangen.\n\n\
         Uw nummer: 0123 4566\n\
         Onderwerp: sample/sample\n\
         Plaats: Grote Markt 54\n\
         Ontvangen op: woensdag 18 november 2026\n\n\
         Wij zoeken nu de juiste dienst. U krijgt bericht zodra wij weten wie het voor u doet.\n\n\
         Dit konden wij niet bewaren uit uw mail: een foto in HEIC-formaat, een pdf. Wij bewaren tot vijf foto’s als JPEG, PNG \
         of WebP. Was het belangrijk? Antwoord dan op deze mail.\n\n\
         Volg uw melding:\n\
         https://hallo.example/nl/t/abcdefghijklmnopqrstuvwxyz\n\n\
         Op die pagina ziet u wat er gebeurt. Wie de link heeft, kan meekijken: geef hem niet zomaar door.\n\n\
         Hebt u ons niets gevraagd? Dan heeft iemand anders uw adres ingevuld. Bel ons gerust, dan zetten wij dat recht.\n\n\
         Een vraag? Bel ons op 1777 en zeg uw nummer: 0123 4566.\n\n\
         Vriendelijke groet van Kortrijk\n\n\
         Geen berichten meer:\n\
         https://example.org/nl/u/abc\n\
         Kies hoe u berichten krijgt:\n\
         https://example.org/nl/u/abc/choices\n\
         Waarom u dit bericht krijgt:\n\
         https://example.org/nl/u/abc/why\n"
    );
}

#[test]
fn a_planned_mail_reads_like_this_in_french() {
    let city = common::city();
    let mail = render(&city, &sample(&city, "planned", true), Language::FR);
    assert_eq!(mail.subject, "Une date est prévue pour votre signalement (0123 4566)");
    assert_eq!(
        mail.text.replace('\u{a0}', "~"),
        "Bonjour Jo Voorbeeld,\n\n\
         Bonne nouvelle~: Centre de contact a prévu une date pour votre signalement.\n\n\
         Quand~: lundi 30 novembre 2026\n\
         Qui~: Centre de contact\n\
         Votre numéro~: 0123 4566\n\n\
         Le service ajoute~:\n\n\
         > Line one.\n> Line two.\n\n\
         Si la date change, nous vous le dirons.\n\n\
         Suivre votre signalement:\n\
         https://hallo.example/fr/t/abcdefghijklmnopqrstuvwxyz\n\n\
         Une question~? Appelez-nous au 1777 et donnez votre numéro~: 0123 4566.\n\n\
         Cordialement, Courtrai\n\n\
         Plus de messages:\n\
         https://example.org/nl/u/abc\n\
         Choisir comment recevoir nos messages:\n\
         https://example.org/nl/u/abc/choices\n\
         Pourquoi vous recevez ce message:\n\
         https://example.org/nl/u/abc/why\n"
    );
}

#[test]
fn an_answer_is_in_the_mail_itself() {
    let city = common::city();
    let answered = sample(&city, "answered", true);
    let mail = render(&city, &answered, Language::EN);
    assert_eq!(mail.subject, "An answer to your report (0123 4566)");
    let article = "Sample\n\n> Line one.\n> \n> - Line two.\n\nThis answer is only there in Dutch.\n";
    assert!(mail.text.contains(article), "{}", mail.text);
    assert!(!render(&city, &answered, Language::NL).text.contains("alleen"), "it is there in Dutch");
    // An article that is gone since: the page says whom to call.
    let gone = render(&city, &sample(&city, "answered", false), Language::FR);
    assert!(gone.text.contains("La réponse se trouve sur la page de suivi."), "{}", gone.text);
}

#[test]
fn what_is_not_theirs_is_told_with_who_has_it_now() {
    let city = common::city();
    let mut sample = sample(&city, "routed", true);
    let What::Routed { department, rerouted_from, due_on, .. } = &mut sample.event.what else { panic!() };
    *department = Slug::new("burgerzaken").unwrap();
    *rerouted_from = Some(Slug::new("contactcentrum").unwrap());
    *due_on = Some(jiff::civil::date(2026, 12, 4));
    let mail = render(&city, &sample, Language::EN);
    assert_eq!(mail.subject, "Civil affairs is dealing with your report (0123 4566)");
    assert!(mail.text.contains("Contact centre told us that this is not theirs. So we passed it on."), "{}", mail.text);
    assert!(mail.text.contains("Who: Civil affairs\n"), "{}", mail.text);
    assert!(mail.text.contains("Expected: by Friday 4 December 2026 at the latest\n"), "{}", mail.text);
}

#[test]
fn a_department_that_is_there_no_more_is_told_in_every_language() {
    let city = common::city();
    let mut sample = sample(&city, "routed", false);
    let What::Routed { instead_of, .. } = &mut sample.event.what else { panic!() };
    *instead_of = Some(Slug::new("long-gone").unwrap());
    for (language, words) in [
        (Language::NL, "De dienst die dit behandelde, doet dit niet meer. Daarom hebben wij het doorgegeven."),
        (Language::FR, "Le service qui s’en occupait ne le fait plus. Nous avons donc transmis votre message."),
        (Language::EN, "The department that dealt with this does so no more. So we passed it on."),
    ] {
        let mail = render(&city, &sample, language);
        assert!(mail.text.contains(words) && !mail.text.contains("long-gone"), "{}", mail.text);
    }
}

#[test]
fn hostile_words_stay_words() {
    let city = common::city();
    let mut note = sample(&city, "note", true);
    let What::Note { text, .. } = &mut note.event.what else { panic!() };
    *text = "<script>alert(1)</script>\r\nBcc: x@example.org\n\u{202e}txet\0 {{link}} \"'`=".to_owned();
    note.contact.name = Some("<b>Jo</b>\r\nBcc: x@example.org".to_owned());
    note.report.place.address = Some("</p><img src=x onerror=alert(1)>".to_owned());
    for language in Language::BUILT_IN {
        let mail = render(&city, &note, language);
        assert!(
            mail.text.contains("> <script>alert(1)</script>\n> Bcc: x@example.org\n> txet {{link}} \"'`=\n"),
            "{}",
            mail.text
        );
        assert!(
            mail.html.contains("&lt;script&gt;alert(1)&lt;/script&gt;<br>\nBcc: x@example.org<br>"),
            "{}",
            mail.html
        );
        assert!(
            !mail.html.contains("<script") && !mail.html.contains("<b>") && !mail.html.contains("<img"),
            "{}",
            mail.html
        );
        assert!(!mail.text.contains("<b>"), "a name that is none is not repeated");
        assert!(!mail.subject.contains(['\r', '\n']));
        assert_eq!(words_of_text(&mail.text).len(), words_of_html(&mail.html).len());
    }
    let mut received = sample(&city, "received", true);
    received.report.place.address = Some("</p><img src=x onerror=alert(1)>".to_owned());
    let mail = render(&city, &received, Language::NL);
    assert!(mail.html.contains("&lt;/p&gt;&lt;img src") && !mail.html.contains("<img"), "{}", mail.html);
}

#[test]
fn what_the_resident_wrote_is_never_mailed() {
    let city = common::city();
    for mut sample in samples(&city, true) {
        sample.report.words = "Cheap watches".to_owned();
        if let What::Reopened { text, .. } = &mut sample.event.what {
            *text = Some("Cheap watches".to_owned());
        }
        let mail = render(&city, &sample, Language::NL);
        assert!(!mail.text.contains("watches") && !mail.html.contains("watches"), "{}", mail.text);
    }
}

#[test]
fn an_event_that_is_not_told_has_no_mail() {
    let city = common::city();
    let mut sample = sample(&city, "received", true);
    sample.event.what = What::InternalNote { department: city.fallback.clone(), text: "x".into() };
    assert!(templates(&city).render(&city, URL, &sample.facts(), Language::NL).is_err());
}

#[test]
fn a_department_that_is_gone_is_named_by_its_id() {
    let city = common::city();
    let mut note = sample(&city, "note", true);
    let gone = Slug::new("opgeheven").unwrap();
    note.event.what = What::Note { department: gone, text: "x".into() };
    assert!(render(&city, &note, Language::NL).text.contains("Wie: opgeheven\n"));
}

#[test]
fn a_city_has_its_own_words_and_colours() {
    let city = common::city_with(&[
        (
            "templates/note/mail.nl.hbs",
            "subject: Nieuws & meer\n\nHallo {{#if name}}{{name}}{{else}}daar{{/if}}!\n\n> {{text}}\n",
        ),
        (
            "templates/layout.hbs",
            "<html lang={{lang}} style=\"color:{{accent}}\"><title>{{subject}}</title>{{{body}}}</html>",
        ),
        ("theme.css", ":root { --city-brand-color: #aa0000; }"),
    ]);
    let note = sample(&city, "note", true);
    let mail = render(&city, &note, Language::NL);
    assert_eq!(mail.subject, "Nieuws & meer");
    assert!(mail.text.starts_with("Hallo Jo Voorbeeld!\n\n> Line one.\n> Line two.\n\nEen vraag?"), "{}", mail.text);
    assert!(
        mail.html.starts_with("<html lang=nl style=\"color:#aa0000\"><title>Nieuws &amp; meer</title><p>Hallo Jo"),
        "{}",
        mail.html
    );
    assert_eq!(render(&city, &note, Language::EN).subject, "A message about your report (0123 4566)");
}

#[test]
fn faults_of_a_city_name_file_and_line() {
    for (path, text, line, message) in [
        ("templates/note/mail.nl.hbs", "subject: x\n\n{{txt}}", 3, "`txt` is not a variable of this mail"),
        ("templates/received/mail.fr.hbs", "Bonjour", 1, "the first line is not a subject"),
        ("templates/foot/mail.en.hbs", "Call {{telephone}}", 1, "`telephone` is not a variable of this mail"),
        ("templates/note/mail.de.hbs", "subject: x", 0, "no mail is made from this file"),
        ("templates/layout.hbs", "<html>\n{{{bodi}}}", 2, "Failed to access variable in strict mode Some(\"bodi\")"),
        ("templates/layout.hbs", "<html>", 0, "the frame must hold the words of the mail once"),
    ] {
        let (templates, faults) = Templates::read(&common::city_with(&[(path, text)]));
        assert!(templates.is_none(), "{path}");
        let fault = &faults[0];
        assert_eq!((fault.file.as_str(), fault.line, fault.message.as_str()), (path, line, message));
        assert!(!fault.help.is_empty());
    }
}

#[test]
fn facts_need_no_contact_and_no_case() {
    let city = common::city();
    let sample = sample(&city, "reopened", true);
    let about = match sample.facts().about {
        About::Case { event, report, is_theirs, article, .. } => {
            About::Case { event, report, is_theirs, lead: None, article }
        }
        broadcast => broadcast,
    };
    let facts = Facts { name: None, about, ..sample.facts() };
    let mail = templates(&city).render(&city, URL, &facts, Language::EN).unwrap();
    assert!(mail.text.starts_with("Hello,\n\nThank you for telling us"), "{}", mail.text);
}

#[test]
fn a_further_language_is_sent_by_one_file() {
    let german = "matter-own-report = Ihre Meldung\nmonth-november = November\nday-monday = Montag\n\
        date-day = { $day }. { $month }\ndate-weekday = { $weekday }, { $date }\n\
        left-out-pdf-many = { $count ->\n    [2] zwei PDF\n   *[other] { $count } PDF\n }\n\
        notice-note =\n    .mail =\n        subject: Zu { $matter } ({ $reference })\n\n        { $name ->\n            [yes] Guten Tag { $name },\n           \
        *[no] Guten Tag,\n        }\n\n        Sie schreiben:\n\n        > { $text }\n\n        {\"[\"}Folgen]({ $link })\n\
        \x20   .short = { $city }: { $matter } { $reference }, { $link }\n\
        notice-foot =\n    .letter = Gruß aus { $city }\n";
    let city = common::city_with(&[("texts/de.ftl", german)]);
    let de = Language::parse("de").unwrap();
    let note = render(&city, &sample(&city, "note", true), de);
    assert!(note.subject.starts_with("Zu Ihre Meldung ("), "{}", note.subject);
    assert!(note.text.contains("Guten Tag ") && note.text.contains("Folgen:\nhttps://"), "{}", note.text);
    assert!(note.html.contains("<html lang=\"de\" dir=\"ltr\">") && note.html.contains(">Folgen</a>"), "{}", note.html);
    assert!(note.short.contains("Ihre Meldung") && note.link.starts_with(&format!("{URL}/de/t/")), "{note:?}");
    let bare = render(&city, &sample(&city, "note", false), de);
    assert!(bare.text.starts_with("Guten Tag,"), "{}", bare.text);

    // What the file leaves out is said in English, with its dates.
    let received = render(&city, &sample(&city, "received", true), de);
    assert!(received.subject.contains("We received Ihre Meldung"), "{}", received.subject);
    assert!(received.text.contains("Received on: ") && received.text.contains(". November"), "{}", received.text);
    let facts = sample(&city, "note", true);
    let [_, foot] = templates(&city).paper(&city, URL, &facts.facts(), de, true).unwrap();
    assert_eq!(foot, [notifier::paper::Block::Words("Gruß aus Kortrijk".into())]);

    let arabic = common::city_with(&[("texts/ar.ftl", "matter-own-report = بلاغك\n")]);
    let note = render(&arabic, &sample(&arabic, "note", true), Language::parse("ar").unwrap());
    assert!(note.html.contains("<html lang=\"ar\" dir=\"rtl\">") && note.text.contains("بلاغك"), "{}", note.html);
    assert!(note.text.contains("Your number: \u{2068}"), "a number stays as it is: {}", note.text);
    assert!(note.text.contains(&format!("\n{}\n", note.link)), "a link is as it was: {}", note.text);

    // A version of it that was kept is read again, also when the city has the language no more.
    let version = templates(&city).version("note", de).unwrap().clone();
    let again = Templates::read_version(&common::city(), "note", de, &version).unwrap();
    let kept = again.render(&common::city(), URL, &facts.facts(), de).unwrap();
    assert!(kept.text.contains("Sie schreiben:"), "{}", kept.text);

    let wrong = common::city_with(&[("texts/de.ftl", "\nnotice-note =\n    .short = { $nane } { $link }\n")]);
    let (none, faults) = Templates::read(&wrong);
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error);
    let told: Vec<_> = errors.map(|f| (f.file.as_str(), f.line, f.message.as_str())).collect();
    assert!(none.is_none());
    assert_eq!(
        told,
        [("texts/de.ftl", 2, "`notice-note`, `.short`, line 1 of it: `nane` is not a variable of this mail")]
    );
}
