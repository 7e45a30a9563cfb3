//! What the checks found, for people and for programs.

use crate::output::{Paint, say};
use schemas::{Timestamp, slug::DepartmentId};
use serde::Serialize;

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed,
    /// Could not be looked at, or does not apply.
    Skipped,
}

/// One check.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Its name: `once`.
    pub check: &'static str,
    /// What is asked of a department.
    pub asks: &'static str,
    /// What became of it.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// How to put it right; empty unless it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fix: String,
}

impl Finding {
    /// As it should be.
    pub fn good(check: &'static str, asks: &'static str, seen: impl Into<String>) -> Self {
        Self { check, asks, verdict: Verdict::Passed, seen: seen.into(), fix: String::new() }
    }

    /// Not as it should be.
    pub fn bad(check: &'static str, asks: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, asks, verdict: Verdict::Failed, seen: seen.into(), fix: fix.into() }
    }

    /// Not looked at.
    pub fn skipped(check: &'static str, asks: &'static str, why: impl Into<String>) -> Self {
        Self { check, asks, verdict: Verdict::Skipped, seen: why.into(), fix: String::new() }
    }

    /// Whether it is as it should be.
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }
}

/// Everything that was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Who was judged.
    pub department: DepartmentId,
    /// How it gets its work.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// The checks, in the order in which they were made.
    pub checks: Vec<Finding>,
    /// The references of the test cases that were sent, closed by now.
    pub cases: Vec<String>,
}

impl Report {
    /// Nothing found yet.
    pub fn new(department: &DepartmentId, kind: &str, at: Timestamp) -> Self {
        Self { department: department.clone(), kind: kind.to_owned(), at, checks: Vec::new(), cases: Vec::new() }
    }

    /// One more check.
    pub fn add(&mut self, finding: Finding) {
        self.checks.push(finding);
    }

    /// How many failed.
    pub fn failed(&self) -> u64 {
        self.count(Verdict::Failed)
    }

    fn count(&self, verdict: Verdict) -> u64 {
        self.checks.iter().filter(|finding| finding.verdict == verdict).count() as u64
    }

    /// Prints it.
    pub fn show(&self, json: bool) {
        if json {
            // Words and numbers only; it always serialises.
            say!("{}", serde_json::to_string(self).unwrap_or_default());
            return;
        }
        let paint = Paint::stdout();
        say!("{}  by {}\n", paint.bold(&self.department), self.kind);
        for finding in &self.checks {
            let word = match finding.verdict {
                Verdict::Passed => paint.green("passed "),
                Verdict::Failed => paint.red("FAILED "),
                Verdict::Skipped => paint.dim("skipped"),
            };
            say!("{word}  {:<14} {}", finding.check, finding.asks);
            say!("         {:<14} {}", "", paint.dim(&finding.seen));
            if !finding.fix.is_empty() {
                say!("         {:<14} {}", "", paint.yellow(&format!("fix: {}", finding.fix)));
            }
        }
        let [passed, failed, skipped] = [Verdict::Passed, Verdict::Failed, Verdict::Skipped].map(|v| self.count(v));
        say!("\n{passed} passed, {failed} failed, {skipped} skipped");
        if !self.cases.is_empty() {
            say!("test cases, closed: {}", self.cases.join(", "));
        }
    }
}
