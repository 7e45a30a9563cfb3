//! `[sms]`: the gateway for text messages.

use super::load;
use notifier::senders::sms::{Profile, SmsConfig, smpp::SmppConfig};
use secrecy::SecretString;
use serde::Deserialize;

/// The SMS gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// How it is spoken to: `kannel`, `cm`, `ringring`, `spryng`, `twilio`, `smpp`, or `own`.
    pub profile: String,
    /// What it is called in receipts and figures; left out: as its profile.
    #[serde(default)]
    pub name: Option<String>,
    /// How often it comes first beside the others, 0 to 1000; 0: only when no other takes a message.
    #[serde(default = "hundred")]
    pub weight: u32,
    /// The most parts per minute and process.
    #[serde(default)]
    pub parts_per_minute: Option<u32>,
    /// Other gateways, which take what this one does not.
    #[serde(default)]
    pub also: Vec<Sms>,
    /// The profile `own`: see docs/install/notices.md.
    #[serde(default)]
    pub own: Option<Profile>,
    /// What only the profile `smpp` has: see docs/install/notices.md.
    #[serde(default)]
    pub smpp: Option<SmppConfig>,
    /// Where the gateway is, for profiles that ask for it (kannel, smpp).
    #[serde(default)]
    pub url: Option<String>,
    /// The sender that people see: a number, or up to 11 letters.
    pub from: String,
    /// The account.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password.
    #[serde(default, deserialize_with = "load::maybe_secret")]
    pub password: Option<SecretString>,
    /// The key or token of the gateway's interface.
    #[serde(default, deserialize_with = "load::maybe_secret")]
    pub key: Option<SecretString>,
    /// Whether letters that the cheap alphabet lacks are written by others.
    #[serde(default = "yes")]
    pub transliterate: bool,
    /// What one part costs, in euro.
    #[serde(default)]
    pub price_per_part: Option<f64>,
    /// The most messages per second through all gateways together; no limit when left out.
    #[serde(default)]
    pub rate_per_second: Option<f64>,
    /// Messages in the air at once, 1 to 100.
    #[serde(default = "four")]
    pub at_once: usize,
    /// How many hours a receipt may take before the person is told another way; 0: silence says nothing.
    #[serde(default = "two_days")]
    pub receipt_within_hours: u32,
    /// The secret end of the address that receipts come to; at least 20 letters and digits.
    #[serde(default, deserialize_with = "load::maybe_secret")]
    pub hook_secret: Option<SecretString>,
    /// The networks that receipts come from.
    #[serde(default)]
    pub hook_networks: Vec<String>,
}

fn hundred() -> u32 {
    100
}

fn four() -> usize {
    4
}

fn yes() -> bool {
    true
}

fn two_days() -> u32 {
    48
}

impl Sms {
    /// The same for the sender, in an installation that residents see at `public_url`: this gateway, and
    /// behind it the others.
    pub fn sender(&self, public_url: &str) -> Vec<SmsConfig> {
        let also = self.also.iter().map(|gateway| gateway.gateway(public_url));
        std::iter::once(self.gateway(public_url)).chain(also).collect()
    }

    /// What is set for one of the other gateways and counts for none, as a sentence that names it.
    pub fn misplaced(&self) -> Option<String> {
        self.also.iter().enumerate().find_map(|(n, gateway)| {
            let n = n + 1;
            if gateway.rate_per_second.is_some() {
                let help = "it counts for all gateways together, under [sms]; use parts_per_minute for one";
                return Some(format!("sms.also[{n}].rate_per_second: {help}"));
            }
            (!gateway.also.is_empty()).then(|| format!("sms.also[{n}].also: write every gateway as [[sms.also]]"))
        })
    }

    fn gateway(&self, public_url: &str) -> SmsConfig {
        SmsConfig {
            profile: self.profile.clone(),
            name: self.name.clone(),
            weight: self.weight,
            parts_per_minute: self.parts_per_minute,
            own: self.own.clone(),
            smpp: self.smpp.clone(),
            url: self.url.clone(),
            from: self.from.clone(),
            user: self.user.clone(),
            password: self.password.clone(),
            key: self.key.clone(),
            transliterate: self.transliterate,
            price_per_part: self.price_per_part,
            door: false,
            at_once: self.at_once,
            receipt_within_hours: self.receipt_within_hours,
            hook_secret: self.hook_secret.clone(),
            hook_networks: self.hook_networks.clone(),
            public_url: public_url.trim_end_matches('/').to_owned(),
        }
    }
}
