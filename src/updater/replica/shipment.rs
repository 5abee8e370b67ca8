//! All releases in use as one content-addressed file, and the pointer that names it.
//!
//! The first line lists the releases with their lengths, then follow their bundles as the store keeps
//! them, and the last line is the digest of all bytes before it. Equal releases give equal bytes, so a
//! follower that knows the digest knows the catalog.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::catalog::release::{Bundle, BundleError, Release};
use crate::updater::fetch::hex;

/// Names the format and its version; another version is refused rather than guessed at.
const FORMAT: &str = "infusion-coder catalog 1";

/// Largest file that is fetched over HTTP, in bytes: eight times the largest bundle of a release. A folder and a
/// bucket are our own and are read whole.
pub const BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The file that names the one in force.
pub const POINTER: &str = "current.json";

/// Why bytes are not a shipment.
#[derive(Debug, thiserror::Error)]
pub enum ShipmentError {
    #[error("the file has no digest at its end, so it was cut short: export it again")]
    NoDigest,
    #[error("the content does not match its SHA-256, so it was changed or damaged: export it again")]
    Digest,
    #[error("the file is not a catalog of releases: export it with `infusion-coder export --bundle`")]
    NoHeader,
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

/// One release in a shipment.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Part {
    id: String,
    bytes: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: String,
    releases: Vec<Part>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Trailer {
    sha256: String,
}

/// What the pointer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// Name of the file, beside the pointer.
    pub bundle: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    pub releases: Vec<String>,
}

/// Bytes that are known to match their digest.
#[derive(Debug, Clone)]
pub struct Shipment {
    bytes: Vec<u8>,
    sha256: String,
}

impl Pointer {
    /// Whether its file lies beside it: a plain name, which leads nowhere else.
    pub fn is_beside(&self) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
        !self.bundle.starts_with('.') && !self.bundle.is_empty() && self.bundle.chars().all(is_plain)
    }
}

impl Shipment {
    /// Packs bundles in the order in which they are merged.
    pub fn pack(bundles: &[(String, Bundle)]) -> Self {
        let releases =
            bundles.iter().map(|(id, bundle)| Part { id: id.clone(), bytes: bundle.bytes().len() }).collect();
        let header = Header { format: FORMAT.to_owned(), releases };
        let mut bytes = line(&header);
        bundles.iter().for_each(|(_, bundle)| bytes.extend_from_slice(bundle.bytes()));
        let sha256 = hex(&Sha256::digest(&bytes));
        bytes.extend(line(&Trailer { sha256: sha256.clone() }));
        Self { bytes, sha256 }
    }

    /// Takes bytes that are a shipment, and checks their digest.
    ///
    /// # Errors
    /// Bytes that are cut short or do not match their digest.
    pub fn verify(bytes: Vec<u8>) -> Result<Self, ShipmentError> {
        let body = bytes.strip_suffix(b"\n").ok_or(ShipmentError::NoDigest)?;
        let at = body.iter().rposition(|byte| *byte == b'\n').ok_or(ShipmentError::NoDigest)? + 1;
        let trailer: Trailer = serde_json::from_slice(&body[at..]).map_err(|_| ShipmentError::NoDigest)?;
        if hex(&Sha256::digest(&bytes[..at])) != trailer.sha256 {
            return Err(ShipmentError::Digest);
        }
        Ok(Self { bytes, sha256: trailer.sha256 })
    }

    /// The releases, in the order in which they are merged.
    ///
    /// # Errors
    /// A part that is no release.
    pub fn releases(&self) -> Result<Vec<Release>, ShipmentError> {
        let (header, mut rest) = self.split()?;
        // The header may list more releases than there are bytes for.
        let mut releases = Vec::new();
        for part in &header.releases {
            let (own, others) = rest.split_at_checked(part.bytes).ok_or(ShipmentError::NoHeader)?;
            releases.push(Bundle::verify(own.to_vec())?.read()?);
            rest = others;
        }
        Ok(releases)
    }

    /// The pointer that names the shipment.
    ///
    /// # Errors
    /// A first line that lists no releases.
    pub fn pointer(&self) -> Result<Pointer, ShipmentError> {
        let (header, _) = self.split()?;
        let releases = header.releases.into_iter().map(|part| part.id).collect();
        let bundle = format!("catalog-{}.bundle", &self.sha256[..16]);
        Ok(Pointer { bundle, sha256: self.sha256.clone(), releases })
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the content, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    fn split(&self) -> Result<(Header, &[u8]), ShipmentError> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n').ok_or(ShipmentError::NoHeader)?;
        let header: Header =
            serde_json::from_slice(&self.bytes[..end]).map_err(|_| ShipmentError::NoHeader)?;
        if header.format != FORMAT {
            return Err(ShipmentError::NoHeader);
        }
        Ok((header, &self.bytes[end + 1..]))
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    // Texts and numbers always have a JSON form.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::release::{ReleaseHeader, ReleaseKind};

    fn bundle(sha256: &str) -> (String, Bundle) {
        let quarter = "2025Q4".parse().unwrap();
        let release = Release::empty(ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, "file", sha256));
        (release.header.id.to_string(), Bundle::write(&release))
    }

    #[test]
    fn a_pointer_leads_to_its_own_folder_alone() {
        let beside = |bundle: &str| {
            Pointer { bundle: bundle.to_owned(), sha256: String::new(), releases: Vec::new() }.is_beside()
        };
        assert!(beside("catalog-0a1b.bundle"));
        for elsewhere in ["", "..", "../x", "/etc/passwd", "a/b", "a\\b", "http://x/", "%2e%2e/x"] {
            assert!(!beside(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn releases_survive_the_journey_under_a_name_that_is_their_content() {
        let shipment = Shipment::pack(&[bundle("aaaaaaaa"), bundle("bbbbbbbb")]);
        let arrived = Shipment::verify(shipment.bytes().to_vec()).unwrap();
        let pointer = arrived.pointer().unwrap();
        assert_eq!(pointer.releases, ["hcpcs-2025Q4-aaaaaaaa", "hcpcs-2025Q4-bbbbbbbb"]);
        assert!(pointer.bundle.contains(&arrived.sha256()[..16]));
        let ids: Vec<String> =
            arrived.releases().unwrap().iter().map(|it| it.header.id.to_string()).collect();
        assert_eq!(ids, pointer.releases);
        assert_eq!(Shipment::pack(&[bundle("aaaaaaaa"), bundle("bbbbbbbb")]).sha256(), shipment.sha256());
        assert_ne!(Shipment::pack(&[bundle("aaaaaaaa")]).sha256(), shipment.sha256());
    }

    #[test]
    fn damage_is_noticed() {
        let bytes = Shipment::pack(&[bundle("aaaaaaaa")]).bytes().to_vec();
        for length in 0..bytes.len() {
            assert!(Shipment::verify(bytes[..length].to_vec()).is_err(), "cut to {length} bytes");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(Shipment::verify(damaged).is_err(), "byte {at}");
        }
    }
}
