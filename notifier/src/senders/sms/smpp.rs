//! SMPP 3.4 (SMPP Developers Forum, 1999): one session to a message centre, by which messages go out and
//! receipts and answers come in. The session is held for as long as the process works, and made again when it
//! breaks.
//!
//! A message in parts is a submit_sm per part, each with a number of its own; it has arrived when all have.

mod config;
mod incoming;
mod parts;

pub use config::{Numbers, SmppConfig};

use super::{config::SmsConfig, ear::Ear, text::Sms};
use futures_util::{Stream, StreamExt as _};
use parts::submit;
use rusmpp::{
    CommandStatus, Pdu,
    pdus::{BindTransceiver, DeliverSmResp},
    types::COctetString,
    values::{InterfaceVersion, Npi, Ton},
};
use rusmppc::{Client, ConnectionBuilder, Event, error::Error};
use schemas::{
    Uuid,
    trace::Trace,
    verdict::{Fault, Verdict},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    str::FromStr as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// The name that a gateway of this kind has as its profile.
pub const PROFILE: &str = "smpp";

/// How long connecting and logging in may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// How long the message centre may take to answer (response_timer, SMPP 3.4 §7.2).
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How often the session is tried out when nothing is said (enquire_link_timer).
const TRY_OUT_EVERY: Duration = Duration::from_secs(30);
/// How long "too fast" lasts when the message centre says nothing else; it never does.
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// A part behind the first is tried so often when the message centre says "too fast".
const PART_TRIES: u32 = 5;
/// Between two tries to connect: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
/// The longest that one message may take: each of its parts may wait for its answer. Six parts that all wait
/// to the end are not worth waiting for; what is cut off then is unknown.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Receipts that are kept in one transaction, at most.
const AT_ONCE: usize = 256;

/// A session to one message centre.
pub(super) struct Session {
    name: String,
    place: config::Place,
    user: String,
    password: SecretString,
    system_type: String,
    from: parts::From,
    numbers: Numbers,
    dead: Vec<String>,
    /// The session while there is one.
    client: Mutex<Option<Client>>,
}

impl Session {
    /// A session by `config`, not yet connected. The error is a sentence that names the wrong setting.
    pub(super) fn build(config: &SmsConfig) -> Result<Self, String> {
        let own = config.smpp.clone().unwrap_or_default();
        Ok(Self {
            name: config.name().to_owned(),
            place: config::Place::read(config.url.as_deref().unwrap_or_default(), own.ca_file.as_deref())?,
            user: config.user.clone().unwrap_or_default(),
            password: config.password.clone().unwrap_or_default(),
            system_type: own.system_type,
            from: parts::From::read(&config.from),
            numbers: own.numbers,
            dead: own.dead,
            client: Mutex::default(),
        })
    }

    fn client(&self) -> Option<Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, client: Option<Client>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }

    /// Hands the parts of `sms` in. The receipt of a [`Verdict::Done`] holds the number of each.
    pub(super) async fn hand_in(&self, to: &str, sms: &Sms, notice: Uuid) -> Verdict {
        let Some(client) = self.client() else {
            return Verdict::later("there is no session to the message centre just now");
        };
        let mut numbers = Vec::with_capacity(sms.parts);
        for part in parts::of(sms, notice) {
            let mut tries = 0;
            let answer = loop {
                let submit = match submit(&self.from, to, &part) {
                    Ok(submit) => submit,
                    Err(why) => return Verdict::never(Fault::Ours, why),
                };
                let answer = client.submit_sm(submit).await;
                tries += 1;
                let too_fast = matches!(&answer, Err(error) if status_of(error).is_some_and(is_too_fast));
                // The first part can wait for its turn in the lane; the others belong to one that is out.
                if !too_fast || numbers.is_empty() || tries == PART_TRIES {
                    break answer;
                }
                sleep(SLOW_DOWN / 5 * tries).await;
            };
            match answer {
                Ok(answer) => numbers.push(self.numbers.of_an_answer(answer.message_id().as_str())),
                Err(error) => {
                    let verdict = judge(&error);
                    if numbers.is_empty() {
                        return verdict;
                    }
                    let of = sms.parts;
                    let why = format!("{} of {of} parts were taken, then: {}", numbers.len(), words(&error));
                    return Verdict::Unknown { why };
                }
            }
        }
        let parts = format!("{} part{}", sms.parts, if sms.parts == 1 { "" } else { "s" });
        Verdict::receipt(format!("{parts}: {}", numbers.join(" ")))
    }

    /// Holds the session until `stop`, and gives what comes in to `ear`.
    pub(super) async fn run(&self, ear: &Ear, stop: &CancellationToken) {
        let mut pause = PAUSES.0;
        while !stop.is_cancelled() {
            let connected = stop.run_until_cancelled(timeout(CONNECT_WITHIN, self.connect())).await;
            let why = match connected {
                None => return,
                Some(Err(_)) => "it does not answer".to_owned(),
                Some(Ok(Err(why))) => why,
                Some(Ok(Ok((client, events)))) => {
                    tracing::info!(gateway = self.name, "there is a session to the message centre");
                    pause = PAUSES.0;
                    self.set(Some(client.clone()));
                    let why = stop.run_until_cancelled(self.hear(&client, events, ear)).await;
                    self.set(None);
                    let _farewell = timeout(Duration::from_secs(2), client.unbind()).await;
                    let _closed = timeout(Duration::from_secs(2), client.close()).await;
                    let Some(why) = why else { return };
                    why
                }
            };
            metrics::counter!("voordeur_smpp_breaks_total", "provider" => self.name.clone()).increment(1);
            tracing::warn!(gateway = self.name, why, "there is no session to the message centre; it is tried again");
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    async fn connect(&self) -> Result<(Client, impl Stream<Item = Event> + Unpin + use<>), String> {
        let stream = TcpStream::connect((self.place.host.as_str(), self.place.port)).await;
        let stream = stream.map_err(|error| format!("it cannot be reached: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let builder = ConnectionBuilder::new()
            .response_timeout(ANSWER_WITHIN)
            .enquire_link_interval(TRY_OUT_EVERY)
            .enquire_link_response_timeout(ANSWER_WITHIN)
            .disable_interface_version_check();
        let (client, events) = match &self.place.tls {
            None => {
                let (client, events) = builder.connected(stream);
                (client, events.boxed())
            }
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await;
                let stream = stream.map_err(|error| format!("it has no good certificate: {error}"))?;
                let (client, events) = builder.connected(stream);
                (client, events.boxed())
            }
        };
        let wrong = |what: &str| format!("sms.{what} cannot be written in SMPP");
        let bind = BindTransceiver::builder()
            .system_id(COctetString::from_str(&self.user).map_err(|_| wrong("user"))?)
            .password(COctetString::from_str(self.password.expose_secret()).map_err(|_| wrong("password"))?)
            .system_type(COctetString::from_str(&self.system_type).map_err(|_| wrong("smpp.system_type"))?)
            .interface_version(InterfaceVersion::Smpp3_4)
            .addr_ton(Ton::Unknown)
            .addr_npi(Npi::Unknown)
            .build();
        client.bind_transceiver(bind).await.map_err(|error| format!("it does not let us in: {}", words(&error)))?;
        Ok((client, events))
    }

    /// Takes in what is said until the session breaks; gives why.
    async fn hear(&self, client: &Client, events: impl Stream<Item = Event> + Unpin, ear: &Ear) -> String {
        let mut events = events.ready_chunks(AT_ONCE);
        while let Some(events) = events.next().await {
            let (mut said, mut over) = (Vec::new(), None);
            for event in events {
                match event {
                    Event::Error(error) => over = Some(words(&error)),
                    Event::Incoming(command) => match command.pdu() {
                        Some(Pdu::DeliverSm(deliver)) => said.push((command.sequence_number(), deliver.clone())),
                        Some(Pdu::Unbind) => {
                            let _answered = client.unbind_resp(command.sequence_number()).await;
                            over = Some("it said goodbye".to_owned());
                        }
                        _ => {}
                    },
                }
            }
            let delivered = said.iter().map(|(_, deliver)| deliver);
            let kept = incoming::take(ear, delivered, self.numbers, &self.dead, Trace::start()).await;
            let status = match &kept {
                Ok(()) => CommandStatus::EsmeRok,
                // It says it again later.
                Err(error) => {
                    tracing::warn!(gateway = self.name, %error, "what the message centre says cannot be kept just now");
                    CommandStatus::EsmeRxTAppn
                }
            };
            for (number, _) in said {
                let answer = client.status(status).deliver_sm_resp(number, DeliverSmResp::default()).await;
                if let Err(error) = answer {
                    over = Some(words(&error));
                    break;
                }
            }
            if let Some(why) = over {
                return why;
            }
        }
        "it hung up".to_owned()
    }
}

/// What the message centre answered, if it did.
fn status_of(error: &Error) -> Option<CommandStatus> {
    match error {
        Error::UnexpectedResponse { response } => Some(response.status()),
        _ => None,
    }
}

fn is_too_fast(status: CommandStatus) -> bool {
    matches!(status, CommandStatus::EsmeRthrottled | CommandStatus::EsmeRmsgqful)
}

/// What a failed submit_sm means (SMPP 3.4 §5.1.3).
fn judge(error: &Error) -> Verdict {
    let why = words(error);
    match status_of(error) {
        Some(status) if is_too_fast(status) => Verdict::slow_down(SLOW_DOWN, why),
        Some(CommandStatus::EsmeRinvdstadr | CommandStatus::EsmeRinvdstton | CommandStatus::EsmeRinvdstnpi) => {
            Verdict::never(Fault::Address, why)
        }
        Some(CommandStatus::EsmeRsyserr | CommandStatus::EsmeRinvbndsts) => Verdict::later(why),
        Some(
            CommandStatus::EsmeRinvsrcadr
            | CommandStatus::EsmeRinvsrcton
            | CommandStatus::EsmeRinvsrcnpi
            | CommandStatus::EsmeRinvmsglen
            | CommandStatus::EsmeRinvesmclass
            | CommandStatus::EsmeRinvsystyp,
        ) => Verdict::never(Fault::Ours, why),
        Some(_) => Verdict::never(Fault::Refused, why),
        // Nothing was written.
        None if matches!(error, Error::Encode(_)) => Verdict::never(Fault::Ours, why),
        None => Verdict::Unknown { why: format!("{why}; it may have the message all the same") },
    }
}

/// What went wrong, without anything of a message in it.
fn words(error: &Error) -> String {
    match error {
        Error::UnexpectedResponse { response } => {
            let status = response.status();
            format!("the message centre answered 0x{:02x} ({status:?})", u32::from(status))
        }
        Error::ResponseTimeout { .. } => "the message centre did not answer in time".to_owned(),
        Error::EnquireLinkTimeout { .. } => "the message centre is silent".to_owned(),
        Error::ConnectionClosed | Error::ConnectionClosedByPeer => "the session broke".to_owned(),
        Error::Io(error) | Error::Connect(error) => format!("the session broke: {error}"),
        Error::Decode(_) => "the message centre says what is no SMPP".to_owned(),
        _ => "the message cannot be written in SMPP".to_owned(),
    }
}
