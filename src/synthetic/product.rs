//! The drugs of made visits: common doses, how they are given, and the containers they come in.

/// How a drug is given in a made visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Push,
    /// An infusion between so many minutes.
    Infusion(u64, u64),
    Subcutaneous,
}

/// A drug.
#[derive(Debug, Clone, Copy)]
pub(super) struct Product {
    pub code: &'static str,
    pub unit: &'static str,
    /// Smallest dose, largest dose and the step between, in the unit.
    pub dose: (u64, u64, u64),
    pub given: Given,
    pub is_multi_dose: bool,
    /// Contents of its containers, the largest first, with the NDC of each where the claim names it.
    pub containers: &'static [(u64, &'static str)],
    /// A code of the same molecule from another maker.
    pub twin: Option<&'static str>,
    pub is_chemotherapy: bool,
}

const fn single(
    code: &'static str,
    unit: &'static str,
    dose: (u64, u64, u64),
    given: Given,
    containers: &'static [(u64, &'static str)],
) -> Product {
    let (is_multi_dose, is_chemotherapy) = (false, false);
    Product { code, unit, dose, given, is_multi_dose, containers, twin: None, is_chemotherapy }
}

const fn chemotherapy(product: Product) -> Product {
    Product { is_chemotherapy: true, ..product }
}

const fn multi_dose(product: Product) -> Product {
    Product { is_multi_dose: true, ..product }
}

const fn with_twin(product: Product, twin: &'static str) -> Product {
    Product { twin: Some(twin), ..product }
}

use Given::{Infusion, Push, Subcutaneous};

/// Drugs that a visit is made for.
pub(super) const MAIN: &[Product] = &[
    chemotherapy(single(
        "J9312",
        "mg",
        (505, 995, 5),
        Infusion(92, 290),
        &[(500, "50242-0053-06"), (100, "50242-0051-21")],
    )),
    chemotherapy(with_twin(
        single(
            "Q5114",
            "mg",
            (155, 835, 5),
            Infusion(31, 95),
            &[(420, "67457-0847-44"), (150, "67457-0991-15")],
        ),
        "Q5117",
    )),
    chemotherapy(single("J9271", "mg", (200, 400, 200), Infusion(31, 45), &[(100, "00006-3026-02")])),
    chemotherapy(single(
        "J9035",
        "mg",
        (310, 1190, 10),
        Infusion(31, 95),
        &[(400, ""), (100, "50242-0060-01")],
    )),
    chemotherapy(single("J9263", "mg", (85, 195, 1), Infusion(115, 130), &[(100, ""), (50, "")])),
    chemotherapy(multi_dose(single(
        "J9045",
        "mg",
        (310, 740, 10),
        Infusion(31, 65),
        &[(450, ""), (150, "")],
    ))),
    chemotherapy(multi_dose(single(
        "J9267",
        "mg",
        (120, 325, 5),
        Infusion(58, 185),
        &[(300, ""), (100, "")],
    ))),
    with_twin(single("J1745", "mg", (305, 995, 5), Infusion(119, 150), &[(100, "57894-0030-01")]), "Q5103"),
    single("J3380", "mg", (300, 300, 1), Infusion(31, 40), &[(300, "64764-0300-20")]),
    single("J1756", "mg", (100, 300, 100), Infusion(17, 95), &[(100, "")]),
    single("J0696", "mg", (1000, 2000, 1000), Infusion(17, 45), &[(1000, "")]),
    single("J3489", "mg", (4, 4, 1), Infusion(17, 29), &[(4, "")]),
];

/// Drugs pushed beside them.
pub(super) const PUSHED: &[Product] = &[
    single("J2469", "mcg", (250, 250, 1), Push, &[(250, "")]),
    single("J1100", "mg", (4, 20, 4), Push, &[(4, "")]),
    single("J1200", "mg", (25, 50, 25), Push, &[(50, "")]),
    single("J2405", "mg", (4, 8, 4), Push, &[(4, "")]),
];

/// Chemotherapy that is pushed.
pub(super) const PUSHED_CHEMOTHERAPY: &[Product] = &[
    chemotherapy(single("J9190", "mg", (505, 895, 5), Push, &[(500, "")])),
    chemotherapy(single("J9000", "mg", (52, 118, 2), Push, &[(50, ""), (10, "")])),
];

/// Drugs given under the skin.
pub(super) const INJECTED: &[Product] = &[
    single("J0897", "mg", (60, 120, 60), Subcutaneous, &[(60, "")]),
    single("J2506", "mg", (6, 6, 1), Subcutaneous, &[(6, "")]),
];

/// The product of a code; nothing for one that no visit is made of.
pub(super) fn of(code: &str) -> Option<&'static Product> {
    [MAIN, PUSHED, PUSHED_CHEMOTHERAPY, INJECTED].into_iter().flatten().find(|product| product.code == code)
}
