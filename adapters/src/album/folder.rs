//! Files of photos in a folder of this machine, or of a disk that several share. Only this program's account reads them.

use super::shelf::{LARGEST, Trouble};
use bytes::Bytes;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// A folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Does `step` with the folder of `file` and its name. The folder at the root is never made: a disk that is not
    /// mounted must not look like an empty one.
    async fn at<T: Send + 'static>(
        &self,
        file: &str,
        step: impl FnOnce(&Path, &Path, &str) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Trouble> {
        // Random digits of the photo's id: some hundred folders, none of them large.
        let (root, part) = (self.root.clone(), file.get(30..32).unwrap_or("xx").to_owned());
        let (name, shown) = (file.to_owned(), self.root.display().to_string());
        let done = tokio::task::spawn_blocking(move || {
            if !fs::metadata(&root)?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            step(&root, &root.join(part), &name)
        });
        match done.await {
            Ok(done) => done.map_err(|error| Trouble(format!("{shown}: {error}"))),
            Err(_) => Err(Trouble("the process is stopping".to_owned())),
        }
    }

    pub(super) async fn put(&self, file: &str, bytes: Bytes) -> Result<(), Trouble> {
        self.at(file, move |root, folder, name| {
            match DirBuilder::new().mode(0o700).create(folder) {
                Ok(()) => sync(root)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            // Under another name until it is whole.
            let part = folder.join(half(name));
            let mut open = OpenOptions::new();
            open.write(true).create(true).truncate(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
            let mut written = open.open(&part)?;
            written.write_all(&bytes)?;
            written.sync_all()?;
            fs::rename(&part, folder.join(name))?;
            sync(folder)
        })
        .await
    }

    pub(super) async fn get(&self, file: &str) -> Result<Option<Vec<u8>>, Trouble> {
        self.at(file, |_, folder, name| {
            let mut open = OpenOptions::new();
            open.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
            let found = match open.open(folder.join(name)) {
                Ok(found) => found,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let mut bytes = Vec::new();
            found.take(LARGEST as u64).read_to_end(&mut bytes)?;
            Ok(Some(bytes))
        })
        .await
    }

    pub(super) async fn remove(&self, file: &str) -> Result<(), Trouble> {
        self.at(file, |_, folder, name| {
            let mut gone = false;
            for path in [folder.join(name), folder.join(half(name))] {
                match fs::remove_file(path) {
                    Ok(()) => gone = true,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            // It is struck off after this: it may not come back with the power.
            if gone { sync(folder) } else { Ok(()) }
        })
        .await
    }
}

/// The name of a file that is not whole yet.
fn half(name: &str) -> String {
    format!("{name}.part")
}

/// Waits until the disk knows which files a folder holds.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
