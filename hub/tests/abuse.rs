//! `voordeur abuse`: the block list, what is held, and what becomes public, on the command line.

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
fn the_block_list_is_kept_by_hand_and_audited() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| voordeur(dir.path(), args);
    assert!(run(&["migrate"]).0);
    assert!(run(&["abuse", "list"]).1.contains("nobody is blocked"));
    assert!(run(&["abuse", "held"]).1.contains("nothing is held"));
    assert!(run(&["abuse", "review"]).1.contains("`publish` in city.yaml"));
    for args in [
        &["--domain", "Bad.example", "--days", "90"][..],
        &["--email", "spam@example.org"],
        &["--phone", "0470 12 34 56"],
        &["--network", "203.0.113.9/24"],
    ] {
        let (good, said) = run(&[&["abuse", "block", "--reason", "reclame", "--by", "An"], args].concat());
        assert!(good && said.contains("is blocked until"), "{said}");
    }
    let (_, listed) = run(&["abuse", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let blocks = listed["blocks"].as_array().unwrap();
    let kinds: Vec<&str> = blocks.iter().map(|block| block["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["domain", "email", "network", "phone"]);
    assert_eq!((&blocks[0]["key"], &blocks[2]["key"]), (&"bad.example".into(), &"203.0.113.0/24".into()));
    assert!(!listed.to_string().contains("spam@example.org"));

    let key = blocks[1]["key"].as_str().unwrap();
    assert!(run(&["abuse", "unblock", "--email-key", key, "--by", "Bo"]).0);
    assert!(run(&["abuse", "unblock", "--domain", "bad.example", "--by", "Bo"]).0);
    let (_, audit) = run(&["audit", "--json"]);
    let audit: serde_json::Value = serde_json::from_str(&audit).unwrap();
    let deeds: Vec<_> = audit["audit"].as_array().unwrap().iter().map(|one| one["deed"].as_str().unwrap()).collect();
    assert_eq!(deeds, [["abuse.unblock"; 2].as_slice(), &["abuse.block"; 4]].concat());

    for (wrong, says) in [
        (&["abuse", "block", "--reason", "x"][..], "--email"),
        (&["abuse", "block", "--domain", "bad.example"], "--reason"),
        (&["abuse", "block", "--network", "0.0.0.0/0", "--reason", "x"], "too wide"),
        (&["abuse", "block", "--email", "a@b.example", "--domain", "b.example", "--reason", "x"], "cannot be used"),
        (&["abuse", "unblock", "--domain", "bad.example"], "it is not blocked"),
        (&["abuse", "release", "nonsense"], "is not a reference"),
        (&["abuse", "refuse", "0000-0000", "--reason", " "], "--reason"),
        (&["abuse", "held", "--state", "gone"], "--state"),
        (&["abuse", "approve", "0000-0000", "--as-proposed"], "there is no report"),
    ] {
        let (good, said) = run(wrong);
        assert!(!good && said.contains(says), "{wrong:?}: {said}");
    }
}
