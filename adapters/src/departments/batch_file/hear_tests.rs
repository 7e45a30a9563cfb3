//! What a file is, by its name.

use super::*;

#[test]
fn what_a_file_is_stands_in_its_name() {
    for (name, wanted) in [
        ("updates.csv", Kind::Updates(Format::Csv)),
        ("UPDATES.JSON", Kind::Updates(Format::Json)),
        ("voordeur-wegen-20261123-000001.json.receipt", {
            Kind::Receipt("voordeur-wegen-20261123-000001.json", Format::Json)
        }),
        ("x.RECEIPT", Kind::Receipt("x", Format::Csv)),
        ("updates.xlsx", Kind::Book),
        ("updates.csv.part", Kind::Other),
        ("updates.csv.filepart", Kind::Other),
        ("updates.csv.errors", Kind::Other),
        (".updates.csv", Kind::Other),
        ("lees mij", Kind::Other),
    ] {
        assert_eq!(kind(name, Format::Csv), wanted, "{name}");
    }
}
