//! The block list.

use schemas::{
    Timestamp,
    audit::Deed,
    block::{self, Block, BlockKind},
    fault::Invalid,
    phone,
    report::Contact,
    text,
    way::Address,
};
use store::Store;

/// The most days of one block.
pub const MOST_DAYS: u32 = 3_650;
const MAX_REASON: usize = 300;

/// Who is to be blocked, as a person writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// A mail address.
    Email(String),
    /// Every address of a domain and of what is below it.
    Domain(String),
    /// A telephone number.
    Phone(String),
    /// An address or a network of the internet.
    Network(String),
    /// A line of the list by its key, as the list shows it.
    Key(BlockKind, String),
}

impl Sender {
    /// What the list calls it: kind and key. `country` is where a telephone number is from.
    async fn key(&self, store: &Store, country: &str) -> Result<Result<(BlockKind, String), Invalid>, store::Error> {
        let wrong = |field: &str, message: String| Ok(Err(Invalid::new(field, "malformed", message)));
        let found = match self {
            Self::Email(email) => {
                let email = email.trim();
                if !schemas::submission::is_email(email) {
                    return wrong("email", format!("`{email}` is no mail address: write it as name@example.org"));
                }
                (BlockKind::Email, store.address_keys().await?.of(&Address::Email(email.to_owned())))
            }
            Self::Domain(domain) => match block::domain(domain) {
                Some(domain) => (BlockKind::Domain, domain),
                None => return wrong("domain", format!("`{domain}` is no domain: write it as example.org")),
            },
            Self::Phone(number) => match phone::read(number, country) {
                Some(phone) => (BlockKind::Phone, store.address_keys().await?.of(&Address::Sms(phone.e164))),
                None => {
                    return wrong("phone", "no plan knows this telephone number: write it with its country".to_owned());
                }
            },
            Self::Network(network) => match block::network(network) {
                Ok(network) => (BlockKind::Network, network),
                Err(why) => return wrong("network", why),
            },
            Self::Key(kind, key) => (*kind, key.clone()),
        };
        Ok(Ok(found))
    }
}

/// Blocks `sender` for so many days from now, as `by` says and for `reason`.
///
/// # Errors
/// Within: what is wrong, and what to write instead.
pub async fn block(
    store: &Store,
    country: &str,
    sender: &Sender,
    days: u32,
    reason: &str,
    by: &str,
) -> Result<Result<Block, Invalid>, store::Error> {
    let reason: String = text::clean_line(reason).chars().take(MAX_REASON).collect();
    if reason.is_empty() {
        return Ok(Err(Invalid::new("reason", "required", "say why: whoever looks at it later has to know")));
    }
    if !(1..=MOST_DAYS).contains(&days) {
        return Ok(Err(Invalid::new("days", "out_of_range", format!("write 1 to {MOST_DAYS}"))));
    }
    let (kind, key) = match sender.key(store, country).await? {
        Ok(found) => found,
        Err(fault) => return Ok(Err(fault)),
    };
    let at = store.clock().now();
    let until = at.checked_add(std::time::Duration::from_hours(24 * u64::from(days))).unwrap_or(Timestamp::MAX);
    let block = Block { kind, key, until, reason, who: by.to_owned(), at };
    let mut tx = store.begin().await?;
    tx.put_block(&block).await?;
    tx.audit(by, Deed::AbuseBlock, &format!("{} {}", kind.as_str(), block.key), &block.reason).await?;
    tx.commit().await?;
    Ok(Ok(block))
}

/// Blocks `sender` no more, as `by` says. Gives whether it was blocked.
///
/// # Errors
/// Within: what is wrong, and what to write instead.
pub async fn unblock(
    store: &Store,
    country: &str,
    sender: &Sender,
    by: &str,
) -> Result<Result<bool, Invalid>, store::Error> {
    let (kind, key) = match sender.key(store, country).await? {
        Ok(found) => found,
        Err(fault) => return Ok(Err(fault)),
    };
    let mut tx = store.begin().await?;
    if !tx.drop_block(kind, &key).await? {
        return Ok(Ok(false));
    }
    tx.audit(by, Deed::AbuseUnblock, &format!("{} {key}", kind.as_str()), "").await?;
    tx.commit().await?;
    Ok(Ok(true))
}

/// Who of those that left `contact` can be blocked.
pub fn senders_of(contact: Option<&Contact>) -> Vec<Sender> {
    let Some(contact) = contact else { return Vec::new() };
    let email = contact.email.clone().map(Sender::Email);
    email.into_iter().chain(contact.phone.clone().map(Sender::Phone)).collect()
}
