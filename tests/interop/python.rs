//! The Python quick start, run as a new user would, where Python has gRPC.

use std::path::Path;
use std::process::{Command, Output};

use super::Served;

/// Names the Python to use; `python3` where it is not set.
const PYTHON: &str = "INFUSION_CODER_PYTHON";

fn python() -> Command {
    Command::new(std::env::var_os(PYTHON).unwrap_or_else(|| "python3".into()))
}

fn text_of(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_quick_start_runs() {
    let has_grpc = python().args(["-c", "import grpc, grpc_tools"]).output();
    if !has_grpc.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: Python with grpcio and grpcio-tools is not here; name one in {PYTHON}");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let protos = root.join("proto/infusion/coding/v1");
    let protos = std::fs::read_dir(protos).expect("the protos").map(|entry| entry.expect("an entry").path());
    let mut generate = python();
    generate.args(["-m", "grpc_tools.protoc"]).arg("-I").arg(root.join("proto"));
    for kind in ["python", "pyi", "grpc_python"] {
        generate.arg(format!("--{kind}_out={}", folder.path().display()));
    }
    text_of(&generate.args(protos).output().expect("the generator"));
    let served = Served::with(&[]);
    let mut quick_start = python();
    quick_start.arg(root.join("clients/python/quick_start.py")).args(["--server", &served.address]);
    let said = text_of(&quick_start.env("PYTHONPATH", folder.path()).output().expect("the quick start"));
    assert!(said.contains("96413 x 1") && said.contains("J9312 x 71"), "{said}");
    assert!(said.contains(" item 2:"), "{said}");
    assert!(said.contains("INVALID_ARGUMENT") && said.contains("encounter.serviceDate"), "{said}");
}
