//! Photos: recognised by their content, bounded, decoded and written anew as JPEG, so that nothing
//! of what a stranger sent is ever served but its pixels: no place, no camera, no script.

use super::{IntakeTools, gps, photo_place::rounded};
use crate::{
    album::Sent,
    clamd::{self, Clamd, Verdict},
};
use bytes::Bytes;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits, RgbImage,
    codecs::jpeg::JpegEncoder, imageops::FilterType, metadata::Orientation,
};
use schemas::{Uuid, fault::Invalid, place::Point};
use serde::Deserialize;
use std::{io::Cursor, sync::Arc};
use store::SmallPhoto;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Settings of the photo desk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The largest file, in bytes.
    pub max_bytes: usize,
    /// The most pixels, in millions.
    pub max_megapixels: u32,
    /// The longest side of what is kept, in pixels.
    pub keep_side: u32,
    /// JPEG quality of what is kept, 1 to 100.
    pub quality: u8,
    /// How many photos are worked on at once; each may take some 400 MB for a moment.
    pub at_once: usize,
    /// How many may wait for that at most; more are asked to come back.
    pub waiting: usize,
    /// What scans them for malware; without it nobody does.
    #[serde(skip)]
    pub clamd: Option<clamd::Config>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_bytes: 15 * 1024 * 1024,
            max_megapixels: 50,
            keep_side: 2048,
            quality: 85,
            at_once: 2,
            waiting: 32,
            clamd: None,
        }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let rows = [
            ("photos.max_bytes", (1024..=100 * 1024 * 1024).contains(&self.max_bytes), "1024 to 104857600"),
            ("photos.max_megapixels", (1..=200).contains(&self.max_megapixels), "1 to 200"),
            ("photos.keep_side", (64..=8192).contains(&self.keep_side), "64 to 8192"),
            ("photos.quality", (1..=100).contains(&self.quality), "1 to 100"),
            ("photos.at_once", (1..=64).contains(&self.at_once), "1 to 64"),
            ("photos.waiting", (1..=1024).contains(&self.waiting), "1 to 1024"),
        ];
        let wrong = rows.into_iter().filter(|(_, good, _)| !good);
        let wrong = wrong.map(|(field, _, range)| Invalid::new(field, "out_of_range", format!("write {range}")));
        wrong.chain(self.clamd.iter().flat_map(clamd::Config::check)).collect()
    }

    /// The desk.
    pub fn build(self) -> Desk {
        Desk {
            permits: Arc::new(Semaphore::new(self.at_once.max(1))),
            room: Arc::new(Semaphore::new(self.at_once.max(1) + self.waiting)),
            scanner: self.clamd.clone().map(clamd::Config::build),
            config: Arc::new(self),
        }
    }
}

/// Where photos are looked at, a few at a time.
#[derive(Debug, Clone)]
pub struct Desk {
    config: Arc<Config>,
    permits: Arc<Semaphore>,
    /// Those that are worked on, and those that wait.
    room: Arc<Semaphore>,
    scanner: Option<Clamd>,
}

/// A photo as it is kept: JPEG, upright, without metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct Processed {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// JPEG.
    pub bytes: Vec<u8>,
    /// The same once more, small, when it is larger than that.
    pub small: Option<SmallPhoto>,
    /// Where its camera was, as it said beside the picture; never kept.
    pub taken_at: Option<Point>,
}

/// The longest side of the small one, in pixels: what pages show of a photo, on a screen with two dots to a pixel.
const SMALL_SIDE: u32 = 320;

/// What a processed photo is.
pub const MEDIA_TYPE: &str = "image/jpeg";

/// How the ids of photos begin that came with a key for tests: `7e57`. As a UUIDv7 that is far in the future.
const TRIAL: [u8; 2] = [0x7e, 0x57];

/// Whether this is the id of a photo that came with a key for tests, and was not kept.
pub fn is_trial(id: Uuid) -> bool {
    id.as_bytes().starts_with(&TRIAL)
}

/// Why a photo is not taken; each says what the sender can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// No bytes.
    Empty,
    /// More bytes than this.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// An iPhone's own format.
    Heic,
    /// Not a photo, or of a kind we do not take.
    NotAPhoto {
        /// What it seems to be, if anybody can tell.
        is: Option<&'static str>,
    },
    /// More pixels than this, or more memory than they may take.
    TooManyPixels {
        /// The limit in millions of pixels.
        megapixels: u32,
    },
    /// It begins like a photo and does not go on like one.
    Damaged,
    /// A scanner knows it as malware.
    Malware,
}

impl Refused {
    /// A short stable code, for programs and for translation.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::Heic => "heic",
            Self::NotAPhoto { .. } => "not_a_photo",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::Damaged => "damaged",
            Self::Malware => "malware",
        }
    }

    /// A sentence that says what is wrong and what to do, in English.
    pub fn message(&self) -> String {
        match self {
            Self::Empty => "this file is empty: choose the photo again".to_owned(),
            Self::TooLarge { limit } => {
                format!("this photo is larger than {} MB: send a smaller one", limit / (1024 * 1024))
            }
            Self::Heic => "this photo is in Apple's HEIC format, which few can open: choose \"Most compatible\" under \
                           Settings > Camera > Formats, or send a screenshot of it"
                .to_owned(),
            Self::NotAPhoto { is: Some(is) } => {
                format!("this is not a photo but {is}: send a JPEG, PNG or WebP picture")
            }
            Self::NotAPhoto { is: None } => "this is not a photo: send a JPEG, PNG or WebP picture".to_owned(),
            Self::TooManyPixels { megapixels } => {
                format!("this picture has more than {megapixels} million pixels: send a smaller one")
            }
            Self::Damaged => "this photo is damaged or cut off: take or save it again".to_owned(),
            Self::Malware => {
                "this file holds a virus and was not kept: have your device looked at, and take the photo \
                              again or send the report without it"
                    .to_owned()
            }
        }
    }

    /// As a fault of `field`.
    pub fn invalid(&self, field: &str) -> Invalid {
        Invalid::new(field, self.code(), self.message())
    }
}

/// Why a photo was not stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sender can put it right.
    #[error("{}", .0.message())]
    Refused(Refused),
    /// The scanner for malware is away, and the city takes no photo without it.
    #[error("{UNCHECKED}")]
    Unchecked,
    /// More photos are looked at and wait than this process has room for.
    #[error("{BUSY}")]
    Busy,
    /// The rows cannot be reached.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What is said while photos cannot be scanned, and the city takes none so.
pub const UNCHECKED: &str =
    "photos cannot be checked for viruses just now: send it again in a minute, or send the report without photos";

/// What is said when more photos come at once than there is room for.
pub const BUSY: &str = "very many photos come in just now: send it again in a few seconds";

impl Error {
    /// What the sender can put right; or what passes by itself, as a fault of the rows does.
    pub fn refused(self) -> Result<Refused, store::Error> {
        match self {
            Self::Refused(why) => Ok(why),
            Self::Unchecked => Err(store::Error::Unavailable("photos cannot be scanned for malware".to_owned())),
            Self::Busy => Err(store::Error::Unavailable("more photos come in than there is room for".to_owned())),
            Self::Store(error) => Err(error),
        }
    }
}

impl From<Refused> for Error {
    fn from(why: Refused) -> Self {
        Self::Refused(why)
    }
}

impl Desk {
    /// The largest file this desk takes, in bytes.
    pub fn max_bytes(&self) -> usize {
        self.config.max_bytes
    }

    /// Stores a photo under `id`; the same id a second time changes nothing. Until a report names
    /// it, it is nobody's, and is thrown away after a day. Says where it was taken, when its camera
    /// knew and that lies in the city: for whoever sent it, who decides; it is not kept.
    pub async fn receive(&self, tools: &IntakeTools, id: Uuid, bytes: Bytes) -> Result<Option<Point>, Error> {
        let _room = self.enter()?;
        let photo = self.process(bytes.clone()).await?;
        let row = store::Photo {
            id,
            media_type: MEDIA_TYPE.to_owned(),
            width: photo.width,
            height: photo.height,
            bytes: photo.bytes,
            lies: None,
            received_at: tools.clock.now(),
        };
        tools.album.keep(row, photo.small, Sent { media_type: format(&bytes)?.to_mime_type(), bytes }).await?;
        metrics::counter!("voordeur_photos_total").increment(1);
        Ok(offer(tools, photo.taken_at))
    }

    /// Looks at a photo as [`Desk::receive`] does and keeps nothing: what comes with a key for tests.
    pub async fn attempt(&self, tools: &IntakeTools, bytes: Bytes) -> Result<(Uuid, Option<Point>), Error> {
        let _room = self.enter()?;
        let photo = self.process(bytes).await?;
        let mut id = tools.ids.new_id().into_bytes();
        id[..2].copy_from_slice(&TRIAL);
        Ok((Uuid::from_bytes(id), offer(tools, photo.taken_at)))
    }

    /// A place for one photo, until it is kept. Whoever is refused at once knows it at once; a line without an end would
    /// help nobody.
    fn enter(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.room.try_acquire().map_err(|_| {
            metrics::counter!("voordeur_photos_busy_total").increment(1);
            Error::Busy
        })
    }

    /// Looks at `bytes` and makes the photo that is kept. Waits its turn.
    pub async fn process(&self, bytes: Bytes) -> Result<Processed, Error> {
        self.sniff(&bytes)?;
        // Before any decoder sees it.
        self.scan(&bytes).await?;
        // The semaphore lives as long as the desk and is never closed.
        let permit = self.permits.clone().acquire_owned().await;
        let config = self.config.clone();
        tokio::task::spawn_blocking(move || {
            let done = remake(&config, &bytes);
            drop(permit);
            done
        })
        .await
        // A decoder that panics has met a picture that no camera made.
        .unwrap_or(Err(Refused::Damaged))
        .map_err(Error::Refused)
    }

    /// Looks for malware, where the city does.
    pub async fn scan(&self, bytes: &[u8]) -> Result<(), Error> {
        let Some(scanner) = &self.scanner else { return Ok(()) };
        match scanner.judge(bytes).await {
            Verdict::Take => Ok(()),
            Verdict::Malware => Err(Refused::Malware.into()),
            Verdict::Away => Err(Error::Unchecked),
        }
    }

    /// Whether the scanner is there, if there is to be one; says why not.
    pub async fn scanner_answers(&self) -> Result<(), String> {
        match &self.scanner {
            Some(scanner) => scanner.ping().await,
            None => Ok(()),
        }
    }

    /// What needs no decoding: the size, and what the first bytes say.
    fn sniff(&self, bytes: &[u8]) -> Result<(), Refused> {
        if bytes.is_empty() {
            return Err(Refused::Empty);
        }
        if bytes.len() > self.config.max_bytes {
            return Err(Refused::TooLarge { limit: self.config.max_bytes });
        }
        if is_heic(bytes) {
            return Err(Refused::Heic);
        }
        format(bytes).map(|_| ())
    }
}

/// Where a photo was taken, as its sender is told.
fn offer(tools: &IntakeTools, taken_at: Option<Point>) -> Option<Point> {
    taken_at.map(rounded).filter(|point| tools.city.areas.in_city(*point))
}

/// HEIF files begin with a box of type `ftyp` whose brand says what they hold (ISO/IEC 23008-12
/// §10); AVIF is the same box with its own brand and is not what iPhones make.
fn is_heic(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(b"ftyp")
        && matches!(
            bytes.get(8..12),
            Some(b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"hevm" | b"hevs" | b"mif1" | b"msf1")
        )
}

fn format(bytes: &[u8]) -> Result<ImageFormat, Refused> {
    match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some("image/jpeg") => Ok(ImageFormat::Jpeg),
        Some("image/png") => Ok(ImageFormat::Png),
        // infer looks at bytes 8 to 12 only.
        Some("image/webp") if bytes.starts_with(b"RIFF") => Ok(ImageFormat::WebP),
        is => Err(Refused::NotAPhoto { is }),
    }
}

fn remake(config: &Config, bytes: &[u8]) -> Result<Processed, Refused> {
    let format = format(bytes)?;
    let too_many = || Refused::TooManyPixels { megapixels: config.max_megapixels };
    let refuse = |error: ImageError| match error {
        ImageError::Limits(_) => too_many(),
        _ => Refused::Damaged,
    };
    if format == ImageFormat::Jpeg && !has_end(bytes) {
        // The decoder fills what is missing with grey; a half photo shows nothing of use.
        return Err(Refused::Damaged);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    // Eight bytes per pixel: 16-bit colour with transparency.
    limits.max_alloc = Some(u64::from(config.max_megapixels) * 1_000_000 * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refuse)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > u64::from(config.max_megapixels) * 1_000_000 {
        return Err(too_many());
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refuse)?;
    if picture.width().max(picture.height()) > config.keep_side {
        picture = picture.resize(config.keep_side, config.keep_side, FilterType::Triangle);
    }
    // After shrinking: turning four million pixels is cheaper than turning fifty.
    picture.apply_orientation(orientation);
    let picture = on_white(picture);
    let large = jpeg(&picture, config.quality).map_err(refuse)?;
    let (width, height) = picture.dimensions();
    let small = if width.max(height) > SMALL_SIDE {
        let picture = DynamicImage::from(picture).thumbnail(SMALL_SIDE, SMALL_SIDE).into_rgb8();
        let bytes = jpeg(&picture, config.quality).map_err(refuse)?;
        Some(SmallPhoto { width: picture.width(), height: picture.height(), bytes, file: None })
    } else {
        None
    };
    Ok(Processed { width, height, bytes: large, small, taken_at: gps::of(bytes) })
}

fn jpeg(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut out = Vec::new();
    let (width, height) = picture.dimensions();
    JpegEncoder::new_with_quality(&mut out, quality).encode(
        picture.as_raw(),
        width,
        height,
        ExtendedColorType::Rgb8,
    )?;
    Ok(out)
}

/// Whether a JPEG has its end marker (ITU-T T.81 §B.1.1.3). What phones append after it (a short
/// film) is allowed, and does not survive.
fn has_end(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == [0xff, 0xd9])
}

/// JPEG knows no transparency; what was see-through becomes white, as on paper.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, a] = picture.get_pixel(x, y).0;
        let over = |c: u8| {
            let (c, a) = (u16::from(c), u16::from(a));
            ((c * a + 255 * (255 - a)) / 255) as u8
        };
        image::Rgb([over(r), over(g), over(b)])
    })
}

#[cfg(test)]
#[path = "photo_tests.rs"]
mod tests;
