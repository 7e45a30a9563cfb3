//! From the hands of a mail server to the rows.

use super::*;
use crate::{
    intake::{self, IntakeTools, mail::Door},
    links::Links,
    mail::reply::ReplyAddress,
    rounds::RoundWorker,
    testing::{self, Desk},
};
use bytes::Bytes;
use schemas::{id::derived, report::Language, slug::CategoryId};
use store::NoticeTokens;

async fn sense(tools: &IntakeTools) -> Sense {
    let replies = ReplyAddress::parse("meldpunt@stad.example").unwrap();
    let suggest: intake::mail::Suggest = Arc::new(|_: &str| Some((CategoryId::new("wegen/put").unwrap(), 0.9)));
    let photos = intake::photo::Config::default().build();
    let config = intake::mail::Config::default();
    let door: Door = config.build(tools, &photos, suggest, &[], Some(&replies)).await.unwrap();
    Sense {
        replies,
        links: Links::new([7; 32], "https://voordeur.example"),
        tokens: NoticeTokens::new([9; 32]),
        language: Language::NL,
        store: tools.store.clone(),
        door: Some(door),
    }
}

fn mail(id: &str, head: &str) -> Vec<u8> {
    format!("Message-ID: <{id}@inbox.example>\r\nFrom: an@inbox.example\r\nSubject: Put\r\n{head}\r\nEen put\r\n")
        .into_bytes()
}

async fn reports(tools: &IntakeTools) -> usize {
    testing::waiting(&tools.store, &schemas::letter::Lane::router()).await.len()
}

async fn a_mail_leaves_with_what_it_says((hands, _folder, tools): Desk) {
    let sense = sense(&tools).await;
    let (keeper, store) = (Keeper(tools.store.clone()), &tools.store);
    let keep = async |name: &str, mail: Vec<u8>| keeper.keep(derived(&["test", name]), mail).await.unwrap();
    keep("a", mail("a", "")).await;
    // The same mail by another way: another envelope, the same Message-ID.
    keep("copy", mail("a", "X-Way: another\r\n")).await;
    keep("holiday", mail("b", "Auto-Submitted: auto-replied\r\n")).await;
    keep("shop", String::from_utf8(mail("d", "")).unwrap().replace("an@inbox", "noreply@inbox").into_bytes()).await;
    let round = Spool::round(sense.clone(), Duration::from_secs(3600));

    // Killed after everything was understood, before the commit: nothing is lost, nothing is there twice.
    for _ in 0..2 {
        let went = round.go(Value::Null).await.unwrap();
        assert_eq!(went.reports.len(), 1);
    }
    assert_eq!((store.spooled_mails(10).await.unwrap().len(), reports(&tools).await), (4, 0));

    let worker = RoundWorker::of_the_house(store.clone(), NAME, round);
    assert!(worker.once().await.unwrap());
    assert_eq!(store.spooled_mails(10).await.unwrap(), []);
    let stay = store.kept_mails(10).await.unwrap();
    assert_eq!(stay.iter().map(|mail| mail.why.as_deref().unwrap()).collect::<Vec<_>>(), ["no_reply"]);
    assert_eq!(reports(&tools).await, 1, "one report");

    // The mail server did not hear our answer, and hands it over once more.
    keep("a", mail("a", "")).await;
    keep("new", mail("n", "")).await;
    assert!(worker.once().await.unwrap(), "hurried");
    assert_eq!((store.spooled_mails(10).await.unwrap().len(), store.kept_mails(10).await.unwrap().len()), (0, 1));
    assert_eq!(reports(&tools).await, 1, "the new one");
    hands.pass(2 * 3600);
    assert!(worker.once().await.unwrap());
    assert_eq!(store.kept_mails(10).await.unwrap(), [], "its term is over");
}

async fn a_mail_that_nothing_can_be_read_of_sinks_no_other((_hands, _folder, tools): Desk) {
    let sense = sense(&tools).await;
    let came = |bytes: Vec<u8>| Came { at: None, bytes: Bytes::from(bytes) };
    let (went, outcomes) =
        sense.make(vec![came(Vec::new()), came(vec![0xff; 100]), came(mail("a", ""))]).await.unwrap();
    assert_eq!((went.reports.len(), outcomes), (1, vec!["no_address", "no_address", "reported"]));
}

testing::both! {
    a_mail_leaves_with_what_it_says,
    a_mail_that_nothing_can_be_read_of_sinks_no_other,
}
