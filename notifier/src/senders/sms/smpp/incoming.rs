//! What a message centre delivers to us: receipts, and the messages of people.

use super::config::Numbers;
use crate::senders::sms::{
    ear::{Ear, Message},
    request::without_numbers,
    text::Alphabet,
};
use rusmpp::{
    pdus::DeliverSm,
    tlvs::TlvValue,
    values::{DataCoding, MessageState, MessageType},
};
use schemas::{
    Timestamp,
    notice::{Heard, HeardState},
    trace::Trace,
};
use store::SmsPart;

/// Keeps what `delivered` says. When this returns well, all of it survives a crash.
pub(super) async fn take(
    ear: &Ear,
    delivered: impl Iterator<Item = &DeliverSm>,
    numbers: Numbers,
    dead: &[String],
    trace: Trace,
) -> Result<(), store::Error> {
    let now = ear.store.clock().now();
    let (mut receipts, mut messages) = (Vec::new(), Vec::new());
    for deliver in delivered {
        match receipt(deliver) {
            Some(receipt) => receipts.push(receipt.heard(ear, numbers, dead, now)),
            None => messages.extend(message(deliver)),
        }
    }
    if !receipts.is_empty() {
        ear.receipts(&receipts, trace).await?;
    }
    for message in messages {
        ear.message(&message, trace).await?;
    }
    Ok(())
}

/// What a receipt says.
#[derive(Debug, PartialEq, Eq)]
struct Receipt {
    number: String,
    /// In the words of appendix B: `DELIVRD`, `UNDELIV`, …
    state: String,
    err: Option<String>,
    /// It says that the message is still on its way.
    is_intermediate: bool,
}

impl Receipt {
    fn heard(self, ear: &Ear, numbers: Numbers, dead: &[String], at: Timestamp) -> Heard {
        let failed = matches!(self.state.as_str(), "EXPIRED" | "DELETED" | "UNDELIV" | "REJECTD" | "SKIPPED");
        let is_dead = self.err.as_ref().is_some_and(|err| dead.contains(err));
        let state = match self.state.as_str() {
            _ if self.is_intermediate => HeardState::Trying,
            "DELIVRD" => HeardState::Delivered,
            _ if failed && is_dead => HeardState::Dead,
            _ if failed => HeardState::Failed,
            // ENROUTE, ACCEPTD, SCHEDULED; and UNKNOWN, which says nothing: silence decides then.
            _ => HeardState::Trying,
        };
        let why = self.err.map_or_else(|| self.state.clone(), |err| format!("{} {err}", self.state));
        Heard {
            notice: None,
            provider: ear.provider.clone(),
            number: Some(numbers.of_a_receipt(&self.number)),
            state,
            why: Some(without_numbers(&why)),
            at,
        }
    }
}

/// The receipt that `deliver` is; `None` when it is a message. What stands in its parameters counts more than
/// its text (§5.3.2.12 and §5.3.2.35), which is as appendix B has it, more or less.
fn receipt(deliver: &DeliverSm) -> Option<Receipt> {
    let kind = deliver.esm_class.message_type;
    let is_intermediate = kind == MessageType::ShortMessageContainsIntermediateDeliveryNotification;
    let value = |of: fn(&TlvValue) -> Option<String>| deliver.tlvs().iter().find_map(|tlv| of(tlv.value()?));
    let number = value(|value| match value {
        TlvValue::ReceiptedMessageId(number) => Some(number.as_str().to_owned()),
        _ => None,
    });
    if kind != MessageType::ShortMessageContainsMCDeliveryReceipt && !is_intermediate && number.is_none() {
        return None;
    }
    let state = value(|value| match value {
        TlvValue::MessageState(state) => Some(state_word(*state).to_owned()),
        _ => None,
    });
    let text = String::from_utf8_lossy(deliver.short_message().as_ref()).into_owned();
    Some(Receipt {
        number: number.or_else(|| field(&text, "id:"))?,
        state: state.or_else(|| field(&text, "stat:"))?.to_ascii_uppercase(),
        err: field(&text, "err:").filter(|err| !err.trim_matches('0').is_empty()),
        is_intermediate,
    })
}

/// What stands behind `name` in the text of a receipt. `done date:` and `submit date:` have blanks in their
/// names, so a name is looked for where a word begins.
fn field(text: &str, name: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let begins = |at: &usize| *at == 0 || lower.as_bytes()[at - 1].is_ascii_whitespace();
    let at = lower.match_indices(name).map(|(at, _)| at).find(begins)?;
    let said = text[at + name.len()..].split_ascii_whitespace().next()?;
    // Longer than any centre's, and what is kept.
    (!text[at + name.len()..].starts_with(' ')).then(|| said.chars().take(65).collect())
}

fn state_word(state: MessageState) -> &'static str {
    match state {
        MessageState::Scheduled => "SCHEDULED",
        MessageState::Enroute => "ENROUTE",
        MessageState::Delivered => "DELIVRD",
        MessageState::Expired => "EXPIRED",
        MessageState::Deleted => "DELETED",
        MessageState::Undeliverable => "UNDELIV",
        MessageState::Accepted => "ACCEPTD",
        MessageState::Rejected => "REJECTD",
        MessageState::Skipped => "SKIPPED",
        MessageState::Unknown | MessageState::Other(_) => "UNKNOWN",
    }
}

/// The message that somebody sent; `None` when it is in an alphabet that is not read.
fn message(deliver: &DeliverSm) -> Option<Message> {
    // What is too long for the field stands in a parameter (SMPP 3.4 §5.3.2.32).
    let payload = deliver.tlvs().iter().find_map(|tlv| match tlv.value()? {
        TlvValue::MessagePayload(payload) => Some(payload.value.as_ref()),
        _ => None,
    });
    let whole: &[u8] = match deliver.short_message().as_ref() {
        [] => payload.unwrap_or_default(),
        octets => octets,
    };
    let octets = whole;
    let has_header = u8::from(deliver.esm_class) & 0b0100_0000 != 0;
    let header = octets.first().filter(|_| has_header).map_or(0, |length| usize::from(*length) + 1);
    let octets = octets.get(header..)?;
    let text = match deliver.data_coding {
        DataCoding::McSpecific => Alphabet::Gsm.read(octets),
        DataCoding::Ucs2 => Alphabet::Ucs2.read(octets),
        DataCoding::Ia5 => String::from_utf8_lossy(octets).into_owned(),
        DataCoding::Latin1 => octets.iter().copied().map(char::from).collect(),
        _ => return None,
    };
    let part = has_header.then(|| whole.get(1..header)).flatten().and_then(part).or_else(|| segment(deliver));
    Some(Message { from: deliver.source_addr.as_str().to_owned(), text, number: None, part })
}

/// Which part of a longer message its parameters say it is (SMPP 3.4 §5.3.2.22 to §5.3.2.24).
fn segment(deliver: &DeliverSm) -> Option<SmsPart> {
    let (mut reference, mut of, mut nth) = (None, None, None);
    for value in deliver.tlvs().iter().filter_map(|tlv| tlv.value()) {
        match value {
            TlvValue::SarMsgRefNum(number) => reference = Some(*number),
            TlvValue::SarTotalSegments(number) => of = Some(*number),
            TlvValue::SarSegmentSeqnum(number) => nth = Some(*number),
            _ => {}
        }
    }
    let part = SmsPart { reference: reference?, of: of?, nth: nth? };
    (1..=part.of).contains(&part.nth).then_some(part)
}

/// Which part of a longer message the header says it is (3GPP TS 23.040 §9.2.3.24.1 and §9.2.3.24.8).
fn part(mut header: &[u8]) -> Option<SmsPart> {
    while let [element, length, rest @ ..] = header {
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        let part = match (element, value) {
            (0x00, [reference, of, nth]) => Some((u16::from(*reference), *of, *nth)),
            (0x08, [high, low, of, nth]) => Some((u16::from_be_bytes([*high, *low]), *of, *nth)),
            _ => None,
        };
        if let Some((reference, of, nth)) = part {
            return (1..=of).contains(&nth).then_some(SmsPart { reference, of, nth });
        }
        header = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusmpp::{
        tlvs::MessageDeliveryRequestTlvValue,
        types::{AnyOctetString, COctetString, OctetString},
        values::{EsmClass, MessagePayload},
    };
    use std::str::FromStr as _;

    fn deliver(class: u8, coding: DataCoding, octets: &[u8]) -> DeliverSm {
        DeliverSm::builder()
            .source_addr(COctetString::from_str("32470123456").unwrap())
            .esm_class(EsmClass::from(class))
            .data_coding(coding)
            .short_message(OctetString::from_slice(octets).unwrap())
            .build()
    }

    #[test]
    fn receipts_are_read_as_centres_write_them() {
        let text = "id:0123456789 sub:001 dlvrd:001 submit date:2603041000 done date:2603041001 stat:DELIVRD err:000 text:Kortrijk stat:X";
        let read = receipt(&deliver(4, DataCoding::McSpecific, text.as_bytes())).unwrap();
        assert_eq!((read.number.as_str(), read.state.as_str(), read.err), ("0123456789", "DELIVRD", None));
        let read = receipt(&deliver(4, DataCoding::McSpecific, b"ID:a7 Stat:undeliv Err:001 Text:")).unwrap();
        assert_eq!((read.number.as_str(), read.state.as_str(), read.err.as_deref()), ("a7", "UNDELIV", Some("001")));
        // Its parameters say it all.
        let mut with = deliver(4, DataCoding::McSpecific, b"");
        with.set_tlvs(vec![]);
        assert_eq!(receipt(&with), None, "nothing is said of any message");
        // A message of somebody who writes like one is none.
        assert_eq!(receipt(&deliver(0, DataCoding::McSpecific, text.as_bytes())), None);
    }

    #[test]
    fn messages_are_read_in_their_alphabet() {
        let ucs2: Vec<u8> = "ARRÊT".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (class, coding, octets, text) in [
            (0, DataCoding::McSpecific, b"STOP".to_vec(), Some("STOP")),
            (0, DataCoding::Ucs2, ucs2, Some("ARRÊT")),
            (0, DataCoding::Latin1, b"ARR\xcaT".to_vec(), Some("ARRÊT")),
            (0x40, DataCoding::McSpecific, b"\x05\x00\x03\x01\x02\x01STOP".to_vec(), Some("STOP")),
            // A header that is longer than the message.
            (0x40, DataCoding::McSpecific, b"\xffSTOP".to_vec(), None),
            (0, DataCoding::Jis, b"STOP".to_vec(), None),
        ] {
            let read = message(&deliver(class, coding, &octets)).map(|message| message.text);
            assert_eq!(read.as_deref(), text, "{coding:?}");
        }
    }

    #[test]
    fn parts_are_known_by_their_header() {
        let of = |header: &[u8]| {
            let octets = [&[header.len() as u8], header, b"put"].concat();
            let message = message(&deliver(0x40, DataCoding::McSpecific, &octets)).unwrap();
            assert_eq!(message.text, "put");
            message.part.map(|part| (part.reference, part.of, part.nth))
        };
        assert_eq!(of(&[0, 3, 7, 2, 1]), Some((7, 2, 1)));
        assert_eq!(of(&[8, 4, 1, 0, 3, 2]), Some((256, 3, 2)));
        assert_eq!(of(&[5, 4, 0, 0, 0, 0, 0, 3, 7, 2, 2]), Some((7, 2, 2)), "behind another");
        for none in [&[0, 3, 7, 2, 3][..], &[0, 3, 7, 2, 0], &[0, 9, 7], &[1], &[]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[test]
    fn parts_are_known_by_their_parameters() {
        let of = |reference: Option<u16>, of: u8, nth: u8| {
            let mut deliver = deliver(0, DataCoding::McSpecific, b"");
            let payload = MessagePayload::new(AnyOctetString::from_slice(b"put"));
            let mut tlvs = vec![
                MessageDeliveryRequestTlvValue::MessagePayload(payload),
                MessageDeliveryRequestTlvValue::SarTotalSegments(of),
                MessageDeliveryRequestTlvValue::SarSegmentSeqnum(nth),
            ];
            tlvs.extend(reference.map(MessageDeliveryRequestTlvValue::SarMsgRefNum));
            deliver.set_tlvs(tlvs);
            let message = message(&deliver).unwrap();
            assert_eq!(message.text, "put");
            message.part.map(|part| (part.reference, part.of, part.nth))
        };
        assert_eq!(of(Some(700), 3, 2), Some((700, 3, 2)));
        for none in [of(None, 3, 2), of(Some(7), 3, 0), of(Some(7), 2, 3)] {
            assert_eq!(none, None);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_delivered_panics(class: u8, coding: u8, octets in prop::collection::vec(any::<u8>(), 0..255)) {
            let deliver = deliver(class, DataCoding::from(coding), &octets);
            let _ = receipt(&deliver);
            let _ = message(&deliver);
        }

        #[test]
        fn no_text_of_a_receipt_panics(text in "(id:|stat:|err:|[a-zé ]){0,20}") {
            let _ = receipt(&deliver(4, DataCoding::McSpecific, text.as_bytes().get(..250).unwrap_or(text.as_bytes())));
        }
    }
}
