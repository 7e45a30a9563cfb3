//! Cases at the desk: those of who calls, those that are called back about, and those that are known already.

use super::{
    Town, attribute,
    desk::{CALL, DESK, Seat, with},
    now, pages,
    staff::{fill, logged_in, see},
};
use schemas::{account::Role, case::Status, event::What, report::Language};

#[tokio::test]
async fn the_number_that_calls_shows_its_cases_and_adds_to_them() {
    let seat = Seat::take(&[Role::Operator]).await;
    let sent = seat.send(DESK, CALL).await;
    let report = seat.report(sent.location()).await;
    seat.town
        .case(
            &report,
            Status::Routed,
            vec![What::InternalNote { department: seat.town.fetcher(), text: "HUSH".into() }],
        )
        .await;
    let other =
        with(&[("token", "dddddddddddddddddddddddddd"), ("number", "+33 4 70 12 34 56"), ("words", "Van een ander")]);
    assert_eq!(seat.send(DESK, &other).await.status, 303);
    for number in ["0470123456", "+32 470 12 34 56", "0032470/12.34.56"] {
        let parts = seat.send("/nl/staff/desk/look", &[("number", number)]).await.json();
        let earlier = parts["earlier"].as_str().unwrap().to_owned();
        let link = format!("/nl/staff/cases/{}", report.reference.digits());
        assert!(
            earlier.contains(&link) && earlier.contains("Eén eerder dossier") && earlier.contains("Grote Markt 1"),
            "{earlier}"
        );
    }
    let path = format!("/nl/staff/cases/{}", report.reference.digits());
    for language in Language::BUILT_IN.map(Language::as_str) {
        let path = path.replace("/nl/", &format!("/{language}/"));
        let page = seat.see(&path).await;
        pages::check(&path, &page.text(), language);
        assert!(page.text().contains("HUSH"), "colleagues read it");
    }
    let token = ("token", "eeeeeeeeeeeeeeeeeeeeeeeeee");
    let add = [("do", "join"), token, ("words", "Hij wordt dieper")];
    let joined = seat.send(&path, &add).await;
    assert_eq!(joined.status, 303, "{}", joined.text());
    assert!(seat.see(joined.location()).await.text().contains("Toegevoegd"));
    seat.send(&path, &add).await;
    assert_eq!(seat.heard().await, ["Hij wordt dieper"], "sent twice is said once");
    let empty = seat.send(&path, &[("do", "join"), token, ("words", " ")]).await;
    pages::check(&path, &empty.text(), "nl");
    assert!(empty.status == 422 && empty.text().contains("Schrijf wat erbij komt"));
    assert_eq!(fill(&seat.town, &path, &seat.cookie, "cross-site", &add).await.status, 403);

    let about = seat.send(&path, &[("do", "about"), token, ("category", "wegen/voetpad")]).await;
    let changed = seat.report(&path).await;
    let known = seat.town.city.category("wegen/voetpad").is_some();
    assert_eq!(
        (about.status.as_u16(), changed.category.as_str() == "wegen/voetpad"),
        if known { (303, true) } else { (422, false) }
    );
    for nonsense in [&[("do", "shout"), token][..], &[("do", "join")], &[]] {
        assert_eq!(seat.send(&path, nonsense).await.status, 400);
    }
    for wrong in ["/nl/staff/cases/00000001", "/nl/staff/cases/x", "/nl/staff/cases/%3Cb%3E"] {
        assert_eq!(seat.see(wrong).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn somebody_is_called_back() {
    let seat = Seat::take(&[Role::Operator]).await;
    let empty = seat.see("/nl/staff/calls").await;
    pages::check("calls", &empty.text(), "nl");
    assert!(empty.text().contains("Niemand wacht"));
    let sent = seat.send(DESK, &with(&[("name", "Cis Claes")])).await;
    let report = seat.report(sent.location()).await;
    let path = format!("/nl/staff/cases/{}", report.reference.digits());
    for bad in ["2020-01-01T10:00", "2999-01-01T10:00", "morgen"] {
        let answer = seat.send(&path, &[("do", "back"), ("token", "eeeeeeeeeeeeeeeeeeeeeeeeee"), ("when", bad)]).await;
        assert!(answer.status == 422 && answer.text().contains("vanaf nu"), "{bad}: {}", answer.text());
    }
    let ask = [("do", "back"), ("token", "eeeeeeeeeeeeeeeeeeeeeeeeee"), ("when", "")];
    assert_eq!(seat.send(&path, &ask).await.status, 303);
    assert_eq!(seat.send(&path, &ask).await.status, 303);
    let later = [("do", "back"), ("token", "ffffffffffffffffffffffffff"), ("when", "2026-11-24T14:30")];
    assert_eq!(seat.send(&path, &later).await.status, 303);
    for language in Language::BUILT_IN.map(Language::as_str) {
        let page = seat.see(&format!("/{language}/staff/calls")).await;
        pages::check("calls", &page.text(), language);
        assert_eq!(page.text().matches("name=\"task\"").count(), 2, "pressed twice is once");
    }
    let page = seat.see("/nl/staff/calls").await.text();
    assert!(page.contains("Cis Claes") && page.contains("tel:0470123456") && page.contains("Bel nu"), "{page}");
    assert!(page.contains("Afgesproken voor 24 november, 14:30"), "{page}");
    let task = attribute(&page, "name=\"task\"", "value").to_owned();
    let say = async |outcome: &str| seat.send("/nl/staff/calls", &[("task", &task), ("outcome", outcome)]).await;
    assert_eq!(say("no_answer").await.location(), "/nl/staff/calls?done=1");
    assert!(seat.see("/nl/staff/calls").await.text().contains("1 keer geen antwoord"));
    assert_eq!(say("reached").await.location(), "/nl/staff/calls?done=1");
    let page = seat.see("/nl/staff/calls?done=1").await.text();
    assert!(page.matches("name=\"task\"").count() == 1 && page.contains("Genoteerd."), "{page}");
    assert_eq!(say("wrong").await.location(), "/nl/staff/calls?late=1");
    assert_eq!(say("nonsense").await.status, 400);
    assert!(
        now() < seat.town.store.next_due_task().await.unwrap().unwrap_or(schemas::Timestamp::MAX),
        "nobody on call is rung for it"
    );
}

#[tokio::test]
async fn the_desk_is_for_operators_and_complaints_for_their_own_people() {
    let town = Town::open().await;
    let (operator, _) = logged_in(&town, &[Role::Operator]).await;
    let (moderator, _) = logged_in(&town, &[Role::Moderator]).await;
    let (both, _) = logged_in(&town, &[Role::Operator, Role::Complaints]).await;
    for path in [DESK, "/nl/staff/calls", "/nl/staff/cases/00000000"] {
        assert_eq!(see(&town, path, &moderator).await.status, 403, "{path}");
        assert_eq!(town.get(path).await.status, 303, "{path}");
        assert_eq!(fill(&town, path, "", "same-origin", CALL).await.status, 401, "{path}");
        assert_eq!(fill(&town, path, &operator, "cross-site", CALL).await.status, 403, "{path}");
    }
    assert_eq!(fill(&town, "/nl/staff/desk/look", &moderator, "same-origin", CALL).await.status, 403);
    let complaint = with(&[("kind", "complaint")]);
    let sent = fill(&town, DESK, &operator, "same-origin", &complaint).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let (colleague, _) = logged_in(&town, &[Role::Operator]).await;
    let own = see(&town, sent.location(), &operator).await;
    assert!(own.status == 200 && own.text().contains("Volgende oproep"), "whoever took it down reads the number aloud");
    assert_eq!(see(&town, sent.location(), &colleague).await.status, 404);
    assert_eq!(see(&town, sent.location(), &both).await.status, 200);
    let look = fill(&town, "/nl/staff/desk/look", &operator, "same-origin", &[("number", "0470123456")]).await.json();
    let earlier = look["earlier"].as_str().unwrap();
    assert!(
        earlier.contains("Vertrouwelijk dossier") && !earlier.contains("href=") && !earlier.contains("Grote Markt"),
        "{earlier}"
    );
    assert_eq!(town.store.count().await.unwrap().reports, 1);
}

#[tokio::test]
async fn what_is_known_already_is_shown_and_merged() {
    let seat = Seat::take(&[Role::Operator]).await;
    let look = async |fields: &[(&str, &str)]| seat.send("/nl/staff/desk/look", fields).await.json();
    let found = look(CALL).await;
    let spot = attribute(found["spots"].as_str().unwrap(), "name=\"spot\"", "value").to_owned();
    assert_eq!(found["near"].as_str().unwrap().trim(), "", "nobody told it before");
    let place = [("spot", spot.as_str()), ("spot_for", "Grote Markt 1")];
    let first = with(&place);
    let first = seat.report(seat.send(DESK, &first).await.location()).await;
    seat.town.case(&first, Status::Routed, Vec::new()).await;
    let again = with(&[place[0], place[1], ("token", "gggggggggggggggggggggggggg"), ("number", "0471 22 33 44")]);
    let near = look(&again).await;
    let near = near["near"].as_str().unwrap();
    assert!(near.contains(&format!("/nl/staff/cases/{}", first.reference.digits())), "{near}");
    let second = seat.report(seat.send(DESK, &again).await.location()).await;
    seat.town.case(&second, Status::Routed, Vec::new()).await;
    let path = format!("/nl/staff/cases/{}", second.reference.digits());
    let page = seat.see(&path).await.text();
    pages::check(&path, &page, "nl");
    assert!(page.contains("Dit is hetzelfde") && page.contains(&first.reference.to_string()), "{page}");
    let into = first.reference.digits();
    let merge = [("do", "merge"), ("token", "hhhhhhhhhhhhhhhhhhhhhhhhhh"), ("into", into.as_str())];
    let done = seat.send(&path, &merge).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert!(seat.see(done.location()).await.text().contains("hoort van nu af elke stap"));
    assert_eq!(seat.town.store.case(second.id).await.unwrap().unwrap().status, Status::Duplicate);
    let nobody = [merge[0], merge[1], ("into", "00000000")];
    assert_eq!(seat.send(&path, &nobody).await.status, 404);
}
