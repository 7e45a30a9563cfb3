//! The adapter over a folder, with the rows of both databases.

use super::{
    bed::{Town, dispatches},
    *,
};
use crate::testing::{self, Desk, Hands, PUSHED, routed};
use schemas::{Uuid, case::Role, dispatch::DispatchState, letter::Letter};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, sync::atomic::Ordering};
use store::DeadFilter;

testing::both!(
    a_file_goes_out_at_its_hour_with_what_waits,
    what_the_department_says_comes_from_its_files,
    bad_rows_are_named_and_never_stop_the_good_ones,
    what_is_not_finished_is_left_alone,
    a_receipt_makes_the_work_theirs_or_brings_it_back,
    a_late_receipt_is_told_once,
    whatever_step_it_dies_at_nothing_is_lost_or_doubled,
    trouble_with_the_folder_is_told_and_loses_nothing,
);

async fn a_file_goes_out_at_its_hour_with_what_waits((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, &tools, json!({"most": 2, "checksum": true}));
    assert_eq!((town.round().await, town.names("out")), (0, Vec::new()), "no empty file");
    let mut letters = Vec::new();
    for _ in 0..3 {
        letters.push(town.dispatched().await);
    }
    assert_eq!(town.row(&letters[0]).await.state, DispatchState::Posted);
    assert_eq!(town.row(&letters[0]).await.why.as_deref(), Some("waits for the next file"));
    town.after(9).await;
    assert_eq!(town.names("out"), Vec::<String>::new(), "not its hour yet");
    town.after(1).await;
    let first = "voordeur-contactcentrum-20261123-000001.csv";
    let second = "voordeur-contactcentrum-20261123-000002.csv";
    let names = [first.to_owned(), format!("{first}.sha256"), second.to_owned(), format!("{second}.sha256")];
    assert_eq!(town.names("out"), names);
    let text = town.read(&format!("out/{first}"));
    let sum = format!("{}  {first}\n", out::digest(text.as_bytes()));
    assert_eq!(town.read(&format!("out/{first}.sha256")), sum);
    let mut there = [dispatches(&text), dispatches(&town.read(&format!("out/{second}")))].concat();
    assert_eq!(there.len(), 3);
    there.sort();
    let mut wanted: Vec<String> = letters.iter().map(|letter| letter.id.to_string()).collect();
    wanted.sort();
    assert_eq!(there, wanted);
    for letter in &letters {
        let row = town.row(letter).await;
        assert_eq!(row.state, DispatchState::Delivered);
        assert!(row.receipt.unwrap().starts_with("voordeur-contactcentrum-"));
        assert_eq!(town.timeline(letter).await, "received handed_over");
    }
    town.after(30).await;
    assert_eq!(town.names("out").len(), 4, "nothing new, no file");
}

async fn what_the_department_says_comes_from_its_files((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, &tools, json!({"format": "json"}));
    town.round().await;
    let (one, two) = (town.dispatched().await, town.dispatched().await);
    town.after(11).await;
    let out: Value = serde_json::from_str(&town.read("out/voordeur-contactcentrum-20261123-000001.json")).unwrap();
    let reference = out["dispatches"][0]["reference"].as_str().unwrap().to_owned();
    let [by_reference, by_id] = match out["dispatches"][0]["id"].as_str() == Some(&one.id.to_string()) {
        true => [&one, &two],
        false => [&two, &one],
    };
    town.put(
        "a.json",
        &format!(
            r#"[{{"reference": "{reference}", "what": "plan", "on": "2026-11-30", "text": "We komen"}},
                {{"dispatch": "{}", "what": "accept", "at": "{}"}}]"#,
            by_id.id,
            tools.clock.now()
        ),
    );
    // A spreadsheet in the letters of its country.
    std::fs::write(
        town.at("in/b.csv"),
        format!("dispatch;what;text\r\n{};internal_note;caf\u{e9}\r\n", by_id.id)
            .chars()
            .map(|c| c as u8)
            .collect::<Vec<_>>(),
    )
    .unwrap();
    assert_eq!(town.after(2).await, 3);
    assert_eq!(town.timeline(by_reference).await, "received handed_over planned");
    assert_eq!(town.timeline(by_id).await, "received handed_over accepted internal_note");
    let events = town.tools.store.timeline(by_id.case_id.unwrap(), false).await.unwrap();
    assert!(format!("{events:?}").contains("café"));
    assert_eq!((town.names("in"), town.names("done")), (Vec::new(), vec!["a.json".to_owned(), "b.csv".to_owned()]));
    // The same file again, and one that says it all again and something new.
    town.put("b.csv", &format!("dispatch;what;text\r\n{};internal_note;x\r\n", by_id.id));
    town.put("c.json", &town.read("done/a.json"));
    assert_eq!(town.after(2).await, 3);
    assert_eq!(town.names("done").len(), 4);
    assert_eq!(town.timeline(by_id).await, "received handed_over accepted internal_note internal_note");
}

async fn bad_rows_are_named_and_never_stop_the_good_ones((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, &tools, json!({"delimiter": ";", "in": "van ons"}));
    town.round().await;
    let (good, informed) = (town.dispatched().await, routed(&tools, PUSHED, Role::Informed).await);
    town.deliver(&informed).await;
    let elsewhere = routed(&tools, testing::FETCHES, Role::Lead).await;
    town.after(11).await;
    let text = format!(
        "dispatch;what;txt;text\n{};done;;Klaar\n{};done;;Klaar\n{};done;;Klaar\n{};don;;Klaar\nx;done;;Klaar\n\n{};;;\n",
        good.id, informed.id, elsewhere.id, good.id, good.id
    );
    std::fs::write(town.at("van ons/deze week.csv"), &text).unwrap();
    std::fs::write(town.at("van ons/blad.xlsx"), "PK").unwrap();
    assert_eq!(town.after(2).await, 1);
    assert!(town.timeline(&good).await.ends_with("handed_over solved"), "{}", town.timeline(&good).await);
    assert_eq!(town.names("van ons"), ["blad.xlsx.errors", "deze week.csv.errors"]);
    let errors = town.read("van ons/deze week.csv.errors");
    let rows: Vec<&str> = errors.lines().collect();
    assert_eq!(rows.len(), 6, "{errors}");
    for (row, part) in [
        ("row;field;message", ""),
        ("1;txt;", "did you mean `text`"),
        ("3;what;", "only internal_note"),
        ("4;dispatch;", "no such dispatch"),
        ("5;what;", "did you mean `done`"),
        ("6;dispatch;", "copy it from our file"),
    ] {
        assert!(rows.iter().any(|line| line.starts_with(row) && line.contains(part)), "{row} {part}: {errors}");
    }
    assert!(town.read("van ons/blad.xlsx.errors").contains("save the sheet as CSV"));
    assert_eq!(town.names("done"), ["blad.xlsx", "deze week.csv"]);
    // Put right under the same name, the complaint goes.
    std::fs::write(town.at("van ons/deze week.csv"), "dispatch;what\n").unwrap();
    town.after(2).await;
    assert_eq!(town.names("van ons"), ["blad.xlsx.errors"]);
}

async fn what_is_not_finished_is_left_alone((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, &tools, json!({}));
    town.round().await;
    let letter = town.dispatched().await;
    town.after(11).await;
    let row = |text: &str| format!("dispatch,what,text\n{},internal_note,{text}", letter.id);
    town.put("a.csv", &row("half"));
    town.put("b.csv.part", &row("part\n"));
    town.put("c.json", "[{");
    assert_eq!(town.after(8).await, 0);
    assert_eq!(town.names("in"), ["a.csv", "b.csv.part", "c.json"]);
    town.put("a.csv", &row("half a row more\n"));
    assert_eq!(town.after(2).await, 1);
    // Nobody writes for ten minutes at a row; then it is read as it is, or said why not.
    town.put("d.csv", &row("no line end"));
    assert_eq!(town.after(13).await, 1);
    assert_eq!(town.names("in"), ["b.csv.part", "c.json.errors"]);
    assert!(town.read("in/c.json.errors").contains("not JSON"));
}

async fn a_receipt_makes_the_work_theirs_or_brings_it_back((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, &tools, json!({"receipt": "required"}));
    town.round().await;
    let (taken, refused) = (town.dispatched().await, town.dispatched().await);
    let name = "voordeur-contactcentrum-20261123-000001.csv";
    town.after(11).await;
    assert!(town.at(&format!("out/{name}")).exists());
    assert_eq!(town.row(&taken).await.state, DispatchState::Posted, "the file is there, the receipt is not");
    town.put(
        &format!("{name}.receipt"),
        &format!(
            "dispatch,result,their_number,reason\n{},accepted,W-7,\n{},rejected,,adres onbekend\n{},accepted,,\n",
            taken.id,
            refused.id,
            Uuid::from_u128(1)
        ),
    );
    town.after(2).await;
    let row = town.row(&taken).await;
    assert_eq!((row.state, row.receipt.as_deref()), (DispatchState::Delivered, Some("W-7")));
    assert_eq!(town.row(&refused).await.state, DispatchState::Failed);
    assert_eq!(town.timeline(&refused).await, "received hand_over_failed");
    assert!(town.read(&format!("in/{name}.receipt.errors")).contains("has no such row"));
    // What they call it is known from now on.
    town.put("u.csv", "their_number,what\nW-7,accept\n");
    assert_eq!(town.after(2).await, 1);
    assert_eq!(town.timeline(&taken).await, "received handed_over accepted");
    // An operator replays what came back: it waits for the next file.
    let dead = tools.store.dead(DeadFilter { limit: 10, ..DeadFilter::default() }).await.unwrap();
    let [dead] = &dead[..] else { panic!("{dead:?}") };
    assert!(dead.why.contains("adres onbekend"), "{}", dead.why);
    town.deliver(&dead.letter).await;
    town.after(11).await;
    let second = "voordeur-contactcentrum-20261123-000002.csv";
    assert_eq!(dispatches(&town.read(&format!("out/{second}"))), [refused.id.to_string()]);
    town.put(&format!("{second}.receipt"), "dispatch,result\n*,accepted\n");
    town.after(2).await;
    assert_eq!(town.row(&refused).await.state, DispatchState::Delivered);
    assert!(tools.store.open_batches(&testing::slug(PUSHED)).await.unwrap().is_empty());
    // A receipt of nothing is said to be one.
    town.put("onbekend.csv.receipt", "dispatch,result\n*,accepted\n");
    town.after(2).await;
    assert!(town.read("in/onbekend.csv.receipt.errors").contains("no file `onbekend.csv` of ours"));
}

async fn a_late_receipt_is_told_once((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, &tools, json!({"receipt": "expected", "receipt_within": "1h"}));
    town.round().await;
    let letter = town.dispatched().await;
    town.after(11).await;
    assert_eq!(town.timeline(&letter).await, "received handed_over");
    for _ in 0..3 {
        hands.pass(3_700);
        town.round().await;
    }
    assert_eq!(town.timeline(&letter).await, "received handed_over internal_note");
    let [file] = &tools.store.open_batches(&testing::slug(PUSHED)).await.unwrap()[..] else { panic!("one is open") };
    town.put(&format!("{}.receipt", file.name), "dispatch,result\n*,accepted\n");
    town.after(2).await;
    assert!(tools.store.open_batches(&testing::slug(PUSHED)).await.unwrap().is_empty());
}

/// Takes away what lies in its place, as the department's system does.
fn collect(out: &Path, files: &mut BTreeMap<String, Vec<String>>) {
    for entry in std::fs::read_dir(out).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "csv") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let rows = dispatches(&std::fs::read_to_string(&path).unwrap());
            assert_eq!(files.insert(name.clone(), rows), None, "{name} went out twice");
            std::fs::remove_file(&path).unwrap();
        }
    }
}

async fn whatever_step_it_dies_at_nothing_is_lost_or_doubled((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, &tools, json!({"checksum": true, "receipt": "expected"}));
    dies_at_every_step(&hands, &town).await;
}

/// Lets the town die before and after each step of its rounds, and counts what the department got.
pub(super) async fn dies_at_every_step(hands: &Hands, town: &Town) {
    town.round().await;
    let (mut files, mut letters) = (BTreeMap::new(), Vec::new());
    let mut cuts = 0;
    for step in 0.. {
        let letter = town.dispatched().await;
        if let Some(last) = letters.last() {
            let last: &Letter = last;
            town.put(&format!("{step}.csv"), &format!("dispatch,what,text\n{},internal_note,{step}\n", last.id));
        }
        if let Some(name) = files.keys().last() {
            let name: &String = name;
            town.put(&format!("{name}.receipt"), "dispatch,result\n*,accepted\n");
        }
        letters.push(letter);
        // Seen by one round, read by the next, put away by a third; the file of the hour besides.
        hands.pass(601);
        town.shelf.steps.store(0, Ordering::SeqCst);
        *town.shelf.cut.lock().unwrap() = Some((step / 2, step % 2 == 0));
        let died = async {
            for _ in 0..3 {
                while town.rounds.once().await.unwrap() {}
                hands.pass(11);
            }
        };
        let finished = tokio::select! {
            () = died => true,
            () = town.shelf.stopped.notified() => false,
        };
        collect(&town.at("out"), &mut files);
        *town.shelf.cut.lock().unwrap() = None;
        // Another process takes over when the claim has run out.
        hands.pass(901);
        for _ in 0..3 {
            town.round().await;
            hands.pass(11);
        }
        collect(&town.at("out"), &mut files);
        cuts += usize::from(!finished);
        if finished && step % 2 == 1 {
            break;
        }
    }
    assert!(cuts > 40, "it died {cuts} times");
    town.after(2).await;
    assert_eq!(town.names("out").iter().filter(|name| !name.ends_with(".sha256")).count(), 0);
    let mut rows: Vec<String> = files.into_values().flatten().collect();
    rows.sort();
    let mut wanted: Vec<String> = letters.iter().map(|letter| letter.id.to_string()).collect();
    wanted.sort();
    assert_eq!(rows, wanted, "each dispatch stands in one file");
    let (last, rest) = letters.split_last().unwrap();
    for letter in rest {
        let words = town.timeline(letter).await;
        assert_eq!(words, "received handed_over internal_note");
    }
    assert_eq!(town.timeline(last).await, "received handed_over");
    assert_eq!(town.names("in"), Vec::<String>::new());
}

async fn trouble_with_the_folder_is_told_and_loses_nothing((hands, _bed, tools): Desk) {
    let town = Town::new(&hands, &tools, json!({}));
    town.round().await;
    let letter = town.dispatched().await;
    let (here, away) = (town.folder.path().to_owned(), town.folder.path().with_extension("away"));
    std::fs::rename(&here, &away).unwrap();
    town.after(12).await;
    assert!(town.why().await.unwrap().contains("there is no folder"), "{:?}", town.why().await);
    assert_eq!(town.row(&letter).await.state, DispatchState::Posted);
    std::fs::rename(&away, &here).unwrap();
    // Somebody else's file has the name.
    let name = "out/voordeur-contactcentrum-20261123-000001.csv";
    std::fs::write(town.at(name), "theirs").unwrap();
    town.after(2).await;
    assert!(town.why().await.unwrap().contains("move it away"), "{:?}", town.why().await);
    assert_eq!(town.read(name), "theirs");
    std::fs::remove_file(town.at(name)).unwrap();
    town.after(2).await;
    assert_eq!((town.why().await, town.row(&letter).await.state), (None, DispatchState::Delivered));
    assert_eq!(dispatches(&town.read(name)), [letter.id.to_string()]);
}
