//! What an HTML mail says, as text.

/// More than this is not read: nobody writes so much by hand.
const MOST: usize = 256 * 1024;
/// Lines are not broken: what is trimmed later is recognised by whole lines.
const WIDTH: usize = 100_000;
/// What is nested deeper is not a letter; reading it would cost more than it is worth.
const DEEPEST: usize = 400;

/// The text of `html`; quoted parts begin with `> `. Empty when it cannot be read.
pub fn to_text(html: &str) -> String {
    let html = head(html, MOST);
    if depth(html) > DEEPEST {
        return String::new();
    }
    html2text::config::plain_no_decorate()
        .no_table_borders()
        .raw_mode(true)
        .no_link_wrapping()
        .string_from_read(html.as_bytes(), WIDTH)
        .map(|text| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
        .unwrap_or_default()
}

/// At most `most` bytes of `text`, cut between two characters.
pub(crate) fn head(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// How deep elements are nested, at least: what is never closed counts, as it does for a browser.
fn depth(html: &str) -> usize {
    const ALONE: [&str; 14] =
        ["br", "img", "hr", "meta", "link", "input", "col", "area", "base", "embed", "source", "track", "wbr", "param"];
    let (mut now, mut most) = (0usize, 0usize);
    for tag in html.split('<').skip(1) {
        let closes = tag.starts_with('/');
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        // Paragraphs and items end where the next begins.
        if name.is_empty() || ALONE.contains(&name.as_str()) || matches!(name.as_str(), "p" | "li" | "td" | "tr") {
            continue;
        }
        now = if closes { now.saturating_sub(1) } else { now + 1 };
        most = most.max(now);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_out_and_markup_stays_behind() {
        let html = "<html><head><style>p{color:red}</style></head><body><p>Dag,</p><p>We komen <b>maandag</b>.<br>\
                    Groen &amp; blauw &eacute;&eacute;n</p><script>alert(1)</script>\
                    <table><tr><td>Jan</td></tr></table><blockquote>oud</blockquote></body></html>";
        let text = to_text(html);
        for part in ["Dag,", "We komen maandag.", "Groen & blauw één", "Jan", "> oud"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        for part in ["alert", "color", "<"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn a_bomb_is_not_read() {
        assert_eq!(to_text(&"<div>".repeat(100_000)), "");
        assert_eq!(to_text(&"<b><i>".repeat(60_000)), "");
        assert!(to_text(&format!("{}tekst", "<p>x".repeat(5_000))).contains("tekst"));
        assert_eq!(head("aé", 2), "a");
    }
}
