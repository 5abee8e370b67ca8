//! Containers that are named by their NDC: the crosswalk tells what they hold, and contradicts what they do not.

use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::pb;
use serde_json::{Value, json};

use super::case::{answer, drug_lines};

/// Pembrolizumab of 100 mg in one vial, one unit a milligram.
const VIAL_100_MG: &str = "00006-3026-02";
/// A package that no crosswalk lists.
const UNLISTED: &str = "99999-0001-01";

fn coded(drug: &Value) -> pb::CodeEncounterResponse {
    let coder =
        Coder::on(Catalog::embedded(), Arc::new(PolicyBook::embedded().expect("the embedded policies")));
    let encounter = json!({
        "encounterId": "packages", "setting": "PHYSICIAN_OFFICE", "serviceDate": "2025-11-03",
        "administrations": [{"route": "IV_INFUSION", "drugs": [drug]}],
    });
    answer(&coder, &encounter).expect("an answer")
}

fn lines(answer: &pb::CodeEncounterResponse) -> Vec<String> {
    let one = |line: &&pb::Line| {
        let modifiers: String = line.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
        format!("{} x{}{modifiers}", line.code, line.units)
    };
    drug_lines(&answer.lines).iter().map(one).collect()
}

fn reasons(answer: &pb::CodeEncounterResponse) -> Vec<pb::FindingReason> {
    use pb::FindingReason::{MissingContainers, NdcCodeMismatch};
    let all = answer.findings.iter().map(pb::Finding::reason);
    all.filter(|reason| [MissingContainers, NdcCodeMismatch].contains(reason)).collect()
}

fn mg(value: &str) -> Value {
    json!({"value": value, "unit": "mg"})
}

#[test]
fn the_crosswalk_tells_what_a_container_without_content_holds() {
    for drug in [
        json!({"hcpcsCode": "J9271", "doseAdministered": mg("150"), "doseDiscarded": mg("50"), "containers": [{"ndc": VIAL_100_MG, "count": 2}]}),
        json!({"ndc": VIAL_100_MG, "doseAdministered": mg("150"), "doseDiscarded": mg("50"), "containers": [{"count": 2}]}),
    ] {
        let answer = coded(&drug);
        assert_eq!(lines(&answer), ["J9271 x150", "J9271 x50 JW"], "{:?}", answer.findings);
        assert!(format!("{answer:?}").contains("D-10"), "the crosswalk is cited");
    }
}

#[test]
fn an_unlisted_package_without_content_is_asked_about_and_its_line_stands() {
    let drug = |discarded: Option<Value>| {
        let mut drug = json!({"hcpcsCode": "J9271", "doseAdministered": mg("200"), "containers": [{"ndc": UNLISTED, "count": 2}]});
        if let Some(discarded) = discarded {
            drug["doseDiscarded"] = discarded;
        }
        drug
    };
    let answer = coded(&drug(None));
    assert_eq!(lines(&answer), ["J9271 x200"]);
    assert_eq!(reasons(&answer), [pb::FindingReason::MissingContainers]);
    let is_of_containers = |question: &&pb::Question| question.text.contains("hold by its label");
    let used_up = &answer.questions.iter().find(is_of_containers).expect("a question").answers[0];
    assert!(used_up.lines.iter().any(|line| line.modifiers == ["JZ"]), "{used_up:?}");
    assert_eq!(lines(&coded(&drug(Some(mg("0"))))), ["J9271 x200 JZ"]);
    assert_eq!(lines(&coded(&drug(Some(mg("50"))))), ["J9271 x200", "J9271 x50 JW"]);
}

#[test]
fn a_content_that_is_not_that_of_its_package_is_named() {
    let drug = |content: &str, count: u32| {
        let container =
            json!({"ndc": VIAL_100_MG, "content": mg(content), "count": count, "kind": "SINGLE_DOSE"});
        json!({"hcpcsCode": "J9271", "doseAdministered": mg("200"), "containers": [container]})
    };
    let contradicted = coded(&drug("50", 4));
    assert_eq!(reasons(&contradicted), [pb::FindingReason::NdcCodeMismatch], "{:?}", contradicted.findings);
    assert_eq!(lines(&contradicted), ["J9271 x200 JZ"]);
    assert!(reasons(&coded(&drug("100", 2))).is_empty());
}

#[test]
fn the_ndc_of_a_drug_is_that_of_one_of_its_sizes() {
    let of = |content: &str| json!({"content": mg(content), "kind": "SINGLE_DOSE"});
    let drug = json!({"hcpcsCode": "J9271", "ndc": VIAL_100_MG, "doseAdministered": mg("150"), "containers": [of("100"), of("50")]});
    assert!(!reasons(&coded(&drug)).contains(&pb::FindingReason::NdcCodeMismatch));
}

#[test]
fn tablets_are_counted_in_pieces_of_the_bottle_and_carry_neither_modifier() {
    let swallowed = |more: Value| {
        let coder =
            Coder::on(Catalog::embedded(), Arc::new(PolicyBook::embedded().expect("the embedded policies")));
        let mut drug = json!({"name": "capecitabine", "doseAdministered": mg("1500")});
        let fields = drug.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        let encounter = json!({
            "encounterId": "tablets", "setting": "PHYSICIAN_OFFICE", "serviceDate": "2025-11-03",
            "administrations": [{"route": "ORAL", "drugs": [drug]}],
        });
        answer(&coder, &encounter).expect("an answer")
    };
    // A bottle of 120 tablets of 500 mg.
    let bottle = "00004-1101-50";
    for more in [
        json!({"ndc": bottle}),
        json!({"containers": [{"ndc": bottle, "count": 1}]}),
        json!({"containers": [{"ndc": bottle, "content": mg("500"), "count": 3}]}),
        json!({"containers": [{"ndc": bottle, "content": mg("500"), "count": 3, "form": "SOLID"}]}),
    ] {
        let answer = swallowed(more.clone());
        assert_eq!(lines(&answer), ["J8522 x30"], "{more}");
        let ndc = answer.lines[0].ndc.as_ref().map(|ndc| (ndc.qualifier.as_str(), ndc.quantity.as_str()));
        assert_eq!(ndc, Some(("UN", "3")), "{more}");
        assert_eq!(reasons(&answer), [], "{more}");
    }
}
