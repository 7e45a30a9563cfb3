//! Asks clamd, the scanner of ClamAV, whether bytes are known to be malware: `INSTREAM` over TCP or a socket of this
//! machine (clamd(8)). Every question has its time and there are only so many at once, so that a scanner that hangs
//! holds nobody up for long.

use schemas::fault::Invalid;
use std::{
    io,
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    sync::Semaphore,
    time::{Instant, timeout},
};

/// How many bytes go in one piece.
const PIECE: usize = 64 * 1024;
/// The longest answer that is read; clamd's are one line.
const LONGEST: u64 = 4096;
/// A scanner that did not answer in time is left alone for so long: whoever sends a photo meanwhile does not wait.
const PAUSE: Duration = Duration::from_secs(15);
/// How many questions are open at once. clamd itself has some ten threads.
const AT_ONCE: usize = 4;

/// Where a scanner listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `tcp://host:3310`
    Tcp(String),
    /// `unix:/run/clamav/clamd.ctl`
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            if path.is_absolute() {
                return Ok(Self::Unix(path));
            }
        }
        if let Some(rest) = text.strip_prefix("tcp://") {
            let port = rest.rsplit_once(':').filter(|(host, _)| !host.is_empty() && !host.contains(['/', '@', ' ']));
            if port.is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0)) {
                return Ok(Self::Tcp(rest.to_owned()));
            }
        }
        let message = format!("`{text}` is no address: write tcp://127.0.0.1:3310 or unix:/run/clamav/clamd.ctl");
        Err(Invalid::new("photos.clamd", "malformed", message))
    }
}

/// What becomes of bytes that cannot be scanned because the scanner is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenDown {
    /// They are taken; that is counted and logged.
    #[default]
    Take,
    /// They are refused until the scanner is back.
    Refuse,
}

/// Settings of the scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where it listens.
    pub address: Address,
    /// What becomes of bytes while it is away.
    pub when_down: WhenDown,
    /// How long one question may take, waiting for its turn included.
    pub patience: Duration,
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        if (Duration::from_secs(1)..=Duration::from_secs(60)).contains(&self.patience) {
            return Vec::new();
        }
        vec![Invalid::new("photos.clamd_seconds", "out_of_range", "write 1 to 60")]
    }

    /// The scanner.
    pub fn build(self) -> Clamd {
        Clamd { config: Arc::new(self), turns: Arc::new(Semaphore::new(AT_ONCE)), silent: Arc::default() }
    }
}

/// The scanner. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clamd {
    config: Arc<Config>,
    turns: Arc<Semaphore>,
    /// Since when it does not answer in time.
    silent: Arc<Mutex<Option<Instant>>>,
}

/// What the scanner says of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It knows nothing bad of them.
    Clean,
    /// They are malware of this name.
    Malware(String),
    /// It could not say, for the operator.
    Unknown(String),
}

/// What is to be done with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Take them.
    Take,
    /// They are malware.
    Malware,
    /// The scanner is away, and nothing is taken without it.
    Away,
}

impl Clamd {
    /// What is to be done with `bytes`. The name of what is found goes into the log, for the operator alone.
    pub async fn judge(&self, bytes: &[u8]) -> Verdict {
        let (verdict, found) = match self.scan(bytes).await {
            Finding::Clean => (Verdict::Take, "clean"),
            Finding::Malware(name) => {
                tracing::warn!(name, "malware came instead of a photo, and was refused");
                (Verdict::Malware, "malware")
            }
            Finding::Unknown(why) => match self.config.when_down {
                WhenDown::Take => {
                    tracing::warn!(why, "a photo was taken without a scan for malware");
                    (Verdict::Take, "not_scanned")
                }
                WhenDown::Refuse => {
                    tracing::warn!(why, "a photo was refused: it cannot be scanned for malware");
                    (Verdict::Away, "refused")
                }
            },
        };
        metrics::counter!("voordeur_photo_scans_total", "outcome" => found).increment(1);
        verdict
    }

    /// What the scanner says of `bytes`.
    pub async fn scan(&self, bytes: &[u8]) -> Finding {
        let asked = [b"zINSTREAM\0".as_slice()];
        match self.ask(&asked, Some(bytes)).await {
            Ok(answer) => read(&answer),
            Err(why) => Finding::Unknown(why),
        }
    }

    /// Whether it is there: says why not.
    pub async fn ping(&self) -> Result<(), String> {
        let answer = self.ask(&[b"zPING\0"], None).await?;
        if answer == "PONG" { Ok(()) } else { Err(format!("this is no clamd: it answers `{}`", short(&answer))) }
    }

    async fn ask(&self, command: &[&[u8]], bytes: Option<&[u8]>) -> Result<String, String> {
        let silent = *self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        if silent.is_some_and(|since| since.elapsed() < PAUSE) {
            return Err("clamd did not answer in time a moment ago".to_owned());
        }
        let all = async {
            let _turn = self.turns.acquire().await.map_err(io::Error::other)?;
            match &self.config.address {
                Address::Tcp(host) => {
                    let stream = TcpStream::connect(host).await?;
                    stream.set_nodelay(true)?;
                    talk(stream, command, bytes).await
                }
                Address::Unix(path) => talk(UnixStream::connect(path).await?, command, bytes).await,
            }
        };
        let answer = timeout(self.config.patience, all).await;
        *self.silent.lock().unwrap_or_else(PoisonError::into_inner) = answer.is_err().then(Instant::now);
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(format!("clamd cannot be asked: {error}")),
            Err(_) => Err(format!("clamd did not answer within {} s", self.config.patience.as_secs())),
        }
    }
}

/// Sends a command and pieces that begin with their length, the last one empty; reads the answer to its end.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    command: &[&[u8]],
    bytes: Option<&[u8]>,
) -> io::Result<String> {
    let sent = async {
        for part in command {
            stream.write_all(part).await?;
        }
        if let Some(bytes) = bytes {
            for piece in bytes.chunks(PIECE) {
                // A piece is never longer than its constant.
                stream.write_all(&(piece.len() as u32).to_be_bytes()).await?;
                stream.write_all(piece).await?;
            }
            stream.write_all(&[0; 4]).await?;
        }
        stream.flush().await
    };
    // A scanner that has enough answers before it was told all, and hangs up: what it said counts.
    let sent: io::Result<()> = sent.await;
    let mut answer = Vec::new();
    let heard = stream.take(LONGEST).read_to_end(&mut answer).await;
    if answer.is_empty() {
        sent?;
        heard?;
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it hung up without a word"));
    }
    let text = String::from_utf8_lossy(&answer);
    Ok(text.trim_matches(['\0', '\n', '\r', ' ']).to_owned())
}

/// `stream: OK`, `stream: Eicar-Signature FOUND`, `INSTREAM size limit exceeded. ERROR`.
fn read(answer: &str) -> Finding {
    let said = answer.strip_prefix("stream: ").unwrap_or(answer);
    if said == "OK" {
        return Finding::Clean;
    }
    if let Some(name) = said.strip_suffix(" FOUND") {
        return Finding::Malware(short(name));
    }
    if said.contains("size limit exceeded") {
        return Finding::Unknown(
            "this photo is larger than clamd takes: write StreamMaxLength 25M in clamd.conf".to_owned(),
        );
    }
    Finding::Unknown(format!("clamd says `{}`", short(said)))
}

/// What another program said, fit for a line of the log.
fn short(text: &str) -> String {
    schemas::text::clean_line(text).chars().take(120).collect()
}

#[cfg(test)]
#[path = "clamd_tests.rs"]
pub(crate) mod tests;
