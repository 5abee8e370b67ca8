//! What the record must show (rows G-22, G-23, G-30 to G-34, rules DOC-1 to DOC-5): each gap of an example
//! visit is named by its rule, with its severity and what rests on it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::{json, pb};
use serde_json::{Value, json};

/// A gap: the field of the visit, what the record says in its place (null takes it away), then reason,
/// severity and rule of the finding, and whether it is asked about with the lines of each answer.
type Gap = (&'static str, Value, &'static str, pb::Severity, &'static str, bool);

/// Place of rituximab among the administrations of the example.
const RITUXIMAB: usize = 2;

fn gaps() -> Vec<Gap> {
    use pb::Severity::{Block, Info, Warn};
    let gap = "DOCUMENTATION_GAP";
    vec![
        ("/documentation/orderSigned", json!(false), gap, Warn, "G-30", false),
        ("/administrations/2/documentation", json!({"orderSigned": false}), gap, Warn, "G-30", false),
        ("/documentation/nursingAssessment", json!(false), gap, Info, "G-32", false),
        ("/documentation/adverseReactions", json!(false), gap, Info, "G-32", false),
        ("/documentation/patientResponse", json!(false), gap, Info, "G-32", false),
        ("/administrations/2/documentation", json!({"administeredBy": false}), gap, Warn, "G-33", false),
        ("/administrations/2/drugs/0/containers/0/lotNumber", json!(""), gap, Info, "G-33", false),
        ("/documentation/planOfCare", json!(false), gap, Warn, "G-34", false),
        ("/documentation/planOfCare", Value::Null, gap, Info, "G-30", false),
        ("/administrations/2/route", json!("UNSPECIFIED"), "MISSING_ROUTE", Block, "DOC-1", true),
        ("/administrations/2/stopTime", json!(""), "MISSING_STOP_TIME", Block, "DOC-3", true),
        ("/setting", json!("HOSPITAL_INPATIENT"), "SETTING_NOT_BILLABLE", Info, "DOC-5", false),
        ("/administrations/2/drugs/0/doseAdministered", Value::Null, "MISSING_DOSE", Block, "U-17", true),
        ("/documentation/discardRecorded", json!(false), "DISCARD_NOT_DOCUMENTED", Block, "W-14", true),
    ]
}

/// The R-CHOP day of the examples with a whole record.
fn whole() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/r-chop.json");
    let text = std::fs::read_to_string(path).expect("the example");
    let mut visit: Value = serde_json::from_str::<Value>(&text).expect("JSON")["encounter"].take();
    visit["documentation"] = json!({"orderSigned": true, "planOfCare": true, "nursingAssessment": true,
        "adverseReactions": true, "patientResponse": true, "discardRecorded": true});
    for given in visit["administrations"].as_array_mut().expect("administrations") {
        given["documentation"] = json!({});
        for drug in given["drugs"].as_array_mut().expect("drugs") {
            drug["doseOrdered"] = drug["doseAdministered"].clone();
            for container in drug["containers"].as_array_mut().into_iter().flatten() {
                container["lotNumber"] = json!("A1");
            }
        }
    }
    visit
}

fn coder(files: BTreeMap<String, String>) -> Coder {
    let policies = PolicyBook::embedded_with(files).expect("the policies");
    Coder::on(Catalog::embedded(), Arc::new(policies))
}

fn answer(coder: &Coder, visit: &Value) -> pb::CodeEncounterResponse {
    let request = json!({ "encounter": visit, "detail": "FULL" }).to_string();
    coder.code(json::read(&request).expect("a request")).expect("an answer").response
}

#[test]
fn each_gap_is_named_by_its_rule_with_what_rests_on_it() {
    let coder = coder(BTreeMap::new());
    for (field, value, reason, severity, rule, is_asked) in gaps() {
        let mut visit = whole();
        let at = visit.pointer_mut(field).unwrap_or_else(|| panic!("{field}"));
        *at = value;
        if reason == "DISCARD_NOT_DOCUMENTED" {
            visit["administrations"][RITUXIMAB]["drugs"][0]["doseDiscarded"] = Value::Null;
        }
        let answer = answer(&coder, &visit);
        let reason = format!("FINDING_REASON_{reason}");
        let is_it = |found: &&pb::Finding| found.reason().as_str_name() == reason && found.rule_id == rule;
        let found =
            answer.findings.iter().find(is_it).unwrap_or_else(|| panic!("{field}: {:#?}", answer.findings));
        assert_eq!(found.severity(), severity, "{field}");
        if severity != pb::Severity::Block
            && rule.starts_with("G-3")
            && !found.text.contains("what auditors ask for")
        {
            assert!(found.text.contains("lines that rest on it"), "{}", found.text);
        }
        let asked = answer.questions.iter().any(|asked| asked.rule_id == rule && !asked.answers.is_empty());
        assert_eq!(asked, is_asked, "{field}: {:?}", answer.questions);
    }
}

#[test]
fn a_whole_record_has_no_gap() {
    let answer = answer(&coder(BTreeMap::new()), &whole());
    let gaps: Vec<&String> = answer
        .findings
        .iter()
        .filter(|found| found.reason() == pb::FindingReason::DocumentationGap)
        .map(|found| &found.text)
        .collect();
    assert!(gaps.is_empty(), "{gaps:#?}");
}

#[test]
fn a_gap_names_the_dollars_that_rest_on_it() {
    let mut visit = whole();
    visit["documentation"]["orderSigned"] = json!(false);
    let answer = answer(&coder(BTreeMap::new()), &visit);
    let found = answer.findings.iter().find(|found| found.rule_id == "G-30").expect("a finding");
    assert!(
        found.text.contains("lines that rest on it: 13") && found.text.contains("worth $"),
        "{}",
        found.text
    );
}

#[test]
fn a_policy_may_withhold_what_rests_on_a_gap_and_says_what_filling_it_would_bill() {
    let severities = "{ order = \"block\", administered_by = \"warn\", nursing_assessment = \"info\", \
        adverse_reactions = \"info\", patient_response = \"info\", lot_number = \"info\", plan_of_care = \"warn\", \
        hydration_necessity = \"warn\", rounded_times = \"info\" }";
    let payer = format!(
        "id = \"strict\"\ntitle = \"Strict\"\nextends = \"medicare\"\n[[exception]]\nlabel = \"no order, no line\"\n\
         parameter = \"documentation.gap_severity\"\nvalue = {severities}\nfrom = \"2020-01-01\"\ncite = \"WPS-CERT\"\n"
    );
    let files = [("payers/strict.toml".to_owned(), payer)].into();
    let mut visit = whole();
    visit["payer"] = json!("strict");
    visit["documentation"]["orderSigned"] = json!(false);
    let answer = answer(&coder(files), &visit);
    assert!(answer.lines.is_empty(), "{:?}", answer.lines);
    let asked = answer.questions.iter().find(|asked| asked.rule_id == "G-30").expect("a question");
    assert_eq!(asked.answers.first().map(|answer| answer.lines.len()), Some(13));
}
