//! The records of the modifier rules M-01..M-15.

use crate::rules::{Family, rule};

/// The rules in the order of the rule book.
pub static MODIFIERS: Family = (
    "Modifiers",
    &[
        &M_01, &M_02, &M_03, &M_04, &M_05, &M_06, &M_07, &M_08, &M_09, &M_10, &M_11, &M_12, &M_13, &M_14,
        &M_15,
    ],
);

rule! {
    pub static M_01: "M-01", "JA, JB and JE tell the route",
    basis: Primary, cites: ["S-SAD", "S-ACR-JAJB", "S-PGBA-JA", "S-PRIO-JA", "S-BCBSNC"],
    from: "2007-01-01",
    says:
        "One code given by two routes names the route: JA intravenous, JB subcutaneous, JE through \
         dialysate.",
    why: "Only the intravenous use is always covered.",
    example: "Tocilizumab by infusion carries JA.",
    exceptions:
        "The list of codes is the contractor's; elsewhere the modifier is informational. Before April 2021 only the \
         erythropoietins of dialysis carried it.",
}

rule! {
    pub static M_02: "M-02", "Usually self-administered drugs",
    basis: Primary, cites: ["S-SAD", "A52480"],
    says:
        "A drug of the self-administered list given under the skin is no Part B benefit, and a finding says \
         so. An antiemetic by mouth is one only as full replacement of an intravenous one at chemotherapy, begun \
         within two hours and for at most 48.",
    why: "Patients usually give it themselves.",
    example: "Abatacept by subcutaneous injection.",
    exceptions: "GY is printed only where the request states that it is no benefit. A drug by mouth that its name alone \
         leads to the code of an antiemetic was none and has no line beside other treatment than chemotherapy, beside an \
         antiemetic into the vein, and where it is more often given against reactions.",
}

rule! {
    pub static M_03: "M-03", "EA, EB or EC outside dialysis",
    basis: Primary, cites: ["S-FAC-ESA", "S-PGBA-EC", "S-MEDLEARN-ESA"],
    from: "2008-01-01",
    says:
        "Each erythropoietin line for a patient not on dialysis states one reason: chemotherapy, \
         radiotherapy or other; its claim goes with the latest hemoglobin or hematocrit.",
    why: "A line without a reason or a result, or with two reasons, is returned.",
    example: "Epoetin for chemotherapy anemia carries EA, and a hemoglobin of 9.8 stands in MEA of its line.",
    exceptions: "Two reasons make two lines.",
}

rule! {
    pub static M_04: "M-04", "ED or EE on dialysis",
    basis: Quoted, cites: ["S-HCPCS20", "S-PGBA-JA", "S-AAPC-ESA"],
    from: "2008-01-01",
    says:
        "An erythropoietin line of a dialysis patient tells whether the hematocrit stayed above the limit \
         (ED) or not (EE), and its route; a result within the limit excludes ED.",
    why: "Payment is cut for a hematocrit kept too high.",
    example: "Darbepoetin on dialysis with a normal hematocrit carries EE and JA.",
    exceptions: "EA does not go on such a line.",
}

rule! {
    pub static M_05: "M-05", "AY keeps a drug out of the dialysis bundle",
    basis: Quoted, cites: ["S-HCPCS20", "S-CC-ARANESP", "S-CR11021"],
    from: "2011-01-01",
    says: "A drug that a dialysis patient gets for another reason carries AY.",
    why: "Otherwise it counts as part of the bundle.",
    example: "An antibiotic for pneumonia in a dialysis patient.",
    exceptions: "Dialysis for an acute kidney injury is not ESRD. Drugs for anemia, bone disease and carnitine \
                 deficiency always count as given for ESRD.",
}

rule! {
    pub static M_06: "M-06", "340B drugs are marked",
    basis: Primary, cites: ["S-HCPCS25", "S-ESSENTIAL", "S-FORVIS", "S-KLG", "S-MMP-340B", "S-CMS-1695", "S-ADVIS", "S-TB", "S-CRANE"],
    from: "2018-01-01",
    says: "A drug bought under 340B carries JG or TB by the kind of entity and the date of service; until 2023 also by its status, and in 2018 and 2024 by the department.",
    why: "Payment was cut for it for years, and rebates must leave it out.",
    example: "A disproportionate-share hospital prints JG in 2024 and TB in 2025. In 2019 it prints JG on a drug with status K, also in a non-excepted department, and TB on a pass-through drug.",
    exceptions: "None: since 2025 there is one modifier for all, because CMS ended JG.",
}

rule! {
    pub static M_07: "M-07", "340B modifiers go on both lines",
    basis: Secondary, cites: ["S-VISANTE-340B", "S-ADVIS"],
    says:
        "The 340B modifier stands on the administered and on the JW line, before the informational ones; \
         vaccines carry none.",
    why: "Both lines are 340B drug.",
    example: "JG on 35 units and JG, JW on 5.",
    exceptions: "On packaged lines it is optional.",
}

rule! {
    pub static M_08: "M-08", "PO and PN mark off-campus departments",
    basis: Quoted, cites: ["S-HCPCS20", "S-ADVIS", "RCA-PN", "AAPC-PO"],
    from: "2015-01-01",
    says: "Every line of an off-campus department, of a drug or of its administration, carries PO where it is excepted and PN where it is not.",
    why: "Non-excepted departments are paid differently; the difference is made on the administration and not on a drug that is paid by itself.",
    example: "PN on the infusion and on the drug of a new off-campus clinic.",
    exceptions: "Hospital outpatient claims only. Where only the place is known, the status of the department is asked about.",
}

rule! {
    pub static M_09: "M-09", "JK and JL tell the supply of pump insulin",
    basis: Primary, cites: ["S-CGS-INS", "S-NOR-EIP"],
    from: "2023-04-01",
    says: "Insulin for a pump states a supply of up to one month (JK) or three months (JL).",
    why: "The cost share is capped by month.",
    example: "A month of insulin in May 2023 carries JK.",
    exceptions: "JL could not be billed for May and June 2023.",
}

rule! {
    pub static M_10: "M-10", "KX, GA, GZ and GY state coverage",
    basis: Primary, cites: ["S-NOR-EIP", "S-GZ", "IOM2-15"],
    says:
        "Supplier lines state that criteria are met (KX), and every line that a notice is on file (GA), a denial \
         is expected without one (GZ) or the item is no benefit (GY). The administration shares the fate of its drug.",
    why: "They decide who is liable; where a drug is excluded, so is the charge for giving it.",
    example: "A pump drug with its criteria met carries KX; a drug that is no benefit and its injection carry GY.",
    exceptions: "Only what the request states is printed.",
}

rule! {
    pub static M_11: "M-11", "Modifiers that a payer must ask for",
    basis: Primary, cites: ["S-HCPCS20"],
    says:
        "RE, KD, RD, EJ, GS, AX and the unit-dose modifiers are printed only where the payer's file asks \
         for the circumstance.",
    why: "They are definitions without a national duty.",
    example: "A plan that wants KD on pump drugs lists it.",
    exceptions: "None under Medicare's file.",
}

rule! {
    pub static M_12: "M-12", "Sides are told apart",
    basis: Primary, cites: ["S-CC-EYLEAHD", "S-A53008"],
    says:
        "Drugs into the eye are billed on one line a side with RT or LT; compounded syringes for both eyes \
         are two units with 50.",
    why: "Each eye is a service of its own.",
    example: "8 mg in each eye: 8 units RT and 8 units LT.",
    exceptions: "Routes without sides ignore it. Units of both eyes that are no equal number for each are asked about, and so is an eye whose side is not named.",
}

rule! {
    pub static M_13: "M-13", "Later claims of a split charge",
    basis: Primary, cites: ["S-FCSO-100K", "S-NOR-HC", "S-AAPC-ULTO", "S-PGBA-100K"],
    says: "The second and later claims of a split charge carry the policy's modifier: 76, 59 or none.",
    why: "They would look like duplicates.",
    example: "Claim 2 of 2 carries 76.",
    exceptions: "Contractors disagree, so it is a switch.",
}

rule! {
    pub static M_14: "M-14", "Order of modifiers",
    basis: Unsourced, cites: ["S-VISANTE-340B"],
    says: "Modifiers that change payment come first, then informational ones.",
    why: "Payers read the first ones for pricing; no source fixes the place of JW and JZ.",
    example: "JG before JW.",
    exceptions: "The order is a list of the policy.",
}

rule! {
    pub static M_15: "M-15", "Only modifiers of the code sets, each once",
    basis: Primary, cites: ["S-HCPCS20", "S-HCPCS25", "S-CC-SUFFIX"],
    says:
        "A modifier stands on a line once, and is one of HCPCS or CPT on the date of service. No modifier JR for \
         biosimilars is in the code files, and none is ever printed.",
    why: "A payer returns a line with a modifier that it cannot read; a cost site flags JR as a myth.",
    example: "A biosimilar is told by its own code; JZ twice on its line, or ZZ, is a fault of the claim.",
    exceptions: "None known.",
}
