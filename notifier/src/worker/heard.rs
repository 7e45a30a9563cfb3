//! What providers say of notices that they took. Receipts come twice, late, in any order and before the
//! answer that they belong to; what counts is all of them together.

use super::{
    audience::contact_addresses,
    gather::is_digest,
    plan::{PlanWorker, failed},
};
use crate::{plan::REPORTER, senders::desk};
use schemas::{
    Timestamp, Uuid,
    city::City,
    letter::Letter,
    notice::{Heard, HeardState, Notice, NoticeState, Scope, Suppressed},
    person::Suppression,
    way::Way,
};
use std::collections::BTreeSet;
use store::{AddressKey, AddressKeys, Store, Tx};

/// Keeps what `letter` says, and does what follows from it.
pub(super) async fn hear(worker: &PlanWorker, tx: &mut Tx, letter: &Letter, heard: &Heard) -> Result<(), store::Error> {
    let Some(notice) = tx.hear(letter.id, heard).await? else { return Ok(()) };
    settle(&worker.store, &worker.city, &worker.keys, tx, letter, notice).await
}

/// Brings a notice to where everything that was heard of it says it is.
pub(super) async fn settle(
    store: &Store,
    city: &City,
    keys: &AddressKeys,
    tx: &mut Tx,
    letter: &Letter,
    id: Uuid,
) -> Result<(), store::Error> {
    let Some(row) = tx.notices(&[id]).await?.remove(&id) else { return Ok(()) };
    let (all, numbers) = (tx.heard_of(id).await?, tx.numbers_of(id).await?);
    let now = store.clock().now();
    if let Some((state, why)) = fold(row.notice.state, &all, &numbers) {
        tx.hear_of_notice(id, state, why.as_deref()).await?;
        match state {
            NoticeState::Failed => {
                let why = why.unwrap_or_else(|| "it came back".to_owned());
                tx.post(&[failed(id, row.notice.case_id, &why, letter, now)]).await?;
            }
            NoticeState::Delivered => reached_after_all(tx, &row.notice).await?,
            _ => {}
        }
    }
    let Some((reason, why)) = suppression(row.notice.sender == desk::NAME, &all) else {
        return weary(city, keys, tx, &row.notice, &all, now).await;
    };
    let Some(key) = address_of(city, keys, tx, &row.notice).await? else { return Ok(()) };
    if key.way == Way::Push && reason == Suppressed::Bounced {
        return tx.forget_device(&key.key).await;
    }
    let new = Suppression {
        way: key.way,
        key: key.key,
        scope: Scope::All,
        target: String::new(),
        reason,
        why,
        at: now,
        until: None,
    };
    tx.suppress(&new).await
}

/// Counts mails that came back for the time being: an address that takes none again and again is dead, too.
async fn weary(
    city: &City,
    keys: &AddressKeys,
    tx: &mut Tx,
    notice: &Notice,
    heard: &[Heard],
    now: Timestamp,
) -> Result<(), store::Error> {
    let soft = heard.iter().rev().find(|heard| heard.state == HeardState::Failed);
    let arrived = heard.iter().any(|heard| heard.state == HeardState::Delivered);
    let limit = city.soft_bounces;
    let words = soft.and_then(|heard| heard.why.as_deref()).filter(|why| is_soft(why));
    if notice.way != Way::Email || limit.times == 0 || (words.is_none() && !arrived) {
        return Ok(());
    }
    let Some(address) = address_of(city, keys, tx, notice).await? else { return Ok(()) };
    let Some(words) = words else { return tx.clear_soft_bounces(&address).await };
    let times = tx.keep_soft_bounce(&address, notice.id, now, now - limit.within()).await?;
    if times < u64::from(limit.times) {
        return Ok(());
    }
    // Once somebody lifts it, it is counted anew.
    tx.clear_soft_bounces(&address).await?;
    let why = format!("{times} mails came back within {} days, the last: {words}", limit.days);
    let AddressKey { way, key } = address;
    let (scope, target, reason) = (Scope::All, String::new(), Suppressed::Bounced);
    tx.suppress(&Suppression { way, key, scope, target, reason, why: Some(why), at: now, until: None }).await
}

/// Whether what a mail server says is true for the time being (RFC 3463 §2: 4.x.x), or the mailbox is full (§3.3:
/// 5.2.2). What it refuses by policy says nothing of the address.
fn is_soft(why: &str) -> bool {
    let status = why.split_whitespace().next().unwrap_or_default();
    status == "5.2.2" || (status.starts_with("4.") && status.matches('.').count() == 2)
}

/// It reached the person, perhaps when that was given up: what was to tell them another way and has not left yet
/// does not go.
async fn reached_after_all(tx: &mut Tx, notice: &Notice) -> Result<(), store::Error> {
    const WHY: &str = "it reached them another way after all";
    let told: Vec<Notice> = match is_digest(notice) {
        true => tx.gathered(notice.id).await?.into_iter().map(|row| row.notice).collect(),
        false => vec![notice.clone()],
    };
    for notice in told {
        let rows = tx.notices_for(notice.case_id, notice.event_id, &notice.person).await?;
        let others: Vec<&Notice> = rows.iter().map(|row| &row.notice).filter(|one| one.way != notice.way).collect();
        if others.is_empty() {
            continue;
        }
        let ids: Vec<Uuid> = others.iter().map(|one| one.id).collect();
        tx.drop_tells(&ids, WHY).await?;
        // A letter counts as sent when it lies ready for the print room.
        let mut stays = tx.drop_paper(&ids, WHY).await?;
        stays.extend(others.iter().filter(|one| one.state == NoticeState::Planned).map(|one| one.id));
        for id in stays {
            tx.hear_of_notice(id, NoticeState::Superseded, Some(WHY)).await?;
        }
    }
    Ok(())
}

/// Where a notice is after everything that was `heard`, and why; `None` when that changes nothing.
/// `numbers` are those of its parts: it is delivered when all of them are.
fn fold(state: NoticeState, heard: &[Heard], numbers: &[String]) -> Option<(NoticeState, Option<String>)> {
    if matches!(state, NoticeState::Superseded | NoticeState::Suppressed | NoticeState::Stopped) {
        return None;
    }
    // A bounce after "delivered" counts.
    let back = heard.iter().rev().find(|heard| matches!(heard.state, HeardState::Failed | HeardState::Dead));
    if let Some(back) = back {
        return (state != NoticeState::Failed).then(|| (NoticeState::Failed, back.why.clone()));
    }
    let arrived: BTreeSet<Option<&str>> = heard
        .iter()
        .filter(|heard| heard.state == HeardState::Delivered)
        .map(|heard| heard.number.as_deref())
        .collect();
    let unwanted = heard.iter().rev().find(|heard| heard.state == HeardState::Unwanted);
    let whole = !arrived.is_empty()
        && (arrived.contains(&None) || numbers.iter().all(|number| arrived.contains(&Some(number.as_str()))));
    if let (Some(unwanted), false, false) = (unwanted, whole, state == NoticeState::Failed) {
        return Some((NoticeState::Failed, unwanted.why.clone()));
    }
    (whole && state != NoticeState::Delivered).then_some((NoticeState::Delivered, None))
}

/// What follows for the address; `by_hand` when somebody of the city told it. A mailbox that is full today is not
/// dead.
fn suppression(by_hand: bool, heard: &[Heard]) -> Option<(Suppressed, Option<String>)> {
    let last = |state| heard.iter().rev().find(|heard| heard.state == state).map(|heard| heard.why.clone());
    last(HeardState::Stopped)
        .map(|why| (Suppressed::Stopped, why))
        .or_else(|| last(HeardState::Complained).map(|why| (Suppressed::Complained, why)))
        .or_else(|| {
            // Nothing came back: somebody of the city heard that it is nobody's, or somebody else's.
            let dead = if by_hand { Suppressed::Gone } else { Suppressed::Bounced };
            last(HeardState::Dead).map(|why| (dead, why))
        })
        .or_else(|| last(HeardState::Unwanted).map(|why| (Suppressed::Unwanted, why)))
}

/// The key of the address that a notice went to; `None` when it is erased.
pub(crate) async fn address_of(
    city: &City,
    keys: &AddressKeys,
    tx: &mut Tx,
    notice: &Notice,
) -> Result<Option<AddressKey>, store::Error> {
    let key = |way: Way, key: String| AddressKey { way, key };
    if let Some(device) = &notice.device {
        return Ok(Some(key(notice.way, device.clone())));
    }
    if notice.person == REPORTER {
        let contact = tx.contacts(&[notice.case_id]).await?.remove(&notice.case_id);
        let found =
            contact.and_then(|contact| contact_addresses(&contact, city).find(|address| address.way() == notice.way));
        return Ok(found.map(|address| key(notice.way, keys.of(&address))));
    }
    let Ok(person) = notice.person.parse() else { return Ok(None) };
    let known = tx.addresses(&[person]).await?.into_iter().find(|known| known.address.way() == notice.way);
    Ok(known.map(|known| key(notice.way, known.key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(state: HeardState, number: Option<&str>) -> Heard {
        Heard {
            notice: None,
            provider: "test".into(),
            number: number.map(str::to_owned),
            state,
            why: Some(state.as_str().to_owned()),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn whatever_the_order_it_ends_the_same() {
        use HeardState::{Dead, Delivered, Failed, Trying};
        let (sent, delivered, failed) = (NoticeState::Sent, NoticeState::Delivered, NoticeState::Failed);
        for (state, all, expected) in [
            (sent, &[][..], None),
            (sent, &[Trying][..], None),
            (sent, &[Trying, Delivered], Some(delivered)),
            (sent, &[Delivered, Trying], Some(delivered)),
            (delivered, &[Delivered, Delivered], None),
            (sent, &[Delivered, Failed], Some(failed)),
            (delivered, &[Failed, Delivered], Some(failed)),
            (failed, &[Failed, Dead], None),
            (NoticeState::Unknown, &[Delivered], Some(delivered)),
            (NoticeState::Planned, &[Delivered], Some(delivered)),
            (NoticeState::Suppressed, &[Delivered], None),
        ] {
            let heard: Vec<_> = all.iter().map(|state| heard(*state, None)).collect();
            assert_eq!(fold(state, &heard, &[]).map(|(state, _)| state), expected, "{state:?} {all:?}");
        }
    }

    #[test]
    fn a_message_in_parts_is_there_when_every_part_is() {
        let numbers = ["1".to_owned(), "2".to_owned()];
        let one = [heard(HeardState::Delivered, Some("2"))];
        assert_eq!(fold(NoticeState::Sent, &one, &numbers), None);
        let both = [one[0].clone(), heard(HeardState::Delivered, Some("1"))];
        assert_eq!(fold(NoticeState::Sent, &both, &numbers).map(|(state, _)| state), Some(NoticeState::Delivered));
    }

    #[test]
    fn what_is_true_for_the_time_being() {
        for (why, soft) in [
            ("5.2.2", true),
            ("5.2.2 mailbox full", true),
            ("4.4.1 it does not answer", true),
            ("4.7.1", true),
            ("5.7.1 blocked", false),
            ("5.1.1", false),
            ("4. x", false),
            ("", false),
        ] {
            assert_eq!(is_soft(why), soft, "{why}");
        }
    }

    #[test]
    fn what_follows_for_the_address() {
        use HeardState::{Complained, Dead, Delivered, Failed, Stopped};
        for (all, expected) in [
            (&[Delivered][..], None),
            (&[Failed][..], None),
            (&[Failed, Failed, Failed], None),
            (&[Dead], Some(Suppressed::Bounced)),
            (&[Dead, Complained], Some(Suppressed::Complained)),
            (&[Complained, Stopped], Some(Suppressed::Stopped)),
        ] {
            let heard: Vec<_> = all.iter().map(|state| heard(*state, None)).collect();
            assert_eq!(suppression(false, &heard).map(|(reason, _)| reason), expected, "{all:?}");
        }
    }
}
