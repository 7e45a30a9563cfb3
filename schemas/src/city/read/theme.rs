//! `theme.css`: the colours of the city. Only what would not work is told; the rest is CSS.

use crate::{city::Files, fault::Fault};

const FILE: &str = "theme.css";

pub(super) fn check(files: &Files, faults: &mut Vec<Fault>) {
    let Some(css) = files.get(FILE) else { return };
    let mut comment = false;
    for (number, line) in css.lines().enumerate() {
        let column = |byte: usize| line[..byte].chars().count() + 1;
        let code = without_comments(line, &mut comment);
        let lower = code.to_ascii_lowercase();
        for (byte, word) in lower.match_indices("@import").chain(lower.match_indices("url(")) {
            let target = lower[byte + word.len()..].trim_start().trim_start_matches(['"', '\'']);
            if word == "@import" || ["http:", "https:", "//"].iter().any(|start| target.starts_with(start)) {
                faults.push(Fault::error(
                    FILE,
                    (number + 1, column(byte)),
                    "the theme loads something from elsewhere",
                    "pages load nothing from other places: put it in the theme itself, as a `data:` address if need be",
                ));
            }
        }
        let Some((name, value)) = code.trim_start().strip_prefix("--city-").and_then(|rest| rest.split_once(':'))
        else {
            continue;
        };
        let value = value.split(';').next().unwrap_or("").trim();
        if !name.trim().ends_with("color") || is_colour(value) {
            continue;
        }
        let byte = code.find(value).unwrap_or(0);
        faults.push(Fault::error(
            FILE,
            (number + 1, column(byte)),
            format!("`{value}` is not a colour"),
            "write `#rrggbb`, `rgb(…)`, `hsl(…)`, `var(--…)` or a colour name",
        ));
    }
}

/// The line with every byte of a comment made a space, so that columns stay.
fn without_comments(line: &str, comment: &mut bool) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while !rest.is_empty() {
        let (end, closes) = match (*comment, rest.find(if *comment { "*/" } else { "/*" })) {
            (true, Some(at)) => (at + 2, true),
            (false, Some(at)) => (at, true),
            (_, None) => (rest.len(), false),
        };
        if *comment {
            out.extend(std::iter::repeat_n(' ', end));
        } else {
            out.push_str(&rest[..end]);
        }
        *comment ^= closes;
        rest = &rest[end..];
    }
    out
}

fn is_colour(value: &str) -> bool {
    match value.strip_prefix('#') {
        Some(hex) => matches!(hex.len(), 3 | 4 | 6 | 8) && hex.bytes().all(|b| b.is_ascii_hexdigit()),
        None => {
            let functions = [
                "rgb(",
                "rgba(",
                "hsl(",
                "hsla(",
                "hwb(",
                "lab(",
                "lch(",
                "oklab(",
                "oklch(",
                "color(",
                "color-mix(",
                "var(",
                "light-dark(",
            ];
            (!value.is_empty() && value.bytes().all(|b| b.is_ascii_alphabetic()))
                || (value.ends_with(')') && functions.iter().any(|function| value.starts_with(function)))
        }
    }
}
