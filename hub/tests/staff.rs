//! `voordeur staff`: a link is shown once, and what was done stands in the audit.

use std::{path::Path, process::Command};

fn voordeur(dir: &Path, args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_voordeur"))
        .current_dir(dir)
        .env("VOORDEUR__DATABASE__URL", format!("sqlite:{}", dir.join("hub.db").display()))
        .env("VOORDEUR__WEB__PUBLIC_URL", "https://voordeur.example")
        .env_remove("VOORDEUR_OPERATOR")
        .args(args)
        .output()
        .unwrap();
    let both = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&both).into_owned())
}

#[test]
fn an_account_is_made_by_a_link_that_is_shown_once() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| voordeur(dir.path(), args);
    assert!(run(&["migrate"]).0);
    assert!(run(&["staff", "list"]).1.contains("there are no accounts"));
    let an =
        ["staff", "add", "An Peeters", "--email", "An@stad.example", "--role", "operator,complaints", "--by", "Bo"];
    let (good, made) = run(&an);
    assert!(good, "{made}");
    let start = "https://voordeur.example/nl/staff/choose/";
    let link = made.split_whitespace().find(|word| word.starts_with(start)).unwrap();
    assert_eq!(link.len(), start.len() + 26);
    let cis = ["staff", "add", "Cis", "--email", "cis@stad.example", "--role", "operator", "--json"];
    let (good, made) = run(&[&cis[..], &["--department", "publieke-ruimte-groen"]].concat());
    assert!(good, "{made}");
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert!(made["link"].as_str().unwrap().starts_with(start) && made["roles"][0] == "operator", "{made}");

    let (_, listed) = run(&["staff", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        (&listed["accounts"][0]["email"], &listed["accounts"][0]["has_password"]),
        (&"an@stad.example".into(), &false.into())
    );
    assert!(run(&["staff", "list"]).1.contains("has no password yet"));

    assert!(run(&["staff", "disable", "an@stad.example", "--by", "Bo", "--note", "left"]).0);
    assert!(run(&["staff", "list"]).1.contains("disabled since"));
    assert!(run(&["staff", "disable", "an@stad.example", "--by", "Bo"]).1.contains("disabled before"));
    assert!(run(&["staff", "reset", "an@stad.example", "--by", "Bo"]).1.contains("`enable` it first"));
    assert!(run(&["staff", "enable", "AN@stad.example", "--by", "Bo"]).0);
    let (good, again) = run(&["staff", "reset", "an@stad.example", "--by", "Bo", "--note", "lost the link"]);
    assert!(good && again.contains(start) && !again.contains(link), "{again}");

    let (_, audit) = run(&["audit", "--who", "Bo", "--json"]);
    let all: serde_json::Value = serde_json::from_str(&audit).unwrap();
    let deeds: Vec<_> = all["audit"].as_array().unwrap().iter().map(|one| one["deed"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["staff.reset", "staff.enable", "staff.disable", "staff.add"]);
    assert!(!audit.contains(&link[start.len()..]));

    for (wrong, says) in [
        (vec!["staff", "add", "An", "--email", "an@stad.example", "--role", "operator"], "there is an account"),
        (vec!["staff", "add", "An", "--email", "an", "--role", "operator"], "email: write an e-mail address"),
        (vec!["staff", "add", "An", "--email", "b@stad.example", "--role", "root"], "choose from operator"),
        (vec!["staff", "add", "An", "--email", "b@stad.example"], "--role"),
        (vec!["staff", "add", "An", "--email", "b@stad.example", "--role", "operator", "--department", "x"], "`x`"),
        (vec!["staff", "disable", "nobody@stad.example"], "nobody logs in"),
    ] {
        let (good, said) = run(&wrong);
        assert!(!good && said.contains(says), "{wrong:?}: {said}");
    }
}
