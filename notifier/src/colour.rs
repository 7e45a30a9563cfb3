//! The city's colour in mails, and what can be read on it. Pure.

use schemas::city::Files;

/// The city's style sheet, from which the frame takes its colour.
const THEME: &str = "theme.css";
/// The colour of a city without one: a dark blue, 8:1 against white.
const ACCENT: &str = "#1d4f91";

/// The city's colour: `--city-brand-color: #rrggbb` in its style sheet.
pub(crate) fn accent(files: &Files) -> &str {
    let given = files.get(THEME).and_then(|css| {
        let value = css.split("--city-brand-color:").nth(1)?.split([';', '}']).next()?.trim();
        is_colour(value).then_some(value)
    });
    given.unwrap_or(ACCENT)
}

fn is_colour(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit())
}

/// Black or white, whichever reads better on `colour` (WCAG 2.2, relative luminance).
pub(crate) fn readable_on(colour: &str) -> &'static str {
    let channel = |at: usize| {
        let value = colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    // Where contrast with black (L+0.05)/0.05 equals contrast with white 1.05/(L+0.05).
    if luminance > 0.179 { "#000000" } else { "#ffffff" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_readable() {
        for (colour, expected) in
            [("#1d4f91", "#ffffff"), ("#ffdd00", "#000000"), ("#000000", "#ffffff"), ("#ffffff", "#000000")]
        {
            assert_eq!(readable_on(colour), expected, "{colour}");
        }
        let files = |css: &str| Files::from([(THEME.to_owned(), css.into())]);
        assert_eq!(accent(&files(":root { --city-brand-color: #aa0000; }")), "#aa0000");
        assert_eq!(accent(&files(":root { --city-brand-color: url(x) }")), ACCENT);
        assert_eq!(accent(&Files::new()), ACCENT);
    }
}
