//! Expressions: what they say of a report, what is refused and where, and that nothing makes them
//! fall over.

use super::{Vocabulary, judge::judge};
use crate::{
    Facts, Needs, Ruleset, Situation, decide, explain,
    testing::{at, city, report, situation, slug},
};
use proptest::prelude::*;
use schemas::{
    city::{City, Layer},
    report::{Kind, Urgency},
};
use serde_json::json;

fn read(city: &City) -> Ruleset {
    let (ruleset, faults) = Ruleset::read(city);
    ruleset.unwrap_or_else(|| panic!("{faults:#?}"))
}

fn rules(expression: &str) -> String {
    format!("- rule: tested\n  when:\n    expression: {}\n  then: {{ assign: roads }}\n", json!(expression))
}

type Known = fn(&mut Situation);

/// The fact when `expression` holds for what is known.
fn met(expression: &str, known: Known) -> Option<String> {
    let city = city(&[("a.yaml", &rules(expression))]);
    let ruleset = read(&city);
    let mut situation = situation(&city);
    known(&mut situation);
    let decision = decide(&ruleset, &city, &situation.facts(&city));
    (decision.rule == "tested").then(|| decision.reasons[0].fact.clone())
}

#[test]
fn an_expression_asks_everything_there_is() {
    let night: Known = |s| s.at = at("2026-03-07T22:30:00Z");
    let answers: Known = |s| {
        s.answers = [
            ("danger".to_owned(), json!(true)),
            ("waste".to_owned(), json!(["glass", "paper"])),
            ("number".to_owned(), json!("112")),
        ]
        .into();
    };
    for (expression, known, fact) in [
        ("photos >= 2", (|s| s.photos = 2) as Known, Some("photos 2")),
        ("photos >= 2", |_| {}, None),
        ("hour >= 22 or hour < 6", night, Some("hour 23")),
        ("hour >= 22 or hour < 6", |_| {}, None),
        ("hour * 60 + minute == 23 * 60 + 30", night, Some("hour 23, minute 30")),
        ("weekday in ['sat', 'sun'] and not office_hours", night, Some("office_hours false, weekday sat")),
        ("hour in [22..24] and holiday == false", night, Some("holiday false, hour 23")),
        ("category == 'road/hole' and kind != 'question'", |_| {}, Some("category road/hole, kind report")),
        ("startsWith(category, 'road/')", |_| {}, Some("category road/hole")),
        ("channel == 'phone'", |s| s.channel = slug("phone"), Some("channel phone")),
        ("urgency in ['high', 'emergency']", |s| s.urgency = Urgency::High, Some("urgency high")),
        ("language == 'fr' ? photos > 0 : photos == 0", |_| {}, Some("language nl, photos 0")),
        ("'north' in areas", |s| s.areas = vec![slug("north")], Some("areas [north]")),
        ("len(areas) == 0", |_| {}, Some("areas has none")),
        (
            "some(areas, # == 'south' and photos == 0)",
            |s| s.areas = vec![slug("south")],
            Some("areas [south], photos 0"),
        ),
        (
            "road_manager == 'region'",
            |s| s.owners[Layer::Road as usize] = Some(slug("region")),
            Some("road_manager region"),
        ),
        ("road_manager == null", |_| {}, Some("road_manager is not known")),
        ("answers.danger == true", answers, Some("answers.danger true")),
        ("answers.danger == true", |_| {}, None),
        ("answers.danger != true", |_| {}, Some("answers.danger was not answered")),
        ("(answers.danger ?? false) or photos == 0", |_| {}, Some("answers.danger was not answered, photos 0")),
        ("len(answers.waste) > 1 and 'glass' in answers.waste", answers, Some("answers.waste [glass,paper]")),
        ("'glass' in answers['waste']", |_| {}, None),
        // What somebody wrote is never shown.
        ("number(answers.number) >= 100", answers, Some("answers.number was answered")),
        ("number(answers.number) >= 100", |s| drop(s.answers.insert("number".into(), json!("no idea"))), None),
        ("not (number(answers.number) >= 100)", |_| {}, None),
        (
            "load.roads > 50 and load.green < load.roads",
            |s| s.load = [(slug("roads"), 51)].into_iter().collect(),
            Some("load.green 0, load.roads 51"),
        ),
        ("reporter.anonymous and not reporter.staff", |_| {}, Some("reporter.anonymous true, reporter.staff false")),
        // What cannot be worked out does not hold.
        ("photos * 9999999999999999999999999999 * 99999999999 > 3", |s| s.photos = 9, None),
        ("100 / photos > 3", |_| {}, None),
    ] {
        assert_eq!(met(expression, known).as_deref(), fact, "{expression}");
    }
}

#[test]
fn dashes_are_written_low_or_in_brackets() {
    let question = "questions:\n  lamp-count: {text: {nl: Hoeveel?}, answer: choice, options: [one, whole-street]}\n";
    let mut files = city(&[]).files;
    let categories = files["categories.yaml"].replace("questions:\n", question);
    files.insert("categories.yaml".to_owned(), categories.into());
    for expression in ["answers.lamp_count == 'whole-street'", "answers['lamp-count'] == 'whole-street'"] {
        files.insert("rules/a.yaml".to_owned(), rules(expression).into());
        let (city, faults) = City::read(files.clone());
        let city = city.unwrap_or_else(|| panic!("{faults:#?}"));
        let ruleset = read(&city);
        let mut situation = situation(&city);
        assert_eq!(decide(&ruleset, &city, &situation.facts(&city)).rule, "fallback");
        situation.answers.insert("lamp-count".to_owned(), json!("whole-street"));
        assert_eq!(decide(&ruleset, &city, &situation.facts(&city)).rule, "tested", "{expression}");
    }
}

#[test]
fn what_was_not_looked_up_does_not_hold_and_is_asked_for() {
    for (expression, needs) in [
        ("photos == 0", Needs::default()),
        ("photos == 0 or load.roads > 3", Needs { load: true, reporter: false }),
        ("not reporter.staff", Needs { load: false, reporter: true }),
    ] {
        let city = city(&[("a.yaml", &rules(expression))]);
        let ruleset = read(&city);
        assert_eq!(ruleset.needs(), needs, "{expression}");
        let report = report(&city);
        let facts = Facts::of(&report, &city, &[], report.received_at);
        let holds = decide(&ruleset, &city, &facts).rule == "tested";
        assert_eq!(holds, needs == Needs::default(), "{expression}");
        assert_eq!(explain(&ruleset, &city, &facts).to_string().contains("was not looked up"), !holds);
    }
}

/// What is refused: the expression with `^` before the place, the message and the help.
#[test]
fn what_is_wrong_is_shown_with_its_place_and_a_fix() {
    let city = city(&[]);
    let vocabulary = Vocabulary::of(&city);
    let deep = format!("{}^(photos > 1{}", "(".repeat(20), ")".repeat(21));
    let many = format!("^{}", vec!["photos > 1"; 100].join(" or "));
    for (marked, message, help) in [
        ("^", "is empty", "write a question"),
        ("^   ", "is empty", "write a question"),
        (many.as_str(), "at most 1000", "split it"),
        (&deep, "more than 20 brackets", "split it"),
        ("^hour", "a number", "compare it"),
        ("^areas", "a list", "compare it"),
        ("^answers.danger", "may be unanswered", "== true"),
        ("^true", "asks nothing of the report", "photos >= 2"),
        ("^1 == 1", "asks nothing of the report", "photos >= 2"),
        ("hour ^= 3", "`=` does not compare", "write `==`"),
        ("photos > 1 ^&& holiday", "`&` cannot stand here", "write `and`"),
        ("photos > 1 ^|| holiday", "`|` cannot stand here", "write `or`"),
        ("photos > 1 ^andd holiday", "`andd` cannot stand here", "`and` or `or`"),
        ("photos > 1 ^hour > 3", "`hour` cannot stand here", "`and` or `or`"),
        ("photos >^", "something is missing after `>`", "the rest"),
        ("photos > 1 and^", "something is missing after `and`", "the rest"),
        ("^(photos > 1", "`(` is not closed", "close it"),
        ("photos > 1^)", "`)` closes nothing", "leave it out"),
        ("kind == ^'question", "this text does not end", "close it"),
        ("^photo > 1", "there is no `photo` to ask", "did you mean `photos`?"),
        ("photos > 1 and ^categorie == 'x'", "there is no `categorie` to ask", "did you mean `category`?"),
        ("answers.^dangr == true", "there is no `answers.dangr` to ask", "did you mean `answers.danger`?"),
        ("load.^rods > 3", "there is no `load.rods` to ask", "did you mean `load.roads`?"),
        ("reporter.^mail", "there is no `reporter.mail` to ask", "did you mean `reporter.email`?"),
        ("^answers == null", "`answers` is several things", "answers."),
        ("^watercourse_manager == 'x'", "there is no `watercourse_manager` to ask", "manager"),
        ("^category.group == 'x'", "no `group` in `category`", "write `category` alone"),
        ("^answers[kind] == true", "a name has to be written out", "answers.danger"),
        ("category == ^'road/hoel'", "it can never be `road/hoel`", "did you mean `'road/hole'`?"),
        ("^'road/hoel' == category", "it can never be `road/hoel`", "did you mean `'road/hole'`?"),
        ("kind in ['report', ^'complain']", "it can never be `complain`", "did you mean `'complaint'`?"),
        ("^'nort' in areas", "it can never be `nort`", "did you mean `'north'`?"),
        ("contains(areas, ^'nort')", "it can never be `nort`", "did you mean `'north'`?"),
        ("some(areas, # == ^'nort')", "it can never be `nort`", "did you mean `'north'`?"),
        ("(urgency) != (^'urgent')", "it can never be `urgent`", "choose one of: low"),
        ("road_manager == ^'regoin'", "it can never be `regoin`", "did you mean `'region'`?"),
        ("answers.waste == null or ^'glas' in answers.waste", "it can never be `glas`", "did you mean `'glass'`?"),
        ("^hour == '3'", "always evaluate to `false`", "like with like"),
        ("^answers.danger and photos > 1", "bool?", "== true"),
        ("^answers.number > 3", "string?", "may be unknown"),
        ("^1 < hour < 5", "`<` cannot be applied", "compare first"),
        ("^lenght(areas) > 1", "there is no function `lenght`", "did you mean `len`?"),
        ("^rand(9) > 3 and photos > 1", "there is no function `rand`", "there are: len"),
        ("^matches(category, '(a+)+$')", "there is no function `matches`", "there are: len"),
        ("^map(areas, # == 'north') == areas", "there is no function `map`", "did you mean `max`?"),
        ("category.^contains('road')", "called with a dot", "contains(areas"),
        ("some(areas, ^some(areas, # == 'north'))", "looks at one list", "some(areas"),
        ("some(^[1..10000000], # == photos)", "a range can only be asked", "in [8..12]"),
        ("^# == 'north'", "`#` stands for nothing here", "some(areas"),
        ("^$root.hour > 3", "a name has to be written out", "answers.danger"),
        ("hour ^ ^9 > 3", "powers are not worked out", "the number itself"),
        ("^`x${hour}` == 'x3'", "single quotes", "'text'"),
        ("photos > 1^; hour", "`;` has no meaning", "one question"),
        ("^if hour > 3 then true else false", "`if` has no meaning", "the question alone"),
    ] {
        // Of `hour ^ ^9`, the last one is the mark.
        let mark = marked.rfind('^').unwrap();
        let expression = format!("{}{}", &marked[..mark], &marked[mark + 1..]);
        let wrong = judge(&expression, &vocabulary).expect_err(&expression);
        assert!(wrong.message.contains(message) && wrong.help.contains(help), "{expression}: {wrong:?}");
        assert_eq!(wrong.at, mark, "{expression}: {wrong:?}");
    }
}

#[test]
fn the_caret_stands_under_the_word_however_the_text_is_quoted() {
    for (written, column_of) in [
        ("when: { expression: photos > 1 and fotos > 2 }", "fotos"),
        ("when: { expression: 'photos > 1 and kind == ''reprot''' }", "''reprot"),
        ("when: { expression: \"photos > 1 and kind == \\\"reprot\\\"\" }", "\\\"reprot"),
        ("when: { any: [{ photo: true }, { expression: \"fotos > 2\" }] }", "fotos"),
        ("when:\n    expression: >-\n      photos > 1\n      and   fotos > 2", "fotos"),
        ("when:\n    expression: |\n      photos > 1\n\n      and fotos > 2\n", "fotos"),
        ("when:\n    expression: photos > 1\n      and fotos > 2", "fotos"),
        ("when:\n    expression: \"photos > 1\n      and fotos > 2\"", "fotos"),
    ] {
        let text = format!("- rule: tested\n  {written}\n  then: {{ assign: roads }}\n");
        let (_, faults) = Ruleset::read(&city(&[("a.yaml", &text)]));
        let place = text.find(column_of).unwrap();
        let line = text[..place].matches('\n').count() + 1;
        let column = place - text[..place].rfind('\n').unwrap();
        let shown = faults[0].render(Some(&text));
        assert_eq!((faults[0].line, faults[0].column), (line, column), "{written}\n{shown}");
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("photos"),
        Just("hour"),
        Just("areas"),
        Just("answers"),
        Just("answers.danger"),
        Just("load.roads"),
        Just("category"),
        Just("'north'"),
        Just("'"),
        Just("\""),
        Just("3"),
        Just("0"),
        Just("-"),
        Just("99999999999999999999"),
        Just("1e308"),
        Just("("),
        Just(")"),
        Just("["),
        Just("]"),
        Just(".."),
        Just("."),
        Just(","),
        Just("and"),
        Just("or"),
        Just("not"),
        Just("!"),
        Just("in"),
        Just("=="),
        Just("!="),
        Just("<"),
        Just(">="),
        Just("="),
        Just("+"),
        Just("*"),
        Just("/"),
        Just("%"),
        Just("^"),
        Just("?"),
        Just(":"),
        Just("??"),
        Just("#"),
        Just("$"),
        Just("$root"),
        Just("some("),
        Just("all("),
        Just("len("),
        Just("number("),
        Just("contains("),
        Just("map("),
        Just("d("),
        Just("null"),
        Just("true"),
        Just("{"),
        Just("}"),
        Just(";"),
        Just("`"),
        Just("${"),
        Just("é"),
        Just("😀"),
        Just("as a"),
        Just("not in"),
        Just("\n"),
    ];
    let words = (proptest::collection::vec(word, 0..40), prop_oneof![Just(""), Just(" ")])
        .prop_map(|(words, between)| words.join(between));
    let nested = (
        prop_oneof![Just("("), Just("["), Just("!"), Just("-"), Just("not "), Just("some(areas,"), Just("len(")],
        0..400_usize,
    )
        .prop_map(|(open, times)| format!("{}photos > 1", open.repeat(times)));
    prop_oneof![4 => words, 1 => any::<String>(), 1 => nested]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Nothing that can be written makes the reading fall over, and what is accepted can be worked out
    /// for every report.
    #[test]
    fn nothing_makes_it_fall_over(
        expression in hostile(), photos in 0..5_usize, hour in 0..24_i64, kind in 0..Kind::ALL.len(), danger in any::<Option<bool>>(),
    ) {
        let city = &*CITY;
        match judge(&expression, &Vocabulary::of(city)) {
            Err(wrong) => {
                prop_assert!(wrong.at <= expression.len());
                prop_assert!(!wrong.message.is_empty() && !wrong.help.is_empty());
            }
            Ok(compiled) => {
                let mut situation = situation(city);
                situation.photos = photos;
                situation.kind = Kind::ALL[kind];
                situation.at += jiff::SignedDuration::from_hours(hour);
                situation.answers.extend(danger.map(|danger| ("danger".to_owned(), danger.into())));
                let condition = super::Condition(Some(compiled));
                let facts = situation.facts(city);
                prop_assert_eq!(condition.holds(&facts), condition.holds(&facts));
            }
        }
    }
}

static CITY: std::sync::LazyLock<City> = std::sync::LazyLock::new(|| city(&[]));
