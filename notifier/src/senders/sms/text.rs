//! What a text message can hold, and in how many parts it travels. Pure.
//!
//! A message in the GSM 7-bit alphabet (3GPP TS 23.038 §6.2.1) holds 160 letters, one in UCS-2 70. A longer
//! one travels in parts that each give up a little room to be put together again (TS 23.040 §9.2.3.24.1):
//! 153 and 67. Each part is paid for. One letter outside the alphabet more than halves the room, so letters
//! of our languages that it lacks may be written by one that it has.

use serde::{Deserialize, Serialize};

/// The most parts of one message; what does not fit is cut off.
pub const MAX_PARTS: usize = 6;

/// The letters of the default alphabet in the order of their codes; 0x1b is the way to the extension.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// What takes two: the way to the extension, and the letter there.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The codes of those letters there.
const EXTENSION_CODES: [u8; 10] = [0x0a, 0x14, 0x28, 0x29, 0x2f, 0x3c, 0x3d, 0x3e, 0x40, 0x65];
/// The way to the extension.
const ESCAPE: u8 = 0x1b;

/// How a letter that the alphabet lacks is written instead.
const INSTEAD: &[(&str, &str)] = &[
    ("áâãā", "a"),
    ("ÀÁÂÃĀ", "A"),
    ("çćč", "c"),
    ("ĆČ", "C"),
    ("êëēėę", "e"),
    ("ÈÊËĒĖĘ", "E"),
    ("íîïī", "i"),
    ("ÌÍÎÏĪ", "I"),
    ("óôõō", "o"),
    ("ÒÓÔÕŌ", "O"),
    ("úûū", "u"),
    ("ÙÚÛŪ", "U"),
    ("ýÿ", "y"),
    ("ÝŸ", "Y"),
    ("łĺ", "l"),
    ("Ł", "L"),
    ("ńň", "n"),
    ("šśş", "s"),
    ("ŠŚŞ", "S"),
    ("žźż", "z"),
    ("ŽŹŻ", "Z"),
    ("ğ", "g"),
    ("Ğ", "G"),
    ("ı", "i"),
    ("İ", "I"),
    ("œ", "oe"),
    ("Œ", "OE"),
    ("ĳ", "ij"),
    ("Ĳ", "IJ"),
    ("‘’‚‛´`′", "'"),
    ("“”„‟«»″", "\""),
    ("‹", "<"),
    ("›", ">"),
    ("–—‒―‐‑−", "-"),
    ("…", "..."),
    ("•·", "-"),
    ("×", "x"),
    ("→", "->"),
    ("←", "<-"),
    ("½", "1/2"),
    ("¼", "1/4"),
    ("¾", "3/4"),
    ("²", "2"),
    ("³", "3"),
    ("°", "o"),
    ("º", "o"),
    ("ª", "a"),
    ("©", "(c)"),
    ("®", "(r)"),
    ("™", "(tm)"),
    ("\t\u{a0}\u{2002}\u{2003}\u{2007}\u{2009}\u{202f}\u{2028}\u{2029}", " "),
    ("\u{ad}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2060}\u{feff}", ""),
];

/// The letters that a message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// GSM 7-bit: the default alphabet and its extension.
    Gsm,
    /// UCS-2: everything, at less than half the room.
    Ucs2,
}

impl Alphabet {
    /// The room of a message in one part, and of one part of several: septets, or UTF-16 units.
    fn room(self) -> (usize, usize) {
        match self {
            Self::Gsm => (160, 153),
            Self::Ucs2 => (70, 67),
        }
    }

    /// What `c` takes of it.
    fn size(self, c: char) -> usize {
        match self {
            Self::Gsm => 1 + usize::from(EXTENSION.contains(c)),
            Self::Ucs2 => c.len_utf16(),
        }
    }
}

/// A text message as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sms {
    /// Its letters.
    pub alphabet: Alphabet,
    /// In how many parts it travels: what is paid.
    pub parts: usize,
    /// The words.
    pub text: String,
    /// Which letters are written by others, each once, in the order they came.
    pub changed: Vec<(char, String)>,
    /// Whether it was too long and its end is cut off.
    pub cut: bool,
}

impl Sms {
    /// The words of each part, in order. No letter is ever split over two.
    pub fn pieces(&self) -> Vec<&str> {
        if self.parts == 1 {
            return vec![&self.text];
        }
        let (_, each) = self.alphabet.room();
        let (mut pieces, mut from, mut used) = (Vec::with_capacity(self.parts), 0, 0);
        for (at, c) in self.text.char_indices() {
            let size = self.alphabet.size(c);
            if used + size > each {
                pieces.push(&self.text[from..at]);
                (from, used) = (at, 0);
            }
            used += size;
        }
        pieces.push(&self.text[from..]);
        pieces
    }
}

impl Alphabet {
    /// `text` in octets: one per septet of the GSM alphabet (3GPP TS 23.038 §6.2.1, not packed), or UCS-2 with
    /// the high octet first. What the alphabet lacks becomes a question mark.
    pub fn octets(self, text: &str) -> Vec<u8> {
        match self {
            Self::Ucs2 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Gsm => {
                let mut out = Vec::with_capacity(text.len());
                for c in text.chars() {
                    let at = |letters: &str| letters.chars().position(|letter| letter == c);
                    match (at(BASIC).and_then(|code| u8::try_from(code).ok()), at(EXTENSION)) {
                        (Some(code), _) => out.push(code),
                        (None, Some(n)) => out.extend([ESCAPE, EXTENSION_CODES[n]]),
                        (None, None) => out.push(b'?'),
                    }
                }
                out
            }
        }
    }

    /// The text of such `octets`; what is none becomes U+FFFD.
    pub fn read(self, octets: &[u8]) -> String {
        if self == Self::Ucs2 {
            let units: Vec<u16> = octets.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            return String::from_utf16_lossy(&units);
        }
        let (mut out, mut escaped) = (String::with_capacity(octets.len()), false);
        for code in octets {
            let letter = match std::mem::take(&mut escaped) {
                true => EXTENSION_CODES.iter().position(|known| known == code).and_then(|n| EXTENSION.chars().nth(n)),
                false if *code == ESCAPE => {
                    escaped = true;
                    continue;
                }
                false => BASIC.chars().nth(usize::from(*code)),
            };
            out.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        out
    }
}

/// `text` as a message. With `transliterate`, letters of our languages that the GSM alphabet lacks are
/// written by others where that keeps the whole message in it; other scripts stay as they are.
pub fn encode(text: &str, transliterate: bool) -> Sms {
    let text = text.trim();
    let (mut text, mut changed) = (text.to_owned(), Vec::new());
    if transliterate && let Some((plain, instead)) = spell(&text) {
        (text, changed) = (plain, instead);
    }
    let alphabet = if text.chars().all(is_gsm) { Alphabet::Gsm } else { Alphabet::Ucs2 };
    let (text, parts, cut) = fit(&text, alphabet);
    Sms { alphabet, parts, text, changed, cut }
}

/// Whether the default alphabet or its extension has `c`.
fn is_gsm(c: char) -> bool {
    c != '\u{1b}' && (BASIC.contains(c) || EXTENSION.contains(c))
}

/// `text` in the GSM alphabet and what was changed for it; `None` when it has letters that nothing stands for.
fn spell(text: &str) -> Option<(String, Vec<(char, String)>)> {
    let mut out = String::with_capacity(text.len());
    let mut changed: Vec<(char, String)> = Vec::new();
    for c in text.chars() {
        if is_gsm(c) {
            out.push(c);
            continue;
        }
        let (_, instead) = INSTEAD.iter().find(|(letters, _)| letters.contains(c))?;
        out.push_str(instead);
        if !changed.iter().any(|(known, _)| *known == c) {
            changed.push((c, (*instead).to_owned()));
        }
    }
    Some((out, changed))
}

/// As much of `text` as [`MAX_PARTS`] hold, how many parts that are, and whether something was cut off. No
/// letter is ever split over two parts.
fn fit(text: &str, alphabet: Alphabet) -> (String, usize, bool) {
    let (single, each) = alphabet.room();
    if text.chars().map(|c| alphabet.size(c)).sum::<usize>() <= single {
        return (text.to_owned(), 1, false);
    }
    let (mut parts, mut used) = (1, 0);
    for (at, c) in text.char_indices() {
        let size = alphabet.size(c);
        if used + size > each {
            if parts == MAX_PARTS {
                return (text[..at].to_owned(), parts, true);
            }
            parts += 1;
            used = 0;
        }
        used += size;
    }
    (text.to_owned(), parts, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_alphabet_is_that_of_the_standard() {
        assert_eq!((BASIC.chars().count(), EXTENSION.chars().count()), (128, 10));
        // Codes of 3GPP TS 23.038 §6.2.1, here and there.
        for (code, letter) in [(0x00, '@'), (0x10, 'Δ'), (0x1f, 'É'), (0x41, 'A'), (0x5b, 'Ä'), (0x7f, 'à')] {
            assert_eq!(BASIC.chars().nth(code), Some(letter), "{code:x}");
        }
        for (letters, instead) in INSTEAD {
            assert!(instead.chars().all(is_gsm), "{instead}");
            // The alphabet has it: it needs nothing instead.
            assert!(letters.chars().all(|c| !is_gsm(c)), "{letters}");
        }
    }

    #[test]
    fn parts_are_counted_as_networks_do() {
        for (text, alphabet, parts) in [
            ("", Alphabet::Gsm, 1),
            (&"a".repeat(160), Alphabet::Gsm, 1),
            (&"a".repeat(161), Alphabet::Gsm, 2),
            (&"€".repeat(80), Alphabet::Gsm, 1),
            (&"€".repeat(81), Alphabet::Gsm, 2),
            // 153 is odd: the 77th € does not fit in the first part any more.
            (&"€".repeat(152), Alphabet::Gsm, 2),
            (&"€".repeat(153), Alphabet::Gsm, 3),
            (&"a".repeat(306), Alphabet::Gsm, 2),
            (&"a".repeat(307), Alphabet::Gsm, 3),
            (&"я".repeat(70), Alphabet::Ucs2, 1),
            (&"я".repeat(71), Alphabet::Ucs2, 2),
            (&"я".repeat(134), Alphabet::Ucs2, 2),
            (&"я".repeat(135), Alphabet::Ucs2, 3),
            // A letter of two UTF-16 units is never split: 33 in each part.
            (&"🚲".repeat(35), Alphabet::Ucs2, 1),
            (&"🚲".repeat(66), Alphabet::Ucs2, 2),
            (&"🚲".repeat(67), Alphabet::Ucs2, 3),
        ] {
            let sms = encode(text, false);
            assert_eq!((sms.alphabet, sms.parts, sms.cut), (alphabet, parts, false), "{text}");
        }
        let long = encode(&"a".repeat(919), false);
        assert_eq!((long.parts, long.text.len(), long.cut), (6, 918, true));
    }

    #[test]
    fn letters_of_our_languages_stay_cheap_and_readable() {
        let sms = encode("Kortrijk: l’égout à côté… réparé – voilà, ça va. Œuvre, façade, ïdee", true);
        assert_eq!(sms.alphabet, Alphabet::Gsm);
        assert_eq!(sms.text, "Kortrijk: l'égout à coté... réparé - voilà, ca va. OEuvre, facade, idee");
        let changed: String = sms.changed.iter().map(|(c, _)| *c).collect();
        assert_eq!(changed, "’ô…–çŒï");
        assert_eq!(encode("ça", false).alphabet, Alphabet::Ucs2);
        // One letter that nothing stands for: then nothing is changed for nothing.
        let sms = encode("ça 🚲", true);
        assert_eq!((sms.text.as_str(), sms.alphabet, sms.changed.len()), ("ça 🚲", Alphabet::Ucs2, 0));
    }

    proptest! {
        #[test]
        fn whatever_is_written_fits(text in "[a-zA-Zéèçêœ’…€\\[\\]я🚲 \n]{0,1200}", transliterate: bool) {
            let sms = encode(&text, transliterate);
            prop_assert!((1..=MAX_PARTS).contains(&sms.parts));
            let (single, each) = sms.alphabet.room();
            let size: usize = sms.text.chars().map(|c| sms.alphabet.size(c)).sum();
            let room = if sms.parts == 1 { single } else { each * sms.parts };
            prop_assert!(size <= room);
            prop_assert_eq!(sms.alphabet == Alphabet::Gsm, sms.text.chars().all(is_gsm));
            // Its parts are as many as are paid, hold all of it, and are read as they are written.
            let pieces = sms.pieces();
            prop_assert_eq!(pieces.len(), sms.parts);
            prop_assert_eq!(pieces.concat(), sms.text.as_str());
            for piece in pieces {
                let octets = sms.alphabet.octets(piece);
                let room = if sms.parts == 1 { 160 } else { 153 };
                prop_assert!(octets.len() <= room);
                prop_assert_eq!(sms.alphabet.read(&octets), piece);
            }
            // Sent again as it is, it is the same.
            let again = encode(&sms.text, transliterate);
            if sms.text == sms.text.trim() && !sms.cut {
                prop_assert_eq!((&again.text, again.parts), (&sms.text, sms.parts));
                prop_assert!(again.changed.is_empty() || !transliterate);
            }
        }

        #[test]
        fn nothing_is_lost_that_fits(text in "[a-zé€я]{0,400}") {
            let sms = encode(&text, false);
            prop_assert_eq!(&sms.text, &text);
            prop_assert!(!sms.cut);
        }
    }
}
