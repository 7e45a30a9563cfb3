//! Counts of features per category, and what a feature says for each.

use std::collections::HashMap;

/// How much of what a category is expected to say is what everybody says (Jelinek-Mercer
/// smoothing): a word it never used costs it ln 0.5, however many cases it has.
const SMOOTH: f64 = 0.5;

/// Counts of features per category.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Per feature: (category, count), by category.
    counts: HashMap<Box<str>, Vec<(usize, f64)>>,
    /// All counts of a category.
    totals: Vec<f64>,
    all: f64,
}

impl Table {
    pub fn new(categories: usize) -> Self {
        Self { totals: vec![0.0; categories], ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Counts `feature` for `category`, `times` times.
    pub fn count(&mut self, feature: &str, category: usize, times: f64) {
        let counts = match self.counts.get_mut(feature) {
            Some(counts) => counts,
            None => self.counts.entry(feature.into()).or_default(),
        };
        match counts.iter_mut().find(|(known, _)| *known == category) {
            Some((_, count)) => *count += times,
            None => counts.push((category, times)),
        }
        self.totals[category] += times;
        self.all += times;
    }

    /// Adds what `feature` says for each category: how much likelier it is there than anywhere
    /// (natural logarithm), `weight` times. A feature that nobody used says nothing.
    pub fn add(&self, feature: &str, weight: f64, says: &mut [f64]) {
        let Some(counts) = self.counts.get(feature) else { return };
        let anywhere = counts.iter().map(|(_, count)| count).sum::<f64>() / self.all;
        let unused = weight * SMOOTH.ln();
        says.iter_mut().for_each(|says| *says += unused);
        for (category, count) in counts {
            let here = count / self.totals[*category];
            says[*category] += weight * ((1.0 - SMOOTH) * here / anywhere + SMOOTH).ln() - unused;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_speaks_for_who_uses_it() {
        let mut table = Table::new(3);
        table.count("rat", 0, 3.0);
        table.count("street", 0, 1.0);
        table.count("street", 1, 4.0);
        table.count("tree", 2, 4.0);
        let says = |feature: &str| {
            let mut says = vec![0.0; 3];
            table.add(feature, 1.0, &mut says);
            says
        };
        let rat = says("rat");
        assert!(rat[0] > 0.6 && rat[1] == SMOOTH.ln() && rat[2] == SMOOTH.ln(), "{rat:?}");
        let street = says("street");
        assert!(street[1] > street[0] && street[0] > street[2], "{street:?}");
        assert_eq!(says("nobody"), [0.0; 3]);
        assert_eq!(table.len(), 3);
    }
}
