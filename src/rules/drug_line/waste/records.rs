//! The records of the discarded-drug rules: W-01..W-17, Z-01..Z-11, R-01..R-04, K-01 and K-02.

use crate::rules::{Family, Status, rule};

/// The rules in the order of the rule book.
pub static DISCARDED: Family = (
    "Discarded drug",
    &[
        &W_01, &W_02, &W_03, &W_04, &W_05, &W_06, &W_07, &W_08, &W_09, &W_10, &W_11, &W_12, &W_13, &W_14,
        &W_15, &W_16, &W_17,
    ],
);

rule! {
    pub static W_01: "W-01", "The rest of a single-dose container is paid for",
    basis: Primary, cites: ["S-CMS-DD", "S-CGS", "S-RETINAL"],
    says:
        "Medicare pays for the unused rest of a single-dose container, up to the labelled amount, together \
         with the dose.",
    why: "The provider had to open the whole container for one patient.",
    example: "350 mg from four 100 mg vials: 50 mg may be billed as discarded.",
    exceptions: "W-07 to W-12 name what is not paid for.",
}

rule! {
    pub static W_02: "W-02", "JW stands on a line of its own",
    basis: Primary, cites: ["S-CMS-DD", "S-FCSO-JWJZ", "S-HCPCS20"],
    from: "2003-01-01",
    says:
        "Discarded units are billed on their own line with JW: a choice of each contractor from 2003, \
         compulsory from 2017.",
    why: "Payer and manufacturer refunds need to see discarded units apart.",
    example: "35 units, and 5 units with JW.",
    exceptions: "A payer may want one combined line.",
}

rule! {
    pub static W_03: "W-03", "The dose rounds up and the waste rounds down",
    basis: Primary, cites: ["S-NGS-ROUND", "S-CGS", "S-ACR"],
    says: "The discarded amount is the label less the dose, in whole units rounded down.",
    why: "Both lines together must never pass what the containers hold.",
    example: "305 mg at 10 mg from 400 mg is 31 units and 9 with JW.",
    exceptions: "None known.",
}

rule! {
    pub static W_04: "W-04", "A rounded-up remainder is not billed again",
    basis: Primary, cites: ["S-ACR", "S-JZ-DME", "S-OPHMGT"],
    says:
        "JW counts the whole units left after the administered ones, and less than one unit makes no line.",
    why: "Rounding the dose up already paid for the started unit.",
    example: "7 of 10 mg at 10 mg is 1 unit and no JW line.",
    exceptions: "The policy may ask for more than one unit (the AAO reading).",
}

rule! {
    pub static W_05: "W-05", "No JW where one unit covers the container",
    basis: Primary, cites: ["S-JZ-DME", "S-MEDLEARN16", "S-PRIORITY"],
    says: "Where one billing unit covers the whole container, one line is billed and JW is not permitted.",
    why: "The single unit pays for dose and rest together.",
    example: "70 of 100 mg at 100 mg is 1 unit with JZ, although 30 mg was thrown away.",
    exceptions: "None known.",
}

rule! {
    pub static W_06: "W-06", "Less than one unit left is not payable",
    basis: Inferred, cites: ["S-FCSO-100K"],
    says: "Where several units were given and less than one is left, no JW line follows and JZ applies.",
    why: "JZ attests that nothing payable was discarded.",
    example: "175 of 200 mg at 50 mg is 4 units with JZ.",
    exceptions: "Under the guide JZ attests no discard at all.",
}

rule! {
    pub static W_07: "W-07", "Multi-dose containers have no payable waste",
    basis: Primary, cites: ["S-NGS-DRUGS", "S-PYA", "S-ACAAI", "S-CGS"],
    says: "From a multi-dose container only the administered units are billed, never with JW or JZ.",
    why: "What is left serves the next patient; paying for it was an audit finding.",
    example: "140 mg from a 440 mg multi-dose vial is 14 units at 10 mg and nothing else.",
    exceptions:
        "Where the kind is not stated, the labels of the content tell it; a content that makers sell in both kinds, \
         or one larger than a vial of several doses, is asked about.",
}

rule! {
    pub static W_08: "W-08", "Bulk packages count as multi-dose",
    basis: Secondary, cites: ["S-REGENCE"],
    says: "Pharmacy and imaging bulk packages are treated as multi-dose containers.",
    why: "They are made to serve several patients.",
    example: "A 100 mL bulk bottle leaves no JW.",
    exceptions: "One plan counts a bulk vial that keeps less than a day as single-use.",
}

rule! {
    pub static W_09: "W-09", "Overfill is never billed",
    basis: Secondary, cites: ["S-ACAAI", "S-CORCORAN", "S-NPLATE"],
    says: "Content above the label is neither billed nor discarded drug.",
    why: "The label is what was bought.",
    example: "A 250 mcg vial that holds 375 mcg leaves 50 mcg after a dose of 200 mcg.",
    exceptions: "None known.",
}

rule! {
    pub static W_10: "W-10", "Containers should waste the least",
    basis: Primary, cites: ["S-CGS", "S-PRIORITY", "S-NGS-DRUGS"],
    says:
        "The opened containers should be the marketed combination that wastes least; more is avoidable \
         waste.",
    why: "Waste made by a poorer choice is not payable.",
    example: "300 mg from one 400 mg vial, where three 100 mg vials exist, wastes 100 mg avoidably.",
    exceptions: "The policy warns, caps the waste at the least achievable, or drops the JW line.",
}

rule! {
    pub static W_11: "W-11", "One container for several patients",
    basis: Secondary, cites: ["S-AAPC-7923", "S-AAPC-2008", "S-FCSO-UNITS", "S-AAO"],
    says: "Each claim carries what its patient got; the discarded rest goes on the last patient's claim.",
    why: "Billing the container to each patient pays for it twice.",
    example: "The first of two patients gets no JW line.",
    exceptions: "None known.",
}

rule! {
    pub static W_12: "W-12", "No waste for drug the provider did not buy",
    basis: Secondary, cites: ["S-AAPC-7923", "S-AAO", "S-REGENCE"],
    says:
        "Drug that the patient brought, another pharmacy supplied or nobody was charged for is not billed, \
         and its rest is not waste; nor is drug spoiled before use.",
    why: "Nobody is owed for what cost the provider nothing.",
    example: "A white-bagged drug earns an administration code and no drug line.",
    exceptions: "Some practices list a no-cost drug without charge.",
}

rule! {
    pub static W_13: "W-13", "JW needs an administered dose",
    basis: Secondary, cites: ["S-BCBSNC", "S-RETINAL", "S-AAPC-WASTE07"],
    says:
        "A JW line never stands alone, and a missed or refused dose earns no line on either track; of a dose \
         stopped early, how much of the rest is discarded drug depends on the policy, and a finding names what \
         the other readings bill.",
    why: "CMS defines discarded drug as the label less the prescribed dose, so that the order must be known.",
    example: "Ordered 300 mg, given 120 mg of a 400 mg vial: 100 mg is discarded drug.",
    exceptions: "Older advice bills all that was left. A dose of zero beside minutes of flow is asked about, and so are words of a name that may say that nothing was given, such as `held`.",
}

rule! {
    pub static W_14: "W-14", "The discarded amount must be recorded",
    basis: Primary, cites: ["S-FCSO-JWJZ", "S-NORJW", "S-AMC", "S-MSHO26"],
    says:
        "The record shows the amount discarded; without it neither JW nor JZ can be attested for a \
         remainder of a unit or more.",
    why: "The modifiers are attestations.",
    example: "80 of 100 mg at 1 mg without an entry: the JW line is held and a question asked.",
    exceptions: "A remainder below one unit is not payable, so JZ does not rest on the entry.",
}

rule! {
    pub static W_15: "W-15", "Crosswalk units of a package are not multiplied",
    basis: Primary, cites: ["S-XWALK"],
    says:
        "Containers are added by their content, not by the units of a package that the crosswalk rounds up.",
    why: "Rounding each package overbills.",
    example: "Two 1,500 mg vials at 200 mg are 15 units, not 16.",
    exceptions: "None known.",
}

rule! {
    pub static W_16: "W-16", "A prepared syringe is its own container",
    basis: Inferred, cites: ["S-A53008"],
    says:
        "A syringe that a pharmacy prepared is the container; what that pharmacy threw away is not the \
         provider's waste.",
    why: "The provider did not open the pharmacy's vials.",
    example: "A 1.25 mg syringe given in full leaves no JW.",
    exceptions: "None known.",
}

rule! {
    pub static W_17: "W-17", "Published errors",
    basis: Primary, cites: ["S-AAPC-2008", "S-AMC"],
    status: Status::Informational,
    says:
        "One line of dose and waste together, a dose rounded down, part units of JW and a remainder billed \
         twice are errors.",
    why: "Each is published somewhere and contradicts W-02 to W-04.",
    example: "9.5 of 10 mg at 10 mg is 1 unit with JZ, not 9 and 1.",
    exceptions: "One combined line was the custom of some contractors before 2017.",
}
