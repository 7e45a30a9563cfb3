//! Rule files, good and bad.

use crate::{
    Ruleset, decide, explain,
    testing::{city, situation, slug},
};
use schemas::fault::{Fault, Severity};

fn faults(text: &str) -> Vec<Fault> {
    let (ruleset, faults) = Ruleset::read(&city(&[("a.yaml", text)]));
    assert_eq!(ruleset.is_none(), faults.iter().any(|fault| fault.severity == Severity::Error), "{faults:#?}");
    faults
}

/// The first error: where, what, help.
fn error(text: &str) -> (usize, usize, String, String) {
    let faults = faults(text);
    let fault =
        faults.iter().find(|f| f.severity == Severity::Error).unwrap_or_else(|| panic!("no error: {faults:#?}"));
    (fault.line, fault.column, fault.message.clone(), fault.help.clone())
}

const GOOD: &str = "\
- rule: holes
  when: { category: road/hole }
  then: { assign: roads, inform: [police], priority: high, term: 10wd }
  examples:
    - given: { category: road/hole, at: \"2026-11-10 11:00\" }
      expect: { assign: roads, inform: police, priority: high, term: 10wd, rule: holes }
    - given: { category: road/hole, rejected_by: [roads] }
      expect: { assign: desk, rule: fallback, inform: [], term: 5wd }
- rule: rest
  when: {}
  then: { assign: desk }
  examples:
    - given: { category: green/tree }
      expect: { assign: desk, priority: low, term: 5wd }
";

#[test]
fn a_good_file_is_read() {
    // The first rule's second example is decided by the second rule, not by the fallback.
    let text = GOOD.replace("rule: fallback", "rule: rest");
    let city = city(&[("a.yaml", &text)]);
    let (ruleset, faults) = Ruleset::read(&city);
    assert!(faults.iter().all(|fault| fault.file == "departments.yaml"), "{faults:#?}");
    let ruleset = ruleset.unwrap();
    assert_eq!(
        ruleset.rules().iter().map(|r| (r.name.as_str(), r.line)).collect::<Vec<_>>(),
        [("holes", 1), ("rest", 9)]
    );
    let mut situation = situation(&city);
    situation.rejected_by = vec![slug("police")];
    let decision = decide(&ruleset, &city, &situation.facts(&city));
    assert_eq!(decision.lead(), Some(&slug("roads")));
    assert_eq!(decision.informed(), [], "who refused is left alone");
    assert_eq!(decision.reasons[0].condition, "category: road/hole");
    let text = explain(&ruleset, &city, &situation.facts(&city)).to_string();
    assert!(text.contains("holes -> roads: decides  [rules/a.yaml:1]"), "{text}");
    assert!(text.contains("rest -> desk: matches, but an earlier rule decides"), "{text}");
}

#[test]
fn an_example_that_fails_refuses_the_rules() {
    let (line, column, message, help) = error(GOOD);
    assert_eq!((line, column), (8, 37));
    assert_eq!(message, "this example expects rule `fallback`, but `rest` gives `rest`");
    assert_eq!(help, "`holes` is not used here because roads said it is not theirs");

    let (line, column, message, help) = error(
        "- rule: trees\n  when: { category: green/*, area: north }\n  then: { assign: green }\n  examples:\n    - given: { category: green/tree, area: south }\n      expect: { assign: green }\n",
    );
    assert_eq!((line, column), (6, 25));
    assert_eq!(message, "this example expects assign `green`, but `fallback` gives `desk`");
    assert_eq!(help, "in `trees` `area: north` does not hold (south): correct the rule or the example");
}

#[test]
fn each_part_of_what_is_expected_is_compared() {
    for (expect, message) in [
        ("assign: green", "expects assign `green`, but `r` gives `roads`"),
        ("assign: roads, inform: [green]", "expects inform `green`, but `r` gives `lamps, police`"),
        ("assign: roads, priority: low", "expects priority `low`, but `r` gives `high`"),
        ("assign: roads, term: 11wd", "expects a term that ends on `2026-03-19`, but `r` gives `2026-03-18`"),
        ("assign: roads, term: none", "expects a term that ends on `none`, but `r` gives `2026-03-18`"),
    ] {
        let (line, _, got, _) = error(&format!(
            "- rule: r\n  when: {{}}\n  then: {{ assign: roads, inform: [police, lamps], priority: high, term: 10wd }}\n  examples:\n    - given: {{ category: road/hole }}\n      expect: {{ {expect} }}\n"
        ));
        assert!(got.contains(message), "{got}");
        assert_eq!(line, 6);
    }
}

#[test]
fn a_rule_that_never_gets_its_turn_is_found() {
    let (line, _, message, _) = error(
        "- rule: everything\n  when: {}\n  then: { assign: desk }\n  examples:\n    - { given: { category: road/hole }, expect: { assign: desk } }\n- rule: never\n  when: { category: road/hole }\n  then: { assign: desk }\n  examples:\n    - { given: { category: road/hole }, expect: { assign: desk } }\n",
    );
    assert_eq!(line, 6);
    assert_eq!(message, "no example of `never` is decided by it: `everything` decides");
}

#[test]
fn faults_are_named_where_they_are() {
    let rule = |body: &str| format!("- rule: r\n{body}");
    for (text, at, message, help) in [
        (
            rule("  when: {}\n  then: { assign: rods }\n"),
            (3, 19),
            "there is no department `rods`",
            "did you mean `roads`?",
        ),
        (
            rule("  when: {}\n  then: { assign: roads, inform: [desk, gren] }\n"),
            (3, 41),
            "there is no department `gren`",
            "did you mean `green`?",
        ),
        (
            rule("  when: {}\n  then: { assign: roads, inform: roads }\n"),
            (3, 34),
            "`roads` leads already",
            "leave it out",
        ),
        (rule("  when: {}\n  then: { assign: roads, term: 2 weeks }\n"), (3, 32), "`2 weeks` is not a term", "10wd"),
        (
            rule("  when: {}\n  then: { assign: roads, priority: asap }\n"),
            (3, 36),
            "there is no priority `asap`",
            "choose one of",
        ),
        (
            rule("  when: {}\n  then: { assigns: roads }\n"),
            (3, 11),
            "`assigns` means nothing here",
            "did you mean `assign`?",
        ),
        (rule("  when: {}\n  then: { inform: roads }\n"), (3, 9), "`assign` is missing", "add `assign:`"),
        (
            rule("  when: {}\n  then: { assign: roads, redirect: rail }\n"),
            (3, 36),
            "cannot both assign and redirect",
            "keep `redirect`",
        ),
        (
            rule("  when: {}\n  then: { redirect: roads }\n"),
            (3, 21),
            "nobody is sent to `roads`",
            "`delivery: redirect`",
        ),
        (
            rule("  when: {}\n  then: { redirect: rail, split: [green] }\n"),
            (3, 34),
            "who is sent away",
            "leave `split` out",
        ),
        (rule("  when: {}\n  then: { assign: roads, split: [roads] }\n"), (3, 34), "`roads` leads already", "`split`"),
        (
            rule("  when: {}\n  then: { assign: roads, split: [green], inform: green }\n"),
            (3, 50),
            "`green` does a part already",
            "leave it out",
        ),
        (
            rule("  when: {}\n  then: { assign: roads, on_call: [police, lamps] }\n"),
            (3, 44),
            "nobody is on call for `lamps`",
            "departments.yaml",
        ),
        (rule("  then: { assign: roads }\n"), (2, 3), "`when` is missing", "add `when:`"),
        (
            "- rule: Bad Name\n  when: {}\n  then: { assign: roads }\n".to_owned(),
            (1, 9),
            "`Bad Name` is not a name for a rule",
            "a-z",
        ),
        (
            "- rule: fallback\n  when: {}\n  then: { assign: roads }\n".to_owned(),
            (1, 9),
            "`fallback` is what happens",
            "another name",
        ),
        (rule("  when: { area: }\n  then: { assign: roads }\n"), (2, 11), "nothing is written here", "a list of words"),
        (
            rule("  when: { kind: report, kind: question }\n  then: { assign: roads }\n"),
            (2, 25),
            "`kind` stands here twice",
            "one list",
        ),
        (rule("  when: [a]\n  then: { assign: roads }\n"), (2, 9), "here belong names with values", "category:"),
        ("rule: r\n".to_owned(), (1, 1), "here belongs a list", "- "),
        (rule("  when: {\n"), (2, 9), "unclosed bracket", "`when`"),
        (
            rule(
                "  when: {}\n  then: { assign: roads }\n  examples:\n    - given: { category: road/holes, at: soon, area: nord }\n      expect: { assign: roads }\n",
            ),
            (5, 26),
            "there is no category `road/holes`",
            "did you mean `road/hole`?",
        ),
    ] {
        let got = error(&text);
        assert!(got.2.contains(message), "{text}{got:?}");
        assert!(got.3.contains(help), "{text}{got:?}");
        assert_eq!((got.0, got.1), at, "{text}{got:?}");
    }
}

#[test]
fn parts_calls_and_redirects_are_decided() {
    let text = "
- rule: work
  when: { category: road/hole }
  then: { assign: roads, split: [green, lamps], inform: [desk], on_call: [police] }
  examples:
    - given: { category: road/hole }
      expect: { assign: roads, split: [lamps, green], inform: desk, on_call: police }
    # Who refused is left alone, whatever they had.
    - given: { category: road/hole, rejected_by: [lamps, police] }
      expect: { assign: roads, split: [green], on_call: [] }
- rule: elsewhere
  when: { category: other/other }
  then: { redirect: rail, inform: [desk] }
  examples:
    - given: { category: other/other }
      expect: { redirect: rail, inform: desk, on_call: [], split: [] }
    - given: { category: other/other }
      expect: { rule: elsewhere }
- rule: rest
  when: { category: [road/ice, green/*] }
  then: { assign: desk }
  examples:
    - { given: { category: road/ice }, expect: { assign: desk } }
";
    let city = city(&[("a.yaml", text)]);
    let (ruleset, faults) = Ruleset::read(&city);
    let ruleset = ruleset.unwrap_or_else(|| panic!("{faults:#?}"));
    let situation = situation(&city);
    let decision = decide(&ruleset, &city, &situation.facts(&city));
    assert_eq!(decision.with_role(schemas::case::Role::Part), [slug("green"), slug("lamps")]);
    assert_eq!(decision.on_call, [slug("police")]);
    let told = explain(&ruleset, &city, &situation.facts(&city)).to_string();
    assert!(told.contains("with green, lamps, informing desk, calling police"), "{told}");
    for (from, to, message) in [
        ("split: [lamps, green],", "split: [lamps],", "expects split `lamps`, but `work` gives `green, lamps`"),
        ("on_call: police }", "on_call: [] }", "expects on_call ``, but `work` gives `police`"),
        ("expect: { redirect: rail,", "expect: { redirect: desk,", "nobody is sent to `desk`"),
        ("expect: { rule: elsewhere }", "expect: { inform: desk }", "does not say who leads"),
    ] {
        assert!(text.contains(from));
        let (.., got, _) = error(&text.replace(from, to));
        assert!(got.contains(message), "{got}");
    }
}

#[test]
fn every_fault_of_a_file_is_told_at_once() {
    let found = faults(
        "- rule: r\n  when: { category: road/holes, kind: nonsense }\n  then: { assign: rods }\n  examples:\n    - given: { category: road/hole, at: soon }\n      expect: { assign: roads }\n",
    );
    assert_eq!(found.iter().filter(|f| f.severity == Severity::Error).count(), 4, "{found:#?}");
}

#[test]
fn names_are_one_of_a_kind_across_files() {
    let rule = "- rule: r\n  when: {}\n  then: { assign: roads }\n";
    let (ruleset, faults) = Ruleset::read(&city(&[("a.yaml", rule), ("b.yaml", rule)]));
    assert!(ruleset.is_none());
    let twice = faults.iter().find(|f| f.message.contains("another rule")).unwrap();
    assert_eq!((twice.file.as_str(), twice.line), ("rules/b.yaml", 1));
    assert!(twice.message.contains("rules/a.yaml:1"));
}

#[test]
fn no_rules_is_a_warning_and_everything_goes_to_the_fallback() {
    for files in [&[][..], &[("a.yaml", "# nothing yet\n")]] {
        let city = city(files);
        let (ruleset, faults) = Ruleset::read(&city);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].severity, Severity::Warning);
        let situation = situation(&city);
        let decision = decide(&ruleset.unwrap(), &city, &situation.facts(&city));
        assert_eq!((decision.rule.as_str(), decision.lead()), ("fallback", Some(&slug("desk"))));
        assert_eq!(decision.alarm.as_deref(), Some("no rule matches a report in road/hole: the fallback desk has it"));
    }
}

#[test]
fn who_cannot_be_told_is_warned_of() {
    let text = "- rule: r\n  when: {}\n  then: { assign: roads, inform: [green, police, rail] }\n  examples:\n    - { given: { category: road/hole }, expect: { assign: roads } }\n";
    let mut city = city(&[("a.yaml", text)]);
    for department in city.departments.iter_mut().filter(|department| department.id.as_str() == "police") {
        let adapter = "phone_handover".to_owned();
        department.delivery = schemas::city::Delivery::Push { adapter, settings: serde_json::json!({}) };
    }
    let (ruleset, faults) = Ruleset::read(&city);
    assert!(ruleset.is_some(), "{faults:#?}");
    let told: Vec<_> = faults
        .iter()
        .filter(|f| f.file == "rules/a.yaml")
        .map(|f| (f.severity, f.line, f.column, f.message.as_str(), f.help.as_str()))
        .collect();
    let phone = "`police` is reached by telephone, and nobody is telephoned for information only";
    let help = "leave it out of `inform`; to have somebody telephoned, name it under `on_call`";
    let rail = "`rail` is one that people are sent to: it gets nothing";
    assert_eq!(
        told,
        [(Severity::Warning, 3, 42, phone, help), (Severity::Warning, 3, 50, rail, "leave it out of `inform`")]
    );
}

#[test]
fn categories_that_no_rule_takes_are_warned_of() {
    let faults = faults(
        "- rule: r\n  when: { category: road/* }\n  then: { assign: roads }\n  examples:\n    - { given: { category: road/hole }, expect: { assign: roads } }\n",
    );
    let faults: Vec<_> = faults.iter().filter(|fault| fault.file != "departments.yaml").collect();
    let told: Vec<_> = faults.iter().map(|f| (f.file.as_str(), f.message.as_str())).collect();
    let message = |category: &str| format!("no rule takes a plain report in `{category}`");
    let (tree, other) = (message("green/tree"), message("other/other"));
    assert_eq!(told, [("categories.yaml", tree.as_str()), ("categories.yaml", other.as_str())]);
    // Each where the category is written.
    assert!(1 < faults[0].line && faults[0].line < faults[1].line && faults[0].column > 1, "{faults:?}");
}

#[test]
fn the_version_follows_the_text() {
    let version = |text: &str| Ruleset::read(&city(&[("a.yaml", text)])).0.unwrap().version().to_owned();
    let rule = "- rule: r\n  when: {}\n  then: { assign: roads }\n";
    assert_eq!(version(rule), version(rule));
    assert_ne!(version(rule), version(&rule.replace("roads", "green")));
}

#[test]
fn a_rule_may_answer_at_once() {
    let text = "\
- rule: ice
  when: { category: road/ice }
  then: { assign: roads, answer: ice }
  examples:
    - given: { category: road/ice }
      expect: { assign: roads, answer: ice }
    - given: { category: road/ice, urgency: emergency }
      expect: { assign: roads, answer: none }
- rule: old
  when: { category: green/* }
  then: { assign: green, answer: old }
  examples:
    - given: { category: green/tree, at: \"2026-03-01 23:59\" }
      expect: { assign: green, answer: old }
    - given: { category: green/tree, at: \"2026-03-02 00:01\" }
      expect: { assign: green, answer: none }
";
    assert_eq!(faults(text).iter().map(|f| f.severity).max(), Some(Severity::Warning), "{:#?}", faults(text));
    let wrong = text.replace("answer: old }\n  examples", "answer: odl }\n  examples");
    let (line, column, message, help) = error(&wrong);
    assert_eq!(
        (line, column, message.as_str(), help.as_str()),
        (11, 34, "there is no article `odl`", "did you mean `old`?")
    );
    let wrong = text.replace("assign: roads, answer: none }", "assign: roads, answer: ice }");
    assert_eq!(error(&wrong).2, "this example expects answer `ice`, but `ice` gives `none`");

    let city = city(&[("a.yaml", text)]);
    let (ruleset, _) = Ruleset::read(&city);
    let ruleset = ruleset.unwrap();
    let mut situation = situation(&city);
    situation.category = schemas::slug::CategoryId::new("road/ice").unwrap();
    situation.rejected_by = vec![slug("police")];
    assert_eq!(decide(&ruleset, &city, &situation.facts(&city)).answer, None, "whoever was sent on is sent to people");
}
