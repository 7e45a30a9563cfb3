//! Mail both ways, through a real Postfix and a real Dovecot (deploy/dev/mail).

#[path = "mailbox_door_tests.rs"]
mod door_tests;
#[path = "mailbox_post.rs"]
mod post;

use super::{super::sense::said_at, *};
use crate::{
    mail,
    testing::{self, Desk, routed, timeline, waiting},
};
use bus::Edge as _;
use mail_parser::MessageParser;
use post::{Post, mailbox, server};
use schemas::{
    Uuid,
    case::{Role, Status},
    dispatch::{Dispatch, DispatchState, Say},
    event::What as Event,
    letter::{Lane, Letter},
    notice::{Because, Heard, HeardState, Notice, NoticeState, REPORTER},
    report::{Contact, Language, Received, Why},
    verdict::Verdict,
    way::Way,
};
use store::{DeadFilter, DispatchRow};

async fn a_mail_goes_out_and_its_answer_changes_the_case((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    assert_eq!(post.hand_over(&letter, &["wegen"]).await.word(), "done");
    let mail = post.mails("wegen", "INBOX", 1).await.remove(0);
    let parsed = MessageParser::default().parse(mail.as_bytes()).unwrap();
    let reply_to = parsed.reply_to().unwrap().first().unwrap().address().unwrap().to_owned();
    assert_eq!(reply_to, post.reply_to(&letter));
    assert!(parsed.body_text(0).unwrap().contains("Een put in de weg"));
    assert_eq!(timeline(&post.tools.store, letter.case_id.unwrap()).await, "received handed_over");

    // As Outlook answers, in capitals where a mail server likes them.
    let text = "Jan gaat kijken.\n\nMet vriendelijke groeten,\nJan\n\n________________________________\nVan: Stad\n\
                Verzonden: maandag\nAan: Wegen\n\nEen put in de weg";
    post.write(&reply_to.replace("stad.example", "STAD.example"), &[], text).await;
    post.read(1).await;
    post.answer(&letter, &["X-n: 2"], "Akkoord\n\nOp ma 23 nov 2026 om 10:00 schreef Stad <x@stad.example>:\n> put")
        .await;
    post.read(1).await;
    post.answer(&letter, &["X-n: 3"], "KLAAR\nAAN DE MELDER: de put is dicht\n-- \nJan").await;
    post.read(1).await;
    let department = testing::slug(testing::PUSHED);
    let events = post.events(&letter).await;
    assert_eq!(
        events[2..],
        [
            Event::InternalNote { department: department.clone(), text: "Jan gaat kijken.".to_owned() },
            Event::Accepted { department: department.clone(), acknowledges: false },
            Event::Solved { department, text: Some("de put is dicht".to_owned()), evidence: Vec::new() },
        ]
    );
    let case = post.tools.store.case(letter.case_id.unwrap()).await.unwrap().unwrap();
    assert_eq!(case.status, Status::Solved);
    assert_eq!(post.mails("stad", "Voordeur/Done", 3).await.len(), 3);
    assert_eq!(post.mails("stad", "INBOX", 0).await.len(), 0);

    let rows = post.tools.store.dispatches_of(letter.case_id.unwrap()).await.unwrap();
    assert!(rows[0].answered_at.is_some(), "it was heard");
    post.hands.pass(600);
    // The same mail comes a second time.
    post.answer(&letter, &["Message-ID: <twice@dienst.example>"], "Nog iets").await;
    post.answer(&letter, &["Message-ID: <twice@dienst.example>"], "Nog iets").await;
    post.read(2).await;
    assert_eq!(post.events(&letter).await.len(), events.len() + 1, "heard once");
}

async fn what_comes_back_is_told_and_becomes_a_dead_letter((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let mut letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    let mut dispatch: Dispatch = letter.read().unwrap();
    dispatch.contact = Some(Contact { name: Some("An".to_owned()), email: None, phone: None, post: None });
    letter =
        Letter::new(letter.id, letter.lane.clone(), letter.topic, "report", &dispatch, letter.trace, letter.posted_at)
            .about(dispatch.case_id);
    assert_eq!(post.hand_over(&letter, &["unknown@dienst.example"]).await.word(), "done");
    post.read(1).await;
    let events = post.events(&letter).await;
    let Some(Event::HandOverFailed { why, .. }) = events.last() else { panic!("{events:?}") };
    assert!(why.contains("user unknown") && why.contains("5.1.1"), "{why}");
    let row = post.tools.store.dispatches_of(dispatch.case_id).await.unwrap().remove(0);
    assert_eq!((row.state, row.why.as_ref()), (DispatchState::Failed, Some(why)));
    assert_eq!(row.answered_at, None, "a mail server is nobody who answers");
    let dead = post.tools.store.dead(DeadFilter::default()).await.unwrap();
    assert_eq!((dead.len(), dead[0].letter.id, &dead[0].why), (1, letter.id, why));
    let kept: Dispatch = dead[0].letter.read().unwrap();
    assert_eq!(kept.contact, None, "the city does not know this reporter any more");
    assert_eq!(Dispatch { contact: None, ..dispatch }, kept);

    // The operator puts the address right and replays.
    assert_eq!(post.tools.store.replay_dead(&[letter.id]).await.unwrap(), 1);
    let letter = waiting(&post.tools.store, &letter.lane).await.remove(0);
    assert_eq!(post.hand_over(&letter, &["wegen"]).await.word(), "done");
    let row = post.tools.store.dispatches_of(letter.case_id.unwrap()).await.unwrap().remove(0);
    assert_eq!((row.state, row.why), (DispatchState::Delivered, None));
    let told = timeline(&post.tools.store, letter.case_id.unwrap()).await;
    assert_eq!(told, "received handed_over hand_over_failed handed_over");
}

async fn what_comes_back_from_one_of_two_or_after_an_answer_is_a_note((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    assert_eq!(post.hand_over(&letter, &["wegen", "unknown@dienst.example"]).await.word(), "done");
    post.read(1).await;
    let told = timeline(&post.tools.store, letter.case_id.unwrap()).await;
    assert_eq!(told, "received handed_over internal_note");

    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    assert_eq!(post.hand_over(&letter, &["unknown@dienst.example"]).await.word(), "done");
    post.mails("stad", "INBOX", 1).await;
    // Whoever got it by another way answered before the report of the mail server was read.
    let dispatch: Dispatch = letter.read().unwrap();
    let now = post.tools.clock.now();
    let update = testing::update("a", &dispatch, now, Say::Accept {});
    let posted = Letter::new(
        Uuid::from_u128(9),
        Lane::updates(),
        schemas::letter::Topic::DepartmentUpdate,
        "a",
        &update,
        letter.trace,
        now,
    );
    let mut tx = post.tools.store.begin().await.unwrap();
    tx.post(&[posted.about(dispatch.case_id)]).await.unwrap();
    tx.commit().await.unwrap();
    post.hear().await;
    post.read(1).await;
    let told = timeline(&post.tools.store, dispatch.case_id).await;
    assert_eq!(told, "received handed_over accepted internal_note");
    assert!(post.tools.store.dead(DeadFilter::default()).await.unwrap().is_empty());
}

async fn what_is_heard_of_notices_goes_to_the_notifier((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let verp =
        |notice: u128| format!("stad-{}+{}@stad.example", post.name, post::tokens().bounce(Uuid::from_u128(notice)));
    // Nobody is at this address: the mail server says so to where the notice came from.
    let smtp = &post.all.mail.as_ref().unwrap().smtp;
    let mail = b"From: Stad <meldpunt@stad.example>\r\nSubject: Uw melding\r\n\r\nDag\r\n";
    let to = ["unknown@dienst.example".parse().unwrap()];
    assert_eq!(smtp.send(&verp(1).parse().unwrap(), &to, mail, true).await.word(), "done");
    post.read(1).await;
    let report = |kind: &str, part: &str, from: &str| {
        format!(
            "--x\nContent-Type: text/plain\n\nBericht\n--x\nContent-Type: message/{kind}\n\n{part}\n\n--x\nContent-Type: \
             message/rfc822\n\nReturn-Path: <{from}>\nMessage-ID: <a@stad.example>\nSubject: Uw melding\n\nDag\n--x--"
        )
    };
    let kind =
        |kind: &str| format!("MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={kind}; boundary=x");
    let status = |code: &str, action: &str| {
        report("delivery-status", &format!("Reporting-MTA: dns; x\n\nAction: {action}\nStatus: {code}"), "")
    };
    for (n, code, action) in [(2, "5.2.2", "failed"), (3, "5.7.1", "failed"), (4, "4.4.1", "delayed")] {
        post.write(&verp(n), &[&kind("delivery-status")], &status(code, action)).await;
        post.read(1).await;
    }
    // A complaint comes to the address for complaints, and names the one that the mail came from.
    let complaint = format!("Feedback-Type: abuse\nVersion: 1\nOriginal-Mail-From: <{}>", verp(5));
    let to = format!("stad-{}@stad.example", post.name);
    post.write(&to, &[&kind("feedback-report")], &report("feedback-report", &complaint, &verp(5))).await;
    post.read(1).await;
    // Whoever is away says nothing.
    post.write(&verp(6), &["Auto-Submitted: auto-replied"], "Ik ben er niet.").await;
    post.write(&verp(7), &[], "Hallo").await;
    post.read(2).await;
    let letters = waiting(&post.tools.store, &Lane::notifier()).await;
    let mut heard: Vec<Heard> = letters.iter().filter_map(|letter| letter.read().ok()).collect();
    heard.sort_by_key(|heard| heard.notice);
    let found: Vec<_> = heard.iter().map(|heard| (heard.notice.unwrap().as_u128(), heard.state)).collect();
    use HeardState::{Complained, Dead, Failed, Trying};
    assert_eq!(found, [(1, Dead), (2, Failed), (3, Failed), (4, Trying), (5, Complained)]);
    let why = heard[0].why.as_deref().unwrap();
    assert!(why.contains("5.1.1") && !why.contains('@'), "{why}");
    assert_eq!(post.mails("stad", "Voordeur/Unmatched", 1).await.len(), 1, "a person looks at what people write");
    // The same report comes a second time.
    post.write(&verp(2), &[&kind("delivery-status"), "Message-ID: <twice@x>"], &status("5.2.2", "failed")).await;
    post.write(&verp(2), &[&kind("delivery-status"), "Message-ID: <twice@x>"], &status("5.2.2", "failed")).await;
    post.read(2).await;
    assert_eq!(waiting(&post.tools.store, &Lane::notifier()).await.len(), 1, "heard once");
}

async fn what_residents_answer_goes_to_who_has_their_case((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    let case = letter.case_id.unwrap();
    let notice = |n: u128, person: &str| Notice {
        id: Uuid::from_u128(n),
        case_id: case,
        event_id: Uuid::from_u128(n),
        version: 1,
        template: "received".to_owned(),
        person: person.to_owned(),
        sender: "mail".to_owned(),
        way: Way::Email,
        device: None,
        language: Language::NL,
        template_version: None,
        reasons: vec![Because::Reporter],
        state: NoticeState::Sent,
        planned_at: post.tools.clock.now(),
        due_at: None,
    };
    let mut tx = post.tools.store.begin().await.unwrap();
    tx.plan_notices(&[notice(1, REPORTER), notice(2, &Uuid::from_u128(9).to_string())]).await.unwrap();
    tx.commit().await.unwrap();
    let answers = |n: u128| format!("stad-{}+{}@stad.example", post.name, post::tokens().answer(Uuid::from_u128(n)));
    let quoted = "Het is aan de linkerkant.\n\nOp 4 maart schreef Stad <meldpunt@stad.example>:\n> Uw melding\n";
    post.write(&answers(1), &["Message-ID: <one@x>"], quoted).await;
    post.write(&answers(1), &["Message-ID: <one@x>"], quoted).await;
    post.write(&answers(1), &["Auto-Submitted: auto-replied"], "Ik ben er niet.").await;
    // Neither who only follows it, nor who makes a token up, speaks for the reporter.
    post.write(&answers(2), &[], "Ik ben de buurman.").await;
    post.write(&answers(1).replace("+a", "+b"), &[], "Ik ben niemand.").await;
    post.write(&answers(1), &[], "> niets nieuws\n").await;
    post.read(6).await;
    let posted = waiting(&post.tools.store, &Lane::router()).await;
    let said: Vec<_> = posted.iter().filter_map(|letter| letter.read::<Received>().ok()).collect();
    let words = said.iter().filter_map(|said| match &said.why {
        Why::Wrote { text, .. } => Some((said.report, text.as_str())),
        _ => None,
    });
    assert_eq!(words.collect::<Vec<_>>(), [(case, "Het is aan de linkerkant.")], "once");
    assert!(post.mails("stad", "Voordeur/Unmatched", 1).await.len() >= 2, "a person looks at the others");
    // It came from another address than that of the report.
    assert_eq!(post.tools.store.contacts_proven(&[case]).await.unwrap().len(), 0);

    post.write(&answers(1), &[], "STOP\n\nOp 4 maart schreef Stad <meldpunt@stad.example>:\n> Uw melding\n").await;
    post.read(1).await;
    let letters = waiting(&post.tools.store, &Lane::notifier()).await;
    let heard: Vec<Heard> = letters.iter().filter_map(|letter| letter.read().ok()).collect();
    let heard: Vec<_> = heard.iter().map(|heard| (heard.notice.unwrap().as_u128(), heard.state)).collect();
    assert_eq!(heard, [(1, HeardState::Stopped)]);
}

async fn an_old_mail_speaks_for_what_is_asked_now((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let first = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    let case = first.case_id.unwrap();
    post.hand_over(&first, &["wegen"]).await;
    post.answer(&first, &[], "KLAAR").await;
    post.read(1).await;
    post.hands.pass(60);
    // The resident says that it is not solved: the department has it anew.
    let (now, second) = (post.tools.clock.now(), Uuid::from_u128(77));
    let mut tx = post.tools.store.begin().await.unwrap();
    let mut kept = tx.lock_cases(&[case]).await.unwrap().remove(&case).unwrap();
    (kept.status, kept.status_at, kept.closed_at) = (Status::Routed, now, None);
    kept.version += 1;
    tx.save_cases(&[kept]).await.unwrap();
    let department = testing::slug(testing::PUSHED);
    tx.add_dispatches(&[DispatchRow::posted(second, case, department.clone(), Role::Lead, now)]).await.unwrap();
    tx.commit().await.unwrap();
    post.hands.pass(60);
    post.answer(&first, &["X-n: 2"], "Akkoord").await;
    post.read(1).await;
    assert_eq!(post.tools.store.case(case).await.unwrap().unwrap().status, Status::Accepted);

    // Another one does it by now: what an old mail says to the resident stays among colleagues.
    let mut tx = post.tools.store.begin().await.unwrap();
    let mut kept = tx.lock_cases(&[case]).await.unwrap().remove(&case).unwrap();
    kept.lead = Some(testing::slug("wegen"));
    kept.version += 1;
    tx.save_cases(&[kept]).await.unwrap();
    tx.commit().await.unwrap();
    post.answer(&first, &["X-n: 3"], "AAN DE MELDER: we komen niet").await;
    post.read(1).await;
    let said = post.events(&first).await.pop().unwrap();
    assert_eq!(said, Event::InternalNote { department, text: "we komen niet".to_owned() });

    post.hands.pass(366 * 24 * 3600);
    let events = post.events(&first).await.len();
    post.answer(&first, &["X-n: 4"], "AAN DE MELDER: dag").await;
    post.read(1).await;
    assert_eq!(post.events(&first).await.len(), events, "too long ago to speak for the city");
    assert_eq!(post.mails("stad", "Voordeur/Unmatched", 1).await.len(), 1);
}

async fn one_full_mailbox_holds_it_back_for_the_others_for_an_hour((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    assert_eq!(post.hand_over(&letter, &["wegen", "full@dienst.example"]).await.word(), "later");
    post.hands.pass(3_601);
    let verdict = post.hand_over(&letter, &["wegen", "full@dienst.example"]).await;
    let Verdict::Done { receipt: Some(receipt) } = &verdict else { panic!("{verdict:?}") };
    assert!(receipt.contains("refused: 452"), "{receipt}");
    assert_eq!(post.hand_over(&letter, &["full@dienst.example"]).await.word(), "later", "nobody has it yet");
}

async fn an_address_that_is_refused_at_once_is_said_at_once((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    let verdict = post.hand_over(&letter, &["refused@dienst.example"]).await;
    let Verdict::Never { why, fault: schemas::verdict::Fault::Address } = &verdict else { panic!("{verdict:?}") };
    assert!(why.contains("nobody here takes mail"), "{why}");
    assert_eq!(timeline(&post.tools.store, letter.case_id.unwrap()).await, "received hand_over_failed");
    // One of two is told in the receipt; the other has it.
    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    let verdict = post.hand_over(&letter, &["wegen", "refused@dienst.example"]).await;
    let Verdict::Done { receipt: Some(receipt) } = &verdict else { panic!("{verdict:?}") };
    assert!(receipt.contains("refused: 550"), "{receipt}");
    post.mails("wegen", "INBOX", 1).await;
}

async fn who_is_away_is_noted_and_is_no_answer((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    post.hand_over(&letter, &["wegen"]).await;
    post.answer(&letter, &["Auto-Submitted: auto-replied"], "Ik ben terug op 4 januari.").await;
    post.read(1).await;
    let events = post.events(&letter).await;
    let Some(Event::InternalNote { text, .. }) = events.last() else { panic!("{events:?}") };
    assert!(text.contains("Automatisch antwoord") && text.contains("terug op 4 januari"), "{text}");
    let row = post.tools.store.dispatches_of(letter.case_id.unwrap()).await.unwrap().remove(0);
    assert_eq!((row.state, row.answered_at), (DispatchState::Delivered, None));
    assert_eq!(post.mails("dienst", "INBOX", 0).await.len(), 0, "nobody is answered by a program");
}

async fn what_belongs_to_nothing_is_kept_for_a_person((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    post.hand_over(&letter, &["wegen"]).await;
    let guess = format!("stad-{}+{}@stad.example", post.name, "a".repeat(crate::links::REPLY_TOKEN));
    post.write(&guess, &[], "KLAAR").await;
    post.write(&format!("stad-{}@stad.example", post.name), &["References: <x@y.example>"], "Dag").await;
    post.answer(&letter, &["X-empty: 1"], "> alleen een citaat").await;
    post.read(3).await;
    assert_eq!(post.mails("stad", "Voordeur/Unmatched", 3).await.len(), 3);
    assert_eq!(timeline(&post.tools.store, letter.case_id.unwrap()).await, "received handed_over");
    // Written to the bare address, but in answer to our mail: that is as good as the token.
    let about = format!("References: <voordeur.{}@stad.example>", post.all.links.reply_token(letter.id));
    post.write(&format!("stad-{}@stad.example", post.name), &[&about], "Toch").await;
    post.read(1).await;
    assert_eq!(timeline(&post.tools.store, letter.case_id.unwrap()).await, "received handed_over internal_note");
}

async fn a_crash_between_sending_and_writing_down_makes_a_copy_with_the_same_id((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    assert_eq!(post.worker(&["wegen"]).deliver(&letter).await.word(), "done");
    post.hands.pass(60);
    assert_eq!(post.hand_over(&letter, &["wegen"]).await.word(), "done");
    let mails = post.mails("wegen", "INBOX", 2).await;
    let id = |mail: &String| MessageParser::default().parse(mail.as_bytes()).unwrap().message_id().unwrap().to_owned();
    assert_eq!((mails.len(), id(&mails[0])), (2, id(&mails[1])));
    assert_eq!(timeline(&post.tools.store, letter.case_id.unwrap()).await, "received handed_over");
}

async fn a_crash_while_reading_loses_nothing_and_hears_nothing_twice((hands, _bed, tools): Desk) {
    let Some(post) = Post::open(hands, tools) else { return };
    let letter = routed(&post.tools, testing::PUSHED, Role::Lead).await;
    post.hand_over(&letter, &["wegen"]).await;
    post.answer(&letter, &[], "We kijken").await;
    post.mails("stad", "INBOX", 1).await;
    let mail = post.all.mail.clone().unwrap();
    let round = Mailbox::round(mail.mailbox.clone().unwrap(), post.sense.clone());
    // Read, and died before anything was committed: the mail is where it was.
    let first = round.go(Value::Null).await.unwrap();
    assert_eq!((first.updates.len(), post.mails("stad", "INBOX", 0).await.len()), (1, 1));
    assert_eq!(round.go(Value::Null).await.unwrap().updates, first.updates);
    // Committed, and died before the mail was put away: it is put away and not read again.
    let second = round.go(first.state.clone()).await.unwrap();
    assert_eq!((second.updates.len(), post.mails("stad", "INBOX", 0).await.len()), (0, 0));
    // The same once more: what was moved is not there to be moved.
    assert_eq!(round.go(first.state).await.unwrap().updates, []);
    assert_eq!(post.mails("stad", "Voordeur/Done", 1).await.len(), 1);
}

testing::both!(
    a_mail_goes_out_and_its_answer_changes_the_case,
    what_comes_back_is_told_and_becomes_a_dead_letter,
    what_comes_back_from_one_of_two_or_after_an_answer_is_a_note,
    an_old_mail_speaks_for_what_is_asked_now,
    one_full_mailbox_holds_it_back_for_the_others_for_an_hour,
    an_address_that_is_refused_at_once_is_said_at_once,
    who_is_away_is_noted_and_is_no_answer,
    what_belongs_to_nothing_is_kept_for_a_person,
    what_is_heard_of_notices_goes_to_the_notifier,
    what_residents_answer_goes_to_who_has_their_case,
    a_crash_between_sending_and_writing_down_makes_a_copy_with_the_same_id,
    a_crash_while_reading_loses_nothing_and_hears_nothing_twice,
);

#[test]
fn an_answer_counts_from_the_end_of_its_second() {
    let now = testing::now();
    let second = now.as_second();
    assert_eq!(said_at(None, now), now);
    assert_eq!(said_at(Some(second), now), now, "never in the future");
    assert_eq!(said_at(Some(second - 1), now).as_microsecond(), now.as_microsecond() - 1);
    assert_eq!(said_at(Some(i64::MAX), now), now);
    assert!(said_at(Some(i64::MIN + 1), now) <= now);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_spoken_and_a_strange_certificate_is_refused() {
    let (Some((_, imaps)), Some((_, smtp))) = (server("VOORDEUR_TEST_IMAPS"), server("VOORDEUR_TEST_SMTP")) else {
        return;
    };
    let (_, imap) = server("VOORDEUR_TEST_IMAP").unwrap();
    let authority = std::path::PathBuf::from(std::env::var("VOORDEUR_TEST_MAIL_CA").unwrap());
    let user = "tls-test";
    for (tls, port) in [(mail::Tls::Required, imaps), (mail::Tls::Starttls, imap)] {
        let good = imap::Config {
            host: "localhost".to_owned(),
            port: Some(port),
            tls: Some(tls),
            ca_file: Some(authority.clone()),
            ..mailbox(user).unwrap()
        };
        imap::visit(&good, &Bookmark::default()).await.unwrap();
        let strange = imap::Config { ca_file: None, ..good.clone() };
        let why = imap::visit(&strange, &Bookmark::default()).await.unwrap_err();
        assert!(why.contains("no good certificate"), "{why}");
        let wrong = imap::Config { password: "fout".into(), ..good };
        let why = imap::visit(&wrong, &Bookmark::default()).await.unwrap_err();
        assert!(why.contains("refuses our login") && !why.contains("fout"), "{why}");
    }
    let mut config = mail::smtp::Config::new("localhost");
    config.port = Some(smtp);
    config.tls = Some(mail::Tls::Starttls);
    config.from = Some("meldpunt@stad.example".to_owned());
    let send = async |config: &mail::smtp::Config| {
        let smtp = mail::smtp::Smtp::build(config, &testing::city()).unwrap();
        let from = smtp.from().clone();
        smtp.send(&from, &["tls@dienst.example".parse().unwrap()], b"Subject: x\r\n\r\nx\r\n", true).await
    };
    assert_eq!(send(&config).await.word(), "later", "nobody knows this certificate");
    config.ca_file = Some(authority);
    assert_eq!(send(&config).await.word(), "done");
}
