//! A template as a message of Fluent, for who translates it.

/// A part of a template.
enum Part<'a> {
    /// Words, line ends and all.
    Words(&'a str),
    /// Something that is filled in.
    Variable(&'a str),
    /// `{{#if name}}`: what is said then, and what otherwise.
    Choice(&'a str, [Vec<Part<'a>>; 2]),
}

/// The attribute `form` of a message of Fluent, that says what the template `source` says.
pub fn write(form: &str, source: &str) -> String {
    let source: Vec<&str> = source.trim_end().lines().filter(|line| !line.starts_with("{{!--")).collect();
    let source = source.join("\n");
    let mut rest = source.as_str();
    let parts = parts(&mut rest);
    let inner = 8;
    let mut out = format!("    .{form} =\n{}", " ".repeat(inner));
    pattern(&parts, inner, &mut out);
    out.push('\n');
    out
}

/// Reads parts up to the end of the choice that they are in; `rest` begins with it afterwards.
fn parts<'a>(rest: &mut &'a str) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let Some(at) = rest.find("{{") else {
            parts.push(Part::Words(std::mem::take(rest)));
            break;
        };
        if at > 0 {
            parts.push(Part::Words(&rest[..at]));
        }
        let after = &rest[at + 2..];
        let (inside, after) = after.split_once("}}").unwrap_or((after, ""));
        if matches!(inside, "else" | "/if") {
            *rest = &rest[at..];
            break;
        }
        *rest = after;
        match inside.strip_prefix("#if ") {
            None => parts.push(Part::Variable(inside)),
            Some(name) => {
                let mut said = [self::parts(rest), Vec::new()];
                if let Some(after) = rest.strip_prefix("{{else}}") {
                    *rest = after;
                    said[1] = self::parts(rest);
                }
                *rest = rest.strip_prefix("{{/if}}").unwrap_or(rest);
                parts.push(Part::Choice(name, said));
            }
        }
    }
    parts
}

/// Writes `parts` as a pattern whose lines are indented by `indent`.
fn pattern(parts: &[Part<'_>], indent: usize, out: &mut String) {
    let parts = trimmed(parts);
    if parts.is_empty() {
        out.push_str("{\"\"}");
    }
    let mut at_start = true;
    for (n, part) in parts.iter().enumerate() {
        match part {
            Part::Words(words) => {
                // What Fluent would trim.
                let is_last = n + 1 == parts.len();
                let inside = words.trim_end_matches(|c| is_last && c == ' ');
                let lines = inside.split('\n').count();
                for (n, line) in inside.split('\n').enumerate() {
                    if n > 0 {
                        out.push('\n');
                        // An empty line stays empty, unless the next part stands on it.
                        if !line.is_empty() || (n + 1 == lines && !is_last) {
                            out.push_str(&" ".repeat(indent));
                        }
                        at_start = true;
                    }
                    let mut line = line;
                    if let Some(first) = line.chars().next().filter(|c| at_start && "[*. }".contains(*c)) {
                        out.push_str(&format!("{{\"{first}\"}}"));
                        line = &line[1..];
                    }
                    out.push_str(line);
                    at_start &= line.is_empty();
                }
                if inside.len() < words.len() {
                    out.push_str("{\" \"}");
                }
            }
            Part::Variable(name) => out.push_str(&format!("{{ ${name} }}")),
            Part::Choice(name, [yes, no]) => {
                out.push_str(&format!("{{ ${name} ->"));
                for (key, said) in [(" [yes]", yes), ("*[no]", no)] {
                    out.push_str(&format!("\n{}{key}", " ".repeat(indent + 3)));
                    if is_long(said) {
                        out.push_str(&format!("\n{}", " ".repeat(indent + 8)));
                    } else {
                        out.push(' ');
                    }
                    pattern(said, indent + 8, out);
                }
                out.push_str(&format!("\n{}}}", " ".repeat(indent)));
            }
        }
        at_start &= matches!(part, Part::Words(_));
    }
    // Spaces before nothing.
    while out.ends_with(' ') {
        out.pop();
    }
}

fn is_long(parts: &[Part<'_>]) -> bool {
    trimmed(parts).iter().any(|part| match part {
        Part::Words(words) => words.contains('\n'),
        Part::Variable(_) => false,
        Part::Choice(..) => true,
    })
}

/// `parts` without the empty lines before and after them.
fn trimmed<'a>(parts: &[Part<'a>]) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = parts.iter().map(Part::copy).collect();
    if let Some(Part::Words(words)) = parts.first_mut() {
        *words = words.trim_start_matches('\n');
    }
    if let Some(Part::Words(words)) = parts.last_mut() {
        *words = words.trim_end_matches('\n');
    }
    parts.retain(|part| !matches!(part, Part::Words("")));
    parts
}

impl<'a> Part<'a> {
    fn copy(&self) -> Part<'a> {
        match self {
            Part::Words(words) => Part::Words(words),
            Part::Variable(name) => Part::Variable(name),
            Part::Choice(name, said) => Part::Choice(name, said.each_ref().map(|s| s.iter().map(Part::copy).collect())),
        }
    }
}
