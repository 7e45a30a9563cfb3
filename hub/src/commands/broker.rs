//! `voordeur broker`: everything RabbitMQ must know before the hub starts.

use super::check;
use crate::{
    city,
    cli::BrokerCommand,
    config::{Broker, Config},
    failure::{Advise as _, Failure},
    hub::rabbit_options,
    output::{count, say},
};
use bus::topology::Topology;

/// Does what the command says.
pub async fn run(command: BrokerCommand, config: &Config) -> anyhow::Result<()> {
    match command {
        BrokerCommand::Definitions { apply, city } => {
            let town = city::read(check::folder(city, config).as_deref())?.good()?;
            let prefix = config.broker.as_ref().map_or("voordeur", |broker| broker.prefix.as_str());
            let told = config.channels.keys().cloned().collect();
            let topology = Topology { told, ..Topology::of(&town.city, prefix) };
            if apply {
                let options = rabbit_options(broker(config)?);
                let declared = topology.declare(&options).await.advise(
                    "the broker did not take the definitions",
                    "see that it runs, and that the account of [broker] url may configure",
                )?;
                say!("{} declared under `{prefix}`", count(declared as u64, "queue"));
                eprintln!(
                    "Policies (delivery limit, dead letters) come with `voordeur broker definitions | rabbitmqctl import_definitions`."
                );
            } else {
                say!("{:#}", topology.definitions());
            }
        }
        BrokerCommand::Users { channel, city } => {
            let town = city::read(check::folder(city, config).as_deref())?.good()?;
            let prefix = config.broker.as_ref().map_or("voordeur", |broker| broker.prefix.as_str());
            let topology = Topology { channels: channel, ..Topology::of(&town.city, prefix) };
            topology.users().iter().for_each(|line| say!("{line}"));
        }
    }
    Ok(())
}

fn broker(config: &Config) -> anyhow::Result<&Broker> {
    config.broker.as_ref().ok_or_else(|| {
        Failure::usage(
            "there is no [broker] in the configuration",
            "add [broker] url = \"amqp://…\", or set VOORDEUR__BROKER__URL",
        )
        .into()
    })
}
