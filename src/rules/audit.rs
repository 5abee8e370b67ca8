//! The rules an audit rests on where no rule of the two tracks decides (rows G-01, G-21, G-36).

use super::{Family, rule};

rule! {
    pub static G_01: "G-01", "Every line stands on an administration",
    basis: Secondary, cites: ["GUIDE-2026", "NOR-INIT"],
    says: "A visit is billed on two tracks, what was done and what was given, and each line is tied to the administrations of the record behind it.",
    why: "A line that nothing on record earns is overbilled, whatever the reason it was put on the claim.",
    example: "A sequential infusion on the claim of a visit with one bag: an extra line.",
    exceptions: "Services of other kinds on the same claim are not judged.",
}

rule! {
    pub static G_21: "G-21", "Chemotherapy codes for other drugs overstate the service",
    basis: Secondary, cites: ["GUIDE-2026", "A52953"],
    says: "An administration code of the chemotherapy and complex drug family for a drug outside it overstates the service; the audit names the code it should be.",
    why: "The complex codes pay for preparation and supervision that the drug did not need.",
    example: "Iron sucrose billed as a chemotherapy infusion: a therapeutic infusion is right.",
    exceptions: "Which drugs belong to the family is a matter of policy (rules CLS-1 to CLS-5).",
}

rule! {
    pub static G_36: "G-36", "The accuracy that audits expect",
    basis: Secondary, cites: ["GUIDE-2026"],
    says: "Coding accuracy is counted line by line and compared with what audits expect and what the best reach; a small share of the visits is drawn for quality review.",
    why: "A rate without its sample size tells little, so each carries its confidence interval.",
    example: "940 of 1,000 lines right are 94 %, with an interval from 92.3 % to 95.3 %: not shown to be below 95 %.",
    exceptions: "The thresholds and the share are parameters of the policy.",
}

/// The rules of this file.
pub static FAMILIES: &[Family] = &[("Audit of billed claims", &[&G_01, &G_21, &G_36])];
