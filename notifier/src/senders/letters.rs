//! Letters on paper. The sender puts each notice in the store, where it waits for the next batch to the print room
//! (`voordeur letters`); a [`Press`] makes its pages. So the newest address counts, and whoever wants no letters
//! any more gets none.

mod face;
mod layout;
mod pdf;
mod press;
pub(crate) mod words;

pub use face::Faces;
pub use press::{Made, Press, PressError, Sheet};

use super::{Parcel, Sender};
use async_trait::async_trait;
use schemas::{
    verdict::{Fault, Verdict},
    way::Way,
};
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};
use store::{NewPaper, Store};

/// The name of this sender, and of what it hears.
pub const NAME: &str = "letters";

/// How letters look, and how long they may take.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LettersConfig {
    /// The lines under the city's name at the top: its address.
    pub sender: Vec<String>,
    /// A font file (TrueType or OpenType); DejaVu Sans when left out.
    pub font: Option<PathBuf>,
    /// The same, bold.
    pub bold_font: Option<PathBuf>,
    /// Where the address begins, from the left edge of the sheet, in millimetres.
    pub address_left_mm: f32,
    /// Where the address begins, from the top of the sheet, in millimetres.
    pub address_top_mm: f32,
    /// After how many hours the person is told the next way when nobody said that the letter is in the post; 0:
    /// never.
    pub within_hours: u32,
}

impl Default for LettersConfig {
    fn default() -> Self {
        Self {
            sender: Vec::new(),
            font: None,
            bold_font: None,
            address_left_mm: 110.0,
            address_top_mm: 45.0,
            within_hours: 240,
        }
    }
}

impl LettersConfig {
    /// What is wrong with these settings, each as a sentence that names the setting.
    pub fn check(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.sender.len() > 5 || self.sender.iter().any(|line| !(1..=60).contains(&line.chars().count())) {
            faults.push("letters.sender: at most 5 lines of 1 to 60 characters".to_owned());
        }
        if !(20.0..=125.0).contains(&self.address_left_mm) {
            faults.push("letters.address_left_mm: 20 to 125 millimetres from the left edge".to_owned());
        }
        if !(30.0..=65.0).contains(&self.address_top_mm) {
            faults.push("letters.address_top_mm: 30 to 65 millimetres from the top: above the first fold".to_owned());
        }
        if self.within_hours > 24 * 90 {
            faults.push("letters.within_hours: at most 2160, 90 days; 0 for never".to_owned());
        }
        if self.font.is_some() != self.bold_font.is_some() {
            faults.push("letters.font and letters.bold_font go together: name both, or neither".to_owned());
        }
        if let Err(fault) = Faces::read(self.font.as_deref(), self.bold_font.as_deref()) {
            faults.push(fault);
        }
        faults
    }
}

/// Puts letters where the print room's next batch finds them.
pub struct Letters {
    store: Store,
    within: Option<Duration>,
}

impl Letters {
    /// A sender by `config`. The error is a sentence that names the wrong setting.
    pub fn build(config: &LettersConfig, store: &Store) -> Result<Self, String> {
        if let Some(wrong) = config.check().into_iter().next() {
            return Err(wrong);
        }
        let hours = u64::from(config.within_hours);
        Ok(Self { store: store.clone(), within: (hours > 0).then(|| Duration::from_hours(hours)) })
    }
}

#[async_trait]
impl Sender for Letters {
    async fn send(&self, parcel: &Parcel) -> Verdict {
        if parcel.to.way() != Way::Letter {
            return Verdict::never(Fault::Ours, "this is not a postal address");
        }
        let new = NewPaper {
            notice: parcel.notice,
            case_id: parcel.case_id,
            reference: parcel.reference,
            person: parcel.person.clone(),
            passing: parcel.is_status,
        };
        match self.store.put_paper(&new).await {
            Ok(()) => Verdict::receipt("waits for the print room"),
            Err(error) if error.is_transient() => Verdict::later(format!("the letter could not be written: {error}")),
            Err(error) => Verdict::never(Fault::Ours, format!("the letter could not be written: {error}")),
        }
    }

    fn receipt_within(&self, _: Option<&str>) -> Option<Duration> {
        self.within
    }
}
