//! Cases, their timeline, their dispatches and their notices.

use crate::{Bed, MINUTE, both, contact, id, report};
use schemas::{
    Uuid,
    case::{Assignment, Case, Decision, Reason, Role, Status},
    dispatch::DispatchState,
    event::{CaseEvent, What},
    letter::Lane,
    notice::{Because, Notice, NoticeState},
    report::{Language, Report, Tell, Urgency},
    slug::Slug,
    trace::Trace,
    way::Way,
};
use store::{DispatchRow, Error, NoticeEnd};

both!(
    an_event_keeps_that_it_is_critical,
    a_case_is_opened_once_and_saved,
    a_version_belongs_to_one_event,
    dispatches_are_kept,
    open_cases_are_counted_by_who_leads,
    a_notice_is_planned_once_and_sent_once,
    who_locks_the_same_cases_waits,
    a_broken_row_is_named,
);

fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

pub(crate) fn case(report: &Report) -> Case {
    Case {
        id: report.id,
        reference: report.reference,
        status: Status::Routed,
        version: 2,
        lead: Some(slug("wegen")),
        decision: Some(Decision {
            rule: "putten".to_owned(),
            ruleset: "abc".to_owned(),
            assignments: vec![Assignment { department: slug("wegen"), role: Role::Lead }],
            priority: Urgency::High,
            due_on: Some("2026-11-30".parse().unwrap()),
            reasons: vec![Reason { condition: "category: wegen/*".to_owned(), fact: "wegen/put".to_owned() }],
            alarm: None,
            answer: None,
            on_call: Vec::new(),
            acknowledge_by: None,
            silent: None,
        }),
        rejected_by: vec![slug("groen")],
        planned_on: None,
        status_at: report.received_at,
        opened_at: report.received_at,
        closed_at: None,
        tell: report.tell,
        parts: Vec::new(),
        watch: Default::default(),
        check_at: None,
    }
}

fn event(report: &Report, version: i64, what: What) -> CaseEvent {
    let id = id(&format!("event {} {version} {}", report.id, what.word()));
    CaseEvent {
        critical: false,
        id,
        case_id: report.id,
        reference: report.reference,
        version,
        at: report.received_at,
        what,
    }
}

fn note(text: &str) -> What {
    What::Note { department: slug("wegen"), text: text.to_owned() }
}

async fn an_event_keeps_that_it_is_critical(bed: Bed) {
    let store = bed.store().await;
    let a = report(&store, "a").await;
    store.accept(a.clone()).await.unwrap();
    let events = [(2, false), (3, true)].map(|(version, critical)| {
        let event = CaseEvent { critical, ..event(&a.report, version, note("stroom op het water")) };
        (event, Tell::Email)
    });
    let mut tx = store.begin().await.unwrap();
    tx.add_events(&events, Trace::start()).await.unwrap();
    tx.commit().await.unwrap();
    let kept = store.timeline(a.report.id, true).await.unwrap();
    assert_eq!(kept.iter().map(|event| event.critical).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(kept[1..], events.map(|(event, _)| event));
}

async fn a_case_is_opened_once_and_saved(bed: Bed) {
    let store = bed.store().await;
    let a = report(&store, "a").await.report;
    let opened = case(&a);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.lock_cases(&[a.id]).await.unwrap().is_empty());
    assert_eq!(tx.open_cases(&[opened.clone(), opened.clone()]).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.case(a.id).await.unwrap(), Some(opened.clone()));

    let mut changed = opened.clone();
    changed.status = Status::Solved;
    changed.version = 3;
    changed.planned_on = Some("2026-12-01".parse().unwrap());
    changed.closed_at = Some(bed.now());
    changed.decision = None;
    changed.lead = None;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.open_cases(std::slice::from_ref(&changed)).await.unwrap().is_empty(), "opened before");
    assert_eq!(tx.lock_cases(&[a.id, id("none")]).await.unwrap().remove(&a.id), Some(opened));
    tx.save_cases(std::slice::from_ref(&changed)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.case(a.id).await.unwrap(), Some(changed));
    assert_eq!(store.count().await.unwrap().open_cases, 0);
}

async fn a_version_belongs_to_one_event(bed: Bed) {
    let store = bed.store().await;
    let new = report(&store, "a").await;
    let a = new.report.clone();
    store.accept(new).await.unwrap();
    let (one, two) = (
        event(&a, 2, note("one")),
        event(&a, 3, What::InternalNote { department: slug("wegen"), text: "x".to_owned() }),
    );
    let mut tx = store.begin().await.unwrap();
    tx.add_events(&[(two.clone(), Tell::Email), (one.clone(), Tell::Email)], Trace::start()).await.unwrap();
    tx.commit().await.unwrap();
    let timeline = store.timeline(a.id, false).await.unwrap();
    assert_eq!(timeline[1..], [one.clone(), two.clone()]);
    assert_eq!(store.timeline(a.id, true).await.unwrap().len(), 2, "notes among colleagues are not shown");
    // Received and the note are told; the note among colleagues is neither told nor published.
    assert_eq!(store.take(&Lane::notifier(), 10, MINUTE).await.unwrap().len(), 2);
    assert_eq!(store.take(&Lane::events(), 10, MINUTE).await.unwrap().len(), 2);
    assert!(store.newer_told_event(a.id, 1).await.unwrap());
    assert!(!store.newer_told_event(a.id, 2).await.unwrap());

    // The same event again is no error; another one of the same version is.
    let mut tx = store.begin().await.unwrap();
    tx.add_events(&[(one, Tell::Nothing)], Trace::start()).await.unwrap();
    let rival = CaseEvent { id: id("rival"), ..two };
    let error = tx.add_events(&[(rival, Tell::Nothing)], Trace::start()).await.unwrap_err();
    assert!(matches!(error, Error::Stale { version: 3, .. }) && error.is_transient(), "{error}");
}

async fn dispatches_are_kept(bed: Bed) {
    let store = bed.store().await;
    let row = |name: &str, role| DispatchRow::posted(id(name), id("case"), slug("wegen"), role, bed.now());
    let (lead, informed) = (row("lead", Role::Lead), row("informed", Role::Informed));
    let mut tx = store.begin().await.unwrap();
    tx.add_dispatches(&[lead.clone(), informed.clone(), lead.clone()]).await.unwrap();
    tx.commit().await.unwrap();
    let changed = DispatchRow {
        state: DispatchState::Delivered,
        delivered_at: Some(bed.now()),
        receipt: Some("W-17".to_owned()),
        why: Some("at the second try".to_owned()),
        attempts: 2,
        answered_at: Some(bed.now()),
        ..lead.clone()
    };
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.dispatches(&[lead.id, id("none")]).await.unwrap().remove(&lead.id), Some(lead.clone()));
    tx.save_dispatches(std::slice::from_ref(&changed)).await.unwrap();
    tx.add_dispatches(&[lead]).await.unwrap();
    tx.commit().await.unwrap();
    let kept = store.dispatches_of(id("case")).await.unwrap();
    assert!(kept.len() == 2 && kept.contains(&changed) && kept.contains(&informed), "{kept:?}");
    let mut tx = store.begin().await.unwrap();
    let of_cases = tx.dispatches_of_cases(&[id("case"), id("none")]).await.unwrap();
    assert_eq!((of_cases.len(), &of_cases[&id("case")]), (1, &kept));
    drop(tx);
    assert_eq!(store.count().await.unwrap().dispatches.get("delivered"), Some(&1));
}

async fn open_cases_are_counted_by_who_leads(bed: Bed) {
    let store = bed.store().await;
    assert!(store.open_by_lead().await.unwrap().is_empty());
    let mut cases = Vec::new();
    for (name, lead, closed) in [
        ("a", Some("wegen"), false),
        ("b", Some("groen"), false),
        ("c", Some("wegen"), false),
        ("d", None, false),
        ("e", Some("wegen"), true),
    ] {
        let report = report(&store, name).await.report;
        let closed_at = closed.then_some(report.received_at);
        cases.push(Case { lead: lead.map(slug), closed_at, ..case(&report) });
    }
    let mut tx = store.begin().await.unwrap();
    tx.open_cases(&cases).await.unwrap();
    // What this transaction opened counts within it already.
    assert_eq!(tx.open_by_lead().await.unwrap(), [(slug("groen"), 1), (slug("wegen"), 2)]);
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let moved = Case { lead: Some(slug("groen")), ..cases[0].clone() };
    let closed = Case { closed_at: Some(bed.now()), ..cases[2].clone() };
    tx.save_cases(&[moved, closed]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.open_by_lead().await.unwrap(), [(slug("groen"), 2)]);
}

async fn a_notice_is_planned_once_and_sent_once(bed: Bed) {
    let store = bed.store().await;
    let new = report(&store, "a").await;
    let a = new.report.clone();
    store.accept(new).await.unwrap();
    let [received] = &store.timeline(a.id, true).await.unwrap()[..] else { panic!("one event") };
    let notice = Notice {
        id: id("notice"),
        case_id: a.id,
        event_id: received.id,
        version: 1,
        template: "received".to_owned(),
        person: "reporter".to_owned(),
        sender: "mail".to_owned(),
        way: Way::Email,
        device: None,
        language: Language::FR,
        template_version: Some("0123456789ab".into()),
        reasons: vec![Because::Reporter],
        state: NoticeState::Planned,
        planned_at: bed.now(),
        due_at: None,
    };
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.plan_notices(&[notice.clone(), notice.clone()]).await.unwrap().len(), 1);
    assert!(tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap().is_empty());
    tx.commit().await.unwrap();

    let view = store.notice(notice.id).await.unwrap().unwrap();
    let told = view.case().unwrap();
    assert_eq!((&view.notice, &told.event, &told.report), (&notice, received, &a));
    assert_eq!((&told.contact, &told.case), (&Some(contact()), &None));
    assert!(store.notice(id("none")).await.unwrap().is_none());
    assert!(store.notices_by_ids(&[]).await.unwrap().is_empty());

    let end = |state, why: Option<&str>| NoticeEnd {
        id: notice.id,
        state,
        at: bed.now(),
        receipt: Some("250 ok".to_owned()),
        why: why.map(str::to_owned),
    };
    for end in [
        end(NoticeState::Unknown, Some("cut off")),
        end(NoticeState::Sent, None),
        end(NoticeState::Failed, Some("late")),
    ] {
        let mut tx = store.begin().await.unwrap();
        tx.settle_notices(&[end]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let [row] = &store.notices_of(a.id).await.unwrap()[..] else { panic!("one notice") };
    assert_eq!((row.notice.state, row.attempts, row.sent_at), (NoticeState::Sent, 2, Some(bed.now())));
    assert_eq!((row.receipt.as_deref(), row.why.as_deref(), row.cost), (Some("250 ok"), None, None));
    let mut tx = store.begin().await.unwrap();
    tx.price_notice(notice.id, 130_000).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.notices_of(a.id).await.unwrap()[0].cost, Some(130_000));
}

async fn who_locks_the_same_cases_waits(bed: Bed) {
    let store = bed.store().await;
    let other = bed.other(&store).await;
    let mut reports: Vec<Report> = Vec::new();
    for name in ["a", "b", "c", "d"] {
        reports.push(report(&store, name).await.report);
    }
    let cases: Vec<Case> = reports.iter().map(case).collect();
    let mut tx = store.begin().await.unwrap();
    tx.open_cases(&cases).await.unwrap();
    tx.commit().await.unwrap();
    // Each adds one to the version of every case, in any order they like: no deadlock, none lost.
    let mut workers = tokio::task::JoinSet::new();
    for n in 0..20 {
        let store = if n % 2 == 0 { store.clone() } else { other.clone() };
        let mut ids: Vec<Uuid> = cases.iter().map(|case| case.id).collect();
        ids.rotate_left(n % 4);
        workers.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let mut locked: Vec<Case> = tx.lock_cases(&ids).await.unwrap().into_values().collect();
            locked.iter_mut().for_each(|case| case.version += 1);
            tx.save_cases(&locked).await.unwrap();
            tx.commit().await.unwrap();
        });
    }
    workers.join_all().await;
    for case in store.cases_by_ids(&cases.iter().map(|case| case.id).collect::<Vec<_>>()).await.unwrap().values() {
        assert_eq!(case.version, 22);
    }
}

async fn a_broken_row_is_named(bed: Bed) {
    let store = bed.store().await;
    let new = report(&store, "a").await;
    let a = new.report.clone();
    store.accept(new).await.unwrap();
    for (column, value) in
        [("kind", "'gossip'"), ("place", "'{'"), ("reference", "12345678"), ("category", "'x'"), ("photos", "'[1]'")]
    {
        let before = store.report(a.id).await.unwrap();
        assert!(before.is_some());
        bed.tamper(&format!("CREATE TABLE spare AS SELECT * FROM report; UPDATE report SET {column} = {value}")).await;
        match store.report(a.id).await.unwrap_err() {
            Error::Inconsistent { table: "report", column: named, key } => {
                assert_eq!((named, key), (column, a.id.to_string()));
            }
            error => panic!("{error}"),
        }
        bed.tamper("DELETE FROM report; INSERT INTO report SELECT * FROM spare; DROP TABLE spare").await;
    }
}
