//! Text messages over SMPP, to a message centre that is slow, forgetful and in a hurry. What it got is counted.

mod common;
#[path = "common/house.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod house;

use futures_util::{SinkExt as _, StreamExt as _};
use house::{House, SOON, wait_until};
use notifier::SenderConfig;
use rusmpp::{
    Command, CommandStatus, Pdu,
    pdus::{BindTransceiverResp, DeliverSm, SubmitSm, SubmitSmResp},
    tokio_codec::CommandCodec,
    types::{COctetString, OctetString},
    values::{DataCoding, EsmClass},
};
use schemas::{
    letter::{Lane, Letter, Topic},
    notice::{NoticeState, SAID_SUBJECT, Suppressed},
    report::{Contact, Tell},
    trace::Trace,
    way::{Address, Way},
};
use std::{
    collections::VecDeque,
    str::FromStr as _,
    sync::{Arc, Mutex},
    time::Duration,
};
use store::AddressKey;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_util::codec::Framed;

/// What the centre does with the next submit_sm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Takes it, and says so.
    Take,
    /// Refuses it with this status.
    Refuse(CommandStatus),
    /// Takes it, and hangs up before it says so.
    TakeAndHangUp,
    /// Says first that it has arrived, and then that it takes it.
    ReceiptFirst,
}

/// A message centre. It answers with hexadecimal numbers and writes decimal ones in its receipts.
#[derive(Clone, Default)]
struct Centre(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    taken: Vec<SubmitSm>,
    next: VecDeque<Next>,
    binds: usize,
    /// Goes to whoever is logged in.
    say: Option<mpsc::UnboundedSender<DeliverSm>>,
    /// How it was answered to what it said.
    answers: Vec<CommandStatus>,
}

/// The number that the `n`th message has in the centre.
const fn number(n: usize) -> usize {
    0xa0 + n
}

fn receipt(n: usize, state: &str) -> DeliverSm {
    let text =
        format!("id:{} sub:001 dlvrd:001 submit date:2603041000 done date:2603041001 stat:{state} err:000", number(n));
    deliver(4, "32470123456", &text)
}

fn deliver(class: u8, from: &str, text: &str) -> DeliverSm {
    DeliverSm::builder()
        .source_addr(COctetString::from_str(from).unwrap())
        .esm_class(EsmClass::from(class))
        .data_coding(DataCoding::McSpecific)
        .short_message(OctetString::from_slice(text.as_bytes()).unwrap())
        .build()
}

impl Centre {
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smpp://{}", listener.local_addr().unwrap());
        let centre = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(centre.clone().converse(stream));
            }
        });
        url
    }

    async fn converse(self, stream: TcpStream) {
        let mut line = Framed::new(stream, CommandCodec::new());
        let (say, mut said) = mpsc::unbounded_channel();
        let mut sequence = 1_000;
        loop {
            let command = tokio::select! {
                command = line.next() => match command { Some(Ok(command)) => command, _ => return },
                Some(deliver) = said.recv() => {
                    sequence += 1;
                    line.send(Command::new(CommandStatus::EsmeRok, sequence, deliver)).await.unwrap();
                    continue;
                }
            };
            let (number_of_it, ok) = (command.sequence_number(), CommandStatus::EsmeRok);
            match command.pdu() {
                Some(Pdu::BindTransceiver(bind)) => {
                    let good = bind.password.as_str() == "geheim";
                    let status = if good { ok } else { CommandStatus::EsmeRinvpaswd };
                    {
                        let mut inside = self.0.lock().unwrap();
                        inside.binds += 1;
                        inside.say = good.then(|| say.clone());
                    }
                    line.send(Command::new(status, number_of_it, BindTransceiverResp::default())).await.unwrap();
                }
                Some(Pdu::SubmitSm(submit)) => {
                    let next = self.0.lock().unwrap().next.pop_front().unwrap_or(Next::Take);
                    if let Next::Refuse(status) = next {
                        line.send(Command::new(status, number_of_it, SubmitSmResp::default())).await.unwrap();
                        continue;
                    }
                    let n = {
                        let mut inside = self.0.lock().unwrap();
                        inside.taken.push(submit.clone());
                        inside.taken.len() - 1
                    };
                    match next {
                        Next::TakeAndHangUp => return,
                        Next::ReceiptFirst => {
                            sequence += 1;
                            line.send(Command::new(ok, sequence, receipt(n, "DELIVRD"))).await.unwrap();
                        }
                        Next::Take | Next::Refuse(_) => {}
                    }
                    let id = COctetString::from_str(&format!("{:X}", number(n))).unwrap();
                    line.send(Command::new(ok, number_of_it, SubmitSmResp::new(id, Vec::new()))).await.unwrap();
                }
                Some(Pdu::DeliverSmResp(_)) => self.0.lock().unwrap().answers.push(command.status()),
                Some(Pdu::EnquireLink) => {
                    line.send(Command::new(ok, number_of_it, Pdu::EnquireLinkResp)).await.unwrap()
                }
                Some(Pdu::Unbind) => line.send(Command::new(ok, number_of_it, Pdu::UnbindResp)).await.unwrap(),
                _ => {}
            }
        }
    }

    fn next(&self, next: &[Next]) {
        self.0.lock().unwrap().next.extend(next);
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().taken.len()
    }

    fn binds(&self) -> usize {
        self.0.lock().unwrap().binds
    }

    fn say(&self, deliver: DeliverSm) {
        self.0.lock().unwrap().say.as_ref().unwrap().send(deliver).unwrap();
    }
}

/// A house whose messages go to `centre`, in two parts each.
async fn house(centre: &Centre, more: &str) -> House {
    let sms = toml::from_str(&format!(
        "profile = 'smpp'\nurl = '{}'\nfrom = 'Kortrijk'\nuser = 'voordeur'\nprice_per_part = 0.05\n\
         public_url = 'https://hallo.example'\n{more}\n[smpp]\nnumbers = 'hex_decimal'",
        centre.listen().await
    ));
    let long =
        "{{city}}: nous avons reçu {{matter}} {{reference}}. Suivez tout sur {{link}} ".to_owned() + &"a".repeat(100);
    let city = common::city_with(&[("templates/received/short.fr.hbs", &long)]);
    let config = SenderConfig { sms: vec![sms.unwrap()], ..SenderConfig::default() };
    let house = House::build_in(city, &config, Arc::default()).await;
    let (sender, stop) = (house.senders.get("sms").unwrap(), house.stop.clone());
    assert!(sender.listens());
    tokio::spawn(async move { sender.listen(stop).await });
    house.run_planner().await;
    house.run_senders().await;
    house
}

fn contact() -> Option<Contact> {
    Some(Contact { phone: Some("0470 12 34 56".to_owned()), ..Contact::default() })
}

async fn is(house: &House, case: schemas::Uuid, state: NoticeState) -> bool {
    house.notices(case).await.first().is_some_and(|row| row.notice.state == state)
}

#[tokio::test]
async fn a_message_has_arrived_when_every_part_has() {
    let centre = Centre::default();
    let house = house(&centre, "password = 'geheim'").await;
    wait_until(|| async { centre.binds() == 1 }).await;
    // Of the first part it says that it arrived before it says that it takes it; it wants the second one slower.
    centre.next(&[Next::ReceiptFirst, Next::Refuse(CommandStatus::EsmeRthrottled), Next::Take]);
    let case = house.report_from(Tell::Sms, contact()).await;
    wait_until(|| is(&house, case, NoticeState::Sent)).await;
    let parts = centre.0.lock().unwrap().taken.clone();
    assert_eq!(parts.len(), 2, "each part once");
    assert!(parts.iter().all(|part| part.destination_addr.as_str() == "32470123456"));
    let headers: Vec<u8> = parts.iter().map(|part| part.short_message().as_ref()[5]).collect();
    assert_eq!(headers, [1, 2], "in order");
    let row = house.notices(case).await.remove(0);
    assert_eq!((row.receipt.as_deref(), row.cost), (Some("smpp: 2 parts: 160 161"), Some(100_000)));
    house.drain().await;
    assert!(is(&house, case, NoticeState::Sent).await, "one part is not all of it");
    centre.say(receipt(1, "DELIVRD"));
    wait_until(|| is(&house, case, NoticeState::Delivered)).await;
    assert_eq!(centre.count(), 2);
    assert!(centre.0.lock().unwrap().answers.iter().all(|answer| *answer == CommandStatus::EsmeRok));
}

#[tokio::test]
async fn what_may_have_been_taken_is_never_sent_again_and_its_receipt_counts() {
    let centre = Centre::default();
    let house = house(&centre, "password = 'geheim'").await;
    wait_until(|| async { centre.binds() == 1 }).await;
    centre.next(&[Next::TakeAndHangUp]);
    let case = house.report_from(Tell::Sms, contact()).await;
    wait_until(|| is(&house, case, NoticeState::Unknown)).await;
    // The session comes back by itself; the message does not go again.
    wait_until(|| async { centre.binds() == 2 }).await;
    house.pass(Duration::from_mins(30));
    house.drain().await;
    assert_eq!(centre.count(), 1);
    // Another one goes over the new session.
    let other = house.report_from(Tell::Sms, contact()).await;
    wait_until(|| is(&house, other, NoticeState::Sent)).await;
    assert_eq!(centre.count(), 3, "its two parts");
}

#[tokio::test]
async fn what_was_not_taken_waits_and_who_is_not_there_is_told_another_way() {
    let centre = Centre::default();
    let house = house(&centre, "password = 'geheim'").await;
    wait_until(|| async { centre.binds() == 1 }).await;
    centre.next(&[Next::Refuse(CommandStatus::EsmeRmsgqful)]);
    let case = house.report_from(Tell::Sms, contact()).await;
    wait_until(|| async { centre.0.lock().unwrap().next.is_empty() }).await;
    wait_until(|| async {
        house.pass(Duration::from_secs(10));
        is(&house, case, NoticeState::Sent).await
    })
    .await;
    assert_eq!(centre.count(), 2, "each part once");
    centre.next(&[Next::Refuse(CommandStatus::EsmeRinvdstadr)]);
    let gone = house.report_from(Tell::Sms, contact()).await;
    wait_until(|| is(&house, gone, NoticeState::Failed)).await;
    let key = house.store.address_keys().await.unwrap().of(&Address::Sms("+32470123456".into()));
    let found = house.store.suppressions(&[AddressKey { way: Way::Sms, key }]).await.unwrap();
    assert!(found.iter().any(|found| found.reason == Suppressed::Gone), "{found:?}");
}

#[tokio::test]
async fn who_sends_stop_gets_nothing_more() {
    let centre = Centre::default();
    let house = house(&centre, "password = 'geheim'").await;
    wait_until(|| async { centre.binds() == 1 }).await;
    centre.say(deliver(0, "32470123456", "Stop."));
    let key = house.store.address_keys().await.unwrap().of(&Address::Sms("+32470123456".into()));
    wait_until(|| async {
        let keys = [AddressKey { way: Way::Sms, key: key.clone() }];
        house.store.suppressions(&keys).await.unwrap().iter().any(|found| found.reason == Suppressed::Stopped)
    })
    .await;
    house.report_from(Tell::Sms, contact()).await;
    house.drain().await;
    assert_eq!(centre.count(), 0);
}

#[tokio::test]
async fn words_go_to_who_leads_conversations_and_what_is_said_goes_out() {
    let centre = Centre::default();
    let house = house(&centre, "password = 'geheim'\ndoor = true").await;
    wait_until(|| async { centre.binds() == 1 }).await;
    // Two parts of one message, the second first and twice.
    for nth in [2u8, 1, 2] {
        let header = format!("\u{5}\0\u{3}\u{7}\u{2}{}", char::from(nth));
        centre.say(deliver(0x40, "32470123456", &format!("{header}deel {nth}")));
    }
    wait_until(|| async { centre.0.lock().unwrap().answers.len() == 3 }).await;
    let waiting = house.store.sms_waiting(10).await.unwrap();
    let mut parts: Vec<_> = waiting
        .iter()
        .map(|sms| (sms.part.map(|part| (part.reference, part.of, part.nth)), sms.words.as_str(), sms.number.as_str()))
        .collect();
    parts.sort_unstable();
    let number = "+32470123456";
    assert_eq!(parts, [(Some((7, 2, 1)), "deel 1", number), (Some((7, 2, 2)), "deel 2", number)]);

    let (id, at) = (schemas::Uuid::from_u128(9), house.store.clock().now());
    let (key, number, what) = (waiting[0].key.clone(), number.to_owned(), "where".to_owned());
    let words = "Kortrijk: waar is het?".to_owned();
    let said = store::SmsOut { id, key, number, what, words, language: schemas::report::Language::NL, at };
    let body = schemas::notice::Due { notice: id };
    let letter = Letter::new(id, Lane::sender("sms"), Topic::NoticeDue, SAID_SUBJECT, &body, Trace::start(), at);
    let mut tx = house.store.begin().await.unwrap();
    tx.put_sms_out(&said).await.unwrap();
    tx.post(&[letter]).await.unwrap();
    tx.commit().await.unwrap();
    wait_until(|| async { centre.count() == 1 }).await;
}

#[tokio::test]
async fn a_wrong_password_is_tried_again_and_nothing_is_lost() {
    let centre = Centre::default();
    let house = house(&centre, "password = 'falsch'").await;
    let case = house.report_from(Tell::Sms, contact()).await;
    tokio::time::timeout(SOON, async {
        while centre.binds() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    wait_until(|| is(&house, case, NoticeState::Planned)).await;
    assert_eq!(centre.count(), 0);
}
