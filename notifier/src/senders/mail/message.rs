//! One mail as bytes (RFC 5322): the same notice gives the same Message-ID, whenever it is sent.

use super::{MailConfig, dkim::Signer};
use crate::{links::NoticeLinks, senders::Parcel};
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use schemas::{
    Uuid,
    city::{City, Texts, in_language},
    text,
};
use std::time::SystemTime;

/// What every mail of the city has in common.
pub(super) struct Letterhead {
    from: Address,
    names: Texts,
    /// Where answers go, when they do not come to the mailbox that reads them.
    reply_to: Option<Address>,
    domain: String,
    /// The name of the list that all notices are (RFC 2919).
    list_id: String,
    /// Where mails come back to, with a place for the token.
    return_path: Option<String>,
    links: NoticeLinks,
    signers: Vec<Signer>,
}

impl Letterhead {
    pub(super) fn read(config: &MailConfig, city: &City, links: &NoticeLinks) -> Result<Self, String> {
        let address =
            |setting: &str, text: &str| text.parse::<Address>().map_err(|error| format!("{setting}: {error}"));
        let from = address("mail.from", config.sender_address(city))?;
        let reply_to = config.reply_to.as_deref().map(|text| address("mail.reply_to", text)).transpose()?;
        let domain = if from.domain().is_ascii() { from.domain().to_owned() } else { "voordeur.invalid".to_owned() };
        let signers = config.dkim.iter().map(|key| key.build(from.domain())).collect::<Result<_, _>>()?;
        let (return_path, links) = (config.return_path.clone(), links.clone());
        let list_id = format!("<notices.{domain}>");
        Ok(Self { from, names: city.names.clone(), reply_to, domain, list_id, return_path, links, signers })
    }

    /// Where the mail of `notice` comes back to: an address of its own (VERP), where one is set up.
    pub(super) fn return_path(&self, notice: Uuid) -> Result<Address, String> {
        let Some(pattern) = &self.return_path else { return Ok(self.from.clone()) };
        let address = self.links.return_path(pattern, notice);
        address.parse().map_err(|error| format!("mail.return_path: {error}"))
    }

    /// Where answers to `notice` go: where the city says, else to an address of its own by which they find
    /// their case, else to the sender.
    fn reply_to(&self, notice: Uuid) -> Result<Option<Address>, String> {
        let Some(pattern) = self.return_path.as_ref().filter(|_| self.reply_to.is_none()) else {
            return Ok(self.reply_to.clone());
        };
        let address = self.links.answers(pattern, notice).parse();
        address.map(Some).map_err(|error| format!("mail.return_path: {error}"))
    }

    /// The domain of Message-IDs.
    pub(super) fn domain(&self) -> &str {
        &self.domain
    }

    /// The mail of `parcel` to `to`. Only ASCII comes out: words are encoded (RFC 2045, RFC 2047).
    pub(super) fn write(&self, parcel: &Parcel, to: &Address) -> Result<Vec<u8>, String> {
        let name = in_language(&self.names, parcel.language).to_owned();
        let raw =
            |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        let mut builder = Message::builder()
            .message_id(Some(format!("<{}@{}>", parcel.notice, self.domain)))
            .date(SystemTime::from(parcel.at))
            .from(Mailbox::new(Some(name), self.from.clone()))
            // Without a name: whoever typed it may have typed it for somebody else.
            .to(Mailbox::new(None, to.clone()))
            // Nothing that was typed makes a second line in a header.
            .subject(text::clean_line(&parcel.subject))
            // Mails about one case stand together in the reader's mailbox.
            .in_reply_to(format!("<{}@{}>", parcel.case_id, self.domain))
            .references(format!("<{}@{}>", parcel.case_id, self.domain))
            .raw_header(raw("Content-Language", parcel.language.as_str()))
            // RFC 3834 §5, and the same for Exchange: no holiday replies.
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .raw_header(raw("X-Auto-Response-Suppress", "OOF, AutoReply"));
        if parcel.may_stop {
            builder = builder
                .raw_header(raw("List-Id", &self.list_id))
                // One address alone, over HTTPS: RFC 8058 §3.1.
                .raw_header(raw("List-Unsubscribe", &format!("<{}>", self.links.one_click(parcel.notice))))
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        // An answer to what belongs to no case goes to the front door itself.
        if let Some(reply_to) = self.reply_to(parcel.notice)?.filter(|_| parcel.may_stop) {
            builder = builder.reply_to(Mailbox::new(None, reply_to));
        }
        let boundary = format!("voordeur-{}", parcel.notice.simple());
        let parts = MultiPart::alternative().boundary(boundary);
        let parts = parts
            .singlepart(lettre::message::SinglePart::plain(parcel.text.clone()))
            .singlepart(lettre::message::SinglePart::html(parcel.html.clone()));
        let message = builder.multipart(parts).map_err(|error| format!("the mail could not be written: {error}"))?;
        self.signers.iter().try_fold(message.formatted(), |mail, signer| signer.sign(&mail, parcel.at))
    }
}
