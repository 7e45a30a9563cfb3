//! The look of the city: `theme.css`, `logo.svg` or `logo.png`, and `fonts/`. Only what would not work, or cannot be read,
//! is told; the rest is CSS.

use crate::{
    city::{
        Blobs, Files,
        theme::{FILE, TEXT_CONTRAST, unreadable},
    },
    fault::{Fault, did_you_mean},
};

/// A logo is on every page.
const LOGO_MOST: usize = 64 * 1024;

pub(super) fn check(files: &Files, blobs: &Blobs, faults: &mut Vec<Fault>) {
    logo(files, blobs, faults);
    let Some(css) = files.get(FILE) else { return };
    for one in unreadable(css) {
        let ((front, front_value), (back, back_value)) = (one.front, one.back);
        faults.push(
            Fault::error(
                FILE,
                (one.line, 0),
                format!(
                    "{front} {front_value} on {back} {back_value} has a contrast of {:.1} to 1: many people cannot read it",
                    one.contrast
                ),
                format!(
                    "make `--city-{front}-color` darker or lighter than `--city-{back}-color` until it is \
                     {TEXT_CONTRAST} to 1 (WCAG 2.2, 1.4.3)"
                ),
            )
            .warning(),
        );
    }
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
                    "pages load nothing from other places: put it into `fonts/` of the city folder, or into the theme \
                     itself as a `data:` address",
                ));
            } else if let Some(name) = own_file(&code[byte + word.len()..])
                && !blobs.contains_key(name)
            {
                let known = blobs.keys().map(String::as_str).filter(|name| name.starts_with("fonts/"));
                let help = match known.clone().next() {
                    Some(_) => did_you_mean(name, known),
                    None => "put the font into the folder `fonts/` of the city, as a .woff2 file".to_owned(),
                };
                let at = (number + 1, column(byte));
                faults.push(Fault::error(FILE, at, format!("the city folder has no file `{name}`"), help));
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

/// The file that an address of the style sheet means; nothing for a `data:` address or a part of the page.
fn own_file(after: &str) -> Option<&str> {
    let target = after.split(')').next()?.trim().trim_matches(['"', '\'']);
    let is_file = !target.is_empty() && !target.starts_with(['#', '/']) && !target.contains(':');
    is_file.then(|| target.trim_start_matches("./").split(['?', '#']).next().unwrap_or(target))
}

/// A logo is a picture that everybody loads on every page, and nothing else.
fn logo(files: &Files, blobs: &Blobs, faults: &mut Vec<Fault>) {
    if let Some(svg) = files.get("logo.svg") {
        let lower = svg.to_ascii_lowercase();
        let mut wrong = |what: &str, message: &str, help: &str| {
            if let Some(at) = lower.find(what) {
                let line = svg[..at].matches('\n').count() + 1;
                faults.push(Fault::error("logo.svg", (line, 0), message, help));
            }
        };
        wrong("<script", "the logo holds a program", "save it as a plain picture: pages run nothing from a picture");
        wrong("<foreignobject", "the logo holds a page", "save it as a plain picture");
        for part in ["href=\"http", "href='http", "url(http"] {
            wrong(part, "the logo loads something from elsewhere", "put the picture into the file itself");
        }
        if !lower.contains("<svg") {
            faults.push(Fault::error(
                "logo.svg",
                (0, 0),
                "this is not an SVG picture",
                "save the logo as SVG, or as logo.png",
            ));
        }
    }
    if let Some(png) = blobs.get("logo.png").filter(|png| !png.starts_with(b"\x89PNG\r\n\x1a\n")) {
        let message = format!("this is not a PNG picture ({} bytes)", png.len());
        faults.push(Fault::error("logo.png", (0, 0), message, "save the logo as PNG, or as logo.svg"));
    }
    let sizes = [
        ("logo.svg", files.get("logo.svg").map(|svg| svg.len())),
        ("logo.png", blobs.get("logo.png").map(|png| png.len())),
    ];
    for (name, size) in sizes {
        if let Some(size) = size.filter(|size| *size > LOGO_MOST) {
            let message = format!("the logo has {} kB, and is loaded on every page", size / 1024);
            faults.push(Fault::error(name, (0, 0), message, "make it smaller than 64 kB").warning());
        }
    }
    for (name, font) in blobs.iter().filter(|(name, _)| name.starts_with("fonts/")) {
        if !name.ends_with(".woff2") || !font.starts_with(b"wOF2") {
            let help = "save it as WOFF2: every browser of today reads it, and it is the smallest";
            faults.push(Fault::error(name, (0, 0), "this is not a WOFF2 font", help));
        }
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

#[cfg(test)]
mod tests {
    use crate::city::{Blobs, City, sample};

    fn faults(theme: &str, logo: Option<&str>, blobs: &[(&str, &[u8])]) -> Vec<String> {
        let mut files = sample::files();
        files.insert("theme.css".to_owned(), theme.into());
        files.extend(logo.map(|svg| ("logo.svg".to_owned(), svg.into())));
        let blobs: Blobs = blobs.iter().map(|(name, bytes)| ((*name).to_owned(), (*bytes).into())).collect();
        City::read_with(files, blobs).1.into_iter().map(|fault| fault.render(None)).collect()
    }

    #[test]
    fn a_theme_with_its_own_font_and_logo_is_right() {
        let css = "@font-face { font-family: X; src: url(\"fonts/x.woff2\") format(\"woff2\"); }\n\
                   :root { --city-brand-color: #7a1f3d; --vd-text: X, sans-serif; }";
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"/>";
        assert_eq!(faults(css, Some(svg), &[("fonts/x.woff2", b"wOF2"), ("logo.png", b"\x89PNG\r\n\x1a\n")]), [""; 0]);
    }

    #[test]
    fn what_does_not_work_is_told() {
        let missing = faults("a { src: url(fonts/x.woff2) }", None, &[("fonts/y.woff2", b"wOF2")]);
        assert!(missing[0].contains("`fonts/x.woff2`") && missing[0].contains("fonts/y.woff2"), "{missing:?}");
        let unreadable = faults(":root {\n --city-text-color: #999999;\n}", None, &[]);
        assert_eq!(unreadable.len(), 2, "{unreadable:?}");
        assert!(
            unreadable[0].starts_with("theme.css:2: warning: text #999999 on background #ffffff"),
            "{unreadable:?}"
        );
        for (svg, says) in [
            ("<svg>\n<script>1</script></svg>", "logo.svg:2: error: the logo holds a program"),
            ("<svg><image href=\"https://a.example/x\"/></svg>", "from elsewhere"),
            ("GIF89a", "not an SVG"),
        ] {
            let told = faults("", Some(svg), &[]);
            assert!(told.len() == 1 && told[0].contains(says), "{svg}: {told:?}");
        }
        let told = faults("", None, &[("logo.png", b"GIF89a"), ("fonts/x.ttf", b"\0")]);
        assert!(told[0].contains("WOFF2") && told[1].contains("PNG"), "{told:?}");
    }
}
