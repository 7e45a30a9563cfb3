//! Sessions with mail servers, and with what is none.

use super::*;
use proptest::prelude::*;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt as _, duplex};

/// Remembers what it was given, or refuses.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Vec<(Uuid, String)>>>, bool);

impl Keep for Shelf {
    async fn keep(&self, id: Uuid, mail: Vec<u8>) -> Result<(), String> {
        if self.1 {
            return Err("the database is away".to_owned());
        }
        self.0.lock().unwrap().push((id, String::from_utf8_lossy(&mail).into_owned()));
        Ok(())
    }
}

fn config() -> Config {
    Config {
        addresses: vec!["meldpunt@stad.example".to_owned(), "info@stad.example".to_owned()],
        networks: vec!["127.0.0.0/8".to_owned()],
        max_connections: 2,
        max_bytes: 64 * 1024,
    }
}

/// What the listener answers to `said`, and what it kept.
async fn talk(config: Config, shelf: &Shelf, said: &[u8]) -> String {
    let lmtp = config.build(Some(&ReplyAddress::parse("antwoord@stad.example").unwrap()));
    talk_to(&lmtp, shelf, said, "127.0.0.1").await
}

async fn talk_to(lmtp: &Lmtp, shelf: &Shelf, said: &[u8], from: &str) -> String {
    let (mut theirs, ours) = duplex(1 << 20);
    theirs.write_all(said).await.unwrap();
    theirs.shutdown().await.unwrap();
    // A session that the other side ends early is an error that nobody hears.
    _ = lmtp.session(ours, from.parse().unwrap(), shelf, &CancellationToken::new()).await;
    let mut answers = String::new();
    theirs.read_to_string(&mut answers).await.unwrap();
    answers
}

/// The codes of the answers, without the lines of a greeting.
fn codes(answers: &str) -> String {
    let last = answers.lines().filter(|line| line.as_bytes().get(3) == Some(&b' '));
    last.map(|line| &line[..3]).collect::<Vec<_>>().join(" ")
}

const OPEN: &str = "LHLO mx\r\nMAIL FROM:<an@inbox.example> BODY=8BITMIME SIZE=100\r\n";

#[tokio::test]
async fn a_mail_is_kept_once_and_answered_for_each_recipient() {
    let shelf = Shelf::default();
    let said = format!(
        "{OPEN}RCPT TO:<meldpunt@stad.example>\r\nRCPT TO:<nobody@stad.example>\r\nRCPT TO:<Antwoord+ABC@stad.example>\r\n\
         DATA\r\nSubject: Put\r\n\r\n..een punt\r\n.\r\nQUIT\r\n"
    );
    let answers = talk(config(), &shelf, said.as_bytes()).await;
    assert_eq!(codes(&answers), "220 250 250 250 550 250 354 250 250 221", "{answers}");
    let kept = shelf.0.lock().unwrap().clone();
    assert_eq!(kept.len(), 1);
    let head = "Return-Path: <an@inbox.example>\r\nDelivered-To: meldpunt@stad.example\r\nDelivered-To: Antwoord+ABC@stad.example\r\n";
    assert_eq!(kept[0].1, format!("{head}Subject: Put\r\n\r\n.een punt\r\n"));
    talk(config(), &shelf, said.as_bytes()).await;
    let kept = shelf.0.lock().unwrap().clone();
    assert_eq!(kept[0].0, kept[1].0, "handed over again it is the same mail");
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_kept() {
    let long = format!("{OPEN}RCPT TO:<info@stad.example>\r\nDATA\r\n{}\r\n.\r\nNOOP\r\n", "x".repeat(70_000));
    let many = "x\r\n".repeat(30);
    let endless = format!("NOOP {}\r\nNOOP\r\n", "x".repeat(9_000));
    for (name, said, expected) in [
        ("before LHLO", "MAIL FROM:<a@b.example>\r\n", "220 503"),
        ("SMTP", "EHLO mx\r\n", "220 500"),
        ("no name", "LHLO\r\n", "220 501"),
        ("no sender yet", "LHLO x\r\nRCPT TO:<info@stad.example>\r\n", "220 250 503"),
        ("nobody", "LHLO x\r\nMAIL FROM:<>\r\nDATA\r\n", "220 250 250 503"),
        ("twice", "LHLO x\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\n", "220 250 250 503 250 250"),
        ("no brackets", "LHLO x\r\nMAIL FROM: a@b\r\nmail from:<a@b>\r\n", "220 250 501 250"),
        ("a line in an address", "LHLO x\r\nMAIL FROM:<a\rX: y@b>\r\n", "220 250 501"),
        ("too long, and it says so", "LHLO x\r\nMAIL FROM:<a@b.example> SIZE=999999\r\n", "220 250 552"),
        ("too long, and it does not", &long, "220 250 250 250 354 552 250"),
        ("half a mail", &format!("{OPEN}RCPT TO:<info@stad.example>\r\nDATA\r\nSubject: x\r\n"), "220 250 250 250 354"),
        (
            "a dot that is none",
            &format!("{OPEN}RCPT TO:<info@stad.example>\r\nDATA\r\nx\n.\nMAIL FROM:<>\n.\r\n"),
            "220 250 250 250 354",
        ),
        ("nonsense", &many, &format!("220{} 421", " 500".repeat(MOST_MISTAKES))),
        ("a command without end", &endless, "220 250 250"),
        ("not a letter", "\u{0}\u{1}\r\nVRFY x\r\n", "220 500 252"),
    ] {
        let shelf = Shelf::default();
        let answers = talk(config(), &shelf, said.as_bytes()).await;
        assert_eq!(codes(&answers), expected, "{name}: {answers}");
        assert_eq!(shelf.0.lock().unwrap().len(), 0, "{name}");
    }
    let said = format!("{OPEN}RCPT TO:<info@stad.example>\r\nDATA\r\nx\r\n.\r\n");
    let away = Shelf(Arc::default(), true);
    assert_eq!(codes(&talk(config(), &away, said.as_bytes()).await), "220 250 250 250 354 451");
    let many: String = (0..=MOST_RECIPIENTS).map(|n| format!("RCPT TO:<meldpunt+{n}@stad.example>\r\n")).collect();
    assert!(codes(&talk(config(), &away, format!("{OPEN}{many}").as_bytes()).await).ends_with("250 452"));
}

#[tokio::test]
async fn strangers_and_crowds_are_sent_away() {
    let lmtp = config().build(None);
    let shelf = Shelf::default();
    assert_eq!(codes(&talk_to(&lmtp, &shelf, b"LHLO x\r\n", "192.0.2.1").await), "554");
    assert_eq!(codes(&talk_to(&lmtp, &shelf, b"NOOP\r\n", "::ffff:127.0.0.1").await), "220 250");
    let permits = lmtp.permits.acquire_many(2).await.unwrap();
    assert_eq!(codes(&talk_to(&lmtp, &shelf, b"NOOP\r\n", "127.0.0.1").await), "421");
    drop(permits);
    let (_theirs, ours) = duplex(1024);
    let stop = CancellationToken::new();
    stop.cancel();
    // It ends although the other side says nothing.
    lmtp.session(ours, "127.0.0.1".parse().unwrap(), &shelf, &stop).await.unwrap();
}

#[test]
fn wrong_settings_are_named() {
    assert_eq!(config().check(), []);
    for (change, field) in [
        ((|c| c.addresses.clear()) as fn(&mut Config), "lmtp.addresses"),
        (|c| c.addresses.push("x".to_owned()), "lmtp.addresses"),
        (|c| c.networks.push("huis".to_owned()), "lmtp.networks"),
        (|c| c.max_connections = 0, "lmtp.max_connections"),
        (|c| c.max_bytes = 1, "lmtp.max_megabytes"),
    ] {
        let mut config = config();
        change(&mut config);
        assert_eq!(config.check().first().map(|fault| fault.field.clone()).as_deref(), Some(field));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]
    #[test]
    fn whatever_a_mail_holds_arrives_as_it_was(lines in prop::collection::vec("[.a-z\r]{0,8}", 0..12)) {
        prop_assume!(lines.iter().all(|line| !line.ends_with('\r')));
        let mail: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let stuffed: String = lines
            .iter()
            .map(|line| if line.starts_with('.') { format!(".{line}\r\n") } else { format!("{line}\r\n") })
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shelf = Shelf::default();
        let said = format!("{OPEN}RCPT TO:<info@stad.example>\r\nDATA\r\n{stuffed}.\r\nQUIT\r\n");
        let answers = runtime.block_on(talk(config(), &shelf, said.as_bytes()));
        prop_assert!(answers.ends_with("221 2.0.0 bye\r\n"), "{}", answers);
        let kept = shelf.0.lock().unwrap().clone();
        let head = "Return-Path: <an@inbox.example>\r\nDelivered-To: info@stad.example\r\n";
        prop_assert_eq!(&kept[0].1, &format!("{head}{mail}"));
    }

    #[test]
    fn nothing_that_is_said_makes_it_fail(said in prop::collection::vec(any::<u8>(), 0..300)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let said = [OPEN.as_bytes(), b"RCPT TO:<info@stad.example>\r\nDATA\r\n", &said].concat();
        runtime.block_on(talk(config(), &Shelf::default(), &said));
    }
}
