//! The devices that the reporter of a case is told on: what may be registered, and by what.
//!
//! Whoever holds the secret link of a report speaks for its reporter. What they hand in is an address that the
//! city will call, so it is checked before it is kept: only push services that the operator knows.

use crate::senders::{
    push::{NAME, PushConfig, encrypt},
    sandbox::Magic,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use schemas::{
    Timestamp,
    device::Device,
    fault::Invalid,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Heard, HeardState},
    report::Report,
    trace::Trace,
    way::Address,
};
use serde::Serialize;
use std::sync::Arc;
use store::{AddressKeys, NoticeTokens, ReportDevice, Store};
use tokio::sync::OnceCell;
use url::Url;

/// The most devices of one report; the newest count.
pub const MOST: usize = 10;

/// What a page or an app has to know before it registers a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Offer {
    /// What browsers subscribe with (`applicationServerKey`): 65 bytes in base64url; nothing when no browser is
    /// reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// The kinds of devices that are reached: `web`, `fcm`, `apns`.
    pub kinds: Vec<&'static str>,
    /// The most devices of one report.
    pub most: usize,
}

/// A device of a report, as its holder may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Registered {
    /// Its name here: says nothing of the device.
    pub id: String,
    /// `web`, `fcm` or `apns`.
    pub kind: &'static str,
    /// Since when.
    pub since: Timestamp,
}

impl Registered {
    fn of(device: ReportDevice) -> Self {
        let kind = match &device.address {
            Address::Push(device) => device.kind(),
            _ => "",
        };
        Self { id: device.key, kind, since: device.made_at }
    }
}

/// Registers devices. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Devices(Arc<Inner>);

struct Inner {
    config: PushConfig,
    /// Whether devices of the sandbox may be registered.
    magic: bool,
    /// The public half of the key in use, and of the one before.
    public: Vec<String>,
    keys: OnceCell<AddressKeys>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Devices")
    }
}

impl Devices {
    /// Registers what the sender of `config` reaches, and with `magic` the devices of the sandbox
    /// ([`crate::senders::sandbox`]). The error is a sentence that names the wrong setting.
    pub fn build(config: &PushConfig, magic: bool) -> Result<Self, String> {
        if let Some(wrong) = config.check().into_iter().next() {
            return Err(wrong);
        }
        let public = config.keys()?.iter().map(crate::senders::push::Key::public).collect();
        Ok(Self(Arc::new(Inner { config: config.clone(), magic, public, keys: OnceCell::new() })))
    }

    /// What may be registered.
    pub fn offer(&self) -> Offer {
        Offer { public_key: self.0.public.first().cloned(), kinds: self.0.config.kinds(), most: MOST }
    }

    /// From now on the reporter of `report` is told on `device`. The same device again replaces its keys. The inner
    /// error names every wrong field.
    pub async fn add(
        &self,
        store: &Store,
        report: &Report,
        device: Device,
    ) -> Result<Result<Registered, Vec<Invalid>>, store::Error> {
        let faults = self.check(&device);
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        let keys = self.0.keys.get_or_try_init(|| store.address_keys()).await?;
        let address = Address::Push(device);
        let device = ReportDevice { report: report.id, key: keys.of(&address), address, made_at: store.clock().now() };
        let mut tx = store.begin().await?;
        tx.put_device(&device, MOST).await?;
        tx.commit().await?;
        Ok(Ok(Registered::of(device)))
    }

    /// The device named `id` is not told of `report` any more. `false` when it was not.
    pub async fn remove(&self, store: &Store, report: &Report, id: &str) -> Result<bool, store::Error> {
        let mut tx = store.begin().await?;
        let was = tx.drop_device(report.id, id).await?;
        tx.commit().await?;
        Ok(was)
    }

    /// The devices of `report` in the order they came.
    pub async fn of(&self, store: &Store, report: &Report) -> Result<Vec<Registered>, store::Error> {
        Ok(store.devices(report.id).await?.into_iter().map(Registered::of).collect())
    }

    /// What is wrong with `device`.
    fn check(&self, device: &Device) -> Vec<Invalid> {
        let kind = device.kind();
        let is_played = self.0.magic && Magic::of(&Address::Push(device.clone())).is_some();
        if !is_played && !self.0.config.kinds().contains(&kind) {
            let known = self.0.config.kinds().join(", ");
            return vec![Invalid::new("/kind", "unknown", format!("this city does not push to {kind}: use {known}"))];
        }
        match device {
            Device::Web { endpoint, p256dh, auth, key } => {
                let fault = self.check_endpoint(endpoint).filter(|fault| !(is_played && fault.code == "unknown"));
                let mut faults: Vec<Invalid> = fault.into_iter().collect();
                if !bytes(p256dh).is_some_and(|point| encrypt::is_point(&point)) {
                    let help = "this is no point of P-256: send the 65 bytes of getKey(\"p256dh\") in base64url";
                    faults.push(Invalid::new("/p256dh", "malformed", help));
                }
                if bytes(auth).is_none_or(|auth| auth.len() != 16) {
                    let help = "send the 16 bytes of getKey(\"auth\") in base64url";
                    faults.push(Invalid::new("/auth", "malformed", help));
                }
                if !self.0.public.contains(key) {
                    let help = "this is no key of the city: subscribe with public_key of GET /api/v1/push";
                    faults.push(Invalid::new("/key", "unknown", help));
                }
                faults
            }
            Device::Fcm { token } => {
                let is_good = (20..=2_048).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
                let help = "send the registration token that Firebase gave the app";
                (!is_good).then(|| Invalid::new("/token", "malformed", help)).into_iter().collect()
            }
            Device::Apns { token } => {
                let is_good = (64..=200).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_hexdigit());
                let help = "send the device token that Apple gave the app, in hexadecimal digits";
                (!is_good).then(|| Invalid::new("/token", "malformed", help)).into_iter().collect()
            }
        }
    }

    fn check_endpoint(&self, endpoint: &str) -> Option<Invalid> {
        let wrong = |code: &str, message: String| Some(Invalid::new("/endpoint", code, message));
        if endpoint.len() > 2_048 {
            return wrong("too_long", "at most 2048 characters".to_owned());
        }
        let url = endpoint.parse::<Url>().ok().filter(|url| {
            url.scheme() == "https" && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
        });
        let Some(host) = url.as_ref().and_then(Url::host_str) else {
            return wrong("malformed", "send the endpoint of the subscription: an https address".to_owned());
        };
        if self.0.config.knows(host) {
            return None;
        }
        wrong("unknown", format!("this city does not know the push service {host}: its operator can add it"))
    }
}

/// Keeps that a device shows the notice of `token` ([`crate::NoticeLinks::shown`]); twice is once. `false` when the
/// token is none of ours.
pub async fn shown(store: &Store, tokens: &NoticeTokens, token: &str, trace: Trace) -> Result<bool, store::Error> {
    let Some(notice) = tokens.read_shown(token) else { return Ok(false) };
    let (provider, state, at) = (NAME.to_owned(), HeardState::Delivered, store.clock().now());
    let id = derived(&["heard", NAME, &notice.to_string(), state.as_str()]);
    let heard = Heard { notice: Some(notice), provider, number: None, state, why: None, at };
    let letter = Letter::new(id, Lane::notifier(), Topic::NoticeHeard, "notice.heard", &heard, trace, at);
    let mut tx = store.begin().await?;
    tx.post(&[letter]).await?;
    tx.commit().await?;
    metrics::counter!("voordeur_notices_heard_total", "provider" => NAME, "state" => state.as_str()).increment(1);
    Ok(true)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::senders::push::Key;
    use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
    use secrecy::ExposeSecret as _;

    #[test]
    fn every_wrong_field_is_named() {
        let (key, pem) = Key::make().unwrap();
        let config = format!("subject = 'mailto:a@example.org'\nkey = '''{}'''", pem.expose_secret());
        let config: PushConfig = toml::from_str(&config).unwrap();
        let devices = Devices::build(&config, false).unwrap();
        let point = PrivateKey::generate(&ECDH_P256).unwrap().compute_public_key().unwrap();
        let point = URL_SAFE_NO_PAD.encode(point.as_ref());
        let off = URL_SAFE_NO_PAD.encode([4; 65]);
        let auth = URL_SAFE_NO_PAD.encode([7; 16]);
        let ours = key.public();
        let good = "https://fcm.googleapis.com/fcm/send/abc";
        let long = format!("{good}{}", "a".repeat(2_048));
        for (endpoint, p256dh, auth, key, expected) in [
            (good, point.as_str(), auth.as_str(), ours.as_str(), &[][..]),
            ("http://fcm.googleapis.com/x", &point, &auth, &ours, &["/endpoint malformed"]),
            ("https://a:b@fcm.googleapis.com/x", &point, &auth, &ours, &["/endpoint malformed"]),
            ("https://127.0.0.1/x", &point, &auth, &ours, &["/endpoint unknown"]),
            ("https://metadata.internal/x", &point, &auth, &ours, &["/endpoint unknown"]),
            ("https://fcm.googleapis.com.evil.example/x", &point, &auth, &ours, &["/endpoint unknown"]),
            ("javascript:alert(1)", &point, &auth, &ours, &["/endpoint malformed"]),
            (&long, &point, &auth, &ours, &["/endpoint too_long"]),
            (good, &off, &auth, &ours, &["/p256dh malformed"]),
            (good, "", "!", "x", &["/p256dh malformed", "/auth malformed", "/key unknown"]),
        ] {
            let device =
                Device::Web { endpoint: endpoint.into(), p256dh: p256dh.into(), auth: auth.into(), key: key.into() };
            let faults = devices.check(&device);
            let said: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect();
            assert_eq!(said, expected, "{endpoint}");
        }
        let played = Device::Web {
            endpoint: "https://delivered.sandbox.voordeur.invalid/1".into(),
            p256dh: point,
            auth,
            key: ours.clone(),
        };
        assert_eq!(devices.check(&played)[0].field, "/endpoint");
        let playing = Devices::build(&config, true).unwrap();
        assert!(playing.check(&played).is_empty());
        assert!(playing.check(&Device::Fcm { token: "sandbox-bounced-0123456789".into() }).is_empty());
        let app = Device::Fcm { token: "a".repeat(100) };
        assert_eq!(playing.check(&app)[0].field, "/kind");
        assert_eq!(devices.check(&app)[0].field, "/kind", "there is no app");
        assert_eq!(devices.offer(), Offer { public_key: Some(ours), kinds: vec!["web"], most: MOST });
    }
}
