//! TLS to servers that speak no HTTP.

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// TLS from the first byte, trusting the system's authorities and those in `pem`. The error is a sentence that
/// begins with `ca_file:` or `tls:`.
pub(super) fn connector(pem: Option<&[u8]>) -> Result<TlsConnector, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let extra: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_slice_iter(pem.unwrap_or_default()).collect();
    let extra = extra.map_err(|error| format!("ca_file: these are no certificates: {error}"))?;
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider.clone());
    let verifier = verifier.map_err(|error| format!("tls: the system's certificates cannot be read: {error}"))?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("tls: {error}"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
