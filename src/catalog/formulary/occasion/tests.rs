//! Tests of what a name tells of the occasion of a drug.

use crate::catalog::Catalog;

#[test]
fn what_was_given_is_told_from_its_occasion() {
    let catalog = Catalog::embedded();
    for (text, given) in [
        ("Benadryl 25 mg for Rituxan", "Benadryl 25 mg"),
        ("Benadryl (rituximab reaction)", "Benadryl"),
        ("Benadryl rituximab infusion reaction", "Benadryl"),
        ("Decadron (Taxol premed)", "Decadron"),
        ("Decadron chemo premed", "Decadron"),
        ("Demerol rigors from rituximab", "Demerol rigors"),
        ("Zofran d/t carboplatin", "Zofran"),
        ("Zofran - chemotherapy induced nausea", "Zofran"),
        ("Zofran (pre-chemo)", "Zofran"),
        ("iron sucrose non-chemo", "iron sucrose"),
        ("leucovorin (not chemo)", "leucovorin"),
        ("Lasix between units of PRBC", "Lasix"),
        ("Benadryl (reaction to flu shot)", "Benadryl"),
        ("Zofran + Decadron (Taxol premed)", "Zofran + Decadron"),
        ("pre-Rituxan Benadryl 25 mg", "Benadryl 25 mg"),
        ("chemo premed: Benadryl", "Benadryl"),
        ("pre-chemo hydration", "hydration"),
        ("cisplatin pre-hydration", "pre-hydration"),
        ("Zofrann (rituximab reaction)", "Zofrann"),
    ] {
        assert_eq!(catalog.formulary.given_part(text), given, "{text}");
    }
}

#[test]
fn names_that_went_together_stay() {
    let catalog = Catalog::embedded();
    for text in [
        "ondansetron (Zofran) 4 mg",
        "carboplatin/Taxol cycle 1",
        "Zofran and chemo",
        "Zofran 8 mg + Decadron 10 mg",
        "D5W oxaliplatin day 1",
        "premedication",
        "chemo premed",
        "influenza virus vaccine",
        "iron-based contrast agent",
        "chemo infusion",
        "Taxol premed Decadron",
        "Ocrevus premeds",
        "piperacillin-tazobactam from pharmacy",
        "heparin 100 units per mL flush",
        "cisplatin in NS with mannitol",
        "cisplatin + hydration",
        "",
    ] {
        assert_eq!(catalog.formulary.given_part(text), text, "{text}");
    }
}

#[test]
fn the_name_of_a_product_has_no_occasion_in_it() {
    let catalog = Catalog::embedded();
    let versions = catalog.codes.values().flatten();
    let of_codes =
        versions.flat_map(|version| version.brands.iter().map(|brand| &**brand).chain([&*version.name]));
    let names = of_codes.chain(catalog.formulary.by_name.keys().map(|name| &**name));
    // Descriptors tell the use of some products, which is no name either.
    let cut: Vec<(&str, &str)> = names
        .filter(|name| !name.contains(" for ") && !name.contains(" FOR "))
        .map(|name| (name, catalog.formulary.given_part(name)))
        .filter(|(name, given)| name != given)
        .collect();
    assert!(cut.is_empty(), "{} {cut:?}", cut.len());
}

#[test]
fn a_drug_and_the_brand_of_its_preparation_are_no_two_drugs() {
    let formulary = &Catalog::embedded().formulary;
    assert_eq!(formulary.companions("octreotide (Sandostatin LAR Depot)"), None);
    assert_eq!(formulary.companions("Benadryl (rituximab)"), Some(("Benadryl", "rituximab")));
    assert_eq!(
        formulary.companions("rituximab reaction: Benadryl"),
        Some(("Benadryl", "rituximab reaction"))
    );
}
