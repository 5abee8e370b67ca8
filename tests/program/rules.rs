//! `rules`, `explain` and `--version`.

use super::{json, printed, run};

#[test]
fn every_rule_that_is_listed_can_be_explained() {
    let rules = json(&["rules", "--format", "json"]);
    let rules = rules.as_array().expect("a list");
    let listed = printed(&["rules"]);
    for rule in rules {
        let id = rule["ruleId"].as_str().expect("an id");
        assert!(listed.contains(&format!("  {id} ")), "{id} is not in the list");
    }
    let explained = printed(&["explain", "time-3"]);
    for part in ["TIME-3", "What it says", "Example", "References", "https://"] {
        assert!(explained.contains(part), "{part} is not in\n{explained}");
    }
    assert!(printed(&["rules", "--markdown"]).contains("### TIME-3 "));
    let record = json(&["explain", "TIME-3", "--format", "json"]);
    assert_eq!(rules.iter().find(|rule| rule["ruleId"] == "TIME-3"), Some(&record));
}

#[test]
fn a_family_is_listed_alone_and_an_unknown_one_refused() {
    let listed = printed(&["rules", "--family", "time"]);
    assert!(listed.contains("TIME-3") && !listed.contains("HYD-1 "), "{listed}");
    for (arguments, hint) in
        [(["rules", "--family", "no such"].as_slice(), "give one of"), (&["explain", "TIM-3"], "TIME-3")]
    {
        let output = run(arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && message.contains(hint), "{message}");
    }
}

#[test]
fn the_version_names_the_rules_and_the_catalog() {
    let version = printed(&["--version"]);
    assert!(version.contains("(rules ") && version.contains("catalog embedded-"), "{version}");
}
