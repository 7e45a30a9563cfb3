//! Every number adds up, on histories that chance made.

use super::*;
use crate::{public::PublicCase, tests::city};
use schemas::{Uuid, place::Point, reference::Reference, report::Kind};
use std::{sync::Arc, time::Duration};
use store::{Facts, Glimpse};

/// A line of numbers that look like chance and are the same each time (Knuth, TAOCP 2, 3.3.4, line 26).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn glimpse(n: u32, city: &City, chance: &mut Chance) -> Glimpse {
    let received_at = at("2025-06-01T00:00:00Z") + Duration::from_secs(chance.below(540 * 86_400));
    let status = Status::ALL[chance.below(9) as usize];
    let took = Duration::from_secs(chance.below(60 * 86_400));
    let promised = received_at + Duration::from_secs(chance.below(40 * 86_400));
    let category = city.categories[chance.below(city.categories.len() as u64) as usize].id.clone();
    let lat = 50.77 + chance.below(1_000) as f64 / 10_000.0;
    let lon = 3.20 + chance.below(1_000) as f64 / 10_000.0;
    let facts = Facts {
        id: Uuid::from_u128(n.into()),
        reference: Reference::from_number(n),
        kind: Kind::ALL[chance.below(6) as usize],
        category,
        received_at,
        status,
        status_at: received_at + took,
        closed_at: status.is_closed().then_some(received_at + took),
        lead: None,
        expected_on: (chance.below(4) > 0).then(|| city.calendar.date(promised)),
        main: (chance.below(20) == 0).then(|| Uuid::from_u128(1)),
        changed_at: received_at,
    };
    Glimpse {
        channel: "web".parse().unwrap(),
        point: (chance.below(5) > 0).then_some(Point { lat, lon }),
        hidden: chance.below(10) == 0,
        others: 0,
        facts,
    }
}

fn snapshot(seed: u64, many: u32, city: &City) -> (Snapshot, Vec<Glimpse>) {
    let chance = &mut Chance(seed);
    let mut all: Vec<Glimpse> = (0..many).map(|n| glimpse(n, city, chance)).collect();
    all.sort_by_key(|glimpse| (glimpse.received_at, glimpse.reference));
    let cases: Vec<_> = all.iter().filter_map(|glimpse| PublicCase::of(city, glimpse)).map(Arc::new).collect();
    let contested = all.iter().filter(|_| chance.below(12) == 0).map(|glimpse| glimpse.id).collect();
    let at_once = [("2026-01-15".parse().unwrap(), 3), ("2026-11-01".parse().unwrap(), 4)].into();
    let (cases, contested, at_once) = (Arc::new(cases), Arc::new(contested), Arc::new(at_once));
    let said = |chance: &mut Chance| [chance.below(3), chance.below(2), chance.below(2)];
    let ratings = all.iter().filter(|_| chance.below(4) == 0).map(|glimpse| glimpse.id).collect::<Vec<_>>();
    let ratings = Arc::new(ratings.into_iter().map(|id| (id, said(chance))).collect());
    (Snapshot { cases, contested, at_once, ratings, at: at("2026-11-23T09:12:00Z"), ..Snapshot::default() }, all)
}

fn question(city: &City, query: &str) -> Question {
    let asked = Asked::read(Some(query), &NAMES).unwrap();
    Question::read(&asked, city, "2026-11-23".parse().unwrap()).unwrap()
}

fn adds_up(count: &Count) {
    assert_eq!(count.opened, count.open + count.ended, "{count:?}");
    assert_eq!(count.open, count.open_in_term + count.overdue + count.open_without_term, "{count:?}");
    assert_eq!(count.ended, count.in_term + count.late + count.ended_without_term, "{count:?}");
    assert_eq!(count.ended, count.solved + count.declined + count.referred, "{count:?}");
    assert!(count.contested <= count.opened);
    assert_eq!(count.median_days.is_some(), count.ended > 0);
    let rated = [count.rated_good, count.rated_fair, count.rated_poor];
    match count.rated {
        Some(all) => assert!(all >= FEW && rated.into_iter().flatten().sum::<u64>() == all, "{count:?}"),
        None => assert_eq!(rated, [None; 3], "{count:?}"),
    }
}

/// The parts are the whole, whichever way it was cut.
fn is_whole(figures: &Figures) {
    adds_up(&figures.total);
    for parts in [&figures.months, &figures.areas, &figures.groups] {
        parts.iter().for_each(|part| adds_up(&part.count));
        let untold: Vec<u64> =
            parts.iter().filter(|part| part.count.rated.is_none()).map(|p| p.count.said.iter().sum()).collect();
        let told: u64 = parts.iter().filter_map(|part| part.count.rated).sum();
        assert_eq!(told + untold.iter().sum::<u64>(), figures.total.said.iter().sum::<u64>());
        assert!(untold.iter().filter(|sum| **sum > 0).count() != 1 || told == 0, "one alone could be worked out");
        let sum = |what: fn(&Count) -> u64| parts.iter().map(|part| what(&part.count)).sum::<u64>();
        for what in [
            |c: &Count| c.opened,
            |c: &Count| c.open,
            |c: &Count| c.overdue,
            |c: &Count| c.in_term,
            |c: &Count| c.late,
            |c: &Count| c.solved,
            |c: &Count| c.contested,
        ] as [fn(&Count) -> u64; 7]
        {
            assert_eq!(sum(what), what(&figures.total));
        }
    }
}

#[test]
fn every_number_adds_up() {
    let city = city();
    for seed in 0..20 {
        let (snapshot, _) = snapshot(seed, 400, &city);
        let all = count(&snapshot, &question(&city, "from=2025-06&until=2026-11"), &city);
        assert_eq!(all.total.opened, snapshot.listed().count() as u64, "each counts once");
        assert!(
            all.total.rated.is_some()
                && all.total.opened > 50
                && all.total.overdue > 0
                && all.total.late > 0
                && all.total.contested > 0
        );
        is_whole(&all);
        for query in ["", "from=2026-03&until=2026-03", "category=wegen", "from=2025-06&area=kortrijk"] {
            is_whole(&count(&snapshot, &question(&city, query), &city));
        }
        // Two halves of a time are the time.
        let [one, two] = ["from=2025-06&until=2026-02", "from=2026-03&until=2026-11"]
            .map(|query| count(&snapshot, &question(&city, query), &city).total.opened);
        assert_eq!(one + two, all.total.opened);
    }
}

#[test]
fn what_is_not_public_changes_no_number() {
    let city = city();
    let (snapshot, all) = snapshot(7, 600, &city);
    let public: std::collections::HashSet<Uuid> = snapshot.cases.iter().map(|case| case.id).collect();
    assert!(all.iter().any(|glimpse| !public.contains(&glimpse.id)));
    let figures = count(&snapshot, &question(&city, "from=2025-06"), &city);
    let counted = all.iter().filter(|g| public.contains(&g.id) && g.main.is_none() && g.status != Status::Duplicate);
    assert_eq!(figures.total.opened, counted.count() as u64);
    for group in &figures.groups {
        let is_public = |category: &&schemas::city::Category| {
            category.id.group() == group.name && category.publicity == schemas::city::Publicity::Public
        };
        assert!(city.categories.iter().any(|category| is_public(&category)), "{}", group.name);
    }
}

#[test]
fn a_term_is_kept_until_its_day_is_over() {
    let city = city();
    let mut one = glimpse(1, &city, &mut Chance(1));
    let category = city.category("wegen/put").unwrap().id.clone();
    (one.facts.category, one.facts.kind, one.hidden, one.facts.main) = (category, Kind::Report, false, None);
    (one.facts.received_at, one.facts.expected_on) = (at("2026-11-02T08:00:00Z"), Some("2026-11-10".parse().unwrap()));
    one.facts.status = Status::Solved;
    let mut ask = |closed: &str| {
        one.facts.closed_at = Some(at(closed));
        let cases = Arc::new(vec![Arc::new(PublicCase::of(&city, &one).unwrap())]);
        let snapshot = Snapshot { cases, at: at("2026-11-23T09:12:00Z"), ..Snapshot::default() };
        count(&snapshot, &question(&city, ""), &city).total
    };
    // Midnight is that of the city, an hour before that of Greenwich.
    let kept = ask("2026-11-10T22:59:59Z");
    assert_eq!((kept.in_term, kept.late, kept.median_days), (1, 0, Some(8.6)));
    let late = ask("2026-11-10T23:00:00Z");
    assert_eq!((late.in_term, late.late), (0, 1));
}

#[test]
fn what_was_counted_is_counted_anew_when_it_would_come_out_otherwise() {
    let city = city();
    let kept = crate::outward::kept::Kept::default();
    let question = question(&city, "from=2025-06");
    let mut now = snapshot(3, 300, &city).0;
    let same = |now: &Snapshot| {
        let figures = kept.count(now, &question, &city);
        assert_eq!(figures, count(now, &question, &city));
        figures
    };
    let first = same(&now);
    now.at = at("2026-11-23T09:13:00Z");
    assert_ne!(same(&now), first, "it says of when it is");
    now.at = at("2027-06-23T09:13:00Z");
    assert!(same(&now).total.overdue > first.total.overdue, "terms ended");
    now.contested = Arc::default();
    assert_eq!(same(&now).total.contested, 0);
    now.cases = Arc::new(now.cases[..50].to_vec());
    assert!(same(&now).total.opened < first.total.opened);
}

#[test]
fn months_are_read_and_bounded() {
    let city = city();
    let plain = question(&city, "");
    assert_eq!((written(plain.from), written(plain.until)), ("2025-12".to_owned(), "2026-11".to_owned()));
    let figures = count(&snapshot(1, 10, &city).0, &plain, &city);
    assert_eq!((figures.months.len(), figures.first_line), (12, Some(7)));
    assert_eq!(count(&Snapshot::default(), &question(&city, "category=wegen"), &city).first_line, None);
    for query in ["from=x", "until=2026-13", "from=2026-05&until=2026-04", "from=1990-01", "area=x", "category=x"] {
        let asked = Asked::read(Some(query), &NAMES).unwrap();
        assert!(Question::read(&asked, &city, "2026-11-23".parse().unwrap()).is_err(), "{query}");
    }
}
