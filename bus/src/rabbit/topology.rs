//! Exchanges, queues, bindings, policies and users: made once, at deploy, from what the city has.
//! Services only look whether they are there.
//!
//! One topology for RabbitMQ 3.10 to 4.x: durable quorum queues; the only argument is the queue
//! type, everything that may change later is a policy; no priorities (urgent work has a queue of
//! its own), no expiration per message, no delays in the broker.

use super::{
    Names, RabbitOptions,
    connection::{Link, passive, within},
};
use lapin::{
    ExchangeKind,
    options::{
        ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
};
use schemas::{
    city::{City, Delivery},
    letter::Lane,
    slug::{Channel, DepartmentId},
};
use serde_json::{Value, json};

/// What the queues are made for.
#[derive(Debug, Clone)]
pub struct Topology {
    /// What every name begins with; the same as [`RabbitOptions::prefix`].
    pub prefix: String,
    /// The virtual host, as it is called in definitions: `/`.
    pub vhost: String,
    /// Departments that fetch their work from their own queue.
    pub queue_departments: Vec<DepartmentId>,
    /// Departments that an adapter delivers to.
    pub push_departments: Vec<DepartmentId>,
    /// The senders of notices: `mail`, `letterbox`, …
    pub senders: Vec<String>,
    /// Channel integrations that submit reports over RabbitMQ.
    pub channels: Vec<Channel>,
    /// Channel integrations that are told what becomes of their reports.
    pub told: Vec<Channel>,
}

impl Topology {
    /// What `city` needs, under `prefix` on the virtual host `/`. Channel integrations are added as
    /// they are agreed with: [`Topology::channels`].
    pub fn of(city: &City, prefix: &str) -> Self {
        let (queue, push): (Vec<_>, Vec<_>) =
            city.departments.iter().partition(|department| department.delivery == Delivery::Queue);
        let ids =
            |departments: Vec<&schemas::city::Department>| departments.into_iter().map(|one| one.id.clone()).collect();
        Self {
            prefix: prefix.to_owned(),
            queue_departments: ids(queue),
            push_departments: ids(push),
            ..Self::default()
        }
    }
}

/// [`Topology::definitions`] of a city.
pub fn definitions(city: &City, prefix: &str) -> Value {
    Topology::of(city, prefix).definitions()
}

/// [`Topology::users`] of a city.
pub fn users(city: &City, prefix: &str) -> Vec<String> {
    Topology::of(city, prefix).users()
}

/// [`Topology::declare`] of a city.
///
/// # Errors
/// See there.
pub async fn declare(options: &RabbitOptions, city: &City) -> Result<usize, BrokerError> {
    Topology::of(city, &options.prefix).declare(options).await
}

impl Default for Topology {
    fn default() -> Self {
        Self {
            prefix: "voordeur".to_owned(),
            vhost: "/".to_owned(),
            queue_departments: Vec::new(),
            push_departments: Vec::new(),
            senders: ["desk", "letterbox", "letters", "mail", "push", "sms"].map(str::to_owned).into(),
            channels: Vec::new(),
            told: Vec::new(),
        }
    }
}

/// The broker could not be reached, or would not do it.
#[derive(Debug, thiserror::Error)]
#[error("RabbitMQ: {0}")]
pub struct BrokerError(String);

impl From<lapin::Error> for BrokerError {
    fn from(error: lapin::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<String> for BrokerError {
    fn from(why: String) -> Self {
        Self(why)
    }
}

/// Everything, by name.
struct Plan {
    /// Name, type, and where messages go that find no queue.
    exchanges: Vec<(String, &'static str, Option<String>)>,
    queues: Vec<String>,
    /// Exchange, queue, routing key.
    bindings: Vec<(String, String, String)>,
}

fn plan(city: &Topology) -> Plan {
    let names = Names::new(&city.prefix);
    let (dead, unrouted) = (names.of("dead"), names.of("unrouted"));
    let mut exchanges = vec![(dead.clone(), "fanout", None), (unrouted.clone(), "fanout", None)];
    for (name, kind) in
        [("lanes", "direct"), ("intake", "topic"), ("departments", "topic"), ("updates", "topic"), ("events", "topic")]
    {
        // An event that nobody subscribes to is no fault: the broker drops it, the case keeps it.
        let alternate = (name != "events").then(|| unrouted.clone());
        exchanges.push((names.of(name), kind, alternate));
    }
    let mut queues = vec![dead.clone(), unrouted.clone()];
    let mut bindings = vec![(dead.clone(), dead, String::new()), (unrouted.clone(), unrouted, String::new())];
    // The doors take every key: a wrong one is refused with its reason, not lost from sight. Our own
    // letters to these lanes (retries, web hooks) come over the exchange that only we may use.
    for door in ["intake", "updates"] {
        queues.push(names.of(door));
        bindings.push((names.of(door), names.of(door), "#".to_owned()));
        bindings.push((names.of("lanes"), names.of(door), door.to_owned()));
    }
    let mut lanes = vec![Lane::router(), Lane::notifier()];
    lanes.extend(city.push_departments.iter().map(Lane::department));
    lanes.extend(city.senders.iter().map(|name| Lane::sender(name)));
    // Of the senders, these alone have gateways that answer questions.
    lanes.extend(city.senders.iter().filter(|name| *name == "sms").map(|name| Lane::asking(name)));
    lanes.extend(city.told.iter().map(Lane::channel));
    for lane in lanes {
        if let Some(queue) = names.queue(&lane) {
            bindings.push((names.of("lanes"), queue.clone(), lane.to_string()));
            queues.push(queue);
        }
    }
    for id in &city.queue_departments {
        let (queue, urgent) = (names.of(&format!("dept.{id}")), names.of(&format!("dept.{id}.urgent")));
        bindings.push((names.of("departments"), queue.clone(), format!("{id}.*")));
        bindings.push((names.of("departments"), urgent.clone(), format!("{id}.*.urgent")));
        queues.extend([queue, urgent]);
    }
    Plan { exchanges, queues, bindings }
}

impl Topology {
    /// The definitions, for `rabbitmqctl import_definitions`: importing them twice changes nothing.
    pub fn definitions(&self) -> Value {
        let vhost = &self.vhost;
        let Plan { exchanges, queues, bindings } = plan(self);
        let prefix = self.prefix.replace('.', "\\.");
        let exchanges: Vec<_> = exchanges
            .into_iter()
            .map(|(name, kind, alternate)| {
                let arguments = alternate.map_or(json!({}), |to| json!({ "alternate-exchange": to }));
                json!({ "vhost": vhost, "name": name, "type": kind, "durable": true, "auto_delete": false,
                    "internal": false, "arguments": arguments })
            })
            .collect();
        let queues: Vec<_> = queues
            .into_iter()
            .map(|name| {
                json!({ "vhost": vhost, "name": name, "durable": true, "auto_delete": false,
                    "arguments": { "x-queue-type": "quorum" } })
            })
            .collect();
        let bindings: Vec<_> = bindings
            .into_iter()
            .map(|(exchange, queue, key)| {
                json!({ "vhost": vhost, "source": exchange, "destination": queue, "destination_type": "queue",
                    "routing_key": key, "arguments": {} })
            })
            .collect();
        let policy = |name: &str, pattern: String, definition: Value| {
            json!({ "vhost": vhost, "name": format!("{}-{name}", self.prefix), "pattern": pattern, "apply-to": "queues",
                "priority": 1, "definition": definition })
        };
        let policies = [
            // A full queue refuses: the letter stays in the database and is published later. A message
            // that ends its reader 20 times goes to `dead` (our own readers bury it before that).
            policy(
                "work",
                format!("^{prefix}\\.(intake|updates|lane\\..+|dept\\..+)$"),
                json!({ "delivery-limit": 20, "dead-letter-exchange": Names::new(&self.prefix).of("dead"),
                    "dead-letter-strategy": "at-least-once", "overflow": "reject-publish", "max-length": 1_000_000 }),
            ),
            policy(
                "rest",
                format!("^{prefix}\\.(dead|unrouted)$"),
                json!({ "overflow": "reject-publish", "max-length": 1_000_000 }),
            ),
        ];
        json!({
            "vhosts": [{ "name": vhost }],
            "exchanges": exchanges,
            "queues": queues,
            "bindings": bindings,
            "policies": policies,
        })
    }

    /// The commands that make one user for the services, one per department with a queue, and one per
    /// channel integration, each with no more rights than it needs. `add_user` reads the password from
    /// standard input.
    pub fn users(&self) -> Vec<String> {
        let (name, prefix) = (&self.prefix, self.prefix.replace('.', "\\."));
        let vhost = quoted(&self.vhost);
        let mut commands = Vec::new();
        let mut user = |user: String, configure: &str, write: String, read: String, topics: &[(&str, String)]| {
            commands.push(format!("rabbitmqctl add_user {}", quoted(&user)));
            commands.push(format!(
                "rabbitmqctl set_permissions -p {vhost} {} {} {} {}",
                quoted(&user),
                quoted(configure),
                quoted(&write),
                quoted(&read)
            ));
            for (exchange, keys) in topics {
                commands.push(format!(
                    "rabbitmqctl set_topic_permissions -p {vhost} {} {} {} '^$'",
                    quoted(&user),
                    quoted(&format!("{name}.{exchange}")),
                    quoted(keys)
                ));
            }
        };
        user(
            format!("{name}-service"),
            "^$",
            // Answers go over the default exchange.
            format!("^({prefix}\\.(lanes|departments|events|dead)|amq\\.default)$"),
            format!("^{prefix}\\.(lane\\..+|intake|updates|unrouted)$"),
            &[],
        );
        for id in &self.queue_departments {
            user(
                format!("{name}-dept-{id}"),
                "^$",
                format!("^{prefix}\\.updates$"),
                format!("^{prefix}\\.dept\\.{id}(\\.urgent)?$"),
                &[("updates", format!("^{id}\\."))],
            );
        }
        for id in &self.channels {
            user(
                format!("{name}-channel-{id}"),
                "^$",
                format!("^{prefix}\\.intake$"),
                // Answers come by direct reply-to, which needs no right.
                "^$".to_owned(),
                &[("intake", format!("^report\\.{id}$"))],
            );
        }
        commands
    }

    /// Makes everything but the policies, which AMQP cannot make: for development, tests and the demo.
    /// Doing it twice changes nothing. Gives the number of queues.
    ///
    /// # Errors
    /// When the broker cannot be reached, or when something of the same name exists and is different.
    pub async fn declare(&self, options: &RabbitOptions) -> Result<usize, BrokerError> {
        let link = Link::open(options, "topology").await?;
        let channel = link.channel().await?;
        let patience = options.patience;
        let Plan { exchanges, queues, bindings } = plan(self);
        for (name, kind, alternate) in exchanges {
            let mut arguments = FieldTable::default();
            if let Some(to) = alternate {
                arguments.insert("alternate-exchange".into(), AMQPValue::LongString(to.into()));
            }
            let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
            let declaring = channel.exchange_declare(
                name.as_str().into(),
                ExchangeKind::Custom(kind.to_owned()),
                durable,
                arguments,
            );
            within(patience, "declaring an exchange", declaring).await?;
        }
        let made = queues.len();
        for name in queues {
            let mut arguments = FieldTable::default();
            arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
            let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            within(patience, "declaring a queue", channel.queue_declare(name.as_str().into(), durable, arguments))
                .await?;
        }
        for (exchange, queue, key) in bindings {
            let binding = channel.queue_bind(
                queue.as_str().into(),
                exchange.as_str().into(),
                key.as_str().into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            );
            within(patience, "binding a queue", binding).await?;
        }
        link.close().await;
        Ok(made)
    }

    /// Deletes everything that [`declare`] makes, with what is in it: for tests.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn remove(&self, options: &RabbitOptions) -> Result<(), BrokerError> {
        let link = Link::open(options, "topology").await?;
        let channel = link.channel().await?;
        let Plan { exchanges, queues, .. } = plan(self);
        for name in queues {
            let deleting = channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default());
            within(options.patience, "deleting a queue", deleting).await?;
        }
        for (name, ..) in exchanges {
            let deleting = channel.exchange_delete(name.as_str().into(), ExchangeDeleteOptions::default());
            within(options.patience, "deleting an exchange", deleting).await?;
        }
        link.close().await;
        Ok(())
    }

    /// The queues that are missing. Asks, changes nothing.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn missing(&self, options: &RabbitOptions) -> Result<Vec<String>, BrokerError> {
        let link = Link::open(options, "check").await?;
        let mut missing = Vec::new();
        for name in plan(self).queues {
            // A queue that is not there closes the channel.
            let channel = link.channel().await?;
            if passive(&channel, &name, options.patience).await.is_err() {
                missing.push(name);
            }
        }
        link.close().await;
        Ok(missing)
    }
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::slug::Slug;

    fn city() -> Topology {
        let slug = |text| Slug::new(text).unwrap();
        Topology {
            queue_departments: vec![slug("parks")],
            push_departments: vec![slug("roads")],
            senders: vec!["mail".to_owned()],
            channels: vec![slug("app")],
            ..Topology::default()
        }
    }

    #[test]
    fn every_lane_and_department_has_a_queue_and_nothing_is_lost() {
        let definitions = city().definitions();
        let names = |what: &str| -> Vec<String> {
            definitions[what].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
        };
        for queue in [
            "intake",
            "updates",
            "dead",
            "unrouted",
            "lane.router",
            "lane.notifier",
            "lane.dept.roads",
            "lane.send.mail",
            "dept.parks",
            "dept.parks.urgent",
        ] {
            assert!(names("queues").contains(&format!("voordeur.{queue}")), "{queue}");
        }
        assert_eq!(names("queues").len(), 10);
        for exchange in definitions["exchanges"].as_array().unwrap() {
            let name = exchange["name"].as_str().unwrap();
            let last = ["voordeur.dead", "voordeur.unrouted", "voordeur.events"].contains(&name);
            assert_eq!(exchange["arguments"].get("alternate-exchange").is_none(), last, "{name}");
        }
        for queue in definitions["queues"].as_array().unwrap() {
            assert_eq!(queue["arguments"], json!({ "x-queue-type": "quorum" }));
        }
    }

    #[test]
    fn users_may_do_only_what_they_need() {
        let commands = city().users().join("\n");
        for line in [
            r"rabbitmqctl set_permissions -p '/' 'voordeur-dept-parks' '^$' '^voordeur\.updates$' '^voordeur\.dept\.parks(\.urgent)?$'",
            r"rabbitmqctl set_topic_permissions -p '/' 'voordeur-dept-parks' 'voordeur.updates' '^parks\.' '^$'",
            r"rabbitmqctl set_permissions -p '/' 'voordeur-channel-app' '^$' '^voordeur\.intake$' '^$'",
            r"rabbitmqctl set_topic_permissions -p '/' 'voordeur-channel-app' 'voordeur.intake' '^report\.app$' '^$'",
        ] {
            assert!(commands.contains(line), "{line}\nin\n{commands}");
        }
        assert!(!commands.contains("dept-roads"));
    }
}
