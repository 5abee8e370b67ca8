//! The published API keeps the lint rules of buf's STANDARD (formerly DEFAULT) set, documents every
//! element, and never breaks what a release published.
//!
//! buf itself is not needed: the rules are read off the descriptors that the build embeds.

mod breaking;
mod lint;

use infusion_coder::server::pb;
use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

/// The package of the API. Its name is in lower case and ends with a version.
const PACKAGE: &str = "infusion.coding.v1";

/// What the API may import: Google's well-known types.
const IMPORTED: &str = "google/protobuf/";

fn api() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(pb::DESCRIPTORS).expect("the build wrote a descriptor set");
    let files: Vec<_> = set.file.into_iter().filter(|file| !file.name().starts_with(IMPORTED)).collect();
    assert!(!files.is_empty(), "the descriptors hold no file of {PACKAGE}");
    files
}
