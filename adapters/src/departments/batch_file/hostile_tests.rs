//! Folders and files that nobody in their right mind would make, and that somebody makes.

use super::{bed::Town, *};
use crate::{
    intake::contest::{self, contest},
    testing::{self, Desk, Hands, waiting},
};
use schemas::{case::Status, letter::Lane, trace::Trace};
use serde_json::json;

testing::both!(
    a_file_that_cannot_be_read_or_moved_stops_no_other,
    what_is_sent_again_each_day_closes_nothing_that_was_opened_again,
);

async fn a_file_that_cannot_be_read_or_moved_stops_no_other((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, &tools, json!({}));
    town.round().await;
    let letter = town.dispatched().await;
    town.after(11).await;
    let row = |text: &str| format!("dispatch,what,text\n{},internal_note,{text}\n", letter.id);
    // Larger than anything that is read, and one whose place among the read ones is taken.
    std::fs::File::create(town.at("in/a.csv")).unwrap().set_len(shelf::LARGEST + 1).unwrap();
    town.put("b.csv", &row("b"));
    std::fs::create_dir(town.at("done/b.csv")).unwrap();
    town.put("c.csv", &row("c"));
    assert_eq!(town.after(3).await, 2);
    town.put("d.csv", &row("d"));
    assert_eq!(town.after(3).await, 1, "{:?}", town.why().await);
    assert!(town.read("in/a.csv.errors").contains("larger than 20 MB"));
    assert_eq!(town.why().await, None);
    let [b, beside, c, d] = &town.names("done")[..] else { panic!("{:?}", town.names("done")) };
    assert_eq!([b, c, d], ["b.csv", "c.csv", "d.csv"]);
    assert!(beside.starts_with("b.csv."), "{beside}");
    assert_eq!(town.names("in"), ["a.csv", "a.csv.errors"]);
    // Put right, it goes the way of all files.
    town.put("a.csv", &row("a"));
    assert_eq!(town.after(3).await, 1);
    assert_eq!((town.why().await, town.names("in")), (None, Vec::new()));
    let words = town.timeline(&letter).await;
    assert_eq!(words.matches("internal_note").count(), 4, "{words}");
}

/// The resident says that it is not solved; the department gets it anew.
async fn again(hands: &Hands, town: &Town, letter: &Letter) -> Letter {
    let case = letter.case_id.unwrap();
    let token = town.tools.store.report(case).await.unwrap().unwrap().token;
    hands.pass(3_600);
    assert!(matches!(contest(&town.tools, &token, None, Trace::start()).await, contest::Outcome::Reopened(_)));
    waiting(&town.tools.store, &Lane::router()).await;
    let mut tx = town.tools.store.begin().await.unwrap();
    let mut kept = tx.lock_cases(&[case]).await.unwrap().remove(&case).unwrap();
    let now = town.tools.clock.now();
    (kept.status, kept.status_at, kept.closed_at) = (Status::Routed, now, None);
    let mut dispatch: Dispatch = letter.read().unwrap();
    dispatch.id = schemas::id::derived(&["again", &letter.id.to_string()]);
    let row = store::DispatchRow::posted(dispatch.id, case, dispatch.department.clone(), dispatch.role, now);
    tx.save_cases(&[kept]).await.unwrap();
    tx.add_dispatches(&[row]).await.unwrap();
    tx.commit().await.unwrap();
    let topic = schemas::letter::Topic::DepartmentDispatch;
    let again = Letter::new(
        dispatch.id,
        Lane::department(&dispatch.department),
        topic,
        "report",
        &dispatch,
        Trace::start(),
        now,
    );
    let again = again.about(case);
    town.deliver(&again).await;
    again
}

async fn what_is_sent_again_each_day_closes_nothing_that_was_opened_again((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, &tools, json!({"receipt": "expected"}));
    town.round().await;
    let letter = town.dispatched().await;
    town.after(11).await;
    let case = letter.case_id.unwrap();
    let name = "voordeur-contactcentrum-20261123-000001.csv";
    town.put(&format!("{name}.receipt"), &format!("dispatch,result,their_number\n{},accepted,W-7\n", letter.id));
    town.after(2).await;
    let reference = tools.store.report(case).await.unwrap().unwrap().reference;
    let at = tools.clock.now();
    let all = format!("reference;their_number;what;at;text\n{reference};;done;{at};Klaar\n;W-7;note;{at};Weg\n");
    town.put("maandag.csv", &all);
    assert_eq!(town.after(2).await, 2);
    assert_eq!(tools.store.case(case).await.unwrap().unwrap().status, Status::Solved);
    let second = again(&hands, &town, &letter).await;
    town.after(61).await;
    let receipt = format!("dispatch,result,their_number\n{},accepted,W-7\n", second.id);
    town.put("voordeur-contactcentrum-20261123-000002.csv.receipt", &receipt);
    town.after(2).await;
    let before = town.timeline(&letter).await;
    town.put("dinsdag.csv", &all);
    town.after(2).await;
    assert_eq!(town.timeline(&letter).await, before, "a row with a time is heard once");
    assert_eq!(tools.store.case(case).await.unwrap().unwrap().status, Status::Routed);
    // What is new about it counts.
    let at = tools.clock.now();
    town.put("woensdag.csv", &format!("{all}{reference};;done;{at};Nu echt\n"));
    town.after(2).await;
    assert_eq!(tools.store.case(case).await.unwrap().unwrap().status, Status::Solved);
}
