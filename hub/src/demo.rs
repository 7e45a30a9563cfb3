//! `voordeur demo`: the whole house on this machine, with reports that walk through it. Everything
//! that residents and departments do here goes over HTTP, as it would for real; the rows are only
//! looked at, to show each hop as it happens.

mod department;
pub(crate) mod photo;
mod send;
mod stories;
mod watch;

use crate::{
    city::{self, Town},
    cli::{DemoArgs, Role},
    clock,
    config::{Config, DepartmentAccess},
    failure::{Advise as _, Failure},
    hub::{Hub, Parts, Running},
    output::{Paint, say},
    roles, serve, telemetry,
};
use schemas::{city::Delivery, id::Ids};
use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use store::{Options, Store};
use tokio_util::sync::CancellationToken;

/// How fast simulated departments are.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Before the first answer, and between answers.
    step: Duration,
    /// Between one report and the next.
    between: Duration,
}

impl Pace {
    /// For somebody who watches.
    const WATCHED: Self = Self { step: Duration::from_millis(700), between: Duration::from_millis(900) };
    /// For a script that waits.
    const QUICK: Self = Self { step: Duration::from_millis(40), between: Duration::from_millis(20) };
}

/// Where the hops are written: stdout, or stderr when stdout is for the summary.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    stderr: bool,
    paint: Paint,
}

impl Out {
    fn new(stderr: bool) -> Self {
        Self { stderr, paint: if stderr { Paint::stderr() } else { Paint::stdout() } }
    }

    fn line(self, text: impl AsRef<str>) {
        if self.stderr {
            eprintln!("{}", text.as_ref());
        } else {
            say!("{}", text.as_ref());
        }
    }
}

/// Plays the demo.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let pace = if args.once { Pace::QUICK } else { Pace::WATCHED };
    let out = Out::new(args.json);
    let listener = door(&args)?;
    let (folder, _temporary) = folder(args.data.clone())?;
    let clock = clock::real();
    let ids = clock::ids(&clock);
    let town = town(pace)?;
    let config = config(&folder, &town, &ids);
    telemetry::start_logs(&config.log)?;
    let url = {
        use secrecy::ExposeSecret as _;
        config.database.url.expose_secret().to_owned()
    };
    let store = Store::open(&url, Options { clock, ids, publish_events: false }).await.advise(
        format!("the demo's database in {} cannot be opened", folder.display()),
        "name another folder with --data, or stop the other demo that uses it",
    )?;
    store.migrate().await.advise("the demo's database cannot be made", "name an empty folder with --data")?;
    let parts = Parts { town, store, roles: Role::ALL.to_vec(), listener: Some(listener) };
    let access = config.departments.clone();
    let running = Hub::start(config, parts).await?;

    let paint = out.paint;
    out.line(format!(
        "{} of {} is open at {}\n",
        paint.bold("The front door"),
        running.town.city.name(schemas::report::Language::EN),
        paint.cyan(&running.public_url)
    ));
    if !args.once {
        let address = operator(&running).await?;
        out.line(format!("An operator's place: choose a password at {}\n", paint.cyan(&address)));
    }
    let stop = CancellationToken::new();
    let client = send::Client::new(&running.public_url)?;
    let staff: Vec<_> = access
        .into_iter()
        .filter_map(|(id, access)| {
            let worker = department::Worker {
                client: client.clone(),
                id,
                token: access.token?,
                pace,
                calendar: running.town.city.calendar.clone(),
                clock: running.store.clock().clone(),
            };
            Some(tokio::spawn(worker.run(stop.clone())))
        })
        .collect();

    let played = tokio::select! {
        played = play(&running, &client, pace, out, Duration::from_secs(args.deadline)) => played,
        signal = serve::signal() => signal.and_then(|()| Err(Failure::new("stopped before every report had arrived", "run it again").into())),
    };
    let result = match played {
        Ok(walks) => finish(&args, &walks, &running, out).await,
        Err(error) => Err(error),
    };
    stop.cancel();
    for worker in staff {
        // A worker in the middle of a long poll is not waited for.
        worker.abort();
    }
    running.stop().await?;
    result
}

/// An account for whoever looks around: the link by which its password is chosen.
async fn operator(running: &Running) -> anyhow::Result<String> {
    use adapters::staff::{Config, Staff, accounts::New};
    use schemas::account::Role;
    let staff = Staff::new(running.store.clone(), running.town.city.clone(), Config::default());
    let email = "operator@stad.example".to_owned();
    let roles = Role::ALL.to_vec();
    let link = match staff
        .add(New { name: "Demo".to_owned(), email: email.clone(), roles, departments: Vec::new() }, "demo")
        .await
    {
        Ok(link) => link,
        // The folder of an earlier demo.
        Err(_) => staff.reset(&email, "demo", "").await?,
    };
    let language = running.town.city.languages.first().copied().unwrap_or_default();
    let token = secrecy::ExposeSecret::expose_secret(&link.token).to_owned();
    Ok(format!("{}/{}/staff/choose/{token}", running.public_url, language.as_str()))
}

/// Sends the reports and watches until every one has arrived.
async fn play(
    running: &Running,
    client: &send::Client,
    pace: Pace,
    out: Out,
    deadline: Duration,
) -> anyhow::Result<Vec<watch::Walk>> {
    let mut watch = watch::Watch::new(running.store.clone(), running.town.clone(), out);
    let until = tokio::time::Instant::now() + deadline;
    for story in stories::all() {
        let sent = client.send(&story, &running.town, running.store.ids()).await?;
        watch.add(story, sent).await?;
        watch.look_for(pace.between).await?;
    }
    watch.until_arrived(until).await
}

async fn finish(args: &DemoArgs, walks: &[watch::Walk], running: &Running, out: Out) -> anyhow::Result<()> {
    let missing: Vec<String> = walks.iter().filter_map(watch::Walk::missing).collect();
    if args.json {
        let reports: Vec<_> = walks.iter().map(watch::Walk::summary).collect();
        say!("{}", serde_json::json!({ "reports": reports }));
    }
    if !missing.is_empty() {
        return Err(Failure::new(
            format!("after {} s not everything has arrived:\n  {}", args.deadline, missing.join("\n  ")),
            "wait longer with --deadline SECONDS; `voordeur demo` shows each hop",
        )
        .into());
    }
    let paint = out.paint;
    let notices: usize = walks.iter().map(watch::Walk::notices).sum();
    out.line(format!(
        "\n{} {} reports are at their department, {notices} notices are in the letterbox.",
        paint.green("✓"),
        walks.len()
    ));
    if args.once {
        return Ok(());
    }
    let url = &running.public_url;
    out.line(format!("\n{}", paint.bold("Now look around:")));
    out.line(format!("  {}   the front door: tell the city something yourself", paint.cyan(&format!("{url}/nl"))));
    for walk in walks {
        out.line(format!("  {}   {}", paint.cyan(&walk.tracking(url)), walk.title()));
    }
    out.line(format!("  {}   what residents were told", paint.cyan(&format!("{url}/sandbox/letterbox"))));
    out.line(format!("\n{}", paint.dim("Everything stays on this machine. Stop with Ctrl-C.")));
    serve::signal().await
}

/// Opens the door: where it was asked for, at 1777, or with `--once` anywhere.
fn door(args: &DemoArgs) -> anyhow::Result<TcpListener> {
    let usual = SocketAddr::from(([127, 0, 0, 1], 1777));
    let wanted = args.listen.unwrap_or(usual);
    let open = || {
        let listener = match TcpListener::bind(wanted) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && args.once && args.listen.is_none() => {
                TcpListener::bind(SocketAddr::new(usual.ip(), 0))
            }
            other => other,
        }?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    open().map_err(|error: std::io::Error| {
        let help = match error.kind() {
            ErrorKind::AddrInUse => "another program listens there (perhaps another demo): stop it, or choose another port, for instance --listen 127.0.0.1:1888",
            _ => "choose an address of this machine with --listen",
        };
        anyhow::Error::from(error).context(Failure::new(format!("cannot open the door at {wanted}"), help))
    })
}

/// The folder of the database, and what removes it afterwards.
fn folder(given: Option<PathBuf>) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    if let Some(folder) = given {
        std::fs::create_dir_all(&folder)
            .advise(format!("the folder {} cannot be made", folder.display()), "name another with --data")?;
        return Ok((folder, None));
    }
    let temporary = tempfile::Builder::new()
        .prefix("voordeur-demo-")
        .tempdir()
        .advise("there is no room for a temporary folder", "name a folder with --data")?;
    Ok((temporary.path().to_owned(), Some(temporary)))
}

/// The sample city, with simulated departments of this pace.
fn town(pace: Pace) -> anyhow::Result<Town> {
    let mut reading = city::read(None)?;
    if let Some(city) = reading.town.as_mut().and_then(|town| Arc::get_mut(&mut town.city)) {
        let step = u64::try_from(pace.step.as_millis()).unwrap_or(u64::MAX);
        for department in &mut city.departments {
            if let Delivery::Push { adapter, settings } = &mut department.delivery
                && adapter == "sandbox"
            {
                *settings = serde_json::json!({ "first_ms": step, "step_ms": step });
            }
        }
    }
    reading.good()
}

fn config(folder: &std::path::Path, town: &Town, ids: &Ids) -> Config {
    let mut config = Config::default();
    config.database.url = format!("sqlite:{}", folder.join("voordeur.db").display()).into();
    config.web.rate_per_minute = 0;
    // The stories are told faster than a person types.
    config.abuse.form_delay_seconds = 0;
    config.abuse.alike_one = 0;
    config.abuse.alike_all = 0;
    config.web.reads_per_minute = 0;
    // The router's alarm is one of the hops that are shown.
    config.log.level = "warn,router=error".to_owned();
    for id in roles::queue_departments(town) {
        config
            .departments
            .insert(id, DepartmentAccess { token: Some(ids.token().into()), ..DepartmentAccess::default() });
    }
    config
}
