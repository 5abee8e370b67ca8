//! What several integration tests need.

pub mod anweb;
pub mod proof;
pub mod server;
pub mod site;

use std::path::{Path, PathBuf};

/// Set by the CI script where the shared folder is present, so that a skipped test fails there.
const REQUIRE_SHARED: &str = "INFUSION_CODER_REQUIRE_SHARED";

/// A file or folder of the shared material beside the checkout; says so when the test is skipped.
///
/// Write `let Some(folder) = shared("data/hcpcs") else { return };` at the top of such a test.
#[allow(dead_code, reason = "used by the tests that read the shared material")]
pub fn shared(path: &str) -> Option<PathBuf> {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if full.exists() {
        return Some(full);
    }
    assert!(
        std::env::var_os(REQUIRE_SHARED).is_none(),
        "{} is absent, and {REQUIRE_SHARED} is set",
        full.display()
    );
    eprintln!("SKIPPED: ../shared/{path} is not beside this checkout");
    None
}
