//! Names of clinical drugs as RxNorm writes them: the quantity of the package, each ingredient with its strength, the
//! form, and the brand in brackets, as in `15 ML daratumumab 120 MG/ML / hyaluronidase 2000 UNT/ML Injection [Darzalex]`.

use crate::domain::quantity::{Decimal, Quantity, Unit};

/// What stands between two ingredients.
const BETWEEN: &str = " / ";

/// An enzyme that opens the tissue for the other ingredient, which CMS names last.
const SPREADING_ENZYME: &str = "hyaluronidase";

/// A name of this shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClinicalDrug<'n> {
    /// The ingredients without their strengths, in the order in which CMS names them.
    pub ingredients: Vec<&'n str>,
    pub brand: Option<&'n str>,
    /// What one millilitre holds of the only ingredient.
    pub per_ml: Option<Quantity>,
}

impl<'n> ClinicalDrug<'n> {
    /// Reads a name; nothing where it is of another shape.
    pub fn read(name: &'n str) -> Option<Self> {
        let (name, brand) = match name.split_once('[') {
            Some((name, brand)) => (name, Some(brand.trim_end().strip_suffix(']')?.trim())),
            None => (name, None),
        };
        let mut parts: Vec<(&str, &str)> = Vec::new();
        for (at, part) in name.split(BETWEEN).enumerate() {
            parts.push(ingredient(part, at == 0)?);
        }
        let per_ml = match parts.as_slice() {
            [(_, strength)] => per_millilitre(strength),
            _ => None,
        };
        let mut ingredients: Vec<&str> = parts.into_iter().map(|(ingredient, _)| ingredient).collect();
        if ingredients.len() > 1 {
            // What stands behind a comma tells how it was made.
            let is_enzyme = |name: &str| name.starts_with(SPREADING_ENZYME);
            for name in ingredients.iter_mut().filter(|name| is_enzyme(name)) {
                *name = SPREADING_ENZYME;
            }
            ingredients.sort_by_key(|name| is_enzyme(name));
        }
        Some(Self { ingredients, brand, per_ml })
    }

    /// Ingredients and brand as records write them: `daratumumab and hyaluronidase (Darzalex Faspro)`.
    pub fn plain(&self) -> String {
        let drugs = match self.ingredients.as_slice() {
            [one, other] => format!("{one} and {other}"),
            [most @ .., last] if most.len() > 1 => format!("{}, and {last}", most.join(", ")),
            all => all.join(" "),
        };
        match self.brand {
            Some(brand) => format!("{drugs} ({brand})"),
            None => drugs,
        }
    }
}

/// A name of several ingredients or with its brand in brackets, as records write it; nothing for any other name.
pub fn plain(name: &str) -> Option<String> {
    if !name.contains(BETWEEN) && !name.contains('[') {
        return None;
    }
    ClinicalDrug::read(name).map(|drug| drug.plain())
}

/// An ingredient, and what stands behind it: its strength first. The quantity of the package stands before the first one.
fn ingredient(part: &str, is_first: bool) -> Option<(&str, &str)> {
    let part = part.trim();
    let mut rest = part;
    if is_first && starts_with_digit(part) {
        let (_, behind) = part.split_once(' ')?;
        rest = behind.trim_start().split_once(' ')?.1;
    }
    let mut from = 0;
    let at = loop {
        let space = from + rest.get(from..)?.find(' ')?;
        if starts_with_digit(&rest[space + 1..]) {
            break space;
        }
        from = space + 1;
    };
    let name = rest[..at].trim();
    (!name.is_empty() && !starts_with_digit(name)).then(|| (name, rest[at + 1..].trim()))
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// `30 MG/ML` at the front of a text.
fn per_millilitre(strength: &str) -> Option<Quantity> {
    let mut words = strength.split_whitespace();
    let amount: Decimal = words.next()?.parse().ok()?;
    let (unit, volume) = words.next()?.split_once('/')?;
    // RxNorm shortens the international unit in a way of its own.
    let unit: Unit =
        if unit.eq_ignore_ascii_case("unt") { Unit::BiologicalUnit } else { unit.parse().ok()? };
    (volume.eq_ignore_ascii_case("ml") && !amount.is_zero()).then(|| Quantity::new(amount, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clinical_drug_is_named_by_its_ingredients_and_its_brand() {
        for (name, drug) in [
            ("trastuzumab 150 MG Injection [Herceptin]", Some("trastuzumab (Herceptin)")),
            ("10 ML oxaliplatin 5 MG/ML Injection", Some("oxaliplatin")),
            ("DOXOrubicin Hydrochloride 2 MG/ML Injectable Solution", Some("DOXOrubicin Hydrochloride")),
            (
                "15 ML daratumumab 120 MG/ML / hyaluronidase, human recombinant 2000 UNT/ML Injection [Darzalex Faspro]",
                Some("daratumumab and hyaluronidase (Darzalex Faspro)"),
            ),
            (
                "hyaluronidase 2000 UNT/ML / pertuzumab 60 MG/ML / trastuzumab 60 MG/ML Injection",
                Some("pertuzumab, trastuzumab, and hyaluronidase"),
            ),
            ("leucovorin", None),
            ("0.4 MG", None),
            ("paclitaxel [unclosed 5 MG", None),
            ("lidocaine / epinephrine", None),
            ("", None),
        ] {
            assert_eq!(ClinicalDrug::read(name).map(|drug| drug.plain()).as_deref(), drug, "{name}");
        }
    }

    #[test]
    fn the_strength_of_one_ingredient_is_read_and_that_of_several_is_none() {
        let per_ml = |name: &str| ClinicalDrug::read(name)?.per_ml.map(|amount| amount.to_string());
        assert_eq!(per_ml("ketorolac tromethamine 30 MG/ML Injection").as_deref(), Some("30 mg"));
        assert_eq!(
            per_ml("1 ML heparin sodium, porcine 5000 UNT/ML Injection").as_deref(),
            Some("5000 unit")
        );
        assert_eq!(per_ml("trastuzumab 150 MG Injection"), None);
        assert_eq!(per_ml("nivolumab 12 MG/ML / relatlimab 4 MG/ML Injection"), None);
    }
}
