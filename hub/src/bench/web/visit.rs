//! What a browser fetches that was never here before: the page, and all that it names.

use reqwest::{Client, header::ACCEPT_ENCODING};
use std::collections::BTreeSet;
use url::Url;

/// Attributes of the page, and words of scripts, that name a file, each with how the name ends.
const NAMES: [(&str, char); 4] = [("href=\"", '"'), ("src=\"", '"'), ("import\"", '"'), ("import(\"", '"')];

/// What `path` and everything that it needs weigh, as they are sent to a browser that reads `encodings`: the page, its
/// style sheets, fonts, scripts and what those import, icons and the manifest; not the lines of HTTP before them. In
/// 10³ bytes.
pub(super) async fn first(client: &Client, base: &str, path: &str, encodings: &str) -> anyhow::Result<f64> {
    let page = Url::parse(base)?.join(path)?;
    let (mut seen, mut next, mut sum) = (BTreeSet::from([page.clone()]), vec![page.clone()], 0);
    while let Some(url) = next.pop() {
        let sent = client.get(url.clone()).header(ACCEPT_ENCODING, encodings).send().await?.error_for_status()?;
        sum += sent.bytes().await?.len();
        if url != page && !url.path().ends_with(".js") {
            continue;
        }
        let text = client.get(url.clone()).header(ACCEPT_ENCODING, "identity").send().await?.text().await?;
        // Of what a page leads to, only what it is made of.
        let tags = if url == page { text.split('<').filter(|tag| is_part(tag)).collect() } else { vec![text.as_str()] };
        for (name, end) in tags
            .iter()
            .flat_map(|tag| NAMES.map(|(name, end)| tag.split(name).skip(1).map(move |rest| (rest, end))))
            .flatten()
        {
            let file = url.join(name.split(end).next().unwrap_or_default())?;
            if seen.insert(file.clone()) {
                next.push(file);
            }
        }
    }
    Ok(sum as f64 / 1e3)
}

/// Whether browsers fetch what this tag names, without being asked to.
fn is_part(tag: &str) -> bool {
    let is_link =
        tag.starts_with("link ") && !["alternate", "canonical"].iter().any(|rel| tag.contains(&format!("rel=\"{rel}")));
    is_link || tag.starts_with("script ") || tag.starts_with("img ")
}
