//! The records of the life-cycle rules L-01..L-05.

use crate::rules::{Family, rule};

/// The rules in the order of the rule book.
pub static LIFE_CYCLE: Family = ("Code life cycle", &[&L_01, &L_02, &L_03, &L_04, &L_05]);

rule! {
    pub static L_01: "L-01", "The date of service selects the code",
    basis: Primary, cites: ["S-FCSO-NOC", "S-NEULASTA"],
    says:
        "Code, billing unit, status and limits are those in force on the date of service: the day on which the          administration began, also in an encounter of several days, each of which has lines of its own.",
    why: "Today's table says nothing of last year's visit.",
    example: "Pegfilgrastim 6 mg is J2505 x 1 in 2021 and J2506 x 12 in 2022.",
    exceptions: "None known.",
}

rule! {
    pub static L_02: "L-02", "Changes take effect at once",
    basis: Inferred, cites: ["S-ASCBB"],
    says: "A replaced code is invalid from the day its successor begins; there is no grace period.",
    why: "The termination date is the last usable one.",
    example: "J9310 on 2019-01-01 is refused.",
    exceptions: "None known.",
}

rule! {
    pub static L_03: "L-03", "A new unit is a new code",
    basis: Primary, cites: ["S-HCPCS20", "S-ASCBB"],
    says: "A change of the billing unit comes as a new code, so units are never scaled.",
    why: "Old and new units must not be mixed.",
    example: "Rituximab: J9310 at 100 mg, then J9312 at 10 mg.",
    exceptions: "None known.",
}

rule! {
    pub static L_04: "L-04", "Same molecule, other maker, other code",
    basis: Primary, cites: ["S-505B2", "S-505B2-HOPA", "S-ASCBB"],
    says:
        "Products that are not therapeutically equivalent have codes of their own; a name alone is \
         ambiguous and the NDC decides. A brand or a maker that is named beats the drug beside it, and no \
         product is billed by the code of another.",
    why: "They are priced as single-source drugs.",
    example: "Pemetrexed by name: the NDC is needed.",
    exceptions: "Where one candidate is left by setting and date, it is taken.",
}

rule! {
    pub static L_05: "L-05", "One NDC under several codes",
    basis: Primary, cites: ["S-XWALK"],
    says: "Where one NDC has several codes, the container size or the renal status chooses.",
    why: "The package is the same; the code depends on use.",
    example: "The same vial is Q5105 on dialysis and Q5106 otherwise.",
    exceptions: "None known.",
}
