//! The rule book is whole: every rule is documented and cited, every citation is used, the reference is current.

use std::collections::BTreeSet;
use std::path::Path;

use infusion_coder::policy::PolicyBook;
use infusion_coder::report::rule_reference;
use infusion_coder::rules::{self, Status};

/// Set to write `catalog/rules.md` anew in place of comparing it.
const BLESS: &str = "INFUSION_CODER_BLESS";

#[test]
fn the_rule_reference_is_current() {
    let book = PolicyBook::embedded().expect("the embedded policies");
    let text = rule_reference::markdown(book.citations());
    let path = catalog().join("rules.md");
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(&path, &text).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "catalog/rules.md is not current; run `infusion-coder rules --markdown > catalog/rules.md`"
    );
}

#[test]
fn every_rule_has_a_citation_that_exists() {
    let book = PolicyBook::embedded().expect("the embedded policies");
    let mut faults = Vec::new();
    for rule in rules::all() {
        // A rule of inference may rest on other rules alone, and must then say which.
        if rule.citations.is_empty() {
            faults.push(format!("{} cites nothing", rule.id));
        }
        let unknown = rule.citations.iter().filter(|key| book.citations().get(key).is_none());
        faults.extend(unknown.map(|key| format!("{} cites {key}, which is not in citations.toml", rule.id)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_citation_is_used() {
    let book = PolicyBook::embedded().expect("the embedded policies");
    let mut used: BTreeSet<String> =
        rules::all().flat_map(|rule| rule.citations.iter().map(|key| (*key).to_owned())).collect();
    used.extend(keys_cited_by_data());
    let unused: Vec<&str> =
        book.citations().iter().map(|(key, _)| key).filter(|key| !used.contains(*key)).collect();
    assert!(unused.is_empty(), "no rule, parameter or table cites {unused:?}");
}

#[test]
fn every_citation_of_the_data_exists() {
    let book = PolicyBook::embedded().expect("the embedded policies");
    let unknown: Vec<String> =
        keys_cited_by_data().into_iter().filter(|key| book.citations().get(key).is_none()).collect();
    assert!(unknown.is_empty(), "citations.toml does not hold {unknown:?}");
}

#[test]
fn ids_are_unique_and_every_heading_is_filled() {
    let mut seen = BTreeSet::new();
    for rule in rules::all() {
        assert!(seen.insert(rule.id), "{} stands twice", rule.id);
        let says = &rule.documentation;
        for (heading, text) in [
            ("title", rule.title),
            ("what it says", says.what_it_says),
            ("why", says.why),
            ("example", says.example),
            ("exceptions", says.exceptions),
        ] {
            assert!(text.len() >= 5, "{}: `{heading}` says nothing", rule.id);
        }
        if let Status::Withdrawn(reason) = rule.status {
            assert!(!reason.is_empty(), "{} is withdrawn without a reason", rule.id);
        }
    }
}

/// Keys in the `cite` entries of the data files, and in the columns of the tables whose name ends so.
fn keys_cited_by_data() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for path in files(&catalog()) {
        let text = std::fs::read_to_string(&path).expect("a data file");
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => keys.extend(text.lines().filter_map(|line| {
                let value = line.trim().strip_prefix("cite")?.trim_start().strip_prefix('=')?;
                Some(value.trim().trim_matches('"').to_owned())
            })),
            Some("csv") => keys.extend(cited_in_table(&text)),
            _ => {}
        }
    }
    keys
}

fn cited_in_table(text: &str) -> Vec<String> {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let header = table.headers().expect("a header").clone();
    let columns: Vec<usize> = (0..header.len()).filter(|at| header[*at].ends_with("cite")).collect();
    let rows = table.records().map(|row| row.expect("a row"));
    let cells = rows.flat_map(|row| columns.iter().map(|at| row[*at].to_owned()).collect::<Vec<_>>());
    cells.filter(|key| !key.is_empty()).collect()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn catalog() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog")
}
