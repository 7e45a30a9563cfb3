//! `[letters]`: letters on paper.

use notifier::senders::letters::LettersConfig;
use serde::Deserialize;
use std::path::PathBuf;

/// Letters on paper: made in batches for the print room (`voordeur letters`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Letters {
    /// The lines under the city's name: its address.
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

impl Default for Letters {
    fn default() -> Self {
        let LettersConfig { sender, font, bold_font, address_left_mm, address_top_mm, within_hours } =
            LettersConfig::default();
        Self { sender, font, bold_font, address_left_mm, address_top_mm, within_hours }
    }
}

impl Letters {
    /// The same for the sender.
    pub fn sender(&self) -> LettersConfig {
        LettersConfig {
            sender: self.sender.clone(),
            font: self.font.clone(),
            bold_font: self.bold_font.clone(),
            address_left_mm: self.address_left_mm,
            address_top_mm: self.address_top_mm,
            within_hours: self.within_hours,
        }
    }
}
