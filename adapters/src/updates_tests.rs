use super::*;
use crate::{
    secrets,
    testing::{self, Bed, Desk, routed, waiting},
};
use serde_json::{Value, json};

const TOKEN: &str = "a-token-of-twenty-chars";
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G";

async fn tools((hands, folder, intake): Desk) -> (testing::Hands, Bed, UpdateTools, Letter, Letter) {
    let lead = routed(&intake, testing::FETCHES, Role::Lead).await;
    let informed = routed(&intake, testing::FETCHES, Role::Informed).await;
    let config =
        secrets::Config { tokens: vec![TOKEN.into()], webhook_keys: vec![KEY.into()], ..secrets::Config::default() };
    let other = secrets::Config { tokens: vec!["another-token-of-20-chars".into()], ..secrets::Config::default() };
    let configured = [(testing::slug(testing::FETCHES), config), (testing::slug(testing::PUSHED), other)];
    let tools = UpdateTools {
        store: intake.store,
        city: intake.city,
        secrets: Secrets::read(configured.into()).unwrap(),
        clock: intake.clock,
    };
    (hands, folder, tools, lead, informed)
}

fn update(letter: &Letter) -> Value {
    json!({"id": "zk-1", "department": testing::FETCHES, "dispatch": letter.id, "at": testing::now(),
        "say": {"what": "note", "text": "we komen"}})
}

async fn send(tools: &UpdateTools, body: &Value) -> Outcome {
    let header = format!("Bearer {TOKEN}");
    let body = body.to_string();
    submit_update(tools, testing::FETCHES, Some(&header), Some("application/json"), body.as_bytes(), Trace::start())
        .await
}

async fn what_is_taken_is_a_letter_once(desk: Desk) {
    let (_hands, _folder, tools, letter, _) = tools(desk).await;
    for _ in 0..2 {
        let Outcome::Taken { letter: id } = send(&tools, &update(&letter)).await else { panic!() };
        assert_eq!(id, derived(&["update", testing::FETCHES, "zk-1"]));
    }
    let letters = waiting(&tools.store, &Lane::updates()).await;
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].subject.as_str(), letters[0].case_id), ("publieke-ruimte-groen.note", letter.case_id));
}

async fn faults_are_told_while_the_department_waits(desk: Desk) {
    let (_hands, _folder, tools, letter, informed) = tools(desk).await;
    let with = |name: &str, value: Value| {
        let mut body = update(&letter);
        body[name] = value;
        body
    };
    for (body, field, code) in [
        (with("department", json!(testing::PUSHED)), "/department", "not_yours"),
        (with("dispatch", json!(testing::case_id())), "/dispatch", "unknown"),
        (with("dispatch", json!("x")), "/dispatch", "malformed"),
        (with("at", json!("2026-11-23T11:00:00Z")), "/at", "in_the_future"),
        (with("at", json!("yesterday")), "/at", "malformed"),
        (with("say", json!({"what": "shrug"})), "/say/what", "not_an_option"),
        (with("say", json!({"what": "reject"})), "/say/reason", "required"),
        (with("say", json!({"what": "note", "text": " "})), "/say/text", "required"),
        (with("say", json!({"what": "plan", "on": "2026-11-21"})), "/say/on", "out_of_range"),
        (with("say", json!({"what": "plan", "on": "9999-12-31"})), "/say/on", "out_of_range"),
        (with("critical", json!(true)), "/critical", "not_allowed"),
        (with("critical", json!("yes")), "/critical", "wrong_type"),
        (update(&informed), "/say/what", "only_informed"),
    ] {
        match send(&tools, &body).await {
            Outcome::Invalid(faults) => {
                assert_eq!((faults[0].field.as_str(), faults[0].code.as_str()), (field, code), "{faults:?}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
    assert!(waiting(&tools.store, &Lane::updates()).await.is_empty());
    let bytes = update(&letter).to_string();
    let to = |name: &'static str, header: Option<&'static str>, kind: Option<&'static str>| {
        submit_update(&tools, name, header, kind, bytes.as_bytes(), Trace::start())
    };
    let json = Some("application/json");
    assert!(matches!(to(testing::FETCHES, None, json).await, Outcome::Denied(_)));
    assert!(matches!(to(testing::PUSHED, Some("Bearer a-token-of-twenty-chars"), json).await, Outcome::Denied(_)));
    assert!(matches!(to(testing::FETCHES, Some("Bearer a-token-of-twenty-chars"), None).await, Outcome::NotJson(_)));
}

async fn callbacks_are_believed_by_their_signature(desk: Desk) {
    let (hands, _folder, tools, letter, _) = tools(desk).await;
    let key = crate::secrets::Key::parse(KEY).unwrap();
    let event = json!({"specversion": "1.0", "id": "e1", "source": "/zk", "type": "eu.voordeur.department.update",
        "data": update(&letter)});
    for (body, kind) in
        [(update(&letter), "application/json"), (event.clone(), "application/cloudevents+json; charset=utf-8")]
    {
        let body = body.to_string();
        let at = tools.clock.now();
        let signature = callback::sign(std::slice::from_ref(&key), "m1", at, body.as_bytes());
        let time = at.as_second().to_string();
        let headers = callback::Headers { id: Some("m1"), timestamp: Some(&time), signature: Some(&signature) };
        let call = |body: String| {
            let tools = tools.clone();
            async move {
                submit_callback(&tools, testing::FETCHES, headers, Some(kind), body.as_bytes(), Trace::start()).await
            }
        };
        assert!(matches!(call(body.clone()).await, Outcome::Taken { .. }), "{kind}");
        let forged = body.replace("we komen", "we komen niet");
        assert!(matches!(call(forged).await, Outcome::NotGenuine(NotGenuine::Signature)));
        hands.pass(301);
        assert!(matches!(call(body).await, Outcome::NotGenuine(NotGenuine::Time)), "a replay");
    }
    let none = callback::Headers { id: None, timestamp: None, signature: None };
    for name in ["nobody", testing::PUSHED] {
        let outcome = submit_callback(&tools, name, none, None, b"{}", Trace::start()).await;
        assert!(matches!(outcome, Outcome::NotGenuine(NotGenuine::NoKey)), "{name}");
    }
    let mut wrong = event;
    wrong["data"]["say"] = json!({"what": "note"});
    let Err(Unreadable::Invalid(fault)) = read_event(wrong.to_string().as_bytes()) else { panic!() };
    assert_eq!(fault.field, "/data/say/text");
}

async fn either_key_signs_a_callback_and_a_replay_is_the_same_one(desk: Desk) {
    let (hands, _folder, mut tools, letter, _) = tools(desk).await;
    let old = "whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xk";
    let stranger = "whsec_c3RyYW5nZXJzdHJhbmdlcnN0cmFuZ2Vyc3RyYW5nZXI=";
    // While a key is replaced the department may sign with either.
    let config = secrets::Config { webhook_keys: vec![old.into(), KEY.into()], ..secrets::Config::default() };
    tools.secrets = Secrets::read([(testing::slug(testing::FETCHES), config)].into()).unwrap();
    let body = update(&letter).to_string();
    let signed = |key: &str, at: schemas::Timestamp| {
        let key = crate::secrets::Key::parse(key).unwrap();
        (at.as_second().to_string(), callback::sign(&[key], "m1", at, body.as_bytes()))
    };
    let call = async |(time, signature): &(String, String)| {
        let headers = callback::Headers { id: Some("m1"), timestamp: Some(time), signature: Some(signature) };
        let json = Some("application/json");
        submit_callback(&tools, testing::FETCHES, headers, json, body.as_bytes(), Trace::start()).await
    };
    let first = signed(old, tools.clock.now());
    let Outcome::Taken { letter: id } = call(&first).await else { panic!("the old key is still good") };
    hands.pass(200);
    // The very same call again within five minutes, and the same said anew with the other key.
    for signature in [&first, &signed(KEY, tools.clock.now())] {
        let Outcome::Taken { letter: again } = call(signature).await else { panic!("it is genuine") };
        assert_eq!(again, id);
    }
    assert_eq!(waiting(&tools.store, &Lane::updates()).await.len(), 1, "heard once");
    hands.pass(101);
    assert!(matches!(call(&first).await, Outcome::NotGenuine(NotGenuine::Time)));
    let forged = signed(stranger, tools.clock.now());
    assert!(matches!(call(&forged).await, Outcome::NotGenuine(NotGenuine::Signature)));
    let ahead = signed(KEY, tools.clock.now() + std::time::Duration::from_secs(301));
    assert!(matches!(call(&ahead).await, Outcome::NotGenuine(NotGenuine::Time)), "signed in the future");
}

testing::both! {
    either_key_signs_a_callback_and_a_replay_is_the_same_one,
    what_is_taken_is_a_letter_once,
    faults_are_told_while_the_department_waits,
    callbacks_are_believed_by_their_signature,
}
