//! What is looked up beside the report: who reports, how busy departments are, who has it already.

use super::bed::{Bed, both, submission};
use crate::{Facts, Known, Needs, Ruleset, decide, testing};
use schemas::{Uuid, case::Role, letter::Lane};
use std::time::Duration;

both!(
    who_reports_is_known_whichever_way_the_report_came,
    open_cases_are_counted_again_after_half_a_minute,
    who_has_a_part_already_gets_it_once,
);

/// The rule that decided, and whether an explanation of now names the same one.
async fn rule(bed: &Bed, id: Uuid) -> String {
    let case = bed.case(id).await;
    let report = bed.store.report(id).await.unwrap().unwrap();
    let (city, ruleset) = (&bed.worker.city, &bed.worker.ruleset);
    let known = Known::look_up(&bed.store, &report, city).await.unwrap();
    let facts = known.add_to(Facts::of(&report, city, &case.rejected_by, bed.store.clock().now()));
    let decided = case.decision.unwrap().rule;
    if ruleset.needs().reporter {
        assert_eq!(decide(ruleset, city, &facts).rule, decided);
    }
    decided
}

async fn who_reports_is_known_whichever_way_the_report_came(bed: Bed) {
    let bed = bed.with_rules(
        "
- { rule: named, when: { reporter: named }, then: { assign: police } }
- { rule: named-too, when: { any: [{ not: { reporter: anonymous } }, { photo: true, reporter: staff }] }, then: { assign: green } }
- { rule: by-phone, when: { reporter: staff }, then: { assign: lamps } }
- { rule: nobody, when: { reporter: anonymous }, then: { assign: roads } }
",
    );
    let (id, letter) = bed.report("road/hole", None).await;
    bed.apply(&[letter]).await;
    assert_eq!(rule(&bed, id).await, "named");
    // Decided again, it is still known.
    let again = bed.reject(id, "police").await;
    bed.apply(&[again]).await;
    assert_eq!(rule(&bed, id).await, "named-too");

    for (number, contact, expected) in [
        ("1", serde_json::json!({"name": "Someone", "email": "someone@voordeur.example"}), "named"),
        ("2", serde_json::json!({"email": "someone@voordeur.example"}), "named-too"),
        ("3", serde_json::Value::Null, "nobody"),
    ] {
        let mut body = serde_json::json!({"category": "road/hole", "words": "A hole."});
        if !contact.is_null() {
            body["contact"] = contact;
        }
        let letter = submission(number, "app", &body);
        bed.apply(std::slice::from_ref(&letter)).await;
        assert_eq!(rule(&bed, bed.kept(&letter).await.id).await, expected);
    }
}

async fn open_cases_are_counted_again_after_half_a_minute(bed: Bed) {
    let bed = bed.with_rules(
        "
- { rule: busy, when: { category: road/*, load: { department: roads, open: '>=2' } }, then: { assign: green } }
- { rule: road, when: { category: road/* }, then: { assign: roads } }
",
    );
    let mut decided = Vec::new();
    for seconds in [0, 10, 19, 1, 20] {
        bed.pass(Duration::from_secs(seconds));
        let (id, letter) = bed.report("road/hole", None).await;
        bed.apply(&[letter]).await;
        decided.push(rule(&bed, id).await);
    }
    // The first count, of an empty city, is good for half a minute; after it, three are open.
    assert_eq!(decided, ["road", "road", "road", "busy", "busy"]);
    assert_eq!(bed.store.open_by_lead().await.unwrap(), [(testing::slug("green"), 2), (testing::slug("roads"), 3)]);
}

async fn who_has_a_part_already_gets_it_once(bed: Bed) {
    let bed = bed.with_rules(
        "
- { rule: first, when: {}, then: { assign: roads, split: [green], inform: [police] } }
- { rule: second, when: {}, then: { assign: lamps, split: [green, police] } }
- { rule: third, when: {}, then: { assign: desk, inform: [green, police] } }
",
    );
    let (id, letter) = bed.report("road/hole", None).await;
    bed.apply(&[letter]).await;
    let roles = |work: Vec<schemas::dispatch::Dispatch>| work.iter().map(|work| work.role).collect::<Vec<_>>();
    let (green, police) = (Lane::department(&testing::slug("green")), Lane::queue(&testing::slug("police")));
    assert_eq!(roles(bed.work(green.clone()).await), [Role::Part]);
    assert_eq!(roles(bed.work(police.clone()).await), [Role::Informed]);

    let again = bed.reject(id, "roads").await;
    bed.apply(&[again]).await;
    assert_eq!(rule(&bed, id).await, "second");
    assert_eq!(roles(bed.work(green.clone()).await), [], "its part is its part still");
    assert_eq!(roles(bed.work(police.clone()).await), [Role::Part], "it heard of it, and now does a part");

    let again = bed.reject(id, "lamps").await;
    bed.apply(&[again]).await;
    assert_eq!(rule(&bed, id).await, "third");
    assert_eq!(roles(bed.work(green).await), []);
    assert_eq!(roles(bed.work(police).await), []);
    assert_eq!(bed.store.dispatches_of(id).await.unwrap().len(), 6);
}

#[test]
fn only_what_rules_ask_is_looked_up() {
    let both = Needs { reporter: true, load: true };
    for (when, needs) in [
        ("{}", Needs::default()),
        ("{ category: road/*, words: [ice] }", Needs::default()),
        ("{ reporter: staff }", Needs { reporter: true, load: false }),
        ("{ load: { department: roads, open: 3 } }", Needs { reporter: false, load: true }),
        ("{ not: { reporter: staff } }", Needs { reporter: true, load: false }),
        ("{ any: [{ photo: true }, { all: [{ reporter: staff }, { load: { department: roads, open: 3 } }] }] }", both),
    ] {
        let text = format!("- {{ rule: a, when: {when}, then: {{ assign: roads }} }}");
        let (ruleset, faults) = Ruleset::read(&testing::city(&[("a.yaml", &text)]));
        assert_eq!(ruleset.unwrap_or_else(|| panic!("{faults:#?}")).needs(), needs, "{when}");
    }
}
