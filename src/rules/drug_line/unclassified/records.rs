//! The records of the unclassified-code rules N-01..N-09.

use crate::rules::{Family, rule};

/// The rules in the order of the rule book.
pub static UNCLASSIFIED: Family =
    ("Unclassified drugs", &[&N_01, &N_02, &N_03, &N_04, &N_05, &N_06, &N_07, &N_08, &N_09, &G_18]);

rule! {
    pub static N_01: "N-01", "Only where no specific code is in force",
    basis: Primary, cites: ["S-FCSO-NOC", "S-NOVITAS-NOC", "S-NORIDIAN-NOC"],
    says:
        "An unclassified code is refused where a specific code for the product is in force on the date of \
         service.",
    why: "The line would be denied.",
    example: "J3490 for a drug whose own code began last quarter.",
    exceptions: "Before that date the unclassified code is right.",
}

rule! {
    pub static N_02: "N-02", "Each kind of product has its own",
    basis: Primary, cites: ["S-PGBA-NOC", "S-FCSO-NOC", "S-MBCM-NOC"],
    says:
        "Drug, biologic, antineoplastic, compounded product, oral drug, clotting factor, \
         radiopharmaceutical and others each have an unclassified code of their own.",
    why: "They are priced by different rules and are not interchangeable.",
    example: "A new antineoplastic in an office is J9999.",
    exceptions: "A hospital bills some new drugs by N-03.",
}

rule! {
    pub static N_03: "N-03", "C9399 for new drugs in hospitals",
    basis: Quoted, cites: ["S-AMC-C9399", "S-VISANTE-C9399", "S-PGBA-NOC", "S-MEDLEARN17"],
    from: "2004-01-01",
    says:
        "In hospital outpatient departments and surgical centers a product approved since 2004 without a \
         code is C9399; compounded products are not.",
    why: "The statute prices new drugs by their wholesale price.",
    example: "A biosimilar approved last month.",
    exceptions: "Mixing two marketed products makes no new drug.",
}

rule! {
    pub static N_04: "N-04", "Units of an unclassified code",
    basis: Primary, cites: ["S-NOR-HC", "S-PGBA-C9399", "S-NCMED", "S-NOC-FL"],
    says: "An unclassified code is one unit; a payer may count containers or define a dosage for a drug.",
    why: "The code has no amount, so the narrative carries the dose.",
    example: "2,700 mg at a payer's own 1 mg is 2,700 units.",
    exceptions: "Codes not otherwise specified with an amount are ordinary.",
}

rule! {
    pub static N_05: "N-05", "The narrative",
    basis: Primary, cites: ["S-NORIDIAN-NOC", "S-NOVITAS-NOC", "S-MPR-NDC", "S-AAO"],
    says: "The line carries name, dose, route, NDC and discarded amount within the field's length.",
    why: "Without it the claim cannot be processed.",
    example: "RAVULIZUMAB 2700 MG IV.",
    exceptions: "What does not fit is left out from the end, and a finding says so.",
}

rule! {
    pub static N_06: "N-06", "Weight in the narrative",
    basis: Primary, cites: ["S-NOR-HC"],
    says: "For weight-based drugs one contractor encourages the weight in the narrative.",
    why: "It lets the reviewer judge the dose.",
    example: "WT 70 KG.",
    exceptions: "Only where the policy asks for it.",
}

rule! {
    pub static N_07: "N-07", "Another use, another code",
    basis: Primary, cites: ["S-HIGHMARK", "S-A53008", "FDA-LABELS", "S-HCPCS25"],
    says:
        "A code is of a product that is prepared for certain routes. What is given by another is another \
         product, with another code or none: a code of an injection is never a drug by mouth, and bevacizumab \
         prepared for the eye is never the cancer code, but a compounded product.",
    why: "The price, the strength and the coverage are those of another product.",
    example: "Trastuzumab under the skin is J9356 and not J9355; the eye's bevacizumab is J7999 from 2016.",
    exceptions:
        "A route that no label names is billed with a warning where no other code is of the drug. A dose below \
         every package of the one product for the route is asked for. Where only the name is given and no product of \
         the drug goes by the route, the code of giving it waits too. Hospitals may use C9257.",
}

rule! {
    pub static N_08: "N-08", "The day a code begins",
    basis: Secondary, cites: ["S-PABAU-A9607"],
    says:
        "Until the day before its code begins a product is unclassified, from that day it is not. Its later code and its \
         name tell the kind of product: an antineoplastic, a biologic by its four letters or its class, or a drug.",
    why: "The date of service decides.",
    example: "A9699 until 2022-09-30, A9607 from 2022-10-01.",
    exceptions: "Where neither tells the kind, and before 2018, it is asked for.",
}

rule! {
    pub static N_09: "N-09", "A biosimilar without a code is unclassified",
    basis: Secondary, cites: ["S-CC-LUCENTIS", "S-MBU-BIOSIM"],
    says: "A new biosimilar is J3590, or C9399 in hospitals, and never the reference product's code.",
    why: "The reference code excludes it.",
    example: "A ranibizumab biosimilar before its code.",
    exceptions: "None known.",
}

rule! {
    pub static G_18: "G-18", "The guide knows two unclassified codes",
    basis: Secondary, cites: ["GUIDE-2026", "S-PGBA-NOC", "S-MEDLEARN17"],
    says: "A drug without a code of its own is J3490 and a biologic J3590, whatever its kind, the setting and the date of its approval.",
    why: "The guide's policy follows it to the letter and names the code that CMS has for the product.",
    example: "A new antineoplastic in an office: J3490, and a finding that names J9999.",
    exceptions: "Every other policy follows N-02 and N-03.",
}
