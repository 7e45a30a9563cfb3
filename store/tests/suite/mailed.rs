//! Mails that may still come back.

use crate::*;

both!(a_mail_is_kept_until_nothing_comes_back);

async fn a_mail_is_kept_until_nothing_comes_back(bed: Bed) {
    let store = bed.store().await;
    let letter = |words: &str| {
        let topic = Topic::DepartmentDispatch;
        Letter::new(id("d"), Lane::new("dept.wegen"), topic, "report", &words, Trace::start(), bed.now())
            .about(id("case"))
    };
    let kept = async || {
        let mut tx = store.begin().await.unwrap();
        tx.mailed(id("d")).await.unwrap().map(|letter| (letter.id, letter.case_id, letter.read::<String>().unwrap()))
    };
    assert_eq!(kept().await, None);
    for words in ["first", "second"] {
        let mut tx = store.begin().await.unwrap();
        tx.keep_mailed(id("d"), &letter(words)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(kept().await, Some((id("d"), Some(id("case")), words.to_owned())));
    }
    assert_eq!(store.sweep_mailed(bed.now()).await.unwrap(), 0);
    bed.pass(MINUTE);
    assert_eq!(store.sweep_mailed(bed.now()).await.unwrap(), 1);
    assert_eq!(kept().await, None);
}
