//! The records of the limit rules X-01..X-05 and of the guide rows that bear on drug lines.

use crate::rules::{Family, rule};

/// The rules in the order of the rule book.
pub static LIMITS: Family = ("Limits and claim format", &[&X_01, &X_02, &X_03, &X_04, &X_05, &G_17, &G_27]);

rule! {
    pub static X_01: "X-01", "Medically unlikely edits",
    basis: Primary, cites: ["S-FCSO-MUE", "S-ACAAI-MUE", "S-BCBSND-MUE"],
    optional: true,
    says:
        "CMS publishes the most units of a code for a line or a day, with an indicator of how firm it is.",
    why: "Units above it are denied.",
    example: "Indicator 1 binds a line, 2 and 3 a day.",
    exceptions: "Some values are confidential.",
}

rule! {
    pub static X_02: "X-02", "JW and administered units count together",
    basis: Primary, cites: ["S-NORJZ-A", "S-PRIO-MUE"],
    says: "Both lines of a drug count against a day's edit; more gives a warning and nothing is cut.",
    why: "The edit looks at the code and the day.",
    example: "155 and 5 units against 150.",
    exceptions: "Some plans deny all units, not the excess.",
}

rule! {
    pub static X_03: "X-03", "A claim has a highest charge",
    basis: Primary, cites: ["S-FCSO-100K", "S-NOR-HC", "S-PGBA-100K", "S-NOR-DME100K"],
    says:
        "A charge above the limit is split over claims with different quantities and charges, each with its \
         number in the narrative.",
    why: "The amount field has seven digits.",
    example: "$125,000.00 goes on two claims.",
    exceptions:
        "An unlisted code keeps one unit on each claim. Institutional claims have room for more, and a unit that \
         alone passes the limit cannot be split.",
}

rule! {
    pub static X_04: "X-04", "Units that do not fit a line",
    basis: Primary, cites: ["S-MEDLEARN-OVER"],
    says: "Units beyond the field's width repeat the code on further lines.",
    why: "The manual asks to repeat the line until all units are reported.",
    example: "1,200,000 units are two lines at 999,999.",
    exceptions:
        "The width is a setting of the payer. What would take more than 100 lines is a slip, and is withheld.",
}

rule! {
    pub static X_05: "X-05", "Splitting never rounds again",
    basis: Inferred, cites: ["S-MEDLEARN-OVER"],
    says: "The units of split lines add up to the single rounding.",
    why: "Each rounding would add a part unit.",
    example: "999,999 and 200,001.",
    exceptions: "None known.",
}

rule! {
    pub static G_17: "G-17", "The guide rounds down",
    basis: Secondary, cites: ["GUIDE-2026", "S-FCSO-UNITS", "S-CGS"],
    says: "The 2026 guide rounds part units down and calls the rest waste.",
    why: "The guide's policy follows it to the letter and names the authority it departs from.",
    example: "175 of 200 mg at 50 mg: 3 units, and 25 mg discarded without a JW line.",
    exceptions: "Every other policy rounds up (U-02).",
}

rule! {
    pub static G_27: "G-27", "Payers that want the reference code",
    basis: Secondary, cites: ["GUIDE-2026"],
    says: "A payer may want a biosimilar under its own code, or under the reference code with a modifier.",
    why: "The guide says that commercial payers differ.",
    example: "A plan file sets the switch.",
    exceptions: "Medicare takes the own code only (B-04).",
}
