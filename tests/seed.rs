//! The embedded table of facts is what `build-seed` writes from the CMS files of the shared folder.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

use crate::support::shared;

/// The files it was written from: every list of codes, the payment files, Addendum B and the edits.
fn files(folder: &Path) -> Vec<PathBuf> {
    let in_part = |part: &str, wanted: fn(&str) -> bool| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder.join(part)).expect("a folder");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths.retain(|path| wanted(&path.file_name().expect("a name").to_string_lossy().to_lowercase()));
        paths
    };
    [
        in_part("hcpcs", |name| !["correction", "noc", "layout"].iter().any(|word| name.contains(word))),
        in_part("asp", |name| name.starts_with("section 508")),
        in_part("opps", |name| name.ends_with(".csv")),
        in_part("ncci", |name| name.starts_with("ncci_") && name.ends_with(".csv")),
    ]
    .concat()
}

#[test]
fn the_seed_is_what_the_files_give() {
    let Some(folder) = shared("data") else { return };
    let out = tempfile::TempDir::new().expect("a folder");
    let mut program = Command::new(env!("CARGO_BIN_EXE_infusion-coder"));
    program.arg("build-seed").arg("--out").arg(out.path()).args(files(&folder)).assert().success();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/seed");
    for entry in fs::read_dir(out.path()).expect("the tables") {
        let name = entry.expect("a table").file_name();
        let [written, kept] = [out.path(), &committed].map(|folder| fs::read(folder.join(&name)).ok());
        assert!(written == kept, "{}: run build-seed again, read the difference, commit it", name.display());
    }
}
