//! Our own wordings of every way in which descriptors state an amount.

use super::*;

fn shown(descriptor: &str) -> String {
    let Some(reading) = read(descriptor) else { return "none".to_owned() };
    let limit = reading.unit.limit.map(|limit| format!(" limit {limit}")).unwrap_or_default();
    let components: Vec<String> = reading.components.iter().map(ToString::to_string).collect();
    let parts = if components.is_empty() { String::new() } else { format!(" of {}", components.join(" + ")) };
    format!("{:?} {}{limit}{parts}", reading.unit.form, reading.unit.quantity)
}

fn check(cases: &[(&str, &str)]) {
    for (descriptor, expected) in cases {
        assert_eq!(shown(descriptor), *expected, "{descriptor}");
    }
}

#[test]
fn a_number_and_a_unit() {
    check(&[
        ("Injection, examplemab, 10 mg", "Multiple 10 mg"),
        ("Injection, examplemab,10 mg", "Multiple 10 mg"),
        ("Examplenib, oral, 1mg", "Multiple 1 mg"),
        ("Injection, example, 0. 25 mg", "Multiple 0.25 mg"),
        ("Injection, example, 100,000 units", "Multiple 100000 unit"),
        ("Injection, example, per 1,000 usp units", "Multiple 1000 unit"),
        ("Injection, example, 3 million units", "Multiple 3000000 unit"),
        ("Injection, example, 1 million plaque forming units", "Multiple 1 million PFU"),
        ("Injection, example, 1 billion vector genomes", "Multiple 1 billion vg"),
        ("Injection, potassium example, per 2 meq", "Multiple 2 mEq"),
        ("Example lu 177, therapeutic, 1 millicurie", "Multiple 1 mCi"),
        ("Example iron, 0.1 mg of iron", "Multiple 0.1 mg"),
        ("Example, 5%, 250 ml", "Multiple 250 mL"),
        ("Example, 25% in 50 ml", "Multiple 50 mL"),
        ("Example patch, 10cm2", "Multiple 10 cm2"),
    ]);
}

#[test]
fn one_of_a_unit() {
    check(&[
        ("Factor example (recombinant), per i.u.", "Multiple 1 unit"),
        ("Factor example per i. U. , not otherwise specified", "Multiple 1 unit"),
        ("Factor example, per factor viii i.u.", "Multiple 1 unit"),
        ("Complex, per i.u. of factor ix activity", "Multiple 1 unit"),
        ("Example solution, unit dose form, per milligram", "Multiple 1 mg"),
        ("Example membrane, per square centimeter", "Multiple 1 cm2"),
        ("Examplebond, per square cenitmeter", "Multiple 1 cm2"),
        ("Contrast, 400 or greater mg/ml concentration, per ml", "Multiple 1 mL"),
        ("Contrast, 150-199 mg/ml concentration, per ml", "Multiple 1 mL"),
        ("Example, per ml, containing nominal 2 x 10^13 vector genomes", "Multiple 1 mL"),
        ("Example flowable (25 mg per cc); per 0.5 cc", "Multiple 0.5 mL"),
        ("Example, 0.36 mg per 0.25 cc", "Multiple 0.25 mL"),
    ]);
}

#[test]
fn up_to_and_bounds() {
    check(&[
        ("Injection, example, up to 40 units", "UpTo 40 unit"),
        ("Injection, example, less than or equal to 100 mg", "PerEvent 1 dose limit 100 mg"),
        ("Injection, example, greater than 100 mg", "PerEvent 1 dose"),
        ("Example, greater than 3 mg, but less than or equal to 6 mg", "PerEvent 1 dose limit 6 mg"),
        ("Example, greater than 7 days and up to 28 days of therapy", "PerEvent 1 dose limit 28 day"),
        ("Example i-123, per 100 microcuries, up to 999 microcuries", "Multiple 100 uCi"),
        ("Example, per 1 usp unit (up to 999 usp units)", "Multiple 1 unit"),
    ]);
}

#[test]
fn things_counted_whole() {
    check(&[
        ("Injection, example, per single dose vial", "PerContainer 1 vial"),
        ("Example, 1 vial", "PerContainer 1 vial"),
        ("Example, per implant", "PerContainer 1 each"),
        ("Example tc-99m, diagnostic, per study dose, up to 45 millicuries", "PerEvent 1 dose limit 45 mCi"),
        (
            "Example, up to 250 million car-positive viable t cells, per infusion",
            "PerEvent 1 dose limit 250 million cells",
        ),
        ("Example, minimum of 50 million autologous cells, per infusion", "PerEvent 1 dose"),
        ("Example, for intra-articular injection, per dose", "PerEvent 1 dose"),
        ("Example, per treatment, up to 5x10^15 vector genomes", "PerEvent 1 dose"),
        ("Example, 20%, single unit dosage form (354 mg)", "PerContainer 1 each limit 354 mg"),
        ("Example 0.15mg, 0.013mg per 24 hours; yearly system, each", "PerContainer 1 each"),
        ("Red cells, washed, each unit", "PerContainer 1 each"),
    ]);
}

#[test]
fn several_components() {
    check(&[
        ("Injection, one 10 mg and another 3 mg", "Components 10 mg of 10 mg + 3 mg"),
        ("Injection, one and another, 3 mg/1 mg", "Components 3 mg of 3 mg + 1 mg"),
        ("Injection, one 4 mg, two 4 mg and three 2 mg", "Components 4 mg of 4 mg + 4 mg + 2 mg"),
        ("Injection, liposomal, 1 mg one and 2.27 mg two", "Components 1 mg of 1 mg + 2.27 mg"),
        ("Injection, one/two, 10mg/10mg (20mg)", "Components 20 mg of 10 mg + 10 mg"),
        ("Injection, one/two, 1 gram/0. 125 grams (1. 125 grams)", "Components 1.125 g of 1 g + 0.125 g"),
        ("Injection, one, 10 mg and examplidase", "Multiple 10 mg"),
        ("One 5 mg/two 20 mg enteral suspension, 100 ml", "Multiple 100 mL"),
        ("One 10.16 mg/ml and two 2.88 mg/ml solution, 1 ml", "Multiple 1 mL"),
    ]);
}

#[test]
fn numbers_that_are_no_quantity() {
    check(&[
        ("Injection, example, not therapeutically equivalent to j9305, 10 mg", "Multiple 10 mg"),
        ("Infusion, dextran 40, 500 ml", "Multiple 500 mL"),
        ("Infusion, saline (500 ml=1 unit)", "Multiple 500 mL"),
        ("5% dextrose/water (500 ml = 1 unit)", "Multiple 500 mL"),
        ("Injection, example, 0.9 mg, provided in 1.1 mg vial", "Multiple 0.9 mg"),
        ("Injection, testosterone, 1 cc, 200 mg", "Multiple 200 mg"),
        ("Example 50 or 100 meq, 20 cc vial", "Multiple 20 mL"),
        ("Injection, minidose, 50 micrograms (250 i.u.)", "Multiple 50 mcg"),
        ("Injection, example, 500 mg (150/350)", "Multiple 500 mg"),
        ("Example, 4 mg, not to exceed a 48 hour dosage regimen", "Multiple 4 mg"),
        ("Cast supplies, long arm, adult (11 years +), plaster", "none"),
        ("Unclassified drugs", "none"),
    ]);
}

#[test]
fn wordings_of_newer_codes() {
    check(&[
        ("Injection, examplase alfa-abcd, per i.u. of factor ix activity", "Multiple 1 unit"),
        (
            "Example for topical use, 0.7%, single unit dose applicator (3.2 mg)",
            "PerContainer 1 each limit 3.2 mg",
        ),
        ("Example topical, containing nominal 5 x 10^9 pfu/ml vector genomes, per 0.1 ml", "Multiple 0.1 mL"),
        (
            "Exampleleucel, 10 up to 400 million car-positive viable t cells, per infusion",
            "PerEvent 1 dose limit 400 million cells",
        ),
        ("Example, diagnostic, per study dose, up to 25 mci", "PerEvent 1 dose limit 25 mCi"),
        ("Example t, per 50 million car-positive viable t cells", "Multiple 50 million cells"),
        ("Injection, example, 1 million pfu", "Multiple 1 million PFU"),
        ("Injection, example, 10 mg, for injection", "Multiple 10 mg"),
        ("Injection, example, per 100 mg of the base", "Multiple 100 mg"),
        (
            "Instillation, one 1.35 mg and two 100 units (catheter lock)",
            "Components 1.35 mg of 1.35 mg + 100 unit",
        ),
        ("Injection, one 0.25 mg/two 5 mg", "Components 0.25 mg of 0.25 mg + 5 mg"),
        ("Injection, example, 2 mg and examplidase-abcd", "Multiple 2 mg"),
        (
            "Injection, example in 0.8% saline, not therapeutically equivalent to j2250 or j2251, 1 mg",
            "Multiple 1 mg",
        ),
        ("Example, oral, 20 mg (for esrd on dialysis)", "Multiple 20 mg"),
        ("Injection, potassium example, 0.1 millimoles", "Multiple 0.1 mmol"),
        ("Injection, sodium example, per 3 millimoles of phosphorus", "Multiple 3 mmol"),
        ("Injection, sodium example, 7.5 milliequivalents", "Multiple 7.5 mEq"),
        ("Injection, example, 25 nanograms", "Multiple 25 ng"),
        ("Example pb 212, therapeutic, 1 megabecquerel", "Multiple 1 MBq"),
        ("Example, oral, per tablet", "PerContainer 1 each"),
        ("Example, oral, per 5 mg tablet", "Multiple 5 mg"),
        ("Injection, example, per prefilled syringe", "PerContainer 1 each"),
        ("Injection, example, 0.5 mg/0.05 ml", "Multiple 0.5 mg"),
        ("Injection, example, 1/2 mg", "none"),
        ("Injection, example, per 10 million units", "Multiple 10000000 unit"),
        ("INJECTION, EXAMPLE, UP TO 1 GM", "UpTo 1 g"),
    ]);
}

#[test]
fn what_leaves_the_unit_open_states_no_amount() {
    check(&[
        ("Injection, one, 10 mg, 30 ml vial", "none"),
        ("Injection, one, 30 ml vial, 10 mg", "Multiple 10 mg"),
        ("Injection, example, less than 500 mg", "none"),
        ("Injection, example, not more than 5 mg", "none"),
        ("Injection, example, over 5 mg", "none"),
        ("Injection, example, over 10 cc", "Multiple 10 mL"),
        ("Injection, example, 5 mg or more", "none"),
        ("Injection, example, weight-based, 1 mg/kg", "none"),
        ("Injection, example, 1 mcg per kg", "none"),
        ("Injection, example, 10 mg/hour", "none"),
        ("Injection, example, 0,5 mg", "none"),
        ("Injection, example, 1,5 mg", "none"),
        ("Injection, example, 10 mgs", "Multiple 10 mg"),
    ]);
}

#[test]
fn two_drugs_are_two_components_however_they_are_joined() {
    let both = "Components 4 mg of 4 mg + 1 mg";
    check(&[
        ("Injection, one, 4 mg, with another, 1 mg", both),
        ("Injection, one 4 mg with another 1 mg", both),
        ("Injection, one 4 mg plus another 1 mg", both),
        ("Injection, one 4 mg in combination with another 1 mg", both),
        ("Injection, one, 4 mg; another, 1 mg", "none"),
    ]);
}
