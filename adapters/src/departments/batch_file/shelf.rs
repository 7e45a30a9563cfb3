//! Where files lie that the department and we both reach. One call is one step, and a process may
//! die between any two.

use async_trait::async_trait;
use schemas::Timestamp;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 20 * 1024 * 1024;

/// A place for files. Paths are below it, with `/` between folder and name.
#[async_trait]
pub trait Shelf: Send + Sync {
    /// Makes `folder` if it is not there. The place itself is never made: a disk that is not
    /// mounted must not look like an empty one.
    async fn make_folder(&self, folder: &str) -> Result<(), Trouble>;

    /// The files in `folder`, without folders and links.
    async fn list(&self, folder: &str) -> Result<Vec<Entry>, Trouble>;

    /// What the file holds; nothing when there is none.
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Trouble>;

    /// Writes the file whole, over what was there, and waits until the disk has it.
    async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Trouble>;

    /// Gives a file another name, in one step, over what had that name; gives whether it was there.
    async fn rename(&self, from: &str, to: &str) -> Result<bool, Trouble>;

    /// Ends the visit.
    async fn close(&self) {}
}

/// A file in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// When it was last written, by the clock of whoever keeps it.
    pub modified: Option<Timestamp>,
}

/// Why a step did not go well, for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(pub String);

impl Trouble {
    fn io(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self(format!("cannot {doing} {}: {error}", path.display()))
    }

    /// A file that is larger than [`LARGEST`].
    pub fn too_large(path: &str) -> Self {
        Self(format!("{path} is larger than {} MB: split it", LARGEST / 1024 / 1024))
    }
}

/// A folder of this machine.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// The folder at `root`.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    async fn at<T: Send + 'static>(
        &self,
        path: &str,
        step: impl FnOnce(&Path) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let path = self.root.join(path);
        match tokio::task::spawn_blocking(move || step(&path)).await {
            Ok(done) => done,
            Err(_) => Err(Trouble("the process is stopping".to_owned())),
        }
    }
}

/// Opens the plain file at `path`, in the way that `how` says. Whoever shares the folder with us may put a
/// link or a pipe there: neither is followed, and nobody waits for its other end.
fn open(path: &Path, how: &mut OpenOptions) -> io::Result<File> {
    let file = how.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Whether something stands at `path` that is no plain file.
fn is_strange(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(!meta.is_file()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn read(path: &Path) -> Result<Option<File>, Trouble> {
    let strange = is_strange(path).map_err(|error| Trouble::io("look at", path, &error))?;
    if strange {
        return Err(Trouble(format!("{} is not a plain file", path.display())));
    }
    match open(path, OpenOptions::new().read(true)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Trouble::io("open", path, &error)),
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_strange(path)? {
        fs::remove_file(path)?;
    }
    let mut file = open(path, OpenOptions::new().write(true).create(true).truncate(false))?;
    file.set_len(0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_folder(path)
}

/// Makes `folder` below `root`, part by part. A link among them would lead out of the place.
fn make(root: &Path, folder: &str) -> Result<(), Trouble> {
    let mut path = root.to_owned();
    for part in folder.split('/').filter(|part| !part.is_empty()) {
        path.push(part);
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => {
                return Err(Trouble(format!("{} is a link: make it a folder", path.display())));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::create_dir(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(Trouble::io("make", &path, &error));
                }
                _ => {}
            },
            Err(error) => return Err(Trouble::io("look at", &path, &error)),
        }
    }
    Ok(())
}

/// Waits until the disk knows the names in the folder of `path`.
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[async_trait]
impl Shelf for Directory {
    async fn make_folder(&self, folder: &str) -> Result<(), Trouble> {
        let (root, short) = (self.root.clone(), folder.to_owned());
        self.at(folder, move |_| {
            if !root.is_dir() {
                let message = format!("there is no folder {}: make it, or mount the disk it is on", root.display());
                return Err(Trouble(message));
            }
            make(&root, &short)
        })
        .await
    }

    async fn list(&self, folder: &str) -> Result<Vec<Entry>, Trouble> {
        self.at(folder, |path| {
            let trouble = |error: io::Error| Trouble::io("list", path, &error);
            let mut entries = Vec::new();
            for entry in fs::read_dir(path).map_err(trouble)? {
                let entry = entry.map_err(trouble)?;
                // It may be gone by now. A name that is no text is none of ours.
                let Ok(meta) = entry.metadata() else { continue };
                let Ok(name) = entry.file_name().into_string() else { continue };
                if meta.is_file() {
                    let modified = meta.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
                    entries.push(Entry { name, size: meta.len(), modified });
                }
            }
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(entries)
        })
        .await
    }

    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let short = path.to_owned();
        self.at(path, move |path| {
            let Some(file) = read(path)? else { return Ok(None) };
            let mut bytes = Vec::new();
            file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| Trouble::io("read", path, &error))?;
            if bytes.len() as u64 > LARGEST { Err(Trouble::too_large(&short)) } else { Ok(Some(bytes)) }
        })
        .await
    }

    async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Trouble> {
        let bytes = bytes.to_vec();
        self.at(path, move |path| write(path, &bytes).map_err(|error| Trouble::io("write", path, &error))).await
    }

    async fn rename(&self, from: &str, to: &str) -> Result<bool, Trouble> {
        let to = self.root.join(to);
        self.at(from, move |from| match fs::rename(from, &to) {
            Ok(()) => {
                let synced = sync_folder(&to).and_then(|()| sync_folder(from));
                synced.map(|()| true).map_err(|error| Trouble::io("write", &to, &error))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !from.exists() => Ok(false),
            Err(error) => Err(Trouble::io("move", from, &error)),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_keeps_files() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Directory::new(folder.path().to_owned());
        for _ in 0..2 {
            shelf.make_folder("uit/dag").await.unwrap();
        }
        shelf.write("uit/dag/a.part", b"een twee").await.unwrap();
        shelf.write("uit/dag/a.part", b"een").await.unwrap();
        assert!(shelf.rename("uit/dag/a.part", "uit/dag/a").await.unwrap());
        assert!(!shelf.rename("uit/dag/a.part", "uit/dag/a").await.unwrap());
        assert_eq!(shelf.read("uit/dag/a").await.unwrap().as_deref(), Some(&b"een"[..]));
        assert_eq!(shelf.read("uit/dag/a.part").await.unwrap(), None);
        let [entry] = &shelf.list("uit/dag").await.unwrap()[..] else { panic!("one file") };
        assert_eq!((entry.name.as_str(), entry.size), ("a", 3));
        assert!(entry.modified.is_some());
        assert!(shelf.list("uit").await.unwrap().is_empty(), "a folder is no file");
    }

    #[tokio::test]
    async fn a_link_leads_nowhere_and_a_missing_disk_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "x").unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), folder.path().join("in/a.csv")).unwrap();
        let shelf = Directory::new(folder.path().to_owned());
        assert!(shelf.list("in").await.unwrap().is_empty());
        assert!(shelf.read("in/a.csv").await.unwrap_err().0.contains("plain file"));
        // Nor is anything written through one, or given its place.
        std::os::unix::fs::symlink(folder.path().join("secret"), folder.path().join("in/b.csv")).unwrap();
        shelf.write("in/b.csv", b"ours").await.unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("secret")).unwrap(), "x");
        assert_eq!(shelf.read("in/b.csv").await.unwrap().as_deref(), Some(&b"ours"[..]));
        fs::create_dir(folder.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), folder.path().join("uit")).unwrap();
        assert!(shelf.make_folder("uit/dag").await.unwrap_err().0.contains("a link"));
        assert!(!folder.path().join("elsewhere/dag").exists());
        let away = Directory::new(folder.path().join("mnt"));
        assert!(away.make_folder("uit").await.unwrap_err().0.contains("mount"));
        assert!(!folder.path().join("mnt").exists());
    }
}
