//! `voordeur letters …`: its words.

use super::By;
use clap::{Args, Subcommand};
use schemas::Uuid;
use std::path::PathBuf;

/// What to do with letters on paper.
#[derive(Debug, Clone, Subcommand)]
pub enum LettersCommand {
    /// What waits for the print room, and the batches it has
    List(ListArgs),
    /// Make the next batch: a PDF per letter and a list of them. Run again after a crash, it goes on with the same
    #[command(after_help = "Example, each working day at seven (crontab):
  0 7 * * 1-5 voordeur letters print --config /etc/voordeur/voordeur.toml --out /srv/print

In DIR/<batch>: 0001.pdf …, manifest.csv and manifest.json. A batch is there whole or not at all, and no letter is in
two. Holds names and addresses: keep the folder to the print room.")]
    Print(PrintArgs),
    /// A batch is in the post: its notices are told
    Sent {
        /// The batch, from `letters list`
        batch: Uuid,
        /// Who acts
        #[command(flatten)]
        by: By,
    },
    /// A letter came back: its address is not written to again, and the person is told the next way
    #[command(after_help = "Examples:
  voordeur letters returned 0864-1629 --reason moved
  voordeur letters returned 0190d2c4-0000-7000-8000-000000000000 --reason refused")]
    Returned {
        /// The reference on the letter, or the id of its notice
        letter: String,
        /// moved, unknown, incomplete (address), deceased, refused, or other
        #[arg(long)]
        reason: String,
        /// Who acts
        #[command(flatten)]
        by: By,
    },
}

/// Which letters.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Letters in this state instead: waiting, printing, printed, sent, returned, dropped
    #[arg(long, default_value = "waiting")]
    pub state: String,
    /// At most this many letters, and this many batches
    #[arg(long, default_value_t = 50)]
    pub limit: u16,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Where the files go.
#[derive(Debug, Clone, Args)]
pub struct PrintArgs {
    /// The folder of the print room; each batch gets a folder in it
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// At most this many letters in one batch; 1 to 5000
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub most: u16,
    /// Who acts
    #[command(flatten)]
    pub by: By,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
