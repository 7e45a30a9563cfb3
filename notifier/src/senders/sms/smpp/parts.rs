//! One message as the submit_sm of each of its parts.

use crate::senders::sms::text::{Alphabet, Sms};
use rusmpp::{
    pdus::SubmitSm,
    types::{COctetString, OctetString},
    values::{DataCoding, EsmClass, Npi, RegisteredDelivery, Ton},
};
use schemas::{Uuid, id::derived};
use std::str::FromStr as _;

/// Who a message is from.
pub(super) struct From {
    ton: Ton,
    npi: Npi,
    address: String,
}

impl From {
    /// A number of several digits is international, one of few is a short code, a name is a name (SMPP 3.4
    /// §5.2.5).
    pub(super) fn read(from: &str) -> Self {
        let digits: String = from.trim_start_matches('+').chars().filter(char::is_ascii_digit).collect();
        let is_number = from.chars().all(|c| c.is_ascii_digit() || "+ -.".contains(c));
        let (ton, npi, address) = match (is_number, digits.len()) {
            (true, 0..=8) => (Ton::NetworkSpecific, Npi::Unknown, digits),
            (true, _) => (Ton::International, Npi::Isdn, digits),
            (false, _) => (Ton::Alphanumeric, Npi::Unknown, from.to_owned()),
        };
        Self { ton, npi, address }
    }
}

/// One part.
pub(super) struct Part {
    alphabet: Alphabet,
    /// The header that puts parts together again, if there are several, and the words.
    octets: Vec<u8>,
    is_one_of_several: bool,
}

/// The parts of `sms`. Each of several begins with a header (3GPP TS 23.040 §9.2.3.24.1) whose reference is
/// the same for the same notice.
pub(super) fn of(sms: &Sms, notice: Uuid) -> Vec<Part> {
    let pieces = sms.pieces();
    let several = pieces.len() > 1;
    let reference = derived(&["sms parts", &notice.to_string()]).as_bytes()[15];
    let part = |(n, piece): (usize, &str)| {
        let mut octets = Vec::with_capacity(160);
        if several {
            // At most six parts: both fit in an octet.
            octets.extend([5, 0, 3, reference, pieces.len() as u8, n as u8 + 1]);
        }
        octets.extend(sms.alphabet.octets(piece));
        Part { alphabet: sms.alphabet, octets, is_one_of_several: several }
    };
    pieces.iter().copied().enumerate().map(part).collect()
}

/// The request that hands `part` in for the number `to` (E.164, with its plus). The error is a sentence for
/// the operator.
pub(super) fn submit(from: &From, to: &str, part: &Part) -> Result<SubmitSm, String> {
    let wrong = |what: &str| format!("{what} cannot be written in SMPP");
    let octets = OctetString::from_slice(&part.octets).map_err(|_| wrong("the message"))?;
    let header = if part.is_one_of_several { 0b0100_0000 } else { 0 };
    Ok(SubmitSm::builder()
        .source_addr_ton(from.ton)
        .source_addr_npi(from.npi)
        .source_addr(COctetString::from_str(&from.address).map_err(|_| wrong("sms.from"))?)
        .dest_addr_ton(Ton::International)
        .dest_addr_npi(Npi::Isdn)
        .destination_addr(COctetString::from_str(to.trim_start_matches('+')).map_err(|_| wrong("the number"))?)
        // Never the default of the library, which is a kind of acknowledgement.
        .esm_class(EsmClass::from(header))
        // A receipt when it has arrived or failed (§5.2.17).
        .registered_delivery(RegisteredDelivery::from(1))
        .data_coding(match part.alphabet {
            Alphabet::Gsm => DataCoding::McSpecific,
            Alphabet::Ucs2 => DataCoding::Ucs2,
        })
        .short_message(octets)
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::senders::sms::text::encode;

    #[test]
    fn parts_are_put_together_again_by_their_headers() {
        let long = encode(&"a".repeat(200), false);
        let parts = of(&long, Uuid::from_u128(7));
        assert_eq!(parts.len(), 2);
        assert_eq!((&parts[0].octets[..3], &parts[0].octets[4..6]), (&[5, 0, 3][..], &[2, 1][..]));
        assert_eq!((parts[0].octets[3], &parts[1].octets[4..6]), (parts[1].octets[3], &[2, 2][..]));
        assert_eq!((parts[0].octets.len(), parts[1].octets.len()), (159, 53));
        let submit = submit(&From::read("Kortrijk"), "+32470123456", &parts[0]).unwrap();
        assert_eq!(u8::from(submit.esm_class), 0x40);
        assert_eq!((submit.source_addr_ton, submit.destination_addr.as_str()), (Ton::Alphanumeric, "32470123456"));
    }

    #[test]
    fn one_part_has_no_header() {
        let parts = of(&encode("Put [a] €", false), Uuid::from_u128(7));
        let submit = submit(&From::read("+32 470 99 88 77"), "+32470123456", &parts[0]).unwrap();
        assert_eq!(u8::from(submit.esm_class), 0);
        assert_eq!(submit.short_message().as_ref(), b"Put \x1b\x3ca\x1b\x3e \x1b\x65");
        assert_eq!((submit.source_addr_ton, submit.source_addr.as_str()), (Ton::International, "32470998877"));
        assert_eq!(From::read("8850").ton, Ton::NetworkSpecific);
    }
}
