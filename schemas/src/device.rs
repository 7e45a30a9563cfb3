//! A device that somebody is told on: a browser that subscribed to push messages, or the app of the city on
//! a telephone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a device takes push messages. Personal data: whoever has it can write to the device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Device {
    /// A browser (Web Push, RFC 8030): what its `PushSubscription` says.
    Web {
        /// Where messages are sent: an `https` address at the push service of the browser.
        #[schemars(length(min = 12, max = 2048))]
        endpoint: String,
        /// Its public key: 65 bytes, an uncompressed point of P-256, in base64url without padding.
        #[schemars(length(equal = 87))]
        p256dh: String,
        /// Its secret: 16 bytes in base64url without padding.
        #[schemars(length(equal = 22))]
        auth: String,
        /// The public key of the city that it subscribed with (`applicationServerKey`), as `p256dh` is written.
        #[schemars(length(equal = 87))]
        key: String,
    },
    /// An app on Android: its registration token of Firebase Cloud Messaging.
    Fcm {
        /// The token.
        #[schemars(length(min = 20, max = 2048))]
        token: String,
    },
    /// An app on an iPhone or iPad: its device token of the Apple Push Notification service.
    Apns {
        /// The token, in hexadecimal digits.
        #[schemars(length(min = 64, max = 200))]
        token: String,
    },
}

impl Device {
    /// Its kind, as in JSON: `web`, `fcm` or `apns`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Web { .. } => "web",
            Self::Fcm { .. } => "fcm",
            Self::Apns { .. } => "apns",
        }
    }

    /// What makes it this device and no other. A browser that changes its keys stays the same one.
    pub fn identity(&self) -> String {
        match self {
            Self::Web { endpoint, .. } => endpoint.clone(),
            Self::Fcm { token } => format!("fcm {token}"),
            // Apple writes the digits small, some apps do not.
            Self::Apns { token } => format!("apns {}", token.to_lowercase()),
        }
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({}, hidden)", self.kind())
    }
}
