//! The file of the base map, in the city folder.

use schemas::{
    city::{BaseMap, City},
    fault::Fault,
};
use std::{fs::File, io, path::Path, time::UNIX_EPOCH};
use web::BaseFile;

/// Opens the file that `city` chose in its folder; nothing for a city that chose none.
pub fn open(city: &City, folder: Option<&Path>) -> io::Result<Option<BaseFile>> {
    let BaseMap::File { file } = &city.base_map else { return Ok(None) };
    let folder = folder.ok_or_else(|| io::Error::other("the built-in sample city has no such file"))?;
    let file = File::open(folder.join(file))?;
    let about = file.metadata()?;
    let changed = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let tag = format!("{:x}-{:x}", about.len(), changed.as_nanos());
    BaseFile::new(file, tag).map(Some)
}

/// What is wrong with the file, told where `city.yaml` names it.
pub fn check(city: &City, folder: Option<&Path>) -> Option<Fault> {
    let why = open(city, folder).err()?;
    let BaseMap::File { file } = &city.base_map else { return None };
    let yaml = city.files.get("city.yaml").map(|text| text.as_ref()).unwrap_or_default();
    let line = yaml.lines().position(|line| line.contains(file.as_str()));
    let at = line.map_or((1, 1), |line| (line + 1, 1));
    let message = format!("the base map `{file}` cannot be used: {why}");
    Some(Fault::error("city.yaml", at, message, "put a PMTiles file (version 3) there, or leave `pmtiles` out"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city;

    #[test]
    fn a_base_map_that_is_not_there_is_told_where_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/city");
        let text = std::fs::read_to_string(sample.join("city.yaml")).unwrap();
        let mut files = city::read(None).unwrap().files;
        files.insert("city.yaml".to_owned(), format!("{text}\nmap: {{pmtiles: base.pmtiles}}\n").into());
        for (name, text) in &files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text.as_bytes()).unwrap();
        }
        let faults = || city::read(Some(folder.path())).unwrap().faults;
        let said = faults();
        assert!(said.len() == 1 && said[0].message.contains("base.pmtiles"), "{said:?}");
        assert_eq!(said[0].line, text.lines().count() + 2);
        std::fs::write(folder.path().join("base.pmtiles"), b"something else").unwrap();
        assert_eq!(faults().len(), 1);
        let mut bytes = vec![0; 200];
        bytes[..8].copy_from_slice(b"PMTiles\x03");
        bytes[99] = 1;
        std::fs::write(folder.path().join("base.pmtiles"), bytes).unwrap();
        assert!(faults().is_empty());
    }
}
