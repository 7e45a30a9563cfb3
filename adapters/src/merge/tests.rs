use super::*;
use crate::{
    intake::{
        accept,
        contest::{Outcome as Contested, contest},
    },
    testing::{self, Desk, slug, timeline, waiting},
};
use schemas::{case::Role, report::Kind, submission::Submission};
use store::Accepted;

testing::both!(
    a_merge_is_once_and_withdraws_the_work,
    chains_are_flat_and_circles_refused,
    what_is_private_is_merged_with_nothing,
    two_at_once_are_one,
    a_split_puts_back_what_was,
    who_reported_the_same_contests_the_main_case,
);

/// So many routed cases, by reference, in the order of their reports.
async fn cases(desk: &Desk, count: usize) -> Vec<Report> {
    let mut reports = Vec::new();
    for _ in 0..count {
        let id = testing::routed(&desk.2, testing::PUSHED, Role::Lead).await.case_id.unwrap();
        reports.push(desk.2.store.report(id).await.unwrap().unwrap());
        desk.0.pass(1);
    }
    waiting(&desk.2.store, &Lane::router()).await;
    reports
}

async fn join(desk: &Desk, duplicates: &[&Report], main: &Report) -> Result<Done, Refused> {
    let tools = &desk.2;
    let duplicates: Vec<Reference> = duplicates.iter().map(|report| report.reference).collect();
    merge(&tools.store, &tools.city, &duplicates, main.reference, " An\nPeeters ", Trace::start()).await
}

async fn apart(desk: &Desk, report: &Report) -> Result<Split, Refused> {
    split(&desk.2.store, &desk.2.city, report.reference, "Bo", Trace::start()).await
}

/// What the router is asked since the last look, and about which case.
async fn asked(store: &Store) -> Vec<(Uuid, Why)> {
    let letters = waiting(store, &Lane::router()).await;
    letters.iter().map(|letter| letter.read::<Received>().unwrap()).map(|body| (body.report, body.why)).collect()
}

async fn mains(store: &Store, reports: &[Report]) -> Vec<Option<Uuid>> {
    let ids: Vec<Uuid> = reports.iter().map(|report| report.id).collect();
    let merged = store.merged(&ids).await.unwrap();
    ids.iter().map(|id| merged.get(id).map(|merged| merged.main)).collect()
}

async fn a_merge_is_once_and_withdraws_the_work(desk: Desk) {
    let store = desk.2.store.clone();
    let [main, one, two] = cases(&desk, 3).await.try_into().unwrap();
    let done = join(&desk, &[&one, &two], &main).await.unwrap();
    assert_eq!((done.into, done.merged.len(), done.already.len()), (main.reference, 2, 0));
    let case = store.case(one.id).await.unwrap().unwrap();
    assert_eq!((case.status, case.closed_at.is_some(), case.check_at), (Status::Duplicate, true, None));
    assert_eq!(timeline(&store, one.id).await, "received merged internal_note");
    assert_eq!(timeline(&store, main.id).await, "received internal_note");
    let events = store.timeline(main.id, false).await.unwrap();
    let What::InternalNote { text, .. } = &events[1].what else { panic!("{events:?}") };
    assert!(text.starts_with("An Peeters: ") && text.contains(&one.reference.to_string()), "{text}");
    let public = store.timeline(one.id, true).await.unwrap();
    assert!(public.iter().all(|event| !format!("{event:?}").contains("Peeters")), "who did it is for colleagues");
    let mut told = asked(&store).await;
    told.sort_by_key(|(id, _)| *id);
    let why = || Why::Merged { into: main.reference };
    assert_eq!(told, [(one.id, why()), (two.id, why())]);
    // Twice is once.
    let again = join(&desk, &[&two, &one], &main).await.unwrap();
    assert_eq!((again.merged.len(), again.already.len()), (0, 2));
    assert_eq!(timeline(&store, one.id).await, "received merged internal_note");
    assert_eq!(asked(&store).await, []);
    let entries = store.audit(store::AuditFilter { limit: 10, ..Default::default() }).await.unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.deed == "cases.merge").count(), 2);
}

async fn chains_are_flat_and_circles_refused(desk: Desk) {
    let store = desk.2.store.clone();
    let reports = cases(&desk, 4).await;
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| &reports[n]);
    join(&desk, &[a], b).await.unwrap();
    // What was merged into b goes along, and hears of it.
    join(&desk, &[b], c).await.unwrap();
    assert_eq!(mains(&store, &reports).await, [Some(c.id), Some(c.id), None, None]);
    assert_eq!(timeline(&store, a.id).await, "received merged internal_note merged internal_note");
    // Merged into a duplicate: into its main case.
    assert_eq!(join(&desk, &[d], a).await.unwrap().into, c.reference);
    assert_eq!(mains(&store, &reports).await, [Some(c.id), Some(c.id), None, Some(c.id)]);
    assert!(matches!(join(&desk, &[c], a).await, Err(Refused::Circle { .. })));
    assert!(matches!(join(&desk, &[c], c).await, Err(Refused::Itself(_))));
    let others = cases(&desk, 1).await;
    assert!(matches!(join(&desk, &[a], &others[0]).await, Err(Refused::Elsewhere { into, .. }) if into == c.reference));
    // All of them or none.
    assert!(join(&desk, &[&others[0], a, c], b).await.is_err());
    assert_eq!(mains(&store, &others).await, [None]);
    let unknown = Reference::from_number(9_999_999);
    let city = &desk.2.city;
    let wrong = merge(&store, city, &[unknown], a.reference, "An", Trace::start()).await;
    assert!(matches!(wrong, Err(Refused::Unknown(_))));
    assert!(matches!(merge(&store, city, &[], a.reference, "An", Trace::start()).await, Err(Refused::HowMany)));
    for name in [" ", &"x".repeat(101)] {
        let nameless = merge(&store, city, &[d.reference], a.reference, name, Trace::start()).await;
        assert!(matches!(nameless, Err(Refused::NoName)));
    }
}

async fn what_is_private_is_merged_with_nothing(desk: Desk) {
    let tools = &desk.2;
    let reports = cases(&desk, 1).await;
    let private = tools.city.categories.iter().find(|c| c.publicity == schemas::city::Publicity::Private).unwrap();
    for (category, kind) in [("wegen/put", Some(Kind::Complaint)), (private.id.as_str(), None)] {
        let submission = Submission {
            category: category.to_owned(),
            kind,
            words: "Niet voor anderen".to_owned(),
            ..Submission::default()
        };
        let checked = submission.check(&tools.city).unwrap();
        let Accepted::New(receipt) =
            accept(tools, &slug("web"), None, checked, Default::default(), Trace::start()).await.unwrap()
        else {
            panic!("it is new")
        };
        let report = tools.store.report(receipt.id).await.unwrap().unwrap();
        for (duplicate, main) in [(&report, &reports[0]), (&reports[0], &report)] {
            let refused = join(&desk, &[duplicate], main).await.unwrap_err();
            assert!(matches!(refused, Refused::NotPublic(of) if of == report.reference), "{category}: {refused}");
        }
    }
    assert_eq!(mains(&tools.store, &reports).await, [None]);
}

async fn two_at_once_are_one(desk: Desk) {
    let store = desk.2.store.clone();
    let reports = cases(&desk, 3).await;
    let [a, b, c] = [0, 1, 2].map(|n| &reports[n]);
    let (there, back) = ([a, b], [b, a]);
    let (first, second) = tokio::join!(join(&desk, &there, c), join(&desk, &back, c));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.merged.len() + second.merged.len(), 2, "{first:?} {second:?}");
    assert_eq!(timeline(&store, a.id).await, "received merged internal_note");
    assert_eq!(asked(&store).await.len(), 2);
    // Against each other: one of both, never a circle.
    let others = cases(&desk, 2).await;
    let (one, other) = (&others[0], &others[1]);
    let (first, second) = ([one], [other]);
    let (there, back) = tokio::join!(join(&desk, &first, other), join(&desk, &second, one));
    assert!(there.is_ok() != back.is_ok(), "{there:?} {back:?}");
    assert_eq!(mains(&store, &others).await.iter().flatten().count(), 1);
}

async fn a_split_puts_back_what_was(desk: Desk) {
    let store = desk.2.store.clone();
    let reports = cases(&desk, 3).await;
    let [main, open, solved] = [0, 1, 2].map(|n| &reports[n]);
    let mut tx = store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[solved.id]).await.unwrap().remove(&solved.id).unwrap();
    (case.status, case.closed_at) = (Status::Solved, Some(testing::now()));
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    join(&desk, &[open, solved], main).await.unwrap();
    assert_eq!(asked(&store).await.len(), 1, "nobody has work of what was solved");
    assert!(matches!(apart(&desk, main).await, Err(Refused::NoDuplicate(_))));
    let split = apart(&desk, open).await.unwrap();
    assert_eq!((split.from, split.open), (main.reference, true));
    let case = store.case(open.id).await.unwrap().unwrap();
    assert_eq!((case.status, case.closed_at), (Status::Received, None), "it waits for the router");
    assert_eq!(timeline(&store, open.id).await, "received merged internal_note split internal_note");
    assert_eq!(asked(&store).await, [(open.id, Why::Split)]);
    assert!(!apart(&desk, solved).await.unwrap().open);
    assert_eq!(store.case(solved.id).await.unwrap().unwrap().status, Status::Solved);
    assert_eq!(asked(&store).await, []);
    assert!(matches!(apart(&desk, open).await, Err(Refused::NoDuplicate(_))), "twice is once");
    // And merged anew.
    assert_eq!(join(&desk, &[open], main).await.unwrap().merged, [open.reference]);
}

async fn who_reported_the_same_contests_the_main_case(desk: Desk) {
    let store = desk.2.store.clone();
    let reports = cases(&desk, 2).await;
    let [main, other] = [0, 1].map(|n| &reports[n]);
    join(&desk, &[other], main).await.unwrap();
    asked(&store).await;
    let said = || contest(&desk.2, &other.token, Some("De put is er nog"), Trace::start());
    assert!(matches!(said().await, Contested::NotSolved(..)), "the main case is open");
    let mut tx = store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[main.id]).await.unwrap().remove(&main.id).unwrap();
    (case.status, case.closed_at) = (Status::Solved, Some(testing::now()));
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(said().await, Contested::Reopened(reference) if reference == other.reference));
    assert!(matches!(said().await, Contested::NotSolved(..)), "twice is once");
    assert_eq!(store.case(main.id).await.unwrap().unwrap().status, Status::Routed);
    assert_eq!(timeline(&store, main.id).await, "received internal_note reopened internal_note");
    let public = store.timeline(main.id, true).await.unwrap();
    assert!(!format!("{public:?}").contains("De put is er nog"), "who reported first reads no words of the other");
    assert!(timeline(&store, other.id).await.ends_with("replied"));
    let text = Some("De put is er nog".to_owned());
    assert_eq!(asked(&store).await, [(main.id, Why::Reopened { text })]);
}
