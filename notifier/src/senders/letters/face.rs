//! The fonts of letters: which glyph shows a character, and how wide it is.

use krilla::text::Font;
use skrifa::{
    FontRef, GlyphId, MetadataProvider as _,
    instance::{LocationRef, Size},
};
use std::{path::Path, sync::Arc};

/// Stands in for what a font does not have.
const MISSING: char = '\u{25a1}';
/// The largest font file, in bytes.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Regular and bold.
#[derive(Clone)]
pub struct Faces {
    pub(super) regular: Face,
    pub(super) bold: Face,
}

impl Faces {
    /// Reads font files; DejaVu Sans where none are named. The error is a sentence that names the setting.
    pub fn read(regular: Option<&Path>, bold: Option<&Path>) -> Result<Self, String> {
        let face = |setting, file: Option<&Path>, built_in: fn() -> &'static [u8]| match file {
            None => Face::new(Arc::from(built_in())).ok_or_else(|| format!("{setting}: the built-in font is broken")),
            Some(file) => {
                let shown = file.display();
                let about = std::fs::metadata(file).map_err(|error| format!("{setting}: {shown}: {error}"))?;
                if about.len() > LARGEST {
                    return Err(format!("{setting}: {shown} is larger than {LARGEST} bytes"));
                }
                let bytes = std::fs::read(file).map_err(|error| format!("{setting}: {shown}: {error}"))?;
                Face::new(bytes.into())
                    .ok_or_else(|| format!("{setting}: {shown} is no TrueType or OpenType font with Latin letters"))
            }
        };
        Ok(Self {
            regular: face("letters.font", regular, dejavu::sans::regular)?,
            bold: face("letters.bold_font", bold, dejavu::sans::bold)?,
        })
    }
}

/// One font.
#[derive(Clone)]
pub(super) struct Face {
    bytes: Arc<[u8]>,
    font: Font,
}

/// One character as a font shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    pub id: u32,
    /// As a part of the font's size.
    pub advance: f32,
    /// Where its character begins and ends in the text.
    pub from: usize,
    pub to: usize,
}

impl Face {
    fn new(bytes: Arc<[u8]>) -> Option<Self> {
        let font = Font::new(bytes.to_vec().into(), 0)?;
        let face = Self { bytes, font };
        face.glyphs("Aa1").filter(|glyphs| glyphs.iter().all(|glyph| glyph.advance > 0.0)).map(|_| face)
    }

    pub fn font(&self) -> Font {
        self.font.clone()
    }

    /// `text` with a sign for every character that this font does not have.
    pub fn writable(&self, text: &str) -> String {
        let Ok(font) = FontRef::new(&self.bytes) else { return text.to_owned() };
        let map = font.charmap();
        let has = |c: char| map.map(c).is_some_and(|glyph| glyph != GlyphId::NOTDEF);
        let missing = if has(MISSING) { MISSING } else { '?' };
        text.chars().map(|c| if has(c) { c } else { missing }).collect()
    }

    /// The glyphs of `text`, one per character; `None` when the font lacks one of them.
    pub fn glyphs(&self, text: &str) -> Option<Vec<Glyph>> {
        let font = FontRef::new(&self.bytes).ok()?;
        let (map, size) = (font.charmap(), Size::unscaled());
        let metrics = font.glyph_metrics(size, LocationRef::default());
        let em = f32::from(font.metrics(size, LocationRef::default()).units_per_em);
        text.char_indices()
            .map(|(from, c)| {
                let id = map.map(c).filter(|glyph| *glyph != GlyphId::NOTDEF)?;
                let advance = metrics.advance_width(id)? / em;
                Some(Glyph { id: id.to_u32(), advance, from, to: from + c.len_utf8() })
            })
            .collect()
    }

    /// How wide `text` is at `size` points.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        self.glyphs(text).unwrap_or_default().iter().map(|glyph| glyph.advance * size).sum()
    }

    /// `text` in lines of at most `width` points at `size`; a word that is wider is broken.
    pub fn lines(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for line in text.split('\n') {
            let mut now = String::new();
            for word in self.writable(line).split_whitespace() {
                let joined = if now.is_empty() { word.to_owned() } else { format!("{now} {word}") };
                if self.width(&joined, size) <= width {
                    now = joined;
                    continue;
                }
                if !now.is_empty() {
                    lines.push(std::mem::take(&mut now));
                }
                for c in word.chars() {
                    now.push(c);
                    if self.width(&now, size) > width && now.chars().count() > 1 {
                        now.pop();
                        lines.push(std::mem::replace(&mut now, c.to_string()));
                    }
                }
            }
            lines.push(now);
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_into_lines_that_fit() {
        let faces = Faces::read(None, None).unwrap();
        let face = &faces.regular;
        let text = format!("Dag,\neen put voor de school {} é€ł", "x".repeat(60));
        let lines = face.lines(&text, 12.0, 150.0);
        assert_eq!(lines[0], "Dag,");
        assert!(lines.iter().all(|line| face.width(line, 12.0) <= 150.0), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace([' ', '\n'], ""), "nothing is lost");
        assert_eq!(face.writable("a漢ж"), "a\u{25a1}ж", "what the font lacks has a sign");
        assert!(face.glyphs("漢").is_none());
    }

    #[test]
    fn a_file_that_is_no_font_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("font.ttf");
        std::fs::write(&file, b"no font").unwrap();
        for (regular, bold, said) in [
            (Some(file.as_path()), None, "letters.font: "),
            (None, Some(file.as_path()), "letters.bold_font: "),
            (Some(Path::new("/nowhere.ttf")), None, "letters.font: /nowhere.ttf"),
        ] {
            let wrong = Faces::read(regular, bold).err().unwrap();
            assert!(wrong.starts_with(said), "{wrong}");
        }
    }
}
