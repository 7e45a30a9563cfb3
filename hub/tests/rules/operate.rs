//! Activate, look back, go back.

use crate::{
    Bed, RULES, both,
    house::{House, Told},
};

both!(
    rules_are_put_in_force_and_taken_back,
    rules_with_faults_are_refused,
    what_does_not_fit_the_city_any_more_is_not_brought_back,
    the_commands_of_the_document_run_as_written,
);

fn to_green() -> String {
    RULES.replace("assign: wegen", "assign: groen")
}

async fn rules_are_put_in_force_and_taken_back(bed: Bed) {
    bed.store().await.close().await;
    let (first, second) = (bed.version(RULES), bed.version(&to_green()));
    bed.run(&["rules", "history"]).says(&["no rules were ever put in force"]);
    bed.run(&["rules", "rollback"]).fails(1, &["no rules were ever put in force", "rules activate"]);

    bed.run(&["rules", "activate", "--dry-run"]).says(&[
        "2 rules",
        "these are the first",
        &first,
        "nothing was changed",
    ]);
    bed.run(&["rules", "history"]).says(&["no rules were ever put in force"]);
    let done = bed.run(&["rules", "activate", "--json"]).json(0);
    assert_eq!(
        (&done["activated"], &done["activation"], &done["version"]),
        (&true.into(), &1.into(), &first.clone().into())
    );
    assert!(done["before"].is_null() && done["changes"].is_null());
    bed.run(&["rules", "activate"]).says(&["in force already (activation 1)", "nothing to do"]);
    bed.run(&["rules", "rollback"]).fails(1, &["no other rules were in force before"]);

    bed.write("rules/a.yaml", &to_green());
    bed.run(&["rules", "activate", "--dry-run"]).says(&["~ holes", "would be put in force"]);
    bed.run(&["rules", "activate", "--note", " holes go to green "]).says(&[
        "~ holes",
        "activation 2",
        "rules rollback",
    ]);
    bed.run(&["rules", "rollback", "--dry-run"]).says(&["~ holes", &first, "nothing was changed"]);
    let done = bed.run(&["rules", "rollback", "--json"]).json(0);
    assert_eq!(
        (&done["activated"], &done["activation"], &done["version"]),
        (&true.into(), &3.into(), &first.clone().into())
    );
    assert_eq!(done["before"], serde_json::json!({"activation": 2, "version": second}));
    assert_eq!(done["changes"]["changed"], serde_json::json!(["holes"]));
    // Its text did not change, but it is not what the folder holds now.
    bed.run(&["rules", "rollback", "1"]).says(&["in force already (activation 3)"]);
    bed.run(&["rules", "rollback", "99"]).fails(2, &["there is no activation 99", "rules history"]);
    bed.run(&["rules", "rollback"]).says(&[&second, "activation 4"]);

    let history = bed.run(&["rules", "history", "--json"]).json(0);
    let lines: Vec<_> =
        history["history"].as_array().unwrap().iter().map(|a| (&a["activation"], &a["note"], &a["in_force"])).collect();
    let line = |n: i64, note: &str, stands: bool| (n.into(), note.into(), stands.into());
    let expected: [(serde_json::Value, serde_json::Value, serde_json::Value); 4] = [
        line(4, "rollback to 2", true),
        line(3, "rollback to 1", false),
        line(2, "holes go to green", false),
        line(1, "", false),
    ];
    assert_eq!(lines, expected.iter().map(|(n, note, stands)| (n, note, stands)).collect::<Vec<_>>());
    bed.run(&["rules", "history", "--limit", "1"]).says(&["in force", "rollback to 2", "There are older ones"]);
    bed.run(&["rules", "activate", "--note", "two\nlines"]).fails(2, &["a note is one line"]);
}

async fn rules_with_faults_are_refused(bed: Bed) {
    bed.store().await.close().await;
    bed.run(&["rules", "activate"]).ends(0);
    // An example that does not come out as it says.
    bed.write("rules/a.yaml", &RULES.replacen("then: { assign: wegen }", "then: { assign: groen }", 1));
    bed.run(&["rules", "activate"]).fails(2, &["rules/a.yaml:1", "has faults"]);
    let refused = bed.run(&["rules", "activate", "--json"]).json(1);
    assert_eq!((&refused["activated"], &refused["errors"]), (&false.into(), &1.into()));
    assert_eq!(refused["faults"][0]["file"], "rules/a.yaml");
    bed.write("rules/a.yaml", "# nothing\n");
    bed.run(&["rules", "activate"]).fails(1, &["has no rules", "nothing was activated"]);
    let history = bed.run(&["rules", "history", "--json"]).json(0);
    assert_eq!(history["history"].as_array().unwrap().len(), 1);
}

async fn what_does_not_fit_the_city_any_more_is_not_brought_back(bed: Bed) {
    bed.store().await.close().await;
    bed.run(&["rules", "activate"]).ends(0);
    let categories = std::fs::read_to_string(bed.city().join("categories.yaml")).unwrap();
    bed.write("categories.yaml", &categories.replace("straat/boom", "straat/bomen"));
    bed.write("rules/a.yaml", &to_green().replace("straat/boom", "straat/bomen"));
    bed.run(&["rules", "activate"]).says(&["in force is version", "does not fit this city", "activation 2"]);
    bed.run(&["rules", "rollback"]).fails(1, &["activation 1 cannot be brought back", "straat/boom"]);
    // The folder may have faults of its own: going back works all the same.
    bed.write("rules/b.yaml", "- { rule: holes }\n");
    bed.run(&["rules", "rollback", "2"]).says(&["in force already"]);
}

const DOCUMENT: &str = include_str!("../../../docs/install/operate-rules.md");

/// The words of a line of shell: quotes hold words together, `#` begins a remark.
fn words(line: &str) -> Vec<String> {
    let line = line.split(" #").next().unwrap_or_default();
    let parts = line.split('"').enumerate();
    parts.fold(Vec::new(), |mut words, (n, part)| {
        match n % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
        words
    })
}

async fn the_commands_of_the_document_run_as_written(bed: Bed) {
    let house = House::open(&bed).await;
    for n in 1..=4 {
        bed.write("rules/a.yaml", &format!("# Version {n}.\n{RULES}"));
        house.activate(&bed).await;
    }
    let reference = house.report(Told::about("straat/put")).await.to_string();
    bed.write("rules/a.yaml", &to_green());
    let draft = bed.candidate(&to_green());
    let mut ran = 0;
    for block in DOCUMENT.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for line in block.lines() {
            // The folder, the reference and the month are this test's own.
            let line = line.replace("../draft", draft.to_str().unwrap()).replace("1234 5671", &reference);
            let words = words(&line.replace("2026-10-31", "2024-12-31").replace("2026-10", "2024-10"));
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(words[0], "voordeur", "{line}");
            bed.run(&words[1..]).ends(0);
            ran += 1;
        }
    }
    assert!(ran >= 15, "{ran} commands");
}
