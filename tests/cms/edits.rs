//! The edits in the layouts that CMS publishes, down to the wrapped headers and the notices of several lines.

use infusion_coder::catalog::edits::{Adjudication, EditKind};
use infusion_coder::cms::recognise::{CmsFile, Kind, kind_of, read};
use infusion_coder::domain::code::HcpcsCode;
use infusion_coder::domain::time::date;
use rust_xlsxwriter::Workbook;

/// The rows of the two preambles and the four rows over which the titles are wrapped, then pairs; a pair comes
/// again for each span of dates, the newest first.
const PAIRS: &[&[&str]] = &[
    &["Our notice in place of that of the publisher."],
    &["Column1/Column2 Edits"],
    &["Column 1", "Column 2", "*=in existence", "Effective", "Deletion", "Modifier", "PTP Edit Rationale"],
    &["", "", "prior to 1996", "Date", "Date", "0=not allowed", ""],
    &["", "", "", "", "*=no data", "1=allowed", ""],
    &["", "", "", "", "", "9=not applicable", ""],
    &["96413", "96360", "", "20240101", "*", "1", "Reason"],
    &["96413", "96360", "", "20100101", "20101231", "0", "Reason"],
    &["96415", "J1642", "*", "19960101", "19960101", "9", "Reason"],
    &["0663T", "G0498", "", "20240101", "*", "0", "Reason"],
];

const ADD_ONS: &[&[&str]] = &[
    &["Our notice in place of that of the publisher."],
    &[
        "AOC_Edit_Type",
        "Add-On_Code",
        "AOC_DelDT",
        "Primary_Code",
        "Primary_Code_DelDT",
        "AOC_Edit_EffDT",
        "AOC_Edit_DelDT",
        "Special_Instruction_Notes",
    ],
    &["1", "96415", "", "96413", "", "2013091", "", ""],
    &["2", "0663T", "", "CCCCC", "", "2021182", "", "Contractor Defined Primary Codes"],
    &["3", "96417", "2026365", "96413", "", "2013091", "2024366", ""],
];

fn with_delimiter(rows: &[&[&str]], delimiter: &str, end: &str) -> Vec<u8> {
    rows.iter().flat_map(|row| (row.join(delimiter) + end).into_bytes()).collect()
}

/// A workbook, in which codes and dates that are all digits are numbers, as Excel makes them.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, row) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(*row) {
            match cell.parse::<u32>() {
                Ok(number) if !cell.starts_with('0') => sheet.write(at, column, number).expect("a cell"),
                _ => sheet.write(at, column, *cell).expect("a cell"),
            };
        }
    }
    book.save_to_buffer().expect("a workbook")
}

fn in_every_form(rows: &[&[&str]]) -> [(&'static str, Vec<u8>); 4] {
    [
        ("tabs", with_delimiter(rows, "\t", "\r\n")),
        ("tabs, line feeds, end of file mark", [with_delimiter(rows, "\t", "\n"), b"\x1A".to_vec()].concat()),
        (
            "commas behind a byte order mark",
            [b"\xEF\xBB\xBF".to_vec(), with_delimiter(rows, ",", "\r\n")].concat(),
        ),
        ("workbook", workbook(rows)),
    ]
}

#[test]
fn pairs_are_read_below_a_header_that_is_wrapped_over_four_rows() {
    for (form, bytes) in in_every_form(PAIRS) {
        assert_eq!(kind_of(&bytes), Ok(Kind::PairEdits), "{form}");
        let Ok(CmsFile::PairEdits(file)) = read(&bytes) else { panic!("{form}") };
        let shown: Vec<_> =
            file.rows.iter().map(|it| (it.line, it.column1.as_str(), it.deleted, it.modifier)).collect();
        let expected = [
            (7, "96413", None, 1),
            (8, "96413", Some(date(2010, 12, 31)), 0),
            (9, "96415", Some(date(1996, 1, 1)), 9),
            (10, "0663T", None, 0),
        ];
        assert_eq!(shown, expected, "{form}");
        assert_eq!(file.rows[0].effective, Some(date(2024, 1, 1)), "{form}");
        assert!(file.problems.is_empty(), "{form}: {:?}", file.problems);
    }
}

#[test]
fn add_on_codes_are_read_below_the_notice() {
    for (form, bytes) in in_every_form(ADD_ONS) {
        let Ok(CmsFile::AddOnEdits(file)) = read(&bytes) else { panic!("{form}") };
        let shown: Vec<_> =
            file.rows.iter().map(|it| (it.add_on.as_str(), it.primary, it.kind, it.deleted)).collect();
        let primary = Some(HcpcsCode::of("96413"));
        let expected = [
            ("96415", primary, 1, None),
            ("0663T", None, 2, None),
            ("96417", primary, 3, Some(date(2024, 12, 31))),
        ];
        assert_eq!(shown, expected, "{form}");
        assert_eq!(file.rows[0].effective, Some(date(2013, 4, 1)), "{form}");
    }
}

#[test]
fn unit_edits_are_read_for_each_kind_of_claims() {
    for (title, kind) in [
        ("Practitioner Services MUE Values", EditKind::Practitioner),
        ("Outpatient Hospital Services MUE Values", EditKind::OutpatientHospital),
        ("DME Supplier Services MUE Values", EditKind::DmeSupplier),
    ] {
        let text = format!(
            "\"Our notice\nof three lines, in place of that of the publisher;\nit is quoted.\",,,\r\n\
             \"HCPCS/\nCPT Code\",{title},MUE Adjudication Indicator,MUE Rationale\r\n\
             0001U,1,2 Date of Service Edit: Policy,Reason / other\r\n\
             96415,8,3 Date of Service Edit: Clinical,Clinical: Data\r\n\
             J9312,130,\"1 Line Edit\",\"Reason, with a comma\"\r\n"
        );
        let Ok(CmsFile::UnitEdits(file)) = read(text.as_bytes()) else { panic!("{title}") };
        assert!(file.problems.is_empty(), "{title}: {:?}", file.problems);
        let shown: Vec<_> =
            file.rows.iter().map(|it| (it.line, it.code.as_str(), it.units, it.kind)).collect();
        let expected =
            [(6, "0001U", 1, Some(kind)), (7, "96415", 8, Some(kind)), (8, "J9312", 130, Some(kind))];
        assert_eq!(shown, expected, "{title}");
        let counted: Vec<_> = file.rows.iter().filter_map(|it| it.adjudication).collect();
        let expected = [Adjudication::DatePolicy, Adjudication::DateClinical, Adjudication::ClaimLine];
        assert_eq!(counted, expected, "{title}");
    }
}
