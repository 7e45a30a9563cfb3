//! Where a photo was taken, as its camera wrote it (Exif 2.32 §4.6.6). Read before all of that is thrown away.

use image::{ImageDecoder as _, ImageReader};
use schemas::place::Point;
use std::io::Cursor;

/// The tag that leads to the numbers of a place.
const GPS: u16 = 0x8825;
/// The most tags of a table: more is no camera's.
const MOST_TAGS: u16 = 500;

/// The place in `photo`; `None` when it says none, or none that can be.
pub(crate) fn of(photo: &[u8]) -> Option<Point> {
    let reader = ImageReader::new(Cursor::new(photo)).with_guessed_format().ok()?;
    let exif = reader.into_decoder().ok()?.exif_metadata().ok()??;
    read(exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif))
}

/// A TIFF (TIFF 6.0 §2): its byte order decides how every number is read.
struct Tiff<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl Tiff<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        let two: [u8; 2] = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let four: [u8; 4] = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    }

    /// Where in the table at `table` the entry of `tag` begins.
    fn entry(&self, table: usize, tag: u16) -> Option<usize> {
        let count = self.u16(table)?.min(MOST_TAGS);
        (0..usize::from(count)).map(|n| table + 2 + 12 * n).find(|at| self.u16(*at) == Some(tag))
    }

    /// Degrees, minutes and seconds as one number of degrees.
    fn degrees(&self, table: usize, tag: u16) -> Option<f64> {
        let at = usize::try_from(self.u32(self.entry(table, tag)? + 8)?).ok()?;
        let part = |n: usize| {
            let (above, below) = (self.u32(at + 8 * n)?, self.u32(at + 8 * n + 4)?);
            (below != 0).then(|| f64::from(above) / f64::from(below))
        };
        let (minutes, seconds) = (part(1)?, part(2).unwrap_or_default());
        Some(part(0)? + minutes / 60.0 + seconds / 3600.0)
    }

    /// The letter of a reference: `N`, `S`, `E` or `W`.
    fn letter(&self, table: usize, tag: u16) -> Option<u8> {
        self.bytes.get(self.entry(table, tag)? + 8).copied()
    }
}

fn read(exif: &[u8]) -> Option<Point> {
    let little = match exif.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let tiff = Tiff { bytes: exif, little };
    let first = usize::try_from(tiff.u32(4)?).ok()?;
    let gps = usize::try_from(tiff.u32(tiff.entry(first, GPS)? + 8)?).ok()?;
    let signed = |degrees: f64, letter: u8, south: u8, north: u8| match letter.to_ascii_uppercase() {
        found if found == south => Some(-degrees),
        found if found == north => Some(degrees),
        _ => None,
    };
    let lat = signed(tiff.degrees(gps, 2)?, tiff.letter(gps, 1)?, b'S', b'N')?;
    let lon = signed(tiff.degrees(gps, 4)?, tiff.letter(gps, 3)?, b'W', b'E')?;
    let is_one = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon) && (lat, lon) != (0.0, 0.0);
    is_one.then_some(Point { lat, lon })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A JPEG of a camera that knew where it was, in millionths of a degree.
    pub(crate) fn photo(lat: u32, lon: u32) -> Vec<u8> {
        let mut jpeg = Vec::new();
        let picture = image::RgbImage::from_fn(400, 300, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]));
        image::codecs::jpeg::JpegEncoder::new(&mut jpeg).encode_image(&picture).unwrap();
        let exif = tiff(lat, lon);
        let mut out = jpeg[..2].to_vec();
        out.extend([0xff, 0xe1]);
        out.extend(u16::try_from(exif.len() + 8).unwrap().to_be_bytes());
        out.extend(b"Exif\0\0");
        out.extend(exif);
        out.extend(&jpeg[2..]);
        out
    }

    fn tiff(lat: u32, lon: u32) -> Vec<u8> {
        let mut out = b"MM\0\x2a\0\0\0\x08".to_vec();
        let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
            let head = [tag.to_be_bytes(), kind.to_be_bytes()].concat();
            [head, count.to_be_bytes().to_vec(), value.to_vec()].concat()
        };
        out.extend(1u16.to_be_bytes());
        out.extend(entry(GPS, 4, 1, 26u32.to_be_bytes()));
        out.extend([0; 4]);
        out.extend(4u16.to_be_bytes());
        out.extend(entry(1, 2, 2, *b"N\0\0\0"));
        out.extend(entry(2, 5, 3, 80u32.to_be_bytes()));
        out.extend(entry(3, 2, 2, *b"E\0\0\0"));
        out.extend(entry(4, 5, 3, 104u32.to_be_bytes()));
        out.extend([0; 4]);
        for value in [lat, lon] {
            for (above, below) in [(value, 1_000_000u32), (0, 1), (0, 1)] {
                out.extend(above.to_be_bytes());
                out.extend(below.to_be_bytes());
            }
        }
        out
    }

    #[test]
    fn a_camera_says_where_it_was() {
        let point = of(&photo(50_827_900, 3_264_900)).unwrap();
        assert!((point.lat - 50.8279).abs() < 1e-9 && (point.lon - 3.2649).abs() < 1e-9, "{point:?}");
        assert_eq!(of(&photo(0, 0)), None, "a camera that waits for its satellites");
        assert_eq!(of(b"not a photo"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0..200usize, put: u8) {
            read(&bytes);
            let mut real = tiff(50_827_900, 3_264_900);
            let at = at % real.len();
            real[at] = put;
            read(&real);
            read(&real[..at]);
        }
    }
}
