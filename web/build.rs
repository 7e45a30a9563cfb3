//! Builds the style sheet of the resident pages into `OUT_DIR/web`: NL Design System components
//! bundled by esbuild where Node is there, and a hand-written stand-in for them where it is not.
//! Either way the pages are complete; only standard library here, so that this file builds at once.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("web");
    for watched in ["assets", "static", "icons", "templates", "texts", "package-lock.json", "build.rs"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    println!("cargo::rerun-if-env-changed=VOORDEUR_WITHOUT_NODE");
    println!("cargo::rustc-env=WEB_DIST={}", out.display());

    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&out).expect("OUT_DIR can be written to");
    statics(&here, &out);
    if let Err(why) = bundle(&here, &out) {
        println!("cargo::warning=web: built without Node, with the plain style sheet: {why}");
        plain(&here, &out);
    }
}

/// Our own scripts and pictures, as they are.
fn statics(here: &Path, out: &Path) {
    for entry in fs::read_dir(here.join("static")).expect("web/static is there").flatten() {
        if entry.path().extension().is_some_and(|e| e != "css") {
            fs::copy(entry.path(), out.join(entry.file_name())).expect("OUT_DIR can be written to");
        }
    }
}

/// Installs the packages of the lock file if need be, lets esbuild make one style sheet, and has it all made small.
fn bundle(here: &Path, out: &Path) -> Result<(), String> {
    if env::var_os("VOORDEUR_WITHOUT_NODE").is_some_and(|value| !value.is_empty()) {
        return Err("VOORDEUR_WITHOUT_NODE is set".to_owned());
    }
    let esbuild = here.join("node_modules/esbuild/bin/esbuild");
    let installed = here.join("node_modules/.package-lock.json");
    if modified(&here.join("package-lock.json")) > modified(&installed) || !esbuild.exists() {
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(here))?;
    }
    scripts(here, out, &esbuild)?;
    run(Command::new(&esbuild)
        .arg(here.join("assets/site.css"))
        .args(["--bundle", "--minify", "--log-level=error", "--target=chrome87,firefox85,safari14"])
        .args(["--loader:.woff2=file", "--asset-names=fonts/[name]"])
        .arg(format!("--outfile={}", out.join("site.css").display())))?;
    run(Command::new("node").arg(here.join("assets/finish.mjs")).arg(out))
}

/// Our own scripts without what only their readers need, for browsers of ten years; and those of the map, each with what it
/// alone needs. MapLibre is a piece of its own that is fetched when a map is opened, and so is its worker, as a file: the
/// policy of our pages lets nothing else run.
fn scripts(here: &Path, out: &Path, esbuild: &Path) -> Result<(), String> {
    let own = fs::read_dir(here.join("static")).map_err(|error| format!("web/static: {error}"))?;
    let own = own.flatten().map(|entry| entry.path()).filter(|file| file.extension().is_some_and(|e| e == "js"));
    run(Command::new(esbuild)
        .args(own)
        .args(["--minify", "--log-level=error", "--target=es2018", "--legal-comments=inline"])
        .args(["--banner:js=/*! Voordeur, EUPL-1.2 */", "--allow-overwrite"])
        .arg(format!("--outdir={}", out.display())))?;
    run(Command::new(esbuild)
        .args(["map.js", "patch.js", "pin.js", "map.css"].map(|file| here.join("assets/js").join(file)))
        .args(["--bundle", "--splitting", "--format=esm", "--minify", "--log-level=error", "--target=es2022"])
        .args(["--legal-comments=inline", "--chunk-names=chunks/[name]-[hash]"])
        .arg(format!("--outdir={}", out.display())))?;
    fs::copy(here.join("node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs"), out.join("map-worker.js"))
        .map(|_| ())
        .map_err(|error| format!("the worker of MapLibre: {error}"))
}

/// The same page styles with our own stand-in for the components, put one after the other.
fn plain(here: &Path, out: &Path) {
    let read = |file: &str| {
        println!("cargo::rerun-if-changed={file}");
        fs::read_to_string(here.join(file)).unwrap_or_else(|error| panic!("web/{file}: {error}"))
    };
    let sheets = ["assets/tokens.css", "static/plain.css", "assets/pages.css", "assets/maps.css"];
    let sheets = sheets.into_iter().chain(["assets/tell.css", "assets/outward.css", "assets/print.css"]).map(read);
    // Whatever was made before it went wrong.
    let _ = fs::remove_dir_all(out);
    fs::create_dir_all(out).expect("OUT_DIR can be written to");
    statics(here, out);
    fs::write(out.join("site.css"), sheets.collect::<Vec<_>>().join("\n")).expect("OUT_DIR can be written to");
}

/// When `file` was last written; never, when it is not there.
fn modified(file: &Path) -> SystemTime {
    fs::metadata(file).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    Err(format!("{program} failed: {line}"))
}
