//! What other rules would have done with the cases there were.

use crate::{
    Bed, RULES, both,
    house::{House, Told},
};
use schemas::{reference::Reference, report::Contact};
use serde_json::json;
use std::time::Duration;

both!(
    what_moves_is_counted_with_samples,
    a_stretch_is_days_of_the_city,
    what_cannot_be_said_is_counted_apart,
    mistakes_are_explained,
);

const DAY: Duration = Duration::from_secs(24 * 3600);

fn digits(references: &[Reference]) -> serde_json::Value {
    json!(references.iter().map(|reference| reference.digits()).collect::<Vec<_>>())
}

/// Holes go to green at the weekend, and at once.
const WEEKEND: &str = "\
- { rule: weekend, when: { category: straat/put, weekday: [sat, sun] }, then: { assign: groen, priority: high, term: 1d }, examples: [{ given: { category: straat/put, at: '2026-11-07T12:00' }, expect: { assign: groen } }] }
";

async fn what_moves_is_counted_with_samples(bed: Bed) {
    let house = House::open(&bed).await;
    house.activate(&bed).await;
    // Four weeks from a Monday, one hole and one tree a day: eight holes at a weekend.
    let mut weekend = Vec::new();
    for day in 0..28 {
        let hole = house.report(Told::about("straat/put")).await;
        house.report(Told::about("straat/boom")).await;
        if day % 7 >= 5 {
            weekend.push(hole);
        }
        house.pass(DAY);
    }
    // Sent back, it went on to the fallback desk: only the first decision counts.
    house.reject(weekend[0], "wegen").await;

    let candidate = bed.candidate(&format!("{WEEKEND}{RULES}"));
    let candidate = candidate.to_str().unwrap();
    let replay = |more: &[&str]| {
        let mut words =
            vec!["rules", "replay", "--candidate", candidate, "--since", "2024-11-01", "--until", "2024-12-31"];
        words.extend(more);
        bed.run(&words)
    };
    let found = replay(&["--json", "--samples", "2"]).json(0);
    assert_eq!((&found["cases"], &found["same"], &found["moved"]), (&56.into(), &48.into(), &8.into()));
    assert_eq!(found["moves"], json!([{"from": "wegen", "to": "groen", "cases": 8, "samples": digits(&weekend[..2])}]));
    assert_eq!(
        found["priorities"],
        json!([{"from": "normal", "to": "high", "cases": 8, "samples": digits(&weekend[..2])}])
    );
    assert_eq!(found["terms"], json!([{"change": "earlier", "cases": 8, "samples": digits(&weekend[..2])}]));
    let departments = json!([
        {"department": "groen", "had": 28, "would_have": 36},
        {"department": "wegen", "had": 28, "would_have": 20},
    ]);
    assert_eq!(found["departments"], departments);
    assert_eq!((&found["left_out"], &found["city_changed"]["cases"]), (&json!([]), &0.into()));
    assert_eq!(found["candidate"], bed.version(&format!("{WEEKEND}{RULES}")));
    replay(&[]).says(&[
        "56 cases decided again: 48 as before, 8 to another department, 0 otherwise",
        "From where to where",
        &weekend[0].to_string(),
        "priority high instead of normal",
        "due earlier",
        "56 cases in",
    ]);
    let last = weekend.last().unwrap().to_string();
    assert!(!replay(&[]).ends(0).contains(&last));
    assert!(replay(&["--samples", "20"]).ends(0).contains(&last));
    // Nothing was changed by trying.
    assert_eq!(house.store.activations(9).await.unwrap().len(), 1);
    let same = bed.candidate(&format!("# A comment.\n{RULES}"));
    let words =
        ["rules", "replay", "--candidate", same.to_str().unwrap(), "--since", "2024-11-01", "--until", "2024-12-31"];
    bed.run(&words).says(&["56 as before", "nothing would be different"]);
}

async fn a_stretch_is_days_of_the_city(bed: Bed) {
    let house = House::open(&bed).await;
    house.activate(&bed).await;
    // In UTC at 09:00, 22:30 and 23:30: in Brussels the last one is of the next day.
    for hours in [13.5, 1.0, 0.0] {
        house.report(Told::about("straat/put")).await;
        house.pass(Duration::from_secs_f64(hours * 3600.0));
    }
    let candidate = bed.candidate(WEEKEND);
    let cases = |since: &str, until: &str| {
        let candidate = candidate.to_str().unwrap();
        let words = ["rules", "replay", "--json", "--candidate", candidate, "--since", since, "--until", until];
        bed.run(&words).json(0)["cases"].as_u64().unwrap()
    };
    assert_eq!(cases("2024-11-04", "2024-11-04"), 2);
    assert_eq!(cases("2024-11-05", "2024-11-05"), 1);
    assert_eq!(cases("2024-11-04", "2024-11-05"), 3);
    assert_eq!(cases("2024-11-04T22:30:00Z", "2024-11-05"), 2);
    assert_eq!(cases("2024-11-04T22:30:01Z", "2024-11-04T23:30:00Z"), 0);
    assert_eq!(cases("2024-10-01", "2024-11-01"), 0);
    let candidate = candidate.to_str().unwrap();
    let words = ["rules", "replay", "--candidate", candidate, "--since", "2024-10-01", "--until", "2024-10-31"];
    bed.run(&words).says(&["there are no reports in this time"]);
}

async fn what_cannot_be_said_is_counted_apart(bed: Bed) {
    let house = House::open(&bed).await;
    house.activate(&bed).await;
    let contact = || Some(Contact { email: Some("an@example.org".to_owned()), ..Contact::default() });
    let anonymous = house.report(Told::about("straat/put")).await;
    let erased = house.report(Told { contact: contact(), ..Told::about("straat/put") }).await;
    bed.tamper("DELETE FROM contact").await;
    let named = house.report(Told { contact: contact(), ..Told::about("straat/put") }).await;
    let tree = house.report(Told::about("straat/boom")).await;
    let broken = house.report(Told::about("straat/boom")).await;
    let waits = house.take_in(Told::about("straat/boom")).await;
    let id = house.id(broken).await;
    bed.tamper(&format!("UPDATE report SET place = 'x' WHERE id = '{id}'")).await;

    let first = "- { rule: named, when: { category: straat/put, reporter: email }, then: { assign: groen }, examples: [{ given: { category: straat/put, reporter: [email] }, expect: { assign: groen } }] }\n";
    let busy = "- { rule: busy, when: { category: straat/boom, load: { department: groen, open: '>5' } }, then: { assign: onthaal }, examples: [{ given: { category: straat/boom, load: { groen: 6 } }, expect: { assign: onthaal } }] }\n";
    let candidate = bed.candidate(&format!("{first}{busy}{RULES}"));
    let candidate = candidate.to_str().unwrap();
    let words = ["rules", "replay", "--candidate", candidate, "--since", "2024-11-01", "--until", "2024-11-30"];
    let found = bed.run(&[&words[..], &["--json"]].concat()).json(0);
    assert_eq!((&found["cases"], &found["same"], &found["moved"]), (&6.into(), &1.into(), &1.into()));
    assert_eq!(found["moves"][0]["samples"], digits(&[named]));
    let left: Vec<_> =
        found["left_out"].as_array().unwrap().iter().map(|left| (&left["why"], &left["samples"])).collect();
    let expected = [
        (json!("undecided"), digits(&[waits])),
        (json!("load_not_kept"), digits(&[tree])),
        (json!("contact_erased"), digits(&[erased])),
        (json!("unreadable"), digits(&[broken])),
    ];
    assert_eq!(left, expected.iter().map(|(why, samples)| (why, samples)).collect::<Vec<_>>());
    bed.run(&words).says(&[
        "2 cases decided again: 1 as before, 1 to another department",
        "Left out, because it cannot be said",
        "the contact is erased",
        "how busy a department was",
    ]);
    assert_ne!(anonymous, named);
}

async fn mistakes_are_explained(bed: Bed) {
    bed.store().await.close().await;
    let candidate = bed.candidate(RULES);
    let candidate = candidate.to_str().unwrap();
    let run = |more: &[&str]| bed.run(&[&["rules", "replay"], more].concat());
    run(&["--candidate", candidate]).fails(2, &["--since"]);
    run(&["--candidate", candidate, "--since", "yesterday"]).fails(2, &["neither a day nor a moment", "2026-10-01"]);
    run(&["--candidate", candidate, "--since", "2024-02-30"]).fails(2, &["neither a day nor a moment"]);
    run(&["--candidate", candidate, "--since", "2999-01-01"]).fails(2, &["has not come yet"]);
    run(&["--candidate", candidate, "--since", "2024-10-02", "--until", "2024-10-01"])
        .fails(2, &["nothing lies between"]);
    run(&["--candidate", "/nowhere", "--since", "2024-10-01"]).fails(2, &["is not a city folder"]);
    let broken = bed.candidate("- { rule: holes }\n");
    run(&["--candidate", broken.to_str().unwrap(), "--since", "2024-10-01"]).fails(2, &["rules/a.yaml:1"]);
}
