//! `replay`: an answer is produced again byte for byte, across a refresh of the catalog.

use std::path::{Path, PathBuf};

use infusion_coder::catalog::release::{Release, ReleaseHeader, ReleaseKind};
use infusion_coder::catalog::store::Library;
use infusion_coder::domain::code::HcpcsCode;
use infusion_coder::domain::quantity::Quantity;
use infusion_coder::domain::time::parse_date;

use super::{printed, run};

/// Thirty-five minutes of iron sucrose: 200 mg at 1 mg a unit, until a posting says 2 mg.
const VISIT: &str = r#"{"encounterId": "v-1", "setting": "PHYSICIAN_OFFICE", "serviceDate": "2025-11-03",
    "administrations": [{"administrationId": "a1", "route": "IV_INFUSION", "accessSite": "arm",
    "startTime": "2025-11-03T09:02", "stopTime": "2025-11-03T09:37",
    "drugs": [{"hcpcsCode": "J1756", "doseAdministered": {"value": "200", "unit": "mg"}}]}]}"#;

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Codes the visit into a file at a level of detail.
    fn code(&self, answer: &str, detail: &str) {
        let (visit, store, answer) = (self.path("visit.json"), self.path("store"), self.path(answer));
        printed(&["code", &visit, "--store", &store, "--format", "json", "--detail", detail, "-o", &answer]);
    }

    fn replay(&self, answer: &str, visit: &str) -> (bool, String) {
        let (answer, visit, store) = (self.path(answer), self.path(visit), self.path("store"));
        let output = run(&["replay", &answer, "--input", &visit, "--store", &store]);
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).expect("text"))
    }
}

/// A posting of the quarter that changes what one unit of a code is.
fn refresh(store: &Path) {
    let (library, _) = Library::open(store).expect("the store");
    let header = ReleaseHeader::new(
        ReleaseKind::Hcpcs,
        "2025Q4".parse().expect("a quarter"),
        "posting.txt",
        "bbbbbbbbbbbb",
    );
    let code = HcpcsCode::of("J1756");
    let mut posting = Release::empty(header);
    let version = Release::embedded().codes.iter().find(|version| version.code == code).expect("the code");
    let mut version = version.clone();
    version.effective = parse_date("2025-10-01").expect("a date");
    let mut unit = version.billing.expect("a unit");
    unit.quantity = Quantity::parse("2", "mg").expect("an amount");
    version.billing = Ok(unit);
    posting.codes.push(version);
    library.store().expect("a store").put(&posting).expect("stored");
}

#[test]
fn an_answer_is_produced_again_after_the_catalog_has_moved_on() {
    let desk = Desk { folder: tempfile::tempdir().expect("a folder") };
    std::fs::write(desk.path("visit.json"), VISIT).expect("written");
    std::fs::write(desk.path("other.json"), VISIT.replace("09:37", "09:38")).expect("written");
    drop(Library::open(&desk.store()).expect("a store"));
    desk.code("before.json", "full");
    desk.code("before-lines.json", "lines");
    refresh(&desk.store());
    desk.code("after.json", "rules");
    let text = |name: &str| std::fs::read_to_string(desk.path(name)).expect("an answer");
    assert!(text("before.json").contains("\"units\": 200") && text("after.json").contains("\"units\": 100"));
    for (answer, detail) in [("before.json", "FULL"), ("before-lines.json", "LINES"), ("after.json", "RULES")]
    {
        let (done, said) = desk.replay(answer, "visit.json");
        assert!(
            done && said.contains("reproduced byte for byte") && said.contains(detail),
            "{answer}: {said}"
        );
    }
    let (done, said) = desk.replay("before.json", "other.json");
    assert!(!done && said.contains("another visit"), "{said}");
    std::fs::write(
        desk.path("changed.json"),
        text("before.json").replace("\"units\": 200", "\"units\": 201"),
    )
    .expect("written");
    let (done, said) = desk.replay("changed.json", "visit.json");
    assert!(!done && said.contains("lines["), "{said}");
    let unknown = text("before.json").replace("embedded-", "vanished-");
    std::fs::write(desk.path("unknown.json"), unknown).expect("written");
    let (done, said) = desk.replay("unknown.json", "visit.json");
    assert!(!done && said.contains("vanished-") && said.contains("import"), "{said}");
}
