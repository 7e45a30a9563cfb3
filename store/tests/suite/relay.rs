//! The outbox with a relay: published from memory, rows deleted later, nothing lost between.

use crate::{Bed, MINUTE, both, ids, letter, post, settle};
use schemas::letter::Lane;
use std::time::Duration;
use store::{Again, Relay, Settlement};

both!(
    letters_go_to_the_relay_and_their_rows_with_the_next_commit,
    a_retry_survives_a_late_confirm,
    what_the_relay_cannot_take_is_swept
);

const GRACE: Duration = Duration::from_secs(10);

async fn letters_go_to_the_relay_and_their_rows_with_the_next_commit(bed: Bed) {
    let store = bed.store().await;
    let (sender, mut relay) = tokio::sync::mpsc::channel(10);
    store.set_relay(Relay { grace: GRACE, sender });
    let lane = Lane::new("test");
    let mut later = letter(&store, &lane, "later");
    later.ready_at = Some(bed.now() + MINUTE);
    post(&store, &[letter(&store, &lane, "a"), later]).await;
    let published = relay.recv().await.unwrap();
    assert_eq!(published.len(), 1, "a letter for later waits in the table");
    assert!(store.sweep(10, MINUTE).await.unwrap().is_empty(), "the relay has it");
    store.confirmed(ids(&published));
    assert_eq!(store.count().await.unwrap().letters, 2);
    post(&store, &[letter(&store, &lane, "b")]).await;
    assert_eq!(store.count().await.unwrap().letters, 2, "a is gone, b and later are there");
    store.confirmed(ids(&relay.recv().await.unwrap()));
    store.flush_confirmed().await.unwrap();
    assert_eq!(store.count().await.unwrap().letters, 1);
    bed.pass(MINUTE);
    let due = store.sweep(10, MINUTE).await.unwrap();
    assert_eq!(due.len(), 1, "its time has come");
    store.confirmed(ids(&due));
    store.flush_confirmed().await.unwrap();
    assert_eq!(store.count().await.unwrap().letters, 0);
}

async fn a_retry_survives_a_late_confirm(bed: Bed) {
    let store = bed.store().await;
    let (sender, mut relay) = tokio::sync::mpsc::channel(10);
    store.set_relay(Relay { grace: GRACE, sender });
    let lane = Lane::new("test");
    post(&store, &[letter(&store, &lane, "a")]).await;
    let published = relay.recv().await.unwrap();
    // The consumer is faster than the confirm, and wants it again.
    let again = vec![Again { letter: published[0].clone(), ready_at: bed.now() + MINUTE, why: "busy".to_owned() }];
    settle(&store, Settlement { again, ..Settlement::default() }).await;
    store.confirmed(ids(&published));
    store.flush_confirmed().await.unwrap();
    bed.pass(MINUTE);
    let due = store.sweep(10, MINUTE).await.unwrap();
    assert_eq!(ids(&due), ids(&published));
    // Now it is on its way again, and its row goes.
    store.confirmed(ids(&due));
    store.flush_confirmed().await.unwrap();
    assert_eq!(store.count().await.unwrap().letters, 0);
}

async fn what_the_relay_cannot_take_is_swept(bed: Bed) {
    let store = bed.store().await;
    let (sender, mut relay) = tokio::sync::mpsc::channel(1);
    store.set_relay(Relay { grace: GRACE, sender });
    let lane = Lane::new("test");
    for name in ["a", "b", "c"] {
        post(&store, &[letter(&store, &lane, name)]).await;
        bed.pass(Duration::from_millis(1));
    }
    assert_eq!(relay.recv().await.unwrap().len(), 1);
    assert!(relay.try_recv().is_err());
    bed.pass(GRACE);
    let swept = store.sweep(2, MINUTE).await.unwrap();
    assert_eq!(swept.len(), 2, "the oldest first");
    assert_eq!(store.sweep(10, MINUTE).await.unwrap().len(), 1, "those in hand are left alone");
    store.release(&ids(&swept)).await.unwrap();
    assert_eq!(store.sweep(10, MINUTE).await.unwrap().len(), 2);
}
