//! Tables: read as spreadsheets write them, the same as the YAML that says the same, and wrong in a
//! cell that is named.

use super::cells;
use crate::{
    Changes, Facts, Ruleset, Situation, decide,
    testing::{city, report, situation, slug},
};
use proptest::prelude::*;
use schemas::fault::{Fault, Severity};
use serde_json::json;

fn read(file: &str, text: &str) -> (Option<Ruleset>, Vec<Fault>) {
    Ruleset::read(&city(&[(file, text)]))
}

fn good(file: &str, text: &str) -> Ruleset {
    let (ruleset, faults) = read(file, text);
    ruleset.unwrap_or_else(|| panic!("{text}\n{faults:#?}"))
}

/// Every kind of column, and the YAML that says the same.
const TABLE: &str = r#"rule;#why;category;kind;area;not area;not category;answer.danger;answer.waste;not answer.number;load.roads;load.green;photo;office_hours;words;reporter;road manager;expression;time;assign;split;inform;on_call;priority;term;given.category;given.area;given.answers.danger;given.answers.waste;given.load.roads;given.at;given.photos;expect.priority;expect.inform
all;"because; of this";road/*;report,question;north;;;JA;glass|paper;;>2;<9;;;;;;;;roads;green;police;police;high;3wd;road/hole;north;waar;glass, paper;3;2026-03-04 10:00;2;emergency;police
not;;road/hole;;;south;;;;1..9;;;false;;;;;;;desk;;;;;;;north;;;;;;;none
two-nots;;;;;north;road/ice;;;;;;;FALSE;"gas*, ""no light""";;;;;lamps;;;;;;;;;;;;;;
rest;;-;;;;;;;;;;;;;anonymous;city;photos == 0 and hour in [9, 10];09:00-11:00;green;;;;;14d;;;;;;;;;
"#;
const YAML: &str = r#"
- rule: all
  when: { category: road/*, kind: [report, question], area: north, answer: { danger: true, waste: [glass, paper] },
          all: [{ load: { department: roads, open: ">2" } }, { load: { department: green, open: "<9" } }] }
  then: { assign: roads, split: [green], inform: [police], on_call: [police], priority: high, term: 3wd }
  examples:
    - given: { category: road/hole, area: north, answers: { danger: true, waste: [glass, paper] }, load: { roads: 3 }, at: "2026-03-04 10:00", photos: 2 }
      expect: { assign: roads, priority: emergency, inform: [police] }
- rule: not
  when: { category: road/hole, photo: false, not: { any: [{ area: south }, { answer: { number: 1..9 } }] } }
  then: { assign: desk }
  examples:
    - given: { category: road/hole, area: north }
      expect: { assign: desk, inform: [] }
- rule: two-nots
  when: { office_hours: false, words: [gas*, '"no light"'], not: { any: [{ area: north }, { category: road/ice }] } }
  then: { assign: lamps }
- rule: rest
  when: { reporter: anonymous, road_manager: city, expression: "photos == 0 and hour in [9, 10]", time: "09:00-11:00" }
  then: { assign: green, term: 14d }
"#;

#[test]
fn a_table_says_the_same_as_yaml() {
    let (from_table, from_yaml) = (good("a.csv", TABLE), good("a.yaml", YAML));
    assert_eq!(from_yaml.changes(&from_table), Changes::default());
    let lines: Vec<(&str, usize)> = from_table.rules().iter().map(|rule| (rule.name.as_str(), rule.line)).collect();
    assert_eq!(lines, [("all", 2), ("not", 3), ("two-nots", 4), ("rest", 5)]);
    assert_eq!(from_table.rules()[0].file, "rules/a.csv");
    assert_eq!(from_table.needs(), from_yaml.needs());
}

#[test]
fn every_spreadsheet_is_understood() {
    let plain = good(
        "a.yaml",
        "- { rule: a, when: { category: [road/hole, road/ice], words: 'gas lek' }, then: { assign: roads, inform: [police] } }",
    );
    for (what, text) in [
        ("semicolons", "rule;category;words;assign;inform\na;road/hole, road/ice;gas lek;roads;police\n"),
        ("commas", "rule,category,words,assign,inform\na,\"road/hole,road/ice\",gas lek,roads,police\n"),
        ("tabs", "rule\tcategory\twords\tassign\tinform\na\troad/hole|road/ice\tgas lek\troads\tpolice\n"),
        ("a mark before it", "\u{feff}rule;category;words;assign;inform\na;road/hole,road/ice;gas lek;roads;police"),
        ("a told separator", "sep=,\nrule,category,words,assign,inform\na,road/hole|road/ice,gas lek,roads,police\n"),
        (
            "lines of another system",
            "rule;category;words;assign;inform\r\na;road/hole, road/ice;gas lek;roads;police\r\n",
        ),
        (
            "everything quoted",
            "\"rule\";\"category\";\"words\";\"assign\";\"inform\"\n\"a\";\"road/hole\nroad/ice\";\"gas lek\";\"roads\";\"police\"\n",
        ),
        (
            "spaces and capitals",
            " Rule ; CATEGORY ; Words;assign ; inform \n a ; road/hole , road/ice ; gas lek ; roads ; police \n",
        ),
        (
            "empty rows and remarks",
            "rule;category;words;assign;inform;# who asked\n;;;;;\n# until 2027;;;;;\na;road/hole,road/ice;gas lek;roads;police;Jan\n;;;;;\n",
        ),
        (
            "a remark first",
            "# Ours, until 2027\n\nrule,category,words,assign,inform\na,road/hole|road/ice,gas lek,roads,police\n",
        ),
        (
            "a column for people first",
            "# nr;rule;category;words;assign;inform\n1;a;road/hole|road/ice;gas lek;roads;police\n",
        ),
        ("short rows", "rule;category;words;assign;inform;priority;term\na;road/hole,road/ice;gas lek;roads;police\n"),
    ] {
        assert_eq!(plain.changes(&good("a.csv", text)), Changes::default(), "{what}");
    }
    for text in ["", "\n", "rule;category;assign\n", "# nothing yet\n"] {
        assert_eq!(good("a.csv", text).rules().len(), 0, "{text:?}");
    }
}

#[test]
fn files_of_both_kinds_stand_in_the_order_of_their_names() {
    let city = city(&[
        ("10.csv", "rule;category;assign\na;road/hole;roads\nb;road/*;green\n"),
        ("05.yaml", "- { rule: c, when: { kind: complaint }, then: { assign: desk } }"),
        ("20.yml", "- { rule: d, when: {}, then: { assign: desk } }"),
    ]);
    let (ruleset, faults) = Ruleset::read(&city);
    let ruleset = ruleset.unwrap_or_else(|| panic!("{faults:#?}"));
    assert_eq!(ruleset.rules().iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["c", "a", "b", "d"]);
    let report = report(&city);
    let decision = decide(&ruleset, &city, &Facts::of(&report, &city, &[], report.received_at));
    assert_eq!((decision.rule.as_str(), decision.lead()), ("a", Some(&slug("roads"))));
    // Another table is another version.
    let mut files = city.files.clone();
    files.insert("rules/10.csv".to_owned(), "rule;category;assign\na;road/hole;desk\nb;road/*;green\n".into());
    let (other, _) = Ruleset::read_files(&city, &files);
    assert_ne!(other.unwrap().version(), ruleset.version());
}

/// A table with `^` before the place that is named, the message and the help.
#[test]
fn what_is_wrong_is_named_with_its_cell_and_a_fix() {
    for (marked, message, help) in [
        (
            "rule;^categorie;assign\na;road/hole;roads\n",
            "the column `categorie` means nothing",
            "did you mean `category`?",
        ),
        ("rule;^answer.dangr;assign\n", "`answer.dangr` means nothing", "did you mean `answer.danger`?"),
        ("rule;^load.rods;assign\n", "`load.rods` means nothing", "did you mean `load.roads`?"),
        ("rule;assign;^given.wrds\n", "`given.wrds` means nothing", "did you mean `given.words`?"),
        ("rule;assign;^expect.lead\n", "`expect.lead` means nothing", "there are: assign"),
        ("rule;^any;assign\n", "`any` means nothing", ""),
        ("rule;area;assign;^area\n", "two columns `area`", "a list"),
        ("^category;assign\nroad/hole;roads\n", "no column with the names", "column `rule`"),
        ("^rule;category\na;road/hole\n", "does not say who does it", "column `assign`"),
        ("rule;category;assign\n^;road/hole;roads\n", "this row has no name", "in the column `rule`"),
        ("rule;assign\na;roads;^more\n", "this row has 3 cells, the header has 2", "in quotes"),
        ("rule;category;assign\na;^road/hoel;roads\n", "there is no category `road/hoel`", "did you mean `road/hole`?"),
        ("rule;category;assign\na;road/ice, ^road/hoel;roads\n", "there is no category `road/hoel`", "did you mean"),
        (
            "rule;category;assign\na;\"road/ice\n^road/hoel\";roads\n",
            "there is no category `road/hoel`",
            "did you mean",
        ),
        ("rule,category,assign\na,\"road/ice,^road/hoel\",roads\n", "there is no category `road/hoel`", "did you mean"),
        ("rule;assign;inform\na;roads;police|^rods\n", "there is no department `rods`", "did you mean `roads`?"),
        ("rule;assign;term\na;roads;^10 weeks\n", "`10 weeks` is not a term", "10wd"),
        ("rule;load.roads;assign\na;^many;roads\n", "`many` is no number of cases", ">50"),
        (
            "rule;answer.waste;assign\na;paper,^glas;roads\n",
            "no option of this question `glas`",
            "did you mean `glass`?",
        ),
        ("rule;expression;assign\na;photos > 1 and ^photo > 2;roads\n", "there is no `photo` to ask", "`photos`"),
        (
            "rule;expression;assign\na;\"kind == \"\"report\"\" and ^photo > 2\";roads\n",
            "there is no `photo` to ask",
            "`photos`",
        ),
        ("rule;photo;assign\na;^maybe;roads\n", "neither yes nor no", "`true`"),
        ("rule;not area;assign\na;^nort;roads\n", "there is no area `nort`", "did you mean `north`?"),
        ("rule;assign;given.category;given.photos\na;roads;road/hole;^lots\n", "not a number", "digits"),
        (
            "rule;category;assign;given.area\na;road/hole;roads;^nort\n",
            "there is no area `nort`",
            "did you mean `north`?",
        ),
        (
            "rule;category;assign;given.area;expect.assign\na;road/hole;roads;north;^green\n",
            "this example expects assign `green`",
            "correct",
        ),
        (
            "rule;category;area;assign;given.area\na;road/hole;south;^roads;north\n",
            "this example expects assign `roads`",
            "area: south",
        ),
        ("rule;assign\na;^\"roads\n", "this cell is not closed", "at its end"),
        ("rule;assign\na;\"roads\"^x\n", "between the closing quote and the next cell", "twice"),
        ("rule;words;assign\na;caf^\u{fffd};roads\n", "not written in UTF-8", "CSV UTF-8"),
    ] {
        let mark = marked.find('^').unwrap();
        let text = marked.replacen('^', "", 1);
        let line = text[..mark].matches('\n').count() + 1;
        let column = text[..mark].chars().rev().take_while(|c| *c != '\n').count() + 1;
        let (ruleset, faults) = read("a.csv", &text);
        assert!(ruleset.is_none(), "{text}");
        let fault =
            faults.iter().find(|fault| fault.message.contains(message)).unwrap_or_else(|| panic!("{text}{faults:#?}"));
        assert!(fault.help.contains(help), "{text}{fault:#?}");
        assert_eq!((fault.file.as_str(), fault.severity), ("rules/a.csv", Severity::Error));
        let exact = (fault.line, fault.column) == (line, column);
        // A row, or a whole header, is named by its line.
        assert!(exact || (fault.line, fault.column) == (line, 0), "{text}{fault:#?} wanted {line}:{column}");
        assert!(
            exact || mark == text[..mark].rfind('\n').map_or(0, |end| end + 1),
            "{text}{fault:#?} wanted {line}:{column}"
        );
    }
}

#[test]
fn rows_without_examples_and_names_that_are_taken_are_told() {
    let (ruleset, faults) = read("a.csv", "rule;category;assign\na;road/hole;roads\n");
    assert!(ruleset.is_some());
    let warning = faults.iter().find(|fault| fault.message.contains("the rule `a` has no example")).unwrap();
    assert_eq!((warning.line, warning.column, warning.severity), (2, 1, Severity::Warning));
    let (_, faults) = read("a.csv", "rule;category;assign\na;road/hole;roads\n\na;road/ice;roads\n");
    let error = faults.iter().find(|fault| fault.severity == Severity::Error).unwrap();
    assert_eq!((error.line, error.column), (4, 1));
    assert!(error.message.contains("another rule `a` in rules/a.csv:2"), "{error:?}");
}

fn cell_text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z;,\t\"'\\\\|\n é#-]{0,12}", any::<String>()]
}

proptest! {
    /// What a spreadsheet writes is read as it was typed.
    #[test]
    fn cells_come_back_as_they_were_written(
        rows in proptest::collection::vec(proptest::collection::vec(cell_text(), 3), 1..6),
        separator in prop_oneof![Just(';'), Just(','), Just('\t')],
        ends in prop_oneof![Just("\n"), Just("\r\n")],
    ) {
        let clean = |text: &String| text.replace(['\u{fffd}', '\r'], "");
        let mut text = ["a", "b", "c"].join(&separator.to_string()) + ends;
        for row in &rows {
            let cells: Vec<String> = row.iter().map(|cell| format!("\"{}\"", clean(cell).replace('"', "\"\""))).collect();
            text += &(cells.join(&separator.to_string()) + ends);
        }
        let read = cells::read(&text).unwrap();
        let found: Vec<Vec<String>> = read[1..].iter().map(|row| row.cells.iter().map(|cell| cell.text()).collect()).collect();
        let meant: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| clean(cell).trim().to_owned()).collect::<Vec<_>>())
            .filter(|row| row.iter().any(|cell| !cell.is_empty()) && !row[0].starts_with('#'))
            .collect();
        prop_assert_eq!(found, meant);
    }

    #[test]
    fn no_table_makes_it_fall_over(text in prop_oneof![
        any::<String>(),
        "rule;category;expression;assign;given.words\n([a-z*/\"',;|#\\\\ é\n-]{0,40}\n){0,4}",
    ]) {
        let (ruleset, faults) = read("a.csv", &text);
        prop_assert!(ruleset.is_some() || !faults.is_empty());
    }

    /// Whatever is written in a cell comes to the same as when YAML says it.
    #[test]
    fn cells_and_yaml_agree(
        categories in proptest::sample::subsequence(vec!["road/hole", "road/ice", "green/tree", "road/*"], 1..4),
        words in proptest::collection::vec("[a-zé]{1,8}( [a-z]{1,4})?\\*?", 0..4),
        photo in any::<Option<bool>>(), areas in proptest::sample::subsequence(vec!["north", "south"], 0..=2),
        given in (0..3_usize, any::<bool>(), "[a-z ]{0,20}", 0..3_usize),
    ) {
        let mut when = json!({"category": categories});
        let (mut titles, mut cells) = (vec!["rule", "category"], vec!["tested".to_owned(), categories.join(", ")]);
        for (title, value, cell) in [
            ("words", json!(words), words.join("|")),
            ("photo", json!(photo), photo.map_or(String::new(), |yes| if yes { "Ja" } else { "nee" }.to_owned())),
            ("area", json!(areas), areas.join(",")),
        ] {
            titles.push(title);
            if !cell.is_empty() {
                when[title] = value;
            }
            cells.push(cell);
        }
        titles.push("assign");
        cells.push("roads".to_owned());
        let yaml = format!("- {}\n", json!({"rule": "tested", "when": when, "then": {"assign": "roads"}}));
        let (table, yaml) = (good("a.csv", &format!("{}\n{}\n", titles.join(";"), cells.join(";"))), good("a.yaml", &yaml));
        let city = city(&[]);
        let mut situation: Situation = situation(&city);
        situation.category = city.categories[given.0].id.clone();
        situation.photos = usize::from(given.1);
        situation.words = format!("{} {}", given.2, words.first().map_or("", String::as_str));
        situation.areas = ["north", "south"][..given.3.min(2)].iter().map(|area| slug(area)).collect();
        let facts = situation.facts(&city);
        prop_assert_eq!(decide(&table, &city, &facts).rule, decide(&yaml, &city, &facts).rule);
    }
}
