//! What was planned is sent in the words it was planned with, whatever the city writes since.

mod common;

use bus::{Edge as _, Effects as _};
use notifier::{PlanWorker, SendWorker, SenderConfig, Senders, Templates, Version};
use schemas::{
    Uuid,
    city::City,
    id::{Clock, Ids},
    letter::Lane,
    place::Place,
    report::{Answers, Contact, Kind, Language, Report, Tell, Urgency},
    slug::{CategoryId, Slug},
    trace::Trace,
    verdict::Verdict,
};
use std::{sync::Arc, time::Duration};
use store::{NewReport, Options, Store};

const RECEIVED: &str = "templates/received/mail.nl.hbs";
const URL: &str = "https://hallo.example";

async fn store(folder: &tempfile::TempDir) -> Store {
    let clock = Clock::new(|| "2026-11-23T12:00:00Z".parse().unwrap());
    let options = Options { clock: clock.clone(), ids: Ids::new(clock), publish_events: false };
    let store = Store::open(&format!("sqlite:{}", folder.path().join("x.db").display()), options).await.unwrap();
    store.migrate().await.unwrap();
    store
}

fn saying(words: &str) -> (Arc<City>, Arc<Templates>) {
    let city = Arc::new(common::city_with(&[(RECEIVED, &format!("subject: {words}\n\n{words} {{{{reference}}}}.\n"))]));
    let templates = Arc::new(Templates::read(&city).0.unwrap());
    (city, templates)
}

async fn planned(store: &Store, (city, templates): &(Arc<City>, Arc<Templates>)) -> Uuid {
    let report = Report {
        id: store.ids().new_id(),
        reference: store.references(1).await.unwrap()[0],
        channel: Slug::new("web").unwrap(),
        source_id: None,
        kind: Kind::Report,
        category: CategoryId::new("wegen/put").unwrap(),
        words: "Een put".into(),
        place: Place::default(),
        answers: Answers::new(),
        urgency: Urgency::Normal,
        language: Language::NL,
        tell: Tell::Email,
        photos: Vec::new(),
        token: store.ids().token(),
        received_at: store.clock().now(),
    };
    let case = report.id;
    let contact = Some(Contact { email: Some("jo@example.org".into()), ..Contact::default() });
    let new = NewReport {
        report,
        contact,
        digest: "0".repeat(64),
        route: false,
        trace: Trace::start(),
        noticed: Default::default(),
    };
    store.accept(new).await.unwrap();
    let names = SenderConfig::default().names();
    let worker = PlanWorker::new(store.clone(), city.clone(), names, templates.clone()).await.unwrap();
    let letters = store.take(&Lane::notifier(), 9, Duration::from_secs(60)).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert_eq!(worker.apply(&mut tx, &letters).await.unwrap(), [Verdict::done()]);
    tx.settle(&store::Settlement { done: letters.iter().map(|letter| letter.id).collect(), ..Default::default() })
        .await
        .unwrap();
    tx.commit().await.unwrap();
    case
}

/// Sends everything that waits, with these words; returns what arrived last.
async fn sent(store: &Store, (city, templates): &(Arc<City>, Arc<Templates>)) -> String {
    let links = notifier::NoticeLinks::open(store, URL).await.unwrap();
    let sender = Senders::build(&SenderConfig::default(), city, store, &links).unwrap().get("letterbox").unwrap();
    let worker = SendWorker::new(store.clone(), city.clone(), templates.clone(), URL, sender).await.unwrap();
    let letters = store.take(&Lane::sender("letterbox"), 9, Duration::from_secs(60)).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(worker.deliver(&letters[0]).await.word(), "done");
    let item = store.letterbox_item(letters[0].id).await.unwrap().unwrap();
    assert_eq!(item.subject, item.text.split(' ').next().unwrap());
    item.subject
}

#[tokio::test]
async fn a_notice_keeps_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let (old, new) = (saying("Oud"), saying("Nieuw"));
    let version = |(_, templates): &(_, Arc<Templates>)| templates.version("received", Language::NL).unwrap().clone();
    let case = planned(&store, &old).await;
    let notice = store.notices_of(case).await.unwrap().remove(0).notice;
    assert_eq!(notice.template_version.as_deref(), Some(version(&old).name.as_str()));
    let kept = store.template_version(&version(&old).name).await.unwrap().unwrap();
    assert_eq!((kept.template.as_str(), kept.language, &kept.texts), ("received", Language::NL, &version(&old).texts));
    assert_eq!(sent(&store, &new).await, "Oud");
    planned(&store, &new).await;
    assert_eq!(sent(&store, &new).await, "Nieuw");
    // Who plans is another process than who sends, and has other words already or still.
    planned(&store, &new).await;
    assert_eq!(sent(&store, &old).await, "Nieuw");
}

#[tokio::test]
async fn words_that_cannot_be_had_any_more_are_those_of_today() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let (old, new) = (saying("Oud"), saying("Nieuw"));
    let mut texts = old.1.version("received", Language::NL).unwrap().texts.clone();
    texts.insert(RECEIVED.into(), "subject: x\n\n{{a_variable_of_another_time}}\n".into());
    let broken = Version::new(texts);
    let wrong = Templates::read_version(&common::city(), "received", Language::NL, &broken).unwrap_err();
    assert!(wrong.contains("`a_variable_of_another_time` is not a variable of this mail"), "{wrong}");
    let gone = Templates::read_version(&old.0, "no_such_event", Language::NL, &broken).unwrap_err();
    assert!(gone.contains("not told any more"), "{gone}");

    let case = planned(&store, &old).await;
    let mut notice = store.notices_of(case).await.unwrap().remove(0).notice;
    assert_eq!(sent(&store, &new).await, "Oud");
    for (name, id) in [(broken.name.clone(), "broken"), ("ffffffffffff".to_owned(), "never kept")] {
        let mut tx = store.begin().await.unwrap();
        notice.id = schemas::id::derived(&["notice", id]);
        notice.template_version = Some(name);
        tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
        let kept = store::TemplateVersion {
            version: broken.name.clone(),
            template: "received".into(),
            language: Language::NL,
            texts: broken.texts.clone(),
            since: store.clock().now(),
        };
        tx.keep_templates(&[kept]).await.unwrap();
        let due = schemas::notice::Due { notice: notice.id };
        let (lane, topic) = (Lane::sender("letterbox"), schemas::letter::Topic::NoticeDue);
        let now = store.clock().now();
        let letter = schemas::letter::Letter::new(notice.id, lane, topic, "notice", &due, Trace::start(), now);
        tx.post(&[letter]).await.unwrap();
        tx.commit().await.unwrap();
        let taken = sent_again(&store, &new, notice.id).await;
        assert_eq!(taken, "Nieuw", "{id}");
    }
}

/// Sends one notice, with these words.
async fn sent_again(store: &Store, (city, templates): &(Arc<City>, Arc<Templates>), notice: Uuid) -> String {
    let links = notifier::NoticeLinks::open(store, URL).await.unwrap();
    let sender = Senders::build(&SenderConfig::default(), city, store, &links).unwrap().get("letterbox").unwrap();
    let worker = SendWorker::new(store.clone(), city.clone(), templates.clone(), URL, sender).await.unwrap();
    let letters = store.take(&Lane::sender("letterbox"), 9, Duration::from_secs(60)).await.unwrap();
    let letter = letters.iter().find(|letter| letter.id == notice).unwrap();
    assert_eq!(worker.deliver(letter).await.word(), "done");
    store.letterbox_item(notice).await.unwrap().unwrap().subject
}
