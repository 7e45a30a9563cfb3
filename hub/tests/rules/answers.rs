//! Which articles answered, and whether they helped.

use crate::{
    Bed, RULES, both,
    house::{House, Told},
};
use serde_json::json;
use std::time::Duration;

both!(answers_are_counted_by_article_and_day, what_is_wrong_is_named);

const HOUR: Duration = Duration::from_secs(3600);

const ANSWERING: &str = "\
- { rule: holes, when: { category: straat/put }, then: { assign: wegen, answer: putten }, examples: [{ given: { category: straat/put, at: '2024-11-05 10:00' }, expect: { assign: wegen, answer: putten } }] }
- { rule: trees, when: { category: straat/boom }, then: { assign: groen }, examples: [{ given: { category: straat/boom }, expect: { assign: groen } }] }
";

/// Right when the house opens, and not any more when the command runs.
fn article(title: &str) -> String {
    format!("---\ntitle: {title}\nvalid_until: 2024-12-31\n---\n\nDaar wordt aan gewerkt.\n")
}

async fn answers_are_counted_by_article_and_day(bed: Bed) {
    let nothing = House::open(&bed).await;
    bed.run(&["answers"]).says(&["the knowledge base is empty", "docs/install/knowledge.md"]);
    assert_eq!(bed.run(&["answers", "--json"]).json(0), json!({"since": null, "articles": {}}));
    nothing.store.close().await;

    bed.write("knowledge/putten.nl.md", &article("Wat met putten?"));
    bed.write("knowledge/bomen.nl.md", &article("Wat met bomen?"));
    bed.write("rules/a.yaml", ANSWERING);
    let house = House::open(&bed).await;
    house.activate(&bed).await;
    // The house opens at ten in the morning here; half past midnight is another day here, not yet in Greenwich.
    let first = house.report(Told::about("straat/put")).await;
    house.pass(14 * HOUR + HOUR / 2);
    let second = house.report(Told::about("straat/put")).await;
    house.report(Told::about("straat/put")).await;
    house.report(Told::about("straat/boom")).await;
    for (reference, helped) in [(first, true), (second, false)] {
        let id = house.id(reference).await;
        let mut tx = house.store.begin().await.unwrap();
        assert!(tx.say_of_answer(id, helped).await.unwrap());
        tx.commit().await.unwrap();
    }

    bed.run(&["answers"]).says(&[
        "out of date",
        "3 cases answered at once; 1 said that it helped, 1 that it did not",
        "said nothing",
    ]);
    let counted = bed.run(&["answers", "--json"]).json(0);
    let holes = json!({"title": "Wat met putten?", "given": 3, "helped": 1, "failed": 1, "languages": {"nl": 3}, "off": "out of date"});
    assert_eq!(counted["articles"]["putten"], holes);
    let trees =
        json!({"title": "Wat met bomen?", "given": 0, "helped": 0, "failed": 0, "languages": {}, "off": "out of date"});
    assert_eq!(counted["articles"]["bomen"], trees);
    for (since, given) in [("2024-11-04", 3), ("2024-11-05", 2), ("2024-11-06", 0)] {
        let counted = bed.run(&["answers", "--since", since, "--json"]).json(0);
        assert_eq!((&counted["since"], &counted["articles"]["putten"]["given"]), (&since.into(), &given.into()));
    }
    bed.run(&["answers", "--since", "2024-11-05"]).says(&["2 cases answered at once"]);

    // An article that is gone still has its line: people were answered by it.
    std::fs::remove_file(bed.city().join("knowledge/putten.nl.md")).unwrap();
    bed.write("rules/a.yaml", RULES);
    bed.run(&["answers"]).says(&["putten", "removed", "3 cases answered"]);
    let gone = bed.run(&["answers", "--json"]).json(0);
    assert_eq!(
        (&gone["articles"]["putten"]["title"], &gone["articles"]["putten"]["off"]),
        (&json!(null), &json!("removed"))
    );
}

async fn what_is_wrong_is_named(bed: Bed) {
    bed.run(&["answers"]).fails(1, &["voordeur migrate"]);
    bed.store().await.close().await;
    for day in ["yesterday", "2026-13-01", "30-11-2026", ""] {
        bed.run(&["answers", "--since", day]).fails(2, &[&format!("`{day}` is not a day"), "write it as 2026-11-30"]);
    }
    bed.run(&["answers", "--city", "/nowhere"]).ends(2);
    bed.write("rules/b.yaml", "- { rule: holes }\n");
    bed.run(&["answers"]).fails(2, &["rules/b.yaml:1"]);
}
