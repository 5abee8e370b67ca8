//! The command line as the caller of a service: its certificate, its token, and what it says when neither helps.

use super::served::Served;
use super::serving::{Serving, issue};
use super::{printed, program};

#[test]
fn a_service_that_asks_for_certificates_is_shown_one() {
    let issued = issue();
    let file = |name: &str| issued.folder.path().join(name).to_str().expect("a path").to_owned();
    let mut serving = Serving::start(
        &[
            "--tls-certificate",
            &file("server.pem"),
            "--tls-key",
            &file("server.key"),
            "--tls-client-ca",
            &file("ca.pem"),
            "--identities",
            &file("identities"),
        ],
        &[],
    );
    let address = serving.address().replace("127.0.0.1", "localhost");
    let url = format!("https://{address}");
    let asked = |arguments: &[&str]| {
        let mut asked = program();
        asked.args(["code", "examples/r-chop.json", "--server", &url, "--ca", &file("ca.pem")]);
        asked.current_dir(env!("CARGO_MANIFEST_DIR"));
        asked.args(arguments).output().expect("the program")
    };
    let shown = asked(&["--client-certificate", &file("client.pem"), "--client-key", &file("client.key")]);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let refused = asked(&[]);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains("--client-certificate"), "{message}");
    let mut plain = program();
    plain.args(["releases", "--server", &format!("http://{address}")]);
    let plain = plain.output().expect("the program");
    let message = String::from_utf8_lossy(&plain.stderr).into_owned();
    assert!(!plain.status.success() && message.contains("https://"), "{message}");
    assert!(serving.stop());
}

#[test]
fn a_token_in_the_environment_is_idle_without_a_service() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/r-chop.json");
    let mut local = program();
    local.args(["code", example]).env("INFUSION_CODER_TOKEN", "a-token-of-many-letters");
    let local = local.env("INFUSION_CODER_CA", "nowhere.pem").output().expect("the program");
    assert!(local.status.success(), "{}", String::from_utf8_lossy(&local.stderr));
    assert_eq!(String::from_utf8_lossy(&local.stdout), printed(&["code", example]));
    let mistaken = program().args(["code", example, "--token", "x"]).output().expect("the program");
    assert_eq!(mistaken.status.code(), Some(2), "given by hand, it wants a service");
    let served = Served::start();
    let mut asked = served.client();
    let asked = asked.args(["code", example]).env("INFUSION_CODER_TOKEN", "a-token-of-many-letters");
    assert!(asked.output().is_ok_and(|output| output.status.success()));
}
