//! Why a report went where it went.

use crate::{
    Bed, RULES, both,
    house::{House, Told},
};
use schemas::report::Contact;
use std::time::Duration;

both!(
    the_version_that_decided_is_asked_with_the_facts_of_then,
    who_refused_counts_from_when_they_refused,
    what_is_not_known_any_more_is_said,
    wrong_and_unknown_references_are_explained,
);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Holes on working days go to roads, in the weekend to green.
const WEEKDAYS: &str = "\
- { rule: weekend, when: { category: straat/put, weekday: [sat, sun] }, then: { assign: groen, priority: high }, examples: [{ given: { category: straat/put, at: '2026-11-07T12:00' }, expect: { assign: groen } }] }
- { rule: holes, when: { category: straat/put }, then: { assign: wegen, inform: [onthaal] }, examples: [{ given: { category: straat/put }, expect: { assign: wegen } }] }
";

fn digits(reference: schemas::reference::Reference) -> String {
    reference.digits()
}

async fn the_version_that_decided_is_asked_with_the_facts_of_then(bed: Bed) {
    bed.write("rules/a.yaml", WEEKDAYS);
    let house = House::open(&bed).await;
    let first = house.activate(&bed).await;
    // The house opens on a Monday; five days later it is Saturday.
    let monday = house.report(Told::about("straat/put")).await;
    house.pass(5 * DAY);
    let saturday = house.report(Told::about("straat/put")).await;
    let explained = bed.run(&["rules", "explain", &digits(monday), "--json"]).json(0);
    let decided = &explained["decided"];
    assert_eq!((&decided["decision"]["ruleset"], &decided["activation"]), (&first.clone().into(), &1.into()));
    assert_eq!(decided["again"]["says"]["same"], true);
    assert_eq!(decided["again"]["says"]["explanation"]["decision"]["rule"], "holes");
    assert_eq!(explained["now"]["rules"], "in force");
    let weekend = &decided["again"]["says"]["explanation"]["rules"][0];
    assert_eq!((&weekend["rule"], &weekend["outcome"]), (&"weekend".into(), &"no".into()));
    assert_eq!(weekend["conditions"][1]["fact"], "mon");
    let says =
        ["What was decided", &first, "Green (groen)", "by rule   weekend", "priority  high", "weekday: [sat, sun]"];
    bed.run(&["rules", "explain", &digits(saturday)]).says(&says);

    // Other rules are in force: what decided stands, and what would be otherwise is said.
    bed.write("rules/a.yaml", RULES);
    house.pass(DAY);
    let second = house.activate(&bed).await;
    let says = ["by rule   weekend", &first, "Why, condition by condition", "weekend -> groen: decides"];
    bed.run(&["rules", "explain", &digits(saturday)]).says(&says);
    bed.run(&["rules", "explain", &digits(saturday)]).says(&[
        &second,
        "differs: was groen by `weekend`, priority high; is now wegen by `holes`, priority normal",
        "holes -> wegen: decides",
    ]);
    let explained = bed.run(&["rules", "explain", &digits(saturday), "--json"]).json(0);
    assert_eq!((&explained["now"]["differs"], &explained["now"]["version"]), (&true.into(), &second.into()));
    // Faults in the folder do not stand in the way.
    bed.write("rules/a.yaml", "- { rule: holes }\n");
    bed.run(&["rules", "explain", &digits(saturday)]).says(&["weekend -> groen: decides"]);
    let candidate = bed.candidate(
        &WEEKDAYS
            .replace("assign: wegen, inform: [onthaal]", "assign: onthaal")
            .replace("assign: wegen", "assign: onthaal"),
    );
    let candidate = candidate.to_str().unwrap();
    bed.run(&["rules", "explain", &digits(monday), "--city", candidate]).says(&[candidate, "is now"]);
}

async fn who_refused_counts_from_when_they_refused(bed: Bed) {
    bed.write("rules/a.yaml", WEEKDAYS);
    let house = House::open(&bed).await;
    house.activate(&bed).await;
    let reference = house.report(Told::about("straat/put")).await;
    house.pass(Duration::from_secs(3600));
    house.reject(reference, "wegen").await;
    let explained = bed.run(&["rules", "explain", &digits(reference), "--json"]).json(0);
    let decided = &explained["decided"];
    assert_eq!(decided["rejected_by"], serde_json::json!(["wegen"]));
    assert_eq!((&decided["decision"]["rule"], &decided["again"]["says"]["same"]), (&"fallback".into(), &true.into()));
    assert_eq!(decided["at"], "2024-11-04T10:00:00Z");
    bed.run(&["rules", "explain", &digits(reference)]).says(&[
        "after     Roads (wegen) said it is not theirs",
        "holes -> wegen: matches, but its department said it is not theirs",
        "alarm",
    ]);
}

async fn what_is_not_known_any_more_is_said(bed: Bed) {
    let rules = RULES.replacen(
        "category: straat/put",
        "category: straat/put, reporter: [email], load: { department: wegen, open: '<5' }",
        1,
    );
    let rules =
        rules.replacen("given: { category: straat/put }", "given: { category: straat/put, reporter: [email] }", 1);
    bed.write("rules/a.yaml", &rules);
    let house = House::open(&bed).await;
    house.activate(&bed).await;
    let contact = Contact { email: Some("an@example.org".to_owned()), ..Contact::default() };
    let reference = house.report(Told { contact: Some(contact), ..Told::about("straat/put") }).await;
    let output = bed.run(&["rules", "explain", &digits(reference)]);
    output.says(&["Not known any more: how busy the departments were", "Asked again, the same rules say otherwise"]);
    assert!(!output.ends(0).contains("erased") && !output.ends(0).contains("an@example.org"));
    bed.tamper("DELETE FROM contact").await;
    bed.run(&["rules", "explain", &digits(reference)]).says(&["Not known any more: who reported"]);
    // The text of the version is gone: what was decided is still told.
    bed.tamper("DELETE FROM ruleset").await;
    bed.run(&["rules", "explain", &digits(reference)]).says(&[
        "by rule   holes",
        "because   reporter: email",
        "Its rules cannot be asked again: the text of version",
    ]);
}

async fn wrong_and_unknown_references_are_explained(bed: Bed) {
    let house = House::open(&bed).await;
    let reference = house.take_in(Told::about("straat/put")).await;
    bed.run(&["rules", "explain", "1234"]).fails(2, &["a reference is eight digits", "1234 5671"]);
    bed.run(&["rules", "explain", "1234", "5670"]).fails(2, &["help:"]);
    bed.run(&["rules", "explain", "1234", "5671"]).fails(1, &["there is no report 1234 5671", "[database] url"]);
    // Not decided yet, and no rules were ever put in force.
    let (front, back) = (&digits(reference)[..4], &digits(reference)[4..]);
    bed.run(&["rules", "explain", front, back]).says(&[
        "Not decided yet",
        "the rules of the city folder say now",
        "wegen, by `holes`",
    ]);
    let explained = bed.run(&["rules", "explain", &digits(reference), "--json"]).json(0);
    assert!(explained["decided"].is_null() && explained["status"].is_null());
}
