//! Lines of CSV (RFC 4180) that a spreadsheet opens as it is, and never as a formula.

/// One field. What a spreadsheet would take for a formula gets an apostrophe before it, which the sheet shows as text.
pub fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    let is_plain = !text.contains(['"', ',', ';', '\n', '\r']) && text.trim() == text;
    if is_plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// A line of fields that are text.
pub fn line<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = fields.into_iter().map(field).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_reads_text_as_text() {
        for (text, expected) in [
            ("put", "put"),
            ("a, b", "\"a, b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("=1+1", "'=1+1"),
            ("@cmd", "'@cmd"),
            ("-2", "'-2"),
            ("\t=x", "'\t=x"),
            ("two\nlines", "\"two\nlines\""),
        ] {
            assert_eq!(field(text), expected, "{text:?}");
        }
        assert_eq!(line(["a", "=b", ""]), "a,'=b,\r\n");
    }
}
