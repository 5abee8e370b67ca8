//! By which routes the product of a code is given, and how sure that is.

use super::Formulary;
use crate::catalog::error::DataError;
use crate::catalog::record::{CodeFlag, CodeFlags};
use crate::catalog::table::{Row, rows};
use crate::domain::code::HcpcsCode;
use crate::domain::encounter::Route;

/// The source of a row that the descriptor of the code itself states.
const DESCRIPTOR: &str = "S-HCPCS25";
/// Families of codes whose descriptor says so where a drug is swallowed or breathed.
const SAYS_SO: [char; 3] = ['J', 'C', 'Q'];

/// How a product goes with a route, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// The label or the descriptor names the route.
    Fits,
    /// Nothing tells.
    Unknown,
    /// The label names other routes alone.
    OffLabel,
    /// The descriptor of the code names another form or route.
    Never,
}

/// Routes by which one preparation goes: a solution for a vein is pushed and infused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
enum Way {
    Vein = 1,
    Muscle = 1 << 1,
    UnderSkin = 1 << 2,
    Spine = 1 << 3,
    Bladder = 1 << 4,
    Eye = 1 << 5,
    Joint = 1 << 6,
    Lesion = 1 << 7,
    OnSkin = 1 << 8,
    Implanted = 1 << 9,
    Mouth = 1 << 10,
    Breath = 1 << 11,
    Elsewhere = 1 << 12,
}

/// The ways of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ways {
    set: u16,
    by_descriptor: bool,
}

impl Ways {
    pub(super) fn of(routes: &[Route]) -> Self {
        let set = routes.iter().filter_map(|route| way(*route)).fold(0, |set, way| set | way as u16);
        Self { set, by_descriptor: false }
    }

    const fn has(self, way: Way) -> bool {
        self.set & way as u16 != 0
    }
}

/// The way of a route; nothing for one that no label of a solution for injection rules out.
const fn way(route: Route) -> Option<Way> {
    Some(match route {
        Route::IvInfusion | Route::IvPush => Way::Vein,
        Route::Intramuscular => Way::Muscle,
        Route::Subcutaneous | Route::SubcutaneousInfusion | Route::OnBodyInjector => Way::UnderSkin,
        Route::Intrathecal | Route::IntraventricularReservoir => Way::Spine,
        Route::Intravesical => Way::Bladder,
        Route::Intravitreal => Way::Eye,
        Route::Intraarticular => Way::Joint,
        Route::Intralesional => Way::Lesion,
        Route::Topical => Way::OnSkin,
        Route::Implanted => Way::Implanted,
        Route::Oral => Way::Mouth,
        Route::Inhaled => Way::Breath,
        Route::Other => Way::Elsewhere,
        _ => return None,
    })
}

impl Formulary {
    /// How the product of a code goes with a route.
    ///
    /// A drug that is swallowed or breathed has a code that says so, and that code takes no other route.
    /// Else the routes on file decide, and a code without any may be right.
    pub fn fit(&self, code: HcpcsCode, flags: CodeFlags, route: Route) -> Fit {
        let Some(asked) = way(route) else { return Fit::Unknown };
        if self.ways.get(&code).is_some_and(|ways| ways.has(asked)) {
            return Fit::Fits;
        }
        for (way, flag) in [(Way::Mouth, CodeFlag::Oral), (Way::Breath, CodeFlag::Inhaled)] {
            let is_flagged = flags.has(flag);
            if asked == way && is_flagged {
                return Fit::Fits;
            }
            let says_so = || SAYS_SO.contains(&code.family()) && !flags.has(CodeFlag::ImagingAgent);
            if is_flagged || asked == way && says_so() && !flags.has(CodeFlag::Unclassified) {
                return Fit::Never;
            }
        }
        // What covers a wound goes into no vein and is not swallowed.
        if flags.has(CodeFlag::SkinSubstitute) && matches!(asked, Way::Vein | Way::Spine | Way::Mouth) {
            return Fit::Never;
        }
        match self.ways.get(&code) {
            None => Fit::Unknown,
            // What is put into a lesion or an odd place is a solution for injection that no label rules out.
            Some(ways) if !ways.by_descriptor && is_injected(*ways) && is_local(asked) => Fit::Unknown,
            Some(ways) if ways.by_descriptor => Fit::Never,
            Some(_) => Fit::OffLabel,
        }
    }

    /// Reads the routes of codes that the table of drugs does not list, and those that a descriptor states.
    pub(super) fn read_routes(&mut self, text: &str) -> Result<(), DataError> {
        for row in rows("drugs/routes.csv", text, &["code", "routes", "cite"])? {
            let row = row?;
            let code: HcpcsCode = row.read(0)?;
            let routes: Vec<Route> =
                row.texts(1).map(|text| route(&row, text)).collect::<Result<_, DataError>>()?;
            let by_descriptor = row.text(2) == DESCRIPTOR;
            let is_known = self.ways.contains_key(&code);
            if routes.is_empty() || is_known && !by_descriptor {
                return Err(row.refuse("the routes of a code are listed once"));
            }
            self.ways.insert(code, Ways { by_descriptor, ..Ways::of(&routes) });
        }
        Ok(())
    }

    /// The routes of the table of drugs; a biosimilar has those of its reference product.
    pub(super) fn note_routes(&mut self) {
        let listed = self.by_code.values().filter(|facts| !facts.routes.is_empty());
        self.ways = listed.map(|facts| (facts.code, Ways::of(&facts.routes))).collect();
    }
}

const fn is_injected(ways: Ways) -> bool {
    ways.has(Way::Vein) || ways.has(Way::Muscle) || ways.has(Way::UnderSkin) || ways.has(Way::Joint)
}

const fn is_local(way: Way) -> bool {
    matches!(way, Way::Lesion | Way::Elsewhere)
}

/// Reads one route of a data file.
pub(super) fn route(row: &Row<'_>, text: &str) -> Result<Route, DataError> {
    Ok(match text {
        "iv" => Route::IvInfusion,
        "subcutaneous" => Route::Subcutaneous,
        "subcutaneous-infusion" => Route::SubcutaneousInfusion,
        "intramuscular" => Route::Intramuscular,
        "intrathecal" => Route::Intrathecal,
        "intraventricular-reservoir" => Route::IntraventricularReservoir,
        "intravesical" => Route::Intravesical,
        "intralesional" => Route::Intralesional,
        "intravitreal" => Route::Intravitreal,
        "intra-articular" => Route::Intraarticular,
        "topical" => Route::Topical,
        "oral" => Route::Oral,
        "implanted" => Route::Implanted,
        "inhaled" => Route::Inhaled,
        "on-body-injector" => Route::OnBodyInjector,
        "other" => Route::Other,
        _ => return Err(row.refuse(&format!("`{text}` is no route"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::time::date;

    fn fit(code: &'static str, route: Route) -> Fit {
        let catalog = Catalog::embedded();
        let code = HcpcsCode::of(code);
        let version = catalog.lookup(code, date(2025, 11, 3)).version().expect("a version");
        catalog.formulary.fit(code, version.flags, route)
    }

    #[test]
    fn a_descriptor_rules_out_and_a_label_speaks_against() {
        use Route::*;
        for (code, route, expected) in [
            ("J9355", IvInfusion, Fit::Fits),
            ("J9355", Subcutaneous, Fit::OffLabel),
            ("J9356", IvInfusion, Fit::OffLabel),
            ("J3357", IvInfusion, Fit::Never),
            ("J7315", Intravesical, Fit::Never),
            ("J9280", Intravesical, Fit::Fits),
            ("J9280", Intraperitoneal, Fit::Unknown),
            ("J9040", Intralesional, Fit::Unknown),
            ("J9325", IvPush, Fit::OffLabel),
            ("J2506", OnBodyInjector, Fit::Fits),
        ] {
            assert_eq!(fit(code, route), expected, "{code} by {route:?}");
        }
    }

    #[test]
    fn what_is_swallowed_or_breathed_has_a_code_that_says_so() {
        use Route::*;
        for (code, route, expected) in [
            ("J1308", Oral, Fit::Never),
            ("J8540", Oral, Fit::Fits),
            ("J8501", IvPush, Fit::Never),
            ("J3260", Inhaled, Fit::Never),
            ("J7682", Inhaled, Fit::Fits),
            ("J7613", IvPush, Fit::Never),
            ("J3490", Oral, Fit::Unknown),
        ] {
            assert_eq!(fit(code, route), expected, "{code} by {route:?}");
        }
    }
}
