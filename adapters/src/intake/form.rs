//! The residents' form: plain fields and photos, without JavaScript. The page hands in what the
//! browser sent; faults come back under the names of the form's own fields.

mod marks;
mod read;

use super::{Accepted, IntakeError, IntakeTools, Receipt, accept, hex, photo, photo_place};
use crate::near::{self, Offered};
use bytes::Bytes;
pub(crate) use read::{read, rename};
use schemas::{
    Uuid,
    fault::Invalid,
    id::derived,
    place::Point,
    slug::Channel,
    submission::{Checked, MAX_PHOTOS},
    trace::Trace,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;

/// The names of the form's fields, for the page that shows it.
pub mod field {
    /// The unguessable id of this showing of the form: what makes a double click one report.
    pub const TOKEN: &str = "token";
    /// When this form was shown, signed.
    pub const SHOWN: &str = "shown";
    /// Hidden from people; programs that fill in everything fill it in.
    pub const TRAP: &str = "website";
    /// A kind; empty = the category's own.
    pub const KIND: &str = "kind";
    /// `group/name`.
    pub const CATEGORY: &str = "category";
    /// The story.
    pub const WORDS: &str = "words";
    /// Address or landmark.
    pub const ADDRESS: &str = "address";
    /// The label of the place that was chosen among those found.
    pub const SPOT: &str = "spot";
    /// The address that they were found by: when it was changed since, the choice counts no more.
    pub const SPOT_FOR: &str = "spot_for";
    /// Which button was pressed; without it the report is sent.
    pub const DO: &str = "do";
    /// The button that looks the address up.
    pub const FIND: &str = "find-place";
    /// [`NOT_THESE`] when the person was asked whether their report is known, and said that it is not.
    pub const NEAR: &str = "near";
    /// See [`NEAR`].
    pub const NOT_THESE: &str = "other";
    /// Degrees, with point or comma.
    pub const LAT: &str = "lat";
    /// Degrees, with point or comma.
    pub const LON: &str = "lon";
    /// Followed by the id of a question; several times for several choices.
    pub const ANSWER: &str = "answer.";
    /// A name.
    pub const NAME: &str = "name";
    /// An e-mail address.
    pub const EMAIL: &str = "email";
    /// A telephone number.
    pub const PHONE: &str = "phone";
    /// Street, number and box of a postal address.
    pub const STREET: &str = "street";
    /// Its postcode.
    pub const POSTCODE: &str = "postcode";
    /// Its town.
    pub const TOWN: &str = "town";
    /// `nl`, `fr`, `en`.
    pub const LANGUAGE: &str = "language";
    /// `email`, `sms`, `letter`, `call` or `nothing`.
    pub const TELL: &str = "tell";
    /// Files.
    pub const PHOTOS: &str = "photos";
    /// Ids of photos that were taken with an earlier try of this form.
    pub const KEPT: &str = "kept_photo";
    /// Where a photo was taken that came with an earlier try, as the page offers it.
    pub const PHOTO_POINT: &str = "photo_point";
    /// `true` when that is where it is.
    pub const PHOTO_HERE: &str = "photo_here";
}

/// Settings of this door.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The largest form with its photos, in bytes.
    pub max_body: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_body: 80 * 1024 * 1024 }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        if self.max_body < 1024 * 1024 {
            return vec![Invalid::new("form.max_body", "out_of_range", "at least 1048576, or no photo fits")];
        }
        Vec::new()
    }

    /// The door.
    pub fn build(self, tools: &IntakeTools, photos: &photo::Desk) -> Door {
        Door { config: self, tools: tools.clone(), photos: photos.clone() }
    }
}

/// The form's door.
#[derive(Debug, Clone)]
pub struct Door {
    config: Config,
    tools: IntakeTools,
    photos: photo::Desk,
}

/// A form as the browser sent it.
#[derive(Debug, Clone, Default)]
pub struct FormData {
    /// Fields in the order sent; a name may come several times.
    pub fields: Vec<(String, String)>,
    /// Files of the field [`field::PHOTOS`]. A browser sends an empty nameless one for no file.
    pub files: Vec<FormFile>,
}

impl FormData {
    /// The first value of the field `name`, if it has one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn filled(&self, name: &str) -> Option<String> {
        self.get(name).map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned)
    }
}

/// A file of a form.
#[derive(Debug, Clone)]
pub struct FormFile {
    /// Its name on the sender's machine; shown back, never used as a path.
    pub name: String,
    /// What the browser says it is; not believed.
    pub content_type: Option<String>,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What became of a form.
#[derive(Debug)]
pub enum Outcome {
    /// Filed.
    Filed(Receipt),
    /// It was filed before: a double click, a reload. The same receipt.
    Again(Receipt),
    /// This form was filed before with other contents; nothing was changed. The receipt is of the
    /// report as it was filed.
    AlreadySent(Receipt),
    /// Something has to be put right. The page shows the form again with what was filled in.
    Invalid {
        /// What is wrong, by field name ([`field`]), each with a code that the page translates.
        faults: Vec<Invalid>,
        /// Photos that were good, so that nobody has to choose them again: to be sent along as
        /// [`field::KEPT`].
        photos: Vec<Uuid>,
        /// Where one of them was taken, when its camera knew: to be offered as the place.
        taken_at: Option<Point>,
    },
    /// Nothing is wrong, but no place was given and a photo knows where it was taken. The page shows the form again
    /// and offers it, once; nothing was filed.
    Offer {
        /// The photos, as above.
        photos: Vec<Uuid>,
        /// Where one was taken.
        taken_at: Point,
    },
    /// Nothing is wrong, but others may have reported the same. The page asks; nothing was filed.
    Near {
        /// The photos, as above.
        photos: Vec<Uuid>,
        /// What may be the same, the likeliest first.
        near: Vec<Offered>,
    },
    /// The rows cannot be reached. Nothing was filed.
    Failed(store::Error),
}

impl Door {
    /// The largest form this door takes, in bytes.
    pub fn max_body(&self) -> usize {
        self.config.max_body
    }

    /// Takes one form. `channel` is `web`, or the desk that fills it in for somebody; `peer` is where it came from.
    pub async fn receive(&self, channel: &Channel, form: FormData, peer: Option<IpAddr>, trace: Trace) -> Outcome {
        // A token we did not make is no token: the report is still taken, only a double click is
        // not recognised.
        let token = form.filled(field::TOKEN).filter(|token| is_token(token));
        let (mut submission, mut faults) = read(&form);
        let mut taken_at = photo_place::offered(&form);
        let is_offered = taken_at.is_some();
        match self.take_photos(&form, token.as_deref(), &mut faults).await {
            Ok((photos, found)) => {
                submission.photos = photos;
                taken_at = taken_at.or(found);
            }
            Err(error) => return Outcome::Failed(error),
        }
        let photos = submission.photos.clone();
        let checked = match submission.check(&self.tools.city) {
            Ok(checked) if faults.is_empty() => self.with_chosen_place(checked, &form).await,
            Ok(_) => return Outcome::Invalid { faults, photos, taken_at },
            Err(more) => {
                for fault in more {
                    let fault = rename(fault);
                    // What reading the field said is closer to what the person typed.
                    if faults.iter().all(|f| f.field != fault.field) {
                        faults.push(fault);
                    }
                }
                return Outcome::Invalid { faults, photos, taken_at };
            }
        };
        if let Some(taken_at) = taken_at.filter(|_| !is_offered && checked.place.is_empty()) {
            return Outcome::Offer { photos, taken_at };
        }
        if form.get(field::NEAR) != Some(field::NOT_THESE) {
            let near = self.known(channel, token.as_deref(), &checked).await;
            if !near.is_empty() {
                return Outcome::Near { photos, near };
            }
        }
        let clues = match self.clues(&form, token.as_deref(), peer).await {
            Ok(clues) => clues,
            Err(error) => return Outcome::Failed(error),
        };
        match accept(&self.tools, channel, token.as_deref(), checked, clues, trace).await {
            Ok(Accepted::New(receipt)) => Outcome::Filed(receipt),
            Ok(Accepted::Again(receipt)) => Outcome::Again(receipt),
            Ok(Accepted::Conflict) => self.already(channel, token.as_deref()).await,
            Err(IntakeError::Invalid(faults)) => {
                Outcome::Invalid { faults: faults.into_iter().map(rename).collect(), photos: Vec::new(), taken_at }
            }
            Err(IntakeError::Store(error)) => Outcome::Failed(error),
        }
    }

    /// What may be the same as this; nothing when this form was filed before.
    async fn known(&self, channel: &Channel, token: Option<&str>, checked: &Checked) -> Vec<Offered> {
        let near = near::before_sending(&self.tools, checked).await;
        if let (false, Some(token)) = (near.is_empty(), token)
            && !matches!(self.tools.store.report_by_source(channel, token).await, Ok(None))
        {
            return Vec::new();
        }
        near
    }

    /// What is wrong with the fields of a form that is not sent yet, by field name; nothing when it could be sent.
    pub fn faults(&self, form: &FormData) -> Vec<Invalid> {
        let (submission, mut faults) = read(form);
        if let Err(more) = submission.check(&self.tools.city) {
            let more = more.into_iter().map(rename);
            // What reading the field said is closer to what the person typed.
            let more: Vec<Invalid> = more.filter(|fault| faults.iter().all(|f| f.field != fault.field)).collect();
            faults.extend(more);
        }
        faults
    }

    /// What may be the same as what this form tells, to be asked once more; nothing when it is not whole.
    pub async fn near(&self, form: &FormData) -> Vec<Offered> {
        let Ok(checked) = read(form).0.check(&self.tools.city) else { return Vec::new() };
        let checked = self.with_chosen_place(checked, form).await;
        near::before_sending(&self.tools, &checked).await
    }

    pub(crate) async fn already(&self, channel: &Channel, token: Option<&str>) -> Outcome {
        let found = match token {
            Some(token) => self.tools.store.report_by_source(channel, token).await,
            None => Ok(None),
        };
        match found {
            Ok(Some(report)) => Outcome::AlreadySent(Receipt {
                id: report.id,
                reference: report.reference,
                token: report.token,
                received_at: report.received_at,
            }),
            // A conflict is with a report of the same name, so it is there.
            Ok(None) => Outcome::Failed(store::Error::Inconsistent {
                table: "report",
                column: "source_id",
                key: channel.to_string(),
            }),
            Err(error) => Outcome::Failed(error),
        }
    }

    /// Keeps the photos of a form that is not sent yet, so that nobody has to choose them again; names the bad ones,
    /// and where one was taken.
    pub async fn hold_photos(&self, form: &FormData) -> Result<(Vec<Uuid>, Vec<Invalid>, Option<Point>), store::Error> {
        let token = form.filled(field::TOKEN).filter(|token| is_token(token));
        let mut faults = Vec::new();
        let (photos, found) = self.take_photos(form, token.as_deref(), &mut faults).await?;
        Ok((photos, faults, photo_place::offered(form).or(found)))
    }

    /// The place that was chosen on the page, unless a point was given or the address was changed since.
    pub(crate) async fn with_chosen_place(&self, mut checked: Checked, form: &FormData) -> Checked {
        let (Some(label), Some(words)) = (form.filled(field::SPOT), form.filled(field::SPOT_FOR)) else {
            return checked;
        };
        if checked.place.point.is_none() && form.filled(field::ADDRESS).as_ref() == Some(&words) {
            let geocode = &self.tools.geocode;
            if let Some(spot) = geocode.chosen(&words, &label).await {
                checked.place = self.tools.city.settle(checked.place, spot);
            }
        }
        checked
    }

    /// Stores the good photos and names the bad ones; says where one was taken. A photo's id follows from the form and its
    /// bytes, so that the second click of a double click finds the first one's photos.
    pub(crate) async fn take_photos(
        &self,
        form: &FormData,
        token: Option<&str>,
        faults: &mut Vec<Invalid>,
    ) -> Result<(Vec<Uuid>, Option<Point>), store::Error> {
        let mut taken_at = None;
        let mut ids: Vec<Uuid> = Vec::new();
        for kept in form.all(field::KEPT).filter_map(|id| Uuid::parse_str(id.trim()).ok()) {
            if !ids.contains(&kept) {
                ids.push(kept);
            }
        }
        let files: Vec<&FormFile> = form.files.iter().filter(|file| !file.bytes.is_empty()).collect();
        if ids.len() + files.len() > MAX_PHOTOS {
            let message = format!("at most {MAX_PHOTOS} photos fit in one report");
            faults.push(Invalid::new(field::PHOTOS, "too_many", message));
            ids.truncate(MAX_PHOTOS);
            return Ok((ids, None));
        }
        for file in files {
            let id = match token {
                Some(token) => derived(&["photo", token, &hex(&Sha256::digest(&file.bytes))]),
                None => self.tools.ids.new_id(),
            };
            if ids.contains(&id) {
                continue;
            }
            match self.photos.receive(&self.tools, id, file.bytes.clone()).await {
                Ok(point) => {
                    ids.push(id);
                    taken_at = taken_at.or(point);
                }
                Err(photo::Error::Unchecked) => {
                    faults.push(Invalid::new(field::PHOTOS, "unchecked", photo::UNCHECKED));
                    break;
                }
                Err(error) => {
                    let why = error.refused()?;
                    let name: String = schemas::text::clean_line(&file.name).chars().take(80).collect();
                    faults.push(Invalid::new(field::PHOTOS, why.code(), format!("{name}: {}", why.message())));
                }
            }
        }
        Ok((ids, taken_at))
    }
}

/// Whether a form's token may be one of ours.
pub(crate) fn is_token(token: &str) -> bool {
    (16..=64).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
