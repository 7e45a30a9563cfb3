//! What a geocoder outside answered.

use crate::{Bed, both};
use std::time::Duration;

both!(answers_are_kept_for_a_while);

async fn answers_are_kept_for_a_while(bed: Bed) {
    let store = bed.store().await;
    let (now, later) = (bed.now(), bed.now() + Duration::from_secs(60));
    assert_eq!(store.geocoded("a", now).await.unwrap(), None);
    store.put_geocoded("a", "[1]", now).await.unwrap();
    store.put_geocoded("b", "[2]", now).await.unwrap();
    assert_eq!(store.geocoded("a", now).await.unwrap().as_deref(), Some("[1]"));
    assert_eq!(store.geocoded("a", later).await.unwrap(), None, "too old");
    store.put_geocoded("a", "[3]", later).await.unwrap();
    store.put_geocoded("a", "[1]", now).await.unwrap();
    assert_eq!(store.geocoded("a", now).await.unwrap().as_deref(), Some("[3]"), "the newer one stays");
    assert_eq!(store.sweep_geocoded(later).await.unwrap(), 1);
    assert_eq!(store.geocoded("b", now).await.unwrap(), None);
    assert_eq!(store.geocoded("a", now).await.unwrap().as_deref(), Some("[3]"));
}
