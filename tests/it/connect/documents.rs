//! What the documents about the API say is understood by programs of others: a validator of OpenAPI in Python, and the
//! parser of AsyncAPI in JavaScript.

use super::examples::{Tools, root, run};
use tests::fleet::{Fleet, free_port};
use tokio::process::Command;

/// Fetched once, beside what the examples need.
async fn validators(tools: &Tools) -> anyhow::Result<std::path::PathBuf> {
    let folder = root().join("target/examples/validators");
    std::fs::create_dir_all(&folder)?;
    let lock = std::fs::File::create(folder.join("lock"))?;
    lock.lock()?;
    if !folder.join("ready").exists() {
        let python = ["-m", "pip", "install", "--quiet", "openapi-spec-validator==0.7.2"];
        run(Command::new(&tools.python).args(python)).await?;
        let node = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "@asyncapi/parser@3.4.0"];
        run(Command::new("npm").arg("--prefix").arg(&folder).args(node)).await?;
        std::fs::write(folder.join("ready"), "")?;
    }
    Ok(folder)
}

const ASYNCAPI: &str = "
const { Parser } = require('@asyncapi/parser');
const text = require('node:fs').readFileSync(process.argv[2], 'utf8');
new Parser().parse(text).then(({ document, diagnostics }) => {
  const wrong = diagnostics.filter(({ severity }) => severity === 0);
  for (const { message, path } of wrong) console.error(path.join('/'), message);
  if (!document || wrong.length > 0) process.exit(1);
  console.log(document.allOperations().length);
});
";

#[tokio::test(flavor = "multi_thread")]
async fn others_understand_the_documents() -> anyhow::Result<()> {
    let Some(tools) = Tools::get().await? else { return Ok(()) };
    let folder = validators(&tools).await?;
    let dir = tempfile::tempdir()?;
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let mut fleet = Fleet::new(dir.path(), &format!("[database]\nurl = {url:?}\n"))?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let http = reqwest::Client::builder().build()?;
    let fetch = async |name: &str| -> anyhow::Result<std::path::PathBuf> {
        let url = format!("http://127.0.0.1:{port}/api/{name}");
        let text = http.get(url).send().await?.error_for_status()?.text().await?;
        let file = dir.path().join(name);
        std::fs::write(&file, text)?;
        Ok(file)
    };
    let (open, asynchronous) = (fetch("openapi.json").await?, fetch("asyncapi.yaml").await?);
    run(Command::new(&tools.python).args(["-m", "openapi_spec_validator"]).arg(open)).await?;
    let script = dir.path().join("parse.cjs");
    std::fs::write(&script, ASYNCAPI)?;
    let mut parse = Command::new("node");
    run(parse.arg(script).arg(asynchronous).env("NODE_PATH", folder.join("node_modules"))).await?;
    fleet.stop("hub").await
}
