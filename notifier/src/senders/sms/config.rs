//! Which gateway, and what it is told with.

use super::{
    profile::{PLACES, Profile, QUERY_PLACES, With},
    smpp::{self, SmppConfig},
    text::MAX_PARTS,
};
use bus::http::Network;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::time::Duration;

/// One SMS gateway. An installation may have several.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsConfig {
    /// How it is spoken to: the name of a built-in [`Profile`], `own`, or `smpp`.
    pub profile: String,
    /// What it is called in receipts, figures and the address of its hook; left out: as its profile.
    #[serde(default)]
    pub name: Option<String>,
    /// How often it comes first beside the others, 0 to 1000; 0: only when no other takes a message.
    #[serde(default = "hundred")]
    pub weight: u32,
    /// The most parts per minute and process; a message of three parts is three.
    #[serde(default)]
    pub parts_per_minute: Option<u32>,
    /// The profile `own`.
    #[serde(default)]
    pub own: Option<Profile>,
    /// What only the profile `smpp` has.
    #[serde(default)]
    pub smpp: Option<SmppConfig>,
    /// Where the gateway is, for profiles that ask for it.
    #[serde(default)]
    pub url: Option<String>,
    /// The sender that people see: a number, or up to 11 letters (3GPP TS 23.040 §9.1.2.5).
    pub from: String,
    /// The account.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<SecretString>,
    /// The key or token of the gateway's interface.
    #[serde(default)]
    pub key: Option<SecretString>,
    /// Whether letters that the cheap alphabet lacks are written by others.
    #[serde(default = "yes")]
    pub transliterate: bool,
    /// What one part costs, in euro.
    #[serde(default)]
    pub price_per_part: Option<f64>,
    /// Whether words that people send go to whoever leads conversations.
    #[serde(default)]
    pub door: bool,
    /// Messages in the air at once, 1 to 100.
    #[serde(default = "four")]
    pub at_once: usize,
    /// How many hours a receipt may take before the person is told another way; 0: silence says nothing.
    #[serde(default = "two_days")]
    pub receipt_within_hours: u32,
    /// The secret end of the address that receipts come to, and what they are signed with if the profile
    /// says so; at least 20 characters.
    #[serde(default)]
    pub hook_secret: Option<SecretString>,
    /// The networks that receipts come from: `194.78.45.194`, `80.169.0.0/16`.
    #[serde(default)]
    pub hook_networks: Vec<String>,
    /// The address of this installation, no slash at its end; receipts come to `/hooks/sms/…` there.
    pub public_url: String,
}

fn yes() -> bool {
    true
}

fn four() -> usize {
    4
}

fn two_days() -> u32 {
    48
}

fn hundred() -> u32 {
    100
}

impl SmsConfig {
    /// The profile, if there is such.
    pub(super) fn profile(&self) -> Option<Profile> {
        if self.profile == Profile::OWN { self.own.clone() } else { Profile::built_in(&self.profile) }
    }

    /// What is wrong with these gateways, each as a sentence that names the setting: `sms` is the first, `sms.also`
    /// the others, counted from 1.
    pub fn check_all(gateways: &[Self]) -> Vec<String> {
        let mut wrong = Vec::new();
        for (n, gateway) in gateways.iter().enumerate() {
            let of = |text: String| match n {
                0 => text,
                n => text.replacen("sms.", &format!("sms.also[{n}]."), 1),
            };
            wrong.extend(gateway.check().into_iter().map(of));
            if gateways[..n].iter().any(|other| other.name() == gateway.name()) {
                let name = gateway.name();
                wrong
                    .push(of(format!("sms.name: another gateway is called `{name}`; give this one a name of its own")));
            }
        }
        if !gateways.is_empty() && gateways.iter().all(|gateway| gateway.weight == 0) {
            wrong.push("sms.weight: at least one gateway needs more than 0".to_owned());
        }
        wrong
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.profile)
    }

    /// What is wrong with these settings, each as a sentence that names the setting.
    pub fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let is_of_a_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if self.name().is_empty() || self.name().len() > 40 || !self.name().bytes().all(is_of_a_name) {
            wrong.push("sms.name: use up to 40 small letters, digits and `-`".to_owned());
        }
        if self.weight > 1_000 {
            wrong.push("sms.weight: use 0 to 1000".to_owned());
        }
        if self.parts_per_minute.is_some_and(|parts| (parts as usize) < MAX_PARTS) {
            wrong.push(format!("sms.parts_per_minute: use {MAX_PARTS} at least: one message may have as many parts"));
        }
        if self.smpp.is_some() && !self.is_smpp() {
            wrong.push("sms.smpp: it is not used; write profile = \"smpp\", or remove it".to_owned());
        }
        match (self.profile(), &self.own) {
            (None, None) if self.is_smpp() => wrong.extend(self.wrong_with_smpp()),
            (None, _) if self.profile == Profile::OWN => {
                wrong.push("sms.own: describe the gateway there, or name another profile".to_owned());
            }
            (None, _) => {
                let known = Profile::names().collect::<Vec<_>>().join(", ");
                wrong.push(format!("sms.profile: `{}` is not known; use {known}, smpp or own", self.profile));
            }
            (Some(_), Some(_)) if self.profile != Profile::OWN => {
                wrong.push("sms.own: it is not used; write profile = \"own\", or remove it".to_owned());
            }
            (Some(profile), _) => wrong.extend(self.missing(&profile)),
        }
        let letters = self.from.chars().count();
        let is_number = self.from.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit());
        let most = if is_number { 16 } else { 11 };
        if letters == 0
            || letters > most
            || !self.from.chars().all(|c| c.is_ascii_alphanumeric() || " +-_.&".contains(c))
        {
            wrong.push("sms.from: use a number of up to 15 digits, or a name of up to 11 letters".to_owned());
        }
        if self.price_per_part.is_some_and(|price| !(0.0..=10.0).contains(&price)) {
            wrong.push("sms.price_per_part: write the price of one part in euro, for instance 0.06".to_owned());
        }
        if !(1..=100).contains(&self.at_once) {
            wrong.push("sms.at_once: use 1 to 100".to_owned());
        }
        if self.hook_secret.as_ref().is_some_and(|secret| !is_good_secret(secret.expose_secret())) {
            wrong.push(
                "sms.hook_secret: use at least 20 letters and digits, for instance of `openssl rand -hex 20`"
                    .to_owned(),
            );
        }
        for network in self.hook_networks.iter().filter(|text| Network::parse(text).is_none()) {
            wrong.push(format!("sms.hook_networks: `{network}` is not a network: write for instance 194.78.45.194"));
        }
        wrong
    }

    /// What the profile asks for and is not set.
    fn missing(&self, profile: &Profile) -> Vec<String> {
        let mut wrong = Vec::new();
        for place in profile.places() {
            let is_there = self.has(place);
            if !PLACES.contains(&place) {
                wrong.push(format!("sms.own: `{{{place}}}` is not known; use {}", PLACES.join(", ")));
            } else if !is_there {
                wrong.push(format!("sms.{place}: the profile `{}` asks for it", self.profile));
            }
        }
        wrong.extend(self.wrong_with_query(profile));
        if profile.basic && (self.user.is_none() || self.password.is_none()) {
            wrong.push(format!("sms.user: the profile `{}` logs in with user and password", self.profile));
        }
        if self.url.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            wrong.push("sms.url: write an address that begins with https://".to_owned());
        }
        if self.hook_secret.is_none() && self.secret_of(profile).is_some_and(|secret| secret.is_none()) {
            wrong.push(format!(
                "sms.hook_secret: the profile `{}` takes receipts that are signed with it",
                self.profile
            ));
        }
        wrong
    }

    /// Whether what `place` stands for is set, if it is a setting.
    fn has(&self, place: &str) -> bool {
        match place {
            "url" => self.url.is_some(),
            "user" => self.user.is_some(),
            "password" => self.password.is_some(),
            "key" => self.key.is_some(),
            _ => true,
        }
    }

    fn wrong_with_query(&self, profile: &Profile) -> Vec<String> {
        let Some(query) = &profile.query else { return Vec::new() };
        let mut wrong = Vec::new();
        let places = profile.places_of_query();
        for place in &places {
            if !QUERY_PLACES.contains(place) {
                wrong.push(format!("sms.own.query: `{{{place}}}` is not known; use {}", QUERY_PLACES.join(", ")));
            } else if !self.has(place) {
                wrong.push(format!("sms.{place}: the profile `{}` asks for it", self.profile));
            }
        }
        if !places.contains("reference") && !places.contains("number") {
            wrong.push("sms.own.query: say which message it is about: write {reference} or {number}".to_owned());
        }
        if places.contains("number") && profile.answer.number.is_none() {
            wrong.push("sms.own.answer.number: sms.own.query asks by it; say where it stands".to_owned());
        }
        if !query.status.starts_with('/') || query.code.as_ref().is_some_and(|at| !at.starts_with('/')) {
            wrong.push("sms.own.query.status: write where it stands in the answer, for instance /status".to_owned());
        }
        if query.states.is_empty() && profile.hook.is_none() {
            wrong.push("sms.own.query.states: say what the gateway's words mean".to_owned());
        }
        wrong
    }

    /// Whether it is a session to a message centre.
    pub(super) fn is_smpp(&self) -> bool {
        self.profile == smpp::PROFILE
    }

    fn wrong_with_smpp(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        // What fits in the fields of a bind (SMPP 3.4 §4.1.1).
        let mut fits = |what: &str, text: &str, most: usize| {
            if text.len() > most || !text.is_ascii() {
                wrong.push(format!("sms.{what}: use up to {most} letters and digits without accents"));
            }
        };
        let password = self.password.as_ref().map(|password| password.expose_secret()).unwrap_or_default();
        fits("user", self.user.as_deref().unwrap_or_default(), 15);
        fits("password", password, 8);
        fits("smpp.system_type", self.smpp.as_ref().map(|own| own.system_type.as_str()).unwrap_or_default(), 12);
        if self.user.as_deref().unwrap_or_default().is_empty() {
            wrong.push("sms.user: the profile `smpp` logs in with user and password".to_owned());
        }
        if self.hook_secret.is_some() || !self.hook_networks.is_empty() {
            wrong.push("sms.hook_secret: receipts of the profile `smpp` come over its session; remove it".to_owned());
        }
        if let Err(error) = smpp::Session::build(self) {
            wrong.push(error);
        }
        wrong
    }

    /// The secret that receipts are signed with; `None` when they are not signed.
    pub(super) fn secret_of(&self, profile: &Profile) -> Option<Option<&SecretString>> {
        let signature = profile.hook.as_ref()?.signature.as_ref()?;
        Some(match signature.with {
            With::HookSecret => self.hook_secret.as_ref(),
            With::Password => self.password.as_ref(),
            With::Key => self.key.as_ref(),
        })
    }

    /// Where receipts go; `None` when nothing proves that they are genuine, and so none are taken.
    pub(super) fn receipts(&self, profile: &Profile) -> Option<String> {
        profile.hook.as_ref()?;
        let base = format!("{}/hooks/sms/{}", self.public_url.trim_end_matches('/'), self.name());
        match (self.secret_of(profile), &self.hook_secret) {
            (Some(Some(_)), _) => Some(base),
            (Some(None), _) => None,
            (None, Some(secret)) => Some(format!("{base}/{}", secret.expose_secret())),
            (None, None) => (!self.hook_networks.is_empty()).then_some(base),
        }
    }

    /// How long it may take until it is known what became of a message; `None` when nothing says so, or when
    /// silence says nothing.
    pub(super) fn receipt_within(&self, profile: &Profile) -> Option<Duration> {
        self.patience().filter(|_| self.receipts(profile).is_some() || profile.query.is_some())
    }

    /// How long a receipt may take where some come; `None` when silence says nothing.
    pub(super) fn patience(&self) -> Option<Duration> {
        let within = Duration::from_secs(u64::from(self.receipt_within_hours) * 3_600);
        (!within.is_zero()).then_some(within)
    }
}

/// Long enough, and the same in an address as it is written.
fn is_good_secret(secret: &str) -> bool {
    secret.len() >= 20 && secret.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> SmsConfig {
        toml::from_str(&format!("public_url = 'https://stad.example'\nfrom = 'Kortrijk'\n{text}")).unwrap()
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, expected) in [
            ("profile = 'ringring'\nkey = 'k'", None),
            ("profile = 'kannel'\nurl = 'http://127.0.0.1:13013'\nuser = 'u'\npassword = 'p'", None),
            ("profile = 'kannel'\nuser = 'u'\npassword = 'p'", Some("sms.url")),
            ("profile = 'cm'", Some("sms.key")),
            ("profile = 'twilio'\nuser = 'AC1'", Some("sms.user")),
            ("profile = 'nobody'", Some("sms.profile")),
            ("profile = 'smpp'\nurl = 'smpp://127.0.0.1'\nuser = 'u'\npassword = 'p'", None),
            ("profile = 'smpp'\nurl = 'https://x.example'\nuser = 'u'", Some("sms.url")),
            ("profile = 'smpp'\nurl = 'smpp://x'\nuser = 'u'\npassword = 'nine-long'", Some("sms.password")),
            ("profile = 'smpp'\nurl = 'smpp://x'", Some("sms.user")),
            ("profile = 'cm'\nkey = 'k'\n[smpp]", Some("sms.smpp")),
            ("profile = 'smpp'\nurl = 'smpps://x'\nuser = 'u'\n[smpp]\nca_file = '/nowhere'", Some("sms.smpp.ca_file")),
            ("profile = 'own'", Some("sms.own")),
            (
                "profile = 'own'\n[own]\nurl = 'https://x.example'\nform = 'form'\nfields = { to = '{to}' }\n\
                 [own.query]\nurl = 'https://x.example/state'\nstatus = '/s'\nstates = { ok = 'delivered' }",
                Some("sms.own.query"),
            ),
            (
                "profile = 'own'\n[own]\nurl = 'https://x.example'\nform = 'form'\nfields = { to = '{to}' }\n\
                 [own.query]\nurl = 'https://x.example/{number}'\nstatus = '/s'\nstates = { ok = 'delivered' }",
                Some("sms.own.answer.number"),
            ),
            (
                "profile = 'own'\n[own]\nurl = 'https://x.example'\nform = 'form'\nfields = { to = '{to}' }\n\
                 [own.query]\nurl = 'https://x.example/{reference}'\nstatus = 's'\nstates = { ok = 'delivered' }",
                Some("sms.own.query.status"),
            ),
            (
                "profile = 'own'\n[own]\nurl = 'https://x.example'\nform = 'form'\nfields = { to = '{to}' }\n\
                 [own.query]\nurl = 'https://x.example/{reference}'\nstatus = '/s'",
                Some("sms.own.query.states"),
            ),
            ("profile = 'cm'\nkey = 'k'\nhook_secret = 'short'", Some("sms.hook_secret")),
            ("profile = 'cm'\nkey = 'k'\nhook_networks = ['x']", Some("sms.hook_networks")),
            ("profile = 'cm'\nkey = 'k'\nat_once = 0", Some("sms.at_once")),
            (
                "profile = 'own'\n[own]\nurl = 'https://x.example'\nform = 'form'\n[own.fields]\nto = '{too}'",
                Some("sms.own"),
            ),
        ] {
            let wrong = config(text).check();
            assert_eq!(wrong.first().map(|w| w.split(':').next().unwrap()), expected, "{text}: {wrong:?}");
        }
        assert!(!format!("{:?}", config("profile = 'cm'\nkey = 'geheim'")).contains("geheim"));
        let long = SmsConfig { from: "Kortrijk stad".into(), ..config("profile = 'cm'\nkey = 'k'") };
        assert!(long.check()[0].starts_with("sms.from"));
    }

    #[test]
    fn receipts_are_asked_for_only_where_they_can_be_proven() {
        let secret = "a".repeat(20);
        for (text, expected) in [
            ("profile = 'cm'\nkey = 'k'".to_owned(), None),
            (
                format!("profile = 'cm'\nkey = 'k'\nhook_secret = '{secret}'"),
                Some(format!("https://stad.example/hooks/sms/cm/{secret}")),
            ),
            (
                "profile = 'ringring'\nkey = 'k'\nhook_networks = ['194.78.45.194']".to_owned(),
                Some("https://stad.example/hooks/sms/ringring".to_owned()),
            ),
            (
                "profile = 'twilio'\nuser = 'AC1'\npassword = 'p'".to_owned(),
                Some("https://stad.example/hooks/sms/twilio".to_owned()),
            ),
        ] {
            let config = config(&text);
            let profile = config.profile().unwrap();
            assert_eq!(config.receipts(&profile), expected, "{text}");
            assert_eq!(config.receipt_within(&profile).is_some(), expected.is_some());
        }
    }
}
