//! The records of the zero-waste rules Z-01..Z-11.

use crate::rules::{Family, Status, rule};

/// The rules in the order of the rule book.
pub static ZERO_WASTE: Family =
    ("Zero waste", &[&Z_01, &Z_02, &Z_03, &Z_04, &Z_05, &Z_06, &Z_07, &Z_08, &Z_09, &Z_10, &Z_11]);

rule! {
    pub static Z_01: "Z-01", "JZ by date",
    basis: Primary, cites: ["S-CMS-DD", "S-FCSO-JWJZ", "S-RETINAL"],
    from: "2023-01-01",
    says:
        "JZ was voluntary in the first half of 2023 and is compulsory since July; since October claims \
         without JW or JZ may be returned.",
    why: "It lets CMS tell no waste from no answer.",
    example: "A single-dose drug used in full in June 2023 needs no JZ; in July it does.",
    exceptions: "Other payers follow their own dates.",
}

rule! {
    pub static Z_02: "Z-02", "JZ sits on the administered line",
    basis: Primary, cites: ["S-NORJZ", "S-FCSO-100K", "S-PRIORITY"],
    says: "JZ is printed on the administered line, and only where the drug has no JW line.",
    why: "It attests that no payable amount was discarded.",
    example: "400 of 400 mg at 10 mg is 40 units with JZ.",
    exceptions: "None known.",
}

rule! {
    pub static Z_03: "Z-03", "Never JW and JZ for one drug",
    basis: Primary, cites: ["S-NORJW", "S-CC-ENHERTU"],
    says: "Where drug was discarded the administered line carries no JZ and the other carries JW.",
    why: "The two statements contradict each other.",
    example: "512 of 600 mg at 1 mg is 512 units, and 88 with JW.",
    exceptions: "None known.",
}

rule! {
    pub static Z_04: "Z-04", "Scope: single-dose and separately payable",
    basis: Primary, cites: ["S-FCSO-JWJZ", "S-CMS-DD"],
    says: "The modifiers apply to drugs from single-dose containers that are paid separately under Part B.",
    why: "Only there is waste paid for.",
    example: "An infusion drug in an office.",
    exceptions: "Z-05 lists what is outside.",
}

rule! {
    pub static Z_05: "Z-05", "Outside the scope",
    basis: Secondary, cites: ["S-PRIORITY", "S-ITECH", "S-ACAAI", "S-NORJZ", "S-NGS-DRUGS"],
    says:
        "Multi-dose containers, overfill, packaged drugs, rural and federally qualified health centers, \
         inpatients, competitively acquired drugs, vaccines and imaging agents carry neither modifier.",
    why: "They are paid within something else, or not for waste.",
    example: "A packaged drug in a hospital outpatient department.",
    exceptions: "The policy lists the classes and settings.",
}

rule! {
    pub static Z_06: "Z-06", "Inside the scope",
    basis: Quoted, cites: ["S-FCSO-JWJZ", "S-ITECH"],
    says:
        "Offices, hospital outpatient departments, critical access hospitals, surgical centers and 340B \
         purchases are in scope; an ESRD facility only for drugs outside the bundle.",
    why: "They are paid separately for the drug.",
    example: "A 340B drug carries its 340B modifier and JZ.",
    exceptions: "None known.",
}

rule! {
    pub static Z_07: "Z-07", "DME suppliers",
    basis: Primary, cites: ["S-CGS-DME", "S-NOR-DME25", "S-UNIVERSAL"],
    from: "2024-01-01",
    says:
        "A supplier marks dispensed single-dose drug with JZ from 2024, and with JW from 2025 what it \
         discards while preparing; never what the patient discards.",
    why: "The supplier sees only its own preparation.",
    example: "A dispensed cassette in 2024 carries JZ.",
    exceptions: "Before 2024 neither.",
}

rule! {
    pub static Z_08: "Z-08", "A unit larger than the container takes JZ",
    basis: Primary, cites: ["S-JZ-DME", "S-AMC"],
    says: "Where one unit covers the container, JZ is printed although drug was thrown away.",
    why: "The contractor's page says so against a blog that wants no modifier.",
    example: "70 of 100 mg at 100 mg.",
    exceptions: "See W-05.",
}

rule! {
    pub static Z_09: "Z-09", "The status indicator decides in hospitals",
    basis: Primary, cites: ["S-OPPSB", "S-PRIORITY"],
    says:
        "In hospital outpatient departments and surgical centers only drugs with a separately paid status \
         carry the modifiers; the status may change each quarter.",
    why: "A packaged drug has no payable waste.",
    example: "A drug may need JZ in the office and none in the hospital.",
    exceptions: "The treatment of K1 is unsourced and left to the policy.",
}

rule! {
    pub static Z_10: "Z-10", "Other plans may adopt the modifiers",
    basis: Secondary, cites: ["S-ACAAI"],
    status: Status::Informational,
    says: "Medicare Advantage and commercial plans may follow JW and JZ and need not.",
    why: "They set their own rules.",
    example: "A plan that takes JZ without requiring it.",
    exceptions: "Each plan has its own file.",
}

rule! {
    pub static Z_11: "Z-11", "Unclassified codes",
    basis: Primary, cites: ["S-PGBA-C9399", "S-VISANTE-C9399"],
    says:
        "Sources disagree on a JW line for an unclassified code of one unit; the narrative holds the \
         discarded amount, and the policy chooses.",
    why: "Units on the JW line of a one-unit code have no meaning.",
    example: "C9399 with 20 mg discarded: one line, the amount in the narrative.",
    exceptions: "One contractor wants a JW line.",
}
