//! The mail sender against a server that misbehaves.

mod common;
#[path = "../../tests/src/smtp_sink.rs"]
#[expect(dead_code, reason = "the tests of other crates use the rest of it")]
mod smtp_sink;

use notifier::{
    NoticeLinks,
    senders::{
        Parcel, Sender,
        mail::{Mail, MailConfig, Patience, Tls},
    },
};
use schemas::{
    Timestamp, Uuid,
    id::derived,
    report::{Language, Urgency},
    verdict::{Fault, Verdict},
    way::Address,
};
use smtp_sink::{AnyStream, SmtpSink, Switches, Upgrade};
use std::{sync::Arc, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);

fn config(sink: &SmtpSink) -> MailConfig {
    let mut config: MailConfig = format!("smtp://{}", sink.address()).parse().unwrap();
    config.from = Some("stad@hallo.example".to_owned());
    config
}

/// What the links of the tests are made with.
fn links() -> NoticeLinks {
    NoticeLinks::new(store::NoticeTokens::new([7; 32]), "https://hallo.example")
}

fn mail(config: &MailConfig) -> Mail {
    Mail::build(config, &common::city(), &links()).unwrap()
}

fn notice(number: u32) -> Uuid {
    derived(&["test", &number.to_string()])
}

fn parcel(number: u32) -> Parcel {
    Parcel {
        notice: notice(number),
        case_id: derived(&["case"]),
        reference: schemas::reference::Reference::from_number(123_456),
        person: "reporter".to_owned(),
        version: 1,
        to: Address::Email("jo.peeters@example.org".to_owned()),
        subject: "Wij hebben uw melding ontvangen – één (0123 4566)".to_owned(),
        text: "Dag Zoë,\n\n.een punt vooraan\n\nhttps://hallo.example/nl/t/abc\n".to_owned(),
        html: "<!doctype html><html lang=\"nl\"><p>Dag Zoë,</p>\n<p>.een punt vooraan</p></html>\n".to_owned(),
        short: "Short".to_owned(),
        paper: Vec::new(),
        link: "https://example.org".to_owned(),
        critical: false,
        urgency: Urgency::Normal,
        is_status: true,
        may_stop: true,
        language: Language::NL,
        at: Timestamp::from_second(1_795_000_000).unwrap(),
    }
}

async fn sink(switches: Switches) -> SmtpSink {
    SmtpSink::start(switches).await.unwrap()
}

/// Undoes quoted-printable (RFC 2045 §6.7), enough to read our own mails.
fn decoded(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'=').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_meant() {
    let sink = sink(Switches::default()).await;
    let mail = mail(&config(&sink));
    let verdict = mail.send(&parcel(1)).await;
    assert_eq!(verdict, Verdict::receipt("250 2.0.0 Ok: queued as SINK1"));
    let arrived = &sink.arrived()[0];
    assert_eq!(
        (arrived.from.as_str(), arrived.to.as_slice()),
        ("stad@hallo.example", &["jo.peeters@example.org".to_owned()][..])
    );
    let header = |name| arrived.header(name).unwrap_or_default();
    assert_eq!(arrived.message_id(), format!("<{}@hallo.example>", notice(1)));
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("List-Id"), "<notices.hallo.example>");
    assert_eq!(header("List-Unsubscribe"), format!("<{}>", links().one_click(notice(1))));
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let thread = format!("<{}@hallo.example>", derived(&["case"]));
    assert_eq!((header("In-Reply-To"), header("References")), (thread.clone(), thread));
    assert_eq!(header("Content-Language"), "nl");
    assert_eq!(header("From"), "Kortrijk <stad@hallo.example>");
    assert_eq!(header("To"), "jo.peeters@example.org");
    assert_eq!(header("Date"), "Wed, 18 Nov 2026 11:06:40 +0000");
    assert!(header("Subject").starts_with("Wij hebben uw melding ontvangen =?utf-8?b?"), "{}", header("Subject"));
    assert!(header("Content-Type").starts_with("multipart/alternative"), "{}", header("Content-Type"));
    assert_eq!(arrived.header("Precedence"), None);
    assert!(arrived.data.is_ascii());
    let body = decoded(arrived.data.split_once("\r\n\r\n").unwrap().1);
    let (plain, rich) =
        (body.find("text/plain; charset=utf-8").unwrap(), body.find("text/html; charset=utf-8").unwrap());
    assert!(plain < rich, "the best part comes last");
    assert!(body.contains("Dag Zoë,\r\n\r\n.een punt vooraan\r\n"), "{body}");
    assert!(body.contains("<p>Dag Zoë,</p>"), "{body}");
}

#[tokio::test]
async fn each_mail_comes_back_to_an_address_of_its_own() {
    let sink = sink(Switches::default()).await;
    let pattern = "antwoord+{token}@hallo.example".to_owned();
    let mail = mail(&MailConfig { return_path: Some(pattern.clone()), ..config(&sink) });
    for number in [1, 2] {
        assert_eq!(mail.send(&parcel(number)).await.word(), "done");
    }
    let froms: Vec<String> = sink.arrived().iter().map(|arrived| arrived.from.clone()).collect();
    let expected = [1, 2].map(|number| links().return_path(&pattern, notice(number)));
    assert_eq!(froms, expected);
    assert_eq!(sink.arrived()[0].header("From").unwrap(), "Kortrijk <stad@hallo.example>", "people see the city's");
    let answers = |n: usize| sink.arrived()[n].header("Reply-To").unwrap();
    assert_eq!([answers(0), answers(1)], [1, 2].map(|number| links().answers(&pattern, notice(number))));
    for wrong in ["antwoord@hallo.example", "{token}", "{token}{token}@hallo.example"] {
        let settings = MailConfig { return_path: Some(wrong.to_owned()), ..config(&sink) };
        assert!(settings.check(&common::city())[0].starts_with("mail.return_path:"), "{wrong}");
    }
}

#[tokio::test]
async fn nothing_typed_becomes_a_header() {
    let sink = sink(Switches::default()).await;
    let mail = mail(&config(&sink));
    let mut bad = parcel(1);
    bad.subject = "Hallo\r\nBcc: evil@example.org\r\n\r\n<script>".to_owned();
    assert_eq!(mail.send(&bad).await.word(), "done");
    let arrived = &sink.arrived()[0];
    assert_eq!(arrived.header("Subject").unwrap(), "Hallo Bcc: evil@example.org <script>");
    assert_eq!(arrived.header("Bcc"), None);
    assert_eq!(arrived.to.len(), 1);
    for email in ["jo@example.org\r\nRCPT TO:<evil@example.org>", "jo@example.org> <x", "no address", ""] {
        let bad = Parcel { to: Address::Email(email.to_owned()), ..parcel(2) };
        assert!(matches!(mail.send(&bad).await, Verdict::Never { fault: Fault::Address, .. }), "{email}");
    }
    assert_eq!(sink.count(), 1);
}

#[tokio::test]
async fn one_connection_carries_many_mails() {
    let sink = sink(Switches::default()).await;
    let mail = mail(&MailConfig { max_mails_per_connection: 10, ..config(&sink) });
    for number in 0..25 {
        assert_eq!(mail.send(&parcel(number)).await.word(), "done");
    }
    assert_eq!((sink.count(), sink.connections()), (25, 3));
    mail.close().await;
    assert_eq!(mail.send(&parcel(25)).await.word(), "done", "closing only says goodbye to what is kept");
}

#[tokio::test]
async fn connections_have_a_limit() {
    let sink = sink(Switches { delay: Duration::from_millis(20), ..Switches::default() }).await;
    let mail = Arc::new(mail(&MailConfig { max_connections: 3, ..config(&sink) }));
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..12 {
        let mail = mail.clone();
        sends.spawn(async move { mail.send(&parcel(number)).await.word() });
    }
    assert!(sends.join_all().await.iter().all(|word| *word == "done"));
    assert_eq!((sink.count(), sink.connections()), (12, 3));
}

#[tokio::test]
async fn a_connection_the_server_closed_is_made_anew() {
    let sink = sink(Switches { close_after_mail: true, ..Switches::default() }).await;
    let mail = mail(&config(&sink));
    for number in 0..3 {
        assert_eq!(mail.send(&parcel(number)).await.word(), "done");
    }
    assert_eq!((sink.count(), sink.connections()), (3, 3));
}

#[tokio::test]
async fn what_the_server_says_becomes_a_verdict() {
    let sink = sink(Switches::default()).await;
    let mail = mail(&config(&sink));
    let said = |text: &str| Some(text.to_owned());
    type Set = fn(&mut Switches, Option<String>);
    let cases: [(&str, Set, &str, &str); 9] = [
        ("450 4.2.1 <jo.peeters@example.org> busy", |s, a| s.rcpt = a, "later", "450 to the address"),
        ("550 5.1.1 <jo.peeters@example.org> unknown", |s, a| s.rcpt = a, "address", "550 to the address"),
        ("550 5.7.1 policy", |s, a| s.rcpt = a, "refused", "550 to the address"),
        ("451 4.3.0 later", |s, a| s.mail = a, "later", "451 to the sender"),
        ("553 5.1.8 bad sender", |s, a| s.mail = a, "refused", "553 to the sender"),
        ("554 5.5.1 no", |s, a| s.data = a, "refused", "554 to the mail"),
        ("452 4.3.1 full", |s, a| s.dot = a, "later", "452 to the mail"),
        ("554 5.7.1 spam", |s, a| s.dot = a, "refused", "554 to the mail"),
        ("421 4.3.2 closing", |s, a| s.rcpt = a, "later", "421 to the address"),
    ];
    for (number, (answer, set, expected, part)) in cases.into_iter().enumerate() {
        sink.switch(|switches| set(switches, said(answer)));
        let verdict = mail.send(&parcel(number as u32)).await;
        let (word, why) = match &verdict {
            Verdict::Never { fault: Fault::Address, why } => ("address", why),
            Verdict::Never { fault: Fault::Refused, why } => ("refused", why),
            Verdict::Later { why, counts: true, after: None } => ("later", why),
            other => panic!("{answer}: {other:?}"),
        };
        assert_eq!(word, expected, "{answer}");
        assert!(why.contains(part) && !why.contains("peeters"), "{why}");
        // The next mail goes through, whatever became of this one.
        sink.switch(|switches| set(switches, None));
        assert_eq!(mail.send(&parcel(100 + number as u32)).await.word(), "done", "after {answer}");
    }
    assert_eq!(sink.count(), 9);
    assert!(sink.connections() <= 3, "refusals keep the connection: {}", sink.connections());
}

#[tokio::test]
async fn greylisting_ends_with_the_second_try() {
    let sink = sink(Switches { greylist: true, ..Switches::default() }).await;
    let mail = mail(&config(&sink));
    assert_eq!(mail.send(&parcel(1)).await.word(), "later");
    assert_eq!(mail.send(&parcel(1)).await.word(), "done");
}

#[tokio::test]
async fn only_a_lost_answer_to_the_final_dot_is_unknown() {
    let sink = sink(Switches { drop_replies: 1, ..Switches::default() }).await;
    let mail = mail(&config(&sink));
    assert_eq!(mail.send(&parcel(1)).await.word(), "unknown");
    assert_eq!(mail.send(&parcel(1)).await.word(), "done");
    let arrived = sink.arrived();
    assert_eq!(arrived.len(), 2);
    assert_eq!(arrived[0].message_id(), arrived[1].message_id());
    assert_eq!(arrived[0].data, arrived[1].data, "byte for byte the same mail");
    assert!(!arrived[0].answered && arrived[1].answered);

    sink.switch(|switches| switches.drop_before_body = true);
    // Too much for the buffers of the system: it breaks while the mail is being written.
    let big = Parcel { text: "woord ".repeat(2_000_000), ..parcel(2) };
    assert_eq!(mail.send(&big).await.word(), "later");
}

#[tokio::test]
async fn a_silent_server_is_not_waited_for_for_ever() {
    let city = common::city();
    let patience = Patience {
        connect: Duration::from_millis(300),
        command: Duration::from_millis(300),
        dot: Duration::from_millis(300),
    };
    let sink = sink(Switches { delay: MINUTE, ..Switches::default() }).await;
    let mail = Mail::with_patience(&config(&sink), &city, &links(), patience).unwrap();
    assert_eq!(mail.send(&parcel(1)).await.word(), "unknown");

    // Takes connections and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", silent.local_addr().unwrap());
    let mail = Mail::with_patience(&url.parse().unwrap(), &city, &links(), patience).unwrap();
    assert_eq!(mail.send(&parcel(1)).await.word(), "later");
    // Takes none.
    drop(silent);
    assert_eq!(mail.send(&parcel(1)).await.word(), "later");
}

#[tokio::test]
async fn a_server_that_is_not_taking_mail_is_tried_later() {
    let sink = sink(Switches { greeting: Some("554 5.3.2 maintenance".to_owned()), ..Switches::default() }).await;
    assert_eq!(mail(&config(&sink)).send(&parcel(1)).await.word(), "later");
}

#[tokio::test]
async fn a_login_is_made_and_a_wrong_one_is_tried_later() {
    let login = Some(("jo".to_owned(), "p/w".to_owned()));
    let sink = sink(Switches { login, ..Switches::default() }).await;
    let with = |password: &str| MailConfig {
        user: Some("jo".to_owned()),
        password: Some(password.to_owned().into()),
        ..config(&sink)
    };
    assert_eq!(mail(&with("p/w")).send(&parcel(1)).await.word(), "done");
    let verdict = mail(&with("wrong")).send(&parcel(2)).await;
    let Verdict::Later { why, .. } = &verdict else { panic!("{verdict:?}") };
    assert!(why.contains("refuses our login") && !why.contains("wrong"), "{why}");
    assert_eq!(mail(&config(&sink)).send(&parcel(3)).await.word(), "later", "no login where one is asked for");
}

/// A certificate for `localhost`, as PEM, and what a server does with it.
fn authority() -> (String, Upgrade) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let upgrade: Upgrade = Arc::new(move |stream: AnyStream| {
        let accepting = acceptor.accept(stream);
        Box::pin(async move { Ok(Box::new(accepting.await?) as AnyStream) })
    });
    (made.cert.pem(), upgrade)
}

#[tokio::test]
async fn tls_protects_the_login_and_the_mail() {
    let (pem, upgrade) = authority();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let login = Some(("jo".to_owned(), "p/w".to_owned()));
    for (tls, switches) in [
        (Tls::Starttls, Switches { starttls: Some(upgrade.clone()), login: login.clone(), ..Switches::default() }),
        (Tls::Required, Switches { tls: Some(upgrade.clone()), login: login.clone(), ..Switches::default() }),
    ] {
        let sink = sink(switches).await;
        let mut settings = config(&sink);
        settings.host = "localhost".to_owned();
        settings.tls = Some(tls);
        settings.user = Some("jo".to_owned());
        settings.password = Some("p/w".to_owned().into());
        // Nobody vouches for this certificate.
        assert_eq!(mail(&settings).send(&parcel(1)).await.word(), "later", "{tls:?}");
        assert_eq!(sink.count(), 0);
        settings.ca_file = Some(file.clone());
        let mail = mail(&settings);
        for number in 2..5 {
            assert_eq!(mail.send(&parcel(number)).await.word(), "done", "{tls:?}");
        }
        assert!(sink.arrived().iter().all(|arrived| arrived.secure));
    }
}

#[tokio::test]
async fn starttls_is_not_skipped_when_the_server_has_none() {
    let sink = sink(Switches::default()).await;
    let settings = MailConfig { tls: Some(Tls::Starttls), ..config(&sink) };
    assert_eq!(mail(&settings).send(&parcel(1)).await.word(), "later");
    assert_eq!(sink.count(), 0);
}

#[test]
fn wrong_settings_are_named() {
    let city = common::city();
    let good = MailConfig::new("smtp.example.org");
    assert_eq!(good.check(&city), Vec::<String>::new());
    let password = || Some("x".to_owned().into());
    for (settings, name) in [
        (MailConfig::new(""), "mail.host"),
        (MailConfig::new("smtp://x"), "mail.host"),
        (MailConfig { port: Some(0), ..good.clone() }, "mail.port"),
        (MailConfig { from: Some("nobody".to_owned()), ..good.clone() }, "mail.from"),
        (MailConfig { reply_to: Some("nobody".to_owned()), ..good.clone() }, "mail.reply_to"),
        (MailConfig { user: Some("jo".to_owned()), ..good.clone() }, "mail.password"),
        (MailConfig { password: password(), ..good.clone() }, "mail.user"),
        (
            MailConfig { user: Some("jo".to_owned()), password: password(), tls: Some(Tls::None), ..good.clone() },
            "mail.tls",
        ),
        (MailConfig { max_connections: 0, ..good.clone() }, "mail.max_connections"),
        (MailConfig { max_mails_per_connection: 0, ..good.clone() }, "mail.max_mails_per_connection"),
    ] {
        let wrong = settings.check(&city);
        assert!(wrong[0].starts_with(&format!("{name}:")), "{wrong:?}");
        assert!(Mail::build(&settings, &city, &links()).is_err());
    }
    let missing = MailConfig { ca_file: Some("/nowhere/ca.pem".into()), ..good };
    assert!(Mail::build(&missing, &city, &links()).is_err_and(|why| why.starts_with("mail.ca_file:")));
}
