//! Every way to write a list wrong, and what is said about it.

use super::*;
use crate::fault::Severity;
use geo::{MultiPolygon, Polygon};

/// A city from 50 to 51 north and 3 to 4 east.
fn areas() -> Areas {
    let ring = vec![(3.0, 50.0), (4.0, 50.0), (4.0, 51.0), (3.0, 51.0), (3.0, 50.0)];
    Areas::new(Vec::new(), Some(MultiPolygon(vec![Polygon::new(ring.into(), Vec::new())])))
}

fn told(file: &str, text: &str) -> Vec<String> {
    let files: Files = [(file.to_owned(), text.into())].into();
    let mut faults = Vec::new();
    streets(&files, &areas(), &mut faults);
    assets(&files, &areas(), &mut faults);
    let line = |fault: Fault| {
        let kind = if fault.severity == Severity::Warning { "odd " } else { "" };
        format!("{}:{} {kind}{} ({})", fault.file, fault.line, fault.message, fault.help)
    };
    faults.into_iter().map(line).collect()
}

#[test]
fn lists_are_read() {
    let text = "\u{feff}street;street_fr;number;postcode;town;lat;lon\n\
        Markt;Place;;8000;Dorp;50,5;3,5\nMarkt;;12 A;8000;Dorp;50.501;3.5\n\n\
        \"Kerk;straat\";;;;;50.6;3.5\nMARKT;;3;8000;Dorp;50.502;3.5\n";
    let files: Files =
        [(STREETS.to_owned(), text.into()), (ASSETS.to_owned(), "number\tx\ty\nL 12\t72000\t168000\n".into())].into();
    let mut faults = Vec::new();
    let streets = streets(&files, &areas(), &mut faults);
    let assets = assets(&files, &areas(), &mut faults);
    assert_eq!(faults, []);
    let [market, church] = streets.all() else { panic!("{streets:?}") };
    assert_eq!((market.name(Language::FR), market.name(Language::EN)), ("Place", "Markt"));
    assert_eq!(market.numbers.keys().collect::<Vec<_>>(), ["12a", "3"]);
    assert_eq!((church.name(Language::NL), church.postcode.as_deref()), ("Kerk;straat", None));
    let lamp = assets.get("l12").unwrap();
    assert_eq!(lamp.kind, AssetKind::Other);
    assert!(lamp.point.metres_to(Lambert72 { x: 72_000.0, y: 168_000.0 }.to_point()) < 0.001);
    assert_eq!(streets.named("markt").count(), 1);
}

#[test]
fn no_list_is_no_fault() {
    assert!(told("other.csv", "x").is_empty());
    assert!(told(STREETS, "street,lat,lon\n").is_empty());
}

#[test]
fn faults_name_the_file_the_line_and_the_cure() {
    for (file, text, said) in [
        (STREETS, "", "streets.csv:1 the column `street` is missing"),
        (STREETS, "streat,lat,lon\n", "streets.csv:1 there is no column `streat` (did you mean `street`?)"),
        (STREETS, "street,lat\nA,1\n", "streets.csv:1 the header does not say how points are written"),
        (STREETS, "street,lat,lon,x,y\n", "streets.csv:1 the header does not say how points are written"),
        (STREETS, "street,lat,lat,lon\n", "streets.csv:1 the column `lat` is here twice"),
        (STREETS, "street,lat,lon\n,50.5,3.5\n", "streets.csv:2 this line names no street"),
        (
            STREETS,
            "street,lat,lon\nA,50.5,3.5\nB,north,3.5\n",
            "streets.csv:3 `north` in the column `lat` is not a number",
        ),
        (STREETS, "street,lat,lon\nA,50.5\n", "streets.csv:2 this line has 2 cells, the header has 3"),
        (STREETS, "street,lat,lon\nA,3.5,50.5\n", "streets.csv:2 odd 3.50000, 50.50000 lies outside the city (swap"),
        (STREETS, "street,lat,lon\nA,NaN,50.5\n", "streets.csv:2 `NaN` in the column `lat` is not a number"),
        (STREETS, "street,x,y\nA,-5,168000\n", "streets.csv:2 this is no position in Lambert 72"),
        (STREETS, "street,number,lat,lon\nA,bis,50.5,3.5\n", "streets.csv:2 `bis` is not the number of a house"),
        (STREETS, "street,number,lat,lon\nA,1,50.5,3.5\na,1,50.5,3.5\n", "streets.csv:3 a 1 is here twice"),
        (ASSETS, "number,kind,lat,lon\nL1,lamp,50.5,3.5\n", "assets.csv:2 `L1` is not a number that can be found"),
        (ASSETS, "number,kind,lat,lon\nLAMP,lamp,50.5,3.5\n", "assets.csv:2 `LAMP` is not a number that can be found"),
        (
            ASSETS,
            "number,kind,lat,lon\nL12,lamb,50.5,3.5\n",
            "assets.csv:2 there is no kind `lamb` (did you mean `lamp`?)",
        ),
        (
            ASSETS,
            "number,kind,lat,lon\nL12,lamp,50.5,3.5\nl-12,lamp,50.6,3.5\n",
            "assets.csv:3 the number `l-12` is here twice, first in line 2",
        ),
    ] {
        let told = told(file, text);
        assert!(told.iter().any(|line| line.starts_with(said)), "{text:?}: {told:?}");
    }
}

#[test]
fn a_wrong_column_is_not_told_a_thousand_times() {
    let text = "street,lat,lon\n".to_owned() + &"A,x,y\n".repeat(1_000);
    let told = told(STREETS, &text);
    assert_eq!(told.len(), MOST_FAULTS);
    assert!(told.last().unwrap().contains("more lines of this file are wrong"));
}
