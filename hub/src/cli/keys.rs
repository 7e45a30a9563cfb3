//! `voordeur keys`: its words.

use super::By;
use clap::{Args, Subcommand};

/// What to do with keys of programs.
#[derive(Debug, Clone, Subcommand)]
pub enum KeysCommand {
    /// Make a key for a channel and print it: it is shown this once
    #[command(after_help = "Examples:
  voordeur keys create --channel my-app
  voordeur keys create --channel my-app --test    checks and answers as a live one, and keeps nothing
  voordeur keys create --channel my-app --json | jq -r .key > my-app.key

A channel may have several keys: make the new one, let the program use it, then revoke the old one.")]
    Create {
        /// The channel it stands for: 1 to 60 of a-z, 0-9 and -
        #[arg(long, value_name = "NAME")]
        channel: schemas::slug::Channel,
        /// For tests: what comes with it is checked and answered, and nothing is kept or told
        #[arg(long)]
        test: bool,
        /// Who acts
        #[command(flatten)]
        by: By,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// The keys: how they begin, of which channel, when they were last used
    List {
        /// Only of this channel
        #[arg(long, value_name = "NAME")]
        channel: Option<schemas::slug::Channel>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Refuse a key from now on
    #[command(after_help = "Example: voordeur keys revoke vd_live_k3xq7abc --note \"the telephone was lost\"")]
    Revoke(RevokeKeyArgs),
}

/// Which key.
#[derive(Debug, Clone, Args)]
pub struct RevokeKeyArgs {
    /// How it begins, from `keys list`
    #[arg(value_name = "PREFIX")]
    pub prefix: String,
    /// Who acts
    #[command(flatten)]
    pub by: By,
    /// Why you do this, for `voordeur audit`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
}
