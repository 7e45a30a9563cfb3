//! A town with a mailbox, and departments that work from theirs, on real servers.

use super::super::*;
use crate::{
    answers::AnswersWorker,
    deliver::DeliverWorker,
    departments::{Built, Tools, email, email::sense::Sense, pace::Pace},
    intake::{IntakeTools, mail::Door},
    mail,
    rounds::RoundWorker,
    testing::{self, Hands, waiting},
};
use bus::{Edge as _, Effects as _, Outcome, Settled};
use schemas::{
    event::What as Event,
    letter::{Lane, Letter},
    report::Language,
    verdict::Verdict,
};
use store::NoticeTokens;

pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A town with a mailbox of its own, and a department that works from one.
pub(super) struct Post {
    pub(super) hands: Hands,
    pub(super) tools: IntakeTools,
    pub(super) all: Tools,
    /// What tells this test's mailboxes from all others.
    pub(super) name: String,
    pub(super) sense: Sense,
    round: RoundWorker,
}

/// What tokens of notices are sealed with.
pub(super) fn tokens() -> NoticeTokens {
    NoticeTokens::new([9; 32])
}

pub(super) fn server(variable: &str) -> Option<(String, u16)> {
    let Ok(server) = std::env::var(variable) else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "{variable} must name a server");
        return None;
    };
    let (host, port) = server.rsplit_once(':').unwrap();
    Some((host.to_owned(), port.parse().unwrap()))
}

pub(super) fn mailbox(user: &str) -> Option<imap::Config> {
    let (host, port) = server("VOORDEUR_TEST_IMAP")?;
    Some(imap::Config {
        host,
        port: Some(port),
        tls: None,
        user: user.to_owned(),
        password: "geheim".into(),
        address: format!("{user}@stad.example"),
        folders: vec!["INBOX".to_owned()],
        done: "Voordeur/Done".to_owned(),
        unmatched: "Voordeur/Unmatched".to_owned(),
        every: Duration::from_secs(60),
        ca_file: None,
    })
}

impl Post {
    pub(super) fn open(hands: Hands, tools: IntakeTools) -> Option<Self> {
        Self::with_door(hands, tools, None)
    }

    pub(super) fn with_door(hands: Hands, tools: IntakeTools, door: Option<Door>) -> Option<Self> {
        let (host, port) = server("VOORDEUR_TEST_SMTP")?;
        let fresh = schemas::id::Ids::new(schemas::id::Clock::new(testing::now)).token();
        let name = fresh[..12].to_lowercase();
        let mut smtp = mail::smtp::Config::new(&host);
        smtp.port = Some(port);
        smtp.from = Some("meldpunt@stad.example".to_owned());
        let config = mail::Config { smtp, mailbox: Some(mailbox(&format!("stad-{name}"))?), answers_to: None };
        let mail = config.build(&tools.city).unwrap();
        let mut all = testing::tools(tools.store.clone());
        let sense = Sense {
            replies: mail.replies.clone().unwrap(),
            links: all.links.clone(),
            tokens: tokens(),
            language: Language::NL,
            store: tools.store.clone(),
            door,
        };
        let round = Mailbox::round(mail.mailbox.clone().unwrap(), sense.clone());
        all.mail = Some(mail);
        let round = RoundWorker::of_the_house(tools.store.clone(), NAME, round);
        Some(Self { hands, tools, all, name, sense, round })
    }

    pub(super) fn worker(&self, to: &[&str]) -> DeliverWorker {
        let department = self.tools.city.department(testing::PUSHED).unwrap();
        let address = |user: &str| match user.contains('@') {
            true => user.to_owned(),
            false => format!("{user}-{}@dienst.example", self.name),
        };
        let to = to.iter().map(|user| address(user)).collect();
        let config = email::Config { to, cc: Vec::new(), language: None, from: None };
        assert_eq!(config.check(), []);
        let adapter = config.build(department, &self.all).unwrap();
        let lane = Lane::department(&department.id);
        DeliverWorker::new(
            self.tools.store.clone(),
            Built { department: department.id.clone(), lane, adapter, pace: Pace::default() },
        )
    }

    /// Hands `letter` over to `to` and writes down what came of it.
    pub(super) async fn hand_over(&self, letter: &Letter, to: &[&str]) -> Verdict {
        let worker = self.worker(to);
        let verdict = worker.deliver(letter).await;
        let settled = if matches!(verdict, Verdict::Never { .. }) { Settled::Buried } else { Settled::Gone };
        let outcome = Outcome { letter: letter.clone(), verdict: verdict.clone(), settled };
        let mut tx = self.tools.store.begin().await.unwrap();
        worker.record(&mut tx, &[outcome]).await.unwrap();
        tx.commit().await.unwrap();
        verdict
    }

    /// The mails of `user` in `folder`, once there are `count`.
    pub(super) async fn mails(&self, user: &str, folder: &str, count: usize) -> Vec<String> {
        let mut config = mailbox(&format!("{user}-{}", self.name)).unwrap();
        config.folders = vec![folder.to_owned()];
        let look = async {
            loop {
                // A folder that nothing was moved to yet is not there.
                let mails =
                    imap::visit(&config, &Bookmark::default()).await.map(|visit| visit.mails).unwrap_or_default();
                if mails.len() >= count {
                    return mails.into_iter().map(|found| String::from_utf8(found.bytes).unwrap()).collect::<Vec<_>>();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("{user} {folder}: fewer than {count}"))
    }

    /// The department writes `text` in answer to the mail about `letter`, with these headers besides.
    pub(super) async fn answer(&self, letter: &Letter, headers: &[&str], text: &str) {
        let to = self.reply_to(letter);
        self.write(&to, headers, text).await;
    }

    pub(super) fn reply_to(&self, letter: &Letter) -> String {
        format!("stad-{}+{}@stad.example", self.name, self.all.links.reply_token(letter.id))
    }

    pub(super) async fn write(&self, to: &str, headers: &[&str], text: &str) {
        let head: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let mail = format!(
            "From: Jan <jan@dienst.example>\r\nTo: {to}\r\nSubject: Re: put\r\n{head}\r\n{}\r\n",
            text.replace('\n', "\r\n")
        );
        let smtp = &self.all.mail.as_ref().unwrap().smtp;
        let verdict =
            smtp.send(&"jan@dienst.example".parse().unwrap(), &[to.parse().unwrap()], mail.as_bytes(), true).await;
        assert_eq!(verdict.word(), "done", "{verdict:?}");
    }

    /// Reads the mailbox until `count` more mails were read and put away, and hears what they say.
    pub(super) async fn read(&self, count: usize) {
        let total = async |folder: &str| self.mails("stad", folder, 0).await.len();
        let before = total("Voordeur/Done").await + total("Voordeur/Unmatched").await;
        let work = async {
            while total("Voordeur/Done").await + total("Voordeur/Unmatched").await < before + count {
                self.hands.pass(61);
                while self.round.once().await.unwrap() {}
                let state = self.tools.store.round(NAME).await.unwrap().unwrap();
                assert_eq!(state.why, None);
            }
        };
        tokio::time::timeout(PATIENCE, work).await.expect("the mails are read");
        self.hear().await;
    }

    pub(super) async fn hear(&self) {
        let letters = waiting(&self.tools.store, &Lane::updates()).await;
        let worker = AnswersWorker::new(self.tools.city.clone(), self.tools.clock.clone());
        let mut tx = self.tools.store.begin().await.unwrap();
        let verdicts = worker.apply(&mut tx, &letters).await.unwrap();
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::done()), "{verdicts:?}");
        tx.settle(&store::Settlement { done: letters.iter().map(|l| l.id).collect(), ..Default::default() })
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub(super) async fn events(&self, letter: &Letter) -> Vec<Event> {
        let events = self.tools.store.timeline(letter.case_id.unwrap(), false).await.unwrap();
        events.into_iter().map(|event| event.what).collect()
    }
}
