//! The sample configuration is a whole one, and the manual and the completions know every command.

use std::collections::BTreeSet;

use super::{printed, program};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/infusion-coder.toml");

fn sample() -> String {
    std::fs::read_to_string(SAMPLE).expect("the sample")
}

/// The flags of `serve` that a file may set.
fn flags() -> BTreeSet<String> {
    let command = infusion_coder::cli::command();
    let serve = command.find_subcommand("serve").expect("serve");
    let flags = serve.get_arguments().filter_map(|flag| flag.get_long()).map(str::to_owned);
    flags.filter(|flag| flag != "config" && flag != "help").collect()
}

/// The keys of a table and of those below it, as flags.
fn keys(above: &str, table: &toml::Table, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let name = if above.is_empty() { key.clone() } else { format!("{above}-{key}") };
        match value {
            toml::Value::Table(inner) => keys(&name, inner, found),
            _ => assert!(found.insert(name.clone()), "`{name}` is there twice"),
        }
    }
}

#[test]
fn the_sample_documents_every_setting() {
    // A key that has no default is shown as a comment of the form `# key = value`.
    let shown: String = sample()
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let mut found = BTreeSet::new();
    keys("", &shown.parse().expect("the sample is TOML"), &mut found);
    let flags = flags();
    let undocumented: Vec<_> = flags.difference(&found).collect();
    let unknown: Vec<_> = found.difference(&flags).collect();
    assert!(
        undocumented.is_empty() && unknown.is_empty(),
        "deploy/infusion-coder.toml lacks {undocumented:?}, and no flag has {unknown:?}"
    );
}

#[test]
fn the_sample_says_the_defaults() {
    let command = infusion_coder::cli::command();
    let serve = command.find_subcommand("serve").expect("serve");
    let table: toml::Table = sample().parse().expect("the sample is TOML");
    for (key, value) in table["limit"].as_table().expect("limits") {
        let flag = format!("limit-{key}");
        let argument = serve.get_arguments().find(|argument| argument.get_long() == Some(&flag));
        let default = argument.expect(&flag).get_default_values().first().expect("a default");
        assert_eq!(default.to_str(), value.as_integer().map(|limit| limit.to_string()).as_deref(), "{flag}");
    }
}

#[test]
fn the_sample_can_be_served_from() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("sample.toml");
    // One wrong key more shows that all the others were read.
    std::fs::write(&file, format!("{}\nno-such-limit = 1\n", sample())).expect("a file");
    let arguments = ["serve", "--config", file.to_str().expect("a path")];
    let output = program().args(arguments).output().expect("the program");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("`limit.no-such-limit` is no setting"), "{message}");
}

/// A certificate without its key must not serve in the clear.
#[test]
fn a_file_with_half_of_tls_is_refused() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("half.toml");
    for (text, missing) in [
        ("tls.certificate = 'tls.crt'", "--tls-key"),
        ("tls.key = 'tls.key'", "--tls-certificate"),
        ("tls.client-ca = 'ca.pem'", "--tls-certificate"),
        ("follow = 'a'\nstore = 'b'", "--store"),
    ] {
        std::fs::write(&file, text).expect("a file");
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--config", file.to_str().expect("a path")];
        let output = program().args(arguments).output().expect("the program");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}: {message}");
        assert!(message.contains(missing) && message.contains("half.toml"), "{message}");
    }
}

#[test]
fn the_manual_and_the_completions_know_every_command() {
    let (manual, completions) = (printed(&["man"]), printed(&["completions", "bash"]));
    let command = infusion_coder::cli::command();
    for name in command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(clap::Command::get_name) {
        assert!(manual.contains(&format!("infusion-coder-{name}")), "the manual lacks {name}");
        assert!(completions.contains(name), "the completions lack {name}");
        // The script finds a subcommand's flags by a name that it gives the subcommand, written alike in both places.
        let named = format!("infusion__coder__subcmd__{}", name.replace('-', "__"));
        let has_flags = completions.lines().any(|line| line.trim() == format!("{named})"));
        assert!(has_flags, "no flag of {name} is completed");
    }
    for beside in ["INFUSION_CODER_IDENTITY_LINES", ".SH FILES", ".SH \"EXIT STATUS\"", ".SH ENVIRONMENT"] {
        assert!(manual.contains(beside), "the manual lacks {beside}");
    }
}
