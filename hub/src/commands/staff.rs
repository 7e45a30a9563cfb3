//! `voordeur staff`: accounts of people of the city.

use super::{check, open};
use crate::{
    city,
    cli::{StaffCommand, WhichStaffArgs},
    config::Config,
    failure::Failure,
    output::{Paint, say},
};
use adapters::staff::{
    Link, Staff,
    accounts::{New, NotDone},
};
use comfy_table::{ContentArrangement, Table, presets};
use schemas::{Timestamp, account::Account};
use secrecy::ExposeSecret as _;
use std::fmt::Display;

/// Does what the command says.
pub async fn run(command: StaffCommand, config: &Config) -> anyhow::Result<()> {
    let town = city::read(check::folder(None, config).as_deref())?.good()?;
    let store = open::open_beside(config).await?;
    let staff = Staff::new(store.clone(), town.city.clone(), config.staff);
    let language = town.city.languages.first().copied().unwrap_or_default();
    let start = format!("{}/{}/staff", config.web.public_url(), language.as_str());
    let done = act(command, &staff, &start).await;
    store.close().await;
    done
}

async fn act(command: StaffCommand, staff: &Staff, start: &str) -> anyhow::Result<()> {
    match command {
        StaffCommand::Add(args) => {
            let who = args.by.who()?;
            let new = New { name: args.name, email: args.email, roles: args.role, departments: args.department };
            let link = staff.add(new, &who).await.map_err(failed)?;
            invite(&link, start, args.json);
            Ok(())
        }
        StaffCommand::List { json } => list(&staff.list().await?, json),
        StaffCommand::Disable(args) => {
            let (who, paint) = (args.by.who()?, Paint::stdout());
            let account = staff.disable(&args.email, &who, &args.note).await.map_err(failed)?;
            say!("{} {} may not log in any more, and is out", paint.green("✓"), account.name);
            Ok(())
        }
        StaffCommand::Enable(args) => {
            let (who, paint) = (args.by.who()?, Paint::stdout());
            let account = staff.enable(&args.email, &who, &args.note).await.map_err(failed)?;
            say!("{} {} may log in", paint.green("✓"), account.name);
            Ok(())
        }
        StaffCommand::Reset(WhichStaffArgs { email, by, note }) => {
            let link = staff.reset(&email, &by.who()?, &note).await.map_err(failed)?;
            invite(&link, start, false);
            Ok(())
        }
    }
}

/// Shows a link, this once.
fn invite(link: &Link, start: &str, json: bool) {
    let Link { account, token, expires_at } = link;
    let address = format!("{start}/choose/{}", token.expose_secret());
    if json {
        let roles = &account.roles;
        say!("{}", serde_json::json!({"email": account.email, "roles": roles, "link": address, "until": expires_at}));
        return;
    }
    let paint = Paint::stdout();
    say!(
        "{} {} chooses a password here, once, until {expires_at:.0}; nobody can show it again:",
        paint.green("✓"),
        account.name
    );
    say!("");
    say!("{address}");
    say!("");
    say!("Then they log in at {start} with {}", account.email);
}

fn list(accounts: &[Account], json: bool) -> anyhow::Result<()> {
    if json {
        say!("{}", serde_json::json!({ "accounts": accounts }));
        return Ok(());
    }
    if accounts.is_empty() {
        say!("there are no accounts; `voordeur staff add NAME --email … --role operator` makes one");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header([
        "address",
        "name",
        "roles",
        "departments",
        "logged in last",
        "",
    ]);
    for account in accounts {
        let moment = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| format!("{at:.0}"));
        let stand = match account {
            Account { disabled_at: Some(at), .. } => format!("disabled since {at:.0}"),
            Account { has_password: false, .. } => "has no password yet".to_owned(),
            _ => String::new(),
        };
        let departments = if account.departments.is_empty() { "all".to_owned() } else { joined(&account.departments) };
        let Account { email, name, roles, logged_in_at, .. } = account;
        table.add_row([email.clone(), name.clone(), joined(roles), departments, moment(*logged_in_at), stand]);
    }
    say!("{table}");
    Ok(())
}

fn joined(all: &[impl Display]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn failed(error: NotDone) -> anyhow::Error {
    match error {
        NotDone::Invalid(faults) => {
            let lines: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect();
            Failure::usage(lines.join("\n"), "see `voordeur staff add --help`").into()
        }
        NotDone::Unknown => {
            Failure::usage("nobody logs in with this address", "`voordeur staff list` shows who does").into()
        }
        NotDone::Before => Failure::usage("this account was disabled before: nothing changed", "").into(),
        other => other.into(),
    }
}
