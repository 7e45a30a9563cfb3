//! Following something, proving the address, and everything that somebody chose: as a browser does it.

use super::{Answer, Town, attribute};
use crate::Rate;
use axum::{body::Body, http::Request};
use notifier::{Templates, verify::ProofWords};
use schemas::{
    notice::{Scope, Suppressed},
    person::{Person, Suppression},
    proof::Proof,
    report::Language,
    way::{Address, Way},
};
use store::AddressKey;

impl Town {
    async fn form_from(&self, path: &str, site: &str, body: &str) -> Answer {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site)
            .header("origin", "https://elders.example");
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Sends a form of our own page.
    pub(super) async fn press(&self, path: &str, body: &str) -> Answer {
        self.form_from(path, "same-origin", body).await
    }

    async fn proof_of(&self, page: &str) -> Proof {
        let tokens = self.store.proof_tokens().await.unwrap();
        let id = tokens.read_page(page.rsplit('/').next().unwrap()).unwrap();
        self.store.proof(id).await.unwrap().unwrap()
    }

    pub(super) async fn code_of(&self, page: &str) -> String {
        self.store.proof_tokens().await.unwrap().code(self.proof_of(page).await.id)
    }

    /// The path of the link in the message.
    pub(super) async fn link_of(&self, page: &str) -> String {
        format!("/nl/proven/{}", self.store.proof_tokens().await.unwrap().link(self.proof_of(page).await.id))
    }

    /// Follows this with this address, all the way; the path of their choices.
    pub(super) async fn followed(&self, address: &str, what: &str) -> String {
        let answer = self.press("/nl/follow", &format!("{what}&address={address}&language=nl")).await;
        let page = answer.location().to_owned();
        assert!(page.starts_with("/nl/prove/"), "{}", answer.text());
        let answer = self.press(&page, &format!("code={}", self.code_of(&page).await)).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.location().trim_end_matches("?new=1").to_owned()
    }

    pub(super) async fn person_of(&self, choices: &str) -> Option<Person> {
        self.store.person_by_token(choices.rsplit('/').next().unwrap()).await.unwrap()
    }
}

#[tokio::test]
async fn somebody_follows_a_topic_and_undoes_it() {
    let town = Town::open().await;
    for language in ["nl", "fr", "en"] {
        let page = town.get(&format!("/{language}/follow?topic=groen")).await;
        let html = page.text();
        assert_eq!(page.status, 200);
        assert!(html.contains("name=\"topic\" value=\"groen\" checked") && html.contains("name=\"area\""), "{html}");
        assert!(html.contains(&format!("value=\"{language}\" checked")), "{html}");
    }
    let answer = town
        .press("/nl/follow", "topic=wegen&topic=groen&area=heule&address=jan.peeters%40example.org&language=fr")
        .await;
    let page = answer.location().to_owned();
    assert!(answer.status == 303 && page.starts_with("/fr/prove/"), "in the language that was chosen: {page}");
    let shown = town.get(&page).await;
    assert_eq!((shown.status.as_u16(), shown.header("x-robots-tag")), (200, "noindex, nofollow"));
    assert!(shown.text().contains("j…@e….org") && shown.text().contains("autocomplete=\"one-time-code\""));
    let wrong = town.press(&page, "code=12").await;
    assert!(wrong.status == 422 && wrong.text().contains("encore essayer 4 fois"), "{}", wrong.text());
    let code = town.code_of(&page).await;
    let answer = town.press(&page, &format!("code={}+{}", &code[..3], &code[3..])).await;
    let choices = answer.location().to_owned();
    assert!(choices.starts_with("/fr/p/") && choices.ends_with("?new=1"), "{choices}");
    let html = town.get(&choices).await.text();
    assert!(html.contains("Votre adresse est confirmée") && html.contains("Heule"), "{html}");
    assert!(!html.contains("peeters"), "whoever sees the page learns little");
    let here = choices.trim_end_matches("?new=1");
    let jo = town.person_of(here).await.unwrap();
    assert_eq!((jo.language, town.store.follows(jo.id).await.unwrap().len()), (Language::FR, 3));
    let answer = town.press(here, "do=unfollow&scope=area&target=heule").await;
    assert_eq!(answer.location(), format!("{here}?off=area.heule"));
    let html = town.get(answer.location()).await.text();
    assert!(html.contains("role=\"status\"") && html.contains("value=\"follow\""), "{html}");
    assert_eq!(town.store.follows(jo.id).await.unwrap().len(), 2);
    town.press(here, "do=follow&scope=area&target=heule").await;
    assert_eq!(town.store.follows(jo.id).await.unwrap().len(), 3);
    // What nobody may follow is not followed by a form that somebody made up.
    for made_up in
        ["do=follow&scope=area&target=nergens", "do=follow&scope=topic&target=x", "do=follow&scope=case&target=x"]
    {
        assert_eq!(town.press(here, made_up).await.status, 303);
    }
    assert_eq!(town.store.follows(jo.id).await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_link_shows_a_button_and_opening_it_proves_nothing() {
    let town = Town::open().await;
    let page = town.press("/nl/follow", "topic=wegen&address=jo%40example.org").await.location().to_owned();
    let link = town.link_of(&page).await;
    for language in ["nl", "fr", "en"] {
        let shown = town.get(&link.replacen("nl", language, 1)).await;
        assert_eq!((shown.status.as_u16(), shown.header("x-robots-tag")), (200, "noindex, nofollow"));
        assert!(shown.text().contains("j…@e….org"));
    }
    let keys = town.store.address_keys().await.unwrap();
    let key = AddressKey { way: Way::Email, key: keys.of(&Address::Email("jo@example.org".into())) };
    let mut tx = town.store.begin().await.unwrap();
    assert!(tx.addresses_by_keys(std::slice::from_ref(&key)).await.unwrap().is_empty());
    drop(tx);
    assert_eq!(town.form_from(&link, "cross-site", "").await.status, 403, "a page of somebody else");
    let answer = town.press(&link, "").await;
    assert!(answer.location().starts_with("/nl/p/"), "{}", answer.text());
    assert_eq!(town.press(&link, "").await.location(), answer.location(), "twice is once");
    assert!(town.get(&link).await.text().contains("Open mijn keuzes"));
    assert!(town.get(&page).await.text().contains("Dit is al in orde"));
    for wrong in
        ["/nl/proven/x", "/nl/prove/x", "/nl/p/x", "/nl/p/%3Cb%3E", "/xx/follow", &page.replace("prove", "proven")]
    {
        assert_eq!(town.get(wrong).await.status, 404, "{wrong}");
        assert_eq!(town.press(wrong, "code=1&do=forget&sure=yes").await.status, 404, "{wrong}");
    }
}

/// What a page says, without its tokens.
fn without_tokens(answer: &Answer) -> String {
    let text = answer.text();
    let mut words: Vec<String> = text.split(['"', '<', '>']).map(str::to_owned).collect();
    for word in &mut words {
        if word.contains("/prove/") {
            *word = "token".into();
        }
    }
    words.join("\n")
}

#[tokio::test]
async fn nobody_learns_by_asking_whether_an_address_is_known() {
    let town = Town::open().await;
    town.followed("known%40example.org", "topic=wegen").await;
    let key = town.store.address_keys().await.unwrap().of(&Address::Email("knoown@example.org".into()));
    let mut tx = town.store.begin().await.unwrap();
    let (way, scope, target, at) = (Way::Email, Scope::All, String::new(), super::now());
    let (reason, why, until) = (Suppressed::Complained, None, None);
    tx.suppress(&Suppression { way, key, scope, target, reason, why, at, until }).await.unwrap();
    tx.commit().await.unwrap();
    let mut pages = Vec::new();
    // Known, never seen, stopped, and each of them too often: the fourth time none is sent.
    for address in ["known%40example.org", "kn0wn%40example.org", "knoown%40example.org"] {
        for _ in 0..5 {
            for path in ["/nl/follow", "/nl/choices"] {
                let answer = town.press(path, &format!("topic=wegen&address={address}")).await;
                assert_eq!(answer.status, 303);
                let page = town.get(answer.location()).await;
                pages.push((path, page.status, without_tokens(&page)));
            }
        }
    }
    for path in ["/nl/follow", "/nl/choices"] {
        let mut of = pages.iter().filter(|page| page.0 == path);
        let first = of.next().unwrap();
        assert!(of.all(|page| page == first), "{path} says the same of every address");
    }
    // Nor by the answer to a wrong code.
    let ask = async |address: &str| {
        let page = town.press("/nl/choices", &format!("address={address}")).await.location().to_owned();
        let answer = town.press(&page, "code=999999x").await;
        (answer.status, without_tokens(&answer))
    };
    assert_eq!(ask("known%40example.org").await, ask("kn1wn%40example.org").await);
}

#[tokio::test]
async fn what_does_not_do_is_said_and_nothing_is_sent() {
    let town = Town::open().await;
    for (path, body, words) in [
        ("/nl/follow", "address=jo%40example.org", "Kies minstens"),
        ("/nl/follow", "topic=nergens&area=%3Cscript%3E&address=jo%40example.org", "Kies minstens"),
        ("/nl/follow", "topic=wegen&address=", "Schrijf het als"),
        ("/nl/follow", "topic=wegen&address=jo%40%22%3E%3Cb%3E", "Schrijf het als"),
        ("/nl/follow", "topic=wegen&address=056+24+00+00", "Schrijf het als"),
        ("/nl/choices", "address=jo", "Schrijf het als"),
        ("/nl/choices", "", "Schrijf het als"),
    ] {
        let answer = town.press(path, body).await;
        let html = answer.text();
        assert_eq!(answer.status, 422, "{path} {body}");
        assert!(html.contains(words) && html.contains("aria-invalid=\"true\"") || words == "Kies minstens", "{html}");
        assert!(!html.contains("<script>") && !html.contains("\"><b>"), "{html}");
    }
    assert!(town.press("/nl/follow", "address=").await.text().contains("href=\"#address\""), "both are said at once");
    assert_eq!(town.form_from("/nl/follow", "cross-site", "topic=wegen&address=jo%40example.org").await.status, 403);
    let huge = format!("topic=wegen&{}&address=jo%40example.org", "area=heule&".repeat(5000));
    assert!(town.press("/nl/follow", &huge).await.status.as_u16() < 500);
    for bytes in [&b"\xff\xfe=\xff"[..], b"%00=%00&topic=%FF", b"&&&==="] {
        let request = Request::post("/nl/follow").header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("sec-fetch-site", "same-origin").body(Body::from(bytes)).unwrap();
        assert_eq!(town.ask(request).await.status, 422);
    }
}

#[tokio::test]
async fn one_caller_has_only_so_many_messages_sent() {
    let town = Town::open_with(|config| config.rate = Rate { proofs_per_hour: 3, ..Rate::OFF }).await;
    for n in 0..3 {
        let answer = town.press("/nl/choices", &format!("address=jo{n}%40example.org")).await;
        assert_eq!(answer.status, 303);
        // A wrong address costs nothing.
        assert_eq!(town.press("/nl/choices", "address=jo").await.status, 422);
    }
    let page = town.press("/nl/choices", "address=jo%40example.org").await;
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").parse::<u64>().unwrap() > 60);
}

#[tokio::test]
async fn too_many_guesses_close_the_page_and_a_new_code_opens_another() {
    let town = Town::open().await;
    let page = town.press("/nl/follow", "topic=wegen&address=0470+12+34+56").await.location().to_owned();
    assert!(town.get(&page).await.text().contains("…56"));
    for _ in 0..5 {
        town.press(&page, "code=x").await;
    }
    let code = town.code_of(&page).await;
    let html = town.press(&page, &format!("code={code}")).await.text();
    assert!(html.contains("te vaak een verkeerde code") && !html.contains("name=\"code\""), "{html}");
    let again = town.press(&page, "again=1").await.location().to_owned();
    assert!(again.starts_with("/nl/prove/") && again != page);
    let code = town.code_of(&again).await;
    assert!(town.press(&again, &format!("code={code}")).await.location().starts_with("/nl/p/"));
}

#[tokio::test]
async fn addresses_are_added_put_in_order_and_removed() {
    let town = Town::open().await;
    let here = town.followed("jo%40example.org", "topic=wegen").await;
    let jo = town.person_of(&here).await.unwrap();
    assert_eq!(town.press(&here, "do=add&address=x").await.status, 422);
    let page = town.press(&here, "do=add&address=0470123456").await.location().to_owned();
    assert!(town.get(&here).await.text().contains("Nog niet bevestigd"));
    town.press(&page, &format!("code={}", town.code_of(&page).await)).await;
    let ways = async || town.store.addresses(&[jo.id]).await.unwrap();
    let [mail, sms] = &ways().await[..] else { panic!("two") };
    let (mail, sms) = (mail.key.clone(), sms.key.clone());
    let order = async || ways().await.into_iter().map(|known| known.address.way()).collect::<Vec<_>>();
    assert_eq!(order().await, [Way::Email, Way::Sms]);
    town.press(&here, &format!("do=up&way=sms&key={sms}")).await;
    assert_eq!(order().await, [Way::Sms, Way::Email]);
    town.press(&here, &format!("do=up&way=sms&key={sms}")).await;
    town.press(&here, &format!("do=down&way=email&key={mail}")).await;
    assert_eq!(order().await, [Way::Sms, Way::Email], "no further than the end");
    town.press(&here, &format!("do=down&way=sms&key={sms}")).await;
    assert_eq!(order().await, [Way::Email, Way::Sms]);
    // Somebody else's key, and what is no key, change nothing.
    let other = town.followed("an%40example.org", "topic=groen").await;
    town.press(&other, &format!("do=drop&way=sms&key={sms}&sure=yes")).await;
    assert_eq!(order().await.len(), 2);
    for wrong in
        ["do=drop&way=sms&key=x", "do=drop", "do=x", "", "do=silence&what=area.heule", "do=speak&scope=all&target=x"]
    {
        assert_eq!(town.press(&here, wrong).await.status, 400, "{wrong}");
    }
    town.press(&here, &format!("do=drop&way=sms&key={sms}")).await;
    assert_eq!(order().await, [Way::Email]);
    let html = town.press(&here, &format!("do=drop&way=email&key={mail}")).await.text();
    assert!(html.contains("uw laatste adres") && order().await.len() == 1, "{html}");
    let answer = town.press(&here, &format!("do=drop&way=email&key={mail}&sure=yes")).await;
    assert_eq!(answer.location(), "/nl/forgotten");
    assert_eq!(town.get("/nl/forgotten").await.status, 200);
    assert_eq!((town.get(&here).await.status.as_u16(), town.person_of(&here).await), (404, None));
}

#[tokio::test]
async fn silence_is_chosen_lifted_and_everything_forgotten() {
    let town = Town::open().await;
    let here = town.followed("jo%40example.org", "topic=wegen").await;
    assert_eq!(town.form_from(&here, "cross-site", "do=silence&what=all.").await.status, 403);
    let jo = town.person_of(&here).await.unwrap();
    let known = town.store.addresses(&[jo.id]).await.unwrap();
    let keys: Vec<AddressKey> = known.iter().map(|k| AddressKey { way: Way::Email, key: k.key.clone() }).collect();
    let stops = async || town.store.suppressions(&keys).await.unwrap().into_iter().map(|s| s.scope).collect::<Vec<_>>();
    assert_eq!(town.press(&here, "do=silence").await.status, 303, "nothing was ticked");
    for what in ["topic.groen", "all."] {
        town.press(&here, &format!("do=silence&what={what}")).await;
    }
    assert_eq!(stops().await.len(), 2);
    let html = town.get(&here).await.text();
    assert!(html.contains("Hierover krijgt u geen berichten") && html.contains("value=\"speak\""), "{html}");
    town.press(&here, "do=speak&scope=all&target=").await;
    assert_eq!(stops().await, [Scope::Topic]);
    let html = town.press(&here, "do=forget").await.text();
    assert!(html.contains("Bent u zeker?") && town.person_of(&here).await.is_some(), "{html}");
    assert_eq!(town.press(&here, "do=forget&sure=yes").await.location(), "/nl/forgotten");
    assert_eq!(town.person_of(&here).await, None);
    assert!(town.store.follows(jo.id).await.unwrap().is_empty());
    assert_eq!(stops().await, [Scope::Topic], "what they do not want outlives them");
}

#[tokio::test]
async fn a_reporter_becomes_somebody_with_choices() {
    let town = Town::open().await;
    let (report, link) = town.noticed("mine", "jo@example.org").await;
    let here = format!("/nl{link}/choices");
    let html = town.get(&here).await.text();
    assert!(html.contains(&format!("action=\"/nl{link}/mine\"")), "{html}");
    assert_eq!(town.get(&format!("/nl{link}/mine")).await.location(), here, "opening it changes nothing");
    let choices = town.press(&format!("/nl{link}/mine"), "").await.location().to_owned();
    let jo = town.person_of(&choices).await.unwrap();
    assert_eq!(jo.language, report.language);
    assert_eq!(town.press(&format!("/nl{link}/mine"), "").await.location(), choices, "they are one already");
    assert!(town.get(&choices).await.text().contains("Bevestigd"));
    // How often and in which language: the same page, by the other link.
    let answer = town.press(&format!("{choices}/choices"), "language=en&rhythm=weekly").await;
    assert!(answer.location().starts_with(&choices.replacen("nl", "en", 1)), "{}", answer.location());
    let html = town.get(answer.location()).await.text();
    assert!(html.contains("value=\"weekly\" checked") && !html.contains("/mine\""), "{html}");
    assert_eq!(town.get("/nl/p/x/choices").await.status, 404);
    assert_eq!(town.press("/nl/u/x/mine", "").await.status, 404);
}

#[tokio::test]
async fn a_public_case_is_followed_and_a_private_one_is_not_there() {
    let town = Town::open().await;
    let report = town.report("Hier in de Geheime Straat woon ik, Jan").await;
    // Before it is decided nobody is led to a page that may not be there in the end.
    let track = town.get(&format!("/nl/t/{}", report.token)).await.text();
    assert!(!track.contains("/nl/case/"), "{track}");
    town.case(&report, schemas::case::Status::Routed, Vec::new()).await;
    let here = format!("/nl/case/{}", report.reference.digits());
    let track = town.get(&format!("/nl/t/{}", report.token)).await.text();
    assert!(track.contains(&format!("href=\"{here}\"")) && track.contains("href=\"/nl/choices\""), "{track}");
    for language in ["nl", "fr", "en"] {
        let page = town.get(&here.replacen("nl", language, 1)).await;
        assert_eq!((page.status.as_u16(), page.header("x-robots-tag")), (200, "noindex, nofollow"));
        let html = page.text();
        assert!(!html.contains("Geheime") && !html.contains(&report.token), "{html}");
        assert!(html.contains(&report.reference.to_string()));
    }
    assert_eq!(town.press(&here, "address=jo").await.status, 422);
    let page = town.press(&here, "address=jo%40example.org").await.location().to_owned();
    let choices = town.press(&page, &format!("code={}", town.code_of(&page).await)).await.location().to_owned();
    let html = town.get(&choices).await.text();
    assert!(html.contains(&format!("Melding {}", report.reference)), "{html}");
    let private = town.city.categories.iter().find(|c| c.publicity != schemas::city::Publicity::Public).unwrap();
    let mut hidden = report.clone();
    hidden.id = schemas::id::derived(&["hidden"]);
    hidden.reference = town.store.references(1).await.unwrap()[0];
    hidden.token = "hidden".into();
    hidden.category = private.id.clone();
    let trace = schemas::trace::Trace::start();
    let new = store::NewReport {
        report: hidden.clone(),
        contact: None,
        digest: String::new(),
        route: false,
        trace,
        noticed: Default::default(),
    };
    town.store.accept(new).await.unwrap();
    for reference in [hidden.reference.digits().to_string(), "00000000".into(), "x".into(), "%00".into()] {
        let path = format!("/nl/case/{reference}");
        assert_eq!(town.get(&path).await.status, 404, "{path}");
        assert_eq!(town.press(&path, "address=jo%40example.org").await.status, 404, "{path}");
    }
    let track = town.get("/nl/t/hidden").await.text();
    assert!(!track.contains("/nl/case/"), "nobody is sent to a page that is not there");
}

#[tokio::test]
async fn the_message_leads_to_these_pages() {
    let town = Town::open().await;
    let page = town.press("/en/follow", "topic=wegen&address=jo%40example.org&language=en").await.location().to_owned();
    let link = format!("https://voordeur.example{}", town.link_of(&page).await);
    let templates = Templates::read(&town.city).0.unwrap();
    let words = ProofWords { what: Some("x"), adds: false, code: "012345", link: &link };
    let mail = templates.render_proof(&town.city, &words, Language::EN).unwrap();
    let path = attribute(&mail.html, "class=\"button\"", "href").trim_start_matches("https://voordeur.example");
    assert_eq!(town.get(path).await.status, 200);
}
