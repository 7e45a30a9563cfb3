//! Files on a server that speaks SFTP (draft-ietf-secsh-filexfer-02, what OpenSSH speaks). The server
//! is known by the key that the city wrote down; another key is refused before anything is said.

use super::shelf::{Entry, LARGEST, Shelf, Trouble};
use async_trait::async_trait;
use russh::{
    client,
    keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate},
};
use russh_sftp::{
    client::{RawSftpSession, error::Error as SftpError},
    extensions::HardlinkExtension,
    protocol::{FileAttributes, OpenFlags, Packet, StatusCode},
};
use schemas::{Timestamp, fault::Invalid};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use url::Url;

/// How long the server may take to let us in.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take for one step, in seconds.
const STEP: u64 = 30;
/// How much is read or written in one step; every server takes as much.
const CHUNK: u32 = 32 * 1024;
const POSIX_RENAME: &str = "posix-rename@openssh.com";
const FSYNC: &str = "fsync@openssh.com";

/// A server, in `departments.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `sftp://user@host:22/folder`; `/~/folder` is below the home of the user.
    pub url: Url,
    /// The SHA-256 of the server's key as `ssh-keygen -l` writes it; several while it is replaced.
    #[serde(deserialize_with = "one_or_more")]
    pub host_key: Vec<String>,
}

fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "write the key's fingerprint: \"SHA256:…\"")]
    enum Keys {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Keys::deserialize(from)? {
        Keys::One(key) => vec![key],
        Keys::Several(keys) => keys,
    })
}

fn is_fingerprint(text: &str) -> bool {
    text.strip_prefix("SHA256:").is_some_and(|hash| {
        hash.len() == 43 && hash.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
    })
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        if self.url.scheme() != "sftp" || !self.url.has_host() || self.url.username().is_empty() {
            let message = "write an address like sftp://user@files.example:22/folder";
            faults.push(Invalid::new("/sftp/url", "malformed", message));
        }
        if self.url.password().is_some() {
            let message = "no password in the address: put it as `credentials` into the configuration";
            faults.push(Invalid::new("/sftp/url", "secret", message));
        }
        if self.host_key.is_empty() {
            faults.push(Invalid::new("/sftp/host_key", "required", "write the fingerprint of the server's key"));
        }
        for key in self.host_key.iter().filter(|key| !is_fingerprint(key)) {
            let message = format!(
                "`{key}` is no fingerprint: ask the partner for it, or look with `ssh-keyscan HOST | ssh-keygen -lf -`; it is SHA256: and 43 characters"
            );
            faults.push(Invalid::new("/sftp/host_key", "malformed", message));
        }
        faults
    }

    /// The server, with what we prove ourselves by.
    pub fn build(self, key: Option<SecretString>, password: Option<SecretString>) -> Result<Server, Invalid> {
        let key = match key {
            None => None,
            Some(key) => Some(Arc::new(russh::keys::decode_secret_key(key.expose_secret(), None).map_err(|error| {
                let message = format!(
                    "`ssh_key` cannot be used ({error}): give an Ed25519 or ECDSA key in OpenSSH form, without a passphrase"
                );
                Invalid::new("/sftp", "ssh_key", message)
            })?)),
        };
        if key.is_none() && password.is_none() {
            let message = "set `ssh_key` or `password` of `credentials` in the configuration of the department";
            return Err(Invalid::new("/sftp", "no_credentials", message));
        }
        let Self { url, host_key } = self;
        let text = |part: &str| percent_decoded(part);
        let path = match text(url.path()) {
            path if path.is_empty() || path == "/~" => ".".to_owned(),
            path => path.strip_prefix("/~/").map_or_else(|| path.clone(), str::to_owned),
        };
        let path = if path == "/" { path } else { path.trim_end_matches('/').to_owned() };
        Ok(Server {
            host: url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(22),
            user: text(url.username()),
            root: if path.is_empty() { ".".to_owned() } else { path },
            host_key,
            key,
            password,
        })
    }
}

/// The characters behind `%C3%A9`.
fn percent_decoded(text: &str) -> String {
    // What a form says of plus does not count in an address.
    let pairs = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(pairs.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

/// A server that keeps files.
pub struct Server {
    host: String,
    port: u16,
    user: String,
    root: String,
    host_key: Vec<String>,
    key: Option<Arc<PrivateKey>>,
    password: Option<SecretString>,
}

/// Knows the server by its key.
struct Known {
    host_key: Vec<String>,
    /// The key that was shown, when it is not known.
    strange: Arc<Mutex<Option<String>>>,
}

impl client::Handler for Known {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else { return Ok(false) };
        let shown = key.fingerprint(HashAlg::Sha256).to_string();
        let known = self.host_key.contains(&shown);
        if !known && let Ok(mut strange) = self.strange.lock() {
            *strange = Some(shown);
        }
        Ok(known)
    }
}

impl Server {
    /// Connects, for one round.
    pub async fn connect(&self) -> Result<Session, Trouble> {
        let within = tokio::time::timeout(PATIENCE, self.enter()).await;
        within.unwrap_or_else(|_| Err(self.trouble(format!("nobody answers within {} s", PATIENCE.as_secs()))))
    }

    fn trouble(&self, why: impl std::fmt::Display) -> Trouble {
        Trouble(format!("{}:{}: {why}", self.host, self.port))
    }

    async fn enter(&self) -> Result<Session, Trouble> {
        let strange = Arc::new(Mutex::new(None));
        let known = Known { host_key: self.host_key.clone(), strange: strange.clone() };
        let config = client::Config {
            inactivity_timeout: Some(Duration::from_secs(120)),
            keepalive_interval: Some(Duration::from_secs(15)),
            nodelay: true,
            ..client::Config::default()
        };
        let entered = client::connect(Arc::new(config), (self.host.as_str(), self.port), known).await;
        let mut handle = entered.map_err(|error| {
            let shown = strange.lock().ok().and_then(|mut shown| shown.take());
            match (shown, error) {
                (Some(shown), _) => self.trouble(format!(
                    "the server shows the key {shown}, which is not the one in `host_key`, so nothing was sent. If the partner confirms that it has a new key, write that one"
                )),
                (None, russh::Error::NoCommonAlgo { kind, theirs, .. }) => self.trouble(format!(
                    "we have no way in common for {kind:?}, it only knows {}: it needs an Ed25519 or ECDSA host key and present ciphers",
                    theirs.join(", ")
                )),
                (None, error) => self.trouble(error),
            }
        })?;
        self.prove(&mut handle).await?;
        let failed = |error: russh::Error| self.trouble(format!("no file transfer: {error}"));
        let channel = handle.channel_open_session().await.map_err(failed)?;
        channel.request_subsystem(true, "sftp").await.map_err(failed)?;
        let sftp = RawSftpSession::new(channel.into_stream());
        sftp.set_timeout(STEP);
        let version = sftp.init().await.map_err(|error| self.trouble(format!("no file transfer: {error}")))?;
        Ok(Session {
            whose: format!("{}:{}", self.host, self.port),
            root: self.root.clone(),
            posix_rename: version.extensions.contains_key(POSIX_RENAME),
            fsync: version.extensions.contains_key(FSYNC),
            sftp,
            handle,
        })
    }

    async fn prove(&self, handle: &mut client::Handle<Known>) -> Result<(), Trouble> {
        let failed = |error: russh::Error| self.trouble(error);
        if let Some(key) = &self.key {
            let key = PrivateKeyWithHashAlg::new(key.clone(), None);
            if handle.authenticate_publickey(&self.user, key).await.map_err(failed)?.success() {
                return Ok(());
            }
        }
        if let Some(password) = &self.password {
            let answer = handle.authenticate_password(&self.user, password.expose_secret()).await;
            if answer.map_err(failed)?.success() {
                return Ok(());
            }
        }
        let what = match (&self.key, &self.password) {
            (Some(_), Some(_)) => "our key and our password",
            (Some(_), None) => "our key",
            _ => "our password",
        };
        Err(self.trouble(format!("it does not let `{}` in by {what}: ask the partner, or set another", self.user)))
    }
}

/// One connection, for one round.
pub struct Session {
    whose: String,
    root: String,
    posix_rename: bool,
    fsync: bool,
    sftp: RawSftpSession,
    handle: client::Handle<Known>,
}

/// Whether there is nothing of that name.
fn is_missing(error: &SftpError) -> bool {
    matches!(error, SftpError::Status(status) if status.status_code == StatusCode::NoSuchFile)
}

fn is_end(error: &SftpError) -> bool {
    matches!(error, SftpError::Status(status) if status.status_code == StatusCode::Eof)
}

fn is_plain(attributes: &FileAttributes) -> bool {
    attributes.file_type().is_file()
}

impl Session {
    fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.root.trim_end_matches('/'))
    }

    fn trouble(&self, doing: &str, path: &str, error: &SftpError) -> Trouble {
        Trouble(format!("{}: cannot {doing} {path}: {error}", self.whose))
    }

    async fn attributes(&self, path: &str) -> Result<Option<FileAttributes>, Trouble> {
        match self.sftp.lstat(path).await {
            Ok(there) => Ok(Some(there.attrs)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.trouble("look at", path, &error)),
        }
    }

    async fn fill(&self, handle: &str, bytes: &[u8]) -> Result<(), SftpError> {
        let mut offset = 0;
        for chunk in bytes.chunks(CHUNK as usize) {
            self.sftp.write(handle, offset, chunk.to_vec()).await?;
            offset += chunk.len() as u64;
        }
        if self.fsync {
            self.sftp.fsync(handle).await?;
        }
        Ok(())
    }

    async fn drain(&self, handle: &str) -> Result<Vec<u8>, SftpError> {
        let mut bytes = Vec::new();
        while bytes.len() as u64 <= LARGEST {
            match self.sftp.read(handle, bytes.len() as u64, CHUNK).await {
                Ok(data) if data.data.is_empty() => break,
                Ok(data) => bytes.extend(data.data),
                Err(error) if is_end(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(bytes)
    }

    async fn move_over(&self, from: &str, to: &str) -> Result<(), SftpError> {
        if self.posix_rename {
            let both = HardlinkExtension { oldpath: from.to_owned(), newpath: to.to_owned() };
            let data: Vec<u8> = both.try_into().map_err(|_| SftpError::UnexpectedPacket)?;
            return match self.sftp.extended(POSIX_RENAME, data).await? {
                Packet::Status(status) if status.status_code == StatusCode::Ok => Ok(()),
                Packet::Status(status) => Err(SftpError::Status(status)),
                _ => Err(SftpError::UnexpectedPacket),
            };
        }
        // The old way does not move over anything; only what may be lost is ever in the way.
        match self.sftp.rename(from, to).await {
            Err(error) if !is_missing(&error) && self.sftp.lstat(to).await.is_ok() => {
                self.sftp.remove(to).await?;
                self.sftp.rename(from, to).await.map(|_| ())
            }
            done => done.map(|_| ()),
        }
    }
}

#[async_trait]
impl Shelf for Session {
    async fn make_folder(&self, folder: &str) -> Result<(), Trouble> {
        if !self.attributes(&self.root).await?.is_some_and(|root| root.permissions.is_none() || !is_plain(&root)) {
            return Err(Trouble(format!(
                "{}: there is no folder {}: ask the partner to make it",
                self.whose, self.root
            )));
        }
        let mut path = String::new();
        for part in folder.split('/').filter(|part| !part.is_empty()) {
            path = if path.is_empty() { part.to_owned() } else { format!("{path}/{part}") };
            let at = self.at(&path);
            if self.attributes(&at).await?.is_none() {
                self.sftp
                    .mkdir(&at, FileAttributes::empty())
                    .await
                    .map_err(|error| self.trouble("make", &at, &error))?;
            }
        }
        Ok(())
    }

    async fn list(&self, folder: &str) -> Result<Vec<Entry>, Trouble> {
        let at = self.at(folder);
        let trouble = |error: SftpError| self.trouble("list", &at, &error);
        let handle = self.sftp.opendir(&at).await.map_err(trouble)?.handle;
        let mut entries = Vec::new();
        loop {
            let files = match self.sftp.readdir(&handle).await {
                Ok(name) => name.files,
                Err(error) if is_end(&error) => break,
                Err(error) => return Err(trouble(error)),
            };
            // A server that does not tell what it is has files only, as far as we can know.
            let plain = files.into_iter().filter(|file| file.attrs.permissions.is_none() || is_plain(&file.attrs));
            entries.extend(plain.filter(|file| !matches!(file.filename.as_str(), "." | "..")).map(|file| Entry {
                name: file.filename,
                size: file.attrs.size.unwrap_or_default(),
                modified: file.attrs.mtime.and_then(|at| Timestamp::from_second(i64::from(at)).ok()),
            }));
        }
        self.sftp.close(&handle).await.map_err(trouble)?;
        entries.retain(|entry| !entry.name.contains('/'));
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let at = self.at(path);
        let Some(there) = self.attributes(&at).await? else { return Ok(None) };
        if there.permissions.is_some() && !is_plain(&there) {
            return Err(Trouble(format!("{}: {at} is not a plain file", self.whose)));
        }
        let handle = match self.sftp.open(&at, OpenFlags::READ, FileAttributes::empty()).await {
            Ok(opened) => opened.handle,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(self.trouble("open", &at, &error)),
        };
        let bytes = self.drain(&handle).await;
        let closed = self.sftp.close(&handle).await;
        let bytes = bytes.and_then(|bytes| closed.map(|_| bytes)).map_err(|error| self.trouble("read", &at, &error))?;
        if bytes.len() as u64 > LARGEST { Err(Trouble::too_large(path)) } else { Ok(Some(bytes)) }
    }

    async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Trouble> {
        let at = self.at(path);
        let trouble = |error: SftpError| self.trouble("write", &at, &error);
        let how = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let handle = self.sftp.open(&at, how, FileAttributes::empty()).await.map_err(trouble)?.handle;
        let filled = self.fill(&handle, bytes).await;
        let closed = self.sftp.close(&handle).await;
        filled.and(closed.map(|_| ())).map_err(trouble)
    }

    async fn rename(&self, from: &str, to: &str) -> Result<bool, Trouble> {
        let (from, to) = (self.at(from), self.at(to));
        match self.move_over(&from, &to).await {
            Ok(()) => Ok(true),
            Err(error) if is_missing(&error) && self.attributes(&from).await?.is_none() => Ok(false),
            Err(error) => Err(self.trouble("move", &from, &error)),
        }
    }

    async fn close(&self) {
        // Whatever it says to that: everything was confirmed before.
        _ = self.sftp.close_session();
        _ = self.handle.disconnect(russh::Disconnect::ByApplication, "", "").await;
    }
}
