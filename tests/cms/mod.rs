//! The parsers of CMS files against the real ones, each with a count taken without the parser.

mod arbitrary;
mod every_kind;
mod hcpcs;
mod layouts;
mod payment_files;

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

/// A file of a folder, or a member of an archive in it where the name has the form `archive.zip!member`.
fn bytes_of(folder: &Path, name: &str) -> Vec<u8> {
    let (file, member) = name.split_once('!').unwrap_or((name, ""));
    let bytes = fs::read(folder.join(file)).expect("a file of the shared folder");
    if member.is_empty() {
        return bytes;
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut content = Vec::new();
    archive.by_name(member).expect("a member").read_to_end(&mut content).expect("its content");
    content
}
