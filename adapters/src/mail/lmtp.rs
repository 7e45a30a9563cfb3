//! Takes mails from a mail server of the city (LMTP, RFC 2033): the server keeps each mail until we say that we have it,
//! and we say so when it is committed. One answer for each recipient; no queue of ours.
//!
//! It is for servers nearby: it speaks no TLS, answers only networks that are named, and takes only what is addressed to
//! the city.

use super::reply::ReplyAddress;
use bus::http::Network;
use data_encoding::HEXLOWER;
use schemas::{Uuid, fault::Invalid, id::derived};
use sha2::{Digest as _, Sha256};
use std::{future::Future, io, net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::Semaphore,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long the other side may be silent (RFC 5321 §4.5.3.2.7).
const COMMAND: Duration = Duration::from_mins(5);
/// How long a whole mail may take.
const MAIL: Duration = Duration::from_mins(15);
/// The longest command with its end (RFC 5321 §4.5.3.1.4 asks for 512, extensions for more).
const MOST_OF_COMMAND: usize = 2048;
/// The most recipients of one mail (RFC 5321 §4.5.3.1.8 asks for 100).
const MOST_RECIPIENTS: usize = 100;
/// The most commands that a session gets wrong.
const MOST_MISTAKES: usize = 20;

/// Settings of this listener, as `[lmtp]` of the configuration has them.
#[derive(Debug, Clone)]
pub struct Config {
    /// The addresses that mail is taken for; of the first, whatever follows a plus, too.
    pub addresses: Vec<String>,
    /// Who may connect: addresses or networks.
    pub networks: Vec<String>,
    /// The most connections at the same time.
    pub max_connections: usize,
    /// The longest mail in bytes.
    pub max_bytes: usize,
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        let mut wrong = |name: &str, message: String| {
            faults.push(Invalid::new(format!("lmtp.{name}"), "malformed", message));
        };
        if self.addresses.is_empty() {
            wrong("addresses", "write at least one address, for instance [\"meldpunt@example.org\"]".to_owned());
        }
        for address in &self.addresses {
            if let Err(why) = ReplyAddress::parse(address) {
                wrong("addresses", format!("`{address}`: {why}"));
            }
        }
        for network in &self.networks {
            if Network::parse(network).is_none() {
                wrong("networks", format!("`{network}` is no address and no network: write 127.0.0.1 or 10.1.0.0/16"));
            }
        }
        if !(1..=1_000).contains(&self.max_connections) {
            wrong("max_connections", "write 1 to 1000".to_owned());
        }
        if !(64 * 1024..=super::imap::MOST_BYTES as usize).contains(&self.max_bytes) {
            wrong("max_megabytes", "write 1 to 32".to_owned());
        }
        faults
    }

    /// The listener; `replies` are the addresses that answers come to.
    pub fn build(self, replies: Option<&ReplyAddress>) -> Lmtp {
        let parsed = self.addresses.iter().filter_map(|address| ReplyAddress::parse(address).ok());
        Lmtp {
            exact: self.addresses.iter().map(|address| address.trim().to_lowercase()).collect(),
            patterns: parsed.chain(replies.cloned()).collect(),
            networks: self.networks.iter().filter_map(|network| Network::parse(network)).collect(),
            permits: Arc::new(Semaphore::new(self.max_connections)),
            config: self,
        }
    }
}

/// Keeps a mail under an id; the same id twice is one mail. It has to survive a crash when this is done.
pub trait Keep: Clone + Send + Sync + 'static {
    /// Keeps it. The error is a mail that has to be handed over again.
    fn keep(&self, id: Uuid, mail: Vec<u8>) -> impl Future<Output = Result<(), String>> + Send;
}

/// The listener.
#[derive(Debug, Clone)]
pub struct Lmtp {
    config: Config,
    exact: Vec<String>,
    patterns: Vec<ReplyAddress>,
    networks: Vec<Network>,
    permits: Arc<Semaphore>,
}

/// What a session knows of the mail at hand.
#[derive(Default)]
struct Transaction {
    /// The sender of the envelope; `Some("")` for the null sender.
    from: Option<String>,
    to: Vec<String>,
}

/// What the data of a mail came to.
enum Data {
    Whole(Vec<u8>),
    TooLong,
}

impl Lmtp {
    /// Takes mails on `listener` until `stop`; those in hand are finished.
    pub async fn serve(self, listener: TcpListener, keep: impl Keep, stop: CancellationToken) {
        let sessions = TaskTracker::new();
        while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a mail server could not connect");
                    // Too many open files, mostly: not a loop that burns.
                    _ = stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(100))).await;
                    continue;
                }
            };
            let (lmtp, keep, stop) = (self.clone(), keep.clone(), stop.clone());
            sessions.spawn(async move {
                // Small answers must not wait for each other.
                _ = stream.set_nodelay(true);
                if let Err(error) = lmtp.session(stream, from.ip(), &keep, &stop).await {
                    tracing::debug!(%error, "a session with a mail server ended early");
                }
            });
        }
        sessions.close();
        sessions.wait().await;
    }

    async fn session(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send,
        from: IpAddr,
        keep: &impl Keep,
        stop: &CancellationToken,
    ) -> io::Result<()> {
        let mut line = BufReader::new(stream);
        // An address that is IPv4 in the clothes of IPv6 is the same address.
        if !self.networks.iter().any(|network| network.contains(from.to_canonical())) {
            return say(&mut line, "554 5.7.1 this listener is not for your network").await;
        }
        let Ok(_permit) = self.permits.try_acquire() else {
            return say(&mut line, "421 4.3.2 too many connections: come back later").await;
        };
        say(&mut line, "220 voordeur LMTP").await?;
        let (mut greeted, mut at_hand, mut mistakes) = (false, Transaction::default(), 0);
        loop {
            let command = tokio::select! {
                command = timeout(COMMAND, command(&mut line)) => command,
                () = stop.cancelled() => return say(&mut line, "421 4.3.2 stopping: come back later").await,
            };
            let Ok(command) = command else { return say(&mut line, "421 4.4.2 nothing came for a while").await };
            let Some(command) = command? else { return Ok(()) };
            let (word, rest) = command.split_once(' ').unwrap_or((&command, ""));
            let answer = match word.to_ascii_uppercase().as_str() {
                "LHLO" if !rest.trim().is_empty() => {
                    (greeted, at_hand) = (true, Transaction::default());
                    let size = self.config.max_bytes;
                    format!(
                        "250-voordeur\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {size}"
                    )
                }
                "HELO" | "EHLO" => "500 5.5.1 this is LMTP: say LHLO".to_owned(),
                "MAIL" if greeted => self.mail(rest, &mut at_hand),
                "RCPT" if greeted => self.recipient(rest, &mut at_hand),
                "DATA" if greeted && at_hand.to.is_empty() => "503 5.5.1 nobody is addressed".to_owned(),
                "DATA" if greeted => {
                    say(&mut line, "354 go on, and end with a dot").await?;
                    let taken = std::mem::take(&mut at_hand);
                    let data = timeout(MAIL, data(&mut line, self.config.max_bytes)).await;
                    let Ok(data) = data else { return say(&mut line, "421 4.4.2 it took too long").await };
                    let answer = take(data?, &taken, keep).await;
                    // One answer for each recipient, in their order (RFC 2033 §4.2).
                    for _ in &taken.to {
                        say(&mut line, answer).await?;
                    }
                    continue;
                }
                "RSET" => {
                    at_hand = Transaction::default();
                    "250 2.0.0 forgotten".to_owned()
                }
                "NOOP" => "250 2.0.0 yes".to_owned(),
                "VRFY" => "252 2.5.0 send it, and see".to_owned(),
                "QUIT" => return say(&mut line, "221 2.0.0 bye").await,
                "LHLO" => "501 5.5.4 say who you are".to_owned(),
                "MAIL" | "RCPT" | "DATA" => "503 5.5.1 say LHLO first".to_owned(),
                _ => "500 5.5.2 what?".to_owned(),
            };
            mistakes += usize::from(answer.starts_with("50"));
            say(&mut line, &answer).await?;
            if mistakes >= MOST_MISTAKES {
                return say(&mut line, "421 4.7.0 too many mistakes").await;
            }
        }
    }

    fn mail(&self, rest: &str, at_hand: &mut Transaction) -> String {
        if at_hand.from.is_some() {
            return "503 5.5.1 one mail at a time".to_owned();
        }
        let Some((from, parameters)) = path(rest, "FROM:") else {
            return "501 5.5.4 say MAIL FROM:<address>".to_owned();
        };
        let size = parameters.split_whitespace().find_map(|word| {
            let (name, value) = word.split_once('=')?;
            name.eq_ignore_ascii_case("SIZE").then(|| value.parse::<u64>().ok()).flatten()
        });
        if size.is_some_and(|size| size > self.config.max_bytes as u64) {
            return "552 5.3.4 this mail is too long".to_owned();
        }
        at_hand.from = Some(from.to_owned());
        "250 2.1.0 ok".to_owned()
    }

    fn recipient(&self, rest: &str, at_hand: &mut Transaction) -> String {
        if at_hand.from.is_none() {
            return "503 5.5.1 say MAIL first".to_owned();
        }
        match path(rest, "TO:") {
            None => "501 5.5.4 say RCPT TO:<address>".to_owned(),
            Some(_) if at_hand.to.len() == MOST_RECIPIENTS => "452 4.5.3 too many recipients".to_owned(),
            Some((to, _)) if self.takes(to) => {
                at_hand.to.push(to.to_owned());
                "250 2.1.5 ok".to_owned()
            }
            Some(_) => "550 5.1.1 nobody here has this address".to_owned(),
        }
    }

    fn takes(&self, address: &str) -> bool {
        let address = address.to_lowercase();
        self.exact.contains(&address) || self.patterns.iter().any(|pattern| pattern.token(&address).is_some())
    }
}

/// The address in `FROM:<a@b> SIZE=1`, and what follows it. Nothing that could begin a line of a header gets through.
fn path<'a>(rest: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let rest = rest.trim_start();
    let begins = rest.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let (address, parameters) =
        rest.get(word.len()..).filter(|_| begins)?.trim_start().strip_prefix('<')?.split_once('>')?;
    let plain = address.len() <= 320 && !address.chars().any(|c| c.is_control() || matches!(c, '<' | ' '));
    plain.then_some((address, parameters))
}

async fn say(line: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>, words: &str) -> io::Result<()> {
    let answer = format!("{words}\r\n");
    let sent = timeout(COMMAND, async {
        line.write_all(answer.as_bytes()).await?;
        line.flush().await
    });
    sent.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// The next command without its end; `None` when the other side hung up.
async fn command(line: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>) -> io::Result<Option<String>> {
    let mut found = Vec::new();
    loop {
        let waiting = line.fill_buf().await?;
        if waiting.is_empty() {
            return Ok(None);
        }
        let end = waiting.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(waiting.len(), |end| end + 1);
        // The rest of what is too long is passed over, and the whole is no command.
        if found.len() < MOST_OF_COMMAND {
            found.extend_from_slice(&waiting[..taken]);
        }
        line.consume(taken);
        if end.is_some() {
            found.truncate(MOST_OF_COMMAND);
            let text = String::from_utf8_lossy(&found);
            return Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()));
        }
    }
}

/// Where in its lines a mail is.
#[derive(Clone, Copy)]
enum At {
    Begin,
    Dot,
    DotReturn,
    Inside,
    Return,
}

/// The mail up to its final dot, without the dots that hide others (RFC 5321 §4.5.2). A line ends with CR LF and with
/// nothing else, so that nobody can end a mail early and begin another.
async fn data(line: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>, most: usize) -> io::Result<Data> {
    let (mut mail, mut at, mut too_long) = (Vec::new(), At::Begin, false);
    loop {
        let waiting = line.fill_buf().await?;
        if waiting.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut taken = 0;
        let mut done = false;
        for byte in waiting {
            taken += 1;
            let inside = |byte: &u8| if *byte == b'\r' { At::Return } else { At::Inside };
            at = match (at, byte) {
                (At::Begin, b'.') => {
                    at = At::Dot;
                    continue;
                }
                (At::Dot, b'\r') => {
                    at = At::DotReturn;
                    continue;
                }
                (At::DotReturn, b'\n') => {
                    done = true;
                    break;
                }
                (At::DotReturn, byte) => {
                    mail.push(b'\r');
                    inside(byte)
                }
                (At::Return, b'\n') => At::Begin,
                (_, byte) => inside(byte),
            };
            if mail.len() < most {
                mail.push(*byte);
            } else {
                too_long = true;
            }
        }
        line.consume(taken);
        if done {
            return Ok(if too_long { Data::TooLong } else { Data::Whole(mail) });
        }
    }
}

/// Keeps a mail with its envelope above it (RFC 5321 §4.4), and gives the answer to each of its recipients.
async fn take(data: Data, envelope: &Transaction, keep: &impl Keep) -> &'static str {
    let Data::Whole(mail) = data else { return "552 5.3.4 this mail is too long" };
    let mut whole = format!("Return-Path: <{}>\r\n", envelope.from.as_deref().unwrap_or_default()).into_bytes();
    for to in &envelope.to {
        whole.extend(format!("Delivered-To: {to}\r\n").into_bytes());
    }
    whole.extend(mail);
    // Handed over again because our answer was lost, it is the same mail.
    let id = derived(&["spooled mail", &HEXLOWER.encode(&Sha256::digest(&whole))]);
    match keep.keep(id, whole).await {
        Ok(()) => {
            metrics::counter!("voordeur_lmtp_mails_total", "outcome" => "kept").increment(1);
            "250 2.0.0 kept"
        }
        Err(why) => {
            metrics::counter!("voordeur_lmtp_mails_total", "outcome" => "later").increment(1);
            tracing::warn!(why, "a mail cannot be kept now; the mail server keeps it");
            "451 4.3.0 it cannot be kept now: come back later"
        }
    }
}

#[cfg(test)]
#[path = "lmtp_tests.rs"]
mod tests;
