//! A city of [`crate::testing`], cases decided by its rules, and candidates.

use super::*;
use crate::testing::{at, city, report, slug};
use schemas::{event::CaseEvent, reference::Reference, slug::CategoryId};
use store::Reachable;

const RULES: &str = "
- { rule: ice, when: { category: road/ice }, then: { assign: roads, inform: [police], priority: high } }
- { rule: road, when: { category: road/*, area: north }, then: { assign: roads, term: 3wd } }
- { rule: rest, when: { category: road/* }, then: { assign: desk } }
- { rule: trees, when: { category: green/*, weekday: [sat, sun] }, then: { assign: police } }
- { rule: green, when: { category: green/* }, then: { assign: green } }
";

const MONDAY: &str = "2026-03-02T10:00:00Z";
const SATURDAY: &str = "2026-03-07T10:00:00Z";

fn rules(text: &str) -> (Arc<City>, Arc<Ruleset>) {
    let city = Arc::new(city(&[("a.yaml", text)]));
    let (ruleset, faults) = Ruleset::read(&city);
    let ruleset = ruleset.unwrap_or_else(|| panic!("{faults:#?}"));
    (city, Arc::new(ruleset))
}

/// A report in the south, decided by the rules of `text` at `when`.
fn past(text: &str, category: &str, when: &str) -> Past {
    let (city, ruleset) = rules(text);
    let mut report = report(&city);
    report.category = CategoryId::new(category).unwrap();
    report.place.point = Some(schemas::place::Point { lat: 50.5, lon: 4.5 });
    let facts = Facts::of(&report, &city, &[], at(when));
    let decision = decide(&ruleset, &city, &facts.with_reporter(Reporter::of(&report, None, &city)));
    let what = What::Routed {
        department: decision.lead().unwrap().clone(),
        informed: decision.informed(),
        rule: decision.rule,
        ruleset: decision.ruleset,
        priority: decision.priority,
        due_on: decision.due_on,
        rerouted_from: None,
        instead_of: None,
    };
    let first = decided(&report, when, what);
    Past { report, contact: None, first: Some(first) }
}

fn decided(report: &schemas::report::Report, when: &str, what: What) -> CaseEvent {
    CaseEvent {
        critical: false,
        id: report.id,
        case_id: report.id,
        reference: report.reference,
        version: 2,
        at: at(when),
        what,
    }
}

/// What the candidate `to` makes of `past`, where `known` versions can be asked again.
fn judge(to: &str, past: &Past, known: &[&str]) -> Judged {
    let (city, candidate) = rules(to);
    let known = known.iter().map(|text| rules(text).1).map(|rules| (rules.version().to_owned(), rules)).collect();
    Replay::new(candidate, city.clone(), city, known).judge(past)
}

fn moved(from: &str, to: &str) -> Option<(DepartmentId, DepartmentId)> {
    Some((slug(from), slug(to)))
}

#[test]
fn the_same_rules_move_nothing() {
    for (category, when) in [
        ("road/ice", MONDAY),
        ("road/hole", SATURDAY),
        ("green/tree", MONDAY),
        ("green/tree", SATURDAY),
        ("other/other", MONDAY),
    ] {
        let past = past(RULES, category, when);
        for known in [&[][..], &[RULES]] {
            let judged = judge(&format!("# Another layout.\n{RULES}"), &past, known);
            assert_eq!(judged.what, Ok(Again::default()), "{category} {when}");
            let (had, would) = judged.leads.unwrap();
            assert_eq!(had, would);
        }
    }
}

#[test]
fn what_moves_is_named() {
    let none = Again::default();
    for (from, to, category, again) in [
        ("assign: desk", "assign: lamps", "road/hole", Again { lead: moved("desk", "lamps"), ..none.clone() }),
        (
            "priority: high",
            "priority: low",
            "road/ice",
            Again { priority: Some((Urgency::High, Urgency::Low)), ..none.clone() },
        ),
        ("inform: [police]", "inform: [police, green]", "road/ice", Again { informed: true, ..none.clone() }),
        (
            "assign: desk",
            "assign: desk, term: 2wd",
            "road/hole",
            Again { term: Some(TermChange::Earlier), ..none.clone() },
        ),
        (
            "assign: desk",
            "assign: desk, term: 90d",
            "road/hole",
            Again { term: Some(TermChange::Later), ..none.clone() },
        ),
        (
            "priority: high",
            "priority: high, answer: ice",
            "road/ice",
            Again { answer: Some(AnswerChange::Answered), ..none.clone() },
        ),
        ("category: road/* }", "category: road/ice }", "road/hole", Again { nobody: true, ..none.clone() }),
        // Nothing of this category.
        ("assign: desk", "assign: lamps", "green/tree", none.clone()),
    ] {
        let judged = judge(&RULES.replace(from, to), &past(RULES, category, MONDAY), &[RULES]);
        assert_eq!(judged.what, Ok(again), "{from} -> {to}");
    }
    // The hour and the day of the decision count, not those of today.
    let weekend = RULES.replace("assign: police", "assign: lamps");
    assert_eq!(judge(&weekend, &past(RULES, "green/tree", SATURDAY), &[]).what.unwrap().lead, moved("police", "lamps"));
    assert_eq!(judge(&weekend, &past(RULES, "green/tree", MONDAY), &[]).what, Ok(none));
}

#[test]
fn what_an_article_answered_is_compared_by_what_is_known_of_it() {
    let mut past = past(RULES, "road/ice", MONDAY);
    let answered = What::Answered { department: slug("roads"), article: slug("ice") };
    past.first = Some(decided(&past.report, MONDAY, answered));
    let answers = RULES.replace("priority: high", "priority: low, answer: ice");
    assert_eq!(judge(&answers, &past, &[]).what, Ok(Again::default()));
    let again = Again { answer: Some(AnswerChange::NotAnswered), ..Again::default() };
    assert_eq!(judge(RULES, &past, &[]).what, Ok(again));
}

#[test]
fn what_the_city_changed_is_not_the_candidates_doing() {
    let mut past = past(RULES, "road/hole", MONDAY);
    // Drawn otherwise since: it lies in the north now, where roads leads in any case.
    past.report.place.point = Some(schemas::place::Point { lat: 50.5, lon: 3.5 });
    let lamps = RULES.replace("assign: police", "assign: lamps");
    let again = judge(&lamps, &past, &[RULES]).what.unwrap();
    assert_eq!(again, Again { elsewhere: true, ..Again::default() });
    // Without the text of the version that decided nobody can tell.
    assert_eq!(judge(&lamps, &past, &[]).what.unwrap().lead, moved("desk", "roads"));
    // What the candidate does on top of it is.
    let green = RULES.replace("assign: roads, term: 3wd", "assign: green, term: 3wd");
    let again = judge(&green, &past, &[RULES]).what.unwrap();
    assert_eq!((again.lead, again.elsewhere), (moved("desk", "green"), true));
}

#[test]
fn what_cannot_be_decided_again_is_left() {
    let mut trial = past(RULES, "road/hole", MONDAY);
    trial.report.channel = slug(TRIAL_CHANNEL);
    let undecided = Past { first: None, ..past(RULES, "road/hole", MONDAY) };
    let mut gone = past(RULES, "road/hole", MONDAY);
    gone.report.category = CategoryId::new("road/gone").unwrap();
    for (past, left) in [(trial, Left::Trial), (undecided, Left::Undecided), (gone, Left::CategoryGone)] {
        assert_eq!(judge(RULES, &past, &[]), Judged { leads: None, what: Err(left) });
    }
}

#[test]
fn facts_that_nobody_kept_leave_only_what_they_decide() {
    let anonymous = past(RULES, "road/hole", MONDAY);
    let mut named = anonymous.clone();
    named.report.tell = Tell::Email;
    named.contact = Some(Reachable { name: false, email: true, phone: false });
    let erased = Past { contact: None, ..named.clone() };
    let first = |when: &str| {
        format!("- {{ rule: x, when: {{ category: road/hole, {when} }}, then: {{ assign: lamps }} }}{RULES}")
    };
    let lamps = Ok(moved("desk", "lamps"));
    let stays = Ok(None);
    for (when, past, expected) in [
        ("reporter: email", &named, lamps.clone()),
        ("reporter: email", &anonymous, stays.clone()),
        ("reporter: email", &erased, Err(Left::ContactErased)),
        ("not: { reporter: email }", &erased, Err(Left::ContactErased)),
        ("any: [{ photo: true }, { reporter: email }]", &erased, Err(Left::ContactErased)),
        // Whoever reported, it does not match.
        ("reporter: email, weekday: sun", &erased, stays.clone()),
        ("load: { department: roads, open: '>5' }", &named, Err(Left::LoadNotKept)),
        ("not: { load: { department: roads, open: '>5' } }", &named, Err(Left::LoadNotKept)),
        ("load: { department: roads, open: '>5' }, area: north", &named, stays.clone()),
    ] {
        assert_eq!(judge(&first(when), past, &[]).what.map(|again| again.lead), expected, "{when}");
    }
    // An earlier rule decides, so that nobody has to know.
    let late = format!(
        "{RULES}- {{ rule: x, when: {{ category: road/*, load: {{ department: roads, open: '>5' }} }}, then: {{ assign: lamps }} }}"
    );
    assert_eq!(judge(&late, &named, &[]).what, Ok(Again::default()));
}

#[test]
fn counts_add_up_in_whatever_pages() {
    let judged: Vec<Judged> = (0..60)
        .map(|n| match n % 5 {
            0 => Judged { leads: None, what: Err(Left::Undecided) },
            1 => Judged {
                leads: moved("a", "b"),
                what: Ok(Again {
                    lead: moved("a", "b"),
                    priority: Some((Urgency::Low, Urgency::High)),
                    ..Again::default()
                }),
            },
            2 => Judged {
                leads: moved("b", "b"),
                what: Ok(Again { term: Some(TermChange::Later), informed: true, ..Again::default() }),
            },
            3 => Judged {
                leads: moved("a", "c"),
                what: Ok(Again { lead: moved("a", "c"), nobody: true, ..Again::default() }),
            },
            _ => Judged { leads: moved("c", "c"), what: Ok(Again::default()) },
        })
        .collect();
    let count = |page: usize| {
        let mut all = Tally::new(2);
        let cases: Vec<_> = judged.iter().cloned().zip(1..).collect();
        for page in cases.chunks(page) {
            let mut tally = Tally::new(2);
            page.iter().for_each(|(judged, n)| tally.add(Some(Reference::from_number(*n)), judged.clone()));
            all.merge(tally);
        }
        all
    };
    let whole = count(60);
    for page in [1, 3, 7, 59] {
        assert_eq!(count(page), whole);
    }
    assert_eq!((whole.cases, whole.same, whole.moved(), whole.left()), (60, 12, 24, 12));
    let moves: Vec<_> =
        whole.moves().into_iter().map(|(from, to, group)| (from.as_str(), to.as_str(), group.cases)).collect();
    assert_eq!(moves, [("a", "b", 12), ("a", "c", 12)]);
    assert_eq!(whole.moves()[0].2.samples, [2, 7].map(Reference::from_number));
    assert_eq!(whole.leads[&slug("b")], (12, 24));
}
