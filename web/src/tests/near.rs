//! "Is it one of these?" before a report is kept; and reports that are merged, as residents and desks meet them.

use super::{Town, attribute, department_cases::refusal, form::png};
use adapters::intake::{Accepted, IntakeTools, accept};
use schemas::{
    case::Status,
    event::What,
    place::{GivenPlace, Point},
    report::Report,
    submission::Submission,
    trace::Trace,
};
use serde_json::json;

const HERE: Point = Point { lat: 50.827_9, lon: 3.264_9 };

const FORM: &[(&str, &str)] = &[
    ("token", "abcdefghijklmnopqrstuvwxyz"),
    ("category", "wegen/put"),
    ("kind", "report"),
    ("words", "Diepe put <b>voor</b> de school"),
    ("lat", "50,8279"),
    ("lon", "3,2649"),
    ("answer.gevaar", "false"),
    ("email", "an@example.org"),
    ("tell", "email"),
    ("language", "nl"),
];

fn and<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    FORM.iter().chain(more).copied().collect()
}

impl Town {
    /// A report at [`HERE`], with a case at this status.
    async fn here(&self, status: Status) -> Report {
        let tools = IntakeTools::new(self.store.clone(), self.city.clone());
        let place = GivenPlace { point: Some(HERE), address: Some("Geheimstraat 7".into()), ..GivenPlace::default() };
        let submission = Submission {
            category: "wegen/put".into(),
            words: "Woorden van een ander".into(),
            place: Some(place),
            ..Submission::default()
        };
        let checked = submission.check(&self.city).unwrap();
        let accepted =
            accept(&tools, &"api".parse().unwrap(), None, checked, Default::default(), Trace::start()).await.unwrap();
        let Accepted::New(receipt) = accepted else { panic!("it is new") };
        let report = self.store.report(receipt.id).await.unwrap().unwrap();
        self.case(&report, status, Vec::new()).await;
        report
    }

    async fn reports(&self) -> i64 {
        i64::try_from(self.store.count().await.unwrap().reports).unwrap()
    }
}

#[tokio::test]
async fn whoever_reports_what_is_known_is_asked_and_loses_nothing() {
    let town = Town::open().await;
    let known = town.here(Status::Routed).await;
    for language in ["nl", "fr", "en"] {
        let page = town.post(&format!("/{language}/report"), FORM, &[("put.png", &png())]).await;
        let html = page.text();
        assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "private, no-store"), "{html}");
        assert!(html.contains(&known.reference.digits()), "{html}");
        assert!(!html.contains("Woorden van een ander") && !html.contains("Geheimstraat"), "{html}");
        assert!(html.contains("&lt;b&gt;voor") && !html.contains("<b>voor"), "{html}");
    }
    assert_eq!(town.reports().await, 1, "nothing is kept before they answer");
    let html = town.post("/nl/report", FORM, &[("put.png", &png())]).await.text();
    let photo = attribute(&html, "name=\"kept_photo\"", "value").to_owned();
    // Back to the form: all of it is there.
    let back = town.post("/nl/report", &and(&[("kept_photo", &photo), ("do", "change")]), &[]).await;
    let html = back.text();
    assert!(back.status == 200 && html.contains("Diepe put") && html.contains(&photo), "{html}");
    // Following: which one, and an address.
    let digits = known.reference.digits();
    let follow = [("kept_photo", photo.as_str()), ("do", "follow-near")];
    let which = town.post("/nl/report", &and(&follow), &[]).await;
    assert!(which.status == 422 && which.text().contains("Kies welke het is"), "{}", which.text());
    let chosen = [follow[0], follow[1], ("near_case", digits.as_str()), ("near_address", "geen adres")];
    let wrong = town.post("/nl/report", &and(&chosen), &[]).await;
    assert!(wrong.status == 422 && wrong.text().contains("near_address-error"), "{}", wrong.text());
    let chosen = [follow[0], follow[1], ("near_case", digits.as_str()), ("near_address", "an@example.org")];
    let proof = town.post("/nl/report", &and(&chosen), &[]).await;
    assert!(proof.status == 303 && proof.location().starts_with("/nl/prove/"), "{}", proof.text());
    assert_eq!(town.reports().await, 1);
    // Theirs is another: it is sent, with its photo, once.
    let other = and(&[("kept_photo", &photo), ("near", "other")]);
    let sent = town.post("/nl/report", &other, &[]).await;
    assert!(sent.status == 303 && sent.location().ends_with("/receipt"), "{}", sent.text());
    assert_eq!(town.post("/nl/report", &other, &[]).await.location(), sent.location());
    let page = town.get(sent.location().trim_end_matches("/receipt")).await.text();
    assert!(page.contains("Diepe put") && page.contains("<img"), "{page}");
    // The first page once more: this form was sent, and asks nothing.
    let again = town.post("/nl/report", &and(&[("kept_photo", &photo)]), &[]).await;
    assert_eq!((again.status.as_u16(), again.location()), (303, sent.location()));
}

#[tokio::test]
async fn nobody_is_asked_where_it_is_of_no_use() {
    for (status, change, asked) in [
        (Status::Routed, &[][..], true),
        (Status::Solved, &[], false),
        (Status::Duplicate, &[], false),
        (Status::Routed, &[("kind", "complaint")], false),
        (Status::Routed, &[("lat", "50,8379")], false),
        (Status::Routed, &[("category", "groen/boom")], false),
    ] {
        let town = Town::open().await;
        town.here(status).await;
        let mut fields: Vec<(&str, &str)> =
            FORM.iter().filter(|(name, _)| change.iter().all(|(other, _)| other != name)).copied().collect();
        fields.extend(change);
        fields.retain(|(name, _)| *name != "answer.gevaar");
        let answer = town.post("/nl/report", &fields, &[]).await;
        let is_asked = answer.text().contains("near_case");
        assert_eq!(is_asked, asked, "{status} {change:?}: {} {}", answer.status, answer.text());
    }
    let town = Town::open_in(|files| {
        let text = files["city.yaml"].replace("closed: 7, ask: true", "ask: false");
        files.insert("city.yaml".into(), text.as_str().into());
    })
    .await;
    town.here(Status::Routed).await;
    assert_eq!(town.post("/nl/report", FORM, &[]).await.status, 303, "the city does not ask");
}

#[tokio::test]
async fn programs_ask_too_and_hear_as_little() {
    let town = Town::open().await;
    let known = town.here(Status::Planned).await;
    let answer = town.get("/api/v1/near?category=wegen/put&lat=50.8279&lon=3.2649").await;
    let shown = answer.json();
    let one = &shown["cases"][0];
    assert_eq!(
        (one["reference"].as_str(), one["status"].as_str(), &one["people"]),
        (Some(known.reference.digits().as_str()), Some("planned"), &json!(1))
    );
    let mut keys: Vec<&String> = one.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["areas", "category", "people", "reference", "since", "status"]);
    assert_eq!(town.get("/api/v1/near?category=groen/boom&lat=50.8279&lon=3.2649").await.json(), json!({"cases": []}));
    for (query, field) in [
        ("lat=50.8279&lon=3.2649", "category"),
        ("category=wegen/pu&lat=50.8279&lon=3.2649", "did you mean"),
        ("category=wegen/put", "lat"),
        ("category=wegen/put&lat=50.8279&lon=333", "lat"),
    ] {
        let told = refusal(&town.get(&format!("/api/v1/near?{query}")).await, 422);
        assert!(told.contains(field), "{query}: {told}");
    }
}

#[tokio::test]
async fn a_desk_merges_and_residents_see_where_it_goes_on() {
    let town = Town::open().await;
    let (main, other) = (town.here(Status::Routed).await, town.here(Status::Routed).await);
    let desk = |report: &Report, what: &str| {
        format!("/api/v1/desks/{}/cases/{}/{what}", town.fetcher(), report.reference.digits())
    };
    let near = town.with_token(&desk(&main, "near"), None).await.json();
    assert_eq!(near["cases"][0]["words"], "Woorden van een ander", "people of the city see all");
    let body = json!({"by": "An", "duplicates": [other.reference.to_string()]});
    let merged = town.with_token(&desk(&main, "merge"), Some(body.clone())).await;
    assert_eq!(merged.json()["merged"], json!([other.reference]), "{}", merged.text());
    assert_eq!(town.with_token(&desk(&main, "merge"), Some(body.clone())).await.json()["merged"], json!([]));
    for (path, body, status, part) in [
        (desk(&other, "merge"), json!({"by": "An", "duplicates": [main.reference]}), 409, "split it first"),
        (desk(&main, "merge"), json!({"by": "", "duplicates": [other.reference]}), 422, "/by"),
        (desk(&main, "merge"), json!({"by": "An", "duplicates": ["12"]}), 422, "/duplicates/0"),
        (desk(&main, "merge"), json!({"by": "An", "duplicates": []}), 422, "/duplicates"),
        (desk(&main, "split"), json!({"by": "An"}), 409, "merged with nothing"),
    ] {
        let told = refusal(&town.with_token(&path, Some(body)).await, status);
        assert!(told.contains(part), "{path}: {told}");
    }
    refusal(&town.post_json(&desk(&main, "merge"), body.to_string()).await, 401);
    // The reporter of the duplicate: their own page, with what happens to the main case.
    let mut tx = town.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[main.id]).await.unwrap().remove(&main.id).unwrap();
    case.version += 1;
    case.status = Status::Solved;
    let event = schemas::event::CaseEvent {
        critical: false,
        id: schemas::id::derived(&["solved"]),
        case_id: main.id,
        reference: main.reference,
        version: case.version,
        at: super::now(),
        what: What::Solved { department: town.fetcher(), text: Some("Put gevuld".into()), evidence: Vec::new() },
    };
    tx.save_cases(&[case]).await.unwrap();
    tx.add_events(&[(event, schemas::report::Tell::Nothing)], Trace::start()).await.unwrap();
    tx.commit().await.unwrap();
    for language in ["nl", "fr", "en"] {
        let html = town.get(&format!("/{language}/t/{}", other.token)).await.text();
        assert!(html.contains(&main.reference.to_string()) && html.contains("Put gevuld"), "{html}");
        assert!(html.contains("/contest\""), "what was solved can be contested");
    }
    let moved = town.get(&format!("/nl/case/{}", other.reference.digits())).await;
    assert_eq!(moved.location(), format!("/nl/case/{}", main.reference.digits()));
    let html = town.get(moved.location()).await.text();
    assert!(html.contains("2 mensen meldden dit"), "{html}");
    let shown = town.get(&format!("/api/v1/cases/{}", other.token)).await.json();
    assert_eq!((&shown["status"], &shown["merged_into"]), (&json!("duplicate"), &json!(main.reference)));
    assert!(!shown.to_string().contains(&main.id.to_string()), "{shown}");
    let open311 = town.get(&format!("/open311/v2/requests/{}.json", other.reference.digits())).await.json();
    assert_eq!(open311[0]["status"], "closed");
    let notes = open311[0]["status_notes"].as_str().unwrap();
    assert!(notes.starts_with(&format!("duplicate {}", main.reference)), "{notes}");
    let contested = town.press(&format!("/nl/t/{}/contest", other.token), "words=Niet+waar").await;
    assert_eq!(contested.status, 303);
    assert_eq!(town.store.case(main.id).await.unwrap().unwrap().status, Status::Routed);
    let apart = town.with_token(&desk(&other, "split"), Some(json!({"by": "Bo"}))).await;
    assert_eq!(apart.json(), json!({"case": other.reference, "from": main.reference, "open": true}));
    assert_eq!(town.get(&format!("/nl/case/{}", other.reference.digits())).await.status, 200);
}
