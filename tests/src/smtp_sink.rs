//! A mail server for tests: takes everything, keeps it, and misbehaves on request. Plain tokio, so
//! that any crate's tests can use this file.

use std::{
    collections::HashSet,
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::Notify,
    task::JoinHandle,
};

/// What a session speaks over: TCP, or TLS over it.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A stream of either kind.
pub type AnyStream = Box<dyn Stream>;
/// Makes a stream secure; tests bring their own certificate and acceptor.
pub type Upgrade = Arc<dyn Fn(AnyStream) -> Pin<Box<dyn Future<Output = io::Result<AnyStream>> + Send>> + Send + Sync>;

/// How the server misbehaves. Answers are whole lines without their end: `451 4.7.1 later`.
#[derive(Clone, Default)]
pub struct Switches {
    /// Said instead of the greeting; then the connection is closed.
    pub greeting: Option<String>,
    /// The answer to `MAIL`.
    pub mail: Option<String>,
    /// The answer to `RCPT`.
    pub rcpt: Option<String>,
    /// The answer to `DATA`.
    pub data: Option<String>,
    /// The answer to the final dot; the mail is not kept.
    pub dot: Option<String>,
    /// The connection closes after `DATA` was answered, before the mail is read.
    pub drop_before_body: bool,
    /// This many times the mail is kept, and the connection closes without an answer to the final
    /// dot.
    pub drop_replies: usize,
    /// The same for every n-th mail.
    pub drop_every: Option<usize>,
    /// The first attempt for each sender and recipient is answered with 451.
    pub greylist: bool,
    /// The connection closes after each mail, without a word.
    pub close_after_mail: bool,
    /// How long every answer to a final dot takes.
    pub delay: Duration,
    /// Mail is only taken after a login with this name and password.
    pub login: Option<(String, String)>,
    /// Offers STARTTLS.
    pub starttls: Option<Upgrade>,
    /// Speaks TLS from the first byte.
    pub tls: Option<Upgrade>,
}

impl fmt::Debug for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Switches")
    }
}

/// One mail that arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The address in `MAIL FROM`.
    pub from: String,
    /// The addresses in `RCPT TO`.
    pub to: Vec<String>,
    /// Header and body, with `\r\n`, dots unstuffed.
    pub data: String,
    /// Which connection it came over, from 1.
    pub connection: usize,
    /// Whether the sender was told that it arrived.
    pub answered: bool,
    /// Whether it came over TLS.
    pub secure: bool,
}

impl Arrived {
    /// The value of a header, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.data.split("\r\n\r\n").next()?.replace("\r\n ", " ").replace("\r\n\t", " ");
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// The Message-ID with its brackets, or nothing.
    pub fn message_id(&self) -> String {
        self.header("Message-ID").unwrap_or_default()
    }
}

#[derive(Default)]
struct Shared {
    switches: Switches,
    arrived: Vec<Arrived>,
    connections: usize,
    seen: HashSet<(String, String)>,
}

#[derive(Default)]
struct State {
    shared: Mutex<Shared>,
    changed: Notify,
}

impl State {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running server; it stops when dropped.
pub struct SmtpSink {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SmtpSink {
    /// Starts one on a free port of this machine.
    pub async fn start(switches: Switches) -> io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), switches).await
    }

    /// Starts one at `address`, for instance at the port of one that was stopped.
    pub async fn start_at(address: SocketAddr, switches: Switches) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::default());
        state.shared().switches = switches;
        let accepting = state.clone();
        let task = tokio::spawn(async move {
            // Sessions end with the server.
            let mut sessions = tokio::task::JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let _ = tcp.set_nodelay(true);
                let state = accepting.clone();
                sessions.spawn(async move { Session::open(state, Box::new(tcp)).await });
                while sessions.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, state, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how it misbehaves from now on.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.state.shared().switches);
    }

    /// Every mail that arrived, in order.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.state.shared().arrived.clone()
    }

    /// How many mails arrived.
    pub fn count(&self) -> usize {
        self.state.shared().arrived.len()
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.state.shared().connections
    }

    /// Waits until `count` mails arrived; false when they did not within `at_most`.
    pub async fn wait_for(&self, count: usize, at_most: Duration) -> bool {
        let waiting = async {
            loop {
                let changed = self.state.changed.notified();
                if self.count() >= count {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(at_most, waiting).await.is_ok()
    }
}

struct Session {
    state: Arc<State>,
    stream: BufReader<AnyStream>,
    connection: usize,
    secure: bool,
    logged_in: bool,
    from: String,
    to: Vec<String>,
}

impl Session {
    async fn open(state: Arc<State>, stream: AnyStream) -> io::Result<()> {
        let (connection, tls, greeting) = {
            let mut shared = state.shared();
            shared.connections += 1;
            (shared.connections, shared.switches.tls.clone(), shared.switches.greeting.clone())
        };
        let secure = tls.is_some();
        let stream = match tls {
            Some(upgrade) => upgrade(stream).await?,
            None => stream,
        };
        let mut session = Self {
            state,
            stream: BufReader::new(stream),
            connection,
            secure,
            logged_in: false,
            from: String::new(),
            to: Vec::new(),
        };
        if let Some(greeting) = greeting {
            return session.say(&greeting).await;
        }
        session.say("220 sink ESMTP").await?;
        while let Some(line) = session.line().await? {
            if !session.obey(&line).await? {
                break;
            }
        }
        Ok(())
    }

    fn switches(&self) -> Switches {
        self.state.shared().switches.clone()
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.get_mut().flush().await
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await?;
        Ok((read > 0).then(|| line.trim_end().to_owned()))
    }

    /// Does one command; false ends the session.
    async fn obey(&mut self, line: &str) -> io::Result<bool> {
        let switches = self.switches();
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => {
                let mut lines = vec!["250-sink", "250-8BITMIME", "250-SMTPUTF8"];
                if switches.starttls.is_some() && !self.secure {
                    lines.push("250-STARTTLS");
                }
                if switches.login.is_some() {
                    lines.push("250-AUTH PLAIN LOGIN");
                }
                lines.push("250 ENHANCEDSTATUSCODES");
                self.say(&lines.join("\r\n")).await?;
            }
            "STARTTLS" => return self.secure_with(switches.starttls).await,
            "AUTH" => self.log_in(line, switches.login).await?,
            "MAIL" => {
                let answer = match switches.mail {
                    Some(answer) => answer,
                    None if switches.login.is_some() && !self.logged_in => {
                        "530 5.7.0 Authentication required".to_owned()
                    }
                    None => {
                        self.from = address(line);
                        self.to.clear();
                        "250 2.1.0 Ok".to_owned()
                    }
                };
                self.say(&answer).await?;
            }
            "RCPT" => {
                let to = address(line);
                let new = switches.greylist && self.state.shared().seen.insert((self.from.clone(), to.clone()));
                let answer = match switches.rcpt {
                    Some(answer) => answer,
                    None if new => format!("451 4.7.1 <{to}>: Greylisted, try again later"),
                    None => {
                        self.to.push(to);
                        "250 2.1.5 Ok".to_owned()
                    }
                };
                self.say(&answer).await?;
            }
            "DATA" => return self.take(switches).await,
            "RSET" | "NOOP" => self.say("250 2.0.0 Ok").await?,
            "QUIT" => {
                self.say("221 2.0.0 Bye").await?;
                return Ok(false);
            }
            _ => self.say("502 5.5.2 Command not recognized").await?,
        }
        Ok(true)
    }

    async fn secure_with(&mut self, upgrade: Option<Upgrade>) -> io::Result<bool> {
        let Some(upgrade) = upgrade else {
            self.say("502 5.5.1 No STARTTLS here").await?;
            return Ok(true);
        };
        self.say("220 2.0.0 Ready").await?;
        let empty: AnyStream = Box::new(tokio::io::empty());
        let plain = std::mem::replace(&mut self.stream, BufReader::new(empty)).into_inner();
        self.stream = BufReader::new(upgrade(plain).await?);
        self.secure = true;
        Ok(true)
    }

    async fn log_in(&mut self, line: &str, login: Option<(String, String)>) -> io::Result<()> {
        let Some((user, password)) = login else { return self.say("502 5.5.1 No AUTH here").await };
        // RFC 4616: empty authorization, then name and password, parted by NUL, in base64.
        let expected = base64(format!("\0{user}\0{password}").as_bytes());
        self.logged_in = line.split_whitespace().nth(1) == Some("PLAIN")
            && line.split_whitespace().nth(2) == Some(expected.as_str());
        let answer = if self.logged_in { "235 2.7.0 Welcome" } else { "535 5.7.8 Authentication credentials invalid" };
        self.say(answer).await
    }

    /// Takes one mail; false ends the session.
    async fn take(&mut self, switches: Switches) -> io::Result<bool> {
        if let Some(answer) = switches.data {
            self.say(&answer).await?;
            return Ok(true);
        }
        if self.to.is_empty() {
            self.say("554 5.5.1 No valid recipients").await?;
            return Ok(true);
        }
        self.say("354 End data with <CR><LF>.<CR><LF>").await?;
        if switches.drop_before_body {
            // Read a little so that the sender is in the middle of its mail.
            let mut some = [0_u8; 16];
            let _ = self.stream.read(&mut some).await?;
            return Ok(false);
        }
        let mut data = String::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await? == 0 {
                return Ok(false);
            }
            if line == b".\r\n" {
                break;
            }
            let unstuffed = if line.starts_with(b".") { &line[1..] } else { &line[..] };
            data.push_str(&String::from_utf8_lossy(unstuffed));
        }
        if let Some(answer) = switches.dot {
            tokio::time::sleep(switches.delay).await;
            self.say(&answer).await?;
            return Ok(true);
        }
        let (number, answered) = self.keep(data, switches.drop_every);
        if !answered {
            return Ok(false);
        }
        if !switches.delay.is_zero() {
            tokio::time::sleep(switches.delay).await;
        }
        self.say(&format!("250 2.0.0 Ok: queued as SINK{number}")).await?;
        Ok(!switches.close_after_mail)
    }

    /// Keeps one mail; says which it was and whether the sender is to be told.
    fn keep(&mut self, data: String, drop_every: Option<usize>) -> (usize, bool) {
        let mut shared = self.state.shared();
        let number = shared.arrived.len() + 1;
        let dropped = shared.switches.drop_replies > 0;
        shared.switches.drop_replies = shared.switches.drop_replies.saturating_sub(1);
        let answered = !dropped && drop_every.is_none_or(|n| !number.is_multiple_of(n));
        let to = std::mem::take(&mut self.to);
        let from = std::mem::take(&mut self.from);
        shared.arrived.push(Arrived { from, to, data, connection: self.connection, answered, secure: self.secure });
        drop(shared);
        self.state.changed.notify_waiters();
        (number, answered)
    }
}

fn address(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or_else(String::new, |(address, _)| address.to_owned())
}

/// Base64 (RFC 4648 §4), here so that this file needs nothing but tokio.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let letter = ALPHABET[group >> (18 - 6 * i) & 63];
            out.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}
