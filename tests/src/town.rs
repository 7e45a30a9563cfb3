//! A town of three categories, small enough to count: `straat/queue` goes to a department with a
//! queue of its own, `straat/hook` to one with a webhook, `straat/sandbox` to a simulated one.

use anyhow::Context as _;
use std::path::Path;

/// Writes the town's folder; the webhook department listens on `hook_url`.
pub fn write(dir: &Path, hook_url: &str) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("town");
    for file in ["city.yaml", "departments.yaml", "categories.yaml", "rules/all.yaml"] {
        let text = std::fs::read_to_string(root.join(file)).with_context(|| file.to_owned())?;
        let to = dir.join(file);
        std::fs::create_dir_all(to.parent().context("a file has a folder")?)?;
        std::fs::write(to, text.replace("{{hook_url}}", hook_url))?;
    }
    Ok(())
}

/// The token of the town's departments.
pub const TOKEN: &str = "a-token-that-only-the-departments-of-the-test-town-know";

/// The secret that signs the webhooks of the town.
pub const SECRET: &str = "whsec_dm9vcmRldXItdGVzdC10b3duLXNlY3JldC0xNzc3";

/// How the hub of the town is set up.
#[derive(Debug)]
pub struct Config<'a> {
    /// The database.
    pub database: &'a str,
    /// RabbitMQ: URL and prefix.
    pub broker: Option<(&'a str, &'a str)>,
    /// The port of a mail server on this machine.
    pub smtp: Option<u16>,
}

impl Config<'_> {
    /// The configuration file; the town lies in `dir/town`.
    /// Programs fill in forms faster than people, and say the same again and again: none of that is held.
    pub fn toml(&self, dir: &Path) -> String {
        let mut toml = format!(
            "[city]\nfolder = {:?}\n[database]\nurl = {:?}\n[web]\nrate_per_minute = 0\npublic_url = \"http://voordeur.example\"\n\
             [departments.wachtrij]\ntoken = {TOKEN:?}\n[departments.webdienst]\nsecret = {SECRET:?}\ntoken = {TOKEN:?}\n[http]\ntimeout_ms = 2000\nprivate_networks = [\"127.0.0.1\"]\n\
             [abuse]\nform_delay_seconds = 0\nalike_one = 0\nalike_all = 0\n",
            dir.join("town").display().to_string(),
            self.database,
        );
        if let Some((url, prefix)) = self.broker {
            toml += &format!("[broker]\nurl = {url:?}\nprefix = {prefix:?}\n");
        }
        if let Some(port) = self.smtp {
            toml += &format!("[mail]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nmax_connections = 4\n");
        }
        toml
    }
}
