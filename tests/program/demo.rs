//! `demo` and `code --server`: what the README begins with.

use std::path::Path;

use super::served::Served;
use super::{printed, run};

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    path.to_string_lossy().into_owned()
}

#[test]
fn the_demonstration_codes_the_examples_and_serves_on() {
    let demo = Served::demo();
    for part in ["Visit r-chop", "Visit folfox-pump-start", "Question: When did the infusion stop?", "J9312"]
    {
        assert!(demo.printed.contains(part), "{part} is not in\n{}", demo.printed);
    }
    let file = example("r-chop.json");
    for format in ["text", "json"] {
        let arguments = ["code", &file, "--format", format];
        let there = demo.client().args(arguments).output().expect("the program");
        assert!(there.status.success(), "{}", String::from_utf8_lossy(&there.stderr));
        assert_eq!(String::from_utf8_lossy(&there.stdout), printed(&arguments));
    }
}

#[test]
fn a_demonstration_can_end_by_itself() {
    let output = run(&["demo", "--listen", "127.0.0.1:0", "--once"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("Visit r-chop") && !text.contains("Ctrl-C"), "{text}");
}

#[test]
fn a_service_that_is_not_there_is_named() {
    let output = run(&["code", &example("r-chop.json"), "--server", "127.0.0.1:1"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("127.0.0.1:1") && message.contains("serve"), "{message}");
}
