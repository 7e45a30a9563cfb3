//! `voordeur broadcast …`: its words.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to do with broadcasts.
#[derive(Debug, Clone, Subcommand)]
pub enum BroadcastCommand {
    /// Write one down: the words and for whom, from a file. Nobody is told yet
    #[command(after_help = "Examples:
  voordeur broadcast draft --file water.yaml --by An
  voordeur broadcast draft --file water.yaml --by An --at \"2026-12-01 09:00\"
  voordeur broadcast draft --file water.yaml --by An --json | jq -r .reference

How the file is written: docs/install/broadcast.md.")]
    Draft {
        /// The file
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// When it starts, once it is approved: day and time of the city. Left out: as the file says, else at once
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// Who you are
        #[arg(long, value_name = "NAME", env = "VOORDEUR_OPERATOR")]
        by: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// How many people it would tell, how, at what cost and how long it takes; and how it reads
    #[command(after_help = "Example: voordeur broadcast preview 1234-5670")]
    Preview {
        /// Its number, from `broadcast draft` or `broadcast list`
        #[arg(value_name = "NUMBER")]
        number: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Start it, now or at its time; somebody else than who wrote it does
    #[command(after_help = "Example: voordeur broadcast approve 1234-5670 --by Bo --expect 1240

The number of people is that of `broadcast preview`. When it has changed by more than one in fifty, nothing is started.")]
    Approve {
        /// Which, and who
        #[command(flatten)]
        who: BroadcastWho,
        /// How many people are told, as `broadcast preview` says
        #[arg(long, value_name = "PEOPLE")]
        expect: u64,
    },
    /// Nobody more is told until it is resumed
    Pause(BroadcastWho),
    /// Go on where it was paused
    Resume(BroadcastWho),
    /// Nobody more is told, ever
    Stop(BroadcastWho),
    /// The newest, and how far they are
    List {
        /// At most this many
        #[arg(long, default_value_t = 20)]
        limit: u16,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// One: who wrote and approved it, how many were told, what it cost so far
    Show {
        /// Its number
        #[arg(value_name = "NUMBER")]
        number: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Which broadcast, and who acts.
#[derive(Debug, Clone, Args)]
pub struct BroadcastWho {
    /// Its number, from `broadcast list`
    #[arg(value_name = "NUMBER")]
    pub number: String,
    /// Who you are
    #[arg(long, value_name = "NAME", env = "VOORDEUR_OPERATOR")]
    pub by: String,
}
