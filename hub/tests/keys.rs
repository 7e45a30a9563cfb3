//! `voordeur keys`: a key is shown once, known by its beginning, and gone when it is revoked.

use std::{path::Path, process::Command};

fn voordeur(dir: &Path, args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_voordeur"))
        .current_dir(dir)
        .env("VOORDEUR__DATABASE__URL", format!("sqlite:{}", dir.join("hub.db").display()))
        .env_remove("VOORDEUR_OPERATOR")
        .args(args)
        .output()
        .unwrap();
    let both = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&both).into_owned())
}

#[test]
fn a_key_is_shown_once_and_can_be_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| voordeur(dir.path(), args);
    assert!(run(&["migrate"]).0);
    assert!(run(&["keys", "list"]).1.contains("there are no keys"));
    let (good, made) = run(&["keys", "create", "--channel", "my-app", "--by", "An"]);
    assert!(good, "{made}");
    let key = made.split_whitespace().find(|word| word.starts_with("vd_live_") && word.len() == 42).unwrap();
    let (good, made) = run(&["keys", "create", "--channel", "my-app", "--test", "--by", "An", "--json"]);
    let test: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert!(good && test["key"].as_str().unwrap().starts_with("vd_test_"), "{made}");
    assert_eq!((&test["kind"], &test["channel"]), (&"test".into(), &"my-app".into()));

    let (_, listed) = run(&["keys", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(key), "nobody can show it again");
    assert!(run(&["keys", "list", "--channel", "kiosk"]).1.contains("there are no keys"));

    let prefix = &key[..16];
    assert!(run(&["keys", "revoke", prefix, "--by", "Bo", "--note", "lost"]).0);
    assert!(run(&["keys", "revoke", key, "--by", "Bo"]).1.contains("revoked before"));
    let (_, audit) = run(&["audit", "--json"]);
    let audit: serde_json::Value = serde_json::from_str(&audit).unwrap();
    let deeds: Vec<_> = audit["audit"].as_array().unwrap().iter().map(|one| one["deed"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["keys.revoke", "keys.create", "keys.create"]);
    assert!(!audit.to_string().contains(key));

    for (wrong, says) in [
        (vec!["keys", "create", "--channel", "web"], "the city's own"),
        (vec!["keys", "create", "--channel", "My App"], "is not a name"),
        (vec!["keys", "create"], "--channel"),
        (vec!["keys", "create", "--channel", "my-app", "--by", " "], "--by"),
        (vec!["keys", "revoke", "vd_live_nobody22"], "no key begins so"),
    ] {
        let (good, said) = run(&wrong);
        assert!(!good && said.contains(says), "{wrong:?}: {said}");
    }
}
