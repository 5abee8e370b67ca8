//! Public samples of other formats, read or refused with a reason that names the place.
//!
//! The samples are not committed. On demand, with a folder of `.x12`, `.edi`, `.txt` and `.json` files:
//! `INFUSION_CODER_SAMPLES=DIR cargo test --test all interop -- --ignored --nocapture`

use infusion_coder::domain::encounter::Setting;
use infusion_coder::interop::fhir::{VisitDefaults, read_visit};
use infusion_coder::interop::x12::read_claims;

#[test]
#[ignore = "needs a folder of samples"]
fn public_samples_are_read_or_refused_by_name() {
    let folder = std::env::var_os("INFUSION_CODER_SAMPLES").expect("INFUSION_CODER_SAMPLES names a folder");
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("the sample can be read");
        let text = String::from_utf8_lossy(&bytes);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let outcome = if name.ends_with(".json") { fhir(&text) } else { x12(&text) };
        println!("{name}: {outcome}");
    }
}

fn x12(text: &str) -> String {
    match read_claims(text) {
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains("segment") || message.contains("not X12"), "{message}");
            format!("refused: {message}")
        }
        Ok(read) => {
            let lines: usize = read.claims.iter().map(|claim| claim.lines.len()).sum();
            assert!(lines > 0 || !read.problems.is_empty(), "nothing was read and nothing was said");
            let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
            format!("{} claims, {lines} lines; {problems:?}", read.claims.len())
        }
    }
}

fn fhir(text: &str) -> String {
    let defaults = VisitDefaults {
        setting: Some(Setting::PhysicianOffice),
        time_zone: Some("America/New_York"),
        ..VisitDefaults::default()
    };
    match read_visit(text, defaults) {
        Err(error) => format!("refused: {error}"),
        Ok(visit) => format!("{} administrations on {}", visit.administrations.len(), visit.service_date),
    }
}
