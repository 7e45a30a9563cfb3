//! What is known of a notice and its person at the moment when it is handed over, or printed.

use super::audience::{contact_addresses, targets};
use crate::{context, plan::REPORTER};
use schemas::{
    city::City,
    event::What,
    notice::{Because, Scope},
    person::KnownAddress,
    way::{Address, Way},
};
use store::{AddressKey, AddressKeys, NoticeView, Store};

/// Where the person of a notice is told now; `None` when they left, or the address is erased.
pub(crate) fn address(city: &City, view: &NoticeView) -> Option<Address> {
    let way = view.notice.way;
    if way == Way::Push && view.notice.person == REPORTER {
        return view.device.as_ref().map(|device| device.address.clone());
    }
    if view.notice.person == REPORTER {
        // Who said "nothing" since then is not told.
        view.report.tell.way()?;
        return contact_addresses(view.contact.as_ref()?, city).find(|address| address.way() == way);
    }
    let (_, addresses) = view.person.as_ref()?;
    let is_it = |known: &&KnownAddress| view.notice.device.as_ref().is_none_or(|key| *key == known.key);
    let mut of_the_way = addresses.iter().filter(|known| known.address.way() == way && known.verified_at.is_some());
    of_the_way.find(is_it).map(|known| known.address.clone())
}

/// Whether the person said since it was planned that they do not want it.
pub(crate) async fn is_unwanted(
    store: &Store,
    city: &City,
    keys: &AddressKeys,
    view: &NoticeView,
    to: &Address,
) -> Result<bool, store::Error> {
    if view.notice.reasons.contains(&Because::Critical) {
        return Ok(false);
    }
    let key = AddressKey { way: to.way(), key: keys.of(to) };
    let of = targets(city, &view.report);
    let found = store.suppressions(&[key]).await?;
    Ok(found.iter().any(|found| {
        found.reason.is_wish()
            && (found.scope == Scope::All
                || of.iter().any(|(scope, target)| (*scope, target) == (found.scope, &found.target)))
    }))
}

/// Everything that the words of a notice are made from.
pub(crate) fn facts<'a>(
    city: &'a City,
    view: &'a NoticeView,
    wishes: &'a str,
    why: &'a str,
    choices: &'a str,
) -> context::Facts<'a> {
    context::Facts {
        event: &view.event,
        report: &view.report,
        name: match &view.person {
            Some((person, _)) => person.name.as_deref(),
            None => view.contact.as_ref().and_then(|contact| contact.name.as_deref()),
        },
        is_theirs: view.notice.person == REPORTER,
        wishes,
        why,
        choices,
        lead: view.case.as_ref().and_then(|case| case.lead.as_ref()),
        article: match &view.event.what {
            What::Answered { article, .. } => city.article(article).map(|article| article.text(view.notice.language)),
            _ => None,
        },
    }
}
