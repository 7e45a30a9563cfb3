//! `voordeur keys`: keys of programs that bring reports in.

use super::open;
use crate::{
    cli::{KeysCommand, RevokeKeyArgs},
    config::Config,
    failure::Failure,
    output::{Paint, say},
};
use adapters::keys::{self, Revoked};
use comfy_table::{ContentArrangement, Table, presets};
use schemas::{
    Timestamp,
    api_key::{ApiKey, KeyKind},
    slug::Channel,
};
use secrecy::ExposeSecret as _;
use store::Store;

/// Does what the command says.
pub async fn run(command: KeysCommand, config: &Config) -> anyhow::Result<()> {
    let store = open::open_beside(config).await?;
    let done = match command {
        KeysCommand::Create { channel, test, by, json } => {
            let kind = if test { KeyKind::Test } else { KeyKind::Live };
            match by.who() {
                Ok(who) => create(&store, channel, kind, &who, json).await,
                Err(failure) => Err(failure.into()),
            }
        }
        KeysCommand::List { channel, json } => list(&store, channel.as_ref(), json).await,
        KeysCommand::Revoke(args) => revoke(&store, args).await,
    };
    store.close().await;
    done
}

async fn create(store: &Store, channel: Channel, kind: KeyKind, who: &str, json: bool) -> anyhow::Result<()> {
    if let Some(fault) = keys::refused(&channel) {
        return Err(Failure::usage(format!("--channel: {}", fault.message), "any other name will do").into());
    }
    let made = keys::create(store, channel, kind, who).await?;
    let ApiKey { prefix, channel, .. } = &made.key;
    if json {
        let text = made.text.expose_secret();
        say!("{}", serde_json::json!({"key": text, "prefix": prefix, "channel": channel, "kind": made.key.kind}));
        return Ok(());
    }
    let paint = Paint::stdout();
    say!("{} a {} key for {channel}; nobody can show it again:", paint.green("✓"), kind.as_str());
    say!("");
    say!("{}", made.text.expose_secret());
    say!("");
    say!("A program sends it as `Authorization: Bearer …`, over Open311 as `api_key`.");
    say!("It is known by `{prefix}`: voordeur keys revoke {prefix}");
    Ok(())
}

async fn list(store: &Store, channel: Option<&Channel>, json: bool) -> anyhow::Result<()> {
    let found = store.api_keys(channel).await?;
    if json {
        say!("{}", serde_json::json!({ "keys": found }));
        return Ok(());
    }
    if found.is_empty() {
        say!("there are no keys; `voordeur keys create --channel my-app` makes one");
        return Ok(());
    }
    let moment = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), |at| format!("{at:.0}"));
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header([
        "begins with",
        "channel",
        "kind",
        "made",
        "last used",
        "revoked",
    ]);
    for key in found {
        let ApiKey { prefix, channel, kind, made_at, used_at, revoked_at, .. } = key;
        let moments = [Some(made_at), used_at, revoked_at].map(moment);
        table.add_row([prefix, channel.to_string(), kind.as_str().to_owned()].into_iter().chain(moments));
    }
    say!("{table}");
    Ok(())
}

async fn revoke(store: &Store, args: RevokeKeyArgs) -> anyhow::Result<()> {
    let who = args.by.who()?;
    // Whoever has only the key names it whole.
    let prefix: String = args.prefix.trim().chars().take(16).collect();
    match keys::revoke(store, &prefix, &who, &args.note).await? {
        Revoked::Now(key) => {
            let paint = Paint::stdout();
            say!("{} {prefix} of {} is refused from now on", paint.green("✓"), key.channel);
            Ok(())
        }
        Revoked::Before(key) => {
            say!("{prefix} of {} was revoked before: nothing changed", key.channel);
            Ok(())
        }
        Revoked::Unknown => Err(Failure::usage(
            "no key begins so",
            "`voordeur keys list` shows how they begin: vd_live_ or vd_test_ and eight characters",
        )
        .into()),
    }
}
