//! What only RabbitMQ can be asked.

use crate::{
    ground::{Ground, Kind, lane, on, settings, until},
    handlers::{Door, Effect},
};
use futures_util::StreamExt as _;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, Consumer,
    message::Delivery,
    options::{BasicConsumeOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions},
    types::{AMQPValue, FieldTable},
};
use schemas::{
    cloudevent::CONTENT_TYPE,
    id::derived,
    letter::{Letter, Refused, Topic},
    trace::Trace,
    verdict::{Fault, Verdict},
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// The other side of the broker: an integration, a department.
struct Stranger {
    _connection: Connection,
    channel: Channel,
    prefix: String,
}

impl Stranger {
    async fn new(ground: &Ground) -> Self {
        let connection = Connection::connect(&ground.options.url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        Self { _connection: connection, channel, prefix: ground.options.prefix.clone() }
    }

    fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    async fn publish(&self, exchange: &str, key: &str, body: &[u8], properties: BasicProperties) {
        let exchange = self.name(exchange);
        let publishing = self.channel.basic_publish(
            exchange.as_str().into(),
            key.into(),
            BasicPublishOptions::default(),
            body,
            properties,
        );
        publishing.await.unwrap().await.unwrap();
    }

    async fn consume(&self, queue: &str, no_ack: bool) -> Consumer {
        let options = BasicConsumeOptions { no_ack, ..BasicConsumeOptions::default() };
        self.channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await.unwrap()
    }

    /// How many messages wait in a queue.
    async fn waiting(&self, queue: &str) -> u32 {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let name = self.name(queue);
        self.channel.queue_declare(name.as_str().into(), options, FieldTable::default()).await.unwrap().message_count()
    }
}

async fn next(consumer: &mut Consumer) -> Delivery {
    tokio::time::timeout(Duration::from_secs(20), consumer.next()).await.expect("a message").unwrap().unwrap()
}

fn properties() -> BasicProperties {
    BasicProperties::default().with_content_type(CONTENT_TYPE.into()).with_delivery_mode(2)
}

fn submitted(id: &str, data: &Value) -> Vec<u8> {
    event(id, "eu.voordeur.report.submitted", data)
}

fn event(id: &str, kind: &str, data: &Value) -> Vec<u8> {
    json!({ "specversion": "1.0", "id": id, "source": "/channels/app", "type": kind, "data": data })
        .to_string()
        .into_bytes()
}

fn header<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a AMQPValue> {
    delivery.properties.headers().as_ref()?.inner().get(name)
}

fn text(delivery: &Delivery, name: &str) -> String {
    match header(delivery, name) {
        Some(AMQPValue::LongString(text)) => text.to_string(),
        other => panic!("{name}: {other:?}"),
    }
}

async fn on_rabbit<F: Future<Output = ()>>(body: impl Fn(Arc<Ground>) -> F + Copy) {
    for postgres in [false, true] {
        on(Kind { rabbit: true, postgres }, body).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_department_finds_its_work_in_its_queue() {
    on_rabbit(|ground| async move {
        let stranger = Stranger::new(&ground).await;
        let mut letters: Vec<_> = ground.letters("queue.parks", 2);
        letters[1].subject = "report.urgent".to_owned();
        let letters: Vec<_> = letters.into_iter().map(|letter| letter.about(uuid::Uuid::from_u128(5))).collect();
        ground.post(&letters).await;
        for (letter, queue) in letters.iter().zip(["dept.parks", "dept.parks.urgent"]) {
            let mut consumer = stranger.consume(&stranger.name(queue), true).await;
            let delivery = next(&mut consumer).await;
            let properties = &delivery.properties;
            assert_eq!(properties.content_type().as_ref().unwrap().as_str(), CONTENT_TYPE);
            assert_eq!(properties.message_id().as_ref().unwrap().as_str(), letter.id.to_string());
            assert_eq!(*properties.delivery_mode(), Some(2));
            assert_eq!(text(&delivery, "traceparent"), letter.trace.to_string());
            assert_eq!(header(&delivery, "x-attempt"), Some(&AMQPValue::LongUInt(0)));
            let body: Value = serde_json::from_slice(&delivery.data).unwrap();
            assert_eq!((&body["id"], &body["type"]), (&json!(letter.id), &json!("eu.voordeur.report.received")));
            assert_eq!((&body["specversion"], &body["subject"]), (&json!("1.0"), &json!(letter.case_id)));
        }
        ground.drain().await;
        assert_eq!(ground.left().await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_gets_its_answer_and_garbage_is_told_why() {
    on_rabbit(|ground| async move {
        let seen = Arc::new(Mutex::new(Vec::<Letter>::new()));
        let handler = {
            let seen = seen.clone();
            Arc::new(Listen(Box::new(move |letter| {
                seen.lock().unwrap().push(letter.clone());
                match letter.body.get().contains("bad") {
                    true => Verdict::never(Fault::Refused, r#"{"title":"Not good","status":422}"#),
                    false => Verdict::receipt(r#"{"reference":"12345670"}"#),
                }
            })))
        };
        ground.effects("intake", handler, settings());
        let stranger = Stranger::new(&ground).await;
        let mut answers = stranger.consume("amq.rabbitmq.reply-to", true).await;
        let mut told = stranger.consume(&stranger.name("dead"), true).await;
        let asking =
            |id: &str| properties().with_reply_to("amq.rabbitmq.reply-to".into()).with_correlation_id(id.into());

        let trace = Trace::start();
        let mut headers = FieldTable::default();
        headers.insert("traceparent".into(), AMQPValue::LongString(trace.to_string().into()));
        stranger
            .publish(
                "intake",
                "report.app",
                &submitted("e1", &json!({ "words": "x" })),
                asking("c1").with_headers(headers),
            )
            .await;
        let answer = next(&mut answers).await;
        assert_eq!(answer.data, br#"{"reference":"12345670"}"#);
        assert_eq!(answer.properties.correlation_id().as_ref().unwrap().as_str(), "c1");
        {
            let seen = seen.lock().unwrap();
            assert_eq!((seen[0].id, seen[0].trace), (derived(&["submitted", "app", "e1"]), trace));
            assert_eq!((seen[0].topic, seen[0].subject.as_str()), (Topic::ReportSubmitted, "app"));
            assert_eq!(seen[0].body.get(), r#"{"words":"x"}"#);
        }
        // Understood and refused: the letter is dead, the asker and the dead queue know why.
        stranger.publish("intake", "report.app", &submitted("e2", &json!({ "words": "bad" })), asking("c2")).await;
        let answer: Value = serde_json::from_slice(&next(&mut answers).await.data).unwrap();
        assert_eq!(answer, json!({ "error": { "title": "Not good", "status": 422 } }));
        let delivery = next(&mut told).await;
        assert_eq!(
            (text(&delivery, "x-door").as_str(), text(&delivery, "x-why").contains("Not good")),
            ("intake", true)
        );

        // Garbage of every kind, in the middle of good ones, and the same twice.
        let big = vec![b'x'; 1024 * 1024 + 1];
        let garbage: Vec<(&str, Vec<u8>, BasicProperties)> = vec![
            ("report.app", b"\xff\xfe\x00".to_vec(), asking("g")),
            ("report.app", b"\xff\xfe\x00".to_vec(), asking("g")),
            ("report.app", submitted("e3", &json!({})), asking("g").with_content_type("text/plain".into())),
            ("report.app", event("e3", "org.example.other", &json!({})), asking("g")),
            ("somewhere.else", submitted("e3", &json!({})), asking("g")),
            ("report.app", big, asking("g")),
            ("report.app", Vec::new(), asking("g")),
        ];
        for (n, (key, body, asked)) in garbage.into_iter().enumerate() {
            stranger.publish("intake", key, &body, asked).await;
            stranger.publish("intake", "report.app", &submitted(&format!("good{n}"), &json!({})), properties()).await;
        }
        for _ in 0..7 {
            let answer: Value = serde_json::from_slice(&next(&mut answers).await.data).unwrap();
            assert_eq!(answer["error"]["status"], 422, "{answer}");
        }
        ground.drain().await;
        assert_eq!(seen.lock().unwrap().len(), 9);
        let dead = ground.dead().await;
        assert_eq!(dead.len(), 7, "one submission, six different kinds of garbage");
        let refused: Refused =
            dead.iter().find(|dead| dead.why.contains("content type")).unwrap().letter.read().unwrap();
        assert_eq!((refused.door.as_str(), refused.sender.as_str()), ("intake", "report.app"));
        for _ in 0..6 {
            let body: Value = serde_json::from_slice(&next(&mut told).await.data).unwrap();
            assert_eq!(body["type"], "eu.voordeur.letter.refused");
        }
        assert_eq!((ground.left().await, stranger.waiting("intake").await), (0, 0));
        // Replaying what cannot be read changes nothing.
        let ids: Vec<_> = dead.iter().map(|dead| dead.letter.id).collect();
        ground.store.replay_dead(&ids).await.unwrap();
        ground.drain().await;
        assert_eq!(ground.dead().await.len(), 7);
    })
    .await;
}

/// Effects that give a verdict for each letter, whatever its body.
struct Listen(Box<dyn Fn(&Letter) -> Verdict + Send + Sync>);

#[async_trait::async_trait]
impl bus::Effects for Listen {
    async fn apply(&self, _tx: &mut store::Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error> {
        Ok(letters.iter().map(|letter| (self.0)(letter)).collect())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_department_cannot_speak_for_another_and_nobody_for_us() {
    on_rabbit(|ground| async move {
        let seen = Arc::new(Mutex::new(Vec::<Letter>::new()));
        let listen = {
            let seen = seen.clone();
            Arc::new(Listen(Box::new(move |letter| {
                seen.lock().unwrap().push(letter.clone());
                Verdict::done()
            })))
        };
        ground.effects("updates", listen.clone(), settings());
        let stranger = Stranger::new(&ground).await;
        let update = |department: &str| {
            event("e", "eu.voordeur.department.update", &json!({ "id": "u1", "department": department }))
        };
        stranger.publish("updates", "parks.done", &update("parks"), properties()).await;
        stranger.publish("updates", "parks.done", &update("roads"), properties()).await;
        stranger.publish("updates", "done", &update("parks"), properties()).await;
        // An answer into one of our own queues is not given.
        let into = properties().with_reply_to(stranger.name("lane.router").as_str().into());
        stranger.publish("updates", "parks.done", b"garbage", into).await;
        ground.drain().await;
        {
            let seen = seen.lock().unwrap();
            assert_eq!(seen.len(), 1);
            assert_eq!(seen[0].id, derived(&["update", "parks", "u1"]));
        }
        assert_eq!((ground.dead().await.len(), stranger.waiting("lane.router").await), (3, 0));
        // Our own update (a web hook's) comes over the table and the same queue.
        let own = ground.letters("updates", 1);
        ground.post(&own).await;
        ground.drain().await;
        let seen = seen.lock().unwrap();
        assert_eq!((seen.len(), seen[1].id, seen[1].subject.as_str()), (2, own[0].id, "report"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_finds_no_queue_is_dead_and_can_be_replayed() {
    on_rabbit(|ground| async move {
        let letters = ground.letters("dept.nobody", 2);
        ground.post(&letters).await;
        until("both are dead", || async { ground.dead().await.len() == 2 }).await;
        assert!(ground.dead().await[0].why.contains("dept.nobody"), "{:?}", ground.dead().await);
        let stranger = Stranger::new(&ground).await;
        let queue = stranger.name("lane.dept.nobody");
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        stranger.channel.queue_declare(queue.as_str().into(), durable, FieldTable::default()).await.unwrap();
        let exchange = stranger.name("lanes");
        let binding = stranger.channel.queue_bind(
            queue.as_str().into(),
            exchange.as_str().into(),
            "dept.nobody".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        binding.await.unwrap();
        let door = Arc::new(Door::new(|_| Verdict::done()));
        ground.edge("dept.nobody", door.clone(), settings());
        ground.store.replay_dead(&letters.iter().map(|letter| letter.id).collect::<Vec<_>>()).await.unwrap();
        ground.drain().await;
        let mut delivered = door.delivered();
        delivered.sort_unstable();
        assert_eq!((delivered, ground.left().await), (vec![1, 2], 0));
        stranger.channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_wait_in_the_table_while_the_broker_is_away() {
    for postgres in [false, true] {
        let Some(url) = crate::ground::server("VOORDEUR_TEST_AMQP") else { return };
        let cable = crate::cable::Cable::to(&url).await;
        let (through, cable) = (cable.url(&url), Arc::new(cable));
        crate::ground::on_through(Kind { rabbit: true, postgres }, Some(through), |ground| {
            let cable = cable.clone();
            async move {
                let handler = Arc::new(Effect::done());
                ground.effects("router", handler.clone(), settings());
                ground.post(&ground.letters("router", 100)).await;
                ground.drain().await;
                // A second publication is allowed: readers dedupe.
                let handled = || handler.asked().into_iter().collect::<std::collections::HashSet<_>>().len();
                for round in 1..=3 {
                    cable.cut();
                    until("the bus says so", || async { !ground.bus.health().ok }).await;
                    ground.post(&ground.letters("router", 200)).await;
                    assert_eq!(handled(), 100 + 200 * (round - 1));
                    cable.mend();
                    until("the bus is well", || async { ground.bus.health().ok }).await;
                    // The grace of what was posted in between is over.
                    ground.hands.forward(Duration::from_secs(11));
                    until("all are handled", || async { handled() == 100 + 200 * round }).await;
                }
                ground.drain().await;
                assert_eq!((ground.left().await, ground.dead().await.len()), (0, 0));
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_subscribes_again_when_its_queue_went_and_came_back() {
    on_rabbit(|ground| async move {
        let handler = Arc::new(Effect::done());
        ground.effects("router", handler.clone(), settings());
        ground.post(&ground.letters("router", 1)).await;
        ground.drain().await;
        let stranger = Stranger::new(&ground).await;
        let queue = stranger.name("lane.router");
        stranger.channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
        until("the loop is in trouble", || async { !ground.bus.health().ok }).await;
        crate::ground::topology(&ground.options.prefix).declare(&ground.options).await.unwrap();
        ground.post(&ground.letters("router", 1)).await;
        until("the next is handled", || async { handler.asked() == [1, 2] }).await;
        ground.drain().await;
        assert!(ground.bus.health().ok);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_broker_hands_out_again_and_again_is_set_aside() {
    on_rabbit(|ground| async move {
        let door = Arc::new(Door::shut(|_| Verdict::done()));
        let letters = ground.letters("dept.roads", 1);
        ground.post(&letters).await;
        ground.drain().await;
        // A reader that ends with the message in hand, ten times.
        for _ in 0..10 {
            let stranger = Stranger::new(&ground).await;
            let queue = stranger.name("lane.dept.roads");
            next(&mut stranger.consume(&queue, false).await).await;
        }
        ground.left().await;
        ground.edge("dept.roads", door.clone(), settings());
        until("it is in the table", || async { ground.left().await == 1 }).await;
        assert_eq!(door.delivered().len(), 0);
        door.gate.add_permits(1000);
        ground.later(Duration::from_secs(2)).await;
        until("it is delivered", || async { door.delivered() == [1] }).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_a_lane() {
    on(Kind { rabbit: true, postgres: true }, |ground| async move {
        // A second bus on the same store: another process on the same database and broker.
        let other = bus::Bus::rabbit(ground.store.clone(), ground.options.clone(), Vec::new());
        let doors = [Arc::new(Effect::done()), Arc::new(Effect::done())];
        ground.effects("router", doors[0].clone(), settings());
        tokio::spawn({
            let (other, handler, stop) = (other.clone(), doors[1].clone(), ground.stop.clone());
            async move { other.run_effects(lane("router"), handler, settings(), stop).await }
        });
        tokio::spawn({
            let (other, stop) = (other.clone(), ground.stop.clone());
            async move { other.run_relay(stop).await }
        });
        for letters in ground.letters("router", 4000).chunks(100) {
            ground.post(letters).await;
        }
        ground.drain().await;
        other.drain(crate::ground::PATIENCE).await.unwrap();
        let [one, two] = [doors[0].asked(), doors[1].asked()];
        assert!(!one.is_empty() && !two.is_empty());
        let mut all = [one, two].concat();
        all.sort_unstable();
        assert_eq!(all, (1..=4000).collect::<Vec<_>>());
        assert_eq!(ground.left().await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_named() {
    on(Kind { rabbit: true, postgres: false }, |ground| async move {
        let mut topology = crate::ground::topology(&ground.options.prefix);
        assert_eq!(topology.missing(&ground.options).await.unwrap(), Vec::<String>::new());
        topology.push_departments.push("new".parse().unwrap());
        assert_eq!(
            topology.missing(&ground.options).await.unwrap(),
            [format!("{}.lane.dept.new", ground.options.prefix)]
        );
        // Declaring twice changes nothing.
        topology.push_departments.pop();
        topology.declare(&ground.options).await.unwrap();
        let wrong = bus::RabbitOptions { url: "amqp://guest:wrong@127.0.0.1:1/%2f".into(), ..ground.options.clone() };
        let error = topology.missing(&wrong).await.unwrap_err().to_string();
        assert!(!error.contains("wrong@"), "no password in an error: {error}");
    })
    .await;
}
