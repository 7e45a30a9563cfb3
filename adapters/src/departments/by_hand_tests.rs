//! Departments that no machine calls: referrals, our own console, and what may stand in their
//! settings.

use super::*;
use crate::{
    console,
    tasks::{
        bed::{DESK, ELSEWHERE, FORM, NATIVE, PHONE, city, deliver, desks, hear, sent, task_of},
        view,
    },
    testing::{Desk, both, slug, timeline, waiting},
};
use schemas::{
    case::{Role, Status},
    dispatch::{DispatchState, Say},
    event::What,
};
use serde_json::json;
use store::ConsoleFilter;

both! {
    a_referral_tells_the_resident_and_nobody_else,
    a_native_department_has_its_case_at_once_and_sees_what_it_may,
    nobody_is_telephoned_for_information,
    a_form_for_information_says_so_first,
}

async fn a_referral_tells_the_resident_and_nobody_else((_hands, _bed, tools): Desk) {
    let letter = sent(&tools, ELSEWHERE, Role::Lead, true).await;
    let case = letter.case_id.unwrap();
    deliver(&tools, &letter, false).await;
    assert!(waiting(&tools.store, &Lane::updates()).await.is_empty(), "killed before the end: nothing was said");
    for _ in 0..2 {
        deliver(&tools, &letter, true).await;
    }
    let said = waiting(&tools.store, &Lane::updates()).await;
    assert_eq!(said.len(), 1, "once");
    for private in ["Een put", "Grote Markt", "Peeters", "an@example.org"] {
        assert!(!said[0].body.get().contains(private), "{private}");
    }
    let ids: Vec<_> = said.iter().map(|letter| letter.id).collect();
    tools.store.release(&ids).await.unwrap();
    hear(&tools).await;
    let closed = tools.store.case(case).await.unwrap().unwrap();
    assert_eq!((closed.status, closed.closed_at.is_some()), (Status::Referred, true));
    assert_eq!(timeline(&tools.store, case).await, "received referred", "nothing was handed over");
    let last = tools.store.timeline(case, true).await.unwrap().pop().unwrap();
    let What::Referred { to, phone, url, text, .. } = last.what else { panic!("{last:?}") };
    // The resident writes French.
    assert_eq!((to.as_str(), phone.as_deref()), ("De Lijn", Some("070 220 200")));
    assert_eq!((url.as_deref(), text.as_deref()), (Some("https://vervoer.example/fr"), Some("Signalez-le chez eux.")));

    // Who is only informed is nobody's referral.
    let informed = sent(&tools, ELSEWHERE, Role::Informed, false).await;
    deliver(&tools, &informed, true).await;
    assert!(waiting(&tools.store, &Lane::updates()).await.is_empty());
    let case = informed.case_id.unwrap();
    let row = tools.store.dispatches_of(case).await.unwrap().remove(0);
    let receipt = Some("for information only: nothing is handed over");
    assert_eq!((row.state, row.receipt.as_deref()), (DispatchState::Delivered, receipt), "it is over");
    assert_eq!(timeline(&tools.store, case).await, "received", "nobody reads that they have it");
}

async fn a_native_department_has_its_case_at_once_and_sees_what_it_may((_hands, _bed, tools): Desk) {
    let letter = sent(&tools, NATIVE, Role::Lead, true).await;
    let case = letter.case_id.unwrap();
    for _ in 0..2 {
        deliver(&tools, &letter, true).await;
    }
    let row = tools.store.dispatches_of(case).await.unwrap().remove(0);
    assert_eq!(row.state, DispatchState::Delivered);
    assert_eq!(timeline(&tools.store, case).await, "received handed_over");

    let town = city();
    let native = town.department(NATIVE).unwrap();
    let all = ConsoleFilter { statuses: Vec::new(), before: None, limit: 10 };
    let listed = console::list(&tools.store, &town, native, &all).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].dispatch, listed[0].words.as_str(), listed[0].age_days), (letter.id, "Een put", 0));
    let name = listed[0].contact.as_ref().and_then(|contact| contact.name.as_deref());
    assert_eq!(name, Some("An Peeters"), "part of the city");
    // A partner does not know who reported, and reads no notes among colleagues.
    let mut partner = native.clone();
    (partner.kind, partner.share_reporter) = (schemas::city::DepartmentKind::Partner, schemas::city::Share::Never);
    let update =
        crate::testing::update("n", &crate::testing::dispatch(DESK, Role::Lead), tools.clock.now(), Say::Accept {});
    assert_eq!(update.department, slug(DESK));
    let mut tx = tools.store.begin().await.unwrap();
    let mut opened = crate::cases::Opened::lock(&mut tx, [case].into_iter()).await.unwrap();
    for (n, by) in [DESK, NATIVE].into_iter().enumerate() {
        let note = What::InternalNote { department: slug(by), text: format!("van {by}") };
        let id = schemas::id::derived(&["test", &n.to_string()]);
        opened.happened(case, id, note, tools.clock.now(), schemas::trace::Trace::start());
    }
    opened.save(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let words =
        |shown: console::Shown| shown.timeline.iter().map(|event| event.what.word()).collect::<Vec<_>>().join(" ");
    let own = console::show(&tools.store, &town, native, case).await.unwrap().unwrap();
    assert_eq!(words(own), "received handed_over internal_note internal_note");
    let theirs = console::show(&tools.store, &town, &partner, case).await.unwrap().unwrap();
    assert_eq!(theirs.listed.contact, None);
    assert_eq!(words(theirs), "received handed_over internal_note");
    let other = town.department(PHONE).unwrap();
    assert_eq!(console::show(&tools.store, &town, other, case).await.unwrap(), None, "not theirs");
    assert!(console::list(&tools.store, &town, other, &all).await.unwrap().is_empty());
}

async fn nobody_is_telephoned_for_information((_hands, _bed, tools): Desk) {
    let letter = sent(&tools, PHONE, Role::Informed, false).await;
    let case = letter.case_id.unwrap();
    for _ in 0..2 {
        deliver(&tools, &letter, true).await;
    }
    assert_eq!(tools.store.tasks_of(case).await.unwrap(), []);
    let row = tools.store.dispatches_of(case).await.unwrap().remove(0);
    let receipt = Some("for information only: nobody is telephoned");
    assert_eq!((row.state, row.receipt.as_deref()), (DispatchState::Delivered, receipt));
    assert_eq!(timeline(&tools.store, case).await, "received", "nobody reads that they have it");
    // Whoever has the work is telephoned.
    let letter = sent(&tools, PHONE, Role::Lead, false).await;
    deliver(&tools, &letter, true).await;
    assert_eq!(tools.store.tasks_of(letter.case_id.unwrap()).await.unwrap().len(), 1);
}

async fn a_form_for_information_says_so_first((_hands, _bed, tools): Desk) {
    for (role, told, words) in [
        (Role::Informed, true, "Ter info, geen actie gevraagd: een andere dienst doet dit.\n\nEen put"),
        (Role::Part, false, "Een put"),
    ] {
        let letter = sent(&tools, FORM, role, false).await;
        deliver(&tools, &letter, true).await;
        let task = task_of(&tools.store, letter.case_id.unwrap()).await;
        assert_eq!(task.body.informed, told);
        let view = view(&desks(&tools), None, task.id).await.unwrap().unwrap();
        assert_eq!(view.next.unwrap().contains("alleen geïnformeerd"), told);
        let shown = view.fields.iter().find(|field| field.label == "Omschrijving").unwrap();
        assert_eq!(shown.value.as_deref(), Some(words));
    }
}

#[test]
fn files_say_first_what_is_for_information() {
    let town = city();
    for (role, begins) in [(Role::Informed, "Ter info, "), (Role::Lead, "Een put")] {
        let dispatch = crate::testing::dispatch(NATIVE, role);
        let known = batch_file::Known { city: &town, dispatch: &dispatch, number: None };
        assert!(known.value("words").starts_with(begins), "{}", known.value("words"));
        assert!(known.value("words").ends_with(&dispatch.words));
    }
}

#[test]
fn settings_of_people_are_read_strictly() {
    let faults_of = |id: &str, adapter: &str, settings: Value| {
        let mut town = city();
        let department = town.departments.iter_mut().find(|d| *d.id == *id).unwrap();
        department.delivery = Delivery::Push { adapter: adapter.to_owned(), settings };
        check(&town).into_iter().map(|f| f.message).collect::<Vec<_>>().join("\n")
    };
    let url = "https://meldpunt.example/weg";
    for (id, adapter, settings, part) in [
        (FORM, "form_manual", json!({"url": url, "desk": "burgerzaken"}), ""),
        (FORM, "form_manual", json!({}), "`url` is missing"),
        (FORM, "form_manual", json!({"url": "mailto:a@b.example"}), "https"),
        (FORM, "form_manual", json!({"url": "https://a:b@meldpunt.example"}), "no password"),
        (FORM, "form_manual", json!({"url": url, "desk": "burgerzakn"}), "did you mean `burgerzaken`"),
        (FORM, "form_manual", json!({"url": url, "fields": [{"label": "A", "value": "word"}]}), "did you mean `words`"),
        (
            FORM,
            "form_manual",
            json!({"url": url, "fields": [{"label": "A", "value": "answer.gevar"}]}),
            "did you mean `gevaar`",
        ),
        (FORM, "form_manual", json!({"url": url, "fields": [{"label": "A"}]}), "either `value` or `text`"),
        (FORM, "form_manual", json!({"url": url, "fields": [{"label": " ", "text": "x"}]}), "1 to 100"),
        (
            FORM,
            "form_manual",
            json!({"url": url, "fields": [{"label": "A", "text": "x"}, {"label": "A", "text": "y"}]}),
            "there twice",
        ),
        (PHONE, "phone_handover", json!({}), ""),
        (PHONE, "phone_handover", json!({"contacts": []}), "there is no `contacts`"),
        (NATIVE, "phone_handover", json!({}), "nobody is on call"),
        (NATIVE, "native", json!({"list": 1}), "there is no `list`"),
        (NATIVE, "redirect", json!({}), "needs a way to get there"),
        (NATIVE, "redirect", json!({"phone": " "}), "write the number"),
        (NATIVE, "redirect", json!({"url": {"fr": url}}), "add `nl`"),
        (NATIVE, "redirect", json!({"url": {"nl": "javascript:alert(1)"}}), "https"),
        (NATIVE, "redirect", json!({"phone": "1", "text": {"nl": ""}}), "1 to 2000"),
        (NATIVE, "redirect", json!({"phone": "1", "text": {"xx": "x"}}), "two letters of ISO 639-1"),
        (NATIVE, "redirect", json!({"url": {"nl": url}, "text": {"nl": "Bel hen."}}), ""),
    ] {
        let faults = faults_of(id, adapter, settings.clone());
        if part.is_empty() {
            assert_eq!(faults, "", "{settings}");
        } else {
            assert!(faults.contains(part) && faults.contains(&format!("department {id}")), "{part}: {faults}");
        }
    }
}
