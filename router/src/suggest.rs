//! "Did you mean …?"

/// The word of `known` that `wrong` was probably meant to be: at most one slip in three letters
/// (optimal string alignment distance), or a word of which it is a part.
pub(crate) fn suggest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let allowed = (wrong.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .filter_map(|word| {
            let far = distance(&wrong, word);
            let near = far <= allowed || (wrong.len() >= 4 && (word.contains(&wrong) || wrong.contains(word)));
            near.then_some((far, word))
        })
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let mut best = (last[j] + usize::from(a[i] != b[j])).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn slips_are_understood() {
        let known = ["kortrijk", "heule", "bissegem", "wegen/put"];
        for (wrong, meant) in [
            ("kortirjk", Some("kortrijk")),
            ("Heule", Some("heule")),
            ("bisegem", Some("bissegem")),
            ("wegen/putt", Some("wegen/put")),
            ("gent", None),
            ("", None),
        ] {
            assert_eq!(suggest(wrong, known), meant, "{wrong}");
        }
    }
}
