//! Keys of programs, and what came by their channels.

use crate::{Bed, both, id, report};
use schemas::{
    api_key::{ApiKey, KeyKind},
    case::Status,
    slug::{Channel, Slug},
};
use std::time::Duration;
use store::{ChannelFilter, Store};

both!(a_key_is_known_by_its_prefix_until_it_is_revoked, a_channel_sees_its_own_reports_page_by_page);

fn channel(name: &str) -> Channel {
    Slug::new(name).unwrap()
}

async fn add(store: &Store, name: &str, of: &str, kind: KeyKind) -> ApiKey {
    let made_at = store.clock().now();
    let prefix = format!("vd_live_{name}");
    let key = ApiKey { id: id(name), prefix, channel: channel(of), kind, made_at, used_at: None, revoked_at: None };
    let mut tx = store.begin().await.unwrap();
    tx.add_api_key(&key, &format!("digest of {name}")).await.unwrap();
    tx.commit().await.unwrap();
    key
}

async fn a_key_is_known_by_its_prefix_until_it_is_revoked(bed: Bed) {
    let store = bed.store().await;
    let live = add(&store, "one", "my-app", KeyKind::Live).await;
    let test = add(&store, "two", "my-app", KeyKind::Test).await;
    let other = add(&store, "three", "kiosk", KeyKind::Live).await;
    assert_eq!(store.api_key("vd_live_one").await.unwrap(), Some((live.clone(), "digest of one".to_owned())));
    assert_eq!(store.api_key("vd_live_on").await.unwrap(), None);
    assert_eq!(store.api_keys(Some(&channel("my-app"))).await.unwrap(), [live.clone(), test.clone()]);
    assert_eq!(store.api_keys(None).await.unwrap(), [other, live.clone(), test]);

    let used = bed.now() + Duration::from_secs(5);
    store.api_key_used(live.id, used).await.unwrap();
    store.api_key_used(live.id, bed.now()).await.unwrap();
    assert_eq!(store.api_key("vd_live_one").await.unwrap().unwrap().0.used_at, Some(used), "never back");

    let revoke = async |prefix: &str| {
        let mut tx = store.begin().await.unwrap();
        let done = tx.revoke_api_key(prefix).await.unwrap();
        tx.commit().await.unwrap();
        done
    };
    assert!(revoke("vd_live_one").await);
    let since = bed.now();
    bed.pass(Duration::from_secs(60));
    assert!(!revoke("vd_live_one").await, "once");
    assert!(!revoke("vd_live_nobody").await);
    assert_eq!(store.api_key("vd_live_one").await.unwrap().unwrap().0.revoked_at, Some(since));
}

async fn a_channel_sees_its_own_reports_page_by_page(bed: Bed) {
    let store = bed.store().await;
    let mut all = Vec::new();
    for n in 0..5 {
        let mut new = report(&store, &format!("r{n}")).await;
        new.report.id = store.ids().new_id();
        new.report.channel = channel(if n == 2 { "web" } else { "my-app" });
        all.push((new.report.id, new.report.reference));
        store.accept(new).await.unwrap();
        bed.pass(Duration::from_secs(1));
    }
    let page = async |before, limit| {
        let filter = ChannelFilter { statuses: Vec::new(), before, limit };
        store.reports_of(&channel("my-app"), &filter).await.unwrap()
    };
    let first = page(None, 3).await;
    assert_eq!(first.iter().map(|r| r.id).collect::<Vec<_>>(), [all[4].0, all[3].0, all[1].0]);
    assert_eq!((first[0].reference, first[0].status, first[0].version), (all[4].1, Status::Received, 1));
    assert_eq!(first[0].source_id.as_deref(), Some("r4"));
    assert_eq!(page(Some(all[1].0), 3).await.iter().map(|r| r.id).collect::<Vec<_>>(), [all[0].0]);
    let solved = ChannelFilter { statuses: vec![Status::Solved], before: None, limit: 9 };
    assert!(store.reports_of(&channel("my-app"), &solved).await.unwrap().is_empty());
    assert!(page(Some(all[0].0), 3).await.is_empty());
}
