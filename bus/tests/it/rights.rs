//! The users that `voordeur broker users` makes can do their work and nothing else. Needs a command
//! that administers the broker: `VOORDEUR_TEST_RABBITMQCTL=rabbitmqctl`.

use crate::{
    ground::{Ground, Kind, on, settings, topology},
    handlers::Effect,
};
use bus::{Bus, RabbitOptions};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind,
    options::{
        BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
        QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions, QueuePurgeOptions,
    },
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

    async fn may_get(&self, queue: &str) -> bool {
        self.channel().await.basic_get(queue.into(), BasicGetOptions::default()).await.is_ok()
    }

    async fn may_purge(&self, queue: &str) -> bool {
        self.channel().await.queue_purge(queue.into(), QueuePurgeOptions::default()).await.is_ok()
    }

    async fn may_delete(&self, queue: &str) -> bool {
        self.channel().await.queue_delete(queue.into(), QueueDeleteOptions::default()).await.is_ok()
    }

    async fn may_bind(&self, queue: &str, exchange: &str) -> bool {
        let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
        self.channel().await.queue_bind(queue.into(), exchange.into(), "#".into(), options, arguments).await.is_ok()
    }

    async fn may_make_exchange(&self, exchange: &str) -> bool {
        let (options, arguments) = (ExchangeDeclareOptions::default(), FieldTable::default());
        self.channel().await.exchange_declare(exchange.into(), ExchangeKind::Topic, options, arguments).await.is_ok()
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
            topology.queue_departments.push("rivers".parse().unwrap());
            topology.declare(&ground.options).await.unwrap();
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
            assert!(!department.may_make_exchange(&p("mine")).await);

            // The two halves: one department neither reads another's queue nor publishes as another,
            // whichever way it is asked, the urgent queue included.
            let rivers = User::new(&ground, "dept-rivers").await;
            assert!(rivers.may_consume(&p("dept.rivers.urgent")).await);
            assert!(rivers.may_publish(&p("updates"), "rivers.accept").await);
            for key in ["parks.accept", "parks", "#", "*.accept", "riversx.accept", "x.rivers.accept"] {
                assert!(!rivers.may_publish(&p("updates"), key).await, "{key}");
            }
            for key in ["parks.report", "rivers.report"] {
                assert!(!rivers.may_publish(&p("departments"), key).await, "nobody hands out work but us: {key}");
            }
            for queue in ["dept.parks", "dept.parks.urgent"] {
                let queue = p(queue);
                assert!(!rivers.may_consume(&queue).await && !rivers.may_get(&queue).await, "{queue}");
                assert!(!rivers.may_purge(&queue).await && !rivers.may_delete(&queue).await, "{queue}");
                assert!(!rivers.may_publish("", &queue).await && !rivers.may_declare(&queue).await, "{queue}");
            }
            for exchange in ["departments", "updates", "events", "intake", "lanes"] {
                for queue in ["dept.rivers", "dept.parks"] {
                    assert!(!rivers.may_bind(&p(queue), &p(exchange)).await, "{queue} to {exchange}");
                }
            }
            assert!(!rivers.may_delete(&p("dept.rivers")).await, "its own queue is ours to delete");
            urgent_work_has_its_own_queue(&ground).await;

            let channel = User::new(&ground, "channel-app").await;
            assert!(channel.may_publish(&p("intake"), "report.app").await);
            for (exchange, key) in [("intake", "report.other"), ("updates", "parks.done"), ("lanes", "intake")] {
                assert!(!channel.may_publish(&p(exchange), key).await, "{exchange} {key}");
            }
            assert!(!channel.may_consume(&p("intake")).await && !channel.may_declare(&p("x")).await);
            for queue in ["intake", "updates", "dept.parks", "dept.parks.urgent", "lane.router"] {
                let queue = p(queue);
                assert!(!channel.may_get(&queue).await && !channel.may_purge(&queue).await, "{queue}");
                assert!(!channel.may_delete(&queue).await && !channel.may_bind(&queue, &p("intake")).await, "{queue}");
            }

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

            topology.remove(&ground.options).await.unwrap();
            for line in commands.iter().filter(|line| line.contains("add_user")) {
                run(&line.replace("add_user", "delete_user")).await;
            }
        }
    })
    .await;
}

/// Emergencies lie in a queue of their own; a department reads both as its own user.
async fn urgent_work_has_its_own_queue(ground: &Ground) {
    let rivers = "rivers".parse().unwrap();
    let options = RabbitOptions {
        url: as_user(&ground.options.url, &format!("{}-dept-rivers", ground.options.prefix)),
        ..ground.options.clone()
    };
    let mut letters = ground.letters("queue.rivers", 6);
    letters[5].subject = "report.urgent".to_owned();
    ground.post(&letters).await;
    crate::ground::until("all six wait at the broker", || async {
        bus::department::waiting(&ground.options, &rivers).await.is_ok_and(|waiting| waiting == 6)
    })
    .await;
    let mut line = bus::department::Line::open(&options, &rivers).await.unwrap();
    let mut urgent = 0;
    for _ in 0..6 {
        let work = line.next().await.unwrap();
        urgent += usize::from(work.urgent);
        work.keep().await.unwrap();
    }
    assert_eq!(urgent, 1);
    line.close().await;
    crate::ground::until("none is left", || async {
        bus::department::waiting(&ground.options, &rivers).await.is_ok_and(|waiting| waiting == 0)
    })
    .await;
}
