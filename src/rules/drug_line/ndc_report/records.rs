//! The records of the NDC rules D-01..D-10.

use crate::rules::{Family, Status, rule};

/// The rules in the order of the rule book.
pub static NDC_REPORTING: Family =
    ("National Drug Codes", &[&D_01, &D_02, &D_03, &D_04, &D_05, &D_06, &D_07, &D_08, &D_09, &D_10]);

rule! {
    pub static D_01: "D-01", "Eleven digits",
    basis: Secondary, cites: ["S-NDC-ANTHEM", "S-NDC-CONV", "S-NDC-MBCM"],
    says:
        "An NDC is billed in eleven digits, 5-4-2, the short segment padded; ten digits without hyphens are \
         ambiguous.",
    why: "Three ten-digit forms exist, and each pads another segment.",
    example: "58063-797-25 is 58063079725.",
    exceptions: "None known.",
}

rule! {
    pub static D_02: "D-02", "Where the NDC goes",
    basis: Secondary, cites: ["S-NDC-MEDSTAR", "S-NDC-RCM", "S-NDC-1LIB"],
    says:
        "The NDC is reported with qualifier N4, its unit and its quantity: item 24, locator 43, loop 2410.",
    why: "Each form has its own place for the same facts.",
    example: "N4 50242005306 UN 1.",
    exceptions: "None known.",
}

rule! {
    pub static D_03: "D-03", "Units of an NDC quantity",
    basis: Secondary, cites: ["S-NDC-1LIB"],
    status: Status::Informational,
    says: "F2 international unit, GR gram, ME milligram, ML millilitre, UN each.",
    why: "They are the form's own list.",
    example: "UN 2 for two vials.",
    exceptions: "None known.",
}

rule! {
    pub static D_04: "D-04", "Liquid in millilitres, powder in vials",
    basis: Secondary, cites: ["S-NDC-RCM", "S-AHC", "S-KEYSTONE"],
    says:
        "Liquids are counted in millilitres, powders for reconstitution in vials, topicals in grams; the \
         quantity is not the unit count of the code.",
    why: "It tells what was taken from the shelf.",
    example: "A 6 mg syringe of 0.6 mL is ML 0.6.",
    exceptions:
        "Payers that fix the unit (D-05). The crosswalk prints 1 for one millilitre and for one piece alike; a table of \
         the contents tells which, and a content that it does not tell is counted, with a finding.",
}

rule! {
    pub static D_05: "D-05", "Payers that fix the unit",
    basis: Secondary, cites: ["S-AHC", "S-TMHP", "S-PDAC", "S-BMS"],
    says: "Where a payer fixes the unit for a product, its file says so.",
    why: "Published answers differ by payer.",
    example: "Trastuzumab powder: UN for one plan, ML for another.",
    exceptions: "None known.",
}

rule! {
    pub static D_06: "D-06", "Decimals of the quantity",
    basis: Secondary, cites: ["S-CMS1500-24", "S-MEDICAL", "S-MBCM-NDC"],
    says: "The quantity is above zero and may have decimals, as many as the policy says.",
    why: "The field is narrow.",
    example: "ML 0.07.",
    exceptions: "A quantity that rounds to zero is printed as the smallest that the field holds.",
}

rule! {
    pub static D_07: "D-07", "The NDC of the container used",
    basis: Secondary, cites: ["S-NDC-ANTHEM", "S-NDC-MEDSTAR"],
    says: "The NDC is that of the container that was opened, not of a look-alike.",
    why: "Pricing and recalls rest on it.",
    example: "The 100 mg vial's NDC for the 100 mg vials.",
    exceptions: "Repackagers follow the payer's rule.",
}

rule! {
    pub static D_08: "D-08", "NDC on the JW line, and several NDCs",
    basis: Secondary, cites: ["S-LIFEWISE"],
    says:
        "The JW line names the NDC with the discarded part of the quantity; several NDCs share a line or \
         get one each, with the same total of units.",
    why: "The total still comes from one rounding.",
    example: "Two vial sizes, two lines, 71 units in all.",
    exceptions: "None known.",
}

rule! {
    pub static D_09: "D-09", "Compounds list their ingredients",
    basis: Secondary, cites: ["S-AAO", "S-NOC-FL"],
    says: "Each ingredient of a compound is listed with its own NDC.",
    why: "The compound has none.",
    example: "Three drugs in a pump refill are three lines.",
    exceptions: "None known.",
}

rule! {
    pub static D_10: "D-10", "The crosswalk of CMS",
    basis: Primary, cites: ["S-XWALK"],
    says: "The CMS crosswalk ties NDCs to codes with units for an item and, rounded up, for a package.",
    why: "It is the national proof of an NDC's code.",
    example: "A 10 mg vial under a 20 mg code holds half a unit.",
    exceptions:
        "See W-15. A size that CMS prints wrong, such as the milligrams of a powder, is corrected by a table with its \
         source until CMS prints another. The form and the size of an NDC that is not listed are those of the listed \
         packages of the same code and content, where all agree.",
}
