//! Rules change under a hub that runs, without a restart.

use crate::{Bed, RULES, both};
use hub::{Hub, Parts, Running, cli::Role, config::Config};
use schemas::reference::Reference;
use std::time::{Duration, Instant};
use store::Store;

both!(
    a_changed_folder_is_taken_over,
    a_command_alone_decides_where_the_configuration_says_so,
    a_start_goes_on_with_the_rules_in_force_when_the_folder_has_faults,
);

struct Town {
    running: Running,
    http: reqwest::Client,
}

impl Town {
    async fn start(bed: &Bed) -> Self {
        let config = Config::load(Some(&bed.config())).unwrap();
        let parts = Parts::from_config(&config, Role::ALL.to_vec()).await.unwrap();
        let running = Hub::start(config, parts).await.unwrap();
        Self { running, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    fn store(&self) -> &Store {
        &self.running.store
    }

    /// Who gets a hole in the street, by which version.
    async fn decided(&self) -> (String, String) {
        // The same words again and again would be held.
        let words = format!("A hole, seen {:?}.", self.store().clock().now());
        let body = serde_json::json!({"category": "straat/put", "words": words});
        let url = format!("http://{}/api/v1/reports", self.running.web.unwrap());
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let receipt: serde_json::Value = answer.json().await.unwrap();
        let reference = Reference::parse(receipt["reference"].as_str().unwrap()).unwrap();
        let id = self.store().report_by_reference(reference).await.unwrap().unwrap().id;
        let store = self.store().clone();
        let case = eventually("a decision", async || store.case(id).await.unwrap()).await;
        let decision = case.decision.unwrap();
        (decision.lead().unwrap().to_string(), decision.ruleset)
    }

    /// Waits until activation `n` is in force; its version.
    async fn activation(&self, n: i64) -> String {
        let store = self.store().clone();
        eventually("the activation", async || store.rules_in_force().await.unwrap().filter(|active| active.n >= n))
            .await
            .version
    }

    /// Waits until the metrics hold this line.
    async fn gauge(&self, line: &str) {
        let url = format!("http://{}/metrics", self.running.ops.unwrap());
        eventually(line, async || {
            let text = self.http.get(&url).send().await.unwrap().text().await.unwrap();
            text.lines().any(|given| given == line).then_some(())
        })
        .await;
    }
}

/// Asks until there is an answer; half a minute is far more than it takes.
async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn to_green() -> String {
    RULES.replace("assign: wegen", "assign: groen")
}

async fn a_changed_folder_is_taken_over(bed: Bed) {
    let (first, second) = (bed.version(RULES), bed.version(&to_green()));
    let town = Town::start(&bed).await;
    assert_eq!(town.decided().await, ("wegen".to_owned(), first.clone()));
    assert_eq!(town.activation(1).await, first);

    bed.write("rules/a.yaml", &to_green());
    assert_eq!(town.activation(2).await, second);
    assert_eq!(town.decided().await, ("groen".to_owned(), second.clone()));
    town.gauge("voordeur_rules_activation 2").await;

    // What has faults is refused, and what decides goes on.
    bed.write("rules/a.yaml", "- { rule: holes, when: { category: straat/gat }, then: { assign: wegen } }\n");
    town.gauge("voordeur_rules_folder_refused 1").await;
    assert_eq!(town.decided().await, ("groen".to_owned(), second.clone()));
    // An empty folder is somebody's mistake.
    bed.write("rules/a.yaml", &to_green());
    town.gauge("voordeur_rules_folder_refused 0").await;
    std::fs::remove_file(bed.city().join("rules/a.yaml")).unwrap();
    town.gauge("voordeur_rules_folder_refused 1").await;
    assert_eq!(town.decided().await, ("groen".to_owned(), second.clone()));
    bed.write("rules/a.yaml", &to_green());
    town.gauge("voordeur_rules_folder_refused 0").await;

    // Taken back by hand, the folder does not bring them again by itself: what comes next is what
    // changes next.
    bed.run(&["rules", "rollback"]).says(&[&first, "activation 3", "The city folder still holds other rules"]);
    assert_eq!(town.decided().await, ("wegen".to_owned(), first.clone()));
    bed.write("rules/a.yaml", &format!("# Another comment.\n{RULES}"));
    let third = bed.version(&format!("# Another comment.\n{RULES}"));
    assert_eq!(town.activation(4).await, third);
    assert_eq!(town.decided().await, ("wegen".to_owned(), third));
    let notes: Vec<_> = town.store().activations(9).await.unwrap().into_iter().map(|a| a.note).collect();
    assert_eq!(notes, ["the city folder changed", "rollback to 1", "the city folder changed", "the first start"]);

    // Neither does a start.
    bed.run(&["rules", "rollback", "2"]).ends(0);
    town.running.stop().await.unwrap();
    let town = Town::start(&bed).await;
    assert_eq!(town.decided().await, ("groen".to_owned(), second));
    town.running.stop().await.unwrap();
}

async fn a_command_alone_decides_where_the_configuration_says_so(bed: Bed) {
    let config = std::fs::read_to_string(bed.config()).unwrap();
    std::fs::write(bed.config(), format!("{config}[rules]\nactivate = \"command\"\n")).unwrap();
    let (first, second) = (bed.version(RULES), bed.version(&to_green()));
    let town = Town::start(&bed).await;
    assert_eq!(town.activation(1).await, first);
    bed.write("rules/a.yaml", &to_green());
    town.running.stop().await.unwrap();
    // A start with other rules in its folder goes on with those in force.
    let again = Town::start(&bed).await;
    assert_eq!(again.decided().await, ("wegen".to_owned(), first));
    bed.run(&["rules", "activate", "--note", "try"]).ends(0);
    assert_eq!(again.decided().await, ("groen".to_owned(), second));
    again.running.stop().await.unwrap();
}

async fn a_start_goes_on_with_the_rules_in_force_when_the_folder_has_faults(bed: Bed) {
    const WRONG: &str = "- { rule: holes, when: { category: straat/gat }, then: { assign: wegen } }\n";
    let config = Config::load(Some(&bed.config())).unwrap();
    // Nothing is in force yet: then the faults are all there is to say.
    bed.write("rules/a.yaml", WRONG);
    let error = hub::failure::render(&Parts::from_config(&config, Role::ALL.to_vec()).await.err().unwrap());
    assert!(error.contains("rules/a.yaml:1") && error.contains("straat/gat"), "{error}");
    bed.write("rules/a.yaml", RULES);
    let first = bed.version(RULES);
    let town = Town::start(&bed).await;
    assert_eq!(town.activation(1).await, first);
    town.running.stop().await.unwrap();

    bed.write("rules/a.yaml", WRONG);
    let town = Town::start(&bed).await;
    assert_eq!(town.decided().await, ("wegen".to_owned(), first));
    town.gauge("voordeur_rules_folder_refused 1").await;
    bed.write("rules/a.yaml", &to_green());
    assert_eq!(town.activation(2).await, bed.version(&to_green()));
    town.gauge("voordeur_rules_folder_refused 0").await;
    town.running.stop().await.unwrap();

    // Any other fault stops a start.
    bed.write("rules/a.yaml", WRONG);
    bed.write("departments.yaml", "departments: []\n");
    assert!(Parts::from_config(&config, Role::ALL.to_vec()).await.is_err());
}
