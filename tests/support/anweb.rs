//! Small alpha-numeric HCPCS files in the published layout, with codes of our own invention.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

/// Families that every plausible release has, and how many codes of each make it large enough.
const FAMILIES: [char; 7] = ['A', 'E', 'G', 'J', 'L', 'Q', 'V'];
const CODES_OF_A_FAMILY: usize = 760;

/// A posting of the code file, plausible as it stands, which a test changes.
#[derive(Debug, Clone)]
pub struct Posting {
    /// Code, text, and the dates added, effective and terminated as eight digits or blank.
    rows: Vec<(String, String, [String; 3])>,
}

impl Posting {
    /// Some 5,300 codes; those of the families J and Q are drugs with a unit of 10 mg.
    pub fn plausible() -> Self {
        let mut rows = Vec::new();
        for family in FAMILIES {
            for number in 1..=CODES_OF_A_FAMILY {
                let text = match family {
                    'J' | 'Q' => format!("Injection, testdrug{number}, 10 mg"),
                    _ => format!("Item number {number}"),
                };
                let dates = ["20100101".to_owned(), "20100101".to_owned(), String::new()];
                rows.push((format!("{family}{number:04}"), text, dates));
            }
        }
        Self { rows }
    }

    /// The same with another text of a code, in force from a day on.
    #[must_use]
    pub fn reworded(mut self, code: &str, text: &str, effective: &str) -> Self {
        let row = self.row(code);
        text.clone_into(&mut row.1);
        effective.clone_into(&mut row.2[1]);
        self
    }

    /// The same with a code that ends after a day.
    #[must_use]
    pub fn ended(mut self, code: &str, last: &str) -> Self {
        last.clone_into(&mut self.row(code).2[2]);
        self
    }

    /// The same with one more drug, by its place in the order of codes.
    #[must_use]
    pub fn with(mut self, code: &str, text: &str, added: &str) -> Self {
        let dates = [added.to_owned(), added.to_owned(), String::new()];
        self.rows.push((code.to_owned(), text.to_owned(), dates));
        self.rows.sort();
        self
    }

    /// The first codes only.
    #[must_use]
    pub fn cut(mut self, count: usize) -> Self {
        self.rows.truncate(count);
        self
    }

    /// The text file.
    pub fn text(&self) -> String {
        let mut file = String::new();
        for (code, text, [added, effective, last]) in &self.rows {
            let line = format!("{code:<5}001003{text:<80}{:<28}", &text[..text.len().min(28)]);
            // Pricing indicator 51 marks a drug.
            let line = format!("{line:<119}51");
            let _ = writeln!(file, "{line:<268}{added:<8}{effective:<8}{last:<8}N");
        }
        file
    }

    /// The archive as it is published.
    pub fn zip(&self, member: &str) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(member, SimpleFileOptions::default()).expect("a member");
        writer.write_all(self.text().as_bytes()).expect("a text");
        writer.finish().expect("an archive").into_inner()
    }

    fn row(&mut self, code: &str) -> &mut (String, String, [String; 3]) {
        self.rows.iter_mut().find(|row| row.0 == code).expect("a code of the posting")
    }
}
