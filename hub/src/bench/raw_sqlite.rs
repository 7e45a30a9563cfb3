//! The raw limit of the embedded walk: rusqlite on one thread, synchronous FULL, and one commit per
//! batch of 256 that holds all three stages of the walk: what comes in is queued; what was queued
//! is deduplicated, becomes a case with its event, and is queued for the department; what was
//! queued for the department is taken and noted.

use super::Run;
use rusqlite::{Connection, params};
use std::path::Path;

const BATCH: usize = 256;

/// Walks `count` bodies of about a kilobyte through the three stages.
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
    let run = Run::start();
    let (mut came, mut routed, mut noted) = (0, 0, 0);
    while noted < count {
        let tx = db.transaction()?;
        {
            let mut take = tx.prepare_cached("SELECT id, body FROM letter WHERE lane = ?1 ORDER BY id LIMIT 256")?;
            let mut remove = tx.prepare_cached("DELETE FROM letter WHERE id = ?1")?;
            let mut post = tx.prepare_cached("INSERT INTO letter VALUES (?1, ?2, ?3)")?;
            let mut seen = tx.prepare_cached("INSERT INTO inbox VALUES (?1) ON CONFLICT DO NOTHING")?;
            let mut case = tx.prepare_cached(
                "INSERT INTO cases VALUES (?1, 'routed', 1, ?2) ON CONFLICT (id) DO UPDATE SET version = version + 1",
            )?;
            let mut event = tx.prepare_cached("INSERT INTO event VALUES (?1, ?2, 0, ?3)")?;
            let mut taken = |lane: &str| -> rusqlite::Result<Vec<(String, String)>> {
                take.query_map([lane], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            };
            let for_department = taken("department")?;
            let for_router = taken("router")?;
            for (letter, _) in &for_department {
                remove.execute([letter])?;
                event.execute(params![id(noted, 3), letter, "noted"])?;
                noted += 1;
            }
            for (letter, body) in &for_router {
                remove.execute([letter])?;
                seen.execute([letter])?;
                case.execute([letter, body])?;
                event.execute(params![id(routed, 1), letter, "routed"])?;
                post.execute(params![id(routed, 2), "department", body])?;
                routed += 1;
            }
            for n in came..(came + BATCH).min(count) {
                post.execute(params![id(n, 0), "router", body])?;
            }
            came = (came + BATCH).min(count);
        }
        tx.commit()?;
    }
    Ok(run.end(count))
}
