//! What the tests of this crate share.

use schemas::{
    city::{City, Files},
    fault::Fault,
};
use std::{fs, path::Path};

/// The files of the sample city.
pub fn files() -> Files {
    fn walk(root: &Path, folder: &Path, files: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else if let Ok(text) = fs::read_to_string(&path) {
                files.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), text.into());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/city");
    let mut files = Files::new();
    walk(&root, &root, &mut files);
    files
}

/// The sample city.
pub fn city() -> City {
    city_with(&[])
}

/// The sample city with these files on top.
pub fn city_with(extra: &[(&str, &str)]) -> City {
    let mut files = files();
    files.extend(extra.iter().map(|(path, text)| ((*path).to_owned(), (*text).into())));
    let (city, faults): (Option<City>, Vec<Fault>) = City::read(files);
    city.unwrap_or_else(|| panic!("{faults:?}"))
}
