//! Mails of residents, and mails that a mail server handed over.

use crate::*;
use schemas::left_out::LeftOut;
use store::{MailIn, MailInWhat};

both!(
    a_mail_is_known_again_and_by_its_sender,
    a_mail_that_was_handed_over_stays_until_it_was_read,
    a_round_that_is_hurried_while_it_is_made_is_made_again
);

fn mail(bed: &Bed, key: &str, report: &str, what: MailInWhat) -> MailIn {
    let left_out = vec![LeftOut::Pdf, LeftOut::Heic];
    MailIn { key: id(key), report: id(report), sender: "an".to_owned(), what, left_out, at: bed.now() }
}

async fn a_mail_is_known_again_and_by_its_sender(bed: Bed) {
    let store = bed.store().await;
    let first = mail(&bed, "m1", "r1", MailInWhat::Report);
    bed.pass(MINUTE);
    let silent = mail(&bed, "m2", "r2", MailInWhat::Silent);
    let wrote = MailIn { left_out: Vec::new(), ..mail(&bed, "m3", "r1", MailInWhat::Wrote) };
    let keep = async |mails: &[MailIn]| {
        let mut tx = store.begin().await.unwrap();
        tx.keep_mail_in(mails).await.unwrap();
        tx.commit().await.unwrap();
    };
    keep(&[first.clone(), silent.clone(), wrote.clone()]).await;
    // What is known stays as it was.
    keep(&[MailIn { report: id("r9"), ..first.clone() }]).await;
    assert_eq!(store.mails_in(&[id("m1"), id("m9")]).await.unwrap(), [(id("m1"), first.clone())].into());
    assert_eq!(store.mails_in(&[]).await.unwrap().len(), 0);
    let since = first.at;
    assert_eq!(store.mails_of("an", since).await.unwrap().len(), 2, "later than that");
    assert_eq!(store.mails_of("bob", Timestamp::UNIX_EPOCH).await.unwrap(), []);
    let left_out = store.left_out(&[id("r1"), id("r9")]).await.unwrap();
    assert_eq!(left_out, [(id("r1"), vec![LeftOut::Pdf, LeftOut::Heic])].into());
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.unacknowledged(&[id("r1"), id("r2"), id("r9")]).await.unwrap(), [id("r2")].into());
    drop(tx);
    assert_eq!(store.sweep_mails_in(silent.at).await.unwrap(), 1);
    assert_eq!(store.mails_in(&[id("m1"), id("m2")]).await.unwrap(), [(id("m2"), silent)].into());
}

async fn a_mail_that_was_handed_over_stays_until_it_was_read(bed: Bed) {
    let store = bed.store().await;
    for (name, words) in [("a", "one"), ("b", "two"), ("a", "again"), ("c", "three")] {
        store.spool_mail(id(name), words.as_bytes().to_vec()).await.unwrap();
        bed.pass(MINUTE);
    }
    let waiting = async || {
        let mails = store.spooled_mails(10).await.unwrap();
        mails.into_iter().map(|mail| String::from_utf8(mail.bytes).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(waiting().await, ["one", "two", "three"]);
    assert_eq!((store.spooled_mails(1).await.unwrap().len(), store.spooled_bytes().await.unwrap()), (1, 11));
    let mut tx = store.begin().await.unwrap();
    tx.unspool(&[id("a")]).await.unwrap();
    tx.unspool(&[]).await.unwrap();
    tx.keep_spooled(id("b"), "list").await.unwrap();
    drop(tx);
    assert_eq!(waiting().await, ["one", "two", "three"], "nothing was committed");
    let mut tx = store.begin().await.unwrap();
    tx.unspool(&[id("a")]).await.unwrap();
    tx.keep_spooled(id("b"), "list").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(waiting().await, ["three"]);
    let kept = store.kept_mails(10).await.unwrap();
    assert_eq!(kept.iter().map(|mail| (mail.id, mail.why.as_deref())).collect::<Vec<_>>(), [(id("b"), Some("list"))]);
    assert_eq!(store.spooled_mail(id("b")).await.unwrap().unwrap().bytes, b"two");
    let mut tx = store.begin().await.unwrap();
    assert!(tx.read_mail_again(id("b")).await.unwrap() && !tx.read_mail_again(id("b")).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(waiting().await, ["two", "three"]);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.drop_mail(id("b")).await.unwrap() && !tx.drop_mail(id("b")).await.unwrap());
    tx.keep_spooled(id("c"), "empty").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.sweep_spool(bed.now()).await.unwrap(), 1);
    assert_eq!(store.spooled_mail(id("c")).await.unwrap(), None);
}

async fn a_round_that_is_hurried_while_it_is_made_is_made_again(bed: Bed) {
    let store = bed.store().await;
    let claim = store.claim_round("r", MINUTE).await.unwrap().unwrap();
    assert!(store.claim_round("r", MINUTE).await.unwrap().is_none(), "one at a time");
    store.hurry_round("r").await.unwrap();
    assert!(store.claim_round("r", MINUTE).await.unwrap().is_none(), "still one at a time");
    let end = async |until| {
        let mut tx = store.begin().await.unwrap();
        assert!(tx.end_round("r", until, None, bed.now() + MINUTE, None).await.unwrap());
        tx.commit().await.unwrap();
    };
    end(claim.until).await;
    let claim = store.claim_round("r", MINUTE).await.unwrap().expect("it was hurried");
    end(claim.until).await;
    assert!(store.claim_round("r", MINUTE).await.unwrap().is_none(), "not before its time");
    bed.pass(MINUTE);
    assert!(store.claim_round("r", MINUTE).await.unwrap().is_some());
    bed.pass(MINUTE);
    assert!(store.claim_round("r", MINUTE).await.unwrap().is_some(), "a claim runs out");
}
