//! Parameters of the administration rules: thresholds, code families and the switches D-1 to D-19.

mod codes;
mod switches;

pub use codes::*;
pub use switches::*;

use super::{List, SetOf, parameters};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::encounter::Setting;

parameters! {
    /// Thresholds, code families and switches of the administration rules.
    pub struct AdministrationParameters in "administration" {
        /// Codes of the chemotherapy and complex drug family (rule CHM-3).
        pub chemotherapy_codes: FamilyCodes,
        /// Codes of the therapeutic, prophylactic and diagnostic family.
        pub therapeutic_codes: FamilyCodes,
        /// Codes of the hydration family.
        pub hydration_codes: HydrationCodes,
        /// Codes of injections into muscle or under the skin (rules INJ-1, INJ-4, CHM-1).
        pub injection_codes: InjectionCodes,
        /// Codes of infusions under the skin (rule SCI-1).
        pub subcutaneous_infusion_codes: SubcutaneousInfusionCodes,
        /// Codes of intra-arterial administration (rules CHM-9, INJ-3).
        pub intra_arterial_codes: IntraArterialCodes,
        /// Codes of pump starts, refills and the port flush (rules CHM-4 to CHM-8).
        pub pump_codes: PumpCodes,
        /// Codes of chemotherapy into a cavity, a reservoir or a lesion (rules CHM-2, CHM-10).
        pub cavity_codes: CavityCodes,
        /// Codes for what has no code of its own (rule CHM-11).
        pub unlisted_codes: UnlistedCodes,
        /// Codes of other code sets that a finding points to.
        pub outside_codes: OutsideCodes,
        /// CAR-T products, and the code of giving them.
        pub cell_therapy: List<CellTherapy>,
        /// Sugars that are fluid or, where they are strong, a drug (rule HYD-1).
        pub sugars: DrugList,
        /// Operations that include what is given for them (rule CHM-13).
        pub operations: Operations,
        /// Fluids that against a low blood sugar are a drug (rule HYD-1).
        pub low_blood_sugar: LowBloodSugar,
        /// Sprays that patients give themselves under observation (rule CHM-13).
        pub observed_sprays: ObservedSprays,
        /// Emergency visits that carry 25 in a hospital, and the services beside which they do (rule MOD-2).
        pub visits_beside_procedures: VisitsBesideProcedures,
        /// Volume up to which a fluid with electrolytes is too little for hydration (rules HYD-9, HYD-10).
        pub rider_ml_max: i32,
        /// Hours between two services of different dates that show that an office's patient went home (rule INIT-8).
        pub office_night_hours: u32,
        /// Hours between two services of adjoining dates from which a hospital is asked about a stay (rule INIT-8).
        pub hospital_night_hours: u32,
        /// First and last codes of services that show a stay over dates (rules INIT-6, INIT-8).
        pub stay_services: List<(HcpcsCode, HcpcsCode)>,
        /// Minutes that an infusion without a pump is taken to run in a chair (rules CHM-4, CHM-5).
        pub chair_minutes_max: i64,
        /// Words of a drug's name that tell of a portable pump (rule CHM-4).
        pub pump_words: List<String>,
        /// Minutes by which a volume at its rate may differ from the clock (rule TIME-6).
        pub rate_minutes_apart_max: i64,
        /// Days that an infusion without a pump may run by its clock times; a longer one has a wrong date.
        pub infusion_days_max: u32,
        /// Rate up to which a fluid may only keep the vein open, in millilitres an hour (rule HYD-3).
        pub keep_open_ml_per_hour_max: u32,
        /// Drugs whose giving has codes of another section or is part of another service (rule CHM-13).
        pub own_services: List<OwnService>,
        /// Vaccines whose administration has a code of its own, for the finding that points to it (rule CHM-13).
        pub vaccine_administration: List<VaccineAdministration>,

        /// Longest infusion that is still a push, in minutes (rule TIME-1).
        pub push_minutes_max: i64,
        /// Minutes of an hour of infusion (rule TIME-3).
        pub hour_minutes: i64,
        /// Minutes past an hour that must be exceeded for a further one (rule TIME-3).
        pub additional_hour_after_minutes: i64,
        /// Shortest hydration that is reported, in minutes (rules TIME-4, D-18).
        pub hydration_minutes_min: i64,
        /// Minutes that must have passed since the same drug was last pushed (rule REP-2).
        pub repeat_push_after_minutes: i64,
        /// Overlap that makes an infusion concurrent under `min16` (switch D-3).
        pub concurrent_overlap_minutes_min: i64,
        /// Minutes that a pump infusion must exceed to be prolonged (rule CHM-4).
        pub prolonged_minutes: i64,
        /// Minutes within which injections of one drug belong to one session (rule INJ-1).
        pub injection_session_minutes: i64,
        /// Most lesions of the lower lesion code (rule CHM-2).
        pub lesions_few_max: u32,

        /// Switch D-1: an infusion without a stop time.
        pub missing_stop: MissingStop,
        /// Switch D-2: several infusions of one drug.
        pub same_drug_infusions: SameDrugInfusions,
        /// Switch D-3: how much overlap makes an infusion concurrent.
        pub overlap_rule: OverlapRule,
        /// Switch D-4: fluid that the label of a chemotherapy drug directs.
        pub chemo_prehydration: ChemoPrehydration,
        /// Switch D-5: several periods of hydration.
        pub hydration_counting: HydrationCounting,
        /// Switch D-6: electrolytes in a fluid.
        pub electrolyte_class: ElectrolyteClass,
        /// Switch D-7: what makes a drug chemotherapy or complex.
        pub drug_class_profile: DrugClassProfile,
        /// Switch D-8: one dose in several syringes.
        pub split_dose_syringes: SplitDoseSyringes,
        /// Switch D-9: an infusion that was stopped early.
        pub discontinued: Discontinued,
        /// Switch D-10: two services of one family and technique.
        pub facility_tiebreak: Tiebreak,
        /// Switch D-11: an encounter that runs past midnight.
        pub midnight: Midnight,
        /// Switch D-12: several sites of an infusion under the skin.
        pub sc_multi_site: SubcutaneousSites,
        /// Switch D-13: two chemotherapy drugs that run together.
        pub concurrent_chemo: ConcurrentChemo,
        /// Switch D-14: an office visit for hydration with a drug pushed.
        pub office_hydration_push: OfficeHydrationPush,
        /// Switch D-15: the modifier that says services are distinct.
        pub modifier_style: ModifierStyle,
        /// Switch D-16: the start of a pump that the practice supplies.
        pub pump_start: PumpStartCode,
        /// Switch D-17: the modifier of a second access site under the X style.
        pub second_access_modifier: Modifier,
        /// Switch D-19: which primary codes an add-on code may follow.
        pub add_on_parents: AddOnParents,
        /// The primary codes that the CPT book names for each add-on code, for that reading of switch D-19.
        pub cpt_add_on_parents: List<AddOnWithParents>,

        /// How an office finds the initial service (rules HIER-O, G-09).
        pub office_hierarchy: OfficeHierarchy,
        /// Whether the technique outranks the length inside a family (rules HIER-F, G-10).
        pub technique_before_length: bool,
        /// Whether the add-ons of a second site or visit carry its modifier too (rule MOD-1).
        pub modifier_on_add_ons: bool,
        /// Modifiers that the payer asks for on hydration that follows another service (rule MOD-5).
        pub sequential_hydration_modifiers: List<Modifier>,
        /// Codes that carry a distinct-service modifier beside an intravenous initial code in an office (rule MOD-3).
        pub paired_injections_office: List<HcpcsCode>,
        /// The same in a facility, where packaged services need none (rules MOD-3, INJ-4).
        pub paired_injections_facility: List<HcpcsCode>,
        /// Codes of an access line that carry one beside chemotherapy into a cavity or lesions, which is another site (rule SCI-2).
        pub paired_with_cavity: List<HcpcsCode>,
        /// Codes that carry a distinct-service modifier beside a transfusion.
        pub paired_with_transfusion: List<HcpcsCode>,
        /// Hormonal products labelled for uses other than cancer (rule CHM-1).
        pub hormonal_non_cancer_codes: List<HcpcsCode>,
        /// Hormonal products labelled for cancer alone (rule CHM-1).
        pub hormonal_cancer_codes: List<HcpcsCode>,
        /// Doses of hormonal products that are labelled for cancer alone (rule CHM-1).
        pub hormonal_cancer_doses: List<HormonalDoses>,
        /// Drugs labelled for cancer alone: a hormone given in the same visit was against cancer too (rule CHM-1).
        pub cancer_only_drugs: DrugList,
        /// How a diagnosis of cancer begins (rule CHM-1).
        pub cancer_diagnoses: List<String>,
        /// How a diagnosis of a neoplasm begins that may be cancer or not (rules CHM-1, CLS-5).
        pub uncertain_neoplasm_diagnoses: List<String>,
        /// How a diagnosis begins that a hormonal drug treats in place of cancer (rule CHM-1).
        pub other_hormonal_diagnoses: List<String>,
        /// How a diagnosis begins that tells nothing of the use of a drug against cancer (rule CLS-5).
        pub silent_diagnoses: List<String>,
        /// Heparin that locks a line and is no push (rules CHM-8, CHM-13).
        pub lock_drugs: LockDrugs,
        /// Punctures that chemotherapy into a cavity includes (rule CHM-10).
        pub cavity_punctures: List<CavityPunctures>,
        /// How a diagnosis begins that tells of a need of fluid or electrolytes (rule HYD-10).
        pub hydration_diagnoses: List<String>,
        /// Electrolytes whose class follows the purpose of the fluid (rule HYD-9).
        pub electrolyte_codes: List<HcpcsCode>,
        /// Electrolytes ordered by their own dose, which no fluid for a maintenance is named after (rule HYD-9).
        pub dosed_electrolytes: DrugList,
        /// Drugs that flush a line and are no push (rules CHM-8, CHM-13).
        pub flush_codes: List<HcpcsCode>,
        /// Services and supplies that the administration codes include (row G-08).
        pub included_services: List<HcpcsCode>,
        /// Supplies and devices that they include where one claim pays for both (row G-08).
        pub included_supplies: List<HcpcsCode>,
        /// Settings whose claim pays for supplies with the service (row G-08).
        pub settings_including_supplies: SetOf<Setting>,
        /// Implants that are put under the skin by their own needle, and so are injections (rule CHM-1).
        pub injected_implants: DrugList,
        /// Drugs that a protocol gives before a transfusion, which one hospital does not report then (rule CHM-12).
        pub transfusion_premedication: DrugList,
        /// Minutes within which a painkiller beside a sedative was a part of the sedation (rule CHM-13).
        pub sedation_together_minutes: i64,
        /// Drugs that numb the skin; under it beside another service they are part of its access (rule CHM-13).
        pub local_anesthetics: DrugList,
        /// What is mixed with local anesthetics to prolong them or to soften their sting (rule CHM-13).
        pub anesthetic_additives: DrugList,
        /// First and last codes of procedures that include their local anesthesia (rule CHM-13).
        pub numbed_procedures: List<(HcpcsCode, HcpcsCode)>,
        /// Drugs that open the tissue for an infusion under the skin, and are part of it (rule SCI-1).
        pub spreading_drugs: DrugList,
        /// First and last codes of services that take no flush away: those of laboratories, and what draws blood from
        /// the access, which yields to the flush (rule CHM-8).
        pub services_beside_flush: List<(HcpcsCode, HcpcsCode)>,
        /// Days within which a flush after the start of the practice's pump disconnects it, where the record states no
        /// end (rule CHM-6).
        pub disconnection_days_max: i64,
        /// Drugs whose way out of an implanted pump is not a vein, or not always (rules CHM-7, CHM-9).
        pub implanted_pump_drugs: ImplantedPumpDrugs,
        /// A drug that clears a clotted catheter and is no push (rule CHM-13).
        pub declotting: Declotting,
        /// Settings in which no administration code is reported (rule DOC-5).
        pub settings_without_codes: SetOf<Setting>,
        /// Settings that are paid by the visit, so that administration codes only inform (rule DOC-5).
        pub settings_paid_by_visit: SetOf<Setting>,
        /// Whether an answer names where this policy departs from CMS, NCCI or CPT.
        pub names_departures: bool,
    }
}
