//! The words of a notice as blocks, for what cannot be clicked: a letter, or what somebody says on the
//! telephone. Made from the same templates as mails.

use schemas::report::Language;

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Words(String),
    /// Something with its name: `Your number: 1234 5678`.
    Fact(String, String),
    /// What somebody else wrote, line by line.
    Quote(String),
    /// A page: what it is for, and its address.
    Link(String, String),
}

/// What begins a block, and what parts the two halves of one. Cleaned text holds no control characters (see
/// [`schemas::text::clean`]), so nobody's words can begin a block of their own.
pub(crate) const WORDS: char = '\u{11}';
/// Begins a [`Block::Fact`].
pub(crate) const FACT: char = '\u{12}';
/// Begins a [`Block::Quote`].
pub(crate) const QUOTE: char = '\u{13}';
const LINK: char = '\u{14}';
const HALF: char = '\u{1f}';

/// The source of one block for the templates: `kind` and its halves.
pub(crate) fn source<'a>(kind: char, halves: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::from(kind);
    for (index, half) in halves.into_iter().enumerate() {
        if index > 0 {
            out.push(HALF);
        }
        out.push_str(half);
    }
    out
}

/// The source of a [`Block::Link`].
pub(crate) fn link(label: &str, target: &str) -> String {
    source(LINK, [label, target])
}

/// Reads what the templates made of [`source`]. Blocks without a word are left out.
pub(crate) fn read(text: &str) -> Vec<Block> {
    let is_start = |c: char| matches!(c, WORDS | FACT | QUOTE | LINK);
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_start) {
        let mut chars = rest[at..].chars();
        let kind = chars.next();
        let tail = chars.as_str();
        let end = tail.find(is_start).unwrap_or(tail.len());
        let inside = &tail[..end];
        rest = &tail[end..];
        let (first, second) = inside.split_once(HALF).unwrap_or((inside, ""));
        let (first, second) = (first.trim().to_owned(), second.trim().to_owned());
        match kind {
            Some(FACT) if !second.is_empty() => blocks.push(Block::Fact(first, second)),
            Some(LINK) if !second.is_empty() => blocks.push(Block::Link(first, second)),
            Some(QUOTE) if !first.is_empty() => blocks.push(Block::Quote(first)),
            Some(WORDS) if !first.is_empty() => blocks.push(Block::Words(first)),
            _ => {}
        }
    }
    blocks
}

/// The blocks as somebody reads them out. Pages are left out: nobody writes down an address that they hear, and
/// the number leads to the same.
pub fn said(blocks: &[Block], language: Language) -> String {
    let lines = blocks.iter().filter_map(|block| match block {
        Block::Words(words) => Some(words.clone()),
        Block::Fact(name, value) => Some(format!("{name}: {value}.")),
        Block::Quote(words) => Some(match language {
            Language::FR => format!("« {words} »"),
            _ => format!("“{words}”"),
        }),
        Block::Link(..) => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_as_they_were_written_and_nobodys_words_make_one() {
        let hostile = "een \u{2028} regel\nen {{nog}} <b>een</b>";
        let text = [
            source(WORDS, ["Dag,"]),
            source(FACT, ["Uw nummer", "1234 5678"]),
            source(QUOTE, [hostile]),
            link("Volg het", "https://example.org/t/x"),
            source(WORDS, [" "]),
            source(FACT, ["leeg", ""]),
        ]
        .concat();
        let blocks = read(&text);
        assert_eq!(
            blocks,
            [
                Block::Words("Dag,".into()),
                Block::Fact("Uw nummer".into(), "1234 5678".into()),
                Block::Quote(hostile.into()),
                Block::Link("Volg het".into(), "https://example.org/t/x".into()),
            ]
        );
        assert_eq!(said(&blocks[..2], Language::NL), "Dag,\nUw nummer: 1234 5678.");
        for marker in [WORDS, FACT, QUOTE, LINK, HALF] {
            assert!(!schemas::text::clean(&format!("a{marker}b")).contains(marker), "{marker:?}");
        }
    }
}
