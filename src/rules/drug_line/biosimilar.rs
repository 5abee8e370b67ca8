//! The records of the biosimilar rules B-01..B-08.

use crate::rules::{Family, Status, rule};

/// The rules in the order of the rule book.
pub static BIOSIMILARS: Family = ("Biosimilars", &[&B_01, &B_02, &B_03, &B_04, &B_05, &B_06, &B_07, &B_08]);

rule! {
    pub static B_01: "B-01", "Each biosimilar has its own code",
    basis: Primary, cites: ["S-HHS-BIOSIM", "S-BRC", "S-MMI", "S-CA17", "S-HCPCS20"],
    says:
        "Since April 2018 each biosimilar has its own code; before, a modifier named the maker under a \
         shared one.",
    why: "Each is priced by itself.",
    example: "Q5101 with ZA in 2017, without in 2019.",
    exceptions: "Q5102 ended when Q5103 and Q5104 began.",
}

rule! {
    pub static B_02: "B-02", "Q codes are not only biosimilars",
    basis: Primary, cites: ["S-XWALK", "S-CC-SUFFIX", "S-CC-LUCENTIS"],
    status: Status::Informational,
    says: "Biosimilars are known by the code's own text, not by its letter or a suffix in the name.",
    why: "Some biologics with a suffix keep J codes, and some originals have Q codes.",
    example: "Infliximab-dyyb for subcutaneous use is J1748.",
    exceptions: "None known.",
}

rule! {
    pub static B_03: "B-03", "One code, several brands; one molecule, two codes",
    basis: Primary, cites: ["S-XWALK"],
    status: Status::Informational,
    says:
        "One applicant's brands may share a code, and one molecule may have a code by renal status or \
         route.",
    why: "The NDC and the use decide.",
    example: "Q5136 for both brands of denosumab-bbdz.",
    exceptions: "None known.",
}

rule! {
    pub static B_04: "B-04", "A reference code never takes a biosimilar",
    basis: Primary, cites: ["S-XWALK"],
    says: "The NDC of a biosimilar is refused on the reference product's code.",
    why: "The descriptor of the reference code excludes it.",
    example: "An Inflectra NDC on J1745 is refused; Q5103 is its code.",
    exceptions: "None known.",
}

rule! {
    pub static B_05: "B-05", "Billing units change through new codes",
    basis: Primary, cites: ["S-XWALK", "S-ASCBB", "S-BCBSNC-ECU"],
    says: "A biosimilar's unit may differ from its reference's, and a new unit comes as a new code.",
    why: "Units are never scaled in place.",
    example: "Bkemv: Q5139 at 10 mg, then Q5152 at 2 mg.",
    exceptions: "None known.",
}

rule! {
    pub static B_06: "B-06", "Interchangeability changes nothing",
    basis: Inferred, cites: ["S-HHS-BIOSIM"],
    status: Status::Informational,
    says: "An interchangeable designation changes neither code nor unit nor modifier.",
    why: "It speaks to the pharmacy.",
    example: "The NDC decides the code.",
    exceptions: "None known.",
}

rule! {
    pub static B_07: "B-07", "The price add-on changes no claim",
    basis: Primary, cites: ["S-HHS-BIOSIM"],
    status: Status::Informational,
    from: "2022-10-01",
    says: "The larger add-on for some biosimilars is pricing only.",
    why: "It is applied by the payer.",
    example: "No line changes.",
    exceptions: "None known.",
}

rule! {
    pub static B_08: "B-08", "Cost sites mislabel biosimilars",
    basis: Inferred, cites: ["S-XWALK"],
    status: Status::Informational,
    says: "Lists of brands and codes on cost sites are not trusted; CMS files are.",
    why: "Several name codes of other molecules.",
    example: "Q5140 is an adalimumab biosimilar and no eculizumab.",
    exceptions: "None known.",
}
