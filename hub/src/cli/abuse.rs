//! `voordeur abuse`: its words.

use super::By;
use clap::{Args, Subcommand};

/// What to do against abuse.
#[derive(Debug, Clone, Subcommand)]
pub enum AbuseCommand {
    /// What is held: kept and answered like any report, and not handed on before somebody looked
    #[command(after_help = "Examples:
  voordeur abuse held
  voordeur abuse held --state passed     what went through at once because it may be urgent, marked
  voordeur abuse held --json | jq -r '.held[].reference'

What nobody looks at is released by itself: see [abuse] release_days. Words of residents are personal data.")]
    Held(HeldArgs),
    /// Let reports through that are held
    #[command(after_help = "Example: voordeur abuse release 1234-5670 2345-6789 --by An")]
    Release {
        /// Which
        #[arg(required = true, value_name = "REFERENCE")]
        references: Vec<String>,
        /// Who acts
        #[command(flatten)]
        by: By,
    },
    /// Refuse a report that is held: whoever sent it reads the reason behind their link
    #[command(after_help = "Example: voordeur abuse refuse 1234-5670 --reason \"Dit is reclame.\" --by An")]
    Refuse {
        /// Which
        #[arg(value_name = "REFERENCE")]
        reference: String,
        /// Why, in plain words, kindly: people read it
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who acts
        #[command(flatten)]
        by: By,
    },
    /// What waits for somebody to look before it becomes public, with what may be personal data marked
    #[command(after_help = "Example: voordeur abuse review --limit 20

Only where `publish` in city.yaml says that words or photos may become public after review. Words of residents are
personal data.")]
    Review {
        /// At most this many, the newest first
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Let everybody read a text about a report, or see photos of it; the report itself stays as it is
    #[command(after_help = "Examples:
  voordeur abuse approve 1234-5670 --as-proposed --by An
  voordeur abuse approve 1234-5670 --words \"Een diepe put in het fietspad.\" --photos 1 --by An

What was approved before is replaced.")]
    Approve(ApproveArgs),
    /// Nothing of a report becomes public
    Reject {
        /// Which
        #[arg(value_name = "REFERENCE")]
        reference: String,
        /// Who acts
        #[command(flatten)]
        by: By,
    },
    /// What was approved of a report can be read no more, at once
    Unpublish {
        /// Which
        #[arg(value_name = "REFERENCE")]
        reference: String,
        /// Who acts
        #[command(flatten)]
        by: By,
    },
    /// Hold from now on what somebody sends; nobody tells them
    #[command(after_help = "Examples:
  voordeur abuse block --email spam@example.org --reason \"reclame\" --by An
  voordeur abuse block --domain bad.example --days 90 --reason \"reclame\"
  voordeur abuse block --network 203.0.113.0/24 --days 1 --reason \"aanval\"")]
    Block {
        /// Who
        #[command(flatten)]
        sender: SenderArgs,
        /// For so many days
        #[arg(long, default_value_t = 30)]
        days: u32,
        /// Why, for whoever looks at it later
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who acts
        #[command(flatten)]
        by: By,
    },
    /// Hold it no more
    #[command(after_help = "Example: voordeur abuse unblock --domain bad.example --by An

An address is listed by its key alone: name the address, or the key with --email-key or --phone-key.")]
    Unblock {
        /// Who
        #[command(flatten)]
        sender: SenderArgs,
        /// Who acts
        #[command(flatten)]
        by: By,
    },
    /// The block list: addresses and numbers by their key alone
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Which reports.
#[derive(Debug, Clone, Args)]
pub struct HeldArgs {
    /// held, released, refused or passed
    #[arg(long, default_value = "held", value_name = "STATE")]
    pub state: String,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What may be read.
#[derive(Debug, Clone, Args)]
pub struct ApproveArgs {
    /// Which
    #[arg(value_name = "REFERENCE")]
    pub reference: String,
    /// The words of the report, with what was found left out
    #[arg(long, conflicts_with = "words")]
    pub as_proposed: bool,
    /// This text instead of the words of the report
    #[arg(long, value_name = "TEXT")]
    pub words: Option<String>,
    /// `all` photos, or these: 1,2
    #[arg(long, value_name = "NUMBERS")]
    pub photos: Option<String>,
    /// Who acts
    #[command(flatten)]
    pub by: By,
}

/// Who is blocked: one of these.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct SenderArgs {
    /// A mail address
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// Every mail address of a domain, and of what is below it
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// A telephone number
    #[arg(long, value_name = "NUMBER")]
    pub phone: Option<String>,
    /// An address or a network of the internet: counts for the form, and for programs without a key
    #[arg(long, value_name = "CIDR")]
    pub network: Option<String>,
    /// A mail address by its key, from `abuse list`
    #[arg(long, value_name = "KEY")]
    pub email_key: Option<String>,
    /// A telephone number by its key, from `abuse list`
    #[arg(long, value_name = "KEY")]
    pub phone_key: Option<String>,
}
