//! The database itself: opening, migrating, statements, and what happens when it goes away.

use crate::{Bed, both, on_postgres, on_sqlite, report};
use sqlx::{Connection as _, Executor as _, Row as _, SqlSafeStr as _};
use std::time::Duration;
use store::{DbKind, Error, Store};

both!(migrations_run_once, tables_of_another_program_are_refused, a_closed_store_says_so);

async fn migrations_run_once(bed: Bed) {
    let store = Store::open(&bed.url, bed.options()).await.unwrap();
    let other = bed.other(&store).await;
    let waiting = store.pending_migrations().await.unwrap();
    assert_eq!(waiting[..2], ["0001_foundation", "0002_departments"]);
    assert!(waiting.is_sorted(), "{waiting:?}");
    let error = store.check_schema().await.unwrap_err().to_string();
    assert!(error.contains("voordeur migrate"), "{error}");
    let (first, second) = tokio::join!(store.migrate(), other.migrate());
    assert_eq!(first.unwrap() + second.unwrap(), waiting.len());
    assert_eq!(store.migrate().await.unwrap(), 0);
    store.check_schema().await.unwrap();
    store.ping().await.unwrap();
}

async fn tables_of_another_program_are_refused(bed: Bed) {
    let store = bed.store().await;
    bed.tamper("INSERT INTO migration (name, digest, ran_at) VALUES ('9999_future', 'x', 0)").await;
    let error = store.check_schema().await.unwrap_err().to_string();
    assert!(error.contains("newer voordeur"), "{error}");
    assert!(store.migrate().await.is_err());
    bed.tamper("DELETE FROM migration WHERE name = '9999_future'; UPDATE migration SET digest = 'x'").await;
    let error = store.check_schema().await.unwrap_err().to_string();
    assert!(error.contains("was changed"), "{error}");
}

async fn a_closed_store_says_so(bed: Bed) {
    let store = bed.store().await;
    let new = report(&store, "a").await;
    store.close().await;
    assert!(store.ping().await.unwrap_err().is_transient());
    assert!(store.accept(new).await.unwrap_err().is_transient());
    // The file is free again.
    bed.store().await.ping().await.unwrap();
}

/// Tables that grow: only pages that count may read them whole.
const TABLES: [&str; 12] = [
    "report",
    "contact",
    "cases",
    "event",
    "dispatch",
    "inbox",
    "letter",
    "attempt",
    "notice",
    "letterbox",
    "photo",
    "place",
];

#[tokio::test]
async fn every_statement_is_prepared_on_sqlite_and_finds_its_rows_by_an_index() {
    on_sqlite(|bed| async move {
        let _store = bed.store().await;
        let path = bed.url.replace("sqlite:", "sqlite://");
        let mut db = sqlx::SqliteConnection::connect(&path).await.unwrap();
        for (name, sql) in store::statements(DbKind::Sqlite) {
            if let Err(error) = (&mut db).prepare(sqlx::AssertSqlSafe(sql).into_sql_str()).await {
                panic!("{name}: {error}\n{sql}");
            }
            if ["COUNTS", "LANES", "LIST", "LEDGER", "EXISTS_S"].contains(&name) {
                continue;
            }
            let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut db).await;
            for row in plan.unwrap() {
                let step: String = row.get(3);
                let scans =
                    step.strip_prefix("SCAN ").is_some_and(|what| TABLES.contains(&what.split(' ').next().unwrap()));
                assert!(!scans, "{name} reads a whole table: {step}\n{sql}");
            }
        }
    })
    .await;
}

/// The settings of the store's own connections: one plan for ever, made while tables are empty.
const EVERYWHERE: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
    SET enable_hashjoin = off; SET enable_mergejoin = off";
const BY_KEY: &str = "SET enable_bitmapscan = on; SET enable_indexscan = off; SET enable_indexonlyscan = off";
const IN_ORDER: &str = "SET enable_bitmapscan = off; SET enable_indexscan = on; SET enable_indexonlyscan = on";

#[tokio::test]
async fn every_statement_is_prepared_on_postgres_and_finds_its_rows_by_an_index() {
    on_postgres(|bed| async move {
        let _store = bed.store().await;
        let mut db = sqlx::PgConnection::connect(&bed.url).await.unwrap();
        db.execute(EVERYWHERE).await.unwrap();
        for (name, sql) in store::statements(DbKind::Postgres) {
            if let Err(error) = (&mut db).prepare(sqlx::AssertSqlSafe(sql).into_sql_str()).await {
                panic!("{name}: {error}\n{sql}");
            }
            if ["COUNTS", "LANES", "LIST", "LEDGER"].contains(&name) {
                continue;
            }
            let in_order = [
                "TAKE_P",
                "SWEEP_P",
                "RELEASE_P",
                "NAMES",
                "NEXT",
                "PAST",
                "PAST_COUNT",
                "FOLLOWING",
                "IN_STREET",
                "IN_BOX",
                "UNSEEN",
                "LAST_CHANGE",
            ]
            .contains(&name);
            db.execute(if in_order { IN_ORDER } else { BY_KEY }).await.unwrap();
            let arguments = (1..=13).filter(|n| sql.contains(&format!("${n}"))).map(|_| "NULL").collect::<Vec<_>>();
            let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
            let explain = format!("PREPARE asked AS {sql}; EXPLAIN EXECUTE asked{arguments}; DEALLOCATE asked");
            let plan: Vec<String> = sqlx::raw_sql(sqlx::AssertSqlSafe(explain))
                .fetch_all(&mut db)
                .await
                .unwrap()
                .iter()
                .map(|row| row.get(0))
                .collect();
            for (at, step) in plan.iter().enumerate() {
                let reads = step.contains("Scan") && TABLES.iter().any(|table| step.contains(&format!(" on {table} ")));
                let found = plan.get(at + 1).is_some_and(|by| by.contains("Cond:"));
                assert!(!reads || found, "{name} reads a whole table:\n{}\n{sql}", plan.join("\n"));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_has_one_process() {
    on_sqlite(|bed| async move {
        let store = bed.store().await;
        let error = Store::open(&bed.url, bed.options()).await.unwrap_err();
        assert!(matches!(error, Error::InUse(_)), "{error}");
        assert!(error.to_string().starts_with("another voordeur already uses"), "{error}");
        drop(store);
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_none_is_explained() {
    let bed = Bed::new(String::new());
    for url in ["", "mysql://x", "sqlite:", "sqlite::memory:", "postgres://user:pass@:bad"] {
        let error = Store::open(url, bed.options()).await.unwrap_err();
        assert!(matches!(error, Error::Url(_)), "{url}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_are_replaced() {
    on_postgres(|bed| async move {
        let store = bed.store().await;
        let new = report(&store, "a").await;
        bed.tamper("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'voordeur' AND datname = current_database()").await;
        let until = tokio::time::Instant::now() + Duration::from_secs(10);
        loop {
            match store.accept(new.clone()).await {
                Ok(_) => break,
                Err(error) => assert!(error.is_transient() && tokio::time::Instant::now() < until, "{error}"),
            }
        }
    })
    .await;
}
