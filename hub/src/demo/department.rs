//! A department that fetches its work over HTTP, plays that it does it, and answers.

use super::{Pace, send::Client, stories::NOT_OURS};
use anyhow::Context as _;
use reqwest::Method;
use schemas::{
    case::Role,
    city::Calendar,
    dispatch::{Dispatch, Say, Update},
    id::Clock,
    report::Language,
    slug::DepartmentId,
};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One such department.
pub struct Worker {
    /// Its way to the hub.
    pub client: Client,
    /// Who it is.
    pub id: DepartmentId,
    /// What it proves that with.
    pub token: SecretString,
    /// How fast it works.
    pub pace: Pace,
    /// When it works.
    pub calendar: Calendar,
    /// The time.
    pub clock: Clock,
}

impl Worker {
    /// Works until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        while let Some(result) = stop.run_until_cancelled(self.fetch()).await {
            if let Err(error) = result {
                tracing::warn!(department = %self.id, error = format!("{error:#}"), "a simulated department could not do its work");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }

    /// One long poll, and everything that came of it.
    async fn fetch(&self) -> anyhow::Result<()> {
        let path = format!("/api/v1/departments/{}/work?wait=20&max=10", self.id);
        let request = self.client.request(Method::GET, &path).bearer_auth(self.token.expose_secret());
        let answer: serde_json::Value = request.send().await?.error_for_status()?.json().await?;
        for item in answer["work"].as_array().context("the work comes as {\"work\": [...]}")? {
            let dispatch: Dispatch = serde_json::from_value(item.clone()).context("a piece of work is a dispatch")?;
            let body = serde_json::json!({ "ids": [dispatch.id] });
            let path = format!("/api/v1/departments/{}/work/ack", self.id);
            self.client
                .request(Method::POST, &path)
                .bearer_auth(self.token.expose_secret())
                .json(&body)
                .send()
                .await?
                .error_for_status()?;
            for (n, say) in self.answers(&dispatch).into_iter().enumerate() {
                tokio::time::sleep(self.pace.step).await;
                self.say(&dispatch, n, say).await?;
            }
        }
        Ok(())
    }

    async fn say(&self, dispatch: &Dispatch, n: usize, say: Say) -> anyhow::Result<()> {
        let update = Update {
            critical: false,
            // The same on every retry, so that a second try changes nothing.
            id: format!("demo-{}-{n}", dispatch.id),
            department: self.id.clone(),
            dispatch: dispatch.id,
            at: self.clock.now(),
            say,
        };
        let path = format!("/api/v1/departments/{}/updates", self.id);
        self.client
            .request(Method::POST, &path)
            .bearer_auth(self.token.expose_secret())
            .json(&update)
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    fn answers(&self, dispatch: &Dispatch) -> Vec<Say> {
        if dispatch.role == Role::Informed {
            return Vec::new();
        }
        let words = |nl: &str, fr: &str, en: &str| {
            match dispatch.language {
                Language::NL => nl,
                Language::FR => fr,
                _ => en,
            }
            .to_owned()
        };
        if dispatch.place.address.as_deref().is_some_and(|address| address.contains(NOT_OURS)) {
            let reason = words(
                "Langs de R8 beheert het Vlaamse Gewest het groen, niet de stad. (Proefdienst: dit antwoord is gespeeld.)",
                "Le long du R8, c'est la Région flamande qui gère les arbres, pas la ville. (Service d'essai : réponse simulée.)",
                "Along the R8 the Flemish Region looks after the trees, not the city. (Sandbox department: this answer is simulated.)",
            );
            return vec![Say::Reject { reason }];
        }
        let note = words(
            "We zijn gaan kijken en zetten er vandaag een hekken bij. (Proefdienst: dit antwoord is gespeeld.)",
            "Nous sommes passés et plaçons une barrière aujourd'hui. (Service d'essai : réponse simulée.)",
            "We went to look and will put a barrier there today. (Sandbox department: this answer is simulated.)",
        );
        let done = words(
            "Het is hersteld. (Proefdienst: dit antwoord is gespeeld.)",
            "C'est réparé. (Service d'essai : réponse simulée.)",
            "It has been repaired. (Sandbox department: this answer is simulated.)",
        );
        let on = self.calendar.add_working_days(self.clock.now(), 3);
        vec![
            Say::Accept {},
            Say::Plan { on, text: None },
            Say::Note { text: note },
            Say::Done { text: Some(done), evidence: Vec::new() },
        ]
    }
}
