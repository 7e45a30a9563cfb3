//! Mails as they really come.

use super::*;
use proptest::prelude::*;

fn words(mail: &str) -> String {
    match read(mail.as_bytes()).what {
        What::Words { text, .. } => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn plain_and_html_and_both() {
    let head = "From: Jan <jan@stad.example>\r\nTo: voordeur+abc@stad.example\r\nSubject: Re: put\r\n";
    let html = format!(
        "{head}Content-Type: text/html; charset=utf-8\r\n\r\n<p>We komen maandag.</p><p>Tot dan</p>\
         <blockquote type=cite>oude mail</blockquote>"
    );
    assert_eq!(words(&html), "We komen maandag.\n\nTot dan");
    let both = format!(
        "{head}MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: \
         text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nEen geb=F6rsteld vlak\r\n\
         --b\r\nContent-Type: text/html\r\n\r\n<p>anders</p>\r\n--b--\r\n"
    );
    assert_eq!(words(&both), "Een gebörsteld vlak");
    let odd = format!("{head}Content-Type: text/plain; charset=x-nobody-knows\r\n\r\nAkkoord");
    assert_eq!(words(&odd), "Akkoord");
    let outlook = format!(
        "{head}Content-Type: text/html\r\n\r\n<div>Klaar</div><div id=\"divRplyFwdMsg\"><hr><p><b>Van:</b> Stad<br>\
         <b>Verzonden:</b> maandag<br><b>Aan:</b> Wegen</p></div><p>oud</p>"
    );
    assert!(words(&outlook).starts_with("Klaar") && !words(&outlook).contains("oud"), "{}", words(&outlook));
}

#[test]
fn whom_and_what_it_is_about() {
    let mail = read(
        b"To: Stad <Voordeur+ABC@stad.example>, x@y.example\r\nDelivered-To: voordeur+def@stad.example\r\n\
          In-Reply-To: <one@stad.example>\r\nReferences: <two@stad.example>\r\n <three@stad.example>\r\n\
          Message-ID: <m@x.example>\r\nSubject: =?utf-8?q?Re=3A_put?=\r\n\r\nJa",
    );
    assert_eq!(mail.to, ["voordeur+abc@stad.example", "x@y.example", "voordeur+def@stad.example"]);
    assert_eq!(mail.about, ["one@stad.example", "two@stad.example", "three@stad.example"]);
    assert_eq!(mail.subject, "Re: put");
    let copy = read(b"Received: by elsewhere\r\nMessage-ID: <m@x.example>\r\n\r\nJa");
    assert_eq!(copy.key, mail.key, "a second copy is the same mail");
    assert_ne!(read(b"Subject: a\r\n\r\nx").key, read(b"Subject: a\r\n\r\ny").key);
}

#[test]
fn programs_are_not_people() {
    for header in [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (failure)",
        "Precedence: bulk",
        "X-Auto-Response-Suppress: All",
        "Return-Path: <>",
        "Subject: Automatisch antwoord: put",
        "Subject: Out of Office: put",
    ] {
        let mail = format!("From: jan@stad.example\r\n{header}\r\n\r\nIk ben terug op 4 januari.\r\n");
        match read(mail.as_bytes()).what {
            What::Automatic { text } => assert_eq!(text, "Ik ben terug op 4 januari.", "{header}"),
            other => panic!("{header}: {other:?}"),
        }
    }
    assert_eq!(words("From: jan@stad.example\r\nAuto-Submitted: no\r\n\r\nJa"), "Ja");
}

#[test]
fn reports_of_mail_servers() {
    let report = "From: MAILER-DAEMON@mx.stad.example\r\nTo: voordeur+abc@stad.example\r\nAuto-Submitted: auto-replied\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
        --b\r\nContent-Description: Notification\r\nContent-Type: text/plain\r\n\r\nI'm sorry\r\n\r\n--b\r\n\
        Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; \
        weg@stad.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: X-Postfix; unknown user\r\n\r\n--b\r\n\
        Content-Type: ORIGINAL\r\n\r\nFrom: x\r\nMessage-ID: <ours@stad.example>\r\n\r\n--b--\r\n";
    for original in ["text/rfc822-headers", "message/rfc822"] {
        let mail = read(report.replace("ORIGINAL", original).as_bytes());
        let why = "5.1.1 unknown user".to_owned();
        let who = vec!["weg@stad.example".to_owned()];
        assert_eq!(mail.what, What::Report(Report::Failed { why, who }), "{original}");
        assert_eq!(mail.about, ["ours@stad.example"], "{original}");
    }
    let delayed = report.replace("Action: failed", "Action: delayed");
    assert_eq!(read(delayed.as_bytes()).what, What::Report(Report::Delayed));
    let exim = read(
        b"From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nX-Failed-Recipients: weg@stad.example\r\n\
          Subject: Mail delivery failed\r\n\r\nThis message was created automatically by mail delivery software.\r\n\r\n  \
          weg@stad.example\r\n    550 no such user\r\n\r\n------ This is a copy of the message ------\r\n\r\n\
          Message-Id: <ours@stad.example>\r\nSubject: put\r\n",
    );
    assert_eq!(exim.about, ["ours@stad.example"]);
    assert!(
        matches!(&exim.what, What::Report(Report::Failed { who, .. }) if who == &["weg@stad.example"]),
        "{:?}",
        exim.what
    );
    // Somebody who sends a bounce on, to ask about it, is somebody.
    let asked = "From: jan@stad.example\r\n\r\nWat is dit? could not be delivered 550 x@y.example";
    assert!(words(asked).starts_with("Wat is dit?"));
}

#[test]
fn what_was_sent_along_is_named() {
    let mail = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nZie foto\r\n--b\r\n\
        Content-Type: image/jpeg; name=put.jpg\r\nContent-Disposition: attachment; filename=\"put één.jpg\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n";
    match read(mail.as_bytes()).what {
        What::Words { text, files } => assert!(text == "Zie foto" && files.len() == 1, "{text} {files:?}"),
        other => panic!("{other:?}"),
    }
    // Cut off in the middle of a photo, as mails that are too long are.
    let cut = &mail[..mail.find("AAAA").unwrap() + 2];
    assert_eq!(words(cut), "Zie foto");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read(&bytes);
    }

    /// Lines that mails are made of, in any order.
    #[test]
    fn no_broken_mail_makes_it_fail(
        lines in proptest::collection::vec(
            proptest::sample::select(vec![
                "Content-Type: multipart/report; boundary=b", "Content-Type: multipart/mixed; boundary=\"b", "--b", "--b--",
                "Content-Type: message/rfc822", "Content-Type: message/delivery-status", "Action: failed", "", " folded",
                "Content-Transfer-Encoding: base64", "Content-Type: text/html; charset=utf-7", "<p>x<blockquote>", "AA==",
                "Subject: =?utf-8?b?////?=", "To: <<>>,;@@", "Message-ID: <>", "From: MAILER-DAEMON", "\u{1}\u{fffd}", "> x",
                "Content-Transfer-Encoding: quoted-printable", "=E", "Return-Path: <>", "References: <a@b> <c", ":",
            ]),
            0..40,
        )
    ) {
        read(lines.join("\r\n").as_bytes());
    }
}
