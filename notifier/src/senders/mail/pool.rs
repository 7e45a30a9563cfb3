//! Connections to the mail server, kept while there is something to send.
//!
//! Not the transport of lettre: that one leaves Nagle's algorithm on, and with a server that
//! delays its acknowledgements each mail then waits some 40 ms (measured: 23 mails/s over one
//! connection, 3,900 with TCP_NODELAY).

use super::{MailConfig, Tls};
use crate::senders::tls;
use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters},
    extension::ClientId,
};
use rustls::pki_types::ServerName;
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The pool of one server.
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    host: String,
    port: u16,
    hello: ClientId,
    security: Security,
    login: Option<Credentials>,
    patience: Duration,
    keep: Duration,
    max_mails: u32,
    slots: Arc<Semaphore>,
    idle: Mutex<Shelf>,
}

/// Unused connections, the newest last.
#[derive(Default)]
struct Shelf {
    connections: Vec<Kept>,
    /// Somebody is there to close them when nobody comes.
    is_watched: bool,
}

struct Kept {
    connection: AsyncSmtpConnection,
    mails: u32,
    since: Instant,
}

enum Security {
    None,
    Starttls(TlsParameters),
    Required(TlsConnector, ServerName<'static>),
}

/// A connection in use.
pub(super) struct Lease {
    connection: AsyncSmtpConnection,
    mails: u32,
    _slot: OwnedSemaphorePermit,
}

impl Lease {
    pub(super) fn connection(&mut self) -> &mut AsyncSmtpConnection {
        &mut self.connection
    }

    /// Whether it was used before, so that the server may have closed it since.
    pub(super) fn is_reused(&self) -> bool {
        self.mails > 0
    }
}

impl Pool {
    /// A pool by `config`; `domain` is the name this machine gives itself if the settings name
    /// none. Reads certificates, connects nothing.
    pub(super) fn build(config: &MailConfig, domain: &str, patience: Duration) -> Result<Self, String> {
        let pem = config.ca_file.as_ref().map(|file| {
            std::fs::read(file).map_err(|error| format!("mail.ca_file: {} cannot be read: {error}", file.display()))
        });
        let pem = pem.transpose()?;
        let security = match config.tls() {
            Tls::None => Security::None,
            Tls::Starttls => {
                let mut tls = TlsParameters::builder(config.host.clone());
                if let Some(pem) = &pem {
                    let wrong = |error| format!("mail.ca_file: these are no certificates: {error}");
                    tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(wrong)?);
                }
                Security::Starttls(tls.build().map_err(|error| format!("mail.tls: {error}"))?)
            }
            Tls::Required => {
                let name = ServerName::try_from(config.host.clone())
                    .map_err(|_| "mail.host: certificates are not made for this name".to_owned())?;
                let connector = tls::connector(pem.as_deref()).map_err(|error| format!("mail.{error}"))?;
                Security::Required(connector, name)
            }
        };
        let login = config.login()?.map(|(user, password)| Credentials::new(user, password));
        let hello = config.hello_name.clone().unwrap_or_else(|| domain.to_owned());
        Ok(Self(Arc::new(Inner {
            host: config.host.clone(),
            port: config.port(),
            hello: ClientId::Domain(hello),
            security,
            login,
            patience,
            keep: config.idle(),
            max_mails: config.max_mails_per_connection,
            slots: Arc::new(Semaphore::new(config.max_connections)),
            idle: Mutex::default(),
        })))
    }

    /// A connection: a kept one if `kept_will_do`, otherwise a new one. Waits while all are in use.
    /// The error is for the operator.
    pub(super) async fn lease(&self, kept_will_do: bool) -> Result<Lease, String> {
        let inner = &self.0;
        let slot = inner.slots.clone().acquire_owned().await.map_err(|_| "the mail sender is closed".to_owned())?;
        let kept = if kept_will_do { inner.take() } else { None };
        let (connection, mails) = match kept {
            Some(kept) => (kept.connection, kept.mails),
            None => {
                let connecting = timeout(inner.patience, inner.connect()).await;
                let late = || format!("the mail server did not answer within {} s", inner.patience.as_secs());
                (connecting.unwrap_or_else(|_| Err(late()))?, 0)
            }
        };
        Ok(Lease { connection, mails, _slot: slot })
    }

    /// Keeps a connection over which a whole exchange went, for the next one.
    pub(super) fn put_back(&self, lease: Lease) {
        let mails = lease.mails + 1;
        if mails >= self.0.max_mails || lease.connection.has_broken() {
            say_goodbye(vec![lease.connection]);
            return;
        }
        let kept = Kept { connection: lease.connection, mails, since: Instant::now() };
        let mut shelf = self.0.shelf();
        shelf.connections.push(kept);
        if !shelf.is_watched {
            shelf.is_watched = true;
            tokio::spawn(watch(Arc::downgrade(&self.0), self.0.keep));
        }
    }

    /// Closes what is kept.
    pub(super) async fn close(&self) {
        let kept = std::mem::take(&mut self.0.shelf().connections);
        for mut kept in kept {
            let _answer = timeout(Duration::from_secs(2), kept.connection.quit()).await;
        }
    }
}

impl Inner {
    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        // A panic elsewhere leaves a list of connections, which is still one.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Kept> {
        let newest = self.shelf().connections.pop()?;
        // If the newest is stale all of them are; the watcher closes them.
        (newest.since.elapsed() < self.keep).then_some(newest)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let place = format!("{}:{}", self.host, self.port);
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await;
        let tcp = tcp.map_err(|error| format!("the mail server {place} cannot be reached: {error}"))?;
        tcp.set_nodelay(true).map_err(|error| format!("the connection to {place} broke: {error}"))?;
        let stream: Box<dyn AsyncTokioStream> = match &self.security {
            Security::Required(connector, name) => {
                let tls = connector.connect(name.clone(), tcp).await;
                Box::new(Secured(
                    tls.map_err(|error| format!("the mail server {place} has no good certificate: {error}"))?,
                ))
            }
            Security::None | Security::Starttls(_) => Box::new(tcp),
        };
        let connected = AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await;
        let mut connection = connected.map_err(|error| format!("the mail server {place} does not take us: {error}"))?;
        if let Security::Starttls(parameters) = &self.security {
            let secured = connection.starttls(parameters.clone(), &self.hello).await;
            secured.map_err(|error| format!("STARTTLS with {place} failed: {error}"))?;
        }
        if let Some(login) = &self.login {
            let welcome = connection.auth(&[Mechanism::Plain, Mechanism::Login], login).await;
            welcome.map_err(|error| format!("the mail server {place} refuses our login: {error}"))?;
        }
        Ok(connection)
    }
}

/// Closes connections that nobody used for as long as they are kept; ends when none is left.
async fn watch(inner: Weak<Inner>, keep: Duration) {
    loop {
        tokio::time::sleep(keep).await;
        let Some(inner) = inner.upgrade() else { return };
        let mut shelf = inner.shelf();
        let (old, fresh) =
            std::mem::take(&mut shelf.connections).into_iter().partition(|kept| kept.since.elapsed() >= keep);
        shelf.connections = fresh;
        shelf.is_watched = !shelf.connections.is_empty();
        let done = !shelf.is_watched;
        drop(shelf);
        let old: Vec<Kept> = old;
        say_goodbye(old.into_iter().map(|kept| kept.connection).collect());
        if done {
            return;
        }
    }
}

/// Says QUIT without making anybody wait for the answer.
fn say_goodbye(connections: Vec<AsyncSmtpConnection>) {
    if connections.is_empty() {
        return;
    }
    tokio::spawn(async move {
        for mut connection in connections {
            let _answer = timeout(Duration::from_secs(5), connection.quit()).await;
        }
    });
}

/// A TLS stream that lettre takes for a plain one.
struct Secured(TlsStream<TcpStream>);

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secured")
    }
}

impl AsyncTokioStream for Secured {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Secured {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
