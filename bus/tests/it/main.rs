//! The conformance suite that every carrier must pass, on every database, and what only RabbitMQ
//! can be asked.

mod cable;
mod edges;
mod effects;
mod ground;
mod handlers;
mod rabbit;
mod rights;
mod work;

/// Runs a test on every carrier and database that this machine has.
macro_rules! on_every_carrier {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn table_sqlite() {
                crate::ground::on(crate::ground::Kind { rabbit: false, postgres: false }, super::bodies::$name).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn table_postgres() {
                crate::ground::on(crate::ground::Kind { rabbit: false, postgres: true }, super::bodies::$name).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn rabbit_sqlite() {
                crate::ground::on(crate::ground::Kind { rabbit: true, postgres: false }, super::bodies::$name).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn rabbit_postgres() {
                crate::ground::on(crate::ground::Kind { rabbit: true, postgres: true }, super::bodies::$name).await;
            }
        }
    )*};
}
pub(crate) use on_every_carrier;
