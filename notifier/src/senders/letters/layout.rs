//! Where everything stands on the sheets of a letter. Pure: millimetres in, points out (1/72 inch, from the top left).
//!
//! The address stands where right-hand windows of C5/6 (114 × 229 mm) and DL (110 × 220 mm) envelopes show it when an A4
//! is folded in three: the zone of the bpost MassPost Guide (January 2025, section 1, Small Format), at least 15 mm
//! from the right edge, 30 mm free below it and the franking zone above.

use super::{
    face::{Face, Faces},
    press::Sheet,
    words::Words,
};
use crate::paper::Block;

/// Points in a millimetre.
pub(super) const MM: f32 = 72.0 / 25.4;
/// The width of an A4, in points.
pub(super) const WIDTH: f32 = 210.0 * MM;
/// The height of an A4, in points.
pub(super) const HEIGHT: f32 = 297.0 * MM;
const LEFT: f32 = 25.0 * MM;
const RIGHT: f32 = WIDTH - 20.0 * MM;
/// Where the words begin on the first sheet, and on the others.
const FIRST: f32 = 100.0 * MM;
const NEXT: f32 = 25.0 * MM;
/// Where they end.
const BOTTOM: f32 = 275.0 * MM;
/// The size of the words, large enough for most people with weak sight.
const SIZE: f32 = 12.0;
const LEADING: f32 = 16.0;
const GAP: f32 = 8.0;
/// The size of the address: machines read 10 to 12 points best.
const ADDRESS: f32 = 10.5;
const ADDRESS_LEADING: f32 = 12.5;
const ADDRESS_LINES: usize = 5;
const ADDRESS_WIDTH: f32 = 82.0 * MM;
/// The side of the code, its quiet zone left out.
const CODE: f32 = 26.0 * MM;
const SMALL: f32 = 8.0;

/// What a part of the letter is, for who hears it instead of seeing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Words,
    Heading,
    /// One of the facts that follow each other.
    Fact,
    Quote,
    /// The code, and what stands in its place.
    Code(String),
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub page: usize,
    pub x: f32,
    /// The base line.
    pub y: f32,
    pub size: f32,
    pub bold: bool,
    pub accent: bool,
    pub text: String,
    /// Which part it belongs to; none: it is the same on every sheet, and nobody has to hear it.
    pub part: Option<usize>,
}

/// A filled square or bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bar {
    pub page: usize,
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// A letter with everything in its place.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Laid {
    pub pages: usize,
    pub parts: Vec<Part>,
    pub lines: Vec<Line>,
    /// Ornaments: where to fold, and beside quotes.
    pub bars: Vec<Bar>,
    /// The dark squares of the code, and which part it is.
    pub code: Option<(usize, Vec<Bar>)>,
}

struct Pen<'a> {
    faces: &'a Faces,
    laid: Laid,
    page: usize,
    y: f32,
}

/// Lays `sheet` out; `words` are those of its language.
pub(super) fn lay(sheet: &Sheet, words: Words<'_>, faces: &Faces) -> Laid {
    let mut pen = Pen { faces, laid: Laid::default(), page: 0, y: 0.0 };
    pen.head(sheet);
    pen.address(sheet);
    pen.y = FIRST;
    pen.paragraph(Part::Words, &sheet.date, LEFT, false);
    pen.paragraph(Part::Heading, &sheet.subject, LEFT, true);
    let number = sheet.reference.to_string();
    // The reference stands below, large and in words.
    let is_number = |block: &&Block| matches!(block, Block::Fact(_, value) if *value == number);
    for block in sheet.body.iter().filter(|block| !is_number(block)) {
        pen.block(block);
    }
    pen.number(sheet, words);
    pen.code(sheet, words);
    for block in sheet.foot.iter().skip(1) {
        pen.block(block);
    }
    pen.borders(sheet, words)
}

impl Pen<'_> {
    fn face(&self, bold: bool) -> &Face {
        if bold { &self.faces.bold } else { &self.faces.regular }
    }

    fn part(&mut self, part: Part) -> Option<usize> {
        self.laid.parts.push(part);
        Some(self.laid.parts.len() - 1)
    }

    #[expect(clippy::too_many_arguments, reason = "a place and a look")]
    fn line(&mut self, part: Option<usize>, x: f32, y: f32, size: f32, bold: bool, accent: bool, text: &str) {
        let text = self.face(bold).writable(text);
        if !text.trim().is_empty() {
            self.laid.lines.push(Line { page: self.page, x, y, size, bold, accent, text, part });
        }
    }

    fn head(&mut self, sheet: &Sheet) {
        let part = self.part(Part::Words);
        self.line(part, LEFT, 22.0 * MM, 16.0, true, true, &sheet.city);
        for (line, n) in sheet.sender.iter().zip(1_u8..) {
            self.line(part, LEFT, 22.0 * MM + f32::from(n) * 12.0, 9.0, false, false, line);
        }
    }

    fn address(&mut self, sheet: &Sheet) {
        let part = self.part(Part::Words);
        let mut lines = Vec::new();
        for line in &sheet.to {
            lines.extend(self.faces.regular.lines(line, ADDRESS, ADDRESS_WIDTH));
        }
        // A long name gives way: without the street and the town it arrives nowhere.
        while lines.len() > ADDRESS_LINES {
            lines.remove(1);
        }
        let mut y = sheet.address_top_mm * MM + ADDRESS;
        for line in lines {
            self.line(part, sheet.address_left_mm * MM, y, ADDRESS, false, false, &line);
            y += ADDRESS_LEADING;
        }
    }

    /// Goes to the next sheet when `height` does not fit on this one.
    fn room(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.page += 1;
            self.y = NEXT;
        }
    }

    fn paragraph(&mut self, kind: Part, text: &str, x: f32, bold: bool) {
        let lines = self.face(bold).lines(text, SIZE, RIGHT - x);
        if lines.is_empty() {
            return;
        }
        // A heading stays with what follows it.
        self.room(if kind == Part::Heading { 3.0 * LEADING } else { LEADING });
        let is_quote = kind == Part::Quote;
        let part = self.part(kind);
        for line in lines {
            self.room(LEADING);
            self.y += LEADING;
            self.line(part, x, self.y, SIZE, bold, false, &line);
            if is_quote {
                let bar = Bar { page: self.page, x: x - 10.0, y: self.y - SIZE, width: 2.0, height: LEADING };
                self.laid.bars.push(bar);
            }
        }
        self.y += GAP;
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Words(text) => self.paragraph(Part::Words, text, LEFT, false),
            Block::Quote(text) => self.paragraph(Part::Quote, text, LEFT + 14.0, false),
            Block::Fact(name, value) => {
                self.paragraph(Part::Fact, &format!("{name}: {value}"), LEFT, false);
                self.y -= GAP / 2.0;
            }
            // Nothing on paper can be pressed; the code leads to the same page.
            Block::Link(..) => {}
        }
    }

    fn number(&mut self, sheet: &Sheet, words: Words<'_>) {
        self.room(3.0 * LEADING);
        let part = self.part(Part::Words);
        self.y += LEADING;
        let text = format!("{}: {}", words.number(), sheet.reference);
        self.line(part, LEFT, self.y, 14.0, true, false, &text);
        self.y += LEADING;
        self.line(part, LEFT, self.y, SIZE, false, false, &format!("({})", words.spoken(sheet.reference)));
        self.y += GAP;
    }

    /// The code, with the first words of the foot beside it.
    fn code(&mut self, sheet: &Sheet, words: Words<'_>) {
        let beside = LEFT + CODE + 8.0 * MM;
        let text = match sheet.foot.first() {
            Some(Block::Words(text)) => text.as_str(),
            _ => "",
        };
        let lines = self.faces.regular.lines(text, SIZE, RIGHT - beside);
        let high = u8::try_from(lines.len()).map_or(CODE, f32::from) * LEADING;
        self.room(CODE.max(high) + 2.0 * GAP);
        let top = self.y + GAP;
        if let Ok(code) = fast_qr::QRBuilder::new(sheet.link.as_str()).ecl(fast_qr::ECL::M).build() {
            let side = u8::try_from(code.size).map_or(CODE, |size| CODE / f32::from(size));
            let (mut bars, mut y) = (Vec::new(), top);
            for row in 0..code.size {
                let mut x = LEFT;
                for module in &code[row] {
                    if module.value() {
                        bars.push(Bar { page: self.page, x, y, width: side, height: side });
                    }
                    x += side;
                }
                y += side;
            }
            let part = self.part(Part::Code(words.code()));
            self.laid.code = part.map(|part| (part, bars));
        }
        let part = self.part(Part::Words);
        let mut y = top + SIZE;
        for line in lines {
            self.line(part, beside, y, SIZE, false, false, &line);
            y += LEADING;
        }
        self.y = top + CODE.max(high) + GAP;
    }

    /// What stands at the edge of each sheet.
    fn borders(mut self, sheet: &Sheet, words: Words<'_>) -> Laid {
        let pages = self.page + 1;
        for page in 0..pages {
            self.page = page;
            let text = format!("{} · {} · {}", sheet.city, sheet.reference, words.page(page + 1, pages));
            self.line(None, LEFT, 288.0 * MM, SMALL, false, false, &text);
            // Where an A4 is folded in three.
            for mark in [99.0, 198.0] {
                self.laid.bars.push(Bar { page, x: 4.0 * MM, y: mark * MM, width: 4.0 * MM, height: 0.5 });
            }
        }
        self.laid.pages = pages;
        self.laid
    }
}
