//! Residents write to the city's mailbox: Postfix, Dovecot, and the rows.

use super::*;
use crate::{
    intake::{self, IntakeTools, mail::Suggest},
    mail::idle,
};
use schemas::slug::CategoryId;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_util::sync::CancellationToken;

async fn open(hands: testing::Hands, tools: IntakeTools) -> Option<Post> {
    let suggest: Suggest = Arc::new(|_: &str| Some((CategoryId::new("wegen/put").unwrap(), 0.9)));
    let photos = intake::photo::Config::default().build();
    let door = intake::mail::Config::default().build(&tools, &photos, suggest, &[], None).await.unwrap();
    Post::with_door(hands, tools, Some(door))
}

/// Reports that wait for the router, and words about them.
async fn came(post: &Post) -> (usize, usize) {
    let letters = waiting(&post.tools.store, &Lane::router()).await;
    let said: Vec<_> = letters.iter().filter_map(|letter| letter.read::<Received>().ok()).collect();
    let wrote = said.iter().filter(|said| matches!(said.why, Why::Wrote { .. })).count();
    (said.len() - wrote, wrote)
}

async fn what_residents_write_becomes_reports((hands, _bed, tools): Desk) {
    let Some(post) = open(hands, tools).await else { return };
    let to = format!("stad-{}@stad.example", post.name);
    post.write(&to, &["Message-ID: <one@x>"], "Er ligt een put in onze straat.\n-- \nJan").await;
    post.mails("stad", "INBOX", 1).await;
    // Killed before the commit, twice: the mail is where it was.
    let mail = post.all.mail.as_ref().unwrap();
    let again = Mailbox::round(mail.mailbox.clone().unwrap(), post.sense.clone());
    for _ in 0..2 {
        assert_eq!(again.go(serde_json::Value::Null).await.unwrap().reports.len(), 1);
    }
    assert_eq!(post.mails("stad", "INBOX", 1).await.len(), 1);

    post.write(&to, &["Message-ID: <one@x>", "X-copy: 1"], "Er ligt een put in onze straat.\n-- \nJan").await;
    post.write(&to, &["Message-ID: <two@x>", "In-Reply-To: <one@x>"], "Aan de linkerkant.").await;
    post.write(&to, &["Message-ID: <three@x>", "Auto-Submitted: auto-replied"], "Ik ben er niet.").await;
    post.write(&to, &["Message-ID: <four@x>", "List-Unsubscribe: <mailto:x@y.example>"], "Nu met korting").await;
    post.read(5).await;
    assert_eq!(came(&post).await, (1, 1));
    assert_eq!(post.mails("stad", "Voordeur/Done", 5).await.len(), 5);
    assert_eq!(post.mails("stad", "INBOX", 0).await.len(), 0);

    // Somebody moves it back, and it has another number then: it is known all the same. What nobody can answer stays.
    post.write(&to, &["Message-ID: <one@x>"], "Er ligt een put in onze straat.").await;
    post.write(&to, &["Message-ID: <five@x>", "Sender: x@y.example"], "").await;
    post.read(2).await;
    assert_eq!(came(&post).await, (1, 0), "the second has a subject, and that is a report");
    let key = schemas::id::derived(&["mail", "one@x"]).to_string();
    let report = post.tools.store.report_by_source(&testing::slug("email"), &key).await.unwrap().unwrap();
    assert_eq!(report.words, "put\n\nEr ligt een put in onze straat.");
}

async fn photos_that_come_later_join_the_case((hands, _bed, tools): Desk) {
    let Some(post) = open(hands, tools).await else { return };
    let to = format!("stad-{}@stad.example", post.name);
    post.write(&to, &["Message-ID: <first@x>"], "Er ligt een put in onze straat.").await;
    post.read(1).await;
    let mut png = std::io::Cursor::new(Vec::new());
    let noise = |x: u32, y: u32| image::Rgb([(x * 7 + y * 13) as u8, (x * y) as u8, (x ^ y) as u8]);
    image::RgbImage::from_fn(120, 90, noise).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let picture: Vec<String> = data_encoding::BASE64
        .encode(png.get_ref())
        .as_bytes()
        .chunks(76)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    let attached = |words: &str| {
        format!(
            "--b\nContent-Type: text/plain\n\n{words}\n--b\nContent-Type: image/png; name=\"put.png\"\n\
             Content-Disposition: attachment; filename=\"put.png\"\nContent-Transfer-Encoding: base64\n\n{}\n--b--",
            picture.join("\n")
        )
    };
    let multipart = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b";
    for (id, words) in [("second", "Zie de foto."), ("third", "")] {
        let id = format!("Message-ID: <{id}@x>");
        post.write(&to, &[&id, "In-Reply-To: <first@x>", multipart], &attached(words)).await;
    }
    post.read(2).await;
    let letters = waiting(&post.tools.store, &Lane::router()).await;
    let wrote = letters.iter().filter_map(|letter| match letter.read::<Received>().ok()?.why {
        Why::Wrote { text, photos } => Some((text, photos.len())),
        _ => None,
    });
    let mut wrote: Vec<_> = wrote.collect();
    wrote.sort();
    assert_eq!(wrote, [("Foto’s zonder woorden".to_owned(), 1), ("Zie de foto.".to_owned(), 1)]);
}

async fn a_mail_is_told_when_it_comes((hands, _bed, tools): Desk) {
    let Some(post) = open(hands, tools).await else { return };
    let (stop, heard) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
    let config = post.all.mail.as_ref().unwrap().mailbox.clone().unwrap();
    let watch = {
        let (config, heard, stop) = (config.clone(), heard.clone(), stop.clone());
        let news = move || {
            let heard = heard.clone();
            async move { _ = heard.fetch_add(1, Ordering::SeqCst) }
        };
        tokio::spawn(async move { idle::watch(&config, "INBOX", news, stop).await })
    };
    let until = async |count: usize| {
        let work = async {
            while heard.load(Ordering::SeqCst) < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(post::PATIENCE, work).await.expect("news")
    };
    until(1).await;
    for n in 2..4 {
        let before = heard.load(Ordering::SeqCst);
        post.write(&config.address, &[&format!("Message-ID: <{n}@x>")], "Een put").await;
        until(before + 1).await;
    }
    stop.cancel();
    tokio::time::timeout(post::PATIENCE, watch).await.expect("it stops").unwrap();

    // A server that is not there is asked again and again, until somebody stops it.
    let away = imap::Config { port: Some(1), ..config };
    let stop = CancellationToken::new();
    stop.cancel();
    idle::watch(&away, "INBOX", || async {}, stop).await;
}

testing::both! {
    what_residents_write_becomes_reports,
    photos_that_come_later_join_the_case,
    a_mail_is_told_when_it_comes,
}
