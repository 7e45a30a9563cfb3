//! What keeps the meaning of rules keeps every decision: the order of rules that cannot both match,
//! comments and spaces, a list or its branches, YAML or a table ([`crate::table`] has its own).

use crate::{
    Changes, Ruleset, Situation, decide,
    testing::{city, situation, slug},
};
use proptest::prelude::*;
use schemas::{
    city::{City, Layer},
    report::{Kind, Urgency},
};

/// A condition of the small city, as YAML in one line.
pub(crate) fn any_condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("category: road/*"),
        Just("category: road/hole"),
        Just("category: [road/ice, green/*]"),
        Just("kind: report"),
        Just("kind: [report, question]"),
        Just("urgency: high"),
        Just("urgency: [normal, emergency]"),
        Just("area: north"),
        Just("area: [north, south]"),
        Just("photo: true"),
        Just("photo: false"),
        Just("answer: { danger: true }"),
        Just("answer: { danger: [true, false] }"),
        Just("words: gas"),
        Just("words: [gas, oil]"),
        Just("language: fr"),
        Just("channel: [web, phone]"),
        Just("road_manager: region"),
        Just("reporter: named"),
        Just("load: { department: roads, open: '>3' }"),
        Just("expression: 'photos > 1'"),
        Just("office_hours: true"),
        Just("weekday: [sat, sun]"),
        Just("time: '08:00-18:00'"),
        Just("time: '09:00-12:00'"),
        Just("holiday: true"),
    ];
    leaf.prop_map(str::to_owned).prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("any: [{{ {a} }}, {{ {b} }}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("all: [{{ {a} }}, {{ {b} }}]")),
            inner.prop_map(|a| format!("not: {{ {a} }}")),
        ]
    })
}

/// One of many reports that the small city may get.
pub(crate) fn any_situation(city: &City, seed: u32) -> Situation {
    let bit = |n: u32| seed >> n & 1 == 1;
    let pick = |n: u32, many: u32| (seed >> n) % many;
    let mut situation = situation(city);
    let category = &city.categories[pick(0, 4) as usize];
    situation.category = category.id.clone();
    situation.urgency = category.urgency;
    situation.kind = Kind::ALL[pick(2, 3) as usize];
    if bit(5) && category.questions.iter().any(|question| question == "danger") {
        situation.answers.insert("danger".into(), bit(6).into());
        situation.urgency = if bit(6) { Urgency::Emergency } else { situation.urgency };
    }
    situation.areas = [vec![], vec![slug("north")], vec![slug("south")]][pick(7, 3) as usize].clone();
    situation.photos = pick(9, 3) as usize;
    situation.words = ["gas", "oil", "nothing"][pick(11, 3) as usize].to_owned();
    situation.language = city.languages[pick(13, 2) as usize];
    situation.owners[Layer::Road as usize] = bit(15).then(|| slug("region"));
    situation.reporter.name = bit(16);
    situation.load = [(slug("roads"), u64::from(pick(17, 6)))].into_iter().collect();
    situation.at += jiff::SignedDuration::from_hours(i64::from(pick(20, 200)));
    situation
}

fn read(text: &str) -> Ruleset {
    let (ruleset, faults) = Ruleset::read(&city(&[("a.yaml", text)]));
    ruleset.unwrap_or_else(|| panic!("{text}\n{faults:#?}"))
}

/// Whether both decide alike: the same rule by name, the same departments.
fn alike(one: &str, other: &str, seeds: &[u32]) -> Result<(), TestCaseError> {
    let (city, first, second) = (city(&[]), read(one), read(other));
    for seed in seeds {
        let situation = any_situation(&city, *seed);
        let facts = situation.facts(&city);
        let (a, b) = (decide(&first, &city, &facts), decide(&second, &city, &facts));
        prop_assert_eq!((&a.rule, &a.assignments, a.due_on), (&b.rule, &b.assignments, b.due_on), "{}\n{}", one, other);
    }
    Ok(())
}

const DESKS: [&str; 4] = ["roads", "green", "lamps", "police"];

/// Rules that are each for one category and one kind, and ask one thing more.
fn narrow_rules() -> impl Strategy<Value = Vec<(usize, usize, String)>> {
    proptest::collection::vec((0..4_usize, 0..3_usize, any_condition()), 2..8)
}

fn written(rules: &[(usize, (usize, usize, String))]) -> String {
    let categories = ["road/hole", "road/ice", "green/tree", "other/other"];
    let rule = |(n, (category, kind, when)): &(usize, (usize, usize, String))| {
        format!(
            "- {{ rule: r{n}, when: {{ all: [{{ category: {} }}, {{ kind: {} }}, {{ {when} }}] }}, then: {{ assign: {} }} }}\n",
            categories[*category],
            Kind::ALL[*kind],
            DESKS[n % 4],
        )
    };
    rules.iter().map(rule).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_rules_that_cannot_both_match_does_not_matter(
        rules in narrow_rules(), swaps in proptest::collection::vec(0..7_usize, 0..30), seeds in proptest::collection::vec(any::<u32>(), 40),
    ) {
        let rules: Vec<_> = rules.into_iter().enumerate().collect();
        let mut moved = rules.clone();
        for at in swaps {
            // Neighbours of another category or kind never match the same report.
            if let Some([(_, one), (_, other)]) = moved.get(at..at + 2)
                && (one.0, one.1) != (other.0, other.1)
            {
                moved.swap(at, at + 1);
            }
        }
        alike(&written(&rules), &written(&moved), &seeds)?;
    }

    #[test]
    fn comments_quotes_and_spaces_do_not_matter(
        conditions in proptest::collection::vec(any_condition(), 1..5), seeds in proptest::collection::vec(any::<u32>(), 20),
        comment in "[ -~]{0,30}", gap in 0..4_usize, quoted in any::<bool>(),
    ) {
        let (mut one, mut other) = (String::new(), String::new());
        for (n, when) in conditions.iter().enumerate() {
            let quote = if quoted { "'" } else { "" };
            let (space, lines) = (" ".repeat(gap + 1), "\n".repeat(gap));
            one += &format!("- {{ rule: r{n}, when: {{ {when} }}, then: {{ assign: roads, inform: [green], term: 3wd }} }}\n");
            other += &format!(
                "{lines}# {comment}\n-{space}rule:{space}{quote}r{n}{quote}  # {comment}\n{0}then:\n{0}{space}term: {quote}3wd{quote}\n{0}{space}inform:\n{0}{space}- green\n{0}{space}assign: \"roads\"\n{0}when: {{{space}{when}{space}}}\n",
                " ".repeat(gap + 2),
            );
        }
        prop_assert_eq!(read(&one).changes(&read(&other)), Changes::default());
        alike(&one, &other, &seeds)?;
    }

    #[test]
    fn a_list_says_what_its_branches_say(
        categories in proptest::sample::subsequence(vec!["road/hole", "road/ice", "green/*", "other/other"], 1..=4),
        areas in proptest::sample::subsequence(vec!["north", "south"], 1..=2),
        words in proptest::sample::subsequence(vec!["gas", "oil", "noth*"], 1..=3),
        seeds in proptest::collection::vec(any::<u32>(), 40),
    ) {
        let lists = [("category", &categories), ("area", &areas), ("words", &words)];
        let (mut listed, mut branched) = (String::new(), String::new());
        for (n, (name, items)) in lists.iter().enumerate() {
            let branches = items.iter().map(|item| format!("{{ {name}: '{item}' }}")).collect::<Vec<_>>().join(", ");
            let quoted = items.iter().map(|item| format!("'{item}'")).collect::<Vec<_>>().join(", ");
            listed += &format!("- {{ rule: r{n}, when: {{ photo: true, {name}: [{quoted}] }}, then: {{ assign: {} }} }}\n", DESKS[n]);
            branched += &format!("- {{ rule: r{n}, when: {{ photo: true, any: [{branches}] }}, then: {{ assign: {} }} }}\n", DESKS[n]);
        }
        alike(&listed, &branched, &seeds)?;
    }
}
