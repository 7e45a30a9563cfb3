use super::*;
use image::{GrayImage, ImageEncoder as _, Rgb, Rgba, RgbaImage, codecs::png::PngEncoder};

fn desk() -> Desk {
    Config::default().build()
}

async fn process(bytes: Vec<u8>) -> Result<Processed, Refused> {
    desk().process(bytes.into()).await.map_err(|error| error.refused().unwrap())
}

/// Left half red, right half blue.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([230, 20, 20]) } else { Rgb([20, 20, 230]) })
}

fn jpeg(picture: &RgbImage, exif: Option<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 90);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif).unwrap();
    }
    encoder.encode(picture.as_raw(), picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    out
}

/// An EXIF block (TIFF, big endian) with one tag, Orientation, and a place in plain sight.
fn exif(orientation: u8) -> Vec<u8> {
    let mut out = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    out.extend([orientation, 0, 0, 0, 0, 0, 0]);
    out.extend(b"GPS 50.8279 3.2649 SECRET-PLACE");
    out
}

fn read(photo: &Processed) -> RgbImage {
    image::load_from_memory_with_format(&photo.bytes, ImageFormat::Jpeg).unwrap().into_rgb8()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn what_is_no_photo_is_refused_with_advice() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    let avif = b"\0\0\0\x18ftypavif\0\0\0\0avifmif1".to_vec();
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#.to_vec();
    let gif = b"GIF89a\x01\0\x01\0\0\0\0;".to_vec();
    let webp_like = b"XXXX....WEBPVP8 <script>".to_vec();
    let rows: Vec<(Vec<u8>, &str, &str)> = vec![
        (Vec::new(), "empty", "again"),
        (b"#!/bin/sh\nrm -rf /\n".to_vec(), "not_a_photo", "JPEG"),
        (b"<?php system($_GET[0]); ?>".to_vec(), "not_a_photo", "JPEG"),
        (svg, "not_a_photo", "JPEG"),
        (gif, "not_a_photo", "image/gif"),
        (avif, "not_a_photo", "image/avif"),
        (webp_like, "not_a_photo", "JPEG"),
        (b"%PDF-1.7 ...".to_vec(), "not_a_photo", "application/pdf"),
        (heic, "heic", "Most compatible"),
        // Begins like a photo, goes on like a page.
        (b"\xff\xd8\xff<html><script>alert(1)</script></html>\xff\xd9".to_vec(), "damaged", "again"),
        (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>".to_vec(), "damaged", "again"),
        (b"RIFF\x20\0\0\0WEBPVP8 <script>alert(1)</script>".to_vec(), "damaged", "again"),
    ];
    for (bytes, code, part) in rows {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let why = process(bytes).await.expect_err(&shown);
        assert_eq!(why.code(), code, "{shown}");
        assert!(why.message().contains(part), "{shown}: {}", why.message());
    }
}

#[tokio::test]
async fn a_photo_that_was_cut_off_is_refused() {
    let whole = jpeg(&picture(640, 480), None);
    for keep in [whole.len() / 10, whole.len() / 2, whole.len() - 40, whole.len() - 2] {
        assert_eq!(process(whole[..keep].to_vec()).await, Err(Refused::Damaged), "{keep} of {}", whole.len());
    }
    let mut png = Vec::new();
    let gray = GrayImage::from_fn(200, 200, |x, y| image::Luma([(x * y % 251) as u8]));
    PngEncoder::new(&mut png).write_image(gray.as_raw(), 200, 200, ExtendedColorType::L8).unwrap();
    assert_eq!(process(png[..png.len() / 2].to_vec()).await, Err(Refused::Damaged));
    assert!(process(png).await.is_ok());
}

/// A PNG that claims to be `side` pixels wide and high, and holds almost nothing.
fn bomb(side: u32) -> Vec<u8> {
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
        })
    }
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], data: &[u8]| {
        out.extend((data.len() as u32).to_be_bytes());
        let body = [kind, data].concat();
        out.extend(&body);
        out.extend(crc(&body).to_be_bytes());
    };
    let size = side.to_be_bytes();
    chunk(b"IHDR", &[&size[..], &size[..], &[8, 6, 0, 0, 0]].concat());
    chunk(b"IDAT", b"\x78\x9c\x63\x00\x00\x00\x01\x00\x01");
    chunk(b"IEND", b"");
    out
}

#[tokio::test]
async fn bombs_are_refused_before_they_are_opened() {
    let begun = std::time::Instant::now();
    for side in [13_000, 60_000, u32::MAX / 2] {
        let why = process(bomb(side)).await.unwrap_err();
        assert!(matches!(why, Refused::TooManyPixels { megapixels: 50 } | Refused::Damaged), "{side}: {why:?}");
    }
    assert_eq!(process(bomb(13_000)).await, Err(Refused::TooManyPixels { megapixels: 50 }));
    assert!(begun.elapsed().as_secs() < 5);

    // A JPEG says its size in its header, too.
    let mut wide = jpeg(&picture(16, 16), None);
    let frame = wide.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    wide[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert_eq!(process(wide).await, Err(Refused::TooManyPixels { megapixels: 50 }));

    let desk = Config { max_bytes: 10, ..Config::default() }.build();
    let why = desk.process(vec![0; 11].into()).await.unwrap_err().refused().unwrap();
    assert_eq!(why, Refused::TooLarge { limit: 10 });
}

#[tokio::test]
async fn nothing_but_pixels_survives() {
    let mut sent = jpeg(&picture(64, 48), Some(exif(1)));
    assert!(holds(&sent, b"SECRET-PLACE"));
    sent.extend(b"<script>alert('after the end')</script>");
    let kept = process(sent).await.unwrap();
    assert_eq!((kept.width, kept.height), (64, 48));
    for part in [&b"SECRET-PLACE"[..], b"Exif", b"GPS", b"<script>"] {
        assert!(!holds(&kept.bytes, part), "{part:?}");
    }
}

#[tokio::test]
async fn photos_are_kept_upright() {
    // Orientation 6: the camera was turned, rotate by 90 degrees clockwise. Left becomes top.
    let kept = process(jpeg(&picture(64, 32), Some(exif(6)))).await.unwrap();
    assert_eq!((kept.width, kept.height), (32, 64));
    let upright = read(&kept);
    let (top, bottom) = (upright.get_pixel(16, 8), upright.get_pixel(16, 56));
    assert!(top[0] > 150 && top[2] < 100, "{top:?}");
    assert!(bottom[2] > 150 && bottom[0] < 100, "{bottom:?}");
}

#[tokio::test]
async fn large_photos_become_smaller_small_ones_stay() {
    let desk = Config { keep_side: 100, ..Config::default() }.build();
    let kept = desk.process(jpeg(&picture(400, 200), Some(exif(8))).into()).await.unwrap();
    assert_eq!((kept.width, kept.height), (50, 100));
    let kept = desk.process(jpeg(&picture(40, 20), None).into()).await.unwrap();
    assert_eq!((kept.width, kept.height), (40, 20));
}

#[tokio::test]
async fn what_was_see_through_becomes_white() {
    let glass = RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0]));
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(glass.as_raw(), 8, 8, ExtendedColorType::Rgba8).unwrap();
    let kept = process(png).await.unwrap();
    assert!(read(&kept).pixels().all(|p| p.0.iter().all(|c| *c > 250)));
}

#[test]
fn settings_are_bounded() {
    assert!(Config::default().check().is_empty());
    assert_eq!(Config { quality: 0, at_once: 0, ..Config::default() }.check().len(), 2);
    assert!(serde_json::from_str::<Config>(r#"{"max_size": 3}"#).is_err());
}

#[tokio::test]
async fn a_large_photo_has_a_small_one_upright_and_bare() {
    // What is sent, what is kept, and the small one of it.
    type Pixels = (u32, u32);
    let rows: &[(Pixels, u8, Pixels, Option<Pixels>)] = &[
        ((640, 480), 1, (640, 480), Some((320, 240))),
        ((640, 480), 6, (480, 640), Some((240, 320))),
        ((321, 1), 1, (321, 1), Some((320, 1))),
        ((320, 320), 1, (320, 320), None),
        ((2, 2), 1, (2, 2), None),
    ];
    for (sent, orientation, kept, small) in rows {
        let photo = process(jpeg(&picture(sent.0, sent.1), Some(exif(*orientation)))).await.unwrap();
        assert_eq!((photo.width, photo.height), *kept, "{sent:?}");
        assert_eq!(photo.small.as_ref().map(|small| (small.width, small.height)), *small, "{sent:?}");
        let Some(small) = photo.small else { continue };
        let picture = image::load_from_memory_with_format(&small.bytes, ImageFormat::Jpeg).unwrap();
        assert_eq!((picture.width(), picture.height()), (small.width, small.height));
        assert!(!holds(&small.bytes, b"Exif") && !holds(&small.bytes, b"SECRET-PLACE"));
    }
}

#[tokio::test]
async fn whoever_comes_on_top_of_what_fits_is_told_at_once() {
    let (_folder, store) = crate::testing::store().await;
    let tools = IntakeTools::new(store, crate::testing::city());
    let desk = Config { at_once: 1, waiting: 2, ..Config::default() }.build();
    let photo = jpeg(&picture(64, 48), None);
    let sends = (0..8).map(|_| desk.receive(&tools, tools.ids.new_id(), photo.clone().into()));
    let came = futures_util::future::join_all(sends).await;
    let busy = came.iter().filter(|came| matches!(came, Err(Error::Busy))).count();
    assert_eq!((came.iter().filter(|came| came.is_ok()).count(), busy), (3, 5), "{came:?}");
    // Their places are free again.
    assert!(desk.receive(&tools, tools.ids.new_id(), photo.into()).await.is_ok());
}
