//! Whatever people type stays what it is: words. Every hostile text, in every place where somebody may write,
//! in every message, language and way.

mod common;
#[path = "../../tests/src/smtp_sink.rs"]
#[expect(dead_code, reason = "the tests of other crates use the rest of it")]
mod smtp_sink;

use notifier::{
    NoticeLinks, Parcel, Rendered, Sender as _, Templates,
    context::{Sample, samples},
    senders::{
        mail::{Mail, MailConfig},
        sms::text::{self, Alphabet},
    },
};
use schemas::{
    Uuid,
    city::ArticleText,
    event::What,
    id::derived,
    report::Language,
    text::{clean, clean_line},
    verdict::Verdict,
    way::{Address, Way},
};
use smtp_sink::{SmtpSink, Switches};

const URL: &str = "https://hallo.example";

/// What somebody types, and a word of it that has to arrive where their words arrive.
const HOSTILE: &[(&str, &str)] = &[
    ("<script>alert(1)</script> tail", "tail"),
    ("</p><img src=x onerror=alert(1)> tail", "tail"),
    ("<!--[if mso]><v:rect href=\"javascript:alert(1)\"> tail", "tail"),
    ("\" style=\"position:fixed\" onmouseover='alert(1)' tail", "tail"),
    ("&lt;b&gt;&amp;&#60; tail", "tail"),
    ("x\r\nBcc: victim@example.org\r\n\r\ntail", "tail"),
    ("x\nContent-Type: text/html\n\n<b>tail</b>", "tail"),
    ("=?utf-8?q?x=0d=0aBcc:_victim@example.org?= tail", "tail"),
    (".\r\nQUIT\r\n.\r\ntail", "tail"),
    ("\0\u{7}\u{8}\u{1b}[31m\u{7f}\u{85}\u{9b}tail", "tail"),
    ("\u{202e}liat\u{202c} \u{2066}\u{2069}\u{200e}\u{200f}\u{61c}tail", "tail"),
    ("\u{200b}\u{feff}\u{e0041}\u{fff9}tail", "tail"),
    ("\u{2028}\u{2029}\u{e000}subject\u{e000} \u{e000}body\u{e000} tail", "tail"),
    ("{{link}} {{{wishes}}} {{#if name}}{{/if}} {{lookup this 'token'}} {{> foot}} tail", "tail"),
    ("{{quote text}} \\{{link}} tail", "tail"),
    ("[Klik hier](javascript:alert(1)) tail", "tail"),
    ("%0d%0aBcc:victim@example.org &text=x&to=+32900 tail", "tail"),
    ("z\u{351}\u{34e}\u{309}\u{301}\u{30a} a\u{300}\u{300}\u{300} tail", "tail"),
];

/// The sample with `hostile` wherever a resident or a department may write.
fn infected(mut sample: Sample, hostile: &str) -> Sample {
    let words = || hostile.to_owned();
    sample.contact.name = Some(words());
    sample.report.words = words();
    sample.report.place.address = Some(words());
    for written in sample.broadcast.iter_mut().flat_map(|broadcast| broadcast.draft.words.values_mut()) {
        *written = schemas::broadcast::Words { subject: words(), text: words(), short: Some(words()) };
    }
    match &mut sample.event.what {
        What::Note { text, .. } | What::Asked { text, .. } => *text = words(),
        What::Declined { reason, .. } => *reason = words(),
        What::Planned { text, .. }
        | What::Solved { text, .. }
        | What::Slipping { text, .. }
        | What::Reopened { text, .. } => {
            *text = Some(words());
        }
        What::Referred { to, phone, url, text, .. } => {
            *to = words();
            (*phone, *url, *text) = (Some(words()), Some(words()), Some(words()));
        }
        What::Answered { .. } => {
            sample.article = Some(ArticleText { title: words(), words: Vec::new(), markdown: words() });
        }
        _ => {}
    }
    sample
}

/// Characters that no message holds, whatever was typed.
fn is_foul(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{61c}')
}

/// What is wrong with a message, by the way it goes.
fn wrong(made: &Rendered, without: &Rendered, way: Way) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |good: bool, what: &str| {
        if !good {
            wrong.push(what.to_owned());
        }
    };
    let line = |text: &str| !text.contains(['\n', '\r']);
    match way {
        Way::Email => {
            check(line(&made.subject) && !made.subject.chars().any(is_foul), "the subject is one clean line");
            check(!made.text.chars().any(is_foul), "the text part is clean");
            // Whitespace of the frame aside, HTML holds the tags that the clean one holds, and no other.
            let tags = |html: &str| {
                let of = |name: &str| html.matches(&format!("<{name}")).count();
                ["script", "img", "v:", "!--", "b>", "style", "a ", "iframe", "svg"].map(of)
            };
            check(tags(&made.html) == tags(&without.html), "the HTML has tags of somebody else");
            check(!made.html.contains("href=\"javascript:"), "a link leads to a script");
            let handlers = ["onerror=", "onmouseover="].iter().any(|name| {
                made.html.match_indices(name).any(|(at, _)| {
                    let before = &made.html[..at];
                    before.rfind('<') > before.rfind('>')
                })
            });
            check(!handlers, "a tag has a handler of somebody else");
            check(!made.html.contains(is_foul), "the HTML part is clean");
        }
        Way::Letter => check(!made.text.chars().any(is_foul), "the letter is clean"),
        Way::Sms => {
            let sms = text::encode(&made.short, true);
            check(line(&sms.text) && !sms.text.chars().any(is_foul), "the message is one clean line");
            check((1..=text::MAX_PARTS).contains(&sms.parts), "it fits");
        }
        Way::Push | Way::Call => {
            check(line(&made.short) && !made.short.chars().any(is_foul), "it is one clean line");
        }
    }
    // The links are ours, as they are without anything typed.
    check(made.link == without.link, "the link is another");
    wrong
}

#[test]
fn hostile_words_stay_words_on_every_way() {
    let city = common::city();
    let templates = Templates::read(&city).0.unwrap();
    let render = |sample: &Sample, language| templates.render(&city, URL, &sample.facts(), language).unwrap();
    let (mut seen, mut faults, mut arrived) = (0, Vec::new(), 0);
    for (hostile, tail) in HOSTILE {
        for (sample, plain) in samples(&city, true).into_iter().zip(samples(&city, true)) {
            let word = sample.word();
            let sample = infected(sample, hostile);
            for language in Language::BUILT_IN {
                let (made, without) = (render(&sample, language), render(&plain, language));
                for way in Way::ALL {
                    let name = format!("{hostile:?} {word} {} {way}", language.as_str());
                    faults.extend(wrong(&made, &without, way).into_iter().map(|what| format!("{name}: {what}")));
                    seen += 1;
                }
                // Who may write to the person is heard: nothing is thrown away with the hostile part.
                if word == "note" || word == "asked" {
                    assert!(made.text.contains(tail) && made.html.contains(tail), "{hostile:?} {word}");
                    let quoted = clean_quote(hostile);
                    assert!(made.text.contains(&quoted), "{hostile:?}: {}", made.text);
                    arrived += 1;
                }
                // A name that could be an advertisement or a trick is left out of the greeting.
                let greeting = made.text.lines().next().unwrap_or_default();
                let is_a_name = clean_line(hostile).chars().all(|c| c.is_alphabetic() || " .-'’,".contains(c));
                assert!(!greeting.contains(tail) || is_a_name, "{greeting}");
                assert!(!made.text.contains("{{") || hostile.contains("{{"), "{}", made.text);
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!((seen, arrived), (HOSTILE.len() * 15 * 3 * 5, HOSTILE.len() * 2 * 3));
}

/// The first line of the quote of `hostile`, as the text part has it.
fn clean_quote(hostile: &str) -> String {
    format!("> {}", clean(hostile).lines().next().unwrap_or_default())
}

#[tokio::test]
async fn no_header_of_somebody_else_leaves_in_a_mail() {
    let city = common::city();
    let templates = Templates::read(&city).0.unwrap();
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let mut config: MailConfig = format!("smtp://{}", sink.address()).parse().unwrap();
    config.from = Some("stad@hallo.example".to_owned());
    let links = NoticeLinks::new(store::NoticeTokens::new([7; 32]), URL);
    let mail = Mail::build(&config, &city, &links).unwrap();
    let names = |raw: &str| -> Vec<String> {
        let head = raw.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        lines.map(|line| line.split(':').next().unwrap_or_default().to_lowercase()).collect()
    };
    let mut expected = Vec::new();
    let all = std::iter::once("plain words").chain(HOSTILE.iter().map(|(hostile, _)| *hostile));
    for (number, hostile) in all.enumerate() {
        let sample = samples(&city, true).into_iter().find(|sample| sample.word() == "referred").unwrap();
        let sample = infected(sample, hostile);
        let made = templates.render(&city, URL, &sample.facts(), Language::NL).unwrap();
        let parcel = Parcel {
            notice: derived(&["hostile", &number.to_string()]),
            case_id: Uuid::nil(),
            reference: sample.report.reference,
            person: "reporter".into(),
            version: 1,
            to: Address::Email("jo@example.org".into()),
            // A sender does not trust whoever rendered.
            subject: format!("{} {hostile}", made.subject),
            text: made.text,
            html: made.html,
            short: made.short,
            paper: Vec::new(),
            link: made.link,
            language: Language::NL,
            critical: false,
            urgency: sample.report.urgency,
            is_status: true,
            may_stop: true,
            at: sample.event.at,
        };
        assert!(matches!(mail.send(&parcel).await, Verdict::Done { .. }), "{hostile:?}");
        let arrived = sink.arrived();
        let last = arrived.last().unwrap();
        assert!(last.data.is_ascii(), "{hostile:?}");
        assert_eq!(last.to, ["jo@example.org"], "{hostile:?}");
        if number == 0 {
            expected = names(&last.data);
        }
        assert_eq!(names(&last.data), expected, "{hostile:?}: {}", last.data);
    }
    assert_eq!(sink.count(), HOSTILE.len() + 1, "one mail each: none was cut in two");
}

#[test]
fn ten_megabytes_of_anything_are_cut_to_what_a_message_holds() {
    let city = common::city();
    let templates = Templates::read(&city).0.unwrap();
    for filling in ["a", "é ", "<", "\u{202e}", "a\u{300}", "{{link}}", "🚲"] {
        let huge = filling.repeat(10 * 1024 * 1024 / filling.len());
        // Articles are the city's own files.
        for sample in samples(&city, true).into_iter().filter(|sample| sample.word() != "answered") {
            let word = sample.word();
            let sample = infected(sample, &huge);
            let made = templates.render(&city, URL, &sample.facts(), Language::FR).unwrap();
            let longest = made.text.len().max(made.html.len()).max(made.short.len());
            assert!(longest < 1024 * 1024, "{word} {filling}: {longest} bytes");
            assert!(made.subject.chars().count() < 1000, "{word} {filling}");
            let sms = text::encode(&made.short, true);
            assert!(sms.parts <= text::MAX_PARTS && sms.text.contains(&made.link), "{word} {filling}: {}", sms.text);
            let is_gsm = sms.alphabet == Alphabet::Gsm;
            assert!(is_gsm || !matches!(filling, "a" | "<"), "{word} {filling}");
            if word == "note" {
                assert!(
                    made.text.contains('…') || filling == "\u{202e}",
                    "{word} {filling}: who reads it sees that it goes on"
                );
            }
        }
    }
}
