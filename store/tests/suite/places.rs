//! Places that people want to hear about.

use crate::{Bed, both, id, people::person};
use schemas::{
    person::{OwnPlace, Person},
    place::Point,
};
use std::time::Duration;

both!(places_are_kept_changed_and_dropped);

pub(crate) fn place(name: &str, whose: &Person, lat: f64, lon: f64, street: Option<&str>) -> OwnPlace {
    OwnPlace {
        id: id(name),
        person: whose.id,
        label: Some(name.to_owned()),
        point: Point { lat, lon },
        street: street.map(str::to_owned),
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
