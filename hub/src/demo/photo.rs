//! A photo without a camera: grey tarmac with a dark hole in it.

use image::{ExtendedColorType, ImageEncoder as _, codecs::jpeg::JpegEncoder};

const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;

/// The photo as JPEG.
pub fn jpeg() -> anyhow::Result<Vec<u8>> {
    sized(WIDTH, HEIGHT)
}

/// The same with so many pixels.
pub fn sized(width: u32, height: u32) -> anyhow::Result<Vec<u8>> {
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    let (wide, high) = (f64::from(width) / f64::from(WIDTH), f64::from(height) / f64::from(HEIGHT));
    for y in 0..height {
        for x in 0..width {
            let (dx, dy) = ((f64::from(x) / wide - 170.0) / 90.0, (f64::from(y) / high - 130.0) / 50.0);
            let edge = (dx * dx + dy * dy).sqrt() + 0.08 * (f64::from(x) * 0.21).sin() * (f64::from(y) * 0.17).cos();
            // A cheap grain that is the same each time.
            let grain = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 27;
            let shade = if edge < 1.0 { 35.0 + 25.0 * edge } else { 120.0 };
            let grey = (shade + f64::from(grain)).clamp(0.0, 255.0) as u8;
            pixels.extend([grey, grey, grey.saturating_sub(4)]);
        }
    }
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 80).write_image(&pixels, width, height, ExtendedColorType::Rgb8)?;
    Ok(out)
}
