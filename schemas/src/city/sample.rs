//! The sample city, for the tests of this crate. Tests may read files; the crate may not.

use super::{City, Files};
use std::{fs, path::Path};

/// The files of `deploy/city`.
pub(crate) fn files() -> Files {
    fn walk(root: &Path, folder: &Path, files: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, text.into());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/city");
    let mut files = Files::new();
    walk(&root, &root, &mut files);
    files
}

/// The sample city, read.
pub(crate) fn city() -> City {
    let files = files();
    let (city, faults) = City::read(files.clone());
    let told: String = faults.iter().map(|fault| fault.render(files.get(&fault.file).map(AsRef::as_ref))).collect();
    assert!(faults.is_empty(), "{told}");
    city.expect("a city without faults is there")
}

#[test]
fn the_sample_city_is_without_fault() {
    let city = city();
    assert_eq!(city.categories.len(), 100);
    assert_eq!(city.groups.len(), 16);
    assert_eq!(city.departments.len(), 52);
    assert_eq!(city.areas.all().len(), 8);
    assert_eq!(city.category("wegen/put").unwrap().department.as_str(), "publieke-ruimte-wegen");
    assert!(city.department("contactcentrum").is_some() && city.department("nergens").is_none());
    assert!(city.delivery_at("politie").0 > 1);
    // The belfry on the Grote Markt.
    let belfry = crate::place::Point { lat: 50.82780, lon: 3.26450 };
    assert!(city.areas.in_city(belfry));
    assert_eq!(city.areas.locate(belfry), [crate::slug::Slug::new("kortrijk").unwrap()]);
}
