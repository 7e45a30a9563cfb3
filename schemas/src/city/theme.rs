//! The colours that a city sets in `theme.css`, and whether what stands on them can be read. Pure.

use super::Files;

/// The style sheet of a city, in its folder and in our addresses.
pub const FILE: &str = "theme.css";

/// The least contrast of text and what lies behind it (WCAG 2.2, 1.4.3).
pub const TEXT_CONTRAST: f64 = 4.5;

/// A colour, as its red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// A name of the theme and the colour it has when the city says nothing: those of `web/assets/tokens.css`.
const STANDARD: [(&str, &str); 7] = [
    ("brand", "#0b3f94"),
    ("brand-contrast", "#ffffff"),
    ("link", "#0b3f94"),
    ("background", "#ffffff"),
    ("surface", "#f3f6fa"),
    ("text", "#12203a"),
    ("focus", "#ffc83d"),
];

/// What stands on what, as text.
const PAIRS: [(&str, &str); 5] = [
    ("text", "background"),
    ("text", "surface"),
    ("link", "background"),
    ("link", "surface"),
    ("brand-contrast", "brand"),
];

/// One `--city-…-color` of a style sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// `brand` of `--city-brand-color`.
    pub name: String,
    /// As it is written.
    pub value: String,
    /// Its line, from 1.
    pub line: usize,
}

/// Two colours of which one cannot be read on the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Unreadable {
    /// The name and the colour of what is read.
    pub front: (&'static str, String),
    /// The name and the colour of what lies behind.
    pub back: (&'static str, String),
    /// Their contrast, from 1 to 21.
    pub contrast: f64,
    /// The line of the one that the city wrote last.
    pub line: usize,
}

impl Rgb {
    /// Reads `#rgb`, `#rrggbb` and `rgb(r, g, b)` with whole numbers; nothing of what is given another way, or can be
    /// seen through.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(hex) = text.strip_prefix('#') {
            let digits: Vec<u8> =
                hex.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
            return match digits.as_slice() {
                [r, g, b] => Some(Self(r * 17, g * 17, b * 17)),
                [a, b, c, d, e, f] => Some(Self(a * 16 + b, c * 16 + d, e * 16 + f)),
                _ => None,
            };
        }
        let inside = text.strip_prefix("rgb(")?.strip_suffix(')')?;
        let parts: Vec<u8> = inside
            .split([',', ' '])
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        if let [r, g, b] = parts.as_slice() { Some(Self(*r, *g, *b)) } else { None }
    }

    /// Relative luminance (WCAG 2.2), from 0 to 1.
    fn luminance(self) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(self.0) + 0.7152 * channel(self.1) + 0.0722 * channel(self.2)
    }

    /// The contrast ratio of two colours (WCAG 2.2), from 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }
}

/// The colours that `css` sets, in its order; comments are left out.
pub fn tokens(css: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = css;
    let line_of = |rest: &str| css[..css.len() - rest.len()].matches('\n').count() + 1;
    while let Some(at) = rest.find("--city-").into_iter().chain(rest.find("/*")).min() {
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
            continue;
        }
        let line = line_of(rest);
        rest = &rest["--city-".len()..];
        let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        rest = after;
        // What only uses a colour sets none.
        let Some(value) = after.trim_start().strip_prefix(':') else { continue };
        let Some(name) = name.strip_suffix("-color") else { continue };
        let value = value.split([';', '}']).next().unwrap_or_default().trim().to_owned();
        found.push(Token { name: name.to_owned(), value, line });
    }
    found
}

/// The colour of the city: what browsers paint their own frame with.
pub fn brand(files: &Files) -> String {
    last(files, "brand")
}

/// The colour of what stands on [`brand`].
pub fn on_brand(files: &Files) -> String {
    last(files, "brand-contrast")
}

fn last(files: &Files, name: &str) -> String {
    let set = files.get(FILE).map(|css| tokens(css)).unwrap_or_default();
    let given = set.into_iter().rev().find(|token| token.name == name && Rgb::parse(&token.value).is_some());
    let standard = || STANDARD.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    given.map_or_else(|| standard().to_owned(), |token| token.value)
}

/// Every pair of colours that cannot be read, of those that the city had a say in.
pub fn unreadable(css: &str) -> Vec<Unreadable> {
    let set = tokens(css);
    // Of a colour that is set twice, for the dark say, the first is that of the page by day.
    let own = |name: &str| set.iter().find(|token| token.name == name);
    let colour = |name: &'static str| {
        // A link has the colour of the city until it has its own.
        let wanted = if name == "link" && own("link").is_none() { "brand" } else { name };
        let standard = STANDARD.iter().find(|(known, _)| *known == wanted).map_or("", |(_, value)| value);
        own(wanted).map_or((standard.to_owned(), 0), |token| (token.value.clone(), token.line))
    };
    let judge = |(front, back): (&'static str, &'static str)| {
        let ((front_value, front_line), (back_value, back_line)) = (colour(front), colour(back));
        let line = front_line.max(back_line);
        let contrast = Rgb::parse(&front_value)?.contrast(Rgb::parse(&back_value)?);
        let wrong = line > 0 && contrast < TEXT_CONTRAST;
        wrong.then_some(Unreadable { front: (front, front_value), back: (back, back_value), contrast, line })
    };
    PAIRS.into_iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        let parse = |text| Rgb::parse(text).unwrap();
        assert!((parse("#000").contrast(parse("#ffffff")) - 21.0).abs() < 0.01);
        // The grey that is known to be just enough on white, and the one beside it that is not.
        assert!(parse("#767676").contrast(parse("rgb(255, 255, 255)")) >= TEXT_CONTRAST);
        assert!(parse("#777777").contrast(parse("#fff")) < TEXT_CONTRAST);
        for text in ["#12345", "rgb(1, 2)", "rgb(300, 0, 0)", "hsl(1 2% 3%)", "red", "#éé"] {
            assert_eq!(Rgb::parse(text), None, "{text}");
        }
    }

    #[test]
    fn colours_are_found_where_they_are_set() {
        let css = "/* --city-brand-color: red; */\n:root { --city-brand-color: #123456;\n  \
                   --city-text-color :#111; --city-logo-size: 2rem; color: var(--city-link-color) }";
        let found = tokens(css);
        let found: Vec<_> = found.iter().map(|t| (t.name.as_str(), t.value.as_str(), t.line)).collect();
        assert_eq!(found, [("brand", "#123456", 2), ("text", "#111", 3)]);
        let files = Files::from([(FILE.to_owned(), css.into())]);
        assert_eq!(brand(&files), "#123456");
        assert_eq!((brand(&Files::new()).as_str(), on_brand(&Files::new()).as_str()), ("#0b3f94", "#ffffff"));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_both_colours() {
        assert_eq!(unreadable(""), []);
        let found = unreadable(":root {\n  --city-brand-color: #ffdd00;\n}");
        let pairs: Vec<_> = found.iter().map(|one| (one.front.0, one.back.0)).collect();
        assert_eq!(pairs, [("link", "background"), ("link", "surface"), ("brand-contrast", "brand")]);
        assert!(found.iter().all(|one| one.line == 2));
        assert_eq!(
            unreadable(
                ":root { --city-brand-color: #ffdd00; --city-brand-contrast-color: #111; \
                               --city-link-color: #0b5a8a }"
            ),
            []
        );
    }
}
