//! The decision: the first rule that matches, or the fallback desk with an alarm. Pure: the same
//! rules, city and facts always give the same decision.

use crate::{Facts, Ruleset};
use schemas::{
    case::{Assignment, Decision, Reason, Role},
    city::{City, Term},
    report::Urgency,
};

/// The name of the decision when no rule matches.
pub(crate) const FALLBACK: &str = "fallback";

/// Decides who does what. There is always exactly one lead; when no rule that may be used matches,
/// it is the city's fallback desk, and the decision carries an alarm.
pub fn decide(ruleset: &Ruleset, city: &City, facts: &Facts<'_>) -> Decision {
    let ruleset_version = ruleset.version().to_owned();
    let category_term = ruleset.index.term(facts.category);
    let kind_term = city.kinds.of(facts.kind).term;
    let due = |term: Option<Term>| term.or(kind_term).map(|term| term.due(&city.calendar, facts.at));
    let decision = match ruleset.index.first(ruleset.rules(), facts) {
        Some(rule) => Decision {
            rule: rule.name.clone(),
            ruleset: ruleset_version,
            assignments: rule.assignments(facts),
            priority: priority(facts, rule.priority),
            due_on: due(rule.term.or(category_term)),
            reasons: rule.reasons(facts),
            alarm: None,
            answer: rule.answer(city, facts),
            on_call: rule.on_call.iter().filter(|id| !facts.rejected_by.contains(id)).cloned().collect(),
            acknowledge_by: None,
            silent: None,
        },
        None => {
            let (fact, alarm) = nobody(facts);
            Decision {
                rule: FALLBACK.to_owned(),
                ruleset: ruleset_version,
                assignments: vec![Assignment { department: city.fallback.clone(), role: Role::Lead }],
                priority: priority(facts, None),
                due_on: due(category_term),
                reasons: vec![Reason { condition: "no rule matches".to_owned(), fact }],
                alarm: Some(alarm),
                answer: None,
                on_call: Vec::new(),
                acknowledge_by: None,
                silent: None,
            }
        }
    };
    independent(city, facts, decision)
}

/// Where matters of this kind have a handler, the department that one is about neither handles it nor hears of it. A
/// category that is there for the kind says itself whose its matters are.
fn independent(city: &City, facts: &Facts<'_>, mut decision: Decision) -> Decision {
    let Some(handler) = &city.kinds.of(facts.kind).handler else { return decision };
    let Some(category) = city.category(facts.category).filter(|category| category.kind != facts.kind) else {
        return decision;
    };
    let about = &category.department;
    let concerns = |assignment: &Assignment| assignment.department == *about;
    if about == handler || !decision.assignments.iter().any(concerns) && !decision.on_call.contains(about) {
        return decision;
    }
    let led = decision.lead() == Some(about);
    decision.assignments.retain(|assignment| !concerns(assignment));
    decision.on_call.retain(|id| id != about);
    if led {
        let refused = facts.rejected_by.contains(handler) && city.fallback != *about;
        let instead = if refused { &city.fallback } else { handler };
        decision.assignments.retain(|assignment| assignment.department != *instead);
        decision.assignments.insert(0, Assignment { department: instead.clone(), role: Role::Lead });
    }
    let fact = format!("{about}, which this {} is about, has no part in it", facts.kind);
    decision.reasons.push(Reason { condition: "handler".to_owned(), fact });
    decision
}

/// An emergency stays an emergency, whatever a rule says.
fn priority(facts: &Facts<'_>, rule: Option<Urgency>) -> Urgency {
    match facts.urgency {
        Urgency::Emergency => Urgency::Emergency,
        urgency => rule.unwrap_or(urgency),
    }
}

/// The fact and the alarm of a decision that no rule makes.
fn nobody(facts: &Facts<'_>) -> (String, String) {
    let (kind, category) = (facts.kind, facts.category);
    let matter = format!("{kind} in {category}");
    let alarm = match facts.rejected_by {
        [] => format!("no rule matches a {matter}: the fallback desk has it"),
        refused => format!(
            "no rule is left for a {matter} after {} said it is not theirs: the fallback desk has it",
            refused.join(", ")
        ),
    };
    (matter, alarm)
}

#[cfg(test)]
mod tests {
    use crate::{
        Facts, Ruleset, Situation, decide,
        testing::{city, slug},
    };
    use proptest::prelude::*;
    use schemas::{
        case::Role,
        city::{City, KindPolicy},
        place::{Place, Point},
        reference::Reference,
        report::{Kind, Language, Report, Tell, Urgency},
        slug::CategoryId,
    };
    use std::sync::LazyLock;

    static CITY: LazyLock<(City, Ruleset)> = LazyLock::new(|| {
        let city = city(&[(
            "a.yaml",
            "
- { rule: a, when: { words: [gas*, 'no light'], office_hours: false }, then: { assign: lamps, inform: [police, desk] } }
- { rule: b, when: { category: road/*, area: north, not: { urgency: low } }, then: { assign: roads, term: 3wd } }
- { rule: c, when: { kind: [complaint, question], any: [{ photo: true }, { weekday: [sat, sun] }] }, then: { assign: green, priority: low } }
- { rule: d, when: { category: road/hole, answer: { danger: true } }, then: { assign: police, inform: [roads], term: 900d } }
- { rule: e, when: { time: '22:00-06:00', language: fr, channel: [web, app] }, then: { assign: desk, priority: high } }
",
        )]);
        let (ruleset, faults) = Ruleset::read(&city);
        let ruleset = ruleset.unwrap_or_else(|| panic!("{faults:#?}"));
        (city, ruleset)
    });

    fn any_report() -> impl Strategy<Value = Report> {
        let number = prop_oneof![any::<f64>(), 2.0..6.0, Just(f64::NAN), Just(f64::INFINITY)];
        let point = proptest::option::of((number.clone(), prop_oneof![any::<f64>(), 49.5..51.5]));
        let category = prop_oneof!["road/hole", "road/ice", "green/tree", "gone/away", "[a-z]{1,5}/[a-z]{1,5}"];
        let choices = (0..6_usize, 0..4_usize, 0..3_usize, 0..4_usize);
        (category, any::<String>(), point, choices, any::<i64>(), any::<bool>()).prop_map(
            |(category, words, point, (kind, urgency, language, photos), at, danger)| Report {
                id: schemas::Uuid::nil(),
                reference: Reference::from_number(1),
                channel: slug("web"),
                source_id: None,
                kind: Kind::ALL[kind],
                category: CategoryId::new(&category).unwrap(),
                words,
                place: Place { point: point.map(|(lon, lat)| Point { lat, lon }), ..Place::default() },
                answers: [("danger".to_owned(), danger.into())].into(),
                urgency: [Urgency::Low, Urgency::Normal, Urgency::High, Urgency::Emergency][urgency],
                language: Language::BUILT_IN[language],
                tell: Tell::Nothing,
                photos: vec![schemas::Uuid::nil(); photos],
                token: String::new(),
                received_at: schemas::id::from_micros(at),
            },
        )
    }

    proptest! {
        #[test]
        fn there_is_always_one_lead(report in any_report(), refused in proptest::sample::subsequence(vec!["desk", "roads", "green", "police", "lamps"], 0..=5)) {
            let (city, ruleset) = &*CITY;
            let refused: Vec<_> = refused.into_iter().map(slug).collect();
            let facts = Facts::of(&report, city, &refused, report.received_at);
            let decision = decide(ruleset, city, &facts);
            let leads: Vec<_> = decision.assignments.iter().filter(|a| a.role == Role::Lead).collect();
            prop_assert_eq!(leads.len(), 1);
            let lead = &leads[0].department;
            prop_assert!(city.department(lead).is_some());
            prop_assert!(!refused.contains(lead) || *lead == city.fallback);
            prop_assert!(decision.assignments.iter().filter(|a| a.department == *lead).count() == 1);
            prop_assert_eq!(decision.rule == "fallback", decision.alarm.is_some());
            if report.urgency == Urgency::Emergency {
                prop_assert_eq!(decision.priority, Urgency::Emergency);
            }
            // The same facts, the same decision; and the index never changes which rule is first.
            prop_assert_eq!(&decide(ruleset, city, &facts), &decision);
            let first = ruleset.rules().iter().find(|rule| rule.holds(&facts) && !refused.contains(&rule.assign));
            prop_assert_eq!(first.map_or("fallback", |rule| rule.name.as_str()), decision.rule.as_str());
        }

        #[test]
        fn rule_files_never_panic(text in "(?s)(- rule: [a-z]{1,3}\n  when: \\{[ -~]{0,40}\\}\n  then: \\{[ -~]{0,40}\\}\n){0,2}.{0,30}") {
            let city = city(&[("a.yaml", &text)]);
            let (ruleset, faults) = Ruleset::read(&city);
            prop_assert!(ruleset.is_some() || !faults.is_empty());
        }
    }

    #[test]
    fn whoever_a_complaint_is_about_has_no_part_in_it() {
        let mut city = city(&[(
            "a.yaml",
            "- { rule: a, when: { category: road/hole }, then: { assign: roads, inform: [police, desk] } }
- { rule: b, when: {}, then: { assign: police, inform: [roads] } }",
        )]);
        let (ruleset, _) = Ruleset::read(&city);
        let ruleset = ruleset.unwrap();
        let about = city.category("road/hole").unwrap().department.clone();
        assert_eq!(about.as_str(), "roads");
        let decided = |city: &City, kind: Kind, refused: &[&str]| {
            let refused: Vec<_> = refused.iter().map(|id| slug(id)).collect();
            let mut situation = Situation::new(city.category("road/hole").unwrap(), city);
            situation.kind = kind;
            situation.rejected_by = refused;
            let decision = decide(&ruleset, city, &situation.facts(city));
            let all: Vec<_> =
                decision.assignments.iter().map(|one| format!("{:?} {}", one.role, one.department)).collect();
            all.join(", ")
        };
        let rule = "Lead roads, Informed police, Informed desk";
        assert_eq!(decided(&city, Kind::Complaint, &[]), rule, "no handler is named");
        let handler = Some(slug("green"));
        city.kinds.put(Kind::Complaint, KindPolicy { handler, ..KindPolicy::of(Kind::Complaint) });
        assert_eq!(decided(&city, Kind::Report, &[]), rule);
        assert_eq!(decided(&city, Kind::Complaint, &[]), "Lead green, Informed police, Informed desk");
        assert_eq!(decided(&city, Kind::Complaint, &["roads"]), "Lead police", "it does not hear of it, either");
        // The handler refuses: the fallback desk, never whom it is about.
        assert_eq!(decided(&city, Kind::Complaint, &["green"]), "Lead desk, Informed police");
    }

    #[test]
    fn an_emergency_stays_an_emergency() {
        let city = city(&[("a.yaml", "- { rule: a, when: {}, then: { assign: roads, priority: low, term: 2d } }")]);
        let (ruleset, _) = Ruleset::read(&city);
        let ruleset = ruleset.unwrap();
        let mut situation = Situation::new(city.category("road/hole").unwrap(), &city);
        assert_eq!(decide(&ruleset, &city, &situation.facts(&city)).priority, Urgency::Low);
        situation.urgency = Urgency::Emergency;
        let decision = decide(&ruleset, &city, &situation.facts(&city));
        assert_eq!(decision.priority, Urgency::Emergency);
        assert_eq!(decision.due_on, Some("2026-03-06".parse().unwrap()));
    }
}
