//! Keeps what the other side says of messages that it took, whoever hears it: a letter to the planner each, and the
//! same thing said again is the same letter.

use schemas::{
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::Heard,
    trace::Trace,
};
use store::Store;

/// Keeps what is `heard`. When this returns, it survives a crash.
pub(crate) async fn keep(store: &Store, heard: &[Heard], trace: Trace) -> Result<(), store::Error> {
    let now = store.clock().now();
    let letters: Vec<Letter> = heard
        .iter()
        .map(|heard| {
            let notice = heard.notice.map(|id| id.to_string()).unwrap_or_default();
            let (number, why) = (heard.number.as_deref().unwrap_or_default(), heard.why.as_deref().unwrap_or_default());
            // The same thing said again has the same id, and so is heard once.
            let id = derived(&["heard", &heard.provider, &notice, number, heard.state.as_str(), why]);
            Letter::new(id, Lane::notifier(), Topic::NoticeHeard, "notice.heard", heard, trace, now)
        })
        .collect();
    let mut tx = store.begin().await?;
    tx.post(&letters).await?;
    tx.commit().await?;
    for heard in heard {
        metrics::counter!("voordeur_notices_heard_total", "provider" => heard.provider.clone(), "state" => heard.state.as_str())
            .increment(1);
    }
    Ok(())
}
