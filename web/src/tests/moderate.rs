//! A moderator looks at what is held, and at what may become public.

use super::{
    Town,
    abuse::publishing,
    pages,
    staff::{fill, logged_in, see},
};
use schemas::{
    account::Role,
    held::State,
    publication,
    report::{Language, Report},
};
use store::AuditFilter;

/// A report that is held, with its reference in digits.
async fn held(town: &Town, email: &str) -> (Report, String) {
    let words = format!("Koop <b>nu</b> bij {email}");
    let fields = [("category", "wegen/put"), ("words", words.as_str()), ("email", email), ("website", "x")];
    let sent = town.post("/nl/report", &[&fields[..], &[("told_personal", "1")]].concat(), &[]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let token = sent.location().trim_end_matches("/receipt").rsplit('/').next().unwrap().to_owned();
    let report = town.store.report_by_token(&token).await.unwrap().unwrap();
    let digits = report.reference.digits();
    (report, digits)
}

async fn state(town: &Town, report: &Report) -> State {
    town.store.held_report(report.id).await.unwrap().unwrap().state
}

async fn deeds(town: &Town) -> Vec<String> {
    let found = town.store.audit(AuditFilter { limit: 99, ..AuditFilter::default() }).await.unwrap();
    let of_ours = found.into_iter().filter(|entry| entry.deed.starts_with("abuse."));
    let mut deeds: Vec<String> = of_ours.map(|entry| format!("{} {}", entry.who, entry.deed)).collect();
    deeds.sort_unstable();
    deeds
}

#[tokio::test]
async fn what_is_held_is_looked_at_released_refused_and_its_sender_blocked() {
    let town = Town::open().await;
    let (cookie, account) = logged_in(&town, &[Role::Moderator]).await;
    let (first, one) = held(&town, "spam@bad.example").await;
    let (second, two) = held(&town, "an@good.example").await;
    for language in Language::BUILT_IN.map(Language::as_str) {
        for path in [
            format!("/{language}/staff/held"),
            format!("/{language}/staff/held?state=passed"),
            format!("/{language}/staff/held/{one}"),
            format!("/{language}/staff/review"),
            format!("/{language}/staff/review/{one}"),
        ] {
            let page = see(&town, &path, &cookie).await;
            assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "private, no-store"), "{path}");
            pages::check(&path, &page.text(), language);
        }
    }
    let list = see(&town, "/nl/staff/held", &cookie).await.text();
    assert!(list.contains(&first.reference.to_string()) && list.contains("verborgen veld"), "{list}");
    assert!(!list.contains("<b>nu") && list.contains("Koop &lt;b&gt;nu"), "{list}");
    let path = format!("/nl/staff/held/{one}");
    assert!(see(&town, &path, &cookie).await.text().contains("spam@bad.example"));

    let act = async |path: &str, fields: &[(&str, &str)]| fill(&town, path, &cookie, "same-origin", fields).await;
    for (fields, says) in [
        (&[("do", "refuse"), ("reason", " ")][..], "Schrijf waarom u weigert"),
        (&[("do", "block"), ("because", "reclame")], "Kies wat u blokkeert"),
        (&[("do", "block"), ("who", "phone"), ("because", "reclame")], "Kies wat u blokkeert"),
        (&[("do", "block"), ("who", "email")], "Schrijf waarom u blokkeert"),
        (&[("do", "block"), ("who", "email"), ("days", "x"), ("because", "reclame")], "van 1 tot 3650"),
    ] {
        let answer = act(&path, fields).await;
        assert!(answer.status == 422 && answer.text().contains(says), "{fields:?}: {}", answer.text());
        pages::check(&path, &answer.text(), "nl");
    }
    let blocked = act(&path, &[("do", "block"), ("who", "domain"), ("days", "5"), ("because", "reclame")]).await;
    assert_eq!(blocked.location(), format!("{path}?done=blocked&who=domain"));
    assert_eq!(town.store.blocks(super::now(), 9).await.unwrap()[0].key, "bad.example");
    let said = see(&town, blocked.location(), &cookie).await.text();
    assert!(said.contains("is geblokkeerd") && said.contains("value=\"unblock\""), "{said}");
    pages::check(&path, &said, "nl");
    let undone = act(&path, &[("do", "unblock"), ("who", "domain")]).await;
    assert_eq!(undone.location(), format!("{path}?done=unblocked"));
    assert!(town.store.blocks(super::now(), 9).await.unwrap().is_empty());

    let refused = act(&path, &[("do", "refuse"), ("reason", "Dit is reclame.")]).await;
    assert_eq!(refused.location(), format!("/nl/staff/held?done=refused&of={one}"));
    assert!(see(&town, refused.location(), &cookie).await.text().contains("is geweigerd"));
    let again = act(&path, &[("do", "release")]).await;
    assert_eq!((again.location(), state(&town, &first).await), (&*format!("{path}?done=over"), State::Refused));
    let sender = town.get(&format!("/nl/t/{}", first.token)).await.text();
    assert!(sender.contains("Dit is reclame."), "its sender reads why");

    let released = act(&format!("/nl/staff/held/{two}"), &[("do", "release")]).await;
    assert_eq!(released.location(), format!("/nl/staff/held?done=released&of={two}"));
    assert_eq!(state(&town, &second).await, State::Released);
    let forged = see(&town, "/nl/staff/held?done=released&of=%3Cscript%3E", &cookie).await.text();
    assert!(!forged.contains("<script") && !forged.contains("vrijgegeven."), "{forged}");
    let name = &account.name;
    assert_eq!(
        deeds(&town).await,
        ["abuse.block", "abuse.refuse", "abuse.release", "abuse.unblock"].map(|deed| format!("{name} {deed}"))
    );
}

#[tokio::test]
async fn a_moderator_makes_public_what_they_approve_and_takes_it_back() {
    let town = publishing().await;
    let (cookie, _) = logged_in(&town, &[Role::Moderator]).await;
    let report = town.report("Een put. Bel 0470 12 34 56 <b>!").await;
    let digits = report.reference.digits();
    let path = format!("/nl/staff/review/{digits}");
    let list = see(&town, "/nl/staff/review", &cookie).await.text();
    pages::check("review", &list, "nl");
    assert!(list.contains(&path) && list.contains("1 gemarkeerd"), "{list}");
    let page = see(&town, &path, &cookie).await.text();
    pages::check(&path, &page, "nl");
    assert!(
        page.contains("<mark>0470 12 34 56</mark> &lt;b&gt;!") && page.contains("Een put. Bel […] &lt;b&gt;!"),
        "{page}"
    );
    let act = async |fields: &[(&str, &str)]| fill(&town, &path, &cookie, "same-origin", fields).await;
    let empty = act(&[("do", "approve"), ("words", " ")]).await;
    assert!(empty.status == 422 && empty.text().contains("Schrijf een tekst"), "{}", empty.text());
    pages::check(&path, &empty.text(), "nl");
    let done = act(&[("do", "approve"), ("words", "Een put.")]).await;
    assert_eq!(done.location(), format!("/nl/staff/review?done=approved&of={digits}"));
    let said = see(&town, done.location(), &cookie).await.text();
    assert!(said.contains("is openbaar") && said.contains(&path), "there it can be undone");
    let public = format!("/nl/case/{digits}");
    assert!(town.get(&public).await.text().contains("Een put."));
    assert!(see(&town, &path, &cookie).await.text().contains("value=\"unpublish\""));
    assert_eq!(act(&[("do", "unpublish")]).await.status, 303);
    assert!(!town.get(&public).await.text().contains("Een put."));
    assert_eq!(act(&[("do", "reject")]).await.status, 303);
    let decided = town.store.publication(report.id).await.unwrap().unwrap();
    assert_eq!(decided.state, publication::State::Rejected);
}

#[tokio::test]
async fn only_a_moderator_sees_and_does_any_of_it() {
    let town = publishing().await;
    let (operator, _) = logged_in(&town, &[Role::Operator]).await;
    let (moderator, _) = logged_in(&town, &[Role::Moderator]).await;
    let (report, digits) = held(&town, "spam@bad.example").await;
    for path in ["/nl/staff/held", "/nl/staff/review"].map(str::to_owned) {
        let one = format!("{path}/{digits}");
        for (path, cookie) in [(&path, ""), (&one, "")] {
            assert_eq!(see(&town, path, cookie).await.status, 303, "{path}");
        }
        for path in [&path, &one] {
            let refused = see(&town, path, &operator).await;
            assert!(refused.status == 403 && !refused.text().contains("spam@"), "{path}");
        }
        for (cookie, site, status) in
            [("", "same-origin", 401), (operator.as_str(), "same-origin", 403), (moderator.as_str(), "cross-site", 403)]
        {
            let fields = [("do", "release"), ("do", "approve"), ("words", "x")];
            let answer = fill(&town, &one, cookie, site, &fields[..1]).await;
            assert_eq!(answer.status, status, "{one} {site}");
        }
        assert_eq!(see(&town, &format!("{path}/nonsense"), &moderator).await.status, 404);
        assert_eq!(fill(&town, &one, &moderator, "same-origin", &[("do", "dance")]).await.status, 422);
    }
    assert_eq!(state(&town, &report).await, State::Held);
    let free = town.report("Een put").await;
    let none = see(&town, &format!("/nl/staff/held/{}", free.reference.digits()), &moderator).await;
    assert_eq!(none.status, 404, "nothing was noticed about it");
}
