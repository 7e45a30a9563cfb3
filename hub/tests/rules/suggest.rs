//! How often the suggestion is right about the city's own cases.

use crate::{
    Bed, both,
    house::{House, Told},
};
use schemas::{reference::Reference, slug::CategoryId, trace::Trace};
use serde_json::{Value, json};
use std::time::Duration;

both!(corrections_count_among_the_cases_kept_apart, what_is_missing_is_said);

/// Names and hints know neither.
const SICK_TREE: &str = "De iepziekte verdort alles.";
const SUNKEN: &str = "Kasseien verzakt en verbrokkeld.";

/// All at one moment, and later than all before: ids of one moment have no order.
async fn told(house: &House, category: &'static str, words: &str, times: usize) -> Vec<Reference> {
    house.pass(Duration::from_secs(60));
    let mut references = Vec::with_capacity(times);
    for _ in 0..times {
        references.push(house.take_in(Told { words: words.to_owned(), ..Told::about(category) }).await);
    }
    house.decide().await;
    references
}

/// One by one, as somebody at a desk does.
async fn correct(house: &House, bed: &Bed, references: &[Reference], to: &str) {
    let (city, to) = (crate::town(&bed.city()).city, CategoryId::new(to).unwrap());
    for reference in references {
        let done =
            adapters::recategorise::recategorise(&house.store, &city, *reference, &to, "An", Trace::start()).await;
        assert!(matches!(done.unwrap(), adapters::recategorise::Outcome::Corrected { .. }));
    }
}

async fn corrections_count_among_the_cases_kept_apart(bed: Bed) {
    bed.write("sentences.yaml", "straat/boom:\n  nl: De iepziekte verdort onze bomen\n");
    let house = House::open(&bed).await;
    house.activate(&bed).await;
    // Of fifty cases the newest ten are kept apart. Nearly all were filed the wrong way round.
    let sick = told(&house, "straat/put", SICK_TREE, 20).await;
    let sunken = told(&house, "straat/boom", SUNKEN, 20).await;
    let judged = told(&house, "straat/put", SICK_TREE, 9).await;
    for (references, department) in [(&sick, "wegen"), (&sunken, "groen"), (&judged, "wegen")] {
        house.solve(references, department).await;
    }
    // One too few.
    bed.run(&["suggest", "evaluate"]).says(&[
        "from 49 cases",
        "Fewer than 50 solved cases",
        "Sentences of the city folder",
    ]);
    assert_eq!(evaluate(&bed)["held_out_cases"], json!({}));
    let last = told(&house, "straat/boom", SICK_TREE, 1).await;
    assert_eq!(evaluate(&bed)["cases_learnt"], 49, "what nobody solved teaches nothing");
    house.solve(&last, "groen").await;

    let before = evaluate(&bed);
    assert_eq!(before["cases_learnt"], 50);
    assert_eq!(before["held_out_cases"]["nl"]["asked"], 10);
    // So it was taught, and so it says of the newest.
    assert_eq!(before["held_out_cases"]["nl"]["first"], 9);
    correct(&house, &bed, &judged, "straat/boom").await;
    let halfway = evaluate(&bed);
    assert_eq!(halfway["held_out_cases"]["nl"]["first"], 0, "what judges is what the city says it is about");
    correct(&house, &bed, &sick, "straat/boom").await;
    correct(&house, &bed, &sunken, "straat/put").await;
    let after = evaluate(&bed);
    assert_eq!(after["held_out_cases"]["nl"], json!({"asked": 10, "first": 10, "third": 10, "silent": 0}));
    assert_eq!(after["sentences"]["nl"]["first"], 1);
    bed.run(&["suggest", "evaluate"]).says(&["from 50 cases", "The newest fifth of the city's own cases", "100.0 %"]);

    let seed = bed.run(&["suggest", "evaluate", "--without-cases", "--json"]).json(0);
    assert_eq!((&seed["cases_learnt"], &seed["held_out_cases"]), (&json!(0), &json!({})));
    let words = bed.run(&["suggest", "words", SICK_TREE, "--json"]).json(0);
    assert_eq!(words["suggestions"][0]["category"], "straat/boom");
}

fn evaluate(bed: &Bed) -> Value {
    bed.run(&["suggest", "evaluate", "--json"]).json(0)
}

async fn what_is_missing_is_said(bed: Bed) {
    bed.run(&["suggest", "evaluate"]).fails(1, &["the city's own cases cannot be read", "--without-cases"]);
    bed.run(&["suggest", "evaluate", "--without-cases"]).says(&["No sentences: add sentences.yaml"]);
    bed.store().await.close().await;
    bed.run(&["suggest", "evaluate"]).says(&["from 0 cases", "Fewer than 50 solved cases"]);
    bed.run(&["suggest", "words"]).ends(2);
    let city = std::fs::read_to_string(bed.city().join("city.yaml")).unwrap();
    bed.write("city.yaml", &format!("{city}suggest: false\n"));
    bed.run(&["suggest", "evaluate"]).fails(1, &["this city wants no suggestion", "suggest: false"]);
}
