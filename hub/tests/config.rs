//! The configuration: its example is true, and its mistakes are explained.

use hub::config::{Config, LogFormat, Tls};
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;

const EXAMPLE: &str = include_str!("../../deploy/voordeur.toml");

fn read(text: &str, environment: &[(&str, &str)]) -> anyhow::Result<Config> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::read("voordeur.toml", text, &environment)
}

fn fails(text: &str, environment: &[(&str, &str)]) -> String {
    hub::failure::render(&read(text, environment).unwrap_err())
}

#[test]
fn the_example_holds_the_defaults() {
    let example = read(EXAMPLE, &[]).unwrap();
    assert_eq!(format!("{example:?}"), format!("{:?}", Config::default()));
    assert_eq!(example.database.url.expose_secret(), Config::default().database.url.expose_secret());
}

/// `text` with words for every secret that is read from a file.
fn with_words(text: &str) -> String {
    text.lines()
        .map(|line| match line.split_once(" = { file") {
            Some((key, _)) => format!("{key} = \"words-of-twenty-letters\"\n"),
            None => format!("{line}\n"),
        })
        .collect()
}

#[test]
fn the_gateways_that_the_documents_show_are_good() {
    let page = include_str!("../../docs/install/notices.md");
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let shown: Vec<_> = blocks.filter(|block| block.contains("[sms]")).collect();
    assert_eq!(shown.len(), 4);
    for block in shown {
        // What SMPP has room for.
        let most = if block.contains("\"smpp\"") { "8letters" } else { "words-of-twenty-letters" };
        let text = with_words(block).replace("words-of-twenty-letters", most);
        let sms = read(&text, &[]).unwrap().sms.unwrap();
        assert_eq!(
            notifier::senders::sms::SmsConfig::check_all(&sms.sender("https://stad.example")),
            Vec::<String>::new()
        );
    }
}

#[test]
fn the_example_explains_every_key() {
    // Everything that is commented out is put in; secrets are read from files that are not here.
    let all: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest,
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let all = with_words(&all);
    let config = read(&all, &[]).unwrap();
    let mail = config.mail.as_ref().unwrap();
    assert_eq!((mail.port, mail.tls, mail.max_connections), (Some(587), Some(Tls::Starttls), 4));
    assert!(config.broker.is_some() && config.departments.len() == 1);
    // Whatever key the types know stands in the example.
    for section in [
        "city",
        "database",
        "broker",
        "web",
        "mail",
        "mailbox",
        "lmtp",
        "mail_door",
        "sms_door",
        "sms",
        "push",
        "push.fcm",
        "push.apns",
        "sandbox",
        "geocode",
        "intake",
        "photos",
        "photos.s3",
        "http",
        "departments.publieke-ruimte-groen",
        "rules",
        "staff",
        "log",
    ] {
        let message = fails(&all.replacen(&format!("[{section}]"), &format!("[{section}]\nzzzz = 1"), 1), &[]);
        let known = message.split("expected").nth(1).unwrap_or_default().lines().next().unwrap_or_default().to_owned();
        for key in known.split('`').skip(1).step_by(2) {
            // A table, or a list of tables, has a heading of its own.
            let own = [format!("[[{section}.{key}]]"), format!("[{section}.{key}]")];
            let plain = format!("{key} =");
            assert!(
                all.lines().any(|line| line.starts_with(&plain) || own.iter().any(|own| line == own)),
                "[{section}] {key} is missing in deploy/voordeur.toml"
            );
        }
    }
    assert!(!format!("{config:?}").contains("words-of-twenty"), "secrets show up in debug output");
}

#[test]
fn a_wrong_key_is_shown_with_its_place_and_the_right_one() {
    let message = fails("[web]\nlistne = \"127.0.0.1:80\"\n", &[]);
    assert!(message.contains("--> voordeur.toml:2:1"), "{message}");
    assert!(message.contains("listne = \"127.0.0.1:80\""), "{message}");
    assert!(message.contains("^^^^^^"), "{message}");
    assert!(message.contains("help: did you mean `listen`?"), "{message}");
    let message = fails("[wbe]\n", &[]);
    assert!(message.contains("did you mean `web`?"), "{message}");
    let message = fails("[log]\nformat = \"jsn\"\n", &[]);
    assert!(message.contains("did you mean `json`?"), "{message}");
}

#[test]
fn wrong_values_are_explained() {
    for (text, part) in [
        ("[web]\nlisten = 80\n", "voordeur.toml:2"),
        ("[web\n", "voordeur.toml:1"),
        ("[mail]\nport = 25\n", "missing field `host`"),
        ("[database]\nurl = \"mysql://x\"\n", "neither SQLite nor PostgreSQL"),
        ("[broker]\nurl = \"http://x\"\n", "not AMQP"),
        ("[broker]\nurl = \"amqp://x\"\nprefix = \"a b\"\n", "prefix"),
        ("[web]\npublic_url = \"x\"\n", "https://"),
        ("[staff]\nidle_minutes = 0\n", "[staff] idle_minutes: 1 to 1440"),
        ("[web]\npublic_url = \"https://example.org/?x=1\"\n", "public_url"),
        ("[departments.\"A B\"]\n", "publieke-ruimte"),
    ] {
        let message = fails(text, &[]);
        assert!(message.contains(part), "{text}: {message}");
        assert!(message.contains("help: "), "{text}: {message}");
    }
}

#[test]
fn a_mistake_beside_a_secret_does_not_show_it() {
    let message = fails("[mail]\nhost = \"x\"\npasswrod = \"hunter2\"\npassword = [\"hunter2\"]\n", &[]);
    assert!(!message.contains("hunter2"), "{message}");
    let message = fails("[mail]\nhost = \"x\"\npassword = [\"hunter2\"]\n", &[]);
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn the_environment_wins() {
    let config = read(
        "[web]\nlisten = \"127.0.0.1:1\"\n[departments.groen]\ntoken = \"a\"\n",
        &[
            ("VOORDEUR__WEB__LISTEN", "127.0.0.1:2"),
            ("VOORDEUR__WEB__TRUSTED_PROXIES", "[\"10.0.0.0/8\"]"),
            ("VOORDEUR__LOG__FORMAT", "json"),
            ("VOORDEUR__DATABASE__MIGRATE", "true"),
            ("VOORDEUR__MAIL__HOST", "smtp"),
            ("VOORDEUR__MAIL__PASSWORD", "1234"),
            ("VOORDEUR__DEPARTMENTS__PUBLIEKE_RUIMTE__TOKEN", "b"),
        ],
    )
    .unwrap();
    assert_eq!(config.web.listen.port(), 2);
    assert_eq!(config.web.trusted_proxies, ["10.0.0.0/8"]);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.database.migrate, Some(true));
    assert_eq!(config.mail.unwrap().password.unwrap().expose_secret(), "1234");
    assert_eq!(config.departments.len(), 2);
    assert_eq!(config.departments["publieke-ruimte"].token.as_ref().unwrap().expose_secret(), "b");
}

#[test]
fn secrets_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "amqp://hidden\n").unwrap();
    let path = file.to_str().unwrap();
    let config = read("", &[("VOORDEUR__BROKER__URL_FILE", path)]).unwrap();
    assert_eq!(config.broker.unwrap().url.expose_secret(), "amqp://hidden");
    let config = read(&format!("[broker]\nurl = {{ file = {path:?} }}\n"), &[]).unwrap();
    assert_eq!(config.broker.unwrap().url.expose_secret(), "amqp://hidden");
    let message = fails("", &[("VOORDEUR__BROKER__URL_FILE", "/nowhere")]);
    assert!(message.contains("VOORDEUR__BROKER__URL_FILE") && message.contains("/nowhere"), "{message}");
}

#[test]
fn a_wrong_variable_is_named() {
    let message = fails("", &[("VOORDEUR__WEB__LISTNE", "127.0.0.1:2")]);
    assert!(message.contains("VOORDEUR__WEB__LISTNE") && message.contains("did you mean `listen`?"), "{message}");
    let message = fails("", &[("VOORDEUR__WEB__LISTEN", "here")]);
    assert!(message.contains("VOORDEUR__WEB__LISTEN"), "{message}");
    assert!(Config::read("", "", &BTreeMap::from([("VOORDEUR__".to_owned(), "x".to_owned())])).is_err());
}
