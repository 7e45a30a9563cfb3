//! `voordeur staff`: its words.

use super::By;
use clap::{Args, Subcommand};
use schemas::{account::Role, slug::DepartmentId};

/// What to do with accounts of people of the city.
#[derive(Debug, Clone, Subcommand)]
pub enum StaffCommand {
    /// Make an account, and print the link by which its password is chosen: it is shown this once
    #[command(after_help = "Examples:
  voordeur staff add \"An Peeters\" --email an@stad.example --role operator
  voordeur staff add \"Bo Maes\" --email bo@stad.example --role operator,complaints --department klachten

Hand the link on in a way that only they can read. It works once, and not for ever: [staff] link_hours.")]
    Add(AddStaffArgs),
    /// The accounts: who, what they may do, when they logged in last
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Lock somebody out, at once
    #[command(after_help = "Example: voordeur staff disable an@stad.example --note \"left the city\"")]
    Disable(WhichStaffArgs),
    /// Let somebody in again; also at once, when too many wrong passwords make them wait
    Enable(WhichStaffArgs),
    /// Make a password worth nothing, and print a link by which another is chosen
    #[command(after_help = "Example: voordeur staff reset an@stad.example")]
    Reset(WhichStaffArgs),
}

/// Who is to have an account.
#[derive(Debug, Clone, Args)]
pub struct AddStaffArgs {
    /// Their name, as it stands in `voordeur audit`
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What they log in with
    #[arg(long, value_name = "ADDRESS")]
    pub email: String,
    /// What they may do: operator, moderator, complaints, admin; several with commas
    #[arg(long, value_name = "ROLE,…", required = true, value_delimiter = ',', value_parser = role)]
    pub role: Vec<Role>,
    /// Only for these departments; left out: for all that are not confidential
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub department: Vec<DepartmentId>,
    /// Who acts
    #[command(flatten)]
    pub by: By,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text.trim())
        .ok_or_else(|| format!("there is no such role: choose from {}", Role::ALL.map(Role::as_str).join(", ")))
}

/// Which account.
#[derive(Debug, Clone, Args)]
pub struct WhichStaffArgs {
    /// What they log in with
    #[arg(value_name = "ADDRESS")]
    pub email: String,
    /// Who acts
    #[command(flatten)]
    pub by: By,
    /// Why you do this, for `voordeur audit`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
}
