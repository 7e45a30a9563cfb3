//! `voordeur mail`: its words.

use super::By;
use clap::Subcommand;
use schemas::Uuid;

/// What to do with mails that were handed over and that nobody understood.
#[derive(Debug, Clone, Subcommand)]
pub enum MailCommand {
    /// List them with the reason why they stay
    List {
        /// At most so many, the newest first
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: u32,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print one as it came (RFC 5322): personal data
    #[command(after_help = "Example: voordeur mail show 0190d2c4-… > mail.eml")]
    Show {
        /// Its id, from `mail list`
        id: Uuid,
    },
    /// Have one read once more, for instance after [mail_door] was set
    Again {
        /// Its id, from `mail list`
        id: Uuid,
        /// Who does it
        #[command(flatten)]
        by: By,
    },
    /// Forget one
    Drop {
        /// Its id, from `mail list`
        id: Uuid,
        /// Who does it
        #[command(flatten)]
        by: By,
    },
}
