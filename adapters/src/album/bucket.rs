//! Files of photos in a bucket of an S3 server. Each call is signed for itself (AWS Signature Version 4, in the query) and
//! made with the one HTTP client of the house.

use super::shelf::{LARGEST, Trouble};
use bus::http::{self, Client};
use bytes::Bytes;
use reqwest::{RequestBuilder, Response, StatusCode};
use rusty_s3::{Credentials, S3Action as _, UrlStyle};
use schemas::{fault::Invalid, id::Clock, text::clean_line};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use url::Url;

/// How long a signed address is good. It is used at once; clocks may differ a little.
const GOOD_FOR: Duration = Duration::from_secs(300);

/// How buckets are reached.
#[derive(Debug, Clone)]
pub struct Access {
    /// Where the server is: `https://s3.eu-west-1.amazonaws.com`.
    pub endpoint: Url,
    /// Its region; `us-east-1` where the server has none.
    pub region: String,
    /// Who we are there.
    pub access_key: String,
    /// By what we prove it.
    pub secret_key: SecretString,
    /// Whether the bucket stands in the path and not in the name of the host.
    pub path_style: bool,
}

impl Access {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        let mut wrong = |field: &str, message: &str| faults.push(Invalid::new(field, "malformed", message));
        if !matches!(self.endpoint.scheme(), "http" | "https") || self.endpoint.host().is_none() {
            wrong("photos.s3.endpoint", "write the address of the server: https://s3.eu-west-1.amazonaws.com");
        }
        if self.endpoint.query().is_some() || !self.endpoint.username().is_empty() {
            wrong("photos.s3.endpoint", "write the address alone, without a name, a password or a question");
        }
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if !plain(&self.region) || self.region.contains('/') {
            wrong("photos.s3.region", "write the region of the server, or us-east-1 when it has none");
        }
        if !plain(&self.access_key) || self.access_key.contains('/') {
            wrong("photos.s3.access_key", "write the name of the key that the server gave you");
        }
        if !plain(self.secret_key.expose_secret()) {
            wrong("photos.s3.secret_key", "write the secret that belongs to access_key");
        }
        faults
    }
}

/// A bucket.
pub(super) struct Bucket {
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
    prefix: String,
    http: Client,
    clock: Clock,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bucket({})", self.bucket.name())
    }
}

impl Bucket {
    pub(super) fn open(access: &Access, http: Client, clock: Clock, name: &str, prefix: &str) -> Result<Self, Trouble> {
        let style = if access.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let bucket = rusty_s3::Bucket::new(access.endpoint.clone(), style, name.to_owned(), access.region.clone())
            .map_err(|error| Trouble(format!("[photos.s3] endpoint does not go with bucket {name}: {error}")))?;
        let credentials = Credentials::new(access.access_key.as_str(), access.secret_key.expose_secret());
        Ok(Self { bucket, credentials, prefix: prefix.to_owned(), http, clock })
    }

    fn key(&self, file: &str) -> String {
        if self.prefix.is_empty() { file.to_owned() } else { format!("{}/{file}", self.prefix) }
    }

    /// Makes a call, twice when the server stumbles: each says the same however often it comes.
    async fn call(&self, build: impl Fn() -> Result<RequestBuilder, http::Error>) -> Result<Response, Trouble> {
        let mut tried = 0;
        loop {
            tried += 1;
            let call = build().map_err(|error| Trouble(error.to_string()))?;
            match call.send().await {
                Ok(answer) if !answer.status().is_server_error() || tried == 2 => return Ok(answer),
                Err(error) if tried == 2 || error.is_timeout() => return Err(unreachable(&error)),
                _ => {}
            }
        }
    }

    pub(super) async fn put(&self, file: &str, bytes: Bytes) -> Result<(), Trouble> {
        let key = self.key(file);
        let action = self.bucket.put_object(Some(&self.credentials), &key);
        let answer = self
            .call(|| {
                let url = action.sign_with_time(GOOD_FOR, &self.clock.now());
                Ok(self.http.put(&url)?.header("content-type", "application/octet-stream").body(bytes.clone()))
            })
            .await?;
        if answer.status() == StatusCode::OK { Ok(()) } else { Err(refused(answer).await) }
    }

    pub(super) async fn get(&self, file: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let key = self.key(file);
        let action = self.bucket.get_object(Some(&self.credentials), &key);
        let mut answer = self.call(|| self.http.get(&action.sign_with_time(GOOD_FOR, &self.clock.now()))).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                // A bucket that is gone has no files either, but that is another matter.
                let why = refused(answer).await;
                return if why.0.contains("NoSuchBucket") { Err(why) } else { Ok(None) };
            }
            _ => return Err(refused(answer).await),
        }
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if bytes.len() + piece.len() > LARGEST {
                return Err(Trouble("a file there is larger than any photo".to_owned()));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Some(bytes))
    }

    pub(super) async fn remove(&self, file: &str) -> Result<(), Trouble> {
        let key = self.key(file);
        let action = self.bucket.delete_object(Some(&self.credentials), &key);
        let answer = self.call(|| self.http.delete(&action.sign_with_time(GOOD_FOR, &self.clock.now()))).await?;
        match answer.status() {
            StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
            StatusCode::NOT_FOUND => {
                let why = refused(answer).await;
                if why.0.contains("NoSuchBucket") { Err(why) } else { Ok(()) }
            }
            _ => Err(refused(answer).await),
        }
    }
}

/// Why there was no answer: the last cause, never the address, which is signed.
fn unreachable(error: &reqwest::Error) -> Trouble {
    let mut why = "nobody says why".to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        why = inner.to_string();
        source = inner.source();
    }
    Trouble(format!("the S3 server cannot be reached: {why}"))
}

/// What the server said: its status and the code of its answer (`<Code>NoSuchBucket</Code>`).
async fn refused(answer: Response) -> Trouble {
    let status = answer.status().as_u16();
    let body = http::head(answer).await;
    let text = String::from_utf8_lossy(&body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or("", |(code, _)| code);
    let code: String = clean_line(code).chars().take(60).collect();
    let advice = match code.as_str() {
        "NoSuchBucket" => ": make the bucket first",
        "SignatureDoesNotMatch" | "InvalidAccessKeyId" => ": see access_key and secret_key of [photos.s3]",
        "RequestTimeTooSkewed" => ": the clock of this machine is wrong",
        "AccessDenied" => ": the key needs the rights to put, get and delete objects",
        _ => "",
    };
    Trouble(format!("the S3 server answered {status} {code}{advice}"))
}
