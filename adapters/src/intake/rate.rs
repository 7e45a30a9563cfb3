//! "Thank you, well done", "it will do", "not well": the resident says with one tap how their report was dealt with.

use super::IntakeTools;
use schemas::{case::Status, reference::Reference};
use store::{Rating, Score};

/// What became of it.
#[derive(Debug)]
pub enum Outcome {
    /// It is kept; saying it again says it anew.
    Kept(Reference),
    /// It is not solved: there is nothing to say yet.
    NotSolved(Reference),
    /// No case has this link.
    Unknown,
    /// The rows cannot be reached.
    Failed(store::Error),
}

/// Keeps what the reporter with the secret `token` says. Of a duplicate it is the main case that was solved.
pub async fn rate(tools: &IntakeTools, token: &str, score: Score) -> Outcome {
    keep(tools, token, score).await.unwrap_or_else(Outcome::Failed)
}

async fn keep(tools: &IntakeTools, token: &str, score: Score) -> Result<Outcome, store::Error> {
    let Some(report) = tools.store.report_by_token(token).await? else { return Ok(Outcome::Unknown) };
    let merged = tools.store.merged(&[report.id]).await?.remove(&report.id).map(|merged| merged.main);
    let case = tools.store.case(merged.unwrap_or(report.id)).await?;
    let Some(case) = case.filter(|case| case.status == Status::Solved) else {
        return Ok(Outcome::NotSolved(report.reference));
    };
    let department = case.lead.unwrap_or_else(|| tools.city.fallback.clone());
    let rating = Rating { report: report.id, department, category: report.category.clone(), score };
    tools.store.rate(&rating).await?;
    metrics::counter!("voordeur_ratings_total", "score" => score.as_str()).increment(1);
    Ok(Outcome::Kept(report.reference))
}
