//! The broker as a department sees it: its two queues to read, its own updates to publish, with the
//! rights of its own user and no more. For departments that are played or judged; the hub itself
//! never uses it.

use super::{
    Names, RabbitOptions,
    connection::{Link, Own, passive, within},
    topology::BrokerError,
};
use futures_util::StreamExt as _;
use lapin::{
    Acker, BasicProperties, Confirmation, Consumer,
    message::Delivery,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicPublishOptions, BasicQosOptions,
        ConfirmSelectOptions,
    },
    types::FieldTable,
};
use schemas::{
    cloudevent::{self, Incoming},
    dispatch::{Dispatch, Update},
    letter::Topic,
    slug::DepartmentId,
};
use serde_json::json;

/// How many pieces of work are in hand at once.
const IN_HAND: u16 = 16;

/// A department's connection to the broker.
pub struct Line {
    link: Link,
    /// Held so that it closes with the line.
    _reading: Own,
    writing: Own,
    urgent: Consumer,
    calm: Consumer,
    names: Names,
    department: DepartmentId,
    options: RabbitOptions,
}

/// A piece of work, received and not yet acknowledged.
#[derive(Debug)]
pub struct Work {
    /// What it says, or why it cannot be read.
    pub dispatch: Result<Dispatch, String>,
    /// It came by the queue for what is urgent.
    pub urgent: bool,
    /// It had been received before, and not acknowledged.
    pub redelivered: bool,
    acker: Acker,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line(of {})", self.department)
    }
}

impl Line {
    /// Connects and consumes both queues of `department`.
    ///
    /// # Errors
    /// When the broker cannot be reached, the user has no right, or the queues are not there.
    pub async fn open(options: &RabbitOptions, department: &DepartmentId) -> Result<Self, BrokerError> {
        let names = Names::new(&options.prefix);
        let patience = options.patience;
        let link = Link::open(options, "department").await?;
        let reading = link.channel().await?;
        within(patience, "setting the prefetch", reading.basic_qos(IN_HAND, BasicQosOptions::default())).await?;
        let consume = async |queue: String| {
            let options = BasicConsumeOptions::default();
            let consuming = reading.basic_consume(queue.as_str().into(), "".into(), options, FieldTable::default());
            within(patience, "consuming", consuming).await
        };
        let urgent = consume(names.of(&format!("dept.{department}.urgent"))).await?;
        let calm = consume(names.of(&format!("dept.{department}"))).await?;
        let writing = link.channel().await?;
        within(patience, "asking for confirms", writing.confirm_select(ConfirmSelectOptions::default())).await?;
        let (department, options) = (department.clone(), options.clone());
        Ok(Self { link, _reading: reading, writing, urgent, calm, names, department, options })
    }

    /// The next piece of work, urgent work first. `None`: the connection is gone, open another.
    pub async fn next(&mut self) -> Option<Work> {
        let (urgent, delivery) = tokio::select! {
            biased;
            delivery = self.urgent.next() => (true, delivery),
            delivery = self.calm.next() => (false, delivery),
        };
        let delivery = delivery?.ok()?;
        let dispatch = read(&delivery);
        Some(Work { dispatch, urgent, redelivered: delivery.redelivered, acker: delivery.acker })
    }

    /// Publishes `update` and waits until the broker has it.
    ///
    /// # Errors
    /// When the broker does not take it: the user may not publish under this key, or is gone.
    pub async fn say(&self, update: &Update) -> Result<(), BrokerError> {
        let event = json!({
            "specversion": "1.0", "id": update.id, "source": format!("/departments/{}", self.department),
            "type": format!("{}{}", cloudevent::TYPE_PREFIX, Topic::DepartmentUpdate.as_str()), "time": update.at,
            "datacontenttype": "application/json", "data": update,
        });
        let properties = BasicProperties::default()
            .with_content_type(cloudevent::CONTENT_TYPE.into())
            .with_message_id(update.id.as_str().into())
            .with_delivery_mode(2);
        let (exchange, key) = (self.names.of("updates"), format!("{}.{}", self.department, update.say.word()));
        let body = event.to_string();
        let publishing = async {
            self.writing
                .basic_publish(
                    exchange.as_str().into(),
                    key.as_str().into(),
                    BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() },
                    body.as_bytes(),
                    properties,
                )
                .await?
                .await
        };
        match within(self.options.patience, "publishing", publishing).await? {
            Confirmation::Ack(None) => Ok(()),
            _ => Err(BrokerError::from("the broker gave the update back: it found no queue for it".to_owned())),
        }
    }

    /// Says goodbye. What was not acknowledged comes again, to whoever reads next.
    pub async fn close(self) {
        self.link.close().await;
    }
}

impl Work {
    /// It is kept: the broker forgets it.
    ///
    /// # Errors
    /// When the connection is gone; the work comes again.
    pub async fn keep(self) -> Result<(), BrokerError> {
        self.acker.ack(BasicAckOptions::default()).await?;
        Ok(())
    }

    /// It is not kept: it comes again.
    ///
    /// # Errors
    /// When the connection is gone; it comes again all the same.
    pub async fn give_back(self) -> Result<(), BrokerError> {
        self.acker.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await?;
        Ok(())
    }
}

fn read(delivery: &Delivery) -> Result<Dispatch, String> {
    let event = Incoming::read(&delivery.data).map_err(|error| error.to_string())?;
    let data = event.data.map_or("null", |data| data.get());
    serde_json::from_str(data).map_err(|error| format!("data: {error}"))
}

/// How many messages wait in the queues of `department`, the urgent one included.
///
/// # Errors
/// When the broker cannot be reached or a queue is not there.
pub async fn waiting(options: &RabbitOptions, department: &DepartmentId) -> Result<u32, BrokerError> {
    let names = Names::new(&options.prefix);
    let link = Link::open(options, "department").await?;
    let mut count = 0;
    for queue in [format!("dept.{department}"), format!("dept.{department}.urgent")] {
        // A queue that is not there closes the channel.
        let channel = link.channel().await?;
        count += passive(&channel, &names.of(&queue), options.patience).await?;
    }
    link.close().await;
    Ok(count)
}
