//! Parameters of the drug-line rules: the switches of rule book §13 and the tables behind them.

mod switches;
mod tables;

use super::administration::DrugList;
use super::{List, SetOf, parameters};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::drug::{ContainerKind, DiscardReason, DrugClass};
use crate::domain::encounter::{Route, Setting};

pub use switches::*;
pub use tables::*;

parameters! {
    /// Thresholds, switches and tables of the drug-line rules.
    pub struct DrugLineParameters in "drug_line" {
        /// Which way a dose is rounded to whole billing units (rules U-02, G-17).
        pub unit_rounding: UnitRounding,
        /// Whether doses of one drug are added before they are rounded (rules U-13, U-14).
        pub rounding_scope: RoundingScope,
        /// What one unit of a two-component code stands for (rule U-08).
        pub component_units: List<ComponentUnit>,
        /// One unit in a second measure that the descriptor or the label equates with the first (rule U-05).
        pub equivalent_units: List<EquivalentUnit>,
        /// What one container holds of codes that count containers (rule U-09).
        pub container_contents: List<EquivalentUnit>,
        /// What a millilitre holds of products that are known by their strength (rule U-06).
        pub named_strengths: List<NamedStrength>,
        /// The strengths of fluids that are named by them: a name with another one means another product (rule L-04).
        pub solution_strengths: List<SolutionStrength>,
        /// First and last of the product codes of CPT, whose units the catalog does not hold (rule U-01).
        pub cpt_product_codes: List<(HcpcsCode, HcpcsCode)>,
        /// What the payment file of CMS counts as one unit of some of them (rule U-01).
        pub cpt_product_units: List<EquivalentUnit>,
        /// First and last of the codes of blood products, whose units the catalog does not hold (rule L-01).
        pub blood_product_codes: List<(HcpcsCode, HcpcsCode)>,
        /// Codes whose packages hold what their lot does, so that the crosswalk tells no content (rule D-10).
        pub lot_content_codes: List<HcpcsCode>,
        /// How discarded drug is shown on the claim (§13 item 1).
        pub discard_reporting: DiscardReporting,
        /// What the payer expects of JW (rule W-02).
        pub jw_standing: Standing,
        /// What the payer expects of JZ (rule Z-01).
        pub jz_standing: Standing,
        /// What JZ attests (rules Z-02, G-25).
        pub jz_attestation: JzAttestation,
        /// Fewest whole units that make a JW line (rule W-04, §13 item 2).
        pub smallest_jw_units: u32,
        /// What becomes of waste that a better choice of containers avoids (rule W-10).
        pub avoidable_waste: AvoidableWaste,
        /// How much of a partly given dose is discarded drug (rule W-13).
        pub partly_administered: PartlyAdministered,
        /// What becomes of a remainder that the record does not document (rule W-14).
        pub undocumented_discard: UndocumentedDiscard,
        /// Container kinds whose rest is paid for (rules W-07, W-08).
        pub single_dose_kinds: SetOf<ContainerKind>,
        /// Grounds on which the rest of any container is paid for (row G-22).
        pub further_discard_grounds: SetOf<DiscardReason>,
        /// Settings outside the scope of JW and JZ (rule Z-05).
        pub discard_exempt_settings: SetOf<Setting>,
        /// Drug classes outside the scope of JW and JZ (rule Z-05, §13 item 15).
        pub discard_exempt_classes: SetOf<DrugClass>,
        /// Settings whose payment follows OPPS status indicators (rule Z-09).
        pub status_settings: SetOf<Setting>,
        /// Status indicators that put a drug in the scope of JW and JZ (rule Z-09, §13 item 8).
        pub discard_status_indicators: List<String>,
        /// Status indicators of separate payment of which no source says whether JW and JZ apply (rule Z-09).
        pub unsettled_status_indicators: List<String>,
        /// Codes paid within the ESRD bundle (rule Z-06).
        pub esrd_bundled_codes: List<HcpcsCode>,
        /// How a DME supplier shows discarded drug (rule Z-07).
        pub dme_discard_reporting: DiscardReporting,
        /// How discarded skin substitutes without a biologics licence are shown (rules K-01, K-02).
        pub skin_substitute_reporting: DiscardReporting,
        /// How discarded drug of an unclassified code is shown (rule Z-11).
        pub unclassified_discard: UnclassifiedDiscard,
        /// Whether a drug that cost nothing is listed (rule W-12).
        pub no_cost_drug: NoCostDrug,
        /// Codes of one drug for dialysis patients and for others (rule L-05).
        pub esrd_pairs: List<EsrdPair>,
        /// Codes of one product that the amount of a dose tells apart, the smallest dose first (rule U-09).
        pub codes_by_dose: List<Vec<HcpcsCode>>,
        /// Doses that a descriptor or a label rules out (rule U-09).
        pub dose_bounds: List<DoseBound>,
        /// Codes of one drug that are told apart by the amount of one unit alone (rule L-01).
        pub denominations: List<Vec<HcpcsCode>>,
        /// The code of a solution to be diluted, and that of the one that is inhaled as it comes.
        pub concentrates: List<Vec<HcpcsCode>>,
        /// Codes of one brand alone, which the name of their drug does not mean.
        pub own_brand_codes: List<HcpcsCode>,
        /// Settings that may bill C codes (row G-02).
        pub hospital_code_settings: SetOf<Setting>,
        /// Beginnings of codes that private payers made for themselves, so that no name means one of them (rule N-01).
        pub private_payer_prefixes: List<String>,
        /// Which code a biosimilar is billed by (row G-27).
        pub biosimilar_coding: BiosimilarCoding,
        /// Modifiers on the reference code where the payer wants that (row G-27).
        pub biosimilar_reference_modifiers: List<Modifier>,
        /// Manufacturer modifiers of the shared biosimilar codes (rule B-01).
        pub biosimilar_modifiers: List<ProductModifier>,
        /// The unclassified code of each kind of product (rule N-02).
        pub unclassified_codes: List<UnclassifiedCode>,
        /// The unclassified codes of a payer that knows no others, in place of those by kind, setting and approval
        /// (row G-18).
        pub plain_unclassified_codes: List<UnclassifiedCode>,
        /// The code of new drugs in hospital outpatient departments (rule N-03).
        pub new_drug_codes: List<NewDrugCode>,
        /// Whether a product's later code tells the unclassified one that it had before (rule N-08).
        pub kind_before_code: KindBeforeCode,
        /// Codes that a product prepared for another route never has (rule N-07).
        pub codes_by_route: List<CodesByRoute>,
        /// Implants for the eye, of which one package is put in whole (rule N-07).
        pub eye_implant_codes: List<HcpcsCode>,
        /// What becomes of an unclassified code where the drug's name has its own (rule N-01).
        pub unclassified_beside_specific: UnclassifiedBesideSpecific,
        /// What one unit of an unclassified code counts (rule N-04).
        pub unclassified_units: UnclassifiedUnits,
        /// Billing units that a payer defines for a drug under an unclassified code (rule N-04).
        pub unclassified_dosages: List<UnclassifiedDosage>,
        /// Characters that the narrative field holds (rule N-05).
        pub narrative_characters: u32,
        /// Whether the narrative names the patient's weight (rule N-06).
        pub narrative_weight: bool,
        /// Whether JA and JB are asked for (rule M-01).
        pub route_modifiers: RouteModifiers,
        /// Codes of drugs given by two routes (rule M-01).
        pub route_modifier_codes: List<HcpcsCode>,
        /// Codes of drugs that are usually self-administered when subcutaneous (rule M-02).
        pub self_administered_codes: List<HcpcsCode>,
        /// Antiemetics by mouth that take the place of intravenous ones at chemotherapy (rule M-02).
        pub oral_antiemetic_codes: List<HcpcsCode>,
        /// Those of them that are more often a premedication against reactions (rule M-02).
        pub oral_premedication_codes: List<HcpcsCode>,
        /// Antiemetics into the vein, beside which one by mouth replaces none (rule M-02).
        pub intravenous_antiemetics: DrugList,
        /// Erythropoiesis-stimulating agents (rules M-03, M-04).
        pub esa_codes: List<EsaCode>,
        /// Hematocrit above which a dialysis line names how long it stayed there, in percent (rule M-04).
        pub esa_hematocrit_percent_max: u32,
        /// The hemoglobin that stands for it, in grams per decilitre (rule M-04).
        pub esa_hemoglobin_g_dl_max: u32,
        /// What tells the reason for an erythropoietin where the request does not state it (rule M-03).
        pub esa_reasons: List<EsaReason>,
        /// Modifier of a drug that a dialysis patient gets for another reason (rule M-05).
        pub unrelated_to_esrd_modifiers: List<Modifier>,
        /// 340B modifiers by kind of entity (rule M-06).
        pub modifiers_340b: List<EntityModifier>,
        /// Settings that mark 340B drugs (rule M-06).
        pub settings_340b: SetOf<Setting>,
        /// Whether a source confirms the 340B table for the date (rule M-06).
        pub modifiers_340b_verified: bool,
        /// Modifiers of off-campus departments (rule M-08).
        pub off_campus_modifiers: List<LocationModifier>,
        /// Insulin codes for infusion pumps (rule M-09).
        pub insulin_pump_codes: List<HcpcsCode>,
        /// Modifiers by days of insulin supplied (rule M-09).
        pub insulin_supply_modifiers: List<SupplyModifier>,
        /// Settings that state coverage by modifier (rule M-10).
        pub coverage_modifier_settings: SetOf<Setting>,
        /// Modifiers that the payer wants for a stated circumstance (rule M-11).
        pub circumstance_modifiers: List<CircumstanceModifier>,
        /// Routes that are billed side by side (rule M-12).
        pub laterality_routes: SetOf<Route>,
        /// The order in which modifiers are printed (rule M-14).
        pub modifier_order: List<Modifier>,
        /// Whether the payer wants NDCs (rule D-02, §13 item 9).
        pub ndc_reporting: NdcReporting,
        /// Whether several NDCs of one code share a line (rule D-08).
        pub ndc_lines: NdcLines,
        /// Whether the JW line names the NDC (rule D-08).
        pub ndc_on_discard_line: bool,
        /// Decimal places of an NDC quantity (rule D-06).
        pub ndc_decimals: u32,
        /// Units of the NDC quantity where the payer fixes them (rules D-04, D-05).
        pub ndc_qualifiers: List<CodeQualifier>,
        /// Most units that one line holds (rule X-04).
        pub units_per_line_max: u32,
        /// Highest charge of one claim in cents (rule X-03).
        pub claim_charge_max_cents: u64,
        /// Settings whose claims have a highest charge (rule X-03).
        pub claim_charge_settings: SetOf<Setting>,
        /// Modifiers on the later claims of a split charge (rule M-13).
        pub split_modifiers: List<Modifier>,
        /// What the payer denies above a medically unlikely edit (rule X-02).
        pub mue_denial: MueDenial,
    }
}
