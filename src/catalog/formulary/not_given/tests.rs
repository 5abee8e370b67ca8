//! Tests of the words that say that nothing was given.

use super::*;
use crate::catalog::Catalog;

/// Every text of a list, with what it tells in one letter.
fn told(texts: &[&str]) -> Vec<(String, char)> {
    let catalog = Catalog::embedded();
    let letter = |text: &str| match catalog.formulary.told(text) {
        Told::Given => 'g',
        Told::Paused => 'p',
        Told::NotGiven(_) => 'n',
        Told::Doubtful(_) => 'd',
        Told::ByOthers(_) => 'o',
    };
    texts.iter().map(|text| ((*text).to_owned(), letter(text))).collect()
}

fn assert_all(letter: char, texts: &[&str]) {
    let others: Vec<_> = told(texts).into_iter().filter(|(_, told)| *told != letter).collect();
    assert!(others.is_empty(), "{others:?} and not {letter}");
}

#[test]
fn no_sign_is_longer_than_what_is_looked_at() {
    let signs = WORDS.iter().filter(|(_, parts)| *parts & SIGNS != 0).map(|(word, _)| word.len());
    assert!(signs.max().is_some_and(|longest| longest <= SIGN_LETTERS_MAX));
}

#[test]
fn words_that_say_that_nothing_was_given() {
    assert_all(
        'n',
        &[
            "rituximab - not given",
            "rituximab (HELD)",
            "Rituxan pt declined",
            "pt refused Rituxan",
            "rituximab refused by patient",
            "rituximab 500 mg wasted, not given",
            "rituximab cancelled",
            "rituximab omitted",
            "rituximab deferred today",
            "rituximab on hold",
            "HOLD rituximab",
            "rituximab held for neutropenia",
            "rituximab held per MD",
            "rituximab never started",
            "rituximab not yet given",
            "did not receive rituximab",
            "pt didn't receive rituximab",
            "rituximab in NS 500 mL not hung",
            "Rituxan (rituximab) refused",
            "zzzmab refused",
            "Zofran not given, pt refused",
            "morphine 4 mg charted in error",
            "morphine 4 mg - entered in error",
            "morphine 4 mg error entry",
            "morphine 4 mg duplicate entry",
            "morphine 4 mg (entry voided)",
            "morphine 4 mg not needed",
            "morphine 4 mg no longer needed",
            "morphine 4 mg pulled not used",
            "morphine 4 mg returned to Pyxis, not used",
            "morphine 4 mg dc'd before given",
        ],
    );
}

#[test]
fn a_rate_and_a_pause_leave_the_drug_given() {
    assert_all(
        'g',
        &[
            "rituximab rate held",
            "rituximab rate declined",
            "morphine, held pressure",
            "rituximab given, not held",
            "rituximab not all given",
            "Zofran 4 mg IV",
            "Zofran, no reaction, given slowly",
            "Lasix 40 mg, pt voided 300 mL",
            "Lasix 40 mg pt has voided",
            "morphine given in error",
            "morphine 4 mg, pump error resolved",
            "Remicade 400 mg, filter not used",
            "Remicade, interpreter not needed",
            "Remicade 400 mg given, remainder returned to pharmacy",
            "morphine 2 mg, 2 mg waste returned to pharmacy",
            "labetalol 20 mg, BP dropped",
            "Zofran 4 mg as needed",
            "NS 1 L, IV dc'd",
            "",
        ],
    );
    assert_all(
        'p',
        &[
            "rituximab, infusion held 10 min then resumed",
            "rituximab held x10 min, restarted",
            "rituximab held for 10 min",
            "rituximab held 0930-0940",
            "rituximab held for reaction, resumed at half rate",
        ],
    );
}

#[test]
fn what_may_mean_either_is_open() {
    assert_all(
        'd',
        &[
            "rituximab infusion held",
            "rituximab held for reaction",
            "rituximab given, 2nd dose refused",
            "Benadryl refused PO, given IV",
            "Zofran and Benadryl refused",
            "zzz 5 mg + Zofran refused",
            "rituximab not started until 10:15",
            "rituximab missed dose",
            "metoprolol hold if SBP < 100",
            "ketorolac refused vitals",
            "morphine 4 mg returned to Pyxis",
            "morphine 4 mg pulled from Pyxis, returned",
            "morphine vial dropped",
            "morphine 4 mg dropped",
            "morphine 4 mg voided",
            "morphine 4 mg duplicate",
            "morphine 4 mg in error",
        ],
    );
}

#[test]
fn what_others_gave_is_not_given_here() {
    assert_all(
        'o',
        &[
            "Zofran given by EMS",
            "Zofran 4 mg in the ambulance",
            "Zofran (EMS)",
            "morphine prior to arrival",
            "aspirin PTA",
            "Zofran given before arrival",
            "NS bolus by EMS",
            "fentanyl 100 mcg by flight crew",
            "fentanyl 100 mcg given by the helicopter crew",
            "fentanyl by fire rescue",
            "fentanyl per fire rescue",
            "insulin by SNF staff",
            "fentanyl given in the field",
            "fentanyl in field",
            "fentanyl 100 mcg given en route",
            "fentanyl en route to ED",
        ],
    );
    assert_all(
        'd',
        &[
            "NS started by EMS, continued in ED",
            "Zofran by paramedics",
            "Zofran given at outside hospital",
            "fentanyl by transport team",
            "Zofran 4 mg not needed earlier",
            "NS started in the field, continued in ED",
        ],
    );
    assert_all(
        'g',
        &[
            "Zofran via EMS line",
            "heparin for PTA",
            "heparin per EMS protocol",
            "Zofran on arrival",
            "Zofran in hospital",
            "lidocaine for field block",
            "lidocaine in field block",
            "cefazolin in sterile field",
            "oxytocin by rapid infusion",
            "Zofran for flight nausea",
            "fentanyl via flight crew IV",
            "morphine en bloc",
            "fentanyl given en route to CT",
            "insulin by SNF transfer order",
            "Zofran 4 mg dropped off by pharmacy",
            "fentanyl 50 mcg, vial broken, new vial obtained",
            "NS 1 L broken up in 2 boluses",
            "ceftriaxone 1 g duplicate bag 2 of 2",
        ],
    );
}

#[test]
fn another_dose_or_route_that_was_left_out_says_nothing_of_this_one() {
    assert_all(
        'g',
        &["Lasix 40 mg (home dose held)", "morphine IV (IM refused)", "Zofran IV - PO dose refused"],
    );
    assert_all('n', &["morphine (IM refused)", "Lasix held", "Lasix IV, dose held"]);
}

#[test]
fn the_name_stays_without_the_words() {
    let catalog = Catalog::embedded();
    for (text, name) in [
        ("rituximab 500 mg - not given", "rituximab 500 mg"),
        ("pt refused Rituxan", "Rituxan"),
        ("HELD", ""),
        ("zzzmab held", "zzzmab"),
    ] {
        assert_eq!(catalog.formulary.told(text), Told::NotGiven(name.to_owned()), "{text}");
    }
}
