//! Reads the city's mailbox (IMAP4rev1, RFC 3501, with RFC 6851 MOVE where there is). What was read
//! is moved only after its effects were committed: the caller hands the moves to the next visit.

use super::tls::{self, Tls};
use async_imap::{Client, Session, types::Fetch};
use futures_util::TryStreamExt as _;
use schemas::fault::Invalid;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

/// A mail that is longer is read up to here: the words stand in front of the photos.
pub const MOST_BYTES: u32 = 32 * 1024 * 1024;
/// Mails of one visit.
const MOST_MAILS: usize = 50;
/// A visit ends once it holds so much.
const MOST_BYTES_AT_ONCE: usize = 32 << 20;
/// How often a mail is asked for again that the server has and does not give.
const WITHHELD_AT_MOST: u32 = 3;
/// How long connecting and logging in may take, together.
const CONNECT: Duration = Duration::from_secs(30);

/// The mailbox, as `[mailbox]` of the configuration names it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The IMAP server; certificates are checked against this name.
    pub host: String,
    /// Its port; 143 without TLS and with STARTTLS, 993 with TLS from the start.
    pub port: Option<u16>,
    /// How the connection is secured; TLS from the start unless the server is on this machine.
    pub tls: Option<Tls>,
    /// The account.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// The address that answers go to: `antwoord@stad.example`, or with a place for the token,
    /// `antwoord+{token}@stad.example`.
    pub address: String,
    /// The folders that mail comes into.
    pub folders: Vec<String>,
    /// Where mail goes that was understood; levels with `/`.
    pub done: String,
    /// Where mail goes that belongs to no dispatch.
    pub unmatched: String,
    /// How often it is read.
    pub every: Duration,
    /// A PEM file with certificates to trust beside the system's own.
    pub ca_file: Option<PathBuf>,
}

impl Config {
    fn tls(&self) -> Tls {
        self.tls.unwrap_or(if tls::is_this_machine(&self.host) { Tls::None } else { Tls::Required })
    }

    /// What is wrong with these settings. Reads no file.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        let mut wrong = |name: &str, message: String| {
            faults.push(Invalid::new(format!("mailbox.{name}"), "malformed", message));
        };
        if self.host.trim().is_empty() || self.host.contains(['/', '@', ' ']) {
            wrong("host", "write the name of the IMAP server alone, for instance imap.example.org".to_owned());
        }
        if let Err(why) = super::reply::ReplyAddress::parse(&self.address) {
            wrong("address", why);
        }
        if self.tls() == Tls::None && !tls::is_this_machine(&self.host) {
            wrong("tls", "the password would travel in the clear: use starttls or required".to_owned());
        }
        if self.folders.is_empty() || self.folders.len() > 10 {
            wrong("folders", "write 1 to 10 folders, for instance [\"INBOX\"]".to_owned());
        }
        let good = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        for name in self.folders.iter().chain([&self.done, &self.unmatched]) {
            if !good(name) || name.contains(['"', '\\', '*', '%', '&']) {
                wrong("folders", format!("`{name}`: name folders with plain letters, digits and `/`"));
            }
        }
        if self.folders.iter().any(|name| *name == self.done || *name == self.unmatched) || self.done == self.unmatched
        {
            wrong("done", "what was read goes to other folders than it came into, and the two differ".to_owned());
        }
        if !(5..=86_400).contains(&self.every.as_secs()) {
            wrong("every_seconds", "write 5 to 86400".to_owned());
        }
        faults
    }
}

/// How far the mailbox was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bookmark {
    /// Per folder.
    pub folders: BTreeMap<String, Place>,
    /// Mails whose effects are committed, and where they go.
    pub moves: Vec<Move>,
}

/// How far one folder was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Numbers count only as long as this stays the same (RFC 3501 §2.3.1.1).
    pub validity: u32,
    /// The highest number that was read.
    pub seen: u32,
    /// How often the server did not give the next mail though it has it.
    pub withheld: u32,
}

/// One mail that goes elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// From where.
    pub folder: String,
    /// The validity of its number.
    pub validity: u32,
    /// Its number.
    pub uid: u32,
    /// To where.
    pub to: String,
    /// What it came to: a mark on the mail where the server keeps marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A mail that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where.
    pub folder: String,
    /// The validity of its number.
    pub validity: u32,
    /// Its number.
    pub uid: u32,
    /// When our own mail server took it, in seconds since 1970; nothing when it does not say.
    pub at: Option<i64>,
    /// The mail, or as much of it as is read.
    pub bytes: Vec<u8>,
}

/// What a visit brought.
#[derive(Debug, Default)]
pub struct Visit {
    /// The mails, in the order they came.
    pub mails: Vec<Found>,
    /// How far it came, and the moves that could not be made.
    pub bookmark: Bookmark,
    /// There is more.
    pub more: bool,
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Stream for T {}
/// A session, logged in.
pub(super) type Imap = Session<Box<dyn Stream>>;

/// One visit: makes the moves of `bookmark`, then reads what is new. The error is for the operator.
pub async fn visit(config: &Config, bookmark: &Bookmark) -> Result<Visit, String> {
    let mut session = enter(config).await?;
    let visit = read(&mut session, config, bookmark).await;
    // Whatever it says to that, what counts has been said.
    _ = timeout(Duration::from_secs(5), session.logout()).await;
    visit
}

/// Connects and logs in.
pub(super) async fn enter(config: &Config) -> Result<Imap, String> {
    let session = timeout(CONNECT, connect(config)).await;
    session.map_err(|_| format!("the mailbox on {} does not answer", config.host))?
}

/// Selects `folder`, whose levels are written with `/`.
pub(super) async fn select(session: &mut Imap, folder: &str) -> Result<(), String> {
    let selected = async {
        let level = delimiter(session).await?;
        session.select(folder.replace('/', &level)).await
    };
    let selected = timeout(CONNECT, selected).await.map_err(|_| "the mailbox does not answer".to_owned())?;
    selected.map(|_| ()).map_err(|error| error.to_string())
}

async fn connect(config: &Config) -> Result<Imap, String> {
    let tls = config.tls();
    let port = config.port.unwrap_or(if tls == Tls::Required { 993 } else { 143 });
    let place = format!("{}:{port}", config.host);
    let broke = |error: &dyn std::fmt::Display| format!("the mailbox {place}: {error}");
    let tcp = TcpStream::connect((config.host.as_str(), port)).await;
    let tcp = tcp.map_err(|error| format!("the mailbox {place} cannot be reached: {error}"))?;
    let client = match tls {
        Tls::None => greeted(Box::new(tcp)).await.map_err(|error| broke(&error))?,
        Tls::Required => greeted(secure(config, &place, tcp).await?).await.map_err(|error| broke(&error))?,
        Tls::Starttls => {
            let mut client = Client::new(tcp);
            client.read_response().await.map_err(|error| broke(&error))?.ok_or_else(|| broke(&"it hung up"))?;
            client.run_command_and_check_ok("STARTTLS", None).await.map_err(|error| broke(&error))?;
            Client::new(secure(config, &place, client.into_inner()).await?)
        }
    };
    let login = client.login(&config.user, config.password.expose_secret()).await;
    login.map_err(|(error, _)| format!("the mailbox {place} refuses our login: {error}"))
}

async fn secure(config: &Config, place: &str, tcp: TcpStream) -> Result<Box<dyn Stream>, String> {
    let name = rustls::pki_types::ServerName::try_from(config.host.clone())
        .map_err(|_| format!("certificates are not made for the name {}", config.host))?;
    let connector = tls::connector("mailbox", config.ca_file.as_deref()).map_err(|fault| fault.message)?;
    let secured = connector.connect(name, tcp).await;
    Ok(Box::new(secured.map_err(|error| format!("the mailbox {place} has no good certificate: {error}"))?))
}

async fn greeted(stream: Box<dyn Stream>) -> Result<Client<Box<dyn Stream>>, async_imap::error::Error> {
    let mut client = Client::new(stream);
    match client.read_response().await? {
        Some(_) => Ok(client),
        None => Err(async_imap::error::Error::ConnectionLost),
    }
}

async fn read(session: &mut Imap, config: &Config, bookmark: &Bookmark) -> Result<Visit, String> {
    let broke = |error: async_imap::error::Error| format!("the mailbox on {}: {error}", config.host);
    let level = delimiter(session).await.map_err(broke)?;
    let name = |folder: &str| folder.replace('/', &level);
    let mut visit = Visit::default();
    match tidy_away(session, bookmark, &name).await {
        Ok(()) => {}
        // Not allowed, or full: what is new is read all the same.
        Err(async_imap::error::Error::No(why) | async_imap::error::Error::Bad(why)) => {
            tracing::warn!(why, mails = bookmark.moves.len(), "mails that were read cannot be put away; trying again");
            visit.bookmark.moves.clone_from(&bookmark.moves);
        }
        Err(error) => return Err(broke(error)),
    }
    let mut bytes = 0;
    for folder in &config.folders {
        let selected = session.select(name(folder)).await.map_err(broke)?;
        let validity = selected.uid_validity.unwrap_or_default();
        let mut place = bookmark.folders.get(folder).copied().unwrap_or_default();
        if place.validity != validity {
            // The numbers mean nothing any more: all is read again, and what was heard stays heard.
            place = Place { validity, ..Place::default() };
        }
        let new = session.uid_search(format!("UID {}:*", place.seen.saturating_add(1))).await.map_err(broke)?;
        let mut new: Vec<u32> = new.into_iter().filter(|uid| *uid > place.seen).collect();
        new.sort_unstable();
        for uid in new {
            if visit.mails.len() == MOST_MAILS || bytes >= MOST_BYTES_AT_ONCE {
                visit.more = true;
                break;
            }
            match fetch(session, folder, validity, uid).await.map_err(broke)? {
                Fetched::Mail(found) => {
                    bytes += found.bytes.len();
                    visit.mails.push(found);
                }
                Fetched::Gone => {}
                // "Not now", mostly: the next visit asks again, and what comes after it waits.
                Fetched::Withheld if place.withheld < WITHHELD_AT_MOST => {
                    place.withheld += 1;
                    break;
                }
                Fetched::Withheld => {
                    let folder = folder.clone();
                    visit.mails.push(Found { folder, validity, uid, at: None, bytes: Vec::new() });
                }
            }
            (place.seen, place.withheld) = (uid, 0);
        }
        visit.bookmark.folders.insert(folder.clone(), place);
    }
    Ok(visit)
}

/// What stands between the levels of a folder's name (RFC 3501 §6.3.8).
async fn delimiter(session: &mut Imap) -> Result<String, async_imap::error::Error> {
    let names: Vec<_> = session.list(None, None).await?.try_collect().await?;
    Ok(names.first().and_then(|name| name.delimiter()).unwrap_or("/").to_owned())
}

/// What came of asking for one mail.
enum Fetched {
    Mail(Found),
    /// Somebody took it away in the meantime.
    Gone,
    /// It is there, and the server does not give it: not now, or never, and then a person has to look.
    Withheld,
}

async fn fetch(session: &mut Imap, folder: &str, validity: u32, uid: u32) -> Result<Fetched, async_imap::error::Error> {
    let query = format!("(UID INTERNALDATE BODY.PEEK[]<0.{MOST_BYTES}>)");
    let mut fetched: Vec<Fetch> = session.uid_fetch(uid.to_string(), query).await?.try_collect().await?;
    if let Some(place) = fetched.iter().position(|fetched| fetched.uid == Some(uid)) {
        let fetched = fetched.swap_remove(place);
        let at = fetched.internal_date().map(|date| date.timestamp());
        let bytes = fetched.body().unwrap_or_default().to_vec();
        return Ok(Fetched::Mail(Found { folder: folder.to_owned(), validity, uid, at, bytes }));
    }
    let still_there = session.uid_search(format!("UID {uid}")).await?.contains(&uid);
    Ok(if still_there { Fetched::Withheld } else { Fetched::Gone })
}

/// Makes the moves. What is no longer there was moved already.
async fn tidy_away(
    session: &mut Imap,
    bookmark: &Bookmark,
    name: &impl Fn(&str) -> String,
) -> Result<(), async_imap::error::Error> {
    if bookmark.moves.is_empty() {
        return Ok(());
    }
    let can_move = session.capabilities().await?.has_str("MOVE");
    let can_expunge = session.capabilities().await?.has_str("UIDPLUS");
    let mut groups: BTreeMap<(&str, u32, &str, Option<&str>), Vec<String>> = BTreeMap::new();
    for mail in &bookmark.moves {
        let group = (&*mail.folder, mail.validity, &*mail.to, mail.why.as_deref());
        groups.entry(group).or_default().push(mail.uid.to_string());
    }
    for ((folder, validity, to, why), uids) in groups {
        let (to, uids) = (name(to), uids.join(","));
        // "It is there already" is the usual answer.
        if let Err(error) = session.create(&to).await
            && !matches!(error, async_imap::error::Error::No(_))
        {
            return Err(error);
        }
        if session.select(name(folder)).await?.uid_validity.unwrap_or_default() != validity {
            continue;
        }
        if let Some(why) = why {
            mark(session, &uids, why).await?;
        }
        if can_move {
            session.uid_mv(&uids, &to).await?;
            continue;
        }
        session.uid_copy(&uids, &to).await?;
        let marked: Vec<Fetch> = session.uid_store(&uids, "+FLAGS.SILENT (\\Deleted)").await?.try_collect().await?;
        drop(marked);
        let gone: Vec<u32> = if can_expunge {
            session.uid_expunge(&uids).await?.try_collect().await?
        } else {
            session.expunge().await?.try_collect().await?
        };
        drop(gone);
    }
    Ok(())
}

/// Says on the mails what they came to, by a keyword (RFC 3501 §2.3.2): `voordeur-automatic`. A server that keeps none
/// refuses, and nothing is lost.
async fn mark(session: &mut Imap, uids: &str, why: &str) -> Result<(), async_imap::error::Error> {
    let query = format!("+FLAGS.SILENT (voordeur-{why})");
    let marked: Result<Vec<Fetch>, _> = async { session.uid_store(uids, query).await?.try_collect().await }.await;
    match marked {
        Ok(_) | Err(async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            host: "imap.stad.example".to_owned(),
            port: None,
            tls: None,
            user: "antwoord".to_owned(),
            password: "geheim".into(),
            address: "antwoord@stad.example".to_owned(),
            folders: vec!["INBOX".to_owned()],
            done: "Voordeur/Done".to_owned(),
            unmatched: "Voordeur/Unmatched".to_owned(),
            every: Duration::from_secs(60),
            ca_file: None,
        }
    }

    #[test]
    fn wrong_settings_are_named() {
        assert_eq!(config().check(), []);
        let wrong = |change: fn(&mut Config)| {
            let mut config = config();
            change(&mut config);
            config.check().first().map(|fault| fault.field.clone()).unwrap_or_default()
        };
        assert_eq!(wrong(|c| c.host = "imaps://x".to_owned()), "mailbox.host");
        assert_eq!(wrong(|c| c.address = "antwoord".to_owned()), "mailbox.address");
        assert_eq!(wrong(|c| c.tls = Some(Tls::None)), "mailbox.tls");
        assert_eq!(wrong(|c| c.folders.clear()), "mailbox.folders");
        assert_eq!(wrong(|c| c.folders = vec!["a\r\nb".to_owned()]), "mailbox.folders");
        assert_eq!(wrong(|c| c.done = "INBOX".to_owned()), "mailbox.done");
        assert_eq!(wrong(|c| c.every = Duration::ZERO), "mailbox.every_seconds");
        assert!(!format!("{:?}", config()).contains("geheim"), "passwords stay out of logs");
    }
}
