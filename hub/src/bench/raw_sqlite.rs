//! The raw limit of the embedded walk: rusqlite on one thread, synchronous FULL, one commit per
//! batch of 256 that holds everything: the letter taken away, dedupe, case, event, next letter.

use super::Run;
use rusqlite::{Connection, params};
use std::path::Path;

/// Fills a queue of `count` bodies of about a kilobyte, and walks it.
pub fn route(file: &Path, count: usize, body: &str) -> anyhow::Result<Run> {
    let mut db = Connection::open(file)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute_batch(
        "CREATE TABLE letter (id TEXT PRIMARY KEY, lane TEXT NOT NULL, body TEXT NOT NULL);
         CREATE INDEX letter_lane ON letter (lane, id);
         CREATE TABLE inbox (id TEXT PRIMARY KEY);
         CREATE TABLE cases (id TEXT PRIMARY KEY, status TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL);
         CREATE TABLE event (id TEXT PRIMARY KEY, case_id TEXT NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL);",
    )?;
    let id = |n: usize, part: u8| format!("{n:08x}-0000-7000-8000-0000000000{part:02x}");
    for start in (0..count).step_by(256) {
        let tx = db.transaction()?;
        {
            let mut insert = tx.prepare_cached("INSERT INTO letter VALUES (?1, 'router', ?2)")?;
            for n in start..(start + 256).min(count) {
                insert.execute(params![id(n, 0), body])?;
            }
        }
        tx.commit()?;
    }
    let run = Run::start();
    let mut done = 0;
    while done < count {
        let tx = db.transaction()?;
        {
            let mut take =
                tx.prepare_cached("SELECT id, body FROM letter WHERE lane = 'router' ORDER BY id LIMIT 256")?;
            let batch: Vec<(String, String)> =
                take.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
            let mut remove = tx.prepare_cached("DELETE FROM letter WHERE id = ?1")?;
            let mut seen = tx.prepare_cached("INSERT INTO inbox VALUES (?1) ON CONFLICT DO NOTHING")?;
            let mut case = tx.prepare_cached(
                "INSERT INTO cases VALUES (?1, 'routed', 1, ?2) ON CONFLICT (id) DO UPDATE SET version = version + 1",
            )?;
            let mut event = tx.prepare_cached("INSERT INTO event VALUES (?1, ?2, 0, 'routed')")?;
            let mut post = tx.prepare_cached("INSERT INTO letter VALUES (?1, 'department', ?2)")?;
            for (offset, (letter, body)) in batch.iter().enumerate() {
                remove.execute([letter])?;
                seen.execute([letter])?;
                case.execute([letter, body])?;
                event.execute([&id(done + offset, 1), letter])?;
                post.execute([&id(done + offset, 2), body])?;
            }
            done += batch.len();
        }
        tx.commit()?;
    }
    Ok(run.end(done))
}
