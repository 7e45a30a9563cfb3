//! What is known of a notice and its person at the moment when it is handed over, or printed.

use super::{
    audience::{contact_addresses, targets},
    members,
};
use crate::{context, plan::REPORTER};
use schemas::{
    city::City,
    event::What,
    notice::{Because, Scope},
    person::KnownAddress,
    way::{Address, Way},
};
use store::{About, AddressKey, AddressKeys, NoticeView, Store};

/// Where the person of a notice is told now; `None` when they left, or the address is erased.
pub(crate) fn address(city: &City, view: &NoticeView) -> Option<Address> {
    let way = view.notice.way;
    if view.notice.person == REPORTER {
        let case = view.case()?;
        if way == Way::Push {
            return case.device.as_ref().map(|device| device.address.clone());
        }
        // Who said "nothing" since then is not told.
        case.report.tell.way()?;
        return contact_addresses(case.contact.as_ref()?, city).find(|address| address.way() == way);
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
    let key = AddressKey { way: to.way(), key: keys.of(to) };
    let of = about(city, view);
    let found = store.suppressions(&[key]).await?;
    Ok(found.iter().any(|found| {
        found.reason.is_wish()
            && (found.scope == Scope::All
                || of.iter().any(|(scope, target)| (*scope, target) == (found.scope, &found.target)))
    }))
}

/// What a notice is about, as its person may refuse it; the narrowest first.
pub(crate) fn about(city: &City, view: &NoticeView) -> Vec<(Scope, String)> {
    match &view.about {
        About::Case(case) => targets(city, &case.report),
        About::Broadcast(broadcast) => {
            let because = view.notice.reasons.first().unwrap_or(&Because::Asked);
            members::targets(&broadcast.draft.audience, Some(broadcast.id), because)
        }
    }
}

/// Everything that the words of a notice are made from.
pub(crate) fn facts<'a>(
    city: &'a City,
    view: &'a NoticeView,
    wishes: &'a str,
    why: &'a str,
    choices: &'a str,
) -> context::Facts<'a> {
    let contact = view.case().and_then(|case| case.contact.as_ref());
    context::Facts {
        about: match &view.about {
            About::Case(case) => context::About::Case {
                event: &case.event,
                report: &case.report,
                is_theirs: view.notice.person == REPORTER,
                lead: case.case.as_ref().and_then(|case| case.lead.as_ref()),
                article: match &case.event.what {
                    What::Answered { article, .. } => {
                        city.article(article).map(|article| article.text(view.notice.language))
                    }
                    _ => None,
                },
            },
            About::Broadcast(broadcast) => {
                context::About::Broadcast { broadcast, because: view.notice.reasons.first() }
            }
        },
        name: match &view.person {
            Some((person, _)) => person.name.as_deref(),
            None => contact.and_then(|contact| contact.name.as_deref()),
        },
        wishes,
        why,
        choices,
        left_out: view.case().map_or(&[], |case| &case.left_out),
    }
}
