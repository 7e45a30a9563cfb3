//! Signed mails, checked by somebody else's program: dkimpy (Debian's python3-dkim and python3-nacl).

mod common;
#[path = "../../tests/src/smtp_sink.rs"]
#[expect(dead_code, reason = "the tests of other crates use the rest of it")]
mod smtp_sink;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use notifier::{
    NoticeLinks,
    senders::{
        Parcel, Sender as _,
        mail::{DkimConfig, Mail, MailConfig},
    },
};
use rcgen::{KeyPair, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData as _, SignatureAlgorithm};
use schemas::{
    Timestamp,
    id::derived,
    report::{Language, Urgency},
    way::Address,
};
use smtp_sink::{SmtpSink, Switches};
use std::{
    io::Write as _,
    process::{Command, Stdio},
};

/// Prints a line per mail: a sign per signature, `-` for a bad one. The keys are arguments, `name=record`.
const CHECK: &str = "
import sys, dkim
keys = dict(arg.split('=', 1) for arg in sys.argv[1:])
find = lambda name, timeout=5: keys.get(name.decode().rstrip('.'), '').encode()
def good(mail, n):
    try:
        return dkim.DKIM(mail).verify(idx=n, dnsfunc=find)
    except dkim.DKIMException:
        return False
for mail in sys.stdin.buffer.read().split(b'\\0'):
    many = mail.split(b'\\r\\n\\r\\n')[0].count(b'DKIM-Signature:')
    print(''.join('+' if good(mail, n) else '-' for n in range(many)))
";

/// Which signatures of each mail dkimpy finds good; `None` when it is not installed.
fn verify(mails: &[String], keys: &[String]) -> Option<Vec<String>> {
    let mut python = Command::new("/usr/bin/python3");
    let python = python.arg("-c").arg(CHECK).args(keys);
    let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    child.stdin.take().unwrap().write_all(mails.join("\0").as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    if said.contains("No module named") {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "deploy/dev/install mail installs it: {said}");
        return None;
    }
    assert!(done.status.success(), "{said}");
    Some(String::from_utf8(done.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// What the links of the tests are made with.
fn links() -> NoticeLinks {
    NoticeLinks::new(store::NoticeTokens::new([7; 32]), "https://hallo.example")
}

/// A key, and its record in the DNS.
fn key(selector: &str, algorithm: &'static SignatureAlgorithm) -> (DkimConfig, String) {
    let pair = KeyPair::generate_for(algorithm).unwrap();
    let (kind, public) = match selector {
        // RFC 8463 §4.2: the 32 bytes alone, which stand at the end.
        "ed" => ("ed25519", pair.subject_public_key_info()[12..].to_vec()),
        _ => ("rsa", pair.subject_public_key_info()),
    };
    let record = format!("{selector}._domainkey.hallo.example=v=DKIM1; k={kind}; p={}", STANDARD.encode(public));
    (DkimConfig { selector: selector.to_owned(), domain: None, key: pair.serialize_pem().into() }, record)
}

#[tokio::test]
async fn a_signed_mail_is_good_until_somebody_touches_it() {
    let sink = SmtpSink::start(Switches::default()).await.unwrap();
    let (ed, ed_record) = key("ed", &PKCS_ED25519);
    let (rsa, rsa_record) = key("rsa", &PKCS_RSA_SHA256);
    let records = [ed_record, rsa_record];
    let mut config: MailConfig = format!("smtp://{}", sink.address()).parse().unwrap();
    config.from = Some("stad@hallo.example".to_owned());
    config.reply_to = Some("antwoord@hallo.example".to_owned());
    config.dkim = vec![ed, rsa];
    let mail = Mail::build(&config, &common::city(), &links()).unwrap();
    let parcel = Parcel {
        notice: derived(&["test"]),
        case_id: derived(&["case"]),
        reference: schemas::reference::Reference::from_number(123_456),
        person: "reporter".to_owned(),
        version: 1,
        to: Address::Email("jo.peeters@example.org".to_owned()),
        subject: "Wij hebben uw melding ontvangen – één (0123 4566)".to_owned(),
        text: "Dag Zoë,\n\n.een punt  vooraan \n\n\n".to_owned(),
        html: "<!doctype html><html lang=\"nl\"><p>Dag Zoë,</p></html>\n\n".to_owned(),
        short: "Short".to_owned(),
        paper: Vec::new(),
        link: "https://example.org".to_owned(),
        critical: false,
        urgency: Urgency::Normal,
        is_status: true,
        may_stop: true,
        language: Language::NL,
        at: Timestamp::from_second(1_795_000_000).unwrap(),
    };
    assert_eq!(mail.send(&parcel).await.word(), "done");
    let whole = sink.arrived()[0].data.clone();
    let touched = |was: &str, is: &str| {
        let touched = whole.replacen(was, is, 1);
        assert_ne!(touched, whole, "{was} is not there:\n{whole}");
        touched
    };
    // What servers do on the way is no harm.
    let carried = touched("Subject: ", "subject:   ").replacen("From:", "Received: x\r\nFrom:", 1);
    let mut mails = vec![whole.clone(), carried];
    mails.extend(
        [
            ("From: Kortrijk", "From: Kortryk"),
            ("Subject: Wij", "Subject: Zij"),
            ("jo.peeters@example.org", "an.peeters@example.org"),
            ("Reply-To: antwoord@", "Reply-To: ander@"),
            ("Message-ID: <", "Message-ID: <0"),
            ("Date: Wed", "Date: Thu"),
            ("een punt", "een komma"),
            ("From: Kortrijk", "From: ander@elders.example\r\nFrom: Kortrijk"),
            ("List-Unsubscribe: <https://hallo", "List-Unsubscribe: <https://elders"),
            ("List-Unsubscribe-Post: List", "List-Unsubscribe-Post: Last"),
            ("Subject: Wij", "List-Unsubscribe: <https://elders.example>\r\nSubject: Wij"),
            ("In-Reply-To: <", "In-Reply-To: <0"),
            ("References: <", "References: <0"),
            ("List-Id: <notices", "List-Id: <others"),
        ]
        .map(|(was, is)| touched(was, is)),
    );
    let Some(found) = verify(&mails, &records) else { return };
    assert_eq!(found[..2], ["++", "++"], "{whole}");
    for (mail, found) in mails.iter().zip(&found).skip(2) {
        assert_eq!(found, "--", "{mail}");
    }
    assert_eq!(verify(&mails[..1], &records[..1]).unwrap(), ["-+"], "without the other key");
}
