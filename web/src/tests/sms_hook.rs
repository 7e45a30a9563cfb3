//! What SMS gateways say, and people by text message.

use super::{Answer, Town};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use notifier::senders::sms::SmsConfig;
use schemas::{
    Uuid,
    letter::{Lane, Topic},
    notice::{Heard, HeardState, NoticeState, Suppressed},
    reference::Reference,
    report::{Contact, Received, Why},
    way::{Address, Way},
};
use sha1::Sha1;
use std::time::Duration;
use store::{AddressKey, NoticeEnd, Store};

const NOTICE: &str = "01920000000070008000000000000001";
const SECRET: &str = "a-secret-of-twenty-characters";

/// A town whose gateway is set up by `text`.
async fn town(text: &str) -> Town {
    let config: SmsConfig =
        toml::from_str(&format!("public_url = 'https://voordeur.example'\nfrom = 'Kortrijk'\n{text}")).unwrap();
    Town::open_hearing(&config).await
}

async fn kannel() -> Town {
    town(&format!(
        "profile = 'kannel'\nurl = 'http://127.0.0.1:13013'\nuser = 'u'\npassword = 'p'\nhook_secret = '{SECRET}'"
    ))
    .await
}

/// What was heard since this was last asked.
pub async fn taken(store: &Store) -> Vec<Heard> {
    let letters = store.take(&Lane::notifier(), 100, Duration::from_secs(60)).await.unwrap();
    letters.iter().filter(|letter| letter.topic == Topic::NoticeHeard).map(|letter| letter.read().unwrap()).collect()
}

/// Whether this number wants nothing more.
pub async fn is_stopped(store: &Store, number: &str) -> bool {
    let key = store.address_keys().await.unwrap().of(&Address::Sms(number.to_owned()));
    let found = store.suppressions(&[AddressKey { way: Way::Sms, key }]).await.unwrap();
    found.iter().any(|found| found.reason == Suppressed::Stopped)
}

#[tokio::test]
async fn a_receipt_is_kept_once_and_only_when_it_is_genuine() {
    let town = kannel().await;
    let said =
        |secret: &str, status: u8| format!("/hooks/sms/kannel{secret}?reference={NOTICE}&status={status}&said=ok");
    for (path, expected) in [
        (said("", 1), StatusCode::FORBIDDEN),
        (said("/a-secret-of-twenty-characterz", 1), StatusCode::FORBIDDEN),
        (said(&format!("/{SECRET}"), 1).replace("kannel", "twilio"), StatusCode::FORBIDDEN),
        (format!("/hooks/sms/kannel/{SECRET}?reference={NOTICE}"), StatusCode::BAD_REQUEST),
        (said(&format!("/{SECRET}"), 8), StatusCode::ACCEPTED),
        (said(&format!("/{SECRET}"), 1), StatusCode::ACCEPTED),
        (said(&format!("/{SECRET}"), 1), StatusCode::ACCEPTED),
    ] {
        assert_eq!(town.get(&path).await.status, expected, "{path}");
    }
    let heard = taken(&town.store).await;
    let mut states: Vec<_> = heard.iter().map(|heard| heard.state.as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, ["delivered", "trying"]);
    assert!(heard.iter().all(|heard| heard.notice == Some(NOTICE.parse().unwrap()) && heard.provider == "kannel"));
    assert_eq!(Town::open().await.get("/hooks/sms/kannel").await.status, StatusCode::NOT_FOUND);
}

/// A call as Twilio makes it, signed with `token` (its documents: "Validating requests").
async fn twilio(town: &Town, query: &str, fields: &[(&str, &str)], token: &str) -> Answer {
    let mut signed = format!("https://voordeur.example/hooks/sms/twilio{query}");
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    sorted.iter().for_each(|(name, value)| signed.extend([*name, *value]));
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(format!("/hooks/sms/twilio{query}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-twilio-signature", STANDARD.encode(mac.finalize().into_bytes()))
        .body(Body::from(body));
    town.ask(request.unwrap()).await
}

#[tokio::test]
async fn a_signed_receipt_says_whether_the_number_exists() {
    let town = town("profile = 'twilio'\nuser = 'AC1'\npassword = 'token'").await;
    let query = format!("?reference={NOTICE}");
    let fields =
        [("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", "30005"), ("To", "+32470123456")];
    assert_eq!(twilio(&town, &query, &fields, "wrong").await.status, StatusCode::FORBIDDEN);
    assert_eq!(twilio(&town, &query, &fields, "token").await.status, StatusCode::ACCEPTED);
    let heard = taken(&town.store).await;
    assert_eq!((heard.len(), heard[0].state), (1, HeardState::Dead));
    assert_eq!((heard[0].number.as_deref(), heard[0].why.as_deref()), (Some("SM1"), Some("undelivered 30005")));
}

#[tokio::test]
async fn stop_and_start_count_in_every_language_and_in_the_order_they_were_sent() {
    let town = kannel().await;
    let say = async |id: &str, text: &str| {
        let path = format!("/hooks/sms/kannel/{SECRET}?from=%2B32470123456&text={text}&id={id}");
        town.get(&path).await.status
    };
    let number = "+32470123456";
    assert_eq!(say("1", "Stop+met+die+werken").await, StatusCode::ACCEPTED);
    assert!(!is_stopped(&town.store, number).await, "that is no wish");
    for (id, word) in [("2", "STOP"), ("4", "Arr%C3%AAt"), ("6", "stopp")] {
        assert_eq!(say(id, word).await, StatusCode::ACCEPTED);
        assert!(is_stopped(&town.store, number).await, "{word}");
        assert_eq!(say(&format!("{id}1"), "START").await, StatusCode::ACCEPTED);
        assert!(!is_stopped(&town.store, number).await);
    }
    // The gateway delivers the first one again.
    assert_eq!(say("2", "STOP").await, StatusCode::ACCEPTED);
    assert!(!is_stopped(&town.store, number).await, "what was said before START does not come back");
    assert!(!is_stopped(&town.store, "+32470123457").await);
}

#[tokio::test]
async fn what_somebody_answers_goes_to_who_has_their_case() {
    let town = kannel().await;
    let (one, _) = town.told_by_sms("een", "0470/12.34.56", 1).await;
    let (two, reference) = town.told_by_sms("twee", "+32 470 12 34 56", 2).await;
    let say = async |from: &str, id: &str, text: &str| {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        town.get(&format!("/hooks/sms/kannel/{SECRET}?from={from}&text={text}&id={id}")).await.status
    };
    for (from, id, text) in [
        ("%2B32470123456", "1", "Het is nummer 12"),
        ("%2B32470123456", "1", "Het is nummer 12"),
        ("32470123456", "2", &format!("Over {reference}: dank u")),
        ("0032470123456", "3", &format!("{} ook", reference.digits())),
        ("%2B32470999999", "4", "Wie bent u?"),
    ] {
        assert_eq!(say(from, id, text).await, StatusCode::ACCEPTED, "{text}");
    }
    // Neither is said again by the gateway: nothing to read, and nobody to find.
    for (from, text) in [("%2B32470123456", " "), ("8686", "Uw saldo is laag"), ("Proximus", "Dag")] {
        assert_eq!(say(from, "5", text).await, StatusCode::ACCEPTED, "{from}");
    }
    let letters = town.store.take(&Lane::router(), 100, Duration::from_secs(60)).await.unwrap();
    let said: Vec<Received> = letters.iter().map(|letter| letter.read().unwrap()).collect();
    let mut said: Vec<_> = said
        .iter()
        .filter_map(|said| match &said.why {
            Why::Wrote { text, .. } => Some((said.report, text.as_str())),
            _ => None,
        })
        .collect();
    said.sort_by_key(|(_, text)| *text);
    let (about, also) = (format!("Over {reference}: dank u"), format!("{} ook", reference.digits()));
    let mut expected = vec![(two, "Het is nummer 12"), (two, about.as_str()), (two, also.as_str())];
    expected.sort_by_key(|(_, text)| *text);
    assert_eq!(said, expected, "the one named, else the one told last; each once");
    // The reference of the other one counts, too.
    let first = town.store.begin().await.unwrap().reports(&[one]).await.unwrap().remove(&one).unwrap().reference;
    assert_eq!(say("%2B32470123456", "6", &format!("bij {first}")).await, StatusCode::ACCEPTED);
    let letters = town.store.take(&Lane::router(), 100, Duration::from_secs(60)).await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.case_id).collect::<Vec<_>>(), [Some(one)]);
}

#[tokio::test]
async fn with_a_door_words_are_kept_once_for_who_leads_conversations() {
    let town = town(&format!(
        "profile = 'kannel'\nurl = 'http://127.0.0.1:13013'\nuser = 'u'\npassword = 'p'\nhook_secret = '{SECRET}'\ndoor = true"
    ))
    .await;
    let say = async |from: &str, id: &str, text: &str| {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let status = town.get(&format!("/hooks/sms/kannel/{SECRET}?from={from}&text={text}{id}")).await.status;
        assert_eq!(status, StatusCode::ACCEPTED, "{text}");
    };
    let an = "%2B32470123456";
    for (from, id, text) in [
        (an, "&id=1", "Er ligt zwerfvuil"),
        (an, "&id=1", "Er ligt zwerfvuil"),
        // A gateway without numbers delivers twice; somebody else says the same.
        (an, "", "Markt 1"),
        (an, "", "Markt 1"),
        ("32470999999", "", "Markt 1"),
        (an, "&id=2", "STOP"),
        ("8686", "&id=3", "Uw saldo is laag"),
    ] {
        say(from, id, text).await;
    }
    let mut kept: Vec<_> = town.store.sms_waiting(10).await.unwrap();
    kept.sort_by(|a, b| (&a.words, &a.number).cmp(&(&b.words, &b.number)));
    let kept: Vec<_> = kept.iter().map(|sms| (sms.words.as_str(), sms.number.as_str())).collect();
    let expected = [("Er ligt zwerfvuil", "+32470123456"), ("Markt 1", "+32470123456"), ("Markt 1", "+32470999999")];
    assert_eq!(kept, expected);
    assert!(is_stopped(&town.store, "+32470123456").await, "a wish is no conversation");
}

impl Town {
    /// A report that `phone` was told of by text message in this second; its id and its reference.
    async fn told_by_sms(&self, words: &str, phone: &str, second: u64) -> (Uuid, Reference) {
        let contact = Contact { phone: Some(phone.to_owned()), ..Contact::default() };
        let (report, notice) = self.noticed_at(words, contact, Way::Sms).await;
        let at = super::now() + std::time::Duration::from_secs(second);
        let mut tx = self.store.begin().await.unwrap();
        let end = NoticeEnd { id: notice, state: NoticeState::Sent, at, receipt: None, why: None };
        tx.settle_notices(&[end]).await.unwrap();
        tx.commit().await.unwrap();
        (report.id, report.reference)
    }
}
