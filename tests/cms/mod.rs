//! The parsers of CMS files against the real ones, each with a count taken without the parser.

mod allocations;
mod arbitrary;
mod edits;
mod every_kind;
mod hcpcs;
mod layouts;
mod names_after_import;
mod payment_files;
mod samples;

use std::collections::HashMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::{LazyLock, Mutex, OnceLock};

use infusion_coder::cms::hcpcs::{Release, parse};

/// A file of a folder, or a member of an archive in it where the name has the form `archive.zip!member`.
fn bytes_of(folder: &Path, name: &str) -> Vec<u8> {
    let (file, member) = name.split_once('!').unwrap_or((name, ""));
    let bytes = fs::read(folder.join(file)).expect("a file of the shared folder");
    if member.is_empty() { bytes } else { member_of(&bytes, member) }
}

/// A member of an archive.
fn member_of(archive: &[u8], name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut content = Vec::new();
    archive.by_name(name).expect("a member").read_to_end(&mut content).expect("its content");
    content
}

/// A list of codes of the shared folder, read once for all tests: reading it costs seconds without optimisation.
pub fn release_of(folder: &Path, name: &'static str) -> &'static Release {
    static READ: LazyLock<Mutex<HashMap<&str, &'static OnceLock<Release>>>> = LazyLock::new(Mutex::default);
    let once = *READ
        .lock()
        .expect("no test panics under the lock")
        .entry(name)
        .or_insert_with(|| Box::leak(Box::default()));
    once.get_or_init(|| parse(&bytes_of(folder, name)).expect(name))
}
