//! Articles are written in Markdown (CommonMark 0.31 with tables). Here it becomes HTML that is
//! safe whoever wrote it, or plain text: raw HTML is shown as text, a link leads only where
//! [`Target`] lets it, pictures are left out. Pure.

use crate::{report::Language, slug::Slug};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// Where a link of an article leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Elsewhere: `https:`, `http:`, `mailto:` or `tel:`.
    Outside(String),
    /// A page of this site, written without a language: `/report?category=wegen/put`.
    Page(String),
    /// Another article, by its name.
    Article(Slug),
}

impl Target {
    /// Reads what stands between the brackets of a link; `None` for anything that a browser might
    /// run, or that leads nobody anywhere.
    pub fn read(text: &str) -> Option<Self> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return None;
        }
        if let Ok(slug) = Slug::new(text) {
            return Some(Self::Article(slug));
        }
        // Two slashes would lead to another host.
        if text.starts_with('/') {
            return (!text.starts_with("//")).then(|| Self::Page(text.to_owned()));
        }
        let (scheme, rest) = text.split_once(':')?;
        let good = match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')),
            "mailto" | "tel" => !rest.is_empty(),
            _ => false,
        };
        good.then(|| Self::Outside(text.to_owned()))
    }

    /// The address, on pages in `language`.
    fn address(&self, language: Language) -> String {
        match self {
            Self::Outside(address) => address.clone(),
            Self::Page(path) => format!("/{}{path}", language.as_str()),
            Self::Article(slug) => format!("/{}/answers/{slug}", language.as_str()),
        }
    }
}

/// Something in an article that has to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// HTML: not taken.
    Html,
    /// A picture: not taken.
    Picture,
    /// A link that leads nowhere good.
    Link(String),
    /// A link to another article, which has to be there.
    Article(Slug),
}

fn events(source: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    Parser::new_ext(source, Options::ENABLE_TABLES).into_offset_iter()
}

/// `source` as HTML. Links lead to pages in `language`; its highest heading becomes `<h{top}>`,
/// with `top` from 1 to 6.
pub fn html(source: &str, language: Language, top: u8) -> String {
    let highest = events(source).filter_map(|(event, _)| heading(&event)).min().unwrap_or(1);
    let shift = |level: HeadingLevel| {
        let level = level as usize - highest + usize::from(top.clamp(1, 6));
        HeadingLevel::try_from(level.min(6)).unwrap_or(HeadingLevel::H6)
    };
    // Links are never inside links, so one answer is enough to close the last one.
    let mut linked = false;
    let safe = events(source).filter_map(|(event, _)| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Heading { level, .. }) => {
            Some(Event::Start(Tag::Heading { level: shift(level), id: None, classes: Vec::new(), attrs: Vec::new() }))
        }
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(shift(level)))),
        Event::Start(Tag::Link { link_type, dest_url, id, .. }) => {
            let target = Target::read(&address(link_type, &dest_url));
            linked = target.is_some();
            let dest_url = CowStr::from(target?.address(language));
            Some(Event::Start(Tag::Link { link_type, dest_url, title: CowStr::from(""), id }))
        }
        Event::End(TagEnd::Link) => std::mem::take(&mut linked).then_some(Event::End(TagEnd::Link)),
        Event::Start(Tag::Image { .. } | Tag::HtmlBlock) | Event::End(TagEnd::Image | TagEnd::HtmlBlock) => None,
        other => Some(other),
    });
    let mut out = String::with_capacity(source.len() * 2);
    pulldown_cmark::html::push_html(&mut out, safe);
    out
}

fn heading(event: &Event<'_>) -> Option<usize> {
    match event {
        Event::Start(Tag::Heading { level, .. }) => Some(*level as usize),
        _ => None,
    }
}

/// `<info@example.org>` is written without `mailto:`.
fn address(kind: pulldown_cmark::LinkType, target: &str) -> String {
    match kind {
        pulldown_cmark::LinkType::Email => format!("mailto:{target}"),
        _ => target.to_owned(),
    }
}

/// `source` as plain text: an empty line between blocks, `- ` before the items of a list, the
/// address of a link to elsewhere behind its words.
pub fn plain(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut link = None;
    for (event, _) in events(source) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => out.push_str(&text),
            Event::SoftBreak => out.push(' '),
            Event::HardBreak | Event::Rule | Event::End(TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead) => {
                out.push('\n');
            }
            Event::End(TagEnd::TableCell) => out.push(' '),
            Event::Start(Tag::Item) => {
                // An item of a list within an item begins on a line of its own.
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push('\n');
                }
                out.push_str("- ");
            }
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::List(_) | TagEnd::CodeBlock) => {
                out.push_str("\n\n");
            }
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                link = Target::read(&address(link_type, &dest_url));
            }
            Event::End(TagEnd::Link) => {
                if let Some(Target::Outside(address)) = link.take() {
                    let said = address.split_once(':').map_or("", |(_, rest)| rest);
                    if !out.ends_with(said) {
                        out.push_str(&format!(" ({address})"));
                    }
                }
            }
            _ => {}
        }
    }
    crate::text::clean(&out)
}

/// What in `source` has to be looked at, each with the byte where it stands.
pub fn look(source: &str) -> Vec<(usize, Found)> {
    let mut found = Vec::new();
    for (event, range) in events(source) {
        match event {
            // One block of HTML is one mistake, however many lines it has.
            Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_) => found.push((range.start, Found::Html)),
            Event::Start(Tag::Image { .. }) => found.push((range.start, Found::Picture)),
            Event::Start(Tag::Link { link_type, dest_url, .. }) => match Target::read(&address(link_type, &dest_url)) {
                Some(Target::Article(slug)) => found.push((range.start, Found::Article(slug))),
                Some(_) => {}
                None => found.push((range.start, Found::Link(dest_url.into_string()))),
            },
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_lead_only_where_they_may() {
        let outside = |text: &str| Some(Target::Outside(text.to_owned()));
        for (text, target) in [
            ("https://voordeur.example/x", outside("https://voordeur.example/x")),
            ("mailto:info@voordeur.example", outside("mailto:info@voordeur.example")),
            ("tel:1777", outside("tel:1777")),
            ("/report?category=wegen/put", Some(Target::Page("/report?category=wegen/put".to_owned()))),
            ("afval-ophaling", Some(Target::Article(Slug::new("afval-ophaling").unwrap()))),
            ("javascript:alert(1)", None),
            ("JaVaScRiPt:alert(1)", None),
            ("java\tscript:alert(1)", None),
            ("data:text/html,x", None),
            ("vbscript:x", None),
            ("//voordeur.example", None),
            ("/\\voordeur.example", None),
            ("https:evil", None),
            ("https:///evil", None),
            ("mailto:", None),
            ("", None),
            ("#top", None),
        ] {
            assert_eq!(Target::read(text), target, "{text}");
        }
    }

    #[test]
    fn hostile_markdown_becomes_harmless() {
        for hostile in [
            "<script>alert(1)</script>",
            "hello <img src=x onerror=alert(1)>",
            "<div onclick='x'>\n\nwords\n\n</div>",
            "[a](javascript:alert(1))",
            "[a](JAVASCRIPT:alert(1) \"t\")",
            "[a][b]\n\n[b]: javascript:alert(1)",
            "<javascript:alert(1)>",
            "![x](https://evil.example/track.png)",
            "![x](javascript:alert(1))",
            "[a](data:text/html;base64,PHNjcmlwdD4=)",
            "[a](https://x.example \"\\\" onclick=\\\"alert(1)\")",
            "```\"><script>alert(1)</script>\nx\n```",
            "# h {onclick=alert(1)}",
            "[a](https://x.example/\"onmouseover=\"alert(1))",
            "<!-- --><script>",
            "&lt;script&gt;",
        ] {
            harmless(&html(hostile, Language::NL, 2));
        }
        assert_eq!(html("[a](javascript:x) b", Language::NL, 2), "<p>a b</p>\n");
        assert_eq!(html("a <b>c</b>", Language::NL, 2), "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
    }

    /// Only elements without attributes, links to good addresses, and the few that tables and
    /// lists carry.
    fn harmless(html: &str) {
        const NAMES: [&str; 28] = [
            "p",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "ul",
            "ol",
            "li",
            "em",
            "strong",
            "a",
            "code",
            "pre",
            "br",
            "hr",
            "blockquote",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "del",
            "sup",
            "sub",
            "div",
        ];
        for tag in html.split('<').skip(1) {
            let inside = tag.split('>').next().unwrap().trim_end_matches('/').trim();
            let (name, attributes) =
                inside.trim_start_matches('/').split_once(' ').unwrap_or((inside.trim_start_matches('/'), ""));
            assert!(NAMES.contains(&name), "{name} in {html}");
            let good = attributes.is_empty()
                || attributes.starts_with("start=\"")
                || attributes.starts_with("style=\"text-align: ")
                || (name == "code" && attributes.starts_with("class=\"language-"))
                || (name == "a"
                    && ["http://", "https://", "mailto:", "tel:", "/nl/"]
                        .iter()
                        .any(|start| attributes.to_lowercase().starts_with(&format!("href=\"{start}"))));
            assert!(good && attributes.matches('"').count() <= 2, "{attributes} in {html}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_harmless(source in "([a-z<>\"'=&:/()\\[\\]!# `*|\\\\\n-]|javascript:|<script>|onload=|\\]\\(){0,60}") {
            harmless(&html(&source, Language::NL, 2));
            plain(&source);
            for (at, _) in look(&source) {
                prop_assert!(source.is_char_boundary(at));
            }
        }
    }

    #[test]
    fn headings_and_links_fit_the_page() {
        let source = "# Wat\n\n### Hoe\n\nZie [ophaling](afval) of [meld het](/report).";
        assert_eq!(
            html(source, Language::FR, 2),
            "<h2>Wat</h2>\n<h4>Hoe</h4>\n<p>Zie <a href=\"/fr/answers/afval\">ophaling</a> of <a href=\"/fr/report\">meld het</a>.</p>\n"
        );
        assert!(html("###### x", Language::NL, 3).starts_with("<h3>"));
    }

    #[test]
    fn plain_text_reads_as_a_letter() {
        let source = "## Wat\n\nBel [ons](tel:1777)\nof <info@voordeur.example>.\n\n- een\n- [twee](afval)\n\nDank u.";
        assert_eq!(plain(source), "Wat\n\nBel ons (tel:1777) of info@voordeur.example.\n\n- een\n- twee\n\nDank u.");
    }

    #[test]
    fn what_is_not_taken_is_told_with_its_place() {
        let source = "goed\n\n<b>x</b> ![p](q) [l](javascript:x) [a](afval)\n\n<div>\nx\n</div>\n";
        let found = look(source);
        let kinds: Vec<&Found> = found.iter().map(|(_, found)| found).collect();
        assert_eq!(
            kinds,
            [
                &Found::Html,
                &Found::Html,
                &Found::Picture,
                &Found::Link("javascript:x".into()),
                &Found::Article(Slug::new("afval").unwrap()),
                &Found::Html
            ]
        );
        assert_eq!(found[0].0, 6);
    }
}
