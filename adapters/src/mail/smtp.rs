//! Hands one mail to the city's mail server (RFC 5321), over a connection of its own: departments
//! get mails by the dozen, not by the thousand.
//!
//! Before the final dot was written the server has nothing, after its answer it has everything, and
//! in between nobody can know: that is [`Verdict::Unknown`]. Whoever sends again sends the same
//! Message-ID.

use super::tls::{self, Tls};
use lettre::{
    Address,
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail as MailFrom, Rcpt},
        extension::ClientId,
        response::Response,
    },
};
use schemas::{
    city::City,
    fault::Invalid,
    verdict::{Fault, Verdict},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    error::Error as _,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::time::timeout;

/// How long the other side may take. RFC 5321 §4.5.3.2 asks for ten minutes after the final dot: a
/// server that is still writing must not be asked to write it twice.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the connection, its greeting, TLS and login together.
    pub connect: Duration,
    /// For the answer to one command.
    pub command: Duration,
    /// For the message and the answer to its final dot.
    pub dot: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_mins(1), command: Duration::from_mins(2), dot: Duration::from_mins(10) }
    }
}

impl Patience {
    /// The longest that sending to `recipients` addresses takes.
    pub fn whole(&self, recipients: u32) -> Duration {
        self.connect + self.command * (3 + recipients) + self.dot
    }
}

/// The server, as `[mail]` of the configuration names it.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name; certificates are checked against it.
    pub host: String,
    /// Its port; 25 without TLS, 587 with STARTTLS, 465 with TLS from the start.
    pub port: Option<u16>,
    /// How the connection is secured; STARTTLS unless the server is on this machine.
    pub tls: Option<Tls>,
    /// The name to log in with.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// The address in `From`; the city's own when left out.
    pub from: Option<String>,
    /// Where answers go that no mailbox of ours takes; `from` when left out.
    pub reply_to: Option<String>,
    /// The name this machine gives itself (EHLO); the domain of `from` when left out.
    pub hello_name: Option<String>,
    /// A PEM file with certificates to trust beside the system's own.
    pub ca_file: Option<PathBuf>,
}

impl Config {
    /// The server `host`, everything else by default.
    pub fn new(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            port: None,
            tls: None,
            user: None,
            password: None,
            from: None,
            reply_to: None,
            hello_name: None,
            ca_file: None,
        }
    }

    fn tls(&self) -> Tls {
        self.tls.unwrap_or(if tls::is_this_machine(&self.host) { Tls::None } else { Tls::Starttls })
    }

    /// What is wrong with these settings. Reads no file.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        let mut wrong = |name: &str, message: &str| {
            faults.push(Invalid::new(format!("mail.{name}"), "malformed", message));
        };
        if self.host.trim().is_empty() || self.host.contains(['/', '@', ' ']) {
            wrong("host", "write the name of the mail server alone, for instance smtp.example.org");
        }
        for (name, address) in [("from", &self.from), ("reply_to", &self.reply_to)] {
            if address.as_ref().is_some_and(|address| address.parse::<Address>().is_err()) {
                wrong(name, "this is not a mail address");
            }
        }
        if self.user.is_some() != self.password.is_some() {
            wrong("password", "user and password go together");
        }
        if self.user.is_some() && self.tls() == Tls::None && !tls::is_this_machine(&self.host) {
            wrong("tls", "the password would travel in the clear: use starttls or required");
        }
        faults
    }
}

/// The server, ready to be sent by.
pub struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    parameters: Option<TlsParameters>,
    login: Option<Credentials>,
    hello: ClientId,
    from: Address,
    reply_to: Option<Address>,
    patience: Patience,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp({}:{})", self.host, self.port)
    }
}

impl Smtp {
    /// Reads the certificates; connects nothing.
    pub fn build(config: &Config, city: &City) -> Result<Self, Invalid> {
        let wrong = |name: &str, message: String| Invalid::new(format!("mail.{name}"), "malformed", message);
        let from: Address = config.from.as_deref().unwrap_or(&city.email).parse().map_err(|_| {
            wrong("from", "this is not a mail address; write one like voordeur@stad.example".to_owned())
        })?;
        let parameters = (config.tls() != Tls::None).then(|| {
            let mut parameters = TlsParameters::builder(config.host.clone());
            if let Some(pem) = tls::pem("mail", config.ca_file.as_deref())? {
                let authority = Certificate::from_pem(&pem)
                    .map_err(|error| wrong("ca_file", format!("these are no certificates: {error}")))?;
                parameters = parameters.add_root_certificate(authority);
            }
            parameters.build().map_err(|error| wrong("tls", error.to_string()))
        });
        let login = config
            .user
            .clone()
            .zip(config.password.as_ref())
            .map(|(user, password)| Credentials::new(user, password.expose_secret().to_owned()));
        let usual = match config.tls() {
            Tls::None => 25,
            Tls::Starttls => 587,
            Tls::Required => 465,
        };
        let reply_to = config.reply_to.as_deref().map(str::parse).transpose();
        Ok(Self {
            host: config.host.clone(),
            port: config.port.unwrap_or(usual),
            tls: config.tls(),
            parameters: parameters.transpose()?,
            login,
            hello: ClientId::Domain(config.hello_name.clone().unwrap_or_else(|| from.domain().to_owned())),
            from,
            reply_to: reply_to.map_err(|_| wrong("reply_to", "this is not a mail address".to_owned()))?,
            patience: Patience::default(),
        })
    }

    /// The same, with another [`Patience`].
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The city's own address.
    pub fn from(&self) -> &Address {
        &self.from
    }

    /// Where answers go that no mailbox of ours takes, if not to `from`.
    pub fn reply_to(&self) -> Option<&Address> {
        self.reply_to.as_ref()
    }

    /// How long the other side may take.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Sends `bytes` (a whole mail, only ASCII) to `to`; what comes back goes to `envelope`. Done
    /// when the server took it for at least one address; the receipt then says what it answered to the
    /// others. With `for_all` nobody gets it while one of them cannot have it yet.
    pub async fn send(&self, envelope: &Address, to: &[Address], bytes: &[u8], for_all: bool) -> Verdict {
        let mut connection = match timeout(self.patience.connect, self.connect()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(why)) => return Verdict::later(why),
            Err(_) => return Verdict::later(format!("the mail server {} does not answer", self.host)),
        };
        let verdict = self.hand_over(&mut connection, envelope, to, bytes, for_all).await;
        // Whatever it says to that, it has said what counts.
        _ = timeout(Duration::from_secs(5), connection.quit()).await;
        verdict
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let place = format!("{}:{}", self.host, self.port);
        let from_start = self.parameters.clone().filter(|_| self.tls == Tls::Required);
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.patience.connect), &self.hello, from_start, None)
                .await
                .map_err(|error| format!("the mail server {place} cannot be reached: {error}"))?;
        if let Some(parameters) = self.parameters.clone().filter(|_| self.tls == Tls::Starttls) {
            let secured = connection.starttls(parameters, &self.hello).await;
            secured.map_err(|error| format!("STARTTLS with {place} failed: {error}"))?;
        }
        if let Some(login) = &self.login {
            let welcome = connection.auth(&[Mechanism::Plain, Mechanism::Login], login).await;
            welcome.map_err(|error| format!("the mail server {place} refuses our login: {error}"))?;
        }
        Ok(connection)
    }

    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Address,
        to: &[Address],
        bytes: &[u8],
        for_all: bool,
    ) -> Verdict {
        macro_rules! say {
            ($command:expr) => {
                match timeout(self.patience.command, connection.command($command)).await {
                    Ok(said) => said.map_err(Failure::from),
                    Err(_) => Err(Failure::silent()),
                }
            };
        }
        if let Err(failure) = say!(MailFrom::new(Some(envelope.clone()), Vec::new())) {
            return failure.before_dot("the sender", Fault::Refused);
        }
        let mut refused = Vec::new();
        for address in to {
            match say!(Rcpt::new(address.clone(), Vec::new())) {
                Ok(_) => {}
                Err(failure @ Failure::Said { code: 500.., .. }) => refused.push(failure),
                Err(failure @ Failure::Said { .. }) if !for_all => refused.push(failure),
                // Not now for one is not now for all: a second mail to the others would be one too many.
                Err(failure) => return failure.before_dot("an address", Fault::Address),
            }
        }
        let told = refused.iter().map(Failure::words).collect::<Vec<_>>().join("; ");
        if refused.len() == to.len() {
            // One that may still have it is a reason to try again.
            let soft = refused.iter().position(|failure| matches!(failure, Failure::Said { code: ..500, .. }));
            let first = refused.into_iter().nth(soft.unwrap_or(0)).unwrap_or_else(Failure::silent);
            return first.before_dot("every address", Fault::Address);
        }
        if let Err(failure) = say!(Data) {
            return failure.before_dot("the mail", Fault::Refused);
        }
        // The iterator is asked for a second part only after the first was written to the last
        // byte; the next thing written is the final dot.
        let written = AtomicBool::new(false);
        let mut body = Some(bytes);
        let parts = std::iter::from_fn(|| {
            let part = body.take();
            written.store(part.is_none(), Ordering::Relaxed);
            part
        });
        let failure = match timeout(self.patience.dot, connection.message_iter(parts)).await {
            Ok(Ok(response)) => return Verdict::receipt(receipt(&response, &told)),
            Ok(Err(error)) => Failure::from(error),
            Err(_) => Failure::silent(),
        };
        match failure {
            Failure::Lost(why) if written.load(Ordering::Relaxed) => Verdict::Unknown { why },
            failure => failure.before_dot("the mail", Fault::Refused),
        }
    }
}

fn receipt(response: &Response, refused: &str) -> String {
    let said = format!("{} {}", response.code(), response.message().collect::<Vec<_>>().join(" "));
    let said = if refused.is_empty() { said } else { format!("{said}; refused: {refused}") };
    super::redacted(&said)
}

/// Why it came no further.
#[derive(Debug)]
enum Failure {
    /// The server answered with an error.
    Said { code: u16, text: String },
    /// The connection broke, or the server said nothing or nonsense.
    Lost(String),
}

impl Failure {
    fn silent() -> Self {
        Self::Lost("the mail server did not answer in time".to_owned())
    }

    fn words(&self) -> String {
        match self {
            Self::Said { code, text } => format!("{code} {text}"),
            Self::Lost(why) => why.clone(),
        }
    }

    /// The verdict while the server has nothing yet.
    fn before_dot(self, what: &str, fault: Fault) -> Verdict {
        let (code, text) = match self {
            Self::Lost(why) => return Verdict::later(super::redacted(&why)),
            Self::Said { code, text } => (code, text),
        };
        let why = super::redacted(&format!("the mail server answered {code} to {what}: {text}"));
        // 5.7.x is policy: the address may be fine (RFC 3463 §3.8).
        let is_policy = text.split_whitespace().next().is_some_and(|word| word.starts_with("5.7."));
        match code {
            // Not about this mail: TLS or login is missing or wrong, which an operator will put right.
            530 | 534 | 535 | 538 => Verdict::later(why),
            500.. if is_policy => Verdict::never(Fault::Refused, why),
            500.. => Verdict::never(fault, why),
            _ => Verdict::later(why),
        }
    }
}

impl From<SmtpError> for Failure {
    fn from(error: SmtpError) -> Self {
        match error.status() {
            Some(code) => {
                Self::Said { code: code.into(), text: error.source().map(ToString::to_string).unwrap_or_default() }
            }
            None => Self::Lost(format!("the connection to the mail server broke: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_verdicts() {
        let said = |code, text: &str| Failure::Said { code, text: text.to_owned() };
        for (failure, fault, expected) in [
            (said(550, "5.1.1 <jan@stad.example>: unknown"), Fault::Address, "never address"),
            (said(550, "5.7.1 policy"), Fault::Address, "never refused"),
            (said(450, "4.2.0 greylisted"), Fault::Address, "later"),
            (said(530, "5.7.0 STARTTLS first"), Fault::Refused, "later"),
            (said(554, "5.6.0 no"), Fault::Refused, "never refused"),
            (Failure::Lost("broke".to_owned()), Fault::Refused, "later"),
        ] {
            let verdict = failure.before_dot("it", fault);
            let word = match &verdict {
                Verdict::Never { fault: Fault::Address, .. } => "never address",
                Verdict::Never { .. } => "never refused",
                other => other.word(),
            };
            assert_eq!(word, expected, "{verdict:?}");
            assert!(!format!("{verdict:?}").contains('@'), "{verdict:?}");
        }
    }

    #[test]
    fn wrong_settings_are_named() {
        let good = Config::new("smtp.stad.example");
        assert_eq!(good.check(), []);
        let user = Config { user: Some("x".to_owned()), ..good.clone() };
        let clear = Config { tls: Some(Tls::None), password: Some("y".into()), ..user.clone() };
        for (config, field) in [
            (Config::new("smtp://x"), "mail.host"),
            (Config { from: Some("x".to_owned()), ..good }, "mail.from"),
            (user, "mail.password"),
            (clear, "mail.tls"),
        ] {
            assert_eq!(config.check().first().map(|fault| fault.field.as_str()), Some(field));
        }
    }
}
