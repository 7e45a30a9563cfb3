//! The sheets of a letter as a tagged PDF that conforms to PDF/UA-1 (ISO 14289-1): title, language, headings, lists and
//! quotes are there for who hears the letter. Writing fails rather than to make one that does not conform.

use super::{
    face::{Face, Faces},
    layout::{Bar, HEIGHT, Laid, Line, Part, WIDTH},
    press::Sheet,
};
use jiff::tz::TimeZone;
use krilla::{
    Document, SerializeSettings,
    color::rgb,
    configure::{Accessibility, ConfigurationBuilder},
    destination::XyzDestination,
    geom::{PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::Fill,
    surface::Surface,
    tagging::{Artifact, ArtifactType, BBox, ContentTag, Identifier, ListNumbering, SpanTag, Tag, TagGroup, TagTree},
    text::{GlyphId, KrillaGlyph},
};
use std::{num::NonZeroU16, ops::Range};

/// The colour of words: black on white reads best.
const INK: (u8, u8, u8) = (0, 0, 0);

/// Why there is no file. Never the words.
#[derive(Debug, thiserror::Error)]
#[error("the letter could not be written as PDF/UA-1: {0}")]
pub struct PdfError(String);

fn wrong(what: impl std::fmt::Debug) -> PdfError {
    PdfError(format!("{what:?}").chars().take(300).collect())
}

/// Writes `laid`. The same letter gives the same bytes.
pub(super) fn write(sheet: &Sheet, laid: &Laid, faces: &Faces) -> Result<Vec<u8>, PdfError> {
    let configuration =
        ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish().map_err(wrong)?;
    let settings = SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    document.set_metadata(about(sheet));
    let mut marks: Vec<Vec<Identifier>> = laid.parts.iter().map(|_| Vec::new()).collect();
    for page in 0..laid.pages {
        let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| wrong("the size of a page"))?;
        let mut sheet_of_paper = document.start_page_with(size);
        let mut surface = sheet_of_paper.surface();
        for bar in laid.bars.iter().filter(|bar| bar.page == page) {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            fill(&mut surface, sheet.accent, std::slice::from_ref(bar));
            surface.end_tagged();
        }
        for line in laid.lines.iter().filter(|line| line.page == page) {
            let face = if line.bold { &faces.bold } else { &faces.regular };
            let mark = match line.part {
                Some(_) => surface.start_tagged(ContentTag::Span(SpanTag::empty())),
                None => surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer))),
            };
            text(&mut surface, line, if line.accent { sheet.accent } else { INK }, face)?;
            surface.end_tagged();
            if let Some(found) = line.part.and_then(|part| marks.get_mut(part)) {
                found.push(mark);
            }
        }
        if let Some((part, bars)) = laid.code.as_ref().filter(|(_, bars)| bars.iter().any(|bar| bar.page == page)) {
            let mark = surface.start_tagged(ContentTag::Other);
            fill(&mut surface, INK, bars);
            surface.end_tagged();
            if let Some(found) = marks.get_mut(*part) {
                found.push(mark);
            }
        }
        surface.finish();
        sheet_of_paper.finish();
    }
    document.set_tag_tree(tree(sheet, laid, marks));
    document.set_outline(outline(sheet, laid));
    document.finish().map_err(wrong)
}

fn about(sheet: &Sheet) -> Metadata {
    let at = sheet.at.to_zoned(TimeZone::UTC);
    let small = |n: i8| u8::try_from(n).unwrap_or_default();
    let date = DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0);
    Metadata::new()
        .title(sheet.subject.clone())
        .language(sheet.language.as_str().to_owned())
        .authors(vec![sheet.city.clone()])
        .creator("Voordeur".to_owned())
        .creation_date(date)
        .document_id(sheet.id.to_string())
}

/// The one heading, to jump to.
fn outline(sheet: &Sheet, laid: &Laid) -> Outline {
    let heading = laid.parts.iter().position(|part| *part == Part::Heading);
    let line = laid.lines.iter().find(|line| line.part == heading);
    let (page, at) =
        line.map_or((0, Point::from_xy(0.0, 0.0)), |line| (line.page, Point::from_xy(line.x, line.y - line.size)));
    let mut outline = Outline::new();
    outline.push_child(OutlineNode::new(sheet.subject.clone(), XyzDestination::new(page, at)));
    outline
}

/// What belongs together, in the order in which it is read.
fn tree(sheet: &Sheet, laid: &Laid, marks: Vec<Vec<Identifier>>) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(sheet.language.as_str().to_owned()));
    let mut facts: Option<TagGroup> = None;
    for (part, marks) in laid.parts.iter().zip(marks) {
        let leaves = |mut group: TagGroup| {
            marks.iter().for_each(|mark| group.push(*mark));
            group
        };
        if *part == Part::Fact {
            let mut item = TagGroup::new(Tag::LI);
            item.push(leaves(TagGroup::new(Tag::LBody)));
            facts.get_or_insert_with(|| TagGroup::new(Tag::L(ListNumbering::None))).push(item);
            continue;
        }
        if let Some(list) = facts.take() {
            tree.push(list);
        }
        tree.push(match part {
            Part::Words | Part::Fact => leaves(TagGroup::new(Tag::P)),
            Part::Heading => leaves(TagGroup::new(Tag::Hn(NonZeroU16::MIN, Some(sheet.subject.clone())))),
            Part::Quote => {
                let mut quote = TagGroup::new(Tag::BlockQuote);
                quote.push(leaves(TagGroup::new(Tag::P)));
                quote
            }
            Part::Code(instead) => {
                let place = laid.code.as_ref().and_then(|(_, bars)| around(bars));
                leaves(TagGroup::new(Tag::Figure(Some(instead.clone())).with_bbox(place)))
            }
        });
    }
    if let Some(list) = facts.take() {
        tree.push(list);
    }
    tree
}

fn around(bars: &[Bar]) -> Option<BBox> {
    let first = bars.first()?;
    let edge = |begin: f32, of: fn(f32, f32) -> f32, at: fn(&Bar) -> f32| bars.iter().map(at).fold(begin, of);
    let rect = Rect::from_ltrb(
        edge(first.x, f32::min, |bar| bar.x),
        edge(first.y, f32::min, |bar| bar.y),
        edge(first.x, f32::max, |bar| bar.x + bar.width),
        edge(first.y, f32::max, |bar| bar.y + bar.height),
    )?;
    Some(BBox::new(first.page, rect))
}

fn paint((red, green, blue): (u8, u8, u8)) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }
}

fn fill(surface: &mut Surface<'_>, colour: (u8, u8, u8), bars: &[Bar]) {
    let mut path = PathBuilder::new();
    for bar in bars {
        if let Some(rect) = Rect::from_xywh(bar.x, bar.y, bar.width, bar.height) {
            path.push_rect(rect);
        }
    }
    if let Some(path) = path.finish() {
        surface.set_fill(Some(paint(colour)));
        surface.draw_path(&path);
    }
}

fn text(surface: &mut Surface<'_>, line: &Line, colour: (u8, u8, u8), face: &Face) -> Result<(), PdfError> {
    let glyphs = face.glyphs(&line.text).ok_or_else(|| wrong("a character that the font lacks"))?;
    let glyphs: Vec<KrillaGlyph> = glyphs
        .into_iter()
        .map(|glyph| {
            let range: Range<usize> = glyph.from..glyph.to;
            KrillaGlyph::new(GlyphId::new(glyph.id), glyph.advance, 0.0, 0.0, 0.0, range, None)
        })
        .collect();
    surface.set_fill(Some(paint(colour)));
    surface.draw_glyphs(Point::from_xy(line.x, line.y), &glyphs, face.font(), &line.text, line.size, false);
    Ok(())
}
