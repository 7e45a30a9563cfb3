//! Whose keys the city sends push messages with.

use super::{ApnsConfig, FcmConfig, Key};
use secrecy::SecretString;
use serde::Deserialize;
use std::time::Duration;

/// How devices are reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushConfig {
    /// Where push services reach the operator: `mailto:…` or `https://…` (RFC 8292 §2.1).
    #[serde(default)]
    pub subject: Option<String>,
    /// The private key that browsers know the city by: P-256, PEM. Without one no browser is reached.
    #[serde(default)]
    pub key: Option<SecretString>,
    /// The key before: browsers that subscribed with it are still reached.
    #[serde(default)]
    pub previous_key: Option<SecretString>,
    /// The hosts of push services that browsers may name; `*.` at the beginning stands for all below.
    #[serde(default = "known")]
    pub services: Vec<String>,
    /// Messages in the air at once, 1 to 100.
    #[serde(default = "eight")]
    pub at_once: usize,
    /// How many hours a message is kept for a device that is off, 1 to 672.
    #[serde(default = "three_days")]
    pub keep_hours: u32,
    /// How many hours a browser may take to say that it shows a message, before the person is told another way;
    /// 0: silence says nothing.
    #[serde(default = "two_days")]
    pub shown_within_hours: u32,
    /// Firebase, for apps on Android.
    #[serde(default)]
    pub fcm: Option<FcmConfig>,
    /// Apple, for apps on iPhones and iPads.
    #[serde(default)]
    pub apns: Option<ApnsConfig>,
}

/// The push services of the browsers that people use: Chrome and those made of it, Firefox, Safari, Edge.
pub const SERVICES: [&str; 4] =
    ["fcm.googleapis.com", "*.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com"];

fn known() -> Vec<String> {
    SERVICES.map(str::to_owned).to_vec()
}

fn eight() -> usize {
    8
}

fn two_days() -> u32 {
    48
}

fn three_days() -> u32 {
    72
}

impl PushConfig {
    /// What is wrong with these settings, each as a sentence that names the setting.
    pub fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Err(why) = self.keys() {
            wrong.push(why);
        }
        match (&self.key, &self.previous_key) {
            (None, Some(_)) => wrong.push("push.previous_key: it is not used without push.key".to_owned()),
            (None, None) if self.fcm.is_some() || self.apns.is_some() => {}
            (None, None) => wrong.push("push.key: `voordeur push keys` makes one".to_owned()),
            (Some(_), _) => {
                let is_good = |subject: &String| {
                    let address = subject.strip_prefix("mailto:").is_some_and(|address| address.contains('@'));
                    address || subject.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
                };
                if !self.subject.as_ref().is_some_and(is_good) {
                    let help = "push.subject: write where push services reach you, for instance \
                                \"mailto:webmaster@example.org\"";
                    wrong.push(help.to_owned());
                }
            }
        }
        wrong.extend(self.fcm.iter().flat_map(FcmConfig::check));
        wrong.extend(self.apns.iter().flat_map(ApnsConfig::check));
        for service in &self.services {
            let host = service.strip_prefix("*.").unwrap_or(service);
            if host.is_empty() || !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')) {
                wrong.push(format!(
                    "push.services: `{service}` is no host: write for instance push.example.org or *.example.org"
                ));
            }
        }
        if !(1..=100).contains(&self.at_once) {
            wrong.push("push.at_once: use 1 to 100".to_owned());
        }
        // The longest that Firebase keeps a message.
        if !(1..=672).contains(&self.keep_hours) {
            wrong.push("push.keep_hours: use 1 to 672".to_owned());
        }
        wrong
    }

    /// The key in use, and the one before. The error is a sentence that names the wrong setting.
    pub(crate) fn keys(&self) -> Result<Vec<Key>, String> {
        let named = [("key", &self.key), ("previous_key", &self.previous_key)];
        let given = named.into_iter().filter_map(|(name, pem)| pem.as_ref().map(|pem| (name, pem)));
        given
            .map(|(name, pem)| {
                Key::p256(pem).map_err(|why| format!("push.{name}: {why}; `voordeur push keys` makes one"))
            })
            .collect()
    }

    pub(super) fn keep(&self) -> Duration {
        Duration::from_secs(u64::from(self.keep_hours) * 3_600)
    }

    pub(super) fn shown_within(&self) -> Option<Duration> {
        let within = Duration::from_secs(u64::from(self.shown_within_hours) * 3_600);
        (!within.is_zero()).then_some(within)
    }

    /// The kinds of devices that are reached.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let all = [("web", self.key.is_some()), ("fcm", self.fcm.is_some()), ("apns", self.apns.is_some())];
        all.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind).collect()
    }

    /// Whether a browser may name `host` as its push service.
    pub(crate) fn knows(&self, host: &str) -> bool {
        self.services.iter().any(|service| match service.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|below| below.len() > 1 && below.ends_with('.')),
            None => host.eq_ignore_ascii_case(service),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> PushConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_is_wrong_is_named() {
        use secrecy::ExposeSecret as _;
        let (_, pem) = Key::make().unwrap();
        let good = format!("key = '''{}'''\nsubject = 'mailto:a@example.org'\n", pem.expose_secret());
        let apple = format!(
            "[apns]\nkey = '''{}'''\nkey_id = 'ABCDE12345'\nteam_id = 'TEAM123456'\ntopic = 'org.example.app'\n",
            pem.expose_secret()
        );
        for (text, expected) in [
            (good.clone(), None),
            (good.replace("mailto:a@example.org", "https://example.org"), None),
            (good.replace("mailto:a@example.org", "a@example.org"), Some("push.subject")),
            (good.replace("subject", "previous_key"), Some("push.previous_key")),
            (String::new(), Some("push.key")),
            ("key = 'x'".to_owned(), Some("push.key")),
            (format!("{good}at_once = 0"), Some("push.at_once")),
            (format!("{good}keep_hours = 673"), Some("push.keep_hours")),
            (format!("{good}services = ['https://x.example']"), Some("push.services")),
            (format!("{good}services = ['*.']"), Some("push.services")),
            (format!("{good}[fcm]\nservice_account = '{{}}'"), Some("push.fcm.service_account")),
            ("[fcm]\nservice_account = 'x'".to_owned(), Some("push.fcm.service_account")),
            (apple.clone(), None),
            (apple.replace("ABCDE12345", "A"), Some("push.apns.key_id")),
            (apple.replace("TEAM123456", "-"), Some("push.apns.team_id")),
            (apple.replace("org.example.app", ""), Some("push.apns.topic")),
            (format!("{apple}url = 'http://x.example'"), Some("push.apns.url")),
            (apple.replace("BEGIN", "BEGINN"), Some("push.apns.key")),
        ] {
            let wrong = config(&text).check();
            assert_eq!(wrong.first().map(|w| w.split(':').next().unwrap()), expected, "{wrong:?}");
        }
        assert!(!format!("{:?}", config(&good)).contains("BEGIN"));
    }

    #[test]
    fn only_known_services_are_called() {
        let config = config("");
        for (host, is) in [
            ("fcm.googleapis.com", true),
            ("updates.push.services.mozilla.com", true),
            ("web.push.apple.com", true),
            ("db5p.notify.windows.com", true),
            ("push.apple.com", false),
            ("evilpush.apple.com", false),
            ("push.apple.com.evil.example", false),
            ("localhost", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(config.knows(host), is, "{host}");
        }
    }
}
