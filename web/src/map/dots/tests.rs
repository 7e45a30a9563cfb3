use super::*;
use crate::{map::filter::Filter, public::PublicCase};
use schemas::{case::Status, reference::Reference, slug::CategoryId};
use std::collections::HashSet;

/// The next of many numbers that look like chance.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// So many cases in and around a city, a third of them in one street.
fn many(city: &City, count: u64) -> HashMap<Uuid, Option<Arc<PublicCase>>> {
    let categories: Vec<CategoryId> = city.categories.iter().take(5).map(|category| category.id.clone()).collect();
    let mut seed = 7;
    let statuses = [Status::Routed, Status::Planned, Status::Solved, Status::Declined];
    (1..=count)
        .map(|n| {
            let spread = if n % 3 == 0 { 0.002 } else { 0.15 };
            let mut part = || (next(&mut seed) % 1_000_000) as f64 / 1_000_000.0 * spread;
            let point = Point { lat: 50.78 + part(), lon: 3.2 + part() };
            let facts = store::Facts {
                id: Uuid::from_u128(u128::from(n)),
                reference: Reference::from_number(u32::try_from(n).unwrap()),
                kind: Kind::Report,
                category: categories[usize::try_from(n).unwrap() % categories.len()].clone(),
                received_at: schemas::Timestamp::from_second(1_790_000_000 + i64::try_from(n).unwrap()).unwrap(),
                status: statuses[usize::try_from(n / 7).unwrap() % 4],
                status_at: schemas::Timestamp::UNIX_EPOCH,
                closed_at: None,
                lead: None,
                expected_on: None,
                main: None,
                changed_at: schemas::Timestamp::UNIX_EPOCH,
            };
            let channel = "web".parse().unwrap();
            let glimpse = store::Glimpse { facts, channel, point: Some(point), hidden: false, others: 0 };
            (glimpse.id, PublicCase::of(city, &glimpse).map(Arc::new))
        })
        .filter(|(_, case)| case.is_some())
        .collect()
}

/// What all tiles of a zoom hold together, and which tiles there are one zoom deeper.
fn level(snapshot: &Dots, sieve: &Sieve, z: u8, tiles: &HashSet<(u32, u32)>) -> (u64, HashSet<(u32, u32)>) {
    let (mut sum, mut deeper) = (0, HashSet::new());
    for (x, y) in tiles {
        let clusters = snapshot.clusters(sieve, z, *x, *y).unwrap();
        for cluster in &clusters {
            assert!(cluster.x < EXTENT && cluster.y < EXTENT, "a point stays in its tile");
            assert_eq!(cluster.one.is_some(), cluster.n == 1);
            sum += cluster.n;
        }
        if !clusters.is_empty() {
            deeper.extend([(0, 0), (1, 0), (0, 1), (1, 1)].map(|(right, down)| (2 * x + right, 2 * y + down)));
        }
    }
    (sum, deeper)
}

#[test]
fn at_every_zoom_each_of_a_hundred_thousand_is_counted_once() {
    let city = crate::tests::city();
    let cases = many(&city, 100_000);
    let snapshot = Dots::default().with(&city, &cases);
    assert_eq!(snapshot.len(), cases.len());
    for query in ["status=all", "", "status=solved"] {
        let sieve = Filter::read(query).sieve(&city);
        let (count, _) = snapshot.page(&sieve, 1, 1);
        assert_eq!(snapshot.places(&sieve).count(), count);
        let mut tiles = HashSet::from([(0, 0)]);
        // The upper zooms look through everything again and again: a few of them do.
        for z in 0..=DEEPEST {
            let (sum, deeper) = level(&snapshot, &sieve, z, &tiles);
            assert_eq!(sum, count as u64, "{query} at zoom {z}");
            tiles = deeper;
        }
    }
}

#[test]
fn what_changes_changes_and_nothing_else() {
    let city = crate::tests::city();
    let all = many(&city, 500);
    let whole = Dots::default().with(&city, &all);
    let (first, rest): (HashMap<_, _>, HashMap<_, _>) =
        all.clone().into_iter().partition(|(id, _)| id.as_u128() % 2 == 0);
    let by_steps = Dots::default().with(&city, &first).with(&city, &rest);
    let ids = |snapshot: &Dots| snapshot.dots.iter().map(|dot| (dot.code, dot.id)).collect::<Vec<_>>();
    assert_eq!(ids(&by_steps), ids(&whole), "however it came about");
    assert!(whole.dots.iter().zip(&whole.cases).all(|(dot, case)| dot.id == case.id));
    let gone: HashMap<_, _> = first.keys().map(|id| (*id, None)).collect();
    assert_eq!(whole.with(&city, &gone).len(), rest.len());
    assert_eq!(whole.with(&city, &gone).with(&city, &gone).len(), rest.len());
}

#[test]
fn pages_hold_each_case_once_and_the_newest_first() {
    let city = crate::tests::city();
    let snapshot = Dots::default().with(&city, &many(&city, 505));
    let sieve = Filter::read("status=all").sieve(&city);
    let mut seen = Vec::new();
    let count = snapshot.page(&sieve, 1, 20).0;
    for page in 1.. {
        let (_, cases) = snapshot.page(&sieve, page, 20);
        if cases.is_empty() {
            break;
        }
        seen.extend(cases.iter().map(|case| case.received_at));
    }
    assert_eq!(seen.len(), count);
    assert!(seen.is_sorted_by(|one, other| one > other));
    assert!(snapshot.page(&sieve, usize::MAX, 20).1.is_empty());
    assert_eq!(snapshot.page(&sieve, 0, 20).1.len(), 20);
}

#[test]
fn tiles_that_are_not_there() {
    let snapshot = Dots::default();
    let sieve = Filter::default().sieve(&crate::tests::city());
    for (z, x, y) in [(0, 1, 0), (0, 0, 1), (5, 32, 0), (17, 0, 131_072), (18, 0, 0), (255, 0, 0), (3, u32::MAX, 2)] {
        assert!(snapshot.clusters(&sieve, z, x, y).is_none(), "{z}/{x}/{y}");
    }
    assert_eq!(snapshot.clusters(&sieve, 0, 0, 0).unwrap().len(), 0);
    assert_eq!(snapshot.clusters(&sieve, 16, 65_535, 65_535).unwrap().len(), 0);
}

#[test]
fn places_are_where_the_tiles_are() {
    for point in [Point { lat: 50.8279, lon: 3.2649 }, Point { lat: -33.9, lon: 18.4 }, Point { lat: 0.0, lon: -179.9 }]
    {
        let (x, y) = project(point).unwrap();
        assert_eq!((gather(spread(x)), gather(spread(y) << 1 >> 1)), (x, y));
    }
    // The belfry of Kortrijk, as any map on the web has it.
    assert_eq!(tile_of(12, Point { lat: 50.8278, lon: 3.2645 }), Some((2085, 1374)));
    // Null Island is in the middle, and there is no tile at the poles.
    assert_eq!(project(Point { lat: 0.0, lon: 0.0 }), Some((1 << 31, 1 << 31)));
    assert_eq!(project(Point { lat: 90.0, lon: 0.0 }), None);
    assert_eq!(project(Point { lat: 0.0, lon: 180.0 }), None);
}

#[test]
fn no_two_signs_of_a_tile_and_its_neighbours_touch() {
    let script = include_str!("../../../assets/js/map.js");
    assert!(script.contains("Math.min(17 + 3 * Math.log10(many), 29) : 13"), "signs are drawn as `reach` has them");
    let city = crate::tests::city();
    let dots = Dots::default().with(&city, &many(&city, 30_000));
    let sieve = Filter::read("status=all").sieve(&city);
    let mut tiles = HashSet::from([(0, 0)]);
    for z in 0..=DEEPEST {
        // All signs of this zoom, in pixels of the whole map.
        let mut signs: Vec<(f64, f64, f64)> = Vec::new();
        let mut deeper = HashSet::new();
        for (x, y) in &tiles {
            let clusters = dots.clusters(&sieve, z, *x, *y).unwrap();
            let at = |tile: u32, unit: u32| (f64::from(tile) * f64::from(EXTENT) + f64::from(unit)) / PIXEL;
            signs.extend(clusters.iter().map(|one| (at(*x, one.x), at(*y, one.y), reach(one.n))));
            if !clusters.is_empty() {
                deeper.extend([(0, 0), (1, 0), (0, 1), (1, 1)].map(|(right, down)| (2 * x + right, 2 * y + down)));
            }
        }
        signs.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut close = 0;
        for (n, one) in signs.iter().enumerate() {
            for other in signs[n + 1..].iter().take_while(|other| other.0 - one.0 < 64.0) {
                let apart = (other.0 - one.0).hypot(other.1 - one.1);
                close += u32::from(apart < 80.0);
                assert!(apart >= one.2 + other.2, "zoom {z}: {one:?} and {other:?} are {apart} pixels apart");
            }
        }
        assert!(z < 10 || z == DEEPEST || close > 0, "zoom {z}: nothing was near anything");
        tiles = deeper;
    }
}

#[test]
fn few_are_shown_one_by_one() {
    let city = crate::tests::city();
    let sieve = Filter::read("status=all").sieve(&city);
    let all = many(&city, 2);
    let dots = Dots::default().with(&city, &all);
    let tile = |z: u8| {
        let case = all.values().flatten().next().unwrap();
        let (x, y) = tile_of(z, case.point.unwrap()).unwrap();
        dots.clusters(&sieve, z, x, y).unwrap()
    };
    assert_eq!(tile(3).iter().map(|one| one.n).collect::<Vec<_>>(), [2]);
    assert!(tile(14).iter().all(|one| one.n == 1 && one.one.is_some()));
}
