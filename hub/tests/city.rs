//! A city folder on a disk.

use schemas::fault::Severity;
use std::{fs, path::Path, process::Command};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// What a spreadsheet saves when nobody chose UTF-8: "é" is one byte, E9.
#[test]
fn a_table_in_another_encoding_is_named_and_not_left_out() {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/city"), folder.path());
    let table = folder.path().join("rules/05-table.csv");
    let row = "rule;category;words;assign\ncoffee;groen/boom;caf\u{e9};communicatie\n";
    fs::write(&table, row.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<u8>>()).unwrap();
    let reading = hub::city::read(Some(folder.path())).unwrap();
    assert!(reading.town.is_none());
    let errors: Vec<_> = reading.faults.iter().filter(|fault| fault.severity == Severity::Error).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!((errors[0].file.as_str(), errors[0].line, errors[0].column), ("rules/05-table.csv", 2, 22));
    assert!(errors[0].help.contains("CSV UTF-8"), "{}", errors[0].help);

    fs::write(&table, row).unwrap();
    let reading = hub::city::read(Some(folder.path())).unwrap();
    let rules = reading.good().unwrap().rules;
    assert_eq!((rules.rules()[0].name.as_str(), rules.rules()[0].line), ("coffee", 2));
}

#[test]
fn a_further_language_is_written_for_translators_and_kept_when_it_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/city"), folder.path());
    let run = |args: &[&str]| {
        let city = ["--city", folder.path().to_str().unwrap()];
        let output = Command::new(env!("CARGO_BIN_EXE_voordeur"))
            .current_dir(folder.path())
            .args(args)
            .args(city)
            .output()
            .unwrap();
        let both = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&both).into_owned())
    };
    for (args, told) in [
        (&["texts", "xx"][..], "`xx` is no language"),
        (&["texts", "fr"], "is built in"),
        (&["texts", "de", "--from", "es"], "--from: `es` is not built in"),
    ] {
        let (good, said) = run(args);
        assert!(!good && said.contains(told), "{said}");
    }
    let (good, printed) = run(&["texts", "de", "--from", "fr"]);
    assert!(good && printed.contains("\n# skip = Aller au contenu\n") && !folder.path().join("texts").exists());

    let (good, said) = run(&["texts", "de", "--write"]);
    assert!(good && said.contains("0 translated"), "{said}");
    let file = folder.path().join("texts/de.ftl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("# skip = Skip to the content", "skip = Zum Inhalt")).unwrap();
    let (good, said) = run(&["check"]);
    assert!(good && said.contains("texts are missing"), "{said}");
    let (good, said) = run(&["texts", "de", "--write"]);
    assert!(good && said.contains(": 1 translated"), "{said}");
    assert!(fs::read_to_string(&file).unwrap().contains("\nskip = Zum Inhalt\n"));

    let note = "\nnotice-note =\n    .short = { $nobody }: { $link }\n";
    fs::write(&file, fs::read_to_string(&file).unwrap() + note).unwrap();
    let (good, said) = run(&["check"]);
    assert!(!good && said.contains("texts/de.ftl:") && said.contains("`nobody` is not a variable"), "{said}");
}
