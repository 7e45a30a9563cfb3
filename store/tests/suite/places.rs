//! Places that people want to hear about.

use crate::{Bed, both, id, people::person};
use schemas::{
    patch::Patch,
    person::{OwnPlace, Person},
    place::Point,
};
use std::time::Duration;

both!(places_are_kept_changed_and_dropped, who_chose_a_part_of_the_city_is_found_by_a_point_in_it);

pub(crate) fn place(name: &str, whose: &Person, lat: f64, lon: f64, street: Option<&str>) -> OwnPlace {
    OwnPlace {
        id: id(name),
        person: whose.id,
        label: Some(name.to_owned()),
        point: Point { lat, lon },
        street: street.map(str::to_owned),
        patch: None,
        since: whose.made_at,
    }
}

async fn places_are_kept_changed_and_dropped(bed: Bed) {
    let store = bed.store().await;
    let (an, bo) = (person("an", bed.now()), person("bo", bed.now()));
    let home = place("home", &an, 50.879_812, 4.700_519, Some("Naamsestraat 3"));
    let later = bed.now() + Duration::from_secs(1);
    let work = OwnPlace { since: later, label: None, ..place("work", &an, -0.000_001, -179.999_999, None) };
    let mut tx = store.begin().await.unwrap();
    for new in [&work, &home] {
        assert!(tx.put_place(new).await.unwrap());
    }
    tx.commit().await.unwrap();
    assert_eq!(store.places(an.id).await.unwrap(), [home.clone(), work.clone()], "in the order they were added");
    assert!(store.places(bo.id).await.unwrap().is_empty());

    let moved = OwnPlace { point: Point { lat: 51.0, lon: 4.0 }, since: later, ..home.clone() };
    let mut tx = store.begin().await.unwrap();
    assert!(tx.put_place(&moved).await.unwrap());
    assert!(!tx.put_place(&OwnPlace { person: bo.id, ..moved.clone() }).await.unwrap(), "it is not theirs");
    assert!(!tx.drop_place(bo.id, work.id).await.unwrap(), "nor is this one");
    assert!(tx.drop_place(an.id, work.id).await.unwrap());
    assert!(!tx.drop_place(an.id, work.id).await.unwrap());
    assert_eq!(tx.places(an.id).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.places(an.id).await.unwrap(), [OwnPlace { since: home.since, ..moved }]);
}

/// The belfry of the sample city.
const BELFRY: Point = Point { lat: 50.8279, lon: 3.2649 };

/// So many metres north of the belfry.
fn north(metres: f64) -> Point {
    Point { lat: BELFRY.lat + metres / 111_195.0, ..BELFRY }
}

async fn who_chose_a_part_of_the_city_is_found_by_a_point_in_it(bed: Bed) {
    let store = bed.store().await;
    let (an, bo) = (person("an", bed.now()), person("bo", bed.now()));
    let circle = |name: &str, whose: &Person, middle: Point, metres| {
        let patch = Some(Patch::Circle { middle, metres });
        OwnPlace { patch, ..place(name, whose, middle.lat, middle.lon, None) }
    };
    let triangle = Patch::read("3.25,50.80 3.28,50.80 3.28,50.84", None).unwrap();
    let drawn = OwnPlace { patch: Some(triangle.clone()), ..place("drawn", &bo, 50.81, 3.27, None) };
    let kept = [
        circle("near", &an, BELFRY, 250),
        circle("far", &an, north(1_900.0), 2_000),
        circle("elsewhere", &bo, north(3_000.0), 1_000),
        drawn.clone(),
        place("point", &bo, BELFRY.lat, BELFRY.lon, Some("Grote Markt")),
    ];
    let mut tx = store.begin().await.unwrap();
    for place in &kept {
        assert!(tx.put_place(place).await.unwrap());
    }
    tx.commit().await.unwrap();
    assert!(store.places(bo.id).await.unwrap().contains(&drawn), "it is read as it was written");

    let mut tx = store.begin().await.unwrap();
    assert!(tx.patches_at(&[]).await.unwrap().is_empty());
    let found = tx.patches_at(&[BELFRY, north(-60_000.0), north(2_500.0)]).await.unwrap();
    assert!(found.is_sorted_by_key(|(n, place)| (*n, place.person)));
    let mut names: Vec<(usize, String)> = found.into_iter().map(|(n, place)| (n, place.label.unwrap())).collect();
    names.sort_unstable();
    let named = |n: usize, name: &str| (n, name.to_owned());
    // Boxes meet: whether the polygon does, whoever asks looks.
    assert_eq!(names, [named(0, "drawn"), named(0, "far"), named(0, "near"), named(2, "elsewhere"), named(2, "far")]);
    let in_box = triangle.meets_block_of(Point { lat: 50.839, lon: 3.251 });
    assert!(!in_box, "the corner of the box that the triangle leaves free");

    // A place that is asked for without its surroundings again is a point again.
    let point = OwnPlace { patch: None, ..kept[0].clone() };
    assert!(tx.put_place(&point).await.unwrap());
    assert!(tx.name_place(an.id, point.id, Some("school")).await.unwrap());
    assert!(!tx.name_place(bo.id, point.id, None).await.unwrap(), "it is not theirs");
    let left = tx.patches_at(&[BELFRY]).await.unwrap();
    assert_eq!(left.len(), 2, "{left:?}");
    let label = Some("school".to_owned());
    assert!(tx.places(an.id).await.unwrap().contains(&OwnPlace { label, ..point.clone() }));
    assert!(tx.name_place(an.id, point.id, None).await.unwrap());
    assert!(tx.drop_place(bo.id, drawn.id).await.unwrap());
    assert_eq!(tx.patches_at(&[BELFRY]).await.unwrap().len(), 1);
    tx.forget_unreachable(&an.id.to_string()).await.unwrap();
    assert!(tx.patches_at(&[BELFRY]).await.unwrap().is_empty(), "whoever is forgotten has no places");
}
