//! A city in its own clothes: colours, logo, font and words from its folder alone.

use super::{Town, attribute};
use schemas::city::{Blobs, Files};

const THEME: &str = "@font-face { font-family: Stad; src: url(\"fonts/stad.woff2\") format(\"woff2\"); }\n\
    :root { --city-brand-color: #7a1f3d; --city-link-color: #7a1f3d; --vd-text: Stad, sans-serif; }\n";
const LOGO: &str =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 4 4\"><circle cx=\"2\" cy=\"2\" r=\"2\"/></svg>";

fn dressed(files: &mut Files) {
    files.insert("theme.css".to_owned(), THEME.into());
    files.insert("logo.svg".to_owned(), LOGO.into());
    files.insert("texts/nl.ftl".to_owned(), "brand-name = Meldpunt\nbrand = Meldpunt { $city }\n".into());
}

#[tokio::test]
async fn a_city_wears_its_own_colours_logo_font_and_words() {
    let font: Blobs = [("fonts/stad.woff2".to_owned(), b"wOF2-and-more".as_slice().into())].into();
    let town = Town::open_dressed(dressed, font).await;
    let page = town.get("/nl").await.text();
    super::pages::check("/nl", &page, "nl");
    assert!(page.contains("<meta name=\"theme-color\" content=\"#7a1f3d\">"), "{page}");
    assert!(page.contains(">Meldpunt</span>") && page.contains("· Meldpunt Kortrijk</title>"), "{page}");
    assert!(!page.contains("brand__door"), "one logo is enough");
    assert!(town.get("/en").await.text().contains(">Voordeur</span>"), "the other languages keep ours");

    let logo = town.get(attribute(&page, "brand__logo", "src")).await;
    assert_eq!((logo.header("content-type"), logo.text().as_str()), ("image/svg+xml", LOGO));
    assert!(logo.header("content-security-policy").contains("default-src 'none'"), "a picture runs nothing");
    let sheet =
        page.split("href=\"").filter_map(|part| part.split('"').next()).find(|href| href.ends_with("/theme.css"));
    let sheet = sheet.expect("the theme is linked");
    assert_eq!(town.get(sheet).await.text(), THEME);
    // What the style sheet names is found beside it.
    let font = town.get(&sheet.replace("theme.css", "fonts/stad.woff2")).await;
    assert_eq!((font.header("content-type"), font.text().as_str()), ("font/woff2", "wOF2-and-more"));
    assert!(font.header("cache-control").contains("immutable"));
}

#[tokio::test]
async fn other_clothes_have_another_address() {
    let plain = Town::open().await;
    let other = Town::open_in(|files| _ = files.insert("logo.svg".to_owned(), LOGO.into())).await;
    let version = |page: String| attribute(&page, "rel=\"stylesheet\"", "href").to_owned();
    assert_ne!(version(plain.get("/nl").await.text()), version(other.get("/nl").await.text()));
    assert!(plain.get("/nl").await.text().contains("brand__door"));
}
