use super::*;
use crate::{
    intake::accept,
    testing::{self, Desk, slug},
};
use schemas::{place::GivenPlace, report::Kind, submission::Submission, trace::Trace};
use store::Accepted;

testing::both!(what_is_near_is_offered_as_everybody_may_know_it);

const HERE: Point = Point { lat: 50.827_9, lon: 3.264_9 };

fn north(metres: f64) -> Point {
    Point { lat: HERE.lat + metres / 111_195.0, lon: HERE.lon }
}

/// A report of this at this point, with a case.
async fn reported(desk: &Desk, category: &str, kind: Option<Kind>, point: Point) -> Uuid {
    let tools = &desk.2;
    let place = GivenPlace { point: Some(point), ..GivenPlace::default() };
    let (category, words) = (category.to_owned(), "Een diepe put".to_owned());
    let submission = Submission { category, kind, words, place: Some(place), ..Submission::default() };
    let checked = submission.check(&tools.city).unwrap();
    let Accepted::New(receipt) =
        accept(tools, &slug("web"), None, checked, Default::default(), Trace::start()).await.unwrap()
    else {
        panic!("it is new")
    };
    let case = Case { reference: receipt.reference, ..testing::open_case(receipt.id, testing::PUSHED) };
    let mut tx = tools.store.begin().await.unwrap();
    tx.open_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    receipt.id
}

async fn close(desk: &Desk, id: Uuid) {
    let mut tx = desk.2.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[id]).await.unwrap().remove(&id).unwrap();
    (case.status, case.closed_at) = (Status::Solved, Some(desk.2.clock.now()));
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn what_is_near_is_offered_as_everybody_may_know_it(desk: Desk) {
    let (store, city) = (desk.2.store.clone(), desk.2.city.clone());
    let first = reported(&desk, "wegen/put", None, HERE).await;
    let second = reported(&desk, "wegen/put", None, north(15.0)).await;
    reported(&desk, "wegen/put", Some(Kind::Complaint), HERE).await;
    let far = reported(&desk, "wegen/put", None, north(400.0)).await;
    let group = city.categories.iter().find(|c| c.id.group() != "wegen").unwrap().id.to_string();
    reported(&desk, &group, None, HERE).await;
    let put = CategoryId::new("wegen/put").unwrap();
    let place = |point| Place { point: Some(point), ..Place::default() };
    let offers = |point| {
        let (store, city, put) = (store.clone(), city.clone(), put.clone());
        async move { offered(&store, &city, &put, &place(point), "Een put").await.unwrap() }
    };
    let references = |ids: &[Uuid]| {
        let (store, ids) = (store.clone(), ids.to_vec());
        async move {
            let reports = store.reports_by_ids(&ids).await.unwrap();
            let mut found: Vec<Reference> = reports.values().map(|report| report.reference).collect();
            found.sort_unstable();
            found
        }
    };
    let mut found: Vec<Reference> = offers(HERE).await.iter().map(|one| one.reference).collect();
    found.sort_unstable();
    assert_eq!(found, references(&[first, second]).await, "neither a complaint, nor what is far or something else");
    assert_eq!(offers(HERE).await[0].people, 1);
    // A stranger who tries every point learns the block, no more: within it every point has the same answer.
    let corner = block(HERE);
    let (one, other) = (Point { lat: corner.lat - 0.000_2, ..corner }, Point { lon: corner.lon + 0.000_2, ..corner });
    assert_eq!(offers(one).await, offers(other).await);
    // Merged: the main case is left, with both people.
    let store = &desk.2.store;
    let (a, b) = (reference_of(store, first).await, reference_of(store, second).await);
    crate::merge::merge(store, &city, &[b], a, "An", Trace::start()).await.unwrap();
    let left = offered(store, &city, &put, &place(HERE), "").await.unwrap();
    assert_eq!(left.iter().map(|one| (one.reference, one.people)).collect::<Vec<_>>(), [(a, 2)]);
    // Residents are offered what is open; people of the city see what was closed lately, too.
    close(&desk, first).await;
    assert_eq!(offered(store, &city, &put, &place(HERE), "").await.unwrap(), []);
    let report = store.report(far).await.unwrap().unwrap();
    assert!(of_report(store, &city, &report).await.unwrap().is_empty(), "400 metres are not near");
    let late = reported(&desk, "wegen/put", None, north(20.0)).await;
    let report = store.report(late).await.unwrap().unwrap();
    let seen = of_report(store, &city, &report).await.unwrap();
    assert!(seen.iter().any(|found| found.report.id == first && found.people == 2), "{seen:?}");
    assert!(seen.iter().all(|found| found.report.id != second), "a duplicate is offered to nobody");
    desk.0.pass(8 * 24 * 3600);
    let seen = of_report(store, &city, &report).await.unwrap();
    assert!(seen.iter().all(|found| found.report.id != first), "that was closed long ago");
}

async fn reference_of(store: &Store, id: Uuid) -> Reference {
    store.report(id).await.unwrap().unwrap().reference
}
