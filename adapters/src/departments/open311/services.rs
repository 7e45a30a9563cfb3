//! What a server says it has: its services, and the attributes that each of them asks for. Asked
//! again every hour, and at once for a service that it did not have.

use super::{
    client::{Client, Trouble},
    wire::Node,
};
use schemas::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How long an answer is believed.
const FRESH: Duration = Duration::from_secs(3600);
/// How long it is believed that a service is not there.
const FRESH_NO: Duration = Duration::from_secs(60);
/// The most services and attributes that are kept.
const MOST: usize = 5_000;

/// When a request gets its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum When {
    /// With the answer.
    #[default]
    Realtime,
    /// Later, by a token.
    Batch,
    /// Never.
    Blackbox,
}

/// One attribute of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attribute {
    /// Its code.
    pub code: String,
    /// What it asks, for people.
    pub asks: String,
    /// Whether a request is refused without it.
    pub required: bool,
    /// Whether it takes several values.
    pub several: bool,
    /// Its options: (key, name); none for free text.
    pub options: Vec<(String, String)>,
}

/// One service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// When its requests get their numbers.
    pub when: When,
    /// What it asks for; nothing when it does not say.
    pub attributes: Option<Vec<Attribute>>,
}

/// What is known of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It is there.
    Here(Service),
    /// It is not; these are.
    Missing(Vec<String>),
    /// The server does not say, or cannot be asked now.
    Dark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listed {
    when: When,
    has_attributes: bool,
}

#[derive(Debug, Default)]
struct Kept {
    list: Option<(Timestamp, BTreeMap<String, Listed>)>,
    attributes: BTreeMap<String, (Timestamp, Vec<Attribute>)>,
}

/// What a server has, as far as it was asked.
#[derive(Debug, Default)]
pub struct Catalogue(Mutex<Kept>);

impl Catalogue {
    fn kept<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        // Whoever panicked left whole answers behind: they are written in one step.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is known of the service `code`.
    pub async fn service(&self, client: &Client, code: &str) -> Known {
        let now = client.clock.now();
        let young = |at: Timestamp, fresh: Duration| now < at + fresh;
        let listed = self.kept(|kept| {
            let (at, list) = kept.list.as_ref()?;
            match list.get(code) {
                Some(listed) if young(*at, FRESH) => Some(Ok(*listed)),
                None if young(*at, FRESH_NO) => Some(Err(list.keys().cloned().collect())),
                _ => None,
            }
        });
        let listed = match listed {
            Some(listed) => listed,
            None => match client.get(&["services"], &[]).await.map(|node| read_list(&node)) {
                // A server without a list may take requests all the same.
                Ok(list) if list.is_empty() => return Known::Dark,
                Err(trouble) => return dark("services", &trouble),
                Ok(list) => {
                    let listed = list.get(code).copied().ok_or_else(|| list.keys().cloned().collect());
                    self.kept(|kept| kept.list = Some((now, list)));
                    listed
                }
            },
        };
        let listed: Listed = match listed {
            Ok(listed) => listed,
            Err(offered) => return Known::Missing(offered),
        };
        if !listed.has_attributes {
            return Known::Here(Service { when: listed.when, attributes: Some(Vec::new()) });
        }
        let known = self.kept(|kept| kept.attributes.get(code).filter(|(at, _)| young(*at, FRESH)).cloned());
        let attributes = match known {
            Some((_, attributes)) => Some(attributes),
            None => match client.get(&["services", code], &[]).await {
                Ok(node) => {
                    let attributes = read_attributes(&node);
                    self.kept(|kept| kept.attributes.insert(code.to_owned(), (now, attributes.clone())));
                    Some(attributes)
                }
                Err(trouble) => {
                    dark("a service", &trouble);
                    None
                }
            },
        };
        Known::Here(Service { when: listed.when, attributes })
    }

    /// Forgets what it knew: the server did not agree with it.
    pub fn forget(&self) {
        self.kept(|kept| *kept = Kept::default());
    }
}

fn dark(what: &str, trouble: &Trouble) -> Known {
    tracing::debug!(%trouble, "their server does not describe {what}");
    Known::Dark
}

fn read_list(node: &Node) -> BTreeMap<String, Listed> {
    let services = node.having("service_code").into_iter().take(MOST);
    services
        .filter_map(|service| {
            let when = match service.field("type").unwrap_or_default() {
                "batch" => When::Batch,
                "blackbox" => When::Blackbox,
                _ => When::Realtime,
            };
            let has_attributes = service.field("metadata") == Some("true");
            Some((service.field("service_code")?.to_owned(), Listed { when, has_attributes }))
        })
        .collect()
}

fn read_attributes(node: &Node) -> Vec<Attribute> {
    let attributes = node.having("code").into_iter().take(MOST);
    // Some are there only to be read: `variable` is false.
    attributes
        .filter(|attribute| attribute.field("variable") != Some("false"))
        .filter_map(|attribute| {
            let options = attribute.having("key").into_iter().filter_map(|option| {
                let key = option.field("key")?.to_owned();
                let name = option.field("name").unwrap_or(&key).to_owned();
                Some((key, name))
            });
            Some(Attribute {
                code: attribute.field("code")?.to_owned(),
                asks: attribute.line("description", 100).unwrap_or_default(),
                required: attribute.field("required") == Some("true"),
                several: attribute.field("datatype") == Some("multivaluelist"),
                options: options.collect(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::departments::open311::wire::{Format, read};

    const XML: &str = "<service_definition><service_code>PUT</service_code><attributes>
        <attribute><variable>true</variable><code>DEPTH</code><datatype>singlevaluelist</datatype><required>true</required>
          <description>Hoe diep?</description><values><value><key>1</key><name>Ondiep</name></value>
          <value><key>2</key><name>Diep</name></value></values></attribute>
        <attribute><variable>false</variable><code>INFO</code><datatype>text</datatype><required>false</required></attribute>
        </attributes></service_definition>";

    #[test]
    fn services_and_attributes_are_read_in_both_formats() {
        let json = r#"{"service_code": "PUT", "attributes": [
            {"variable": true, "code": "DEPTH", "datatype": "singlevaluelist", "required": true, "description": "Hoe diep?",
             "values": [{"key": 1, "name": "Ondiep"}, {"key": 2, "name": "Diep"}]},
            {"variable": false, "code": "INFO", "datatype": "text", "required": false}]}"#;
        for node in [read(Format::Xml, XML.as_bytes()), read(Format::Json, json.as_bytes())] {
            let [depth] = &read_attributes(&node.unwrap())[..] else { panic!("one attribute to fill") };
            let options = [("1", "Ondiep"), ("2", "Diep")].map(|(key, name)| (key.to_owned(), name.to_owned()));
            assert_eq!((depth.code.as_str(), depth.required, depth.several), ("DEPTH", true, false));
            assert_eq!((depth.asks.as_str(), &depth.options[..]), ("Hoe diep?", &options[..]));
        }
        let list =
            r#"[{"service_code": 1, "metadata": true, "type": "batch"}, {"service_code": "B", "type": "realtime"}]"#;
        let list = read_list(&read(Format::Json, list.as_bytes()).unwrap());
        assert_eq!(list["1"], Listed { when: When::Batch, has_attributes: true });
        assert_eq!(list["B"], Listed { when: When::Realtime, has_attributes: false });
    }
}
