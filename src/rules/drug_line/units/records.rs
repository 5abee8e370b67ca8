//! The records of the unit rules U-01..U-17.

use crate::rules::{Family, Status, rule};

/// The rules in the order of the rule book.
pub static UNITS: Family = (
    "Billing units",
    &[
        &U_01, &U_02, &U_03, &U_04, &U_05, &U_06, &U_07, &U_08, &U_09, &U_10, &U_11, &U_12, &U_13, &U_14,
        &U_15, &U_16, &U_17,
    ],
);

rule! {
    pub static U_01: "U-01", "Units are multiples of the billing unit",
    basis: Primary, cites: ["S-FCSO-UNITS", "S-CGS", "S-HCPRO", "S-ASC"],
    says: "A drug line counts multiples of the amount in the long descriptor of its code.",
    why:
        "The short descriptor is cut to 28 characters and may lose the amount, so it never drives \
         arithmetic.",
    example: "450 mg of a code that counts 10 mg is 45 units.",
    exceptions:
        "Codes that count containers or events follow U-09. A product code of CPT counts what the payment file of CMS \
         prints, where the dose is whole units of it, and a vaccine counts doses.",
}

rule! {
    pub static U_02: "U-02", "Part units round up",
    basis: Primary, cites: ["S-FCSO-UNITS", "S-CGS", "S-HCPRO", "S-RAC74"],
    says: "A dose that is no whole multiple of the billing unit is rounded up to the next whole unit.",
    why: "The descriptor pays for each started unit; nearest-number rounding would underpay.",
    example: "10 mg of a code that counts 6 mg is 1.67, billed as 2 units.",
    exceptions: "The 2026 guide rounds down (G-17); its policy says so in a finding.",
}

rule! {
    pub static U_03: "U-03", "A dose below one unit is one unit",
    basis: Primary, cites: ["S-HCPRO", "S-JZ-DME", "S-ASC"],
    says: "Any dose above zero is at least one unit.",
    why: "It is the smallest case of rounding up, and no unlisted code is needed for it.",
    example: "4 mg of a code that counts 10 mg is 1 unit.",
    exceptions: "U-16 names one contractor page that says otherwise.",
}

rule! {
    pub static U_04: "U-04", "Containers are never counted as units",
    basis: Primary, cites: ["S-ASC", "S-FCSO-UNITS"],
    status: Status::Informational,
    says: "The amount given decides the units, not the number of vials or packages it came from.",
    why: "Counting vials over- or underbills as soon as vial and billing unit differ.",
    example: "200 mg of a code that counts 50 mg is 4 units, from one vial or from four.",
    exceptions: "Codes whose descriptor counts containers (U-09).",
}

rule! {
    pub static U_05: "U-05", "Convert within one measure before dividing",
    basis: Primary, cites: ["S-XWALK"],
    says:
        "Dose and billing unit are brought to one unit of the same measure: mass, volume, units of \
         activity, radioactivity or milliequivalents.",
    why:
        "A slip of 1000 between mcg and mg is the commonest unit error, and measures do not convert into \
         each other.",
    example: "2 mg of a code that counts 5 mcg is 400 units; 40 mEq at 2 mEq is 20.",
    exceptions: "A volume converts to an amount only by a stated concentration (U-06).",
}

rule! {
    pub static U_06: "U-06", "Percent and volume need a stated strength",
    basis: Inferred, cites: ["S-NOC-FL"],
    says:
        "A solution of n percent holds 10 n milligrams a millilitre; a volume without strength is refused.",
    why: "Guessing a concentration would invent a dose.",
    example: "30 mL of 0.5 % is 150 mg; 0.5 mL of 4 mg/mL is 2 mg.",
    exceptions:
        "A code that counts millilitres takes the volume as it is. A product of one strength, or one whose name tells \
         it, states it.",
}

rule! {
    pub static U_07: "U-07", "An amount up to the stated one is one unit",
    basis: Secondary, cites: ["S-SMARTSOLVE", "S-J1885"],
    says:
        "A descriptor that says up to an amount pays one unit for any amount until there; above it, each \
         started multiple is another unit.",
    why: "The wording is a maximum for a unit, and the same ceiling follows from it.",
    example: "10 mg at up to 15 mg is 1 unit; 60 mg is 4.",
    exceptions: "None known.",
}

rule! {
    pub static U_08: "U-08", "Two components follow one stated convention",
    basis: Primary, cites: ["S-XWALK", "S-CC4Q18"],
    says: "A code that names two components counts the amount that its convention, kept as data, says.",
    why: "The descriptor alone leaves open whether the components are added.",
    example: "A unit of J0702 covers 3 mg of each salt, so 6 mg in all or 1 mL.",
    exceptions:
        "A two-component code without a recorded convention is counted by the amount of one unit, and a \
         finding says so.",
}

rule! {
    pub static U_09: "U-09", "Containers and events are counted once",
    basis: Primary, cites: ["S-XWALK", "S-NOVITAS-RP", "S-PABAU-A9607"],
    says:
        "A code per vial, infusion, treatment or study dose is one unit for each, whatever the amount. An amount \
         without containers is as many as hold it, where the content of one is known; else they are asked for.",
    why: "The descriptor counts the thing and not its content.",
    example:
        "One vial of J9266 is 1 unit whether all or half of it was given; 7,500 units without containers are 2 vials \
         of 3,750.",
    exceptions:
        "Therapeutic radiopharmaceuticals per millicurie are multiplied like any amount. A dose that the descriptor \
         or the label of a code rules out is billed by another: gamma globulin over ten millilitres is J1560.",
}

rule! {
    pub static U_10: "U-10", "The dose must be stated in the basis of the code",
    basis: Inferred, cites: ["S-XWALK"],
    says:
        "Where salt and base, or a product and its active part, differ, the code counts one of them; a dose \
         on another basis is warned of.",
    why: "Arithmetic cannot see that elemental iron and the iron complex weigh differently.",
    example: "J1756 counts elemental iron.",
    exceptions: "Codes without a recorded basis are not judged.",
}

rule! {
    pub static U_11: "U-11", "A billing unit may be far smaller than any dose",
    basis: Primary, cites: ["S-CMS-HCPCS-DEC", "S-XWALK"],
    status: Status::Informational,
    says: "Small billing units are intended, so hundreds of units are no error by themselves.",
    why: "CMS prefers the smallest amount that can be billed in multiples.",
    example: "2 mg of J9381, which counts 5 mcg, is 400 units.",
    exceptions: "Medically unlikely edits bound the total (X-01).",
}

rule! {
    pub static U_12: "U-12", "Arithmetic is exact",
    basis: Secondary, cites: ["S-AAO"],
    status: Status::Informational,
    says: "Doses and units are divided as exact decimals.",
    why: "Binary fractions make 0.3 / 0.1 a little more than 3, which rounds up to 4.",
    example: "0.3 mg of a code that counts 0.1 mg is 3 units.",
    exceptions: "None known.",
}

rule! {
    pub static U_13: "U-13", "Several container sizes are added, then rounded once",
    basis: Primary, cites: ["S-RTACPA"],
    says: "Amounts of one code from different containers are added before they are rounded.",
    why: "Rounding each container would bill started units twice.",
    example: "331 mg from 200 mg and 80 mg vials of a 1 mg code is one line of 331.",
    exceptions: "A payer that wants one line for each NDC still gets the same total (D-08).",
}

rule! {
    pub static U_14: "U-14", "Repeated doses of a day",
    basis: Unsourced, cites: ["S-RTACPA"],
    says:
        "Doses of one drug given at different times of a date are added and rounded once, unless the policy \
         rounds each administration.",
    why: "No source settles it, so it is a switch; adding bills no more than was given.",
    example: "Two doses of 15 mg at 10 mg are 3 units together, 4 apart.",
    exceptions: "Doses of different dates, for different sides or for different stated reasons stand on their own lines.",
}

rule! {
    pub static U_15: "U-15", "Units are whole numbers",
    basis: Primary, cites: ["S-HCPRO", "S-AAPC-FORUM"],
    says: "A claim line never has a part unit.",
    why: "The field counts started units; only NDC quantities have decimals.",
    example: "1.75 mg of a 1 mg code is 2 units.",
    exceptions: "NDC quantities (D-06).",
}

rule! {
    pub static U_16: "U-16", "A small dose needs no unlisted code",
    basis: Primary, cites: ["S-FCSO-NOC-A"],
    status: Status::Informational,
    says:
        "A dose below one unit stays on its own code, although one contractor page suggests an unlisted \
         code.",
    why: "It contradicts the national manual behind U-03.",
    example: "4 mg of a 10 mg code is 1 unit of that code.",
    exceptions: "Noted for Part A claims to that contractor.",
}

rule! {
    pub static U_17: "U-17", "The administered dose is billed",
    basis: Secondary, cites: ["S-MMP", "GUIDE-2026"],
    says:
        "Units follow the dose that was given and documented; an order, also one rounded to the vial, \
         counts only if it was given.",
    why: "An order is an intention.",
    example: "Ordered 700 mg and given 705 mg: 705 mg is billed, and the difference is reported.",
    exceptions: "Some payers invite rounding within ten percent of the order.",
}
