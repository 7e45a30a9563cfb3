//! Parts of messages, put together again. Pure.

use schemas::Timestamp;
use std::{collections::BTreeMap, time::Duration};
use store::SmsIn;

/// A message of which a part is still missing after so long is read as it is.
const PATIENCE: Duration = Duration::from_mins(2);

/// A whole message, and the rows that it came in.
pub(super) struct Whole {
    pub(super) sms: SmsIn,
    pub(super) ids: Vec<schemas::Uuid>,
}

/// Whole messages in the order they came; parts that wait for others are left out.
pub(super) fn join(waiting: Vec<SmsIn>, now: Timestamp) -> Vec<Whole> {
    let mut groups: BTreeMap<(String, u16, u8), Vec<SmsIn>> = BTreeMap::new();
    let mut whole = Vec::new();
    for sms in waiting {
        match sms.part {
            Some(part) if part.of > 1 => {
                groups.entry((sms.key.clone(), part.reference, part.of)).or_default().push(sms);
            }
            _ => whole.push(Whole { ids: vec![sms.id], sms }),
        }
    }
    for ((_, _, of), mut parts) in groups {
        parts.sort_by_key(|sms| sms.part.map(|part| part.nth));
        let ids: Vec<_> = parts.iter().map(|sms| sms.id).collect();
        let first = parts.iter().map(|sms| sms.at).min().unwrap_or(now);
        parts.dedup_by_key(|sms| sms.part.map(|part| part.nth));
        if parts.len() < usize::from(of) && first > now - PATIENCE {
            continue;
        }
        let words: String = parts.iter().map(|sms| sms.words.as_str()).collect();
        if let Some(one) = parts.into_iter().next() {
            whole.push(Whole { sms: SmsIn { words, at: first, part: None, ..one }, ids });
        }
    }
    whole.sort_by_key(|whole| (whole.sms.at, whole.sms.id));
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Uuid;
    use store::SmsPart;

    #[test]
    fn parts_come_in_any_order_and_wait_for_each_other() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let sms = |n: u128, key: &str, words: &str, part: Option<(u16, u8, u8)>, ago: u64| SmsIn {
            id: Uuid::from_u128(n),
            key: key.to_owned(),
            number: String::new(),
            words: words.to_owned(),
            part: part.map(|(reference, of, nth)| SmsPart { reference, of, nth }),
            at: now - Duration::from_secs(ago),
        };
        let said = |waiting: Vec<SmsIn>| {
            let whole = join(waiting, now);
            whole.into_iter().map(|whole| (whole.sms.words, whole.ids.len())).collect::<Vec<_>>()
        };
        let parts = || {
            vec![
                sms(1, "a", "tweede", Some((7, 2, 2)), 3),
                sms(2, "b", "los", None, 2),
                sms(3, "a", "eerste ", Some((7, 2, 1)), 1),
                sms(4, "b", "alleen", Some((7, 2, 1)), 1),
            ]
        };
        assert_eq!(said(parts()), [("eerste tweede".to_owned(), 2), ("los".to_owned(), 1)]);
        let mut twice = parts();
        twice.push(sms(5, "a", "eerste ", Some((7, 2, 1)), 1));
        assert_eq!(said(twice)[0], ("eerste tweede".to_owned(), 3), "a part that came twice");
        let late = vec![sms(4, "b", "alleen", Some((7, 2, 1)), 121)];
        assert_eq!(said(late), [("alleen".to_owned(), 1)]);
        assert_eq!(said(vec![sms(6, "c", "een", Some((1, 1, 1)), 0)]), [("een".to_owned(), 1)]);
    }
}
