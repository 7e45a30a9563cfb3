//! `voordeur photos`: where they lie, as they were sent, and gone for good.

use super::open;
use crate::{
    cli::{EraseArgs, OriginalArgs, PhotosCommand},
    config::Config,
    failure::{Advise as _, Failure},
    output::{Paint, count, say},
};
use adapters::album::{Album, Moved};
use comfy_table::{ContentArrangement, Table, presets};
use schemas::{audit::Deed, reference::Reference};
use std::{fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _};
use store::Store;

/// Does what the command says.
pub async fn run(command: PhotosCommand, config: &Config) -> anyhow::Result<()> {
    let store = open::open_beside(config).await?;
    let done = match config.photos.open(&store, &config.http) {
        Ok(album) => match command {
            PhotosCommand::List { reference, json } => list(&store, &reference, json).await,
            PhotosCommand::Original(args) => original(&store, &album, args).await,
            PhotosCommand::Erase(args) => erase(&album, args).await,
            PhotosCommand::Move => move_all(&album).await,
            PhotosCommand::Check => check(&album, config).await,
        },
        Err(failure) => Err(failure.into()),
    };
    store.close().await;
    done
}

/// `--reason`, when it says something.
fn reason(text: &str) -> Result<&str, Failure> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 300 {
        return Err(Failure::usage("--reason does not say why", "write at most 300 characters"));
    }
    Ok(text)
}

async fn list(store: &Store, reference: &str, json: bool) -> anyhow::Result<()> {
    let reference = Reference::parse(reference).map_err(|error| {
        Failure::usage(format!("`{reference}` is not a reference: {error}"), "write the eight digits: 1234-5670")
    })?;
    let Some(report) = store.report_by_reference(reference).await? else {
        let help = "see [database] url: is it the city's own?";
        return Err(Failure::new(format!("there is no report {reference} in this database"), help).into());
    };
    let mut rows = Vec::new();
    for id in &report.photos {
        let kept = store.lies_of_photo(*id).await?;
        let place = match &kept {
            None => "erased".to_owned(),
            Some(lying) => lying.large.as_ref().map_or("database", |lies| &lies.shelf).to_owned(),
        };
        rows.push((*id, place, kept.is_some_and(|lying| lying.original.is_some())));
    }
    if json {
        let photo = |(id, place, original)| serde_json::json!({"id": id, "place": place, "original": original});
        let photos: Vec<_> = rows.into_iter().map(photo).collect();
        say!("{}", serde_json::json!({ "photos": photos }));
        return Ok(());
    }
    if rows.is_empty() {
        say!("{reference} came without photos");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["id", "place", "as it was sent"]);
    for (id, place, original) in rows {
        table.add_row([id.to_string(), place, if original { "kept" } else { "–" }.to_owned()]);
    }
    say!("{table}");
    Ok(())
}

async fn original(store: &Store, album: &Album, args: OriginalArgs) -> anyhow::Result<()> {
    let (who, why) = (args.by.who()?, reason(&args.reason)?);
    let found =
        album.original(args.id).await.advise("the original cannot be read", "`voordeur photos check` says more")?;
    let Some(original) = found else {
        let help = "originals are kept for [photos] originals_days; `voordeur photos list REFERENCE` shows which are";
        return Err(Failure::new("this photo is not kept as it was sent", help).into());
    };
    let name = args.out.display();
    let help = "name a file that is not there yet, in a folder that is";
    let mut open = OpenOptions::new();
    let mut file = open
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&args.out)
        .advise(format!("{name} cannot be written"), help)?;
    // Written down before anybody has it.
    let mut tx = store.begin().await?;
    tx.audit(&who, Deed::PhotosOriginal, &args.id.to_string(), why).await?;
    tx.commit().await?;
    file.write_all(&original.bytes).advise(format!("{name} cannot be written"), "is the disk full?")?;
    let paint = Paint::stdout();
    let (size, at) = (original.bytes.len(), original.received_at);
    say!("{} {name}: {size} bytes of {}, sent {at:.0}", paint.green("✓"), original.media_type);
    Ok(())
}

async fn erase(album: &Album, args: EraseArgs) -> anyhow::Result<()> {
    let (who, why) = (args.by.who()?, reason(&args.reason)?);
    let gone = album.erase(&args.ids, &who, why).await.advise(
        "the photos are not erased, or not all of their files",
        "try again; what is left of erased ones is thrown away within the hour",
    )?;
    say!("{} {} erased, with originals", Paint::stdout().green("✓"), count(gone.len() as u64, "photo"));
    if let Some(missing) = args.ids.iter().find(|id| !gone.contains(id)) {
        return Err(Failure::new(format!("there is no photo {missing}"), "`voordeur photos list REFERENCE`").into());
    }
    Ok(())
}

async fn move_all(album: &Album) -> anyhow::Result<()> {
    let help = "what is moved stays moved: put it right and begin again";
    album.probe().await.advise(format!("nothing can be moved to {}", album.place()), help)?;
    let told = |moved: &Moved| eprintln!("{} moved, {} there already", moved.photos, moved.there);
    let moved = album.move_all(told).await.advise("the photos are not all moved", help)?;
    let paint = Paint::stdout();
    let (photos, originals) = (count(moved.photos, "photo"), count(moved.originals, "original"));
    say!("{} {photos} and {originals} moved to {}; {} there already", paint.green("✓"), album.place(), moved.there);
    if moved.lost > 0 {
        let lost = count(moved.lost, "file");
        return Err(Failure::new(format!("{lost} not found where the rows say"), "the log names the photos").into());
    }
    Ok(())
}

async fn check(album: &Album, config: &Config) -> anyhow::Result<()> {
    let paint = Paint::stdout();
    let mut wrong = Vec::new();
    match &config.photos.clamd {
        None => say!("{} nobody scans photos for malware: [photos] clamd is not set", paint.yellow("–")),
        Some(address) => match config.photos.desk()?.build().scanner_answers().await {
            Ok(()) => say!("{} clamd answers at {address}", paint.green("✓")),
            Err(why) => wrong.push(format!("[photos] clamd = \"{address}\": {why}")),
        },
    }
    match album.probe().await {
        Ok(()) => say!("{} photos lie in {}", paint.green("✓"), album.place()),
        Err(why) => wrong.push(format!("[photos] store = \"{}\": {why}", album.place())),
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(wrong.join("\n"), "until it is put right, photos are taken as docs/install/photos.md says").into())
}
