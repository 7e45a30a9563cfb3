//! What only RabbitMQ can be asked.
