//! The users that `voordeur broker users` makes can do their work and nothing else. Needs a command
//! that administers the broker: `VOORDEUR_TEST_RABBITMQCTL=rabbitmqctl`.

use crate::{
    ground::{Ground, Kind, on, settings, topology},
    handlers::Effect,
};
use bus::{Bus, RabbitOptions};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::FieldTable,
};
use std::sync::Arc;
use tokio::process::Command;

const PASSWORD: &str = "only-in-this-test";

async fn run(line: &str) {
    let line = format!("echo {PASSWORD} | {line}");
    let output = Command::new("sh").args(["-c", &line]).output().await.unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The address of the broker, as `user`.
fn as_user(url: &str, user: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    format!("{scheme}://{user}:{PASSWORD}@{rest}")
}

struct User {
    connection: Connection,
}

impl User {
    async fn new(ground: &Ground, role: &str) -> Self {
        let url = as_user(&ground.options.url, &format!("{}-{role}", ground.options.prefix));
        Self { connection: Connection::connect(&url, ConnectionProperties::default()).await.unwrap() }
    }

    /// A channel of its own, because a refusal closes it.
    async fn channel(&self) -> Channel {
        let channel = self.connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        channel
    }

    async fn may_publish(&self, exchange: &str, key: &str) -> bool {
        let channel = self.channel().await;
        let publishing = channel.basic_publish(
            exchange.into(),
            key.into(),
            BasicPublishOptions::default(),
            b"{}",
            BasicProperties::default(),
        );
        match publishing.await {
            Ok(confirm) => confirm.await.is_ok(),
            Err(_) => false,
        }
    }

    async fn may_consume(&self, queue: &str) -> bool {
        let channel = self.channel().await;
        let options = BasicConsumeOptions::default();
        channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await.is_ok()
    }

    async fn may_declare(&self, queue: &str) -> bool {
        let channel = self.channel().await;
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(queue.into(), options, FieldTable::default()).await.is_ok()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_do_their_work_and_nothing_else() {
    let Ok(rabbitmqctl) = std::env::var("VOORDEUR_TEST_RABBITMQCTL") else {
        assert!(std::env::var_os("VOORDEUR_TEST_ALL").is_none(), "VOORDEUR_TEST_RABBITMQCTL is not set");
        return;
    };
    on(Kind { rabbit: true, postgres: false }, |ground| {
        let rabbitmqctl = rabbitmqctl.clone();
        async move {
            let mut topology = topology(&ground.options.prefix);
            topology.channels.push("app".parse().unwrap());
            let commands: Vec<_> =
                topology.users().iter().map(|line| line.replacen("rabbitmqctl", &rabbitmqctl, 1)).collect();
            for line in &commands {
                run(line).await;
            }
            let p = |name: &str| format!("{}.{name}", ground.options.prefix);

            let department = User::new(&ground, "dept-parks").await;
            assert!(department.may_publish(&p("updates"), "parks.done").await);
            assert!(department.may_consume(&p("dept.parks")).await);
            assert!(department.may_consume(&p("dept.parks.urgent")).await);
            for (exchange, key) in
                [("updates", "roads.done"), ("lanes", "router"), ("intake", "report.app"), ("events", "x")]
            {
                assert!(!department.may_publish(&p(exchange), key).await, "{exchange} {key}");
            }
            assert!(!department.may_publish("", &p("lane.router")).await);
            for queue in ["lane.router", "intake", "updates", "dead"] {
                assert!(!department.may_consume(&p(queue)).await, "{queue}");
            }
            assert!(!department.may_declare(&p("dept.parks.mine")).await);

            let channel = User::new(&ground, "channel-app").await;
            assert!(channel.may_publish(&p("intake"), "report.app").await);
            for (exchange, key) in [("intake", "report.other"), ("updates", "parks.done"), ("lanes", "intake")] {
                assert!(!channel.may_publish(&p(exchange), key).await, "{exchange} {key}");
            }
            assert!(!channel.may_consume(&p("intake")).await && !channel.may_declare(&p("x")).await);

            // The services need no more than theirs: a second bus as their user does everything.
            let url = as_user(&ground.options.url, &format!("{}-service", ground.options.prefix));
            let options = RabbitOptions { url, ..ground.options.clone() };
            let bus = Bus::rabbit(ground.store.clone(), options, topology.queue_departments.clone());
            let handler = Arc::new(Effect::done());
            let (one, two) = (bus.clone(), bus.clone());
            let (stop, also) = (ground.stop.clone(), ground.stop.clone());
            tokio::spawn(async move { one.run_relay(stop).await });
            let effects = handler.clone();
            tokio::spawn(
                async move { two.run_effects(crate::ground::lane("router"), effects, settings(), also).await },
            );
            let mut letters = ground.letters("router", 10);
            letters.extend(ground.letters("events", 1));
            letters.extend(ground.letters("dead", 1));
            letters.extend(ground.letters("queue.parks", 1));
            letters.extend(ground.letters("dept.nobody", 1));
            ground.post(&letters).await;
            crate::ground::until("all are handled", || async { handler.asked().len() == 10 }).await;
            crate::ground::until("the unroutable is dead", || async { !ground.dead().await.is_empty() }).await;
            bus.drain(crate::ground::PATIENCE).await.unwrap();
            assert!(bus.health().ok && ground.left().await == 0, "{:?}", bus.health());

            for line in commands.iter().filter(|line| line.contains("add_user")) {
                run(&line.replace("add_user", "delete_user")).await;
            }
        }
    })
    .await;
}
