//! The catalog compiled into the program: our own table of facts, and no text of CMS.

use std::sync::{Arc, LazyLock};

use super::error::DataError;
use super::formulary::{Formulary, FormularyFiles};
use super::snapshot::Catalog;

/// The data files of the formulary that are compiled in.
const FORMULARY: FormularyFiles<'static> = FormularyFiles {
    drugs: include_str!("../../catalog/drugs/drugs.csv"),
    names: include_str!("../../catalog/drugs/names.csv"),
    families: include_str!("../../catalog/drugs/families.csv"),
    profiles: include_str!("../../catalog/drugs/profiles.csv"),
    biosimilars: include_str!("../../catalog/biosimilars.csv"),
};

impl Catalog {
    /// The catalog that the program carries; read once, on first use.
    pub fn embedded() -> Arc<Self> {
        static EMBEDDED: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
            // The files are compiled in and a test reads them, so a refusal cannot reach a user.
            Arc::new(read_embedded().unwrap_or_else(|error| panic!("embedded catalog: {error}")))
        });
        EMBEDDED.clone()
    }
}

fn read_embedded() -> Result<Catalog, DataError> {
    Ok(Catalog { formulary: Formulary::parse(FORMULARY)?, ..Catalog::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_files_are_read() {
        assert_eq!(read_embedded().map(|catalog| catalog.formulary.by_code.is_empty()), Ok(false));
    }
}
