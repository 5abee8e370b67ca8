//! Which kind of container a content is sold in, where the sizes of one code differ in it.

use std::cmp::Ordering;

use super::Formulary;
use super::read::{container_kind, size};
use crate::catalog::error::DataError;
use crate::catalog::names::fold;
use crate::catalog::table::rows;
use crate::domain::code::HcpcsCode;
use crate::domain::drug::ContainerKind;
use crate::domain::quantity::Quantity;

/// The word for a content that one maker sells in single-dose and another in multi-dose containers.
const OPEN: &str = "open";

/// What a content tells of the kind of its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldKind {
    Is(ContainerKind),
    /// It is sold in containers of both kinds.
    Open,
    /// Nothing is known of the content.
    Untold,
}

/// One content of the containers of a code.
#[derive(Debug, Clone)]
pub(super) struct KnownContent {
    content: Quantity,
    /// The folded brand of the product that alone is meant; empty for every product of the code.
    product: Box<[String]>,
    /// Nothing where makers differ.
    kind: Option<ContainerKind>,
}

impl KnownContent {
    fn is_of(&self, name: &[String]) -> bool {
        self.product.iter().all(|word| name.contains(word))
    }

    fn told(&self) -> ToldKind {
        self.kind.map_or(ToldKind::Open, ToldKind::Is)
    }
}

impl Formulary {
    /// The kind of the containers of a code that hold so much, of a product by its name as the record writes it.
    ///
    /// A content that is not listed and larger than one of several doses is one of the makers' that nothing is known of.
    /// `compare` orders a listed content beside the container's, nothing where the two cannot be compared.
    pub fn kind_of_content(
        &self,
        code: HcpcsCode,
        name: Option<&str>,
        compare: impl Fn(Quantity) -> Option<Ordering>,
    ) -> ToldKind {
        let Some(known) = self.contents.get(&code) else { return ToldKind::Untold };
        let has_products = known.iter().any(|row| !row.product.is_empty());
        let name = name.filter(|_| has_products).map(fold).unwrap_or_default();
        // The rows of one product stand before those of every product.
        let mut same = known.iter().filter(|row| compare(row.content) == Some(Ordering::Equal));
        if let Some(row) = same.find(|row| row.is_of(&name)) {
            return row.told();
        }
        let is_of_several =
            |row: &&KnownContent| row.kind.is_some_and(|kind| kind != ContainerKind::SingleDose);
        let mut several = known.iter().filter(is_of_several);
        match several.any(|row| compare(row.content) == Some(Ordering::Less)) {
            true => ToldKind::Open,
            false => ToldKind::Untold,
        }
    }

    /// The contents of the containers of a code that are listed.
    pub fn known_contents(&self, code: HcpcsCode) -> impl Iterator<Item = Quantity> {
        self.contents.get(&code).into_iter().flatten().map(|row| row.content)
    }

    /// Whether some contents of a code tell the kind of their container.
    pub fn tells_kind_by_content(&self, code: HcpcsCode) -> bool {
        self.contents.contains_key(&code)
    }

    /// Reads the contents whose kind their size tells.
    pub(super) fn read_containers(&mut self, text: &str) -> Result<(), DataError> {
        for row in rows("drugs/containers.csv", text, &["code", "content", "product", "kind", "cite"])? {
            let row = row?;
            let (code, content) = (row.read(0)?, size(&row, row.text(1))?);
            let product: Box<[String]> = fold(row.text(2)).into();
            let kind = match row.text(3) {
                OPEN => None,
                _ => Some(container_kind(&row, 3)?.ok_or_else(|| row.refuse("the kind is missing"))?),
            };
            let known = self.contents.entry(code).or_default();
            let is_same = |row: &KnownContent| row.content.compare(content) == Some(Ordering::Equal);
            if known.iter().any(|row| is_same(row) && row.product == product) {
                return Err(row.refuse("the content is listed twice"));
            }
            known.push(KnownContent { content, product, kind });
            known.sort_by_key(|row| row.product.is_empty());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn the_size_tells_the_kind() {
        let formulary = &Catalog::embedded().formulary;
        let named = |code, name, value, unit| {
            let content = Quantity::parse(value, unit).expect("a quantity");
            formulary.kind_of_content(HcpcsCode::of(code), name, |listed| listed.compare(content))
        };
        let kind = |code, value, unit| named(code, None, value, unit);
        assert_eq!(kind("J0696", "10000", "mg"), ToldKind::Is(ContainerKind::PharmacyBulkPackage));
        assert_eq!(kind("J0696", "1", "g"), ToldKind::Untold);
        assert_eq!(kind("J2405", "40", "mg"), ToldKind::Is(ContainerKind::MultiDose));
        assert_eq!(kind("J2405", "20", "mL"), ToldKind::Untold);
        assert_eq!(kind("J2405", "80", "mg"), ToldKind::Open, "larger than a vial of several doses");
        assert_eq!(kind("J3360", "50", "mg"), ToldKind::Open);
        assert_eq!(kind("J3301", "80", "mg"), ToldKind::Is(ContainerKind::SingleDose));
        let etopophos = named("J9181", Some("Etopophos 100 mg"), "100", "mg");
        assert_eq!(etopophos, ToldKind::Is(ContainerKind::SingleDose));
        assert_eq!(named("J9181", Some("etoposide"), "100", "mg"), ToldKind::Untold);
    }
}
