//! The devices of a report.

use crate::{Bed, both, id, report};
use schemas::{
    Uuid,
    device::Device,
    event::{CaseEvent, What},
    letter::Lane,
    report::Tell,
    trace::Trace,
    way::Address,
};
use std::time::Duration;
use store::{ReportDevice, Store};

both!(the_newest_devices_are_kept, a_device_that_is_gone_is_gone_everywhere, who_has_a_device_hears_of_what_happens);

fn browser(name: &str, auth: &str) -> Address {
    Address::Push(Device::Web {
        endpoint: format!("https://push.example/{name}"),
        p256dh: "p".into(),
        auth: auth.into(),
        key: "k".into(),
    })
}

/// Keeps a device of `report`; its key.
async fn put(store: &Store, report: Uuid, address: Address) -> String {
    let key = store.address_keys().await.unwrap().of(&address);
    let mut tx = store.begin().await.unwrap();
    let device = ReportDevice { report, key: key.clone(), address, made_at: store.clock().now() };
    tx.put_device(&device, 3).await.unwrap();
    tx.commit().await.unwrap();
    key
}

async fn the_newest_devices_are_kept(bed: Bed) {
    let store = bed.store().await;
    let (one, other) = (id("one"), id("other"));
    put(&store, other, browser("a", "1")).await;
    for name in ["a", "b", "c"] {
        put(&store, one, browser(name, "1")).await;
        bed.pass(Duration::from_secs(1));
    }
    put(&store, one, browser("a", "2")).await;
    let kept = store.devices(one).await.unwrap();
    assert_eq!(kept.len(), 3, "the same browser with other keys is the same one");
    assert_eq!(kept[2].address, browser("a", "2"));
    bed.pass(Duration::from_secs(1));
    put(&store, one, browser("d", "1")).await;
    let kept: Vec<_> = store.devices(one).await.unwrap().into_iter().map(|device| device.address).collect();
    assert_eq!(kept, [browser("c", "1"), browser("a", "2"), browser("d", "1")], "the oldest went");
    assert_eq!(store.devices(other).await.unwrap().len(), 1, "another report is another matter");
}

async fn a_device_that_is_gone_is_gone_everywhere(bed: Bed) {
    let store = bed.store().await;
    let (one, other) = (id("one"), id("other"));
    let key = put(&store, one, browser("a", "1")).await;
    put(&store, other, browser("a", "1")).await;
    put(&store, other, browser("b", "1")).await;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.drop_device(one, &key).await.unwrap());
    assert!(!tx.drop_device(one, &key).await.unwrap());
    assert_eq!(tx.devices(&[one, other]).await.unwrap().len(), 2);
    tx.forget_device(&key).await.unwrap();
    assert_eq!(tx.devices(&[one, other]).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    assert!(store.devices(one).await.unwrap().is_empty());
}

async fn who_has_a_device_hears_of_what_happens(bed: Bed) {
    let store = bed.store().await;
    for name in ["with", "without"] {
        let mut new = report(&store, name).await;
        new.report.tell = Tell::Nothing;
        store.accept(new).await.unwrap();
    }
    let (with, without) = (id("with"), id("without"));
    put(&store, with, browser("a", "1")).await;
    let told = |case: Uuid| {
        let store = store.clone();
        async move {
            let reference = store.report(case).await.unwrap().unwrap().reference;
            let what = What::Received;
            let event = CaseEvent {
                critical: false,
                id: id(&format!("event of {case}")),
                case_id: case,
                reference,
                version: 2,
                at: store.clock().now(),
                what,
            };
            let mut tx = store.begin().await.unwrap();
            tx.add_events(&[(event, Tell::Nothing)], Trace::start()).await.unwrap();
            tx.commit().await.unwrap();
            store.take(&Lane::notifier(), 9, Duration::from_secs(60)).await.unwrap().len()
        }
    };
    assert_eq!(told(without).await, 0);
    assert_eq!(told(with).await, 1);
}
