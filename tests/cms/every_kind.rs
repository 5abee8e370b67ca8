//! Every file of the shared folder is known by its content and read whole, by a count taken without the parser.

use infusion_coder::cms::corrections;
use infusion_coder::cms::ndc_crosswalk;
use infusion_coder::cms::recognise::{CmsFile, Kind, kind_of, read};
use rust_xlsxwriter::Workbook;

use super::bytes_of;
use crate::support::shared;

/// The files that are one table, with their kind, the records expected and the problems.
const FILES: &[(&str, Kind, usize, usize)] = &[
    ("hcpcs/2019-HCPCS-NOC-Codes.zip!NOC_Codes_2019.xlsx", Kind::NocCodes, 141, 1),
    ("hcpcs/NOC codes_JUL2025.xlsx", Kind::NocCodes, 165, 0),
    (
        "hcpcs/2019-HCPCS-Alpha-Numeric-Corrections.zip!HCPC2019_Corrections_ALPHA.xlsx",
        Kind::Corrections,
        11,
        1,
    ),
    (
        "hcpcs/2019-HCPCS-Alpha-Numeric-Corrections.zip!HCPC2019_Corrections_ALPHA_v2.xlsx",
        Kind::Corrections,
        3,
        0,
    ),
    ("asp/2025-10_noc_pricing.csv", Kind::NocPrices, 1, 0),
    ("asp/2025-10_noc_crosswalk.csv", Kind::NocPackages, 2, 0),
    ("ncci/mue_subset.csv", Kind::UnitEdits, 84, 0),
    ("ncci/ncci_aoc_2024Q3.drugadmin.csv", Kind::AddOnEdits, 47, 0),
    ("ncci/ncci_ptp_practitioner_2024-07-01.drugadmin_active.csv", Kind::PairEdits, 902, 0),
    ("opps/opps_addendum_b_2026-04.levelII.csv", Kind::StatusIndicators, 2952, 0),
];

#[test]
fn each_table_is_known_and_read_whole() {
    let Some(folder) = shared("data") else { return };
    for (name, kind, rows, problems) in FILES {
        let bytes = bytes_of(&folder, name);
        assert_eq!(kind_of(&bytes), Ok(*kind), "{name}");
        let file = read(&bytes).expect(name);
        let counts = file.counts();
        assert_eq!((counts[0].1, file.problems().count()), (*rows, *problems), "{name}: {counts:?}");
    }
}

#[test]
fn each_file_of_payments_and_edits_has_a_kind() {
    let Some(folder) = shared("data") else { return };
    for part in ["asp", "ncci", "opps"] {
        for entry in std::fs::read_dir(folder.join(part)).expect(part) {
            let path = entry.expect("an entry").path();
            let bytes = std::fs::read(&path).expect("a file");
            let is_table = path.extension().is_some_and(|extension| extension == "csv");
            assert_eq!(kind_of(&bytes).is_ok(), is_table, "{}", path.display());
        }
    }
}

#[test]
fn corrections_keep_their_dates_and_say_which_do_not_exist() {
    let Some(folder) = shared("data/hcpcs") else { return };
    let name = "2019-HCPCS-Alpha-Numeric-Corrections.zip!HCPC2019_Corrections_ALPHA.xlsx";
    let CmsFile::Corrections(corrections::Corrections { rows, problems }) =
        read(&bytes_of(&folder, name)).expect("corrections")
    else {
        panic!("these are corrections")
    };
    let dates: Vec<String> =
        rows.iter().map(|row| row.effective.map(|day| day.to_string()).unwrap_or_default()).collect();
    assert_eq!(dates.iter().filter(|day| *day == "2019-01-01").count(), 9, "{dates:?}");
    assert_eq!(dates.last().map(String::as_str), Some("2018-12-03"));
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [14]);
}

/// Notes may stand on a sheet before the one with the table.
#[test]
fn the_sheet_that_tells_what_it_is_is_read_wherever_it_stands() {
    let columns = "_2026_CODE,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG";
    let mut book = Workbook::new();
    for (name, rows) in [
        ("NOTES", vec!["See the next sheet".to_owned()]),
        (
            "Crosswalk",
            vec!["Crosswalk".into(), columns.into(), "J9312,50242-0051-21,B,10 MG,10,1,20,20".into()],
        ),
        ("Last", vec!["HCPCS Code,SI,Payment Rate".into(), "J9312,K,1".into()]),
    ] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).expect("a name");
        for (row, line) in (0..).zip(&rows) {
            for (column, cell) in (0..).zip(line.split(',')) {
                sheet.write(row, column, cell).expect("a cell");
            }
        }
    }
    let bytes = book.save_to_buffer().expect("a workbook");
    assert_eq!(kind_of(&bytes), Ok(Kind::Crosswalk));
    let crosswalk = ndc_crosswalk::parse(&bytes).expect("a crosswalk");
    let units: Vec<String> = crosswalk.rows.iter().map(|row| row.bill_units.to_string()).collect();
    assert_eq!((units, crosswalk.problems.count()), (vec!["20".to_owned()], 0));
}
