//! Photos that are named by their address: fetched while the client waits, a few seconds at most.

use super::Door;
use bus::http::Client;
use bytes::{Bytes, BytesMut};
use schemas::Uuid;
use std::time::Duration;
use url::Url;

/// How long a client waits for its photos at most, all of them together.
const PATIENCE: Duration = Duration::from_secs(4);
/// How many photos are fetched at once, for all clients together. Whoever waits in vain gets a line.
pub(super) const AT_ONCE: usize = 8;

/// Photos of one request.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Kept, in their order.
    pub photos: Vec<Uuid>,
    /// Not there, none, or too slow.
    pub lost: Vec<Url>,
}

impl Door {
    /// Fetches photos at once and keeps those that are photos.
    pub(super) async fn fetch(&self, media: Vec<Url>) -> Fetched {
        let mut fetched = Fetched::default();
        if media.is_empty() {
            return fetched;
        }
        let client = self.0.client.get_or_init(|| match self.0.http.clone().build() {
            Ok(client) => Some(client),
            Err(error) => {
                tracing::error!(%error, "photos are not fetched: see [http] in the configuration");
                None
            }
        });
        let one = async |url: &Url| {
            let client = client.as_ref().ok_or("there is no client")?;
            let got = tokio::time::timeout(PATIENCE, self.keep(client, url)).await;
            got.unwrap_or_else(|_| Err("it took too long".to_owned()))
        };
        let results = futures_util::future::join_all(media.iter().map(one)).await;
        for (url, result) in media.into_iter().zip(results) {
            match result {
                Ok(photo) => fetched.photos.push(photo),
                // The address may hold a secret: only where it is goes into the log.
                Err(why) => {
                    tracing::info!(host = url.host_str().unwrap_or_default(), why, "a photo was not fetched");
                    fetched.lost.push(url);
                }
            }
        }
        fetched
    }

    async fn keep(&self, client: &Client, url: &Url) -> Result<Uuid, String> {
        let _permit = self.0.fetching.acquire().await.map_err(|_| "the door is closed")?;
        let bytes = get(client, url, self.0.photos.max_bytes()).await?;
        let id = self.0.tools.ids.new_id();
        self.0.photos.receive(&self.0.tools, id, bytes).await.map_err(|error| error.to_string())?;
        Ok(id)
    }
}

/// The bytes behind `url`, at most so many; or why not, without the address.
pub(crate) async fn get(client: &Client, url: &Url, most: usize) -> Result<Bytes, String> {
    let call = client.get(url).map_err(|error| error.to_string())?;
    let mut answer = call.send().await.map_err(|error| error.without_url().to_string())?;
    if !answer.status().is_success() {
        return Err(format!("it answered {}", answer.status().as_u16()));
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| error.without_url().to_string())? {
        if bytes.len() + chunk.len() > most {
            return Err("it is too large".to_owned());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}
