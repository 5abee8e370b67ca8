//! `code` over a file of visits: every line answered in its place, whatever stands in it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use super::program;

fn visit(number: usize) -> String {
    format!(
        r#"{{"encounter":{{"encounterId":"v-{number}","setting":"PHYSICIAN_OFFICE","serviceDate":"2025-11-03","administrations":[{{"administrationId":"a1","route":"IV_PUSH","startTime":"2025-11-03T09:{:02}","drugs":[{{"hcpcsCode":"J1200","doseAdministered":{{"value":"50","unit":"mg"}}}}]}}]}}}}"#,
        number % 60
    )
}

fn run(flags: &[&str], input: &[u8]) -> Output {
    let mut process = program("code")
        .args(["--detail", "lines"])
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = process.stdin.take().expect("its standard input");
    std::thread::scope(|scope| {
        // It may have stopped reading already.
        scope.spawn(move || stdin.write_all(input));
        process.wait_with_output().expect("its output")
    })
}

fn answers(output: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(output).expect("text");
    let lines = text.lines();
    lines.map(|line| serde_json::from_str(line).unwrap_or(Value::Null)).collect()
}

fn id(answer: &Value) -> &str {
    answer["encounterId"].as_str().unwrap_or_default()
}

#[test]
fn every_line_is_answered_in_its_place() {
    let broken = "{\"encounter\":{\"serviceDate\":\"x\"}}";
    let text = format!("\u{feff}{}\r\n\r\n{broken}\n{{oops\n{}", visit(1), visit(2));
    let output = run(&["-", "--lines"], text.as_bytes());
    let answers = answers(&output.stdout);
    assert_eq!(answers.len(), 5, "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((id(&answers[0]), &answers[1], id(&answers[4])), ("v-1", &Value::Null, "v-2"));
    assert_eq!(answers[2]["error"]["violations"][1]["field"], "encounter.serviceDate");
    assert_eq!(answers[3]["error"]["reason"], "INVALID_REQUEST");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("line 3: ") && said.contains("line 4: "), "{said}");
    assert!(said.contains("5 lines answered, 2 of them refused"), "{said}");
    // Refused lines have their answer in place: the run itself did what was asked.
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(run(&["-", "--lines", "--strict"], b"{oops").status.code(), Some(3));
    assert_eq!(run(&["-", "--lines", "--strict"], visit(1).as_bytes()).status.code(), Some(0));
}

#[test]
fn several_objects_on_standard_input_are_lines() {
    let bare = r#"{"setting":"PHYSICIAN_OFFICE","encounterId":"v-2"}"#;
    let output = run(&["-", "--format", "json"], format!("{}\n{bare}\n", visit(1)).as_bytes());
    let answers = answers(&output.stdout);
    assert_eq!((answers.len(), id(&answers[0])), (2, "v-1"), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(answers[1]["error"]["violations"][0]["field"], "encounter.serviceDate");
}

#[test]
fn a_stopped_run_is_resumed_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (folder.path().join("in.jsonl"), folder.path().join("out.jsonl"));
    let text: String = (0..300).map(|number| visit(number) + "\n").collect();
    fs::write(&input, &text).expect("written");
    let code = |resume: &[&str]| {
        let mut program = program("code");
        let (input, output): (&Path, &Path) = (&input, &output);
        program.arg(input).arg("-o").arg(output).args(["--detail", "lines"]).args(resume);
        program.output().expect("the program")
    };
    assert!(code(&[]).status.success());
    let whole = fs::read(&output).expect("the answers");
    fs::write(&output, &whole[..whole.len() / 3]).expect("cut");
    let resumed = code(&["--resume"]);
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    assert!(fs::read(&output).expect("the answers") == whole, "the resumed output differs");
    // A finished output is left as it is.
    assert!(code(&["--resume"]).status.success());
    assert!(fs::read(&output).expect("the answers") == whole);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let text: String = (0..20_000).map(|number| format!("{{bad {number}\n")).collect();
    let mut process = program("code")
        .args(["-", "--lines"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    drop(process.stdout.take());
    let mut stdin = process.stdin.take().expect("its standard input");
    // The program may be gone before it has read everything.
    let _ = stdin.write_all(text.as_bytes());
    drop(stdin);
    assert_eq!(process.wait().expect("its end").code(), Some(0));
}
