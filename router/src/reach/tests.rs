//! What is found, and what is left alone.

use crate::{
    Ruleset, decide,
    meaning::{any_condition, any_situation},
    testing::city,
};
use proptest::prelude::*;
use schemas::fault::{Fault, Severity};

/// The warnings about these rules, except those about missing examples and unnamed departments.
fn warnings(rules: &str) -> Vec<Fault> {
    let (ruleset, faults) = Ruleset::read(&city(&[("a.yaml", rules)]));
    assert!(ruleset.is_some(), "{rules}\n{faults:#?}");
    let told = |fault: &Fault| !fault.message.contains("has no example") && fault.file == "rules/a.yaml";
    faults.into_iter().filter(told).collect()
}

fn of_condition(when: &str) -> Option<String> {
    let found = warnings(&format!("- {{ rule: tested, when: {{ {when} }}, then: {{ assign: roads }} }}"));
    assert!(found.iter().all(|fault| fault.severity == Severity::Warning && fault.line == 1 && !fault.help.is_empty()));
    found.into_iter().next().map(|fault| fault.message)
}

#[test]
fn conditions_that_never_hold_together_are_named() {
    for (when, why) in [
        ("category: road/hole, not: { category: road/* }", "no category is left"),
        ("category: road/hole, all: [{ category: green/* }]", "no category is left"),
        ("kind: report, all: [{ kind: question }]", "no kind is left"),
        ("category: road/hole, urgency: high", "`urgency: high` is never so in road/hole"),
        ("category: green/*, urgency: emergency", "`urgency: emergency` is never so in green/tree"),
        ("category: green/*, answer: { danger: true }", "`answer: {danger: true}` is not asked in green/tree"),
        ("office_hours: true, holiday: true", "the office is closed when `holiday: true`"),
        ("office_hours: true, weekday: [sat, sun]", "the office is closed when `weekday: [sat, sun]`"),
        ("office_hours: true, time: ['17:00-09:00']", "the office is closed when `time: 17:00-09:00`"),
        ("area: north, all: [{ area: south }]", "nowhere lies in both"),
        ("load: { department: roads, open: '<0' }", "is no number of cases that can be"),
        (
            "load: { department: roads, open: '>9' }, all: [{ load: { department: roads, open: '<5' } }]",
            "no number is both",
        ),
        ("channel: web, reporter: staff", "`reporter: staff` is never so through web"),
        ("photo: true, all: [{ photo: false }]", "rule each other out"),
        ("road_manager: region, all: [{ road_manager: city }]", "rule each other out"),
        ("area: north, not: { area: [north, south] }", "rules out what the others ask"),
        (
            "words: [gas], kind: report, not: { any: [{ words: [gas, oil] }, { photo: true }] }",
            "rules out what the others ask",
        ),
        ("category: road/hole, any: [{ urgency: high }, { category: green/* }]", "no branch of `any` ever holds"),
        ("category: road/hole, any: [{ urgency: high }, { photo: true }]", "the branch {urgency: high} never holds"),
    ] {
        let found = of_condition(when).unwrap_or_else(|| panic!("{when}: nothing was found"));
        assert!(found.contains("`tested`") && found.contains(why), "{when}: {found}");
    }
}

#[test]
fn what_can_hold_is_left_alone() {
    for when in [
        "",
        "category: road/*, not: { category: road/hole }",
        "category: road/*, kind: complaint",
        "category: road/hole, urgency: emergency",
        "category: [road/hole, road/ice], urgency: high",
        "category: [road/hole, green/tree], answer: { danger: true, number: 12 }",
        "office_hours: false, holiday: true",
        "office_hours: true, weekday: [fri, sat], time: ['16:00-20:00']",
        "area: north, all: [{ area: [north, south] }]",
        "area: north, not: { area: south }",
        "area: north, not: { all: [{ area: north }, { photo: true }] }",
        "load: { department: roads, open: '>9' }, all: [{ load: { department: green, open: '<5' } }]",
        "channel: [web, phone], reporter: anonymous",
        "expression: 'photos > 3', not: { expression: 'photos > 9' }",
        "any: [{ photo: true }, { photo: false }]",
    ] {
        assert_eq!(of_condition(when), None, "{when}");
    }
}

#[test]
fn rules_that_others_leave_nothing_for_are_named() {
    for (first, second, expected) in [
        ("category: road/*", "category: road/hole", Some("never used: `one` (rules/a.yaml:1)")),
        ("", "expression: 'photos > 1'", Some("never used")),
        ("area: [north, south]", "area: north, photo: true", Some("never used")),
        ("answer: { danger: true }", "answer: { danger: true, number: 3 }", Some("never used")),
        ("answer: { waste: [glass, paper] }", "answer: { waste: glass }", Some("never used")),
        ("time: '20:00-08:00'", "time: ['22:00-23:00', '06:00-07:00']", Some("never used")),
        ("words: [gas, oil]", "words: oil, area: north", Some("never used")),
        ("not: { area: north }", "not: { area: [north, south] }", Some("never used")),
        ("any: [{ photo: true }, { area: north }]", "area: north, kind: report", Some("never used")),
        ("photo: true", "any: [{ photo: true, area: north }, { photo: true, area: south }]", Some("never used")),
        ("all: [{ photo: true }]", "photo: true", Some("never used")),
        ("category: road/hole", "category: road/*", None),
        ("area: north", "area: [north, south]", None),
        ("area: north, photo: true", "area: north", None),
        ("answer: { danger: true, number: 3 }", "answer: { danger: true }", None),
        ("time: '22:00-06:00'", "time: '22:00-06:30'", None),
        ("not: { area: [north, south] }", "not: { area: north }", None),
        ("expression: 'photos > 1'", "expression: 'photos > 2'", None),
        ("kind: report", "", None),
    ] {
        let text = format!(
            "- {{ rule: one, when: {{ {first} }}, then: {{ assign: roads }} }}\n- {{ rule: two, when: {{ {second} }}, then: {{ assign: roads }} }}\n"
        );
        let found = warnings(&text).into_iter().find(|fault| fault.line == 2).map(|fault| fault.message);
        match expected {
            None => assert_eq!(found, None, "{first} / {second}"),
            Some(part) => {
                let found = found.unwrap_or_else(|| panic!("{first} / {second}: nothing was found"));
                assert!(found.starts_with("`two`") && found.contains(part), "{first} / {second}: {found}");
            }
        }
    }
}

#[test]
fn several_rules_together_can_leave_nothing() {
    let found = warnings(
        "
- { rule: roads, when: { category: road/* }, then: { assign: roads } }
- { rule: green, when: { category: green/* }, then: { assign: roads } }
- { rule: left-over, when: { category: [road/hole, green/tree], photo: true }, then: { assign: roads } }
- { rule: other, when: { category: [road/hole, other/other], photo: true }, then: { assign: roads } }
",
    );
    let messages: Vec<&str> = found.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].contains("`left-over` is never used: `roads`, `green`"), "{messages:?}");
}

#[test]
fn what_others_refuse_may_be_meant() {
    let rules = |example: &str| {
        format!(
            "- {{ rule: one, when: {{ category: road/* }}, then: {{ assign: roads }} }}
- rule: two
  when: {{ category: road/hole }}
  then: {{ assign: green }}
{example}"
        )
    };
    let found = warnings(&rules(""));
    assert!(found[0].message.contains("`two` only gets what is refused: `one`"), "{found:?}");
    let example = "  examples: [{ given: { category: road/hole, rejected_by: [roads] }, expect: { assign: green } }]\n";
    assert_eq!(warnings(&rules(example)), []);
}

#[test]
fn departments_that_no_rule_names_are_told() {
    let city =
        city(&[("a.yaml", "- { rule: a, when: {}, then: { assign: roads, inform: [police], split: [green] } }")]);
    let (_, faults) = Ruleset::read(&city);
    let told: Vec<_> = faults.iter().filter(|fault| fault.file == "departments.yaml").collect();
    let messages: Vec<&str> = told.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(messages, ["no rule names the department `lamps`", "no rule names the department `rail`"]);
    assert!(told.iter().all(|fault| fault.line > 1 && fault.column > 1 && fault.severity == Severity::Warning));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// A rule that is told never to be used is never used, whatever is reported.
    #[test]
    fn what_is_told_is_so(
        conditions in proptest::collection::vec(proptest::collection::vec(any_condition(), 1..3), 1..4),
        seeds in proptest::collection::vec(any::<u32>(), 60),
    ) {
        let mut text = String::new();
        for (n, when) in conditions.iter().enumerate() {
            let all = when.iter().map(|one| format!("{{ {one} }}")).collect::<Vec<_>>().join(", ");
            text += &format!("- {{ rule: r{n}, when: {{ all: [{all}] }}, then: {{ assign: roads }} }}\n");
        }
        let city = city(&[("a.yaml", &text)]);
        let (ruleset, faults) = Ruleset::read(&city);
        let ruleset = ruleset.unwrap();
        let dead = |name: &str| faults.iter().any(|fault| {
            fault.message.starts_with(&format!("`{name}` is never used"))
                || fault.message.starts_with(&format!("in `{name}` the conditions never hold"))
                || fault.message.starts_with(&format!("in `{name}` no branch"))
        });
        for seed in seeds {
            let situation = any_situation(&city, seed);
            let rule = decide(&ruleset, &city, &situation.facts(&city)).rule;
            prop_assert!(!dead(&rule), "{rule} decided, although {faults:#?}\n{text}");
        }
    }
}
