//! Rows of the tables behind the drug-line rules.

use serde::Deserialize;

use super::QualifierRule;
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::drug::{DrugCircumstance, EsaIndication, ProductKind};
use crate::domain::encounter::{Entity340b, OffCampus, Route, Setting};
use crate::domain::quantity::{Decimal, Quantity};
use crate::domain::time::Date;
use crate::policy::parameters::List;

/// Declares rows of tables that the data files hold.
macro_rules! rows {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty),* $(,)? })*) => {
        $($(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$doc])* pub $field: $type),* })*
    };
}

rows! {
    /// What one unit of a two-component code stands for.
    pub struct ComponentUnit {
        pub code: HcpcsCode,
        /// The amount of the measured dose that one unit covers.
        pub quantity: Quantity,
        /// Which dose is measured, in our own words.
        pub measures: String,
        /// The sum of all components in one unit, where a label states the sum.
        #[serde(default)]
        pub total: Option<Quantity>,
        /// What one unit holds of each component, where a dose is written by any of them.
        #[serde(default)]
        pub by_component: List<ComponentAmount>,
    }

    /// What one unit holds of one of several components.
    pub struct ComponentAmount {
        pub component: String,
        pub quantity: Quantity,
    }

    /// One unit of a code in a second measure, which its descriptor equates with the first.
    pub struct EquivalentUnit {
        pub code: HcpcsCode,
        pub quantity: Quantity,
    }

    /// What a millilitre holds of the products of some names.
    pub struct NamedStrength {
        /// Folded to lower case.
        pub names: List<String>,
        pub per_ml: Quantity,
    }

    /// The doses that a code is not for.
    pub struct DoseBound {
        pub code: HcpcsCode,
        /// The largest dose of the code.
        #[serde(default)]
        pub most: Option<Quantity>,
        /// The code is for larger doses alone.
        #[serde(default)]
        pub above: Option<Quantity>,
        /// The code for the others.
        pub right: HcpcsCode,
        /// Any dose of the code is one unit, although files state an amount (rule U-09).
        #[serde(default)]
        pub is_event: bool,
        /// The bound tells what the name of the drug means; who states the code or its brand is believed.
        #[serde(default)]
        pub is_of_name: bool,
    }

    /// The codes of one drug by renal status.
    pub struct EsrdPair {
        pub on_dialysis: HcpcsCode,
        pub other: HcpcsCode,
    }

    /// A modifier that names the maker under a shared code.
    pub struct ProductModifier {
        pub code: HcpcsCode,
        pub modifier: Modifier,
        /// Brand and nonproprietary names, folded to lower case.
        pub products: List<String>,
    }

    /// Codes that are wrong for a route, and the right ones.
    pub struct CodesByRoute {
        pub codes: List<HcpcsCode>,
        pub route: Route,
        pub right: List<HcpcsCode>,
    }

    /// The strengths of the solution that a code is of.
    pub struct SolutionStrength {
        pub code: HcpcsCode,
        /// In percent.
        pub percents: List<Decimal>,
        /// Names that mean the code only together with such a strength, folded to lower case.
        #[serde(default)]
        pub names: List<String>,
    }

    /// The unclassified code of a kind of product.
    pub struct UnclassifiedCode {
        pub kind: ProductKind,
        pub code: HcpcsCode,
    }

    /// The code of new drugs, and when it may be used.
    pub struct NewDrugCode {
        pub code: HcpcsCode,
        pub settings: List<Setting>,
        /// First FDA approval date that the code covers.
        pub approved_from: Date,
        /// Kinds of product that it takes the place of.
        pub kinds: List<ProductKind>,
    }

    /// The unit that a payer defines for a drug under an unclassified code.
    pub struct UnclassifiedDosage {
        pub code: HcpcsCode,
        /// Nonproprietary or brand names, folded to lower case.
        pub names: List<String>,
        pub quantity: Quantity,
    }

    /// An erythropoiesis-stimulating agent.
    pub struct EsaCode {
        pub code: HcpcsCode,
        pub on_dialysis: bool,
    }

    /// What tells the reason for an erythropoietin.
    pub struct EsaReason {
        pub indication: EsaIndication,
        /// ICD-10-CM codes that stand for the reason.
        pub diagnoses: List<String>,
        /// Words behind the drug's name, folded to lower case.
        pub words: List<String>,
    }

    /// The modifier of a kind of 340B entity.
    pub struct EntityModifier {
        pub entity: Entity340b,
        pub modifier: Modifier,
        /// What a non-excepted off-campus department of the entity prints instead.
        pub non_excepted: Option<Modifier>,
        /// What a drug of pass-through status carries instead.
        pub pass_through: Option<Modifier>,
    }

    /// The modifier of an off-campus department.
    pub struct LocationModifier {
        pub location: OffCampus,
        pub modifier: Modifier,
    }

    /// The modifier of a supply of at most some days.
    pub struct SupplyModifier {
        pub days_max: u32,
        pub modifier: Modifier,
    }

    /// The modifier of a circumstance.
    pub struct CircumstanceModifier {
        pub circumstance: DrugCircumstance,
        pub modifier: Modifier,
    }

    /// The NDC quantity's unit for a code.
    pub struct CodeQualifier {
        pub code: HcpcsCode,
        pub qualifier: QualifierRule,
    }
}
