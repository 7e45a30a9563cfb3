//! What the machine could do at most: reports that callers bring together into one commit, without HTTP and without a
//! thought; and photos that are made anew, without HTTP and without a database.

use image::{DynamicImage, ExtendedColorType, ImageFormat, codecs::jpeg::JpegEncoder, load_from_memory_with_format};
use rusqlite::{Connection, params};
use std::{
    path::Path,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Instant,
};

const BATCH: usize = 256;

/// A photo of 1,600 x 1,200 as a telephone sends it.
pub(super) fn photo() -> anyhow::Result<Vec<u8>> {
    crate::demo::photo::sized(1600, 1200)
}

/// So many callers bring `count` reports, each when its last one is safe; how many a second.
pub(super) fn group_commit(file: &Path, callers: usize, count: usize) -> anyhow::Result<f64> {
    let mut db = Connection::open(file)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute_batch(
        "CREATE TABLE report (id TEXT PRIMARY KEY, body TEXT NOT NULL);
         CREATE TABLE event (id TEXT PRIMARY KEY, body TEXT NOT NULL);
         CREATE TABLE letter (id TEXT PRIMARY KEY, lane TEXT NOT NULL, body TEXT NOT NULL);
         CREATE INDEX letter_lane ON letter (lane, id);",
    )?;
    let body = "A paving stone is loose in front of the school. ".repeat(20);
    let (jobs, queue) = mpsc::sync_channel::<(usize, mpsc::SyncSender<()>)>(4 * BATCH);
    let next = AtomicUsize::new(0);
    let begin = Instant::now();
    std::thread::scope(|scope| -> anyhow::Result<()> {
        for _ in 0..callers {
            let (jobs, next) = (jobs.clone(), &next);
            scope.spawn(move || {
                let (done, safe) = mpsc::sync_channel(1);
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count || jobs.send((n, done.clone())).is_err() || safe.recv().is_err() {
                        break;
                    }
                }
            });
        }
        drop(jobs);
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            batch.extend(queue.try_iter().take(BATCH - 1));
            let tx = db.transaction()?;
            {
                let mut report = tx.prepare_cached("INSERT INTO report VALUES (?1, ?2)")?;
                let mut event = tx.prepare_cached("INSERT INTO event VALUES (?1, ?2)")?;
                let mut letter = tx.prepare_cached("INSERT INTO letter VALUES (?1, ?2, ?3)")?;
                for (n, _) in &batch {
                    let id = |part: u8| format!("{n:08x}-0000-7000-8000-0000000000{part:02x}");
                    report.execute(params![id(0), body])?;
                    event.execute(params![id(1), "received"])?;
                    letter.execute(params![id(2), "router", "received"])?;
                    letter.execute(params![id(3), "notifier", "received"])?;
                }
            }
            tx.commit()?;
            batch.into_iter().for_each(|(_, done)| _ = done.send(()));
        }
        Ok(())
    })?;
    Ok(count as f64 / begin.elapsed().as_secs_f64())
}

/// So many photos are made anew, so many at once; how many a second.
pub(super) fn remake(photo: &[u8], at_once: usize, count: usize) -> anyhow::Result<f64> {
    let next = AtomicUsize::new(0);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                scope.spawn(|| -> anyhow::Result<()> {
                    while next.fetch_add(1, Ordering::Relaxed) < count {
                        let picture = load_from_memory_with_format(photo, ImageFormat::Jpeg)?;
                        let small = picture.thumbnail(320, 320);
                        for picture in [picture, small] {
                            jpeg(&picture)?;
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(done) => done,
            Err(_) => anyhow::bail!("a photo of our own cannot be read"),
        })
    })?;
    Ok(count as f64 / begin.elapsed().as_secs_f64())
}

fn jpeg(picture: &DynamicImage) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::new();
    let pixels = picture.to_rgb8();
    JpegEncoder::new_with_quality(&mut out, 85).encode(
        pixels.as_raw(),
        pixels.width(),
        pixels.height(),
        ExtendedColorType::Rgb8,
    )?;
    Ok(out)
}
