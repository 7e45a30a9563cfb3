//! TLS to a mail server: rustls, trusting the system's authorities and those of one file.

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use schemas::fault::Invalid;
use serde::Deserialize;
use std::{net::IpAddr, path::Path, sync::Arc};
use tokio_rustls::TlsConnector;

/// How a connection is kept from eavesdroppers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Not at all: for a server on this machine.
    None,
    /// In the clear until STARTTLS (RFC 3207, RFC 9051 §6.2.1); a server without it is not used.
    Starttls,
    /// From the first byte (RFC 8314).
    Required,
}

/// Whether `host` is this machine: nobody listens in between.
pub(super) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// What the file of additional authorities holds. `section` names the settings.
pub(super) fn pem(section: &str, file: Option<&Path>) -> Result<Option<Vec<u8>>, Invalid> {
    file.map(std::fs::read).transpose().map_err(|error| {
        let name = file.map(|file| file.display().to_string()).unwrap_or_default();
        Invalid::new(format!("{section}.ca_file"), "unreadable", format!("{name} cannot be read: {error}"))
    })
}

/// A connector that trusts the system and the authorities in `file`.
pub(super) fn connector(section: &str, file: Option<&Path>) -> Result<TlsConnector, Invalid> {
    let wrong = |what: &str, message: String| Invalid::new(format!("{section}.{what}"), "malformed", message);
    let pem = pem(section, file)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let extra: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_slice_iter(pem.as_deref().unwrap_or_default()).collect();
    let extra = extra.map_err(|error| wrong("ca_file", format!("these are no certificates: {error}")))?;
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider.clone())
        .map_err(|error| wrong("tls", format!("the system's certificates cannot be read: {error}")))?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong("tls", error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
