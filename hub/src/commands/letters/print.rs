//! `voordeur letters print`: a batch for the print room, whole or not at all, each letter in one batch.
//!
//! The letters of a batch are chosen in one transaction, before any file is written. Files are made in a hidden folder,
//! which gets its name when everything in it is on the disk; then the batch is closed. Killed in between, the next run
//! goes on with the same letters, in the same folder.

use super::heard;
use crate::{
    cli::LetterPrintArgs as PrintArgs,
    failure::{Advise as _, Failure},
    output::{count, say},
};
use notifier::senders::letters::{Made, Press, PressError};
use schemas::{
    Uuid,
    audit::Deed,
    notice::{HeardState, NoticeState},
    reference::Reference,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use store::{Paper, PaperBatch, Pressed, Store};

/// What a batch holds: `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The batch.
    pub batch: Uuid,
    /// The letters in it, in their order.
    pub letters: Vec<Entry>,
    /// Letters that are not in it after all.
    #[serde(default)]
    pub dropped: Vec<Dropped>,
}

/// One letter of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the batch, from 1; places of letters that were dropped stay empty.
    pub sequence: u32,
    /// Its file, in the same folder.
    pub file: String,
    /// The id of its notice.
    pub notice: Uuid,
    /// What the resident calls the case.
    pub reference: Reference,
    /// How many sheets.
    pub pages: u32,
    /// Whose name stands above the address.
    pub name: Option<String>,
    /// Where it goes.
    pub postcode: String,
    /// Where it goes.
    pub town: String,
    /// Another country than the city's.
    pub country: Option<String>,
    /// Of the file, in hex.
    pub sha256: String,
}

/// A letter that is not printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dropped {
    /// The id of its notice.
    pub notice: Uuid,
    /// How far the notice is now.
    pub state: NoticeState,
    /// Why.
    pub why: String,
}

/// The name of the list in each batch.
const MANIFEST: &str = "manifest.json";

/// Makes the next batch, or finishes the one that was begun.
pub(super) async fn run(store: &Store, press: &Press, args: &PrintArgs) -> anyhow::Result<()> {
    let who = args.by.who()?;
    let cannot = || format!("{} cannot be written to", args.out.display());
    let help = "name a folder that this account may write to";
    fs::create_dir_all(&args.out).advise(cannot(), help)?;
    let out = fs::canonicalize(&args.out).advise(cannot(), help)?;
    let folder = out.display().to_string();
    let opened = store.open_paper_batch(&folder, usize::from(args.most)).await;
    let Some(batch) = opened.advise("no batch could be begun", "see that the database runs")? else {
        if args.json {
            say!("{}", serde_json::json!({ "batch": null }));
        } else {
            say!("no letter waits");
        }
        return Ok(());
    };
    if batch.folder != folder {
        let help = format!("finish it there first: voordeur letters print --out {}", batch.folder);
        return Err(Failure::new(format!("batch {} was begun in {}", batch.id, batch.folder), help).into());
    }
    let place = out.join(batch.id.to_string());
    let manifest = if place.exists() {
        read(&place).advise(format!("{} is not whole", place.display()), "move it away, and run this again")?
    } else {
        write(store, press, &batch, &out, &place).await?
    };
    let closed = close(store, &batch, &manifest, &who).await;
    closed.advise("the files are there, but the batch could not be closed", "run this again: it goes on from there")?;
    if args.json {
        say!(
            "{}",
            serde_json::json!({ "batch": batch.id, "folder": place, "letters": manifest.letters.len(), "dropped": manifest.dropped.len() })
        );
    } else {
        say!("{} in {}", count(manifest.letters.len() as u64, "letter"), place.display());
        eprintln!("When they are in the post: voordeur letters sent {}", batch.id);
    }
    Ok(())
}

fn read(place: &Path) -> anyhow::Result<Manifest> {
    Ok(serde_json::from_slice(&fs::read(place.join(MANIFEST))?)?)
}

/// Writes every file of `batch`, and gives the folder its name at the end.
async fn write(store: &Store, press: &Press, batch: &PaperBatch, out: &Path, place: &Path) -> anyhow::Result<Manifest> {
    // A name of its own: what a killed run left is not gone on with, and two runs at once do not meet.
    let part = out.join(format!(".{}.{}.part", batch.id, store.ids().token()));
    let letters =
        store.paper_of_batch(batch.id).await.advise("the batch cannot be read", "see that the database runs")?;
    let cannot = || format!("{} cannot be written", part.display());
    let help = "see that there is room and that this account may write there; then run this again";
    fs::create_dir(&part).advise(cannot(), help)?;
    let mut manifest = Manifest { batch: batch.id, letters: Vec::new(), dropped: Vec::new() };
    for letter in &letters {
        match press.press(letter.notice).await {
            Ok(made) => add(&mut manifest, &part, letter, made).advise(cannot(), help)?,
            Err(error @ PressError::Store(_)) => {
                return Err(error).advise("a letter cannot be made", "see that the database runs; then run this again");
            }
            Err(error) => {
                // One letter that cannot be made keeps no other back.
                tracing::error!(notice = %letter.notice, case = %letter.case_id, %error, "a letter cannot be made");
                let (state, why) = (NoticeState::Failed, format!("the letter cannot be made: {error}"));
                manifest.dropped.push(Dropped { notice: letter.notice, state, why });
            }
        }
    }
    finish(&manifest, &part, out, place).advise(cannot(), help)?;
    // Another run may have been first: its files count, and are the same letters.
    read(place).advise(cannot(), help)
}

fn add(manifest: &mut Manifest, part: &Path, letter: &Paper, made: Made) -> io::Result<()> {
    let notice = letter.notice;
    match made {
        Made::Not(state, why) => manifest.dropped.push(Dropped { notice, state, why: why.to_owned() }),
        Made::Printed { pdf, pages, reference, name, post } => {
            let sequence = letter.seq.unwrap_or_default();
            let file = format!("{sequence:04}.pdf");
            keep(&part.join(&file), &pdf)?;
            let sha256 = Sha256::digest(&pdf).iter().map(|byte| format!("{byte:02x}")).collect();
            let (postcode, town, country) = (post.postcode, post.town, post.country);
            manifest.letters.push(Entry {
                sequence,
                file,
                notice,
                reference,
                pages,
                name,
                postcode,
                town,
                country,
                sha256,
            });
        }
    }
    Ok(())
}

/// Writes a file, and waits until the disk has it.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}

fn finish(manifest: &Manifest, part: &Path, out: &Path, place: &Path) -> io::Result<()> {
    let json = serde_json::to_vec_pretty(manifest).map_err(io::Error::other)?;
    keep(&part.join(MANIFEST), &json)?;
    keep(&part.join("manifest.csv"), csv(manifest).as_bytes())?;
    fs::File::open(part)?.sync_all()?;
    match fs::rename(part, place) {
        Ok(()) => {}
        Err(_) if place.join(MANIFEST).exists() => fs::remove_dir_all(part)?,
        Err(error) => return Err(error),
    }
    fs::File::open(out)?.sync_all()?;
    for left in left_over(out, manifest.batch)? {
        // What killed runs left; another run that is still at it fails, and is run again.
        _ = fs::remove_dir_all(left);
    }
    Ok(())
}

fn left_over(out: &Path, batch: Uuid) -> io::Result<Vec<PathBuf>> {
    let start = format!(".{batch}.");
    let mut found = Vec::new();
    for entry in fs::read_dir(out)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&start) && name.ends_with(".part") {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The list for people with a spreadsheet (RFC 4180), with the sign by which those know UTF-8.
fn csv(manifest: &Manifest) -> String {
    let mut out = "\u{feff}sequence,file,notice,reference,pages,name,postcode,town,country,sha256\r\n".to_owned();
    for entry in &manifest.letters {
        let fields = [
            entry.sequence.to_string(),
            entry.file.clone(),
            entry.notice.to_string(),
            entry.reference.to_string(),
            entry.pages.to_string(),
            entry.name.clone().unwrap_or_default(),
            entry.postcode.clone(),
            entry.town.clone(),
            entry.country.clone().unwrap_or_default(),
            entry.sha256.clone(),
        ];
        out += &fields.map(|field| cell(&field)).join(",");
        out += "\r\n";
    }
    out
}

/// One cell. What a spreadsheet would work out as a formula is text.
fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Notes what is printed, and has those told the next way whose letter is not. Twice is once.
async fn close(store: &Store, batch: &PaperBatch, manifest: &Manifest, who: &str) -> Result<(), store::Error> {
    let printed = manifest
        .letters
        .iter()
        .map(|entry| Pressed { notice: entry.notice, made: Ok((entry.pages, entry.sha256.clone())) });
    let dropped = manifest.dropped.iter().map(|gone| Pressed { notice: gone.notice, made: Err(gone.why.clone()) });
    let letters = store.paper_of_batch(batch.id).await?;
    let mut tx = store.begin().await?;
    if !tx.close_paper_batch(batch.id, &printed.chain(dropped).collect::<Vec<_>>()).await? {
        return Ok(());
    }
    let what = format!("batch {}: {}", batch.id, count(manifest.letters.len() as u64, "letter"));
    tx.audit(who, Deed::LettersPrint, &what, "").await?;
    let now = store.clock().now();
    for gone in &manifest.dropped {
        let Some(paper) = letters.iter().find(|paper| paper.notice == gone.notice) else { continue };
        if gone.state == NoticeState::Failed {
            tx.post(&[heard(paper, HeardState::Failed, Some(gone.why.clone()), now)]).await?;
        } else {
            tx.hear_of_notice(gone.notice, gone.state, Some(&gone.why)).await?;
        }
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_reads_names_as_they_are_and_works_nothing_out() {
        for (text, expected) in [
            ("An Peeters", "An Peeters"),
            ("Peeters, An", "\"Peeters, An\""),
            ("\"An\"", "\"\"\"An\"\"\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("@x", "'@x"),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
