use super::*;
use crate::catalog::Catalog;
use crate::domain::time::date;

fn named(name: &str) -> Option<(Nearness, Vec<String>)> {
    let catalog = Catalog::embedded();
    let query = NameQuery::new(&fold(name), &catalog.formulary);
    Nearness::ALL.into_iter().find_map(|nearness| {
        let found = catalog.named(&query, nearness, date(2025, 11, 3));
        let codes: Vec<String> = found.filter_map(|it| Some(it.billable()?.code.to_string())).collect();
        (!codes.is_empty()).then_some((nearness, codes))
    })
}

#[test]
fn each_name_of_a_product_finds_it() {
    for (name, code) in [
        ("rituximab", "J9312"),
        ("tarlatamab", "J9026"),
        ("5-FU", "J9190"),
        ("leucovorin calcium", "J0640"),
        ("aprepitant", "J0185"),
        ("octreotide", "J2354"),
        ("Taxol", "J9267"),
        ("vincristine sulfate", "J9370"),
        ("cefuroxime", "J0697"),
        ("BCG", "J9030"),
        ("haloperidol lactate", "J1630"),
        ("tazobactam", "J2543"),
        ("palonosetron hcl", "J2468"),
        ("Casgevy", "J3392"),
        ("Zolgensma", "J3399"),
        ("onasemnogene", "J3399"),
        ("lyfgenia", "J3394"),
        ("Flebogamma", "J1572"),
        ("asparaginase erwinia chrysanthemi (recombinant)-rywn", "J9021"),
        ("thyrotropin alfa", "J3240"),
    ] {
        let (_, codes) = named(name).unwrap_or_else(|| panic!("{name} finds nothing"));
        assert!(codes.iter().any(|it| it == code), "{name}: {codes:?}");
    }
    assert_eq!(named("pertuzumab").map(|(nearness, _)| nearness), Some(Nearness::Exact));
    assert_eq!(named("relatlimab").map(|(nearness, _)| nearness), Some(Nearness::Component));
    // The number was that of another drug before.
    assert!(named("topotecan").is_some_and(|(_, codes)| !codes.iter().any(|code| code == "J9350")));
    assert_eq!(named("no such drug"), None);
}

#[test]
fn a_suffix_may_be_left_out_and_a_word_may_not() {
    assert_eq!(without_suffix("tarlatamab-dlle"), Some("tarlatamab"));
    for whole in ["sodium-salts", "tarlatamab", "-dlle", ""] {
        assert_eq!(without_suffix(whole), None, "{whole}");
    }
}

#[test]
fn an_enzyme_that_spreads_a_drug_is_no_drug_of_it() {
    let of = |name| components(name).collect::<Vec<_>>();
    assert_eq!(of("trastuzumab and hyaluronidase-oysk"), ["trastuzumab"]);
    assert_eq!(of("pertuzumab, trastuzumab, and hyaluronidase-zzxf"), ["pertuzumab", "trastuzumab"]);
}

#[test]
fn a_name_of_one_product_finds_no_other() {
    for (name, code) in [
        ("vancomycin hydrochloride (mylan)", "J3374"),
        ("Vancomycin HCl Xellia", "J3375"),
        ("pemetrexed (Hospira)", "J9294"),
        ("lanreotide Cipla", "J1932"),
        ("rituximab Truxima", "Q5115"),
        ("Truxima rituximab-abbs", "Q5115"),
        ("daunorubicin citrate", "J9151"),
        ("daunorubicin", "J9150"),
    ] {
        assert_eq!(named(name).map(|(_, codes)| codes), Some(vec![code.to_owned()]), "{name}");
    }
    let (_, codes) = named("vancomycin").expect("codes");
    assert_eq!(codes, ["J3373", "J3374", "J3375"]);
}

#[test]
fn a_salt_decides_between_salts_and_not_between_makers() {
    for (name, codes) in [
        ("melphalan hydrochloride", &["J9245", "J9246", "J9248", "J9249"][..]),
        ("melphalan", &["J9245", "J9246", "J9248", "J9249"]),
        ("pantoprazole sodium", &["J2470", "J2471"]),
        ("methotrexate sodium", &["J9255", "J9260"]),
        ("methylprednisolone acetate", &["J1010"]),
        ("haloperidol decanoate", &["J1631"]),
        ("edetate calcium disodium", &["J0600"]),
        ("pemetrexed ditromethamine", &["J9323"]),
        ("daunorubicin citrate", &["J9151"]),
    ] {
        let mut found = named(name).map(|(_, codes)| codes).unwrap_or_default();
        // What is swallowed has codes of its own, which the route parts.
        found.retain(|code| !code.starts_with("J86"));
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, codes, "{name}");
    }
}

#[test]
fn insulin_of_a_brand_is_that_for_a_pump_too() {
    let (_, codes) = named("Fiasp insulin").expect("codes");
    assert!(["J1811", "J1812"].iter().all(|code| codes.iter().any(|it| it == code)), "{codes:?}");
}

#[test]
fn a_letter_may_be_left_out_where_there_is_one_form() {
    for (name, code) in [("efgartigimod", "J9332"), ("agalsidase", "J0180"), ("olipudase", "J0218")] {
        let codes = named(name).map(|(_, codes)| codes).unwrap_or_default();
        assert!(codes.iter().any(|it| it == code), "{name}: {codes:?}");
    }
    // Alfa, beta and gamma are different drugs.
    assert_eq!(named("interferon"), None);
}
