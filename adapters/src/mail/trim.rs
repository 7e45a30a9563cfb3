//! What somebody really wrote: without the mail that they answer and without the signature. Written
//! for Dutch, French and English mails of Outlook, Gmail and Apple Mail. When in doubt it keeps a
//! line: a line too many costs a second, a line too few costs the answer.

/// What the mails that we send begin with: an answer stands above it.
pub const MARK: &str = "##- ";

/// Lines that say that the rest is the earlier mail.
const HEADS: &[&str] = &[
    "original message",
    "oorspronkelijk bericht",
    "message d'origine",
    "message original",
    "forwarded message",
    "doorgestuurd bericht",
    "message transféré",
    "begin doorgestuurd bericht",
];
/// The first line of the little table that Outlook puts above the earlier mail.
const FROM: &[&str] = &["from:", "van:", "de:", "de :"];
/// One of its next lines.
const SENT: &[&str] =
    &["sent:", "verzonden:", "envoyé:", "envoyé :", "date:", "date :", "datum:", "to:", "aan:", "à:", "à :"];
/// What a telephone writes below.
const TELEPHONE: &[&str] = &[
    "sent from my ",
    "sent from outlook",
    "get outlook for ",
    "verzonden vanaf mijn ",
    "verzonden vanuit outlook",
    "verstuurd vanaf mijn ",
    "verstuurd vanuit ",
    "outlook voor android",
    "outlook voor ios",
    "outlook for android",
    "outlook for ios",
    "envoyé de mon ",
    "envoyé depuis mon ",
    "envoyé à partir de ",
    "télécharger outlook",
    "obtenir outlook",
    "download outlook",
];
/// Lines that close a letter: what follows is who wrote it.
const CLOSINGS: &[&str] = &[
    "met vriendelijke groet",
    "met vriendelijke groeten",
    "vriendelijke groet",
    "vriendelijke groeten",
    "mvg",
    "groeten",
    "groetjes",
    "hoogachtend",
    "met hartelijke groeten",
    "kind regards",
    "best regards",
    "regards",
    "best",
    "thanks",
    "cordialement",
    "bien cordialement",
    "bien à vous",
    "salutations",
    "meilleures salutations",
    "sincères salutations",
];

/// `text` without quoted parts and signature; empty when nothing else is there.
pub fn trim(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\u{a0}', '\u{202f}'], " ").replace(['\u{200b}', '\u{feff}'], "");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut said = false;
    for (at, line) in lines.iter().enumerate() {
        if ends_here(&lines, at) {
            break;
        }
        if line.trim_start().starts_with('>') {
            continue;
        }
        if said && closes(line) {
            break;
        }
        said |= !line.trim().is_empty();
        kept.push(line);
    }
    let mut out = String::new();
    let mut blank = 0;
    for line in kept {
        if line.trim().is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        blank = 0;
        out.push_str(line);
    }
    out
}

/// Whether the earlier mail or the signature begins with line `at`.
fn ends_here(lines: &[&str], at: usize) -> bool {
    let line = lines[at].trim();
    let plain = line.trim_start_matches(['>', ' ']);
    if plain.contains(MARK) || line == "--" || lines[at] == "-- " {
        return true;
    }
    let low = line.to_lowercase();
    if TELEPHONE.iter().any(|words| low.starts_with(words)) && low.chars().count() < 90 {
        return true;
    }
    if low.starts_with("--") && HEADS.iter().any(|words| low.contains(words)) || low.ends_with(':') && is_forward(&low)
    {
        return true;
    }
    // Outlook draws a line above the table; the mail itself may hold one, too.
    let table = |at: usize| is_table(lines, at);
    if low.len() >= 10 && low.chars().all(|c| c == '_') {
        return next_said(lines, at).is_some_and(table);
    }
    table(at) || introduces(lines, at)
}

fn is_forward(low: &str) -> bool {
    HEADS.iter().any(|words| low.trim_matches(['-', ' ', ':']) == *words)
}

fn next_said(lines: &[&str], at: usize) -> Option<usize> {
    (at + 1..lines.len().min(at + 4)).find(|next| !lines[*next].trim().is_empty())
}

/// `Van: … / Verzonden: …`, with or without stars around the names.
fn is_table(lines: &[&str], at: usize) -> bool {
    let name = |at: usize| lines[at].trim().trim_start_matches('*').to_lowercase().replace("*", "");
    let first = name(at);
    if !FROM.iter().any(|words| first.starts_with(words)) {
        return false;
    }
    let next = lines.iter().enumerate().skip(at + 1).filter(|(_, line)| !line.trim().is_empty()).take(3);
    next.filter(|(next, _)| SENT.iter().any(|words| name(*next).starts_with(words))).count() >= 2
}

/// `Op ma 23 nov. 2026 om 10:00 schreef …:`, over at most three lines.
fn introduces(lines: &[&str], at: usize) -> bool {
    let first = lines[at].trim().to_lowercase();
    let opens = ["op ", "on ", "le "].iter().any(|word| first.starts_with(word));
    if !opens || !first.chars().any(|c| c.is_ascii_digit()) {
        return false;
    }
    let mut joined = String::new();
    for line in lines.iter().skip(at).take(3) {
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            return false;
        }
        joined.push_str(&line);
        joined.push(' ');
        let said = joined.trim_end();
        if said.ends_with(':') {
            return ["wrote:", "a écrit :", "a écrit:", "geschreven:", "schreef:"]
                .iter()
                .any(|end| said.ends_with(end))
                || said.contains(" schreef ");
        }
    }
    false
}

/// `Met vriendelijke groeten,` alone on its line.
fn closes(line: &str) -> bool {
    let low = line.trim().trim_end_matches([',', '.', '!']).to_lowercase();
    CLOSINGS.contains(&low.as_str())
}

#[cfg(test)]
#[path = "trim_tests.rs"]
mod tests;
