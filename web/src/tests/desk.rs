//! A call, a visit to the counter and a letter, as an operator takes them down.

use super::{
    Answer, Town, attribute, pages,
    staff::{fill, logged_in, see},
};
use axum::{
    body::Body,
    http::{Request, header},
};
use schemas::{
    account::Role,
    letter::Lane,
    report::{Language, Received, Report, Tell, Why},
};
use std::time::Duration;

pub(super) const DESK: &str = "/nl/staff/desk";

/// The least that is typed in a call: words and place; the number comes from the exchange, the rest follows.
pub(super) const CALL: &[(&str, &str)] = &[
    ("token", "abcdefghijklmnopqrstuvwxyz"),
    ("channel", "phone"),
    ("number", "0470 12 34 56"),
    ("words", "Diepe put voor de school"),
    ("category", "wegen/put"),
    ("asked_for", "wegen/put"),
    ("address", "Grote Markt 1"),
    ("language", "nl"),
];

pub(super) fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<_> = CALL.iter().filter(|(n, _)| changes.iter().all(|(c, _)| c != n)).copied().collect();
    fields.extend(changes);
    fields
}

/// The page without the one script that it has.
pub(super) fn read(path: &str, answer: &Answer, language: &str) -> String {
    let html = answer.text();
    let start = html.find("<script type=\"module\" src=\"/assets/").unwrap_or_else(|| panic!("{path}: {html}"));
    let end = start + html[start..].find("</script>").unwrap() + "</script>".len();
    let html = [&html[..start], &html[end..]].concat();
    pages::check(path, &html, language);
    html
}

pub(super) struct Seat {
    pub(super) town: Town,
    pub(super) cookie: String,
}

impl Seat {
    pub(super) async fn take(roles: &[Role]) -> Self {
        let town = Town::open().await;
        let (cookie, _) = logged_in(&town, roles).await;
        Self { town, cookie }
    }

    pub(super) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        fill(&self.town, path, &self.cookie, "same-origin", fields).await
    }

    pub(super) async fn see(&self, path: &str) -> Answer {
        see(&self.town, path, &self.cookie).await
    }

    /// The report of a case page's address.
    pub(super) async fn report(&self, location: &str) -> Report {
        let digits = location.rsplit('/').next().unwrap().split('?').next().unwrap();
        self.town.store.report_by_reference(digits.parse_reference()).await.unwrap().unwrap()
    }

    async fn with_scan(&self, fields: &[(&str, &str)], scan: &[u8]) -> Answer {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        let head = "--x\r\ncontent-disposition: form-data; name=\"scan\"; filename=\"brief.pdf\"\r\n\r\n";
        body.extend(head.bytes());
        body.extend(scan);
        body.extend(b"\r\n--x--\r\n");
        let request = Request::post(DESK)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .header(header::COOKIE, &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body))
            .unwrap();
        self.town.ask(request).await
    }

    /// What residents said, on its way to the router.
    pub(super) async fn heard(&self) -> Vec<String> {
        let letters = self.town.store.take(&Lane::router(), 50, Duration::from_secs(60)).await.unwrap();
        let said = letters.iter().filter_map(|letter| match letter.read::<Received>().ok()?.why {
            Why::Wrote { text, .. } => Some(text),
            _ => None,
        });
        said.collect()
    }
}

trait ParseReference {
    fn parse_reference(&self) -> schemas::reference::Reference;
}

impl ParseReference for &str {
    fn parse_reference(&self) -> schemas::reference::Reference {
        schemas::reference::Reference::parse(self).unwrap()
    }
}

#[tokio::test]
async fn a_call_takes_two_fields_and_three_requests() {
    let seat = Seat::take(&[Role::Operator]).await;
    // One: the empty page. What is typed: words and place. The token, the channel and the language stand there.
    let page = seat.see(DESK).await;
    let html = read(DESK, &page, "nl");
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "private, no-store"));
    let token = attribute(&html, "name=\"token\"", "value");
    assert!(html.contains("value=\"phone\" checked") && html.contains("value=\"nl\" checked"), "{html}");
    for language in Language::BUILT_IN.map(Language::as_str) {
        for path in [format!("/{language}/staff/desk"), format!("/{language}/staff/desk?channel=letter&answered=1")] {
            read(&path, &seat.see(&path).await, language);
        }
    }
    for key in 1..=5 {
        assert!(html.contains(&format!("accesskey=\"{key}\"")), "{key}");
    }
    // Two: the page is sent. It has a category by its words already: the script looked it up.
    let sent = seat.send(DESK, &with(&[("token", token)])).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    // Three: the reference, to be read aloud.
    let case = seat.see(sent.location()).await;
    pages::check("case", &case.text(), "nl");
    let report = seat.report(sent.location()).await;
    let aloud =
        schemas::spoken::digits(&schemas::further::Further::default(), Language::NL, &report.reference.digits());
    assert!(case.text().contains(&aloud) && case.text().contains(&report.reference.to_string()), "{}", case.text());
    assert!(case.text().contains("Volgende oproep") && case.text().contains("Genoteerd door An Peeters"));
    assert_eq!((report.channel.as_str(), report.tell), ("phone", Tell::Sms), "a text message fits a mobile");
    let contact = seat.town.store.contacts_by_ids(&[report.id]).await.unwrap().remove(&report.id).unwrap();
    assert_eq!(contact.phone.as_deref(), Some("0470 12 34 56"));

    // Pressed twice, loaded again, sent with other words: one report.
    assert_eq!(seat.send(DESK, &with(&[("token", token)])).await.location(), sent.location());
    let changed = seat.send(DESK, &with(&[("token", token), ("words", "Iets anders")])).await;
    assert!(changed.location().ends_with("?already=1"), "{}", changed.location());
    assert!(seat.see(changed.location()).await.text().contains("al eens bewaard"));
    assert_eq!(seat.town.store.count().await.unwrap().reports, 1);
    let audit = store::AuditFilter { deed: Some("desk.take".into()), limit: 9, ..Default::default() };
    let audit = seat.town.store.audit(audit).await.unwrap();
    assert_eq!((audit.len(), audit[0].who.as_str()), (1, "An Peeters"), "{audit:?}");
    assert!(!format!("{audit:?}").contains("0470"));
}

#[tokio::test]
async fn what_is_typed_is_looked_up() {
    let seat = Seat::take(&[Role::Operator]).await;
    let look = |fields: Vec<(&'static str, &'static str)>| {
        let seat = &seat;
        async move { seat.send("/nl/staff/desk/look", &fields).await.json() }
    };
    let parts = look(vec![("words", "er is brand in de straat"), ("number", "")]).await;
    assert!(parts["calls"].as_str().unwrap().contains("tel:112"), "{parts}");
    assert_eq!(parts["earlier"].as_str().unwrap().trim(), "", "nobody called");
    let parts = look(vec![("words", "een diepe put in het asfalt"), ("address", "Grote Markt 1")]).await;
    assert_eq!(parts["category"], "wegen/put", "{parts}");
    assert!(parts["asks"].as_str().unwrap().contains("name=\"asked_for\" value=\"wegen/put\""), "{parts}");
    assert!(parts["asks"].as_str().unwrap().contains("answer.gevaar"), "{parts}");
    assert_eq!(parts["calls"].as_str().unwrap().trim(), "");
    assert!(parts["spots"].as_str().unwrap().contains("Grote Markt 1"), "{parts}");
    let parts = look(vec![("number", "0470 12 34 56"), ("category", "wegen/put"), ("words", "lamp kapot")]).await;
    assert_eq!(parts["category"], "wegen/put", "what the operator chose stays");
    assert!(parts["earlier"].as_str().unwrap().contains("Geen eerdere dossiers"), "{parts}");

    // The same by a button, without a script.
    let page = seat.send(DESK, &[("do", "look"), ("words", "een put in het asfalt"), ("address", "Menen")]).await;
    let html = read(DESK, &page, "nl");
    assert!(page.status == 200 && html.contains("value=\"wegen/put\" selected") && html.contains("Menen"), "{html}");
    assert_eq!(seat.town.store.count().await.unwrap().reports, 0);
    // Another category was chosen than the questions are of: they are shown before anything is kept.
    let unasked = seat.send(DESK, &with(&[("asked_for", "")])).await;
    assert!(unasked.status == 200 && unasked.text().contains("horen nog vragen"), "{}", unasked.text());
    assert_eq!(seat.town.store.count().await.unwrap().reports, 0);
    let stale = with(&[("answer.nonsense", "x"), ("answer.gevaar", "true")]);
    let sent = seat.send(DESK, &stale).await;
    assert_eq!(sent.status, 303, "answers to what another category asks are nobody's: {}", sent.text());
    assert_eq!(seat.report(sent.location()).await.answers.len(), 1);
}

#[tokio::test]
async fn for_somebody_else_with_both_names_and_their_consent() {
    let seat = Seat::take(&[Role::Operator]).await;
    let behalf = [("behalf", "yes"), ("caller", " "), ("name", "")];
    let page = seat.send(DESK, &with(&behalf)).await;
    let html = read(DESK, &page, "nl");
    assert_eq!(page.status, 422);
    for (anchor, part) in
        [("#caller", "Schrijf wie belt"), ("#name", "voor wie het is"), ("#consent", "Vraag of beide")]
    {
        assert!(html.contains(&format!("href=\"{anchor}\"")) && html.contains(part), "{anchor}: {html}");
    }
    assert!(html.contains("Diepe put voor de school") && html.contains("value=\"0470 12 34 56\""), "nothing is lost");
    let behalf = [
        ("behalf", "yes"),
        ("caller", "Bo Maes"),
        ("name", "Cis Claes"),
        ("consent", "yes"),
        ("phone", "0471 22 33 44"),
    ];
    let sent = seat.send(DESK, &with(&behalf)).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let report = seat.report(sent.location()).await;
    let contact = seat.town.store.contacts_by_ids(&[report.id]).await.unwrap().remove(&report.id).unwrap();
    assert_eq!((contact.name.as_deref(), contact.phone.as_deref()), (Some("Cis Claes"), Some("0471 22 33 44")));
    let page = seat.see(sent.location()).await.text();
    assert!(page.contains("Bo Maes belde voor deze persoon") && page.contains("Cis Claes"), "{page}");
    let public = seat.town.get(&format!("/nl/t/{}", report.token)).await.text();
    assert!(!public.contains("Bo Maes") && !public.contains("An Peeters"), "{public}");

    // The last of the contact goes, and with it who called.
    let mut tx = seat.town.store.begin().await.unwrap();
    tx.forget_contacts(&[report.id], schemas::way::Way::Sms).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(seat.town.store.taken_down(report.id).await.unwrap().unwrap().caller, None);

    let sent = seat
        .send(DESK, &with(&[("token", "bbbbbbbbbbbbbbbbbbbbbbbbbb"), ("anonymous", "yes"), ("name", "Dora")]))
        .await;
    let report = seat.report(sent.location()).await;
    let kept = seat.town.store.contacts_by_ids(&[report.id]).await.unwrap();
    assert!(kept.is_empty() && report.tell == Tell::Nothing, "whoever leaves nothing leaves nothing");
}

#[tokio::test]
async fn what_is_wrong_is_said_where_it_is() {
    let seat = Seat::take(&[Role::Operator]).await;
    for (changes, anchor, part) in [
        (&[("words", " ")][..], "#words", "Vertel in een paar woorden"),
        (&[("category", ""), ("words", "qqq"), ("asked_for", "")], "#category", "Kies waarover"),
        (&[("number", "bel mij")], "#number", "geen telefoonnummer"),
        (&[("channel", "web")], "#channel-1", "Kies hoe het binnenkwam"),
        (&[("channel", "")], "#channel-1", "Kies hoe het binnenkwam"),
        (&[("received_on", "2999-01-01")], "#received_on", "Kies de dag"),
        (&[("received_on", "gisteren")], "#received_on", "Kies de dag"),
        (&[("tell", "email"), ("email", "x")], "#email", "geen e-mailadres"),
        (&[("tell", "pigeon")], "#tell-1", "Kies een van de mogelijkheden"),
        (&[("language", "xx")], "#language-1", "Kies een van de mogelijkheden"),
    ] {
        let answer = seat.send(DESK, &with(changes)).await;
        let html = read(DESK, &answer, "nl");
        assert_eq!(answer.status, 422, "{changes:?}");
        let summary = html.split("id=\"summary\"").nth(1).unwrap().split("</ul>").next().unwrap();
        assert!(summary.contains(&format!("href=\"{anchor}\"")) && summary.contains(part), "{changes:?}: {summary}");
    }
    assert_eq!(seat.town.store.count().await.unwrap().reports, 0);
}

#[tokio::test]
async fn what_is_answered_at_once_is_counted_and_is_no_case() {
    let seat = Seat::take(&[Role::Operator]).await;
    let article = seat.town.city.articles[0].slug.to_string();
    let fields = with(&[("do", "answered"), ("article", &article)]);
    let sent = seat.send(DESK, &fields).await;
    assert_eq!(
        (sent.status.as_u16(), sent.location()),
        (303, "/nl/staff/desk?channel=phone&answered=1"),
        "{}",
        sent.text()
    );
    assert!(seat.see(sent.location()).await.text().contains("meteen beantwoord"));
    assert_eq!(seat.send(DESK, &fields).await.status, 303, "pressed twice");
    let counts = seat.town.store.first_line("2026-11-01".parse().unwrap()).await.unwrap();
    assert_eq!(counts.len(), 1);
    let one = &counts[0];
    assert_eq!(
        (one.day.as_str(), one.channel.as_str(), one.category.as_str(), one.count),
        ("2026-11-23", "phone", "wegen/put", 1)
    );
    assert_eq!(seat.town.store.count().await.unwrap().reports, 0);
    for (changes, part) in [
        (&[("category", "")][..], "Kies waarover"),
        (&[("category", "no/such")], "Kies waarover"),
        (&[("channel", "web")], "Kies hoe het"),
        (&[("article", "no-such")], "Kies een van de mogelijkheden"),
    ] {
        let mut changes = changes.to_vec();
        changes.push(("do", "answered"));
        let answer = seat.send(DESK, &with(&changes)).await;
        assert!(answer.status == 422 && answer.text().contains(part), "{changes:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_letter_comes_with_its_paper() {
    let seat = Seat::take(&[Role::Operator]).await;
    assert!(read(DESK, &seat.see("/nl/staff/desk?channel=letter").await, "nl").contains("value=\"letter\" checked"));
    let letter = [
        ("channel", "letter"),
        ("number", ""),
        ("received_on", "2026-11-20"),
        ("name", "Cis Claes"),
        ("street", "Markt 1"),
        ("postcode", "8500"),
        ("town", "Kortrijk"),
    ];
    let pdf = b"%PDF-1.7\n<script>alert(1)</script>";
    for (scan, what) in [(&b"MZ not a scan"[..], "Kies een PDF"), (b"<html><script>", "Kies een PDF")] {
        let answer = seat.with_scan(&with(&letter), scan).await;
        assert!(answer.status == 422 && answer.text().contains(what), "{}", answer.text());
    }
    // Something else is wrong: the paper is kept until it is put right.
    let mut wrong = with(&letter);
    wrong.push(("email", "x"));
    let page = seat.with_scan(&wrong, pdf).await;
    let html = read(DESK, &page, "nl");
    let kept = attribute(&html, "id=\"kept_scan\"", "value").to_owned();
    assert_eq!(page.status, 422);
    let mut right = with(&letter);
    right.push(("kept_scan", &kept));
    let sent = seat.send(DESK, &right).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let report = seat.report(sent.location()).await;
    let offers = seat.town.city.offers(schemas::way::Way::Letter);
    assert_eq!(report.tell, if offers { Tell::Letter } else { Tell::Nothing }, "who writes gets a letter");
    let page = seat.see(sent.location()).await.text();
    assert!(page.contains("20 november") && page.contains("Haal de scan op"), "{page}");
    let path = format!("/nl/staff/cases/{}/scan", report.reference.digits());
    let scan = seat.see(&path).await;
    assert_eq!((scan.status.as_u16(), &scan.bytes[..]), (200, &pdf[..]));
    assert!(scan.header("content-disposition").starts_with("attachment"), "nobody's browser shows it in our name");
    assert_eq!(scan.header("content-type"), "application/octet-stream");
    assert!(scan.header("content-security-policy").starts_with("sandbox"));
    // Nobody else gets it, and no other report takes it.
    assert_eq!(seat.town.get(&path).await.status, 303);
    assert_eq!(seat.town.get(&format!("/nl/t/{}/scan", report.token)).await.status, 404);
    let mut again = with(&[("token", "cccccccccccccccccccccccccc"), ("kept_scan", &kept)]);
    again.push(("name", "Dora"));
    let other = seat.report(seat.send(DESK, &again).await.location()).await;
    assert_eq!(seat.town.store.scan_of(other.id).await.unwrap(), None);
    let audit = store::AuditFilter { deed: Some("desk.scan".into()), limit: 9, ..Default::default() };
    assert_eq!(seat.town.store.audit(audit).await.unwrap().len(), 1);
}
