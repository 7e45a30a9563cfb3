//! One operation of the API in words: what stands in the OpenAPI document and on its page.

use schemars::{Schema, SchemaGenerator, json_schema};

/// The schema of a body; named types come by the generator.
pub type Shape = fn(&mut SchemaGenerator) -> Schema;

/// For whom an operation is; the chapters of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum For {
    /// Whoever reads what is public.
    Everybody,
    /// Channel integrations and apps of residents.
    Channels,
    /// Devices that show push messages.
    Devices,
    /// Departments and their systems.
    Departments,
    /// People of a desk and their tools.
    Desks,
}

impl For {
    /// Every chapter, in order.
    pub const ALL: [Self; 5] = [Self::Channels, Self::Devices, Self::Departments, Self::Desks, Self::Everybody];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "open-data",
            Self::Channels => "channels",
            Self::Devices => "devices",
            Self::Departments => "departments",
            Self::Desks => "desks",
        }
    }

    /// What it holds.
    pub fn about(self) -> &'static str {
        match self {
            Self::Everybody => "Read what is public of cases, and figures; from a page of any site.",
            Self::Channels => "Bring reports in and follow them: apps, kiosks, chats, systems of others.",
            Self::Devices => "Tell the reporter of a case on a telephone or in a browser.",
            Self::Departments => "Get the work of a department, and say how far it is.",
            Self::Desks => "What people do for departments that no machine reaches.",
        }
    }
}

/// What a caller proves themselves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// Nothing.
    Nobody,
    /// The key of a channel, as a bearer token; without one the report comes by the channel of everybody.
    MaybeChannel,
    /// The key of a channel, as a bearer token.
    Channel,
    /// The token of a department or desk, as a bearer token.
    Department,
    /// The secret of a tracking link, as a bearer token.
    Case,
    /// A signature of the Standard Webhooks scheme.
    Signature,
    /// The secret is the last part of the address.
    Address,
}

impl Proof {
    /// The name of its security scheme; nothing where none is needed beside the address.
    pub fn scheme(self) -> Option<&'static str> {
        match self {
            Self::Nobody | Self::Address => None,
            Self::MaybeChannel | Self::Channel => Some("channel"),
            Self::Department => Some("department"),
            Self::Case => Some("case"),
            Self::Signature => Some("signature"),
        }
    }

    /// In a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::Nobody => "Open to everybody.",
            Self::MaybeChannel => {
                "Open to everybody, where the city does not ask for a key; with `Authorization: Bearer` and a key of \
                 your channel it comes by that channel."
            }
            Self::Channel => "`Authorization: Bearer` and a key of your channel, which the city gives.",
            Self::Address => "The address itself is the secret.",
            Self::Department => "`Authorization: Bearer` and the token that the city gave the department.",
            Self::Case => "`Authorization: Bearer` and the secret of the case: the last part of its tracking link.",
            Self::Signature => {
                "Signed by the Standard Webhooks scheme with the secret that the city and the department share: \
                 `webhook-id`, `webhook-timestamp`, `webhook-signature`."
            }
        }
    }
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Behind `?`.
    Query,
    /// In a header.
    Header,
}

/// What may be given beside the address and the body.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub stands: Stands,
    /// What it does.
    pub about: &'static str,
    /// What it looks like.
    pub shape: Shape,
    /// Whether nothing is done without it.
    pub required: bool,
}

/// A parameter behind `?`.
pub const fn query(name: &'static str, about: &'static str, shape: Shape) -> Parameter {
    Parameter { name, stands: Stands::Query, about, shape, required: false }
}

/// A header.
pub const fn header(name: &'static str, about: &'static str, shape: Shape) -> Parameter {
    Parameter { name, stands: Stands::Header, about, shape, required: false }
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// The media types that are taken.
    pub media: &'static [&'static str],
    /// Its shape; `None` for bytes.
    pub shape: Option<Shape>,
    /// One that works with the sample city; JSON.
    pub example: Option<&'static str>,
}

/// What may come back.
#[derive(Debug, Clone, Copy)]
pub struct Back {
    /// The status.
    pub status: u16,
    /// What it means.
    pub about: &'static str,
    /// The media type and shape of the body; `None` as a shape is bytes, no media type no body.
    pub body: Option<(&'static str, Option<Shape>)>,
    /// Headers that come with it.
    pub headers: &'static [(&'static str, &'static str)],
}

impl Back {
    /// A JSON body.
    pub const fn json(status: u16, about: &'static str, shape: Shape) -> Self {
        Self { status, about, body: Some(("application/json", Some(shape))), headers: &[] }
    }

    /// No body.
    pub const fn empty(status: u16, about: &'static str) -> Self {
        Self { status, about, body: None, headers: &[] }
    }

    /// Bytes of a kind.
    pub const fn bytes(status: u16, about: &'static str, media: &'static str) -> Self {
        Self { status, about, body: Some((media, None)), headers: &[] }
    }

    /// The same, with these headers.
    pub const fn with(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }
}

/// One operation.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// `get`, `post`, `delete`.
    pub method: &'static str,
    /// Its name in programs, unique.
    pub id: &'static str,
    /// Whose it is.
    pub tag: For,
    /// What it does, in a line.
    pub summary: &'static str,
    /// More; CommonMark.
    pub about: &'static str,
    /// What a caller proves themselves with.
    pub proof: Proof,
    /// What may be given.
    pub parameters: &'static [Parameter],
    /// What is sent.
    pub sent: Option<Sent>,
    /// What comes back when it went well.
    pub back: &'static [Back],
    /// The statuses of what may be wrong, each an RFC 9457 problem.
    pub problems: &'static [u16],
}

impl Operation {
    const fn new(method: &'static str, id: &'static str, tag: For, summary: &'static str) -> Self {
        Self {
            method,
            id,
            tag,
            summary,
            about: "",
            proof: Proof::Nobody,
            parameters: &[],
            sent: None,
            back: &[],
            problems: &[],
        }
    }

    /// A look.
    pub const fn get(id: &'static str, tag: For, summary: &'static str) -> Self {
        Self::new("get", id, tag, summary)
    }

    /// Something is sent.
    pub const fn post(id: &'static str, tag: For, summary: &'static str) -> Self {
        Self::new("post", id, tag, summary)
    }

    /// Something goes.
    pub const fn delete(id: &'static str, tag: For, summary: &'static str) -> Self {
        Self::new("delete", id, tag, summary)
    }

    /// More about it; CommonMark.
    pub const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// Who may.
    pub const fn by(self, proof: Proof) -> Self {
        Self { proof, ..self }
    }

    /// What may be given.
    pub const fn given(self, parameters: &'static [Parameter]) -> Self {
        Self { parameters, ..self }
    }

    /// A JSON body, with an example that works with the sample city.
    pub const fn json(self, shape: Shape, example: &'static str) -> Self {
        let sent = Sent { media: &["application/json"], shape: Some(shape), example: Some(example) };
        Self { sent: Some(sent), ..self }
    }

    /// Bytes of these kinds.
    pub const fn bytes(self, media: &'static [&'static str]) -> Self {
        Self { sent: Some(Sent { media, shape: None, example: None }), ..self }
    }

    /// What comes back.
    pub const fn back(self, back: &'static [Back]) -> Self {
        Self { back, ..self }
    }

    /// What may be wrong.
    pub const fn problems(self, problems: &'static [u16]) -> Self {
        Self { problems, ..self }
    }
}

/// An update was taken in; it is applied at once, or waits for nobody but the database.
pub const TAKEN: Back = Back::json(
    202,
    "It is kept, and applied in its turn.",
    |_| json_schema!({"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}}),
);

/// Any text.
pub fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string"})
}

/// A whole number from nought.
pub fn number(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "integer", "minimum": 0})
}

/// A page of a list called `name`, with the address of the next one.
pub fn page(name: &str, item: Schema) -> Schema {
    json_schema!({
        "type": "object",
        "required": [name, "next"],
        "properties": {
            name: {"type": "array", "items": item},
            "next": {"type": ["string", "null"], "description": "The address of the next page, as it is."},
        },
    })
}
