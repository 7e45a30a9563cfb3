use super::*;
use schemas::{
    event::{CaseEvent, What},
    reference::Reference,
    slug::Slug,
};

fn event(what: What) -> CaseEvent {
    CaseEvent {
        critical: false,
        id: derived(&["event"]),
        case_id: derived(&["case"]),
        reference: Reference::from_number(123_456),
        version: 3,
        at: Timestamp::UNIX_EPOCH,
        what,
    }
}

/// Who told the city, and asked to be told by the first of `ways`.
fn reporter(ways: &[Way]) -> Recipient {
    Recipient {
        person: REPORTER.to_owned(),
        language: Language::FR,
        because: vec![Because::Reporter],
        ways: ways.to_vec(),
        devices: Vec::new(),
        wish: None,
        dead: Vec::new(),
        quiet: None,
        rhythm: Rhythm::AtOnce,
        owner: None,
        of: None,
    }
}

/// Plans `what` for `to` with the senders `available`, on an evening at ten in Brussels.
fn planned(what: What, to: &Recipient, available: &[&str], critical: bool) -> Option<Notice> {
    let zone = TimeZone::get("Europe/Brussels").unwrap();
    let event = event(what);
    let quiet = Quiet::parse("21:30-07:00");
    let now = "2026-11-10T21:00:00Z".parse().unwrap();
    plan(&Scene { news: News::Event(&event), available, quiet, pace: Pace::default(), zone: &zone, critical, now }, to)
}

#[test]
fn who_is_told_by_what() {
    let note = || What::Note { department: Slug::new("groen").unwrap(), text: "x".into() };
    let internal = || What::InternalNote { department: Slug::new("groen").unwrap(), text: "x".into() };
    let accepted = || What::Accepted { department: Slug::new("groen").unwrap(), acknowledges: false };
    let (mail, both) = (&["mail"][..], &["letterbox", "mail"][..]);
    for (what, ways, available, expected) in [
        (What::Received, &[Way::Email][..], both, Some(("mail", Way::Email))),
        (note(), &[Way::Email], &["letterbox"][..], Some(("letterbox", Way::Email))),
        (note(), &[Way::Email], &[][..], None),
        (note(), &[][..], mail, None),
        (note(), &[Way::Letter, Way::Email][..], mail, Some(("mail", Way::Email))),
        (note(), &[Way::Call], &["desk", "letterbox", "mail"], Some(("desk", Way::Call))),
        (note(), &[Way::Letter], &["desk", "letterbox", "mail"], Some(("desk", Way::Letter))),
        (note(), &[Way::Letter], &["desk", "letterbox"], Some(("letterbox", Way::Letter))),
        (note(), &[Way::Letter], &["desk", "letterbox", "letters"], Some(("letters", Way::Letter))),
        (note(), &[Way::Sms, Way::Call], &["desk", "letterbox", "mail"], Some(("desk", Way::Call))),
        (note(), &[Way::Sms], &["desk", "letterbox", "mail"], None),
        (internal(), &[Way::Email], mail, None),
        (accepted(), &[Way::Email], mail, None),
    ] {
        let case = format!("{what:?} {ways:?} {available:?}");
        let notice = planned(what, &reporter(ways), available, false);
        assert_eq!(notice.as_ref().map(|n| (n.sender.as_str(), n.way)), expected, "{case}");
    }
}

#[test]
fn a_silence_says_why() {
    let zone = TimeZone::UTC;
    let say = |what: What, ways: &[Way], dead: &[(Way, Suppressed)], tried: &[Way], available: &[&str]| {
        let event = event(what);
        let now = Timestamp::UNIX_EPOCH;
        let scene = Scene {
            news: News::Event(&event),
            available,
            quiet: None,
            pace: Pace::default(),
            zone: &zone,
            critical: false,
            now,
        };
        let to = Recipient { dead: dead.to_vec(), ..reporter(ways) };
        decide(&scene, &to, tried, None).map(|notice| notice.way)
    };
    let accepted = || What::Accepted { department: Slug::new("groen").unwrap(), acknowledges: false };
    let (email, sms) = ([Way::Email], [Way::Email, Way::Sms]);
    let bounced = [(Way::Email, Suppressed::Bounced)];
    let dead = Silence::Dead { way: Way::Email, fact: Suppressed::Bounced };
    for (what, ways, dead_ones, tried, available, expected) in [
        (What::Received, &email[..], &[][..], &[][..], &["mail"][..], Ok(Way::Email)),
        (accepted(), &email, &[], &[], &["mail"], Err(Silence::NotTold)),
        (What::Received, &[], &[], &[], &["mail"], Err(Silence::NoAddress)),
        (What::Received, &[Way::Letter], &[], &[], &["mail"], Err(Silence::NoSender { ways: vec![Way::Letter] })),
        (What::Received, &email, &bounced, &[], &["mail"], Err(dead.clone())),
        (What::Received, &sms, &bounced, &[], &["mail"], Err(dead)),
        (What::Received, &sms, &bounced, &[], &["mail", "sms"], Ok(Way::Sms)),
        (What::Received, &email, &[], &email, &["mail"], Err(Silence::Tried { ways: vec![Way::Email] })),
        (What::Received, &sms, &[], &email, &["mail", "sms"], Ok(Way::Sms)),
    ] {
        let name = format!("{} {ways:?} {dead_ones:?} {tried:?} {available:?}", what.word());
        assert_eq!(say(what, ways, dead_ones, tried, available), expected, "{name}");
    }
}

#[test]
fn planning_twice_plans_once() {
    let plan = || planned(What::Received, &reporter(&[Way::Email]), &["mail"], false).unwrap();
    assert_eq!(plan(), plan());
    let notice = plan();
    assert_eq!((notice.template.as_str(), notice.version, notice.person.as_str()), ("received", 3, REPORTER));
    assert_eq!(notice.reasons, [Because::Reporter, Because::Asked]);
    let ids = [
        notice_id(notice.event_id, REPORTER, "mail", Way::Email),
        notice_id(notice.event_id, REPORTER, "letterbox", Way::Email),
        notice_id(notice.event_id, REPORTER, "letterbox", Way::Push),
    ];
    assert_eq!((ids[0], ids[1] != ids[2]), (notice.id, true));
}

#[test]
fn a_wish_counts_on_every_way_and_a_dead_address_does_not() {
    let mut to = reporter(&[Way::Email, Way::Letter]);
    to.dead = vec![(Way::Email, Suppressed::Bounced)];
    let available = &["letterbox"][..];
    let notice = planned(What::Received, &to, available, false).unwrap();
    assert_eq!((notice.way, notice.state), (Way::Letter, NoticeState::Planned));
    assert_eq!(notice.reasons[1], Because::Instead { of: Way::Email, why: "bounced".into() });

    to.wish = Some((Suppressed::Unsubscribed, Scope::Case));
    let notice = planned(What::Received, &to, available, false).unwrap();
    assert_eq!(notice.state, NoticeState::Suppressed);
    let unwanted = Because::Suppressed { by: Suppressed::Unsubscribed, scope: Scope::Case };
    assert_eq!(notice.reasons.last(), Some(&unwanted));
    for (by, scope) in [(Suppressed::Unsubscribed, Scope::Topic), (Suppressed::Stopped, Scope::All)] {
        let critical = planned(What::Received, &Recipient { wish: Some((by, scope)), ..to.clone() }, available, true);
        assert_eq!(critical.unwrap().state, NoticeState::Suppressed, "a wish counts for critical news, too: {scope:?}");
    }
    to.dead.push((Way::Letter, Suppressed::Gone));
    assert_eq!(planned(What::Received, &to, available, false), None);
}

#[test]
fn what_makes_a_noise_waits_for_the_morning_unless_it_is_critical() {
    let morning: Timestamp = "2026-11-11T06:00:00Z".parse().unwrap();
    let mut to = reporter(&[Way::Sms]);
    let sandbox = &["letterbox"][..];
    let notice = planned(What::Received, &to, sandbox, false).unwrap();
    assert_eq!(notice.due_at, Some(morning));
    assert_eq!(notice.reasons.last(), Some(&Because::Quiet { until: morning }));

    let notice = planned(What::Received, &to, sandbox, true).unwrap();
    assert_eq!((notice.due_at, notice.reasons.last()), (None, Some(&Because::Critical)));

    to.quiet = Quiet::parse("01:00-02:00");
    assert_eq!(planned(What::Received, &to, sandbox, false).unwrap().due_at, None, "their own hours go first");
    assert_eq!(planned(What::Received, &reporter(&[Way::Email]), sandbox, false).unwrap().due_at, None);
}

#[test]
fn each_device_has_a_notice_of_its_own() {
    let mut to = reporter(&[Way::Push, Way::Email]);
    to.devices = vec!["a".into(), "b".into()];
    let available = &["letterbox", "mail", "push"][..];
    let notice = planned(What::Received, &to, available, true).unwrap();
    assert_eq!((notice.way, notice.sender.as_str()), (Way::Push, "push"));
    let spread = |to: &Recipient| super::spread(notice.clone(), to);
    let notices = spread(&to);
    let devices: Vec<_> = notices.iter().map(|notice| notice.device.as_deref()).collect();
    assert_eq!(devices, [Some("a"), Some("b")]);
    assert_ne!(notices[0].id, notices[1].id);
    assert_eq!(notices, spread(&to), "planning twice plans once");

    let mail = planned(What::Received, &reporter(&[Way::Email]), available, false).unwrap();
    assert_eq!(super::spread(mail.clone(), &to), [mail]);
    to.wish = Some((Suppressed::Unsubscribed, Scope::Case));
    let unwanted = planned(What::Received, &to, available, false).unwrap();
    assert_eq!(super::spread(unwanted.clone(), &to), [unwanted], "what is not sent is on record once");
}

#[test]
fn what_did_not_work_is_not_tried_again() {
    let zone = TimeZone::UTC;
    let event = event(What::Received);
    let scene = Scene {
        news: News::Event(&event),
        available: &["letterbox"],
        quiet: None,
        pace: Pace::default(),
        zone: &zone,
        critical: false,
        now: Timestamp::UNIX_EPOCH,
    };
    let to = reporter(&[Way::Email, Way::Sms, Way::Letter]);
    let instead = || Some((Way::Email, "550 no such mailbox".to_owned()));
    let second = next(&scene, &to, &[Way::Email], instead()).unwrap();
    assert_eq!(second.way, Way::Sms);
    assert_eq!(second.reasons[1], Because::Instead { of: Way::Email, why: "550 no such mailbox".into() });
    assert_eq!(next(&scene, &to, &[Way::Email, Way::Sms, Way::Letter], instead()), None);
}

#[test]
fn news_waits_for_a_digest_or_for_more_of_it() {
    let zone = TimeZone::get("Europe/Brussels").unwrap();
    let quiet = Quiet::parse("21:30-07:00");
    let department = || Slug::new("groen").unwrap();
    let routed = || What::Planned { department: department(), on: jiff::civil::date(2026, 12, 1), text: None };
    let note = || What::Note { department: department(), text: "x".into() };
    let asked = || What::Asked { department: department(), text: "x".into() };
    let (day, evening) = ("2026-11-10T12:00:00Z", "2026-11-10T20:25:00Z");
    let morning: Timestamp = "2026-11-11T06:00:00Z".parse().unwrap();
    let digest: Timestamp = "2026-11-11T07:00:00Z".parse().unwrap();
    let monday: Timestamp = "2026-11-16T07:00:00Z".parse().unwrap();
    let (at_once, daily, weekly) = (Rhythm::AtOnce, Rhythm::Daily, Rhythm::Weekly);
    let soon = |now: &str| now.parse::<Timestamp>().unwrap() + std::time::Duration::from_secs(600);
    let due = |because: Because| Some(because);
    for (what, way, rhythm, together, now, critical, expected) in [
        (routed(), Way::Email, at_once, 0, day, false, None),
        (routed(), Way::Email, daily, 0, day, false, due(Because::Digest { until: digest })),
        (routed(), Way::Email, weekly, 0, day, false, due(Because::Digest { until: monday })),
        (note(), Way::Email, daily, 0, day, false, due(Because::Digest { until: digest })),
        // What somebody is asked, and that we have it, does not wait; nor does a text message for a mail.
        (asked(), Way::Email, daily, 10, day, false, None),
        (What::Received, Way::Email, daily, 10, day, false, None),
        (routed(), Way::Sms, daily, 0, day, false, None),
        // A status waits for a newer one, a note has words that nothing newer repeats.
        (routed(), Way::Email, at_once, 10, day, false, due(Because::Together { until: soon(day) })),
        (routed(), Way::Sms, at_once, 10, day, false, due(Because::Together { until: soon(day) })),
        (note(), Way::Email, at_once, 10, day, false, None),
        (routed(), Way::Email, daily, 10, day, false, due(Because::Digest { until: digest })),
        // It becomes quiet while it waits.
        (routed(), Way::Sms, at_once, 10, evening, false, due(Because::Quiet { until: morning })),
        (routed(), Way::Email, at_once, 10, evening, false, due(Because::Together { until: soon(evening) })),
        // What is critical waits for nothing, and says so.
        (routed(), Way::Email, daily, 10, day, true, due(Because::Critical)),
        (routed(), Way::Sms, at_once, 10, evening, true, due(Because::Critical)),
        (routed(), Way::Email, at_once, 0, day, true, due(Because::Critical)),
    ] {
        let name = format!("{} {way} {rhythm:?} {together} {now} {critical}", what.word());
        let event = event(what);
        let pace = Pace { together, ..Pace::default() };
        let scene = Scene {
            news: News::Event(&event),
            available: &["letterbox"],
            quiet,
            pace,
            zone: &zone,
            critical,
            now: now.parse().unwrap(),
        };
        let to = Recipient { rhythm, owner: Some(derived(&["an"])), ..reporter(&[way]) };
        let notice = plan(&scene, &to).unwrap();
        let because = notice.reasons.get(2).cloned();
        assert_eq!(because, expected, "{name}");
        let until = because.and_then(|because| match because {
            Because::Digest { until } | Because::Quiet { until } | Because::Together { until } => Some(until),
            _ => None,
        });
        assert_eq!(notice.due_at, until, "{name}");
    }
}
