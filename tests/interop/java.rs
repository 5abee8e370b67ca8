//! The Java quick start, run as a new user would, where a JDK and gRPC for Java are.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Served;

/// What `run.sh` needs, and how each shows that it is here.
const TOOLS: &[(&str, &str)] = &[("javac", "-version"), ("protoc", "--version"), ("java", "-version")];

/// Where Debian keeps the classes.
const JARS: &str = "/usr/share/java";

fn is_here() -> bool {
    let runs = |(tool, flag): &(&str, &str)| {
        let tried = Command::new(tool).arg(flag).stdout(Stdio::null()).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let jars = ["grpc-netty.jar", "netty-codec-http2.jar", "perfmark-api.jar"];
    TOOLS.iter().all(runs)
        && Path::new("/usr/bin/grpc_java_plugin").is_file()
        && jars.iter().all(|jar| Path::new(JARS).join(jar).exists())
}

#[test]
fn the_quick_start_runs() {
    if !is_here() {
        eprintln!("SKIPPED: a JDK, protoc and gRPC for Java are not here: see clients/java/README.md");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let served = Served::with(&[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/java/run.sh");
    let output = Command::new(script).arg(&served.address).env("OUT", folder.path()).output();
    let output = output.expect("the script");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("96413 x 1") && said.contains("J9312 x 71"), "{said}");
    assert!(said.contains(" item 2:"), "{said}");
    assert!(said.contains("INVALID_ARGUMENT") && said.contains("encounter.serviceDate"), "{said}");
}
