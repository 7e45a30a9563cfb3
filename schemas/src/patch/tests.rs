use super::*;
use crate::{city::Area, report::Language, slug::Slug};
use geo::MultiPolygon;
use proptest::prelude::*;

/// The belfry of the sample city.
const BELFRY: Point = Point { lat: 50.8279, lon: 3.2649 };

fn circle(metres: u32) -> Patch {
    Patch::Circle { middle: BELFRY, metres }
}

/// Metres east and north of the belfry.
fn at(east: f64, north: f64) -> Point {
    let degree = 111_195.0;
    Point { lat: BELFRY.lat + north / degree, lon: BELFRY.lon + east / (degree * BELFRY.lat.to_radians().cos()) }
}

/// What the page sends of these corners, in metres from the belfry.
fn drawn(corners: &[(f64, f64)]) -> String {
    let points = corners.iter().map(|(east, north)| at(*east, *north)).collect();
    Patch::Polygon { points }.written().0
}

#[test]
fn a_square_is_read_measured_and_written_as_it_was() {
    let text = drawn(&[(0.0, 0.0), (400.0, 0.0), (400.0, 300.0), (0.0, 300.0)]);
    let patch = Patch::read(&text, None).unwrap();
    assert_eq!(patch.written(), (text.clone(), None));
    assert!((patch.square_metres() - 120_000.0).abs() < 1_000.0, "{}", patch.square_metres());
    assert!(patch.holds(at(200.0, 150.0)) && !patch.holds(at(-1.0, 150.0)) && !patch.holds(at(200.0, 310.0)));
    assert!(patch.middle().metres_to(at(200.0, 150.0)) < 1.0);
    // Closed by hand, tapped twice, drawn the other way round.
    let first = text.split(' ').next().unwrap();
    assert_eq!(Patch::read(&format!("{first} {text}  {first}"), Some(" ")).unwrap(), patch);
    let back: Vec<&str> = text.split(' ').rev().collect();
    let back = Patch::read(&back.join(" "), None).unwrap();
    assert!((back.square_metres() - patch.square_metres()).abs() < 1.0);
    let json = serde_json::to_string(&patch).unwrap();
    assert!(json.starts_with(r#"{"shape":"polygon","points":[{"lat":50.8279"#), "{json}");
    assert_eq!(serde_json::from_str::<Patch>(&json).unwrap(), patch);
}

#[test]
fn a_circle_is_round() {
    let patch = Patch::read("3.2649,50.8279", Some("250")).unwrap();
    assert_eq!((patch.clone(), patch.written()), (circle(250), ("3.264900,50.827900".into(), Some(250))));
    for (east, north) in [(1.0, 0.0), (0.0, 1.0), (-0.6, 0.8), (0.6, -0.8)] {
        assert!(patch.holds(at(248.0 * east, 248.0 * north)), "{east} {north}");
        assert!(!patch.holds(at(252.0 * east, 252.0 * north)), "{east} {north}");
    }
    let (low, high) = patch.bounds();
    assert!((low.metres_to(Point { lat: high.lat, ..low }) - 500.0).abs() < 2.0);
}

#[test]
fn what_cannot_be_taken_is_told_apart() {
    let many: Vec<String> = (0..60).map(|n| format!("3.2{n:02},50.8{n:02}")).collect();
    let fifty: Vec<(f64, f64)> = (0..50)
        .map(|n| f64::from(n) / 50.0 * std::f64::consts::TAU)
        .map(|turn| (300.0 * turn.cos(), 300.0 * turn.sin()))
        .collect();
    assert!(Patch::read(&drawn(&fifty), None).is_ok());
    let tie = drawn(&[(0.0, 0.0), (400.0, 300.0), (400.0, 0.0), (0.0, 300.0)]);
    // A corner that goes there and back again.
    let spike = drawn(&[(0.0, 0.0), (400.0, 0.0), (800.0, 0.0), (400.0, 0.0), (400.0, 300.0)]);
    let small = drawn(&[(0.0, 0.0), (60.0, 0.0), (60.0, 60.0)]);
    let large = drawn(&[(0.0, 0.0), (5_000.0, 0.0), (5_000.0, 5_000.0), (0.0, 5_000.0)]);
    let long = drawn(&[(0.0, 0.0), (11_000.0, 0.0), (11_000.0, 100.0), (0.0, 100.0)]);
    for (points, metres, expected) in [
        ("", None, WrongPatch::Few),
        ("3.2,50.8 3.3,50.9", None, WrongPatch::Few),
        ("3.2,50.8 3.3,50.9 3.2,50.8", None, WrongPatch::Few),
        (many.join(" ").as_str(), None, WrongPatch::Many),
        (tie.as_str(), None, WrongPatch::Crossed),
        (spike.as_str(), None, WrongPatch::Crossed),
        (small.as_str(), None, WrongPatch::Small),
        (large.as_str(), None, WrongPatch::Large),
        (long.as_str(), None, WrongPatch::Large),
        ("3.2;50.8", None, WrongPatch::Unreadable),
        ("3.2,fifty", None, WrongPatch::Unreadable),
        ("NaN,50.8 inf,50.9 3.3,50.9", None, WrongPatch::Unreadable),
        ("3.2,91 3.3,50.9 3.3,50.8", None, WrongPatch::Unreadable),
        ("3.2,50.8", Some("99"), WrongPatch::Radius),
        ("3.2,50.8", Some("2001"), WrongPatch::Radius),
        ("3.2,50.8", Some("-5"), WrongPatch::Radius),
        ("3.2,50.8", Some("far"), WrongPatch::Radius),
        ("", Some("250"), WrongPatch::Unreadable),
        ("3.2,50.8 3.3,50.9", Some("250"), WrongPatch::Unreadable),
    ] {
        assert_eq!(Patch::read(points, metres).unwrap_err(), expected, "{points} {metres:?}");
    }
    let mut words: Vec<&str> = WrongPatch::ALL.into_iter().map(WrongPatch::as_str).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), WrongPatch::ALL.len());
}

#[test]
fn it_lies_in_the_city_or_touches_it() {
    let outline = |metres| MultiPolygon(vec![circle(metres).outline()]);
    let area = Area {
        id: Slug::new("kern").unwrap(),
        names: [(Language::NL, "Kern".to_owned())].into(),
        outline: outline(1_000),
    };
    let city = Areas::new(vec![area], Some(outline(1_000)));
    let around = |point| Patch::Circle { middle: point, metres: 250 };
    for (point, expected) in
        [(BELFRY, Ok(())), (at(1_200.0, 0.0), Ok(())), (at(1_260.0, 0.0), Err(WrongPatch::Outside))]
    {
        assert_eq!(around(point).check(&city), expected, "{point:?}");
    }
    assert_eq!(circle(50).check(&city), Err(WrongPatch::Radius), "what was kept before is looked at again");
    assert!(circle(100).check(&Areas::new(Vec::new(), None)).is_ok(), "without an outline all the world is the city");
}

/// Corners around the belfry in the order of their direction: such a polygon never crosses itself.
fn star() -> impl Strategy<Value = Vec<(f64, f64)>> {
    proptest::collection::vec(150.0..900.0f64, 5..50).prop_map(|far| {
        let count = far.len() as f64;
        let corner = |(n, far): (usize, f64)| {
            let turn = n as f64 / count * std::f64::consts::TAU;
            (far * turn.cos(), far * turn.sin())
        };
        far.into_iter().enumerate().map(corner).collect()
    })
}

/// The even-odd rule, as a second opinion.
fn is_inside(corners: &[(f64, f64)], (x, y): (f64, f64)) -> bool {
    let next = corners.iter().cycle().skip(1);
    let crossed = corners
        .iter()
        .zip(next)
        .filter(|((ax, ay), (bx, by))| (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax);
    crossed.count() % 2 == 1
}

/// How far `point` is from the nearest side.
fn to_a_side(corners: &[(f64, f64)], (x, y): (f64, f64)) -> f64 {
    let next = corners.iter().cycle().skip(1);
    let far = corners.iter().zip(next).map(|((ax, ay), (bx, by))| {
        let (dx, dy) = (bx - ax, by - ay);
        let along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        (x - ax - along * dx).hypot(y - ay - along * dy)
    });
    far.fold(f64::INFINITY, f64::min)
}

proptest! {
    #[test]
    fn whatever_is_sent_is_taken_or_told(points in ".{0,200}", metres in proptest::option::of(".{0,8}")) {
        if let Ok(patch) = Patch::read(&points, metres.as_deref()) {
            let (points, metres) = patch.written();
            prop_assert_eq!(Patch::read(&points, metres.map(|m| m.to_string()).as_deref()), Ok(patch));
        }
    }

    #[test]
    fn what_lies_in_it_is_in_its_block_too(corners in star(), east in -1_000.0..1_000.0f64, north in -1_000.0..1_000.0f64) {
        let patch = Patch::read(&drawn(&corners), None).unwrap();
        let point = at(east, north);
        let side = to_a_side(&corners, (east, north));
        // Positions are rounded, and metres are those of a round Earth.
        if side > 2.0 {
            prop_assert_eq!(patch.holds(point), is_inside(&corners, (east, north)));
        }
        if patch.holds(point) {
            prop_assert!(patch.meets_block_of(point));
        }
        // Half a block is at most 35 m from corner to corner here.
        if !patch.holds(point) && side > 70.0 {
            prop_assert!(!patch.meets_block_of(point), "{side}");
        }
        // All of a block is one place: whoever hears of it learns no more than the map shows.
        prop_assert_eq!(patch.meets_block_of(point), patch.meets_block_of(point.block()));
        let (low, high) = patch.bounds();
        if patch.holds(point) {
            prop_assert!((low.lat..=high.lat).contains(&point.lat) && (low.lon..=high.lon).contains(&point.lon));
        }
    }
}
