//! Mail, both ways: [`smtp`] hands one mail to the city's mail server, [`imap`] reads the one
//! mailbox that answers come to, and the pure modules make sense of what was found there.
//! [`message`] reads MIME, [`trim`] leaves what somebody really wrote, [`bounce`] understands mail
//! servers, [`reply`] says which dispatch an address stands for.

pub mod bounce;
pub mod html;
pub mod idle;
pub mod imap;
pub mod lmtp;
pub mod message;
pub mod reply;
pub mod smtp;
mod tls;
pub mod trim;

pub use tls::Tls;

use reply::ReplyAddress;
use schemas::{city::City, fault::Invalid};
use std::sync::Arc;

/// How the city mails: one server to send by, and one mailbox for answers if it has one.
#[derive(Debug, Clone)]
pub struct Config {
    /// The server.
    pub smtp: smtp::Config,
    /// The mailbox.
    pub mailbox: Option<imap::Config>,
    /// The address that answers go to where there is no mailbox, as [`imap::Config::address`] has it.
    pub answers_to: Option<String>,
}

/// The city's mail, ready for use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Sends.
    pub smtp: Arc<smtp::Smtp>,
    /// Where answers come in; nothing when nobody reads them.
    pub replies: Option<ReplyAddress>,
    /// How the mailbox is read.
    pub mailbox: Option<imap::Config>,
}

/// What a mail server says, as one line without addresses: it is kept, and goes out with the city's
/// events, and addresses hold names and tokens.
pub(crate) fn redacted(said: &str) -> String {
    let said = schemas::text::clean_line(said);
    let words = said.split(' ').map(|word| if word.contains('@') { "(address)" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

impl Config {
    /// What is wrong with these settings; nothing when they are good. Reads no file.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = self.smtp.check();
        faults.extend(self.mailbox.iter().flat_map(imap::Config::check));
        faults
    }

    /// Reads the certificates; connects nothing.
    pub fn build(&self, city: &City) -> Result<Mail, Vec<Invalid>> {
        let faults = self.check();
        if !faults.is_empty() {
            return Err(faults);
        }
        let of_mailbox = self.mailbox.as_ref().map(|mailbox| ("mailbox.address", &mailbox.address));
        let address = of_mailbox.or(self.answers_to.as_ref().map(|address| ("lmtp.addresses", address)));
        let wrong = |field, why| vec![Invalid::new(field, "malformed", why)];
        let replies = address.map(|(field, address)| ReplyAddress::parse(address).map_err(|why| wrong(field, why)));
        let replies = replies.transpose()?;
        let smtp = smtp::Smtp::build(&self.smtp, city).map_err(|fault| vec![fault])?;
        if let Some(mailbox) = &self.mailbox {
            tls::connector("mailbox", mailbox.ca_file.as_deref()).map_err(|fault| vec![fault])?;
        }
        Ok(Mail { smtp: Arc::new(smtp), replies, mailbox: self.mailbox.clone() })
    }
}
