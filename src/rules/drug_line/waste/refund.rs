//! The records of the refund programme and of skin substitutes: R-01..R-04, K-01 and K-02.

use crate::rules::{Family, Status, rule};

/// The rules in the order of the rule book.
pub static REFUND_AND_SKIN: Family =
    ("Refunds and skin substitutes", &[&R_01, &R_02, &R_03, &R_04, &K_01, &K_02]);

rule! {
    pub static R_01: "R-01", "Manufacturers refund discarded drug",
    basis: Primary, cites: ["S-CMS-DD", "S-CMS-DDREP", "S-FDALAW"],
    status: Status::Informational,
    from: "2023-01-01",
    says: "Manufacturers refund CMS where discarded units pass a share of the allowed charges, from 2023.",
    why: "The refund is computed from JW lines, so a wrong JW line misprices it.",
    example: "A drug with a tenth of its units discarded.",
    exceptions: "It changes no claim line.",
}

rule! {
    pub static R_02: "R-02", "Drugs outside the refund",
    basis: Primary, cites: ["S-USC", "S-CMS-DD"],
    status: Status::Informational,
    says:
        "Imaging agents, drugs whose label requires filtration and recently approved drugs owe no refund.",
    why: "The statute excludes them.",
    example: "A drug in its first eighteen months of payment.",
    exceptions: "It changes no claim line.",
}

rule! {
    pub static R_03: "R-03", "Drugs with a higher threshold",
    basis: Primary, cites: ["S-CMS-DDREP"],
    status: Status::Informational,
    says: "Some drugs have a higher share before a refund is due.",
    why: "Their circumstances make waste unavoidable.",
    example: "A drug with a very small dose.",
    exceptions: "It changes no claim line.",
}

rule! {
    pub static R_04: "R-04", "The duty to mark waste remains",
    basis: Inferred, cites: ["S-CMS-DD"],
    status: Status::Informational,
    says: "A drug outside the refund still needs JW or JZ.",
    why: "The exclusion speaks to the manufacturer, not to the provider.",
    example: "A newly approved drug carries JZ.",
    exceptions: "Z-05 names what needs neither.",
}

rule! {
    pub static K_01: "K-01", "Skin substitutes from 2026",
    basis: Primary, cites: ["S-NOR-SKIN"],
    from: "2026-01-01",
    says:
        "Products without a biologics licence are supplies from 2026: only what was applied is billed, \
         without JW or JZ.",
    why: "They are no longer paid as drugs.",
    example: "16 square centimeters applied in full: 16 units, no modifier.",
    exceptions: "Licensed products stay drugs.",
}

rule! {
    pub static K_02: "K-02", "Skin substitutes before 2026",
    basis: Primary, cites: ["S-FCSO-JWJZ", "S-INTELLI"],
    until: "2026-01-01",
    says: "Before 2026 contractors differed: some wanted JW and JZ, one JW only, one neither.",
    why: "There was no national rule.",
    example: "The policy of the contractor decides.",
    exceptions: "Licensed products follow the drug rules.",
}
