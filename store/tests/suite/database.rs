//! The database itself: opening, migrating, statements, and what happens when it goes away.

use crate::{Bed, both, on_postgres, on_sqlite, report};
use sqlx::{Connection as _, Executor as _, Row as _};
use std::time::Duration;
use store::{DbKind, Error, Store};

both!(migrations_run_once, tables_of_another_program_are_refused, a_closed_store_says_so);

async fn migrations_run_once(bed: Bed) {
    let store = Store::open(&bed.url, bed.options()).await.unwrap();
    let other = bed.other(&store).await;
    assert_eq!(store.pending_migrations().await.unwrap(), ["0001_foundation"]);
    let error = store.check_schema().await.unwrap_err().to_string();
    assert!(error.contains("voordeur migrate"), "{error}");
    let (first, second) = tokio::join!(store.migrate(), other.migrate());
    assert_eq!(first.unwrap() + second.unwrap(), 1);
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
            if ["COUNTS", "LANES", "SWEEP", "SWEEP_S", "LEDGER", "EXISTS_S"].contains(&name) {
                continue;
            }
            let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut db).await;
            for row in plan.unwrap() {
                let step: String = row.get(3);
                let scans = step.strip_prefix("SCAN ").is_some_and(|what| {
                    !what.starts_with("json_each")
                        && !what.contains("USING")
                        && !what.contains("VIRTUAL TABLE")
                        && what != "given"
                        && what != "claim"
                });
                assert!(!scans, "{name} reads a whole table: {step}\n{sql}");
            }
        }
    })
    .await;
}

use sqlx::SqlSafeStr as _;

#[tokio::test]
async fn every_statement_is_prepared_on_postgres() {
    on_postgres(|bed| async move {
        let _store = bed.store().await;
        let mut db = sqlx::PgConnection::connect(&bed.url).await.unwrap();
        for (name, sql) in store::statements(DbKind::Postgres) {
            if let Err(error) = (&mut db).prepare(sqlx::AssertSqlSafe(sql).into_sql_str()).await {
                panic!("{name}: {error}\n{sql}");
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
