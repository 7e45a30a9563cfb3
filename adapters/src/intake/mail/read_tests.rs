//! Mails as they really come, and as they should never come.

use super::*;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::prelude::*;

fn picture(side: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let noise = |x: u32, y: u32| image::Rgb([(x * 7 + y * 13) as u8, (x * y) as u8, (x ^ y) as u8]);
    image::RgbImage::from_fn(side, side, noise).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

/// A part of a mail, with these headers.
fn part(head: &str, bytes: &[u8]) -> String {
    format!("--b\r\n{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n", STANDARD.encode(bytes))
}

const HEAD: &str = "From: An Peeters <an@inbox.example>\r\nTo: meldpunt@stad.example\r\nSubject: Put in de weg\r\nMIME-Version: 1.0\r\n";

fn mixed(parts: &[String]) -> Vec<u8> {
    let text = "--b\r\nContent-Type: text/plain\r\n\r\nZie foto\r\n";
    format!("{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n{text}{}--b--\r\n", parts.concat()).into_bytes()
}

#[test]
fn nasty_mails_keep_their_words() {
    let latin =
        [HEAD.as_bytes(), b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nEen put v\xf3\xf3r de deur"].concat();
    let raw = b"From: An <an@inbox.example>\r\nSubject: Een put v\xc3\xb3\xc3\xb3r de deur\r\n\r\nDag".to_vec();
    let raw_latin = b"From: An <an@inbox.example>\r\nSubject: Put caf\xe9\r\n\r\nDag".to_vec();
    let with = |rest: &str| format!("{HEAD}{rest}").into_bytes();
    for (name, mail, words) in [
        ("plain", with("\r\nDe lamp is stuk.\r\n-- \r\nAn"), "De lamp is stuk."),
        ("latin-1", latin, "Een put vóór de deur"),
        ("a charset that nobody knows", with("Content-Type: text/plain; charset=x-nobody\r\n\r\nStuk"), "Stuk"),
        ("a charset in quotes that is none", with("Content-Type: text/plain; charset=\"\"\r\n\r\nStuk"), "Stuk"),
        ("8-bit headers", raw, "Dag"),
        ("8-bit headers that are no UTF-8", raw_latin, "Dag"),
        (
            "html only",
            with("Content-Type: text/html; charset=utf-8\r\n\r\n<p>De <b>lamp</b> is stuk</p>"),
            "De lamp is stuk",
        ),
        (
            "a boundary that is not there",
            with(
                "Content-Type: multipart/mixed; boundary=nowhere\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nStuk\r\n",
            ),
            "Stuk",
        ),
        ("no boundary", with("Content-Type: multipart/mixed\r\n\r\nStuk\r\n"), "Stuk"),
        (
            "a boundary that never ends, and a photo",
            with(
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nStuk\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA",
            ),
            "Stuk",
        ),
        (
            "a boundary that never ends",
            with("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nStuk"),
            "Stuk",
        ),
        (
            "broken base64",
            with("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nU3R1aw==%%%\r\n"),
            "U3R1aw==%%%",
        ),
        ("an encoding that nobody knows", with("Content-Transfer-Encoding: x-uu\r\n\r\nStuk"), "Stuk"),
        (
            "line ends of one kind",
            HEAD.replace("\r\n", "\n").into_bytes().into_iter().chain(*b"\nStuk\n").collect(),
            "Stuk",
        ),
        ("nothing", with("\r\n"), ""),
        ("no header at all", b"\r\nStuk".to_vec(), "Stuk"),
        ("no bytes", Vec::new(), ""),
        (
            "sent on",
            with("\r\n---------- Forwarded message ---------\r\nVan: x\r\nPut"),
            "---------- Forwarded message ---------\nVan: x\nPut",
        ),
        ("a quote alone", with("\r\n> De lamp is stuk\r\n"), "> De lamp is stuk"),
        (
            "a mail in a mail",
            with(
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: Lamp\r\n\r\nDe lamp is stuk\r\n--b--\r\n",
            ),
            "Lamp\n\nDe lamp is stuk",
        ),
    ] {
        assert_eq!(read(&mail).words, words, "{name}");
    }
    assert_eq!(
        read(b"From: An <an@inbox.example>\r\nSubject: Een put v\xc3\xb3\xc3\xb3r de deur\r\n\r\nDag").subject,
        "Een put vóór de deur"
    );
}

#[test]
fn pictures_are_found_and_the_rest_is_named() {
    let (large, small) = (picture(300), picture(40));
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    let mail = mixed(&[
        part("Content-Type: image/png; name=put.png\r\nContent-Disposition: attachment; filename=put.png", &large),
        part("Content-Type: image/png\r\nContent-ID: <a@b>\r\nContent-Disposition: inline", &large),
        part("Content-Type: image/png\r\nContent-ID: <logo@b>\r\nContent-Disposition: inline", &small),
        part("Content-Type: application/octet-stream; name=IMG_1.HEIC\r\nContent-Disposition: attachment", &heic),
        part("Content-Type: image/jpeg; name=kapot.jpg\r\nContent-Disposition: attachment", b"kapot"),
        part("Content-Type: application/pdf; name=brief.pdf\r\nContent-Disposition: attachment", b"%PDF-1.7\n"),
        part("Content-Type: application/ms-tnef; name=winmail.dat", b"\x78\x9f\x3e\x22"),
        part("Content-Type: video/mp4; name=film.mp4\r\nContent-Disposition: attachment", b"xx"),
        part("Content-Type: text/plain; name=lees.txt\r\nContent-Disposition: attachment; filename=lees.txt", b"lees"),
        part("Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Disposition: attachment", b"xx"),
        part("Content-Type: application/x-odd; name=a.odd\r\nContent-Disposition: attachment", b"xx"),
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n".to_owned(),
    ]);
    let read = read(&mail);
    assert_eq!((read.words.as_str(), read.from.as_deref()), ("Zie foto", Some("an@inbox.example")));
    assert_eq!(read.name.as_deref(), Some("An Peeters"));
    let sizes: Vec<usize> = read.pictures.iter().map(Vec::len).collect();
    assert_eq!(sizes, [large.len(), large.len(), heic.len(), 5], "small ones of a signature stay out");
    use LeftOut::{Document, Film, Mail, Other, Outlook, Pdf};
    assert_eq!(read.left_out, [Pdf, Outlook, Film, Document, Other, Mail]);
}

#[test]
fn ten_megabytes_are_read() {
    let large = vec![b'x'; 10 << 20];
    let mail = mixed(&[part("Content-Type: video/mp4; name=film.mp4\r\nContent-Disposition: attachment", &large)]);
    let found = read(&mail);
    assert_eq!((found.words.as_str(), found.left_out), ("Zie foto", vec![LeftOut::Film]));
    let cut = read(&mail[..mail.len() / 2]);
    assert_eq!((cut.words.as_str(), cut.left_out), ("Zie foto", vec![LeftOut::Film]), "as much as was read");
}

#[test]
fn nobody_wrote_what_programs_send() {
    let hops = "Received: from a by b; Mon, 23 Nov 2026 10:00:00 +0100\r\n".repeat(MOST_HOPS + 1);
    for (head, why) in [
        ("From: an@inbox.example", None),
        ("From: an@inbox.example\r\nList-Unsubscribe: <mailto:x@y.example>", Some("list")),
        ("From: an@inbox.example\r\nList-Id: <x>", Some("list")),
        ("From: No-Reply <No-Reply@winkel.example>", Some("no_reply")),
        ("From: noreply+a7@winkel.example", Some("no_reply")),
        ("From: nobody", Some("no_address")),
        ("Subject: x", Some("no_address")),
        (&format!("{hops}From: an@inbox.example"), Some("loop")),
    ] {
        assert_eq!(read(format!("{head}\r\n\r\nDag").as_bytes()).nobody, why, "{}", &head[..head.len().min(60)]);
    }
}

#[test]
fn subjects_and_words_make_one_story() {
    for (subject, plain) in [
        ("Re: RE: Antw: Put", "Put"),
        ("FW: Re[2]: Put", "Put"),
        ("TR : Trou", "Trou"),
        ("Put: groot", "Put: groot"),
        ("Re:", ""),
        ("", ""),
    ] {
        assert_eq!(bare(subject), plain, "{subject}");
    }
    assert_eq!(story("Put", "Er is een put", 100), ("Put\n\nEr is een put".to_owned(), false));
    assert_eq!(story("Er is een put", "er is een put in de weg", 100).0, "er is een put in de weg");
    assert_eq!(story("", "x", 100).0, "x");
    let (long, cut) = story("Put", &"é".repeat(9_000), 5_000);
    assert!(cut && long.chars().count() <= 5_000 && long.ends_with("(…)"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_mail_makes_it_fail(at in 0..4_000usize, len in 0..60usize, put in prop::collection::vec(any::<u8>(), 0..40)) {
        let whole = mixed(&[
            part("Content-Type: image/png; name=put.png\r\nContent-Disposition: attachment", &picture(20)),
            "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n".to_owned(),
        ]);
        let at = at % whole.len();
        let until = (at + len).min(whole.len());
        read(&[&whole[..at], &put, &whole[until..]].concat());
        read(&put);
        read(&whole[..at]);
    }

    #[test]
    fn a_story_is_never_too_long(subject in ".{0,200}", words in "(?s).{0,600}", most in 10..300usize) {
        prop_assert!(story(&subject, &words, most).0.chars().count() <= most);
    }
}
