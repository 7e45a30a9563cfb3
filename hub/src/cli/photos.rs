//! `voordeur photos …`: its words.

use super::By;
use clap::{Args, Subcommand};
use schemas::Uuid;
use std::path::PathBuf;

/// What to do with photos.
#[derive(Debug, Clone, Subcommand)]
pub enum PhotosCommand {
    /// The photos of a report, with their ids; and whether each is still kept as it was sent
    #[command(after_help = "Example: voordeur photos list 1234-5670")]
    List {
        /// The eight digits the resident was given: 1234-5670
        reference: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Give a photo out as it was sent, with everything that its camera wrote into it: for the police, as evidence
    #[command(after_help = "Example:
  voordeur photos original 0190d2c4-… --by 'An Peeters' --reason 'police report 2026/1181' --out photo.jpg

Nobody gets it in any other way. It may hold a place, a name, and what harms a computer: treat it as evidence.")]
    Original(OriginalArgs),
    /// Erase photos with their originals, wherever they lie; cannot be undone
    #[command(after_help = "Example: voordeur photos erase 0190d2c4-… --by 'An Peeters' --reason 'shows a child'")]
    Erase(EraseArgs),
    /// Move all photos to where [photos] store says, while the hub runs; begin again after a stop
    Move,
    /// Whether clamd answers, and whether files can be written, read and thrown away where photos lie
    Check,
}

/// Which original, and for whom.
#[derive(Debug, Clone, Args)]
pub struct OriginalArgs {
    /// The photo's id, from `photos list`
    pub id: Uuid,
    /// Who acts
    #[command(flatten)]
    pub by: By,
    /// Why, for `voordeur audit`
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Write it into this file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Which photos to erase.
#[derive(Debug, Clone, Args)]
pub struct EraseArgs {
    /// Their ids, from `photos list`
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<Uuid>,
    /// Who acts
    #[command(flatten)]
    pub by: By,
    /// Why, for `voordeur audit`
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}
