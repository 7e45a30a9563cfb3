//! What people typed, clean and bounded, as it may stand in a message.

use schemas::text;

/// The most characters of what somebody wrote; doors let less through, and a mail stays a mail.
pub(super) const MOST_OF_WORDS: usize = 10_000;
/// The most characters of an article.
pub(super) const MOST_OF_ARTICLE: usize = 30_000;
/// The most characters of one line: a place, a title.
pub(super) const MOST_OF_LINE: usize = 300;
/// The most characters of a name and of a telephone number, which have to fit in a text message.
pub(super) const MOST_OF_NAME: usize = 80;
pub(super) const MOST_OF_PHONE: usize = 30;

/// `text` with at most `most` characters; an ellipsis says that it went on.
pub(super) fn cut(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text,
    }
}

/// The beginning of what somebody typed, long enough for `most` characters of it to be left when it is clean.
fn head(typed: &str, most: usize) -> &str {
    typed.char_indices().nth(4 * most).map_or(typed, |(at, _)| &typed[..at])
}

/// What somebody wrote, clean and bounded.
pub(super) fn words_of(typed: &str) -> String {
    cut(text::clean(head(typed, MOST_OF_WORDS)), MOST_OF_WORDS)
}

/// One line of it.
pub(super) fn line_of(typed: &str, most: usize) -> String {
    cut(text::clean_line(head(typed, most)), most)
}

/// One line that leaves a text message room for the link, in whatever letters (UTF-16 units, as UCS-2 counts).
pub(super) fn short_of(typed: &str) -> String {
    let line = line_of(typed, MOST_OF_LINE);
    let mut used = 0;
    let over = line.char_indices().find(|(_, c)| {
        used += c.len_utf16();
        used > MOST_OF_LINE
    });
    match over {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}

/// A name as it may stand in a greeting. Anybody can type anything as the name of somebody else's
/// address; what could be an advertisement or a link is left out.
pub(crate) fn name(typed: &str) -> Option<String> {
    let name = line_of(typed, MOST_OF_LINE);
    let dotted = name.split_whitespace().any(|word| {
        let inner = word.trim_end_matches('.');
        inner.split('.').skip(1).any(|part| part.chars().count() > 1)
    });
    let plain = name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | '-' | '\'' | '’' | ','));
    (!name.is_empty() && name.chars().count() <= 60 && plain && !dotted).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_carries_no_advertisement() {
        for good in ["Jo", "J.P. Peeters", "Mme. D'Hondt", "Anne-Marie Van den Berghe", "Łukasz Żak", "عمر"] {
            assert_eq!(name(good).as_deref(), Some(good));
        }
        for bad in ["", "win.example", "http://win", "<b>Jo</b>", "Jo {{link}}", "call 0900", "a@b", &"x".repeat(61)] {
            assert_eq!(name(bad), None, "{bad}");
        }
        assert_eq!(name("Jo\r\nBcc: x@example.org"), None);
        assert_eq!(name("Jo\u{202e}").as_deref(), Some("Jo"));
    }
}
