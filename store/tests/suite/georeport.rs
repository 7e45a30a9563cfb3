//! What the Open311 door lists.

use crate::{Bed, both, report};
use schemas::{
    Timestamp,
    case::Status,
    event::{CaseEvent, What},
    id::derived,
    reference::Reference,
    report::{Kind, Tell},
    slug::{CategoryId, Slug},
    trace::Trace,
};
use std::time::Duration;
use store::{RequestFilter, Store, UpdateFilter, Viewer};

both!(everybody_sees_what_is_public_and_a_channel_its_own, updates_are_listed_by_the_moment_they_were_said);

const HOUR: Duration = Duration::from_secs(3600);

fn viewer(channel: Option<&str>) -> Viewer {
    Viewer {
        channel: channel.map(|channel| Slug::new(channel).unwrap()),
        public: vec![CategoryId::new("wegen/put").unwrap()],
        confidential: vec![Slug::new("politie").unwrap()],
        private: vec![Kind::Complaint],
    }
}

async fn add(store: &Store, name: &str, channel: &str, category: &str, kind: Kind) -> (schemas::Uuid, Reference) {
    let mut new = report(store, name).await;
    new.report.id = store.ids().new_id();
    new.report.channel = Slug::new(channel).unwrap();
    new.report.category = CategoryId::new(category).unwrap();
    new.report.kind = kind;
    let of = (new.report.id, new.report.reference);
    store.accept(new).await.unwrap();
    of
}

fn any(from: Timestamp, to: Timestamp) -> RequestFilter {
    RequestFilter { from, to, categories: None, statuses: Status::ALL.to_vec(), limit: 1_000 }
}

async fn everybody_sees_what_is_public_and_a_channel_its_own(bed: Bed) {
    let store = bed.store().await;
    let begun = bed.now();
    let public = add(&store, "public", "web", "wegen/put", Kind::Report).await;
    bed.pass(HOUR);
    let complaint = add(&store, "complaint", "my-app", "wegen/put", Kind::Complaint).await;
    bed.pass(HOUR);
    let private = add(&store, "private", "my-app", "zorg/buur", Kind::Report).await;
    let ids = async |viewer: Viewer, filter: RequestFilter| -> Vec<_> {
        store.geo_requests(&viewer, &filter).await.unwrap().into_iter().map(|r| r.id).collect()
    };
    let all = any(begun, bed.now());
    assert_eq!(ids(viewer(None), all.clone()).await, [public.0]);
    assert_eq!(ids(viewer(Some("kiosk")), all.clone()).await, [public.0]);
    assert_eq!(ids(viewer(Some("my-app")), all.clone()).await, [private.0, complaint.0, public.0], "the newest first");
    assert_eq!(ids(viewer(Some("my-app")), RequestFilter { limit: 1, ..all.clone() }).await, [private.0]);
    let holes = RequestFilter { categories: Some(vec![CategoryId::new("wegen/put").unwrap()]), ..all.clone() };
    assert_eq!(ids(viewer(Some("my-app")), holes).await, [complaint.0, public.0]);
    let open = Viewer { private: Vec::new(), ..viewer(None) };
    assert_eq!(ids(open, all.clone()).await, [complaint.0, public.0], "whose city hides no kind");
    let hidden = Viewer { private: vec![Kind::Complaint, Kind::Report], ..viewer(None) };
    assert!(ids(hidden.clone(), all.clone()).await.is_empty());
    assert!(store.geo_requests_named(&hidden, &[public.1]).await.unwrap().is_empty());
    let closed = RequestFilter { statuses: vec![Status::Solved], ..all.clone() };
    assert!(ids(viewer(Some("my-app")), closed).await.is_empty());
    // Both ends count, to the microsecond.
    assert_eq!(ids(viewer(Some("my-app")), any(begun + HOUR, begun + HOUR)).await, [complaint.0]);
    let named = store.geo_requests_named(&viewer(None), &[public.1, complaint.1]).await.unwrap();
    assert_eq!(named.iter().map(|r| r.reference).collect::<Vec<_>>(), [public.1]);
    assert_eq!((named[0].status, named[0].status_at), (Status::Received, begun));
    assert_eq!(store.geo_requests_named(&viewer(Some("my-app")), &[complaint.1]).await.unwrap().len(), 1);
    assert!(store.geo_requests_named(&viewer(None), &[]).await.unwrap().is_empty());
}

async fn updates_are_listed_by_the_moment_they_were_said(bed: Bed) {
    let store = bed.store().await;
    let begun = bed.now();
    let public = add(&store, "public", "web", "wegen/put", Kind::Report).await;
    let own = add(&store, "own", "my-app", "zorg/buur", Kind::Report).await;
    let wegen = || Slug::new("wegen").unwrap();
    let say = async |of: (schemas::Uuid, Reference), version: i64, what: What| {
        bed.pass(HOUR);
        let id = derived(&["event", &of.0.to_string(), &version.to_string()]);
        let at = bed.now();
        let event = CaseEvent { critical: false, id, case_id: of.0, reference: of.1, version, at, what };
        let mut tx = store.begin().await.unwrap();
        tx.add_events(&[(event, Tell::Nothing)], Trace::start()).await.unwrap();
        tx.commit().await.unwrap();
        id
    };
    say(public, 2, What::HandedOver { department: wegen(), receipt: None }).await;
    let note = say(public, 3, What::Note { department: wegen(), text: "only for you".to_owned() }).await;
    let solved = say(public, 4, What::Solved { department: wegen(), text: None, evidence: Vec::new() }).await;
    let mine = say(own, 2, What::Accepted { department: wegen(), acknowledges: false }).await;
    let filter = UpdateFilter { from: begun, to: bed.now(), references: None, public: vec!["solved"], limit: 1_000 };
    let ids = async |channel: Option<&str>, filter: &UpdateFilter| -> Vec<_> {
        store.geo_updates(&viewer(channel), filter).await.unwrap().into_iter().map(|u| u.event.id).collect()
    };
    assert_eq!(ids(None, &filter).await, [solved]);
    assert_eq!(ids(Some("my-app"), &filter).await, [solved, mine], "the oldest first");
    assert_eq!(ids(Some("web"), &filter).await, [note, solved]);
    let late = UpdateFilter { from: begun + HOUR * 4, ..filter.clone() };
    assert_eq!(ids(Some("my-app"), &late).await, [mine]);
    let named = UpdateFilter { references: Some(vec![own.1]), ..filter.clone() };
    assert_eq!(ids(Some("my-app"), &named).await, [mine]);
    assert_eq!(ids(Some("my-app"), &UpdateFilter { limit: 1, ..filter }).await, [solved]);
    let said = store.geo_said(&[public.0, own.0]).await.unwrap();
    assert_eq!(said[&public.0].iter().map(|event| event.id).collect::<Vec<_>>(), [note, solved]);
    assert_eq!(said[&own.0].len(), 1);
    assert!(store.geo_said(&[]).await.unwrap().is_empty());
}
