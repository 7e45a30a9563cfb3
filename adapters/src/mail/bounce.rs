//! What mail servers say about a mail that they could not deliver: delivery status notifications
//! (RFC 3464), and the plain mails of qmail and Exim.

use super::html::head;

/// What a mail server says about a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// It will not arrive.
    Failed {
        /// Why, in the server's words, without addresses, at most 300 characters.
        why: String,
        /// For whom, in lower case, as far as the server says.
        who: Vec<String>,
    },
    /// It did not arrive yet; the server goes on trying.
    Delayed,
    /// It arrived, or went on to where nobody reports any more.
    Arrived,
    /// Whoever got it calls it spam (RFC 5965).
    Complained {
        /// The kind of complaint, in the other side's words.
        why: String,
    },
}

/// Whether the `why` of [`Report::Failed`] says that the address is not there, by its status code (RFC 3463):
/// no such mailbox or domain (5.1.x), or a mailbox that is closed (5.2.1). A full mailbox (5.2.2), a refusal
/// by policy (5.7.x) and whatever is temporary say nothing of the address; nor does 5.1.7 or 5.1.8, which
/// are about the sender's.
pub fn is_dead(why: &str) -> bool {
    let codes: Vec<[u16; 3]> = why.split(|c: char| !(c.is_ascii_digit() || c == '.')).filter_map(code).collect();
    // The general `5.0.0` of a server may come with the right one of the next.
    let said = codes.iter().find(|[_, subject, _]| *subject > 0);
    said.is_some_and(|code| matches!(code, [5, 1, detail] if !matches!(detail, 7 | 8)) || *code == [5, 2, 1])
}

fn code(word: &str) -> Option<[u16; 3]> {
    let mut parts = word.trim_matches('.').split('.').map(|part| part.parse::<u16>().ok());
    let code = [parts.next()??, parts.next()??, parts.next()??];
    (parts.next().is_none() && matches!(code[0], 2 | 4 | 5)).then_some(code)
}

/// Reads a `message/feedback-report` part (RFC 5965): what it says, and the address that the mail came from
/// by its envelope, as far as it says so.
pub fn read_feedback(part: &str) -> (Report, Option<String>) {
    let text = part.replace("\r\n", "\n");
    let fields = fields(&text);
    let get = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let kind = get("feedback-type").unwrap_or_default().trim().to_ascii_lowercase();
    let report = match kind.as_str() {
        // "Fraud" is how some buttons say it. A virus, a failed signature or "not spam" is no wish of theirs.
        "abuse" | "fraud" | "opt-out" | "opt-out-list" => Report::Complained { why: kind },
        _ => Report::Arrived,
    };
    (report, get("original-mail-from").map(bare))
}

/// Reads a `message/delivery-status` part: one group of fields about the mail, one per recipient.
pub fn read_status(part: &str) -> Report {
    let (mut report, mut failed, mut who) = (Report::Arrived, Vec::new(), Vec::new());
    for group in part.replace("\r\n", "\n").split("\n\n") {
        let fields = fields(group);
        let get = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match get("action").map(|action| action.trim().to_ascii_lowercase()).as_deref() {
            Some("failed") => {
                let code = get("status").unwrap_or("5.0.0");
                let said = get("diagnostic-code").map_or("", after_type);
                failed.push(format!("{code} {said}").trim_end().to_owned());
                // As it was written on the mail; the final one may be what an alias became (RFC 3464 §2.3.1).
                let recipient = get("original-recipient").or_else(|| get("final-recipient"));
                who.extend(recipient.map(|address| bare(after_type(address))));
            }
            Some("delayed") if report == Report::Arrived => report = Report::Delayed,
            _ => {}
        }
    }
    if failed.is_empty() { report } else { Report::Failed { why: super::redacted(&failed.join("; ")), who } }
}

/// Reads a plain mail of a server that speaks no RFC 3464; `daemon`: it comes from one. Nothing
/// when it is something else.
pub fn read_plain(daemon: bool, subject: &str, body: &str, failed_recipients: Option<&str>) -> Option<Report> {
    let low = body.to_lowercase();
    let qmail = low.contains("this is the qmail-send program") || low.trim_start().starts_with("hi. this is the ");
    let exim = low.contains("created automatically by mail delivery software");
    if !(daemon && (qmail || exim || failed_recipients.is_some() || low.contains("could not be delivered"))) {
        return None;
    }
    let subject = subject.to_lowercase();
    if subject.contains("delayed") || low.contains("has not yet been delivered") || low.contains("will be retried") {
        return Some(Report::Delayed);
    }
    // What follows is the mail itself, which is ours.
    let ends = ["--- below this line is a copy", "------ this is a copy", "--- the header of the original", "##- "];
    let end = ends.iter().filter_map(|mark| low.find(mark)).min().unwrap_or(body.len());
    let told: Vec<&str> = head(body, end)
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .skip_while(|line| !line.contains('@') && !line.contains("550") && !line.contains("5."))
        .take(4)
        .collect();
    let why =
        if told.is_empty() { failed_recipients.unwrap_or("the mail came back").to_owned() } else { told.join(" ") };
    let who = failed_recipients.map(|list| list.split(',').map(bare).collect()).unwrap_or_default();
    Some(Report::Failed { why: super::redacted(&why), who })
}

/// An address without what stands around it.
fn bare(address: &str) -> String {
    address.trim().trim_matches(['<', '>']).to_lowercase()
}

/// `rfc822; jan@stad.example` without its type.
fn after_type(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, value)| value).trim()
}

/// The fields of a group, folded lines joined, names in lower case.
fn fields(group: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in group.lines() {
        if line.starts_with([' ', '\t'])
            && let Some((_, value)) = fields.last_mut()
        {
            value.push(' ');
            value.push_str(line.trim());
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn delivery_status() {
        let failed = "Reporting-MTA: dns; mx.stad.example\r\n\r\nFinal-Recipient: rfc822; weg@stad.example\r\n\
                      Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <weg@stad.example>:\r\n    \
                      Recipient address rejected\r\n";
        assert_eq!(
            read_status(failed),
            Report::Failed {
                why: "5.1.1 550 5.1.1 (address) Recipient address rejected".to_owned(),
                who: vec!["weg@stad.example".to_owned()],
            }
        );
        assert_eq!(read_status("Reporting-MTA: dns; x\n\nAction: delayed\nStatus: 4.4.1\n"), Report::Delayed);
        assert_eq!(read_status("X: y\n\nAction: delivered\nStatus: 2.0.0\n"), Report::Arrived);
        let both = "X: y\n\nAction: delayed\n\nOriginal-Recipient: rfc822;A@b.example\nFinal-Recipient: rfc822;x@c.example\n\
                    ACTION: Failed\nStatus: 5.2.2\n";
        let who = vec!["a@b.example".to_owned()];
        assert_eq!(read_status(both), Report::Failed { why: "5.2.2".to_owned(), who });
        assert_eq!(read_status(""), Report::Arrived);
    }

    #[test]
    fn plain_bounces() {
        let qmail = "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message \
                     to the following addresses.\n\n<weg@stad.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n\
                     --- Below this line is a copy of the message.\n\nSubject: iets";
        let exim = "This message was created automatically by mail delivery software.\n\nA message that you sent could not \
                    be delivered to one or more of its recipients.\n\n  weg@stad.example\n    host mx [1.2.3.4]\n    550 no such user\n\n\
                    ------ This is a copy of the message, including all the headers. ------\n";
        for (mail, part) in [(qmail, "no mailbox here"), (exim, "550 no such user")] {
            match read_plain(true, "failure notice", mail, None) {
                Some(Report::Failed { why, .. }) => assert!(why.contains(part) && !why.contains("copy"), "{why}"),
                other => panic!("{other:?}"),
            }
            assert_eq!(read_plain(false, "Re: x", mail, None), None, "somebody who quotes a bounce is somebody");
        }
        let warning = "This message was created automatically by mail delivery software.\nA message that you sent has \
                       not yet been delivered to one or more of its recipients after more than 24 hours";
        assert_eq!(read_plain(true, "Warning: message delayed 24 hours", warning, None), Some(Report::Delayed));
        assert_eq!(read_plain(true, "Welkom", "Dag", None), None);
    }

    #[test]
    fn which_addresses_are_not_there() {
        for (why, dead) in [
            ("5.1.1 550 5.1.1 (address) Recipient address rejected", true),
            ("5.0.0 550 5.1.1 user unknown", true),
            ("5.1.2 domain not found", true),
            ("5.1.10 null MX", true),
            ("Sorry, no mailbox here by that name. (#5.1.1)", true),
            ("5.2.1 mailbox disabled", true),
            ("5.2.2 mailbox full", false),
            ("5.7.1 550 blocked by policy", false),
            ("5.7.1 550 5.1.1 it says two things", false),
            ("5.1.8 bad sender", false),
            ("4.4.1 no answer from 10.1.1.1", false),
            ("host mx [5.1.1.7] 550 no such user", false),
            ("5.0.0", false),
            ("", false),
        ] {
            assert_eq!(is_dead(why), dead, "{why}");
        }
    }

    #[test]
    fn complaints() {
        let part = "Feedback-Type: abuse\r\nUser-Agent: X/1\r\nVersion: 1\r\nOriginal-Mail-From:\r\n <Antwoord+a@stad.example>\r\n";
        let from = Some("antwoord+a@stad.example".to_owned());
        assert_eq!(read_feedback(part), (Report::Complained { why: "abuse".to_owned() }, from));
        assert_eq!(read_feedback("Feedback-Type: not-spam"), (Report::Arrived, None));
        assert_eq!(read_feedback(""), (Report::Arrived, None));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_fail(text in "(?s).{0,300}", subject in ".{0,40}") {
            read_status(&text);
            read_feedback(&text);
            is_dead(&text);
            read_plain(true, &subject, &format!("this is the qmail-send program {text}"), Some("x"));
        }
    }
}
