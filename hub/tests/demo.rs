//! The demo, as a newcomer starts it.

use std::process::{Command, Stdio};

#[test]
fn every_report_arrives_and_the_summary_says_so() {
    // The usual port is taken, by this test or by somebody else: `--once` finds another.
    let _taken = std::net::TcpListener::bind("127.0.0.1:1777");
    let output = Command::new(env!("CARGO_BIN_EXE_voordeur"))
        .args(["demo", "--once", "--json"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let hops = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{hops}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let reports = summary["reports"].as_array().unwrap();
    assert!((6..=8).contains(&reports.len()), "{summary}");
    for report in reports {
        for key in ["reference", "channel", "kind", "category", "rule", "department", "verdict", "notices", "ms"] {
            assert!(!report[key].is_null(), "{key} is missing: {report}");
        }
        assert_eq!(report["verdict"], "done", "{report}");
    }
    let of = |key: &str, value: &str| reports.iter().filter(|report| report[key] == value).count();
    assert!(of("channel", "web") >= 3 && of("channel", "api") >= 2, "{summary}");
    assert!(["question", "suggestion", "complaint"].iter().all(|kind| of("kind", kind) == 1), "{summary}");
    assert!(reports.iter().any(|report| report["notices"] == 0), "nobody was anonymous: {summary}");
    assert_eq!(of("rule", "fallback"), 1, "nobody was sent to another desk: {summary}");
    for word in [
        "received through the web form",
        "decided by rule",
        "handed to",
        "accepted by",
        "the resident is told",
        "alarm:",
    ] {
        assert!(hops.contains(word), "`{word}` is missing in\n{hops}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output =
        Command::new(env!("CARGO_BIN_EXE_voordeur")).args(["demo", "--once", "--listen", &address]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&address) && said.contains("--listen 127.0.0.1:1888"), "{said}");
}
