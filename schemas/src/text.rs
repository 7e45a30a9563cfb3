//! Clean text: what people type, made safe to keep and to show anywhere.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Characters that turn text around or hide in it (Unicode bidi controls, UAX #9 §2, zero-width
/// and tag characters): a report is words, not typography, and these only ever deceive.
fn deceives(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{61c}')
}

/// Text of several lines: NFC (UAX #15), line ends as `\n`, no control characters (PostgreSQL
/// refuses NUL), no bidi controls, no blank edges, at most two line ends in a row.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut newlines = 0;
    for c in text.replace("\r\n", "\n").nfc() {
        match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => {
                newlines += 1;
                if newlines <= 2 {
                    out.push('\n');
                }
                continue;
            }
            '\t' => out.push(' '),
            c if c.is_control() || deceives(c) => continue,
            c => out.push(c),
        }
        newlines = 0;
    }
    out.trim().to_owned()
}

/// Text of one line: as [`clean`], with every run of white space made one space.
pub fn clean_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text to compare by: in lower case, without accents and punctuation, one space between words.
pub fn fold(text: &str) -> String {
    let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// How many characters a person would count, roughly: Unicode scalar values.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_becomes_plain() {
        assert_eq!(clean("a\0b\u{202e}c\u{200b}"), "abc");
        assert_eq!(clean("  one\r\ntwo\n\n\n\nthree\t4 "), "one\ntwo\n\nthree 4");
        assert_eq!(clean("e\u{301}"), "é");
        assert_eq!(clean_line(" a \n b "), "a b");
        assert_eq!(fold(" L'Église,  Sint-JAN!"), "l eglise sint jan");
    }
}
