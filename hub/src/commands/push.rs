//! `voordeur push`: the key for push messages.

use crate::{
    cli::PushCommand,
    failure::{Advise as _, Failure},
    output::say,
};
use notifier::senders::push::Key;
use secrecy::{ExposeSecret as _, SecretString};
use std::{fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

/// Runs the command.
pub fn run(command: &PushCommand) -> anyhow::Result<()> {
    let PushCommand::Keys { out, of } = command;
    if let Some(file) = of {
        let pem: SecretString = std::fs::read_to_string(file)
            .advise(format!("{} cannot be read", file.display()), "name the file of the private key")?
            .into();
        let key = Key::p256(&pem).map_err(|why| {
            Failure::usage(format!("{}: {why}", file.display()), "`voordeur push keys --out FILE` makes one")
        })?;
        say!("{}", key.public());
        return Ok(());
    }
    let (key, pem) = Key::make().map_err(|why| Failure::usage(why, "try again"))?;
    match out {
        Some(file) => {
            write(file, &pem)?;
            say!("The private key is in {}. Keep a copy in a safe place: it cannot be made again.", file.display());
        }
        None => {
            say!("Keep this private key where only Voordeur reads it, for instance in /run/secrets/push.pem,");
            say!("and a copy in a safe place: it cannot be made again.\n");
            say!("{}", pem.expose_secret());
        }
    }
    let file = out.as_deref().map_or("/run/secrets/push.pem".into(), |file| file.display().to_string());
    say!("\nIn voordeur.toml:\n\n[push]\nkey = {{ file = {file:?} }}\n");
    say!("The public half, which browsers are told by themselves:\n{}", key.public());
    Ok(())
}

/// Into a new file that nobody else reads. What is there is never replaced: it may be the key in use.
fn write(file: &Path, pem: &SecretString) -> anyhow::Result<()> {
    let name = file.display();
    let mut open = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .advise(format!("{name} cannot be written"), "name a file that is not there yet, in a folder that is")?;
    open.write_all(pem.expose_secret().as_bytes()).advise(format!("{name} cannot be written"), "is the disk full?")
}
