//! Lines of a text: words that are quoted, and no more blank ones than it takes.

use crate::template::LINE;
use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderErrorReason, html_escape};

/// The words that somebody else wrote, line by line.
fn quoted<'a>(helper: &'a Helper<'_>) -> Result<&'a str, RenderErrorReason> {
    helper.param(0).and_then(|p| p.value().as_str()).ok_or(RenderErrorReason::ParamNotFoundForIndex("quote", 0))
}

pub(super) fn quote_plain(
    h: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    for (index, line) in quoted(h)?.lines().enumerate() {
        let start = if index == 0 { "> " } else { "\n> " };
        out.write(start)?;
        out.write(line)?;
    }
    Ok(())
}

pub(super) fn quote_html(
    h: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    for (index, line) in quoted(h)?.lines().enumerate() {
        if index > 0 {
            out.write("<br>\n")?;
        }
        out.write(&html_escape(line))?;
    }
    Ok(())
}

/// Line ends as they belong, at most one empty line between blocks, one line end at the end.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut ends = 2;
    for c in text.chars() {
        match c {
            LINE | '\n' => {
                ends += 1;
                if ends <= 2 {
                    out.push('\n');
                }
            }
            c => {
                ends = 0;
                out.push(c);
            }
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_tidy() {
        assert_eq!(tidy("\u{2028}a\u{2028}\u{2028}\u{2028}\nb\n\n"), "a\n\nb\n");
    }
}
