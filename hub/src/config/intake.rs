//! `[intake]`: doors for programs.

use crate::failure::Failure;
use serde::Deserialize;

/// Doors for programs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intake {
    /// How many reports one process takes in at once; whoever comes on top is asked to come again.
    pub at_once: usize,
    /// `/api/v1/reports` and `/api/v1/photos`.
    pub api: Api,
    /// The Open311 server.
    pub open311: adapters::intake::open311::Config,
}

/// The API for reports.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// Whether only programs with a key of their channel bring reports and photos in.
    pub require_key: bool,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            at_once: adapters::intake::ROOM,
            api: Api::default(),
            open311: adapters::intake::open311::Config::default(),
        }
    }
}

impl Intake {
    /// Sets the doors as the configuration says; `http` fetches what is named by its address.
    ///
    /// # Errors
    /// The setting that is wrong, in its words.
    pub fn set(&self, http: bus::http::Config, doors: &mut adapters::intake::Config) -> Result<(), Failure> {
        if !(1..=100_000).contains(&self.at_once) {
            let help = "512 is twice what one commit takes; see [intake] in deploy/voordeur.toml";
            return Err(Failure::usage("[intake] at_once: write 1 to 100000", help));
        }
        doors.at_once = self.at_once;
        doors.api.require_key = self.api.require_key;
        doors.open311 = self.open311.clone();
        doors.http = http;
        match doors.open311.check().into_iter().next() {
            Some(fault) => {
                let field = fault.field.replace("open311.", "[intake.open311] ");
                Err(Failure::usage(
                    format!("{field}: {}", fault.message),
                    "see [intake.open311] in deploy/voordeur.toml",
                ))
            }
            None => Ok(()),
        }
    }
}
