//! Which codes replaced an ended one, where CMS gives no cross reference (rule L-03), and when it ended, where
//! CMS dropped the code from its list without an end.

use rustc_hash::FxHashMap;

use super::error::DataError;
use super::table::rows;
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;

/// The table `catalog/successors.csv`.
#[derive(Debug, Clone, Default)]
pub struct Successors(FxHashMap<HcpcsCode, Ended>);

#[derive(Debug, Clone)]
struct Ended {
    successors: Box<[HcpcsCode]>,
    /// Last usable date, inclusive.
    last_day: Option<Date>,
}

impl Successors {
    /// Reads the table.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        rows("successors.csv", text, &["code", "successors", "last_day", "cite"])?
            .map(|row| {
                let row = row?;
                let ended = Ended { successors: row.read_all(1)?, last_day: row.read_optional(2)? };
                Ok((row.read(0)?, ended))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The codes that replaced a code; empty where none is known.
    pub fn of(&self, code: HcpcsCode) -> &[HcpcsCode] {
        self.0.get(&code).map_or(&[], |ended| &ended.successors)
    }

    /// The last usable date of a code that no file of CMS tells, inclusive.
    pub fn last_day(&self, code: HcpcsCode) -> Option<Date> {
        self.0.get(&code)?.last_day
    }

    /// Every code whose last day the table tells, with that day and the codes that replaced it.
    pub fn ends(&self) -> impl Iterator<Item = (HcpcsCode, Date, &[HcpcsCode])> {
        self.0.iter().filter_map(|(code, ended)| Some((*code, ended.last_day?, &*ended.successors)))
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::catalog::release::Overlay;

    #[test]
    fn a_code_ends_on_the_day_before_its_successor_begins() {
        let catalog = Catalog::embedded();
        let mut ends = 0;
        for (code, last, successors) in Overlay::embedded().successors.ends() {
            let ended = catalog.codes.get(&code).unwrap_or_else(|| panic!("{code} is not in the catalog"));
            // A number may have been given to another drug since.
            let mut of_drug = ended.iter().filter(|version| version.added <= last);
            assert!(of_drug.all(|version| version.terminated == Some(last)), "{code}");
            let begins = |successor| catalog.codes.get(successor).map(|versions| versions[0].added);
            let first = successors.iter().filter_map(begins).min();
            assert_eq!(first, last.tomorrow().ok(), "{code}");
            ends += 1;
        }
        assert!(ends > 10, "{ends}");
    }
}
