//! A report that somebody of the city takes down. The report, who took it down and for whom, the paper that it came on and the
//! line in the audit are one transaction. Whoever takes it down is known, so nothing is held back as it may be from strangers.

use super::{Desk, field};
use crate::intake::{
    Accepted, IntakeError, Receipt,
    form::{self, FormData, Outcome},
    guard::Clues,
    prepare,
};
use schemas::{
    Date, Uuid,
    account::Account,
    audit::Deed,
    city::City,
    fault::Invalid,
    phone,
    report::{Contact, Tell},
    slug::{Channel, Slug},
    submission::Submission,
    text,
    trace::Trace,
    way::Way,
};
use store::TakenDown;

/// The most characters of a name.
const MAX_NAME: usize = 100;

/// What the page says besides the report itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aside {
    /// By which channel.
    pub channel: Option<Channel>,
    /// Who calls for the one it is for.
    pub caller: Option<String>,
    /// When the letter came in.
    pub received_on: Option<Date>,
}

/// Reads what the page says besides the report, and names what is wrong with it.
pub fn aside(form: &FormData, city: &City, today: Date, faults: &mut Vec<Invalid>) -> Aside {
    let get = |name: &str| form.get(name).map(str::trim).filter(|value| !value.is_empty());
    let channel = get(field::CHANNEL).and_then(|name| Slug::new(name).ok());
    let channel = channel.filter(|channel| city.staff_channels.contains(channel));
    if channel.is_none() {
        faults.push(Invalid::new(field::CHANNEL, "required", "choose how it came in"));
    }
    let mut caller = None;
    if get(field::BEHALF).is_some() {
        let name = text::clean_line(get(field::CALLER).unwrap_or_default());
        if name.is_empty() || text::length(&name) > MAX_NAME {
            faults.push(Invalid::new(field::CALLER, "required", "write who calls, at most 100 characters"));
        }
        if get(form::field::NAME).is_none() {
            faults.push(Invalid::new(form::field::NAME, "required", "write who it is for"));
        }
        if get(field::CONSENT).is_none() {
            faults.push(Invalid::new(field::CONSENT, "required", "ask whether both names may be kept"));
        }
        caller = Some(name);
    }
    let received_on = get(field::RECEIVED_ON).and_then(|day| match day.parse::<Date>() {
        Ok(day) if day <= today => Some(day),
        _ => {
            faults.push(Invalid::new(field::RECEIVED_ON, "not_a_day", "write the day as 2026-11-30, today or before"));
            None
        }
    });
    Aside { channel, caller, received_on }
}

/// Whom the report is from, and how they are told: what the page leaves open is what fits; whoever wrote a letter gets one.
fn complete(submission: &mut Submission, form: &FormData, channel: Option<&Channel>, city: &City) {
    let get = |name: &str| form.get(name).map(str::trim).filter(|value| !value.is_empty());
    if get(field::ANONYMOUS).is_some() {
        submission.contact = None;
        submission.tell = Some(Tell::Nothing);
        return;
    }
    let mut contact = submission.contact.take().unwrap_or_default();
    // For somebody else it is not their number that calls.
    if contact.phone.is_none() && get(field::BEHALF).is_none() {
        contact.phone = get(field::NUMBER).map(str::to_owned);
    }
    if submission.tell.is_none() {
        let wrote = channel.is_some_and(|channel| channel.as_str() == "letter");
        let by_letter = wrote && contact.post.is_some() && city.offers(Way::Letter);
        submission.tell = Some(if by_letter { Tell::Letter } else { fitting(&contact, city) });
    }
    submission.contact = (!contact.is_empty()).then_some(contact);
}

/// How somebody is told who left this and did not say how: by text message where that may arrive, else by mail, by letter,
/// or by a call.
fn fitting(contact: &Contact, city: &City) -> Tell {
    let phone = contact.phone.as_deref().and_then(|text| phone::read(text, &city.country));
    let mobile = phone.as_ref().is_some_and(|phone| phone.mobile);
    [
        (Tell::Sms, Way::Sms, mobile),
        (Tell::Email, Way::Email, contact.email.is_some()),
        (Tell::Letter, Way::Letter, contact.post.is_some()),
        (Tell::Call, Way::Call, phone.is_some()),
    ]
    .into_iter()
    .find(|(_, way, has)| *has && city.offers(*way))
    .map_or(Tell::Nothing, |(tell, _, _)| tell)
}

impl Desk {
    /// Takes a report down that `account` filled in. `scan` is the paper that it came on. Sent twice it is taken once, as
    /// every form.
    pub async fn take(&self, account: &Account, form: FormData, scan: Option<Uuid>, trace: Trace) -> Outcome {
        let (tools, city) = (&self.tools, &self.tools.city);
        let today = city.calendar.date(tools.clock.now());
        let token =
            form.get(form::field::TOKEN).map(str::trim).filter(|token| form::is_token(token)).map(str::to_owned);
        let (mut submission, mut faults) = form::read(&form);
        let aside = aside(&form, city, today, &mut faults);
        complete(&mut submission, &form, aside.channel.as_ref(), city);
        match self.form.take_photos(&form, token.as_deref(), &mut faults).await {
            Ok((photos, _)) => submission.photos = photos,
            Err(error) => return Outcome::Failed(error),
        }
        let photos = submission.photos.clone();
        let wrong = |faults, photos| Outcome::Invalid { faults, photos, taken_at: None };
        let checked = match submission.check(city) {
            Ok(checked) if faults.is_empty() => self.form.with_chosen_place(checked, &form).await,
            Ok(_) => return wrong(faults, photos),
            Err(more) => {
                for mut fault in more.into_iter().map(form::rename) {
                    // The number stands at the top, unless it is somebody else's.
                    if fault.field == form::field::PHONE && form.get(field::BEHALF).is_none() {
                        fault.field = field::NUMBER.to_owned();
                    }
                    if faults.iter().all(|known| known.field != fault.field) {
                        faults.push(fault);
                    }
                }
                return wrong(faults, photos);
            }
        };
        let Some(channel) = aside.channel.clone() else { return wrong(faults, photos) };
        let new = match prepare(tools, &channel, token.as_deref(), checked, Clues::default(), trace).await {
            Ok(new) => new,
            Err(IntakeError::Invalid(faults)) => {
                return wrong(faults.into_iter().map(form::rename).collect(), Vec::new());
            }
            Err(IntakeError::Store(error)) => return Outcome::Failed(error),
        };
        match self.keep(account, &new, &aside, scan).await {
            Ok(Accepted::New(receipt)) => {
                metrics::counter!("voordeur_reports_total", "channel" => channel.to_string(), "outcome" => "new")
                    .increment(1);
                tracing::info!(case = %receipt.id, %channel, %trace, "report taken down");
                Outcome::Filed(receipt)
            }
            Ok(Accepted::Again(receipt)) => Outcome::Again(receipt),
            Ok(Accepted::Conflict) => self.form.already(&channel, token.as_deref()).await,
            Err(error) => Outcome::Failed(error),
        }
    }

    /// The report and all that belongs to it, or nothing.
    async fn keep(
        &self,
        account: &Account,
        new: &store::NewReport,
        aside: &Aside,
        scan: Option<Uuid>,
    ) -> Result<Accepted, store::Error> {
        let taken = TakenDown {
            report: new.report.id,
            account: account.id,
            by: account.name.clone(),
            at: new.report.received_at,
            caller: aside.caller.clone(),
            received_on: aside.received_on,
            scan,
        };
        let mut tx = self.tools.store.begin().await?;
        let accepted = tx.take_down(new, &taken).await?;
        if let Accepted::New(Receipt { reference, .. }) = &accepted {
            let what = format!("{reference} by {}", new.report.channel);
            tx.audit(&account.name, Deed::DeskTake, &what, "").await?;
            tx.commit().await?;
        }
        Ok(accepted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::read as city;

    fn form(fields: &[(&str, &str)]) -> FormData {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        FormData { fields, files: Vec::new() }
    }

    #[test]
    fn what_stands_beside_a_report_is_whole_or_named() {
        let (city, today) = (city(), "2026-11-23".parse::<Date>().unwrap());
        let both = [("behalf", "yes"), ("caller", " Bo  Maes "), ("name", "Cis"), ("consent", "yes")];
        for (fields, wrong) in [
            (&[("channel", "phone")][..], &[][..]),
            (&[("channel", " letter "), ("received_on", "2026-11-23")], &[]),
            (&[], &["channel"]),
            (&[("channel", "web")], &["channel"]),
            (&[("channel", "letter"), ("received_on", "2026-11-24")], &["received_on"]),
            (&[("channel", "letter"), ("received_on", "soon")], &["received_on"]),
            (&[("channel", "phone"), ("behalf", "yes")], &["caller", "name", "consent"]),
            (&[("channel", "phone"), both[0], both[1], both[2]], &["consent"]),
            (&[("channel", "phone"), both[0], both[1], both[2], both[3]], &[]),
        ] {
            let mut faults = Vec::new();
            let found = aside(&form(fields), &city, today, &mut faults);
            let named: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
            assert_eq!(named, wrong, "{fields:?}");
            if wrong.is_empty() && fields.len() > 4 {
                assert_eq!(found.caller.as_deref(), Some("Bo Maes"));
            }
        }
    }

    #[test]
    fn what_the_page_leaves_open_is_what_fits() {
        let city = city();
        let told = |channel: &str, fields: &[(&str, &str)]| {
            let form = form(fields);
            let (mut submission, _) = form::read(&form);
            complete(&mut submission, &form, channel.parse().ok().as_ref(), &city);
            (submission.tell.unwrap(), submission.contact.and_then(|contact| contact.phone))
        };
        let post = [("street", "Markt 1"), ("postcode", "8500"), ("town", "Kortrijk")];
        let mobile = ("number", "0470 12 34 56");
        assert_eq!(told("phone", &[mobile]), (Tell::Sms, Some("0470 12 34 56".to_owned())));
        assert_eq!(told("phone", &[("number", "056 12 34 56")]).0, Tell::Call);
        assert_eq!(told("phone", &[("number", "056 12 34 56"), ("email", "a@b.example")]).0, Tell::Email);
        assert_eq!(told("counter", &post).0, Tell::Letter);
        assert_eq!(told("letter", &[post[0], post[1], post[2], mobile]).0, Tell::Letter, "who writes gets a letter");
        assert_eq!(told("phone", &[mobile, ("tell", "nothing")]).0, Tell::Nothing, "they said so");
        assert_eq!(told("phone", &[mobile, ("anonymous", "yes"), ("name", "Cis")]), (Tell::Nothing, None));
        assert_eq!(told("phone", &[mobile, ("behalf", "yes")]), (Tell::Nothing, None), "it is not their number");
        assert_eq!(told("phone", &[]), (Tell::Nothing, None));
    }
}
