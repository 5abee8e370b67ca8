//! The invariants of ARCHITECTURE.md, each kept by a test over the source text.

use std::fs;
use std::path::Path;

/// Rooms that must stay pure: no IO, no clock, no floating point.
const PURE: &[&str] = &["domain", "policy", "rules", "engine", "cms", "catalog", "audit", "interop"];

/// The one room of the catalog that touches a disk.
const STORE: &str = "catalog/store";

/// Words that have no place in a pure room.
const IMPURE: &[&str] = &[
    "tokio",
    "sled",
    "reqwest",
    "tonic",
    "std::fs",
    "std::net",
    "std::time",
    "std::env",
    "f32",
    "f64",
    "unsafe",
    "SystemTime",
    "Instant::now",
];

/// A word and the only places that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("sled::", &["catalog/store"]),
    ("reqwest::", &["updater/fetch"]),
    ("object_store::", &["updater/replica/bucket"]),
    ("zip::", &["updater/unpack", "cms/workbook"]),
    ("prost::", &["server", "cli", "proto.rs", "proto/"]),
];

/// Longest source file a reader is asked to hold, in lines.
const FILE_LINES_MAX: usize = 400;

#[test]
fn pure_rooms_name_no_io_clock_or_float() {
    let mut faults = Vec::new();
    for (path, text) in sources("src") {
        let pure = PURE.iter().any(|room| path.starts_with(&format!("src/{room}/")));
        if !pure || path.starts_with(&format!("src/{STORE}")) {
            continue;
        }
        for (number, line) in code_lines(&text) {
            let found = IMPURE.iter().filter(|word| contains_word(line, word));
            faults.extend(found.map(|word| format!("{path}:{number} names {word}")));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn each_outside_world_has_one_home() {
    let mut faults = Vec::new();
    for (path, text) in sources("src") {
        for (word, homes) in HOMES {
            let at_home = homes.iter().any(|home| path.starts_with(&format!("src/{home}")));
            let named = code_lines(&text).find(|(_, line)| contains_word(line, word));
            if let (false, Some((number, _))) = (at_home, named) {
                faults.push(format!("{path}:{number} names {word}, whose home is {homes:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_file_is_too_long_to_hold() {
    let long: Vec<String> = sources("src")
        .into_iter()
        .chain(sources("tests"))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

/// What a merge leaves behind in prose compiles as well as before, so only a test sees it.
#[test]
fn no_document_keeps_both_sides_of_a_merge() {
    let top = fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the project");
    let top = top.map(|entry| entry.expect("an entry").path()).filter(|path| has_extension(path, "md"));
    let documents =
        top.map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("a document")));
    let split: Vec<String> = documents
        .chain(files("docs", "md"))
        .chain(files("deploy", "toml"))
        .filter(|(_, text)| {
            text.lines().any(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "))
        })
        .map(|(path, _)| path)
        .collect();
    assert!(split.is_empty(), "{split:#?}");
}

/// Every Rust file below a folder of the project, by its path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    files(folder, "rs")
}

fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if has_extension(&path, extension) {
                let text = fs::read_to_string(&path).expect("a source file");
                found.push((relative(root, &path), text));
            }
        }
    }
    found.sort();
    found
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).expect("a path of the project").to_string_lossy().replace('\\', "/")
}

/// The lines that are code: comments and the tests at the bottom are left out.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

fn contains_word(line: &str, word: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    line.match_indices(word).any(|(at, _)| {
        let after = word.ends_with("::") || edge(line[at + word.len()..].chars().next());
        edge(line[..at].chars().next_back()) && after
    })
}
