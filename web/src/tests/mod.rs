//! The pages and the API as a browser and a program meet them, on an embedded store.

use schemas::city::{City, Files};
use std::{path::Path, sync::Arc};

/// The sample city.
pub fn city() -> City {
    fn walk(root: &Path, folder: &Path, files: &mut Files) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(root, &path, files);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                files.insert(path.strip_prefix(root).unwrap().display().to_string(), Arc::from(text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/city");
    let mut files = Files::new();
    walk(&root, &root, &mut files);
    let (city, faults) = City::read(files);
    city.unwrap_or_else(|| panic!("the sample city is good: {faults:?}"))
}
