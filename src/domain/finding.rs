//! What an answer says besides its lines: findings, questions, and what was not billed.

use crate::domain::claim::Line;
use crate::domain::field::Field;
use crate::engine::trail::Note;
use crate::rules::Rule;

/// How much a finding matters to the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// The line stands and may be denied or questioned.
    Warn,
    /// Something is withheld until the finding is settled.
    Block,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal),* $(,)?) => {
        /// Why a finding was made. The names are published and never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[doc = $doc])+ $variant),* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant),*];

            /// The published name, as on the wire without its prefix.
            pub const fn as_str(self) -> &'static str {
                match self { $(Reason::$variant => $name),* }
            }
        }
    };
}

reasons! {
    /// An infusion has a start and no stop time.
    MissingStopTime "MISSING_STOP_TIME",
    /// An infusion has neither clock times nor a duration.
    MissingStartTime "MISSING_START_TIME",
    /// The stop lies before the start, a pause outside the infusion, or the times tell no minutes of flow.
    ContradictoryTimes "CONTRADICTORY_TIMES",
    /// A time is entered to the full hour, which auditors read as estimated.
    RoundedTime "ROUNDED_TIME",
    /// No access site is named, and it would change the answer.
    MissingAccessSite "MISSING_ACCESS_SITE",
    /// No route is given.
    MissingRoute "MISSING_ROUTE",
    /// Nothing tells which class the drug has.
    MissingDrugClass "MISSING_DRUG_CLASS",
    /// The caller's class differs from the catalog's.
    DrugClassOverridden "DRUG_CLASS_OVERRIDDEN",
    /// The policy needs to know whether the visit treats cancer.
    MissingIndication "MISSING_INDICATION",
    /// An office visit names no primary reason, and it would change the answer.
    MissingPrimaryReason "MISSING_PRIMARY_REASON",
    /// Two services were equally entitled to be the initial one.
    TieBroken "TIE_BROKEN",
    /// A second access site without a documented need.
    SecondSiteNotSupported "SECOND_SITE_NOT_SUPPORTED",
    /// No code describes the service cleanly.
    NoCleanCode "NO_CLEAN_CODE",
    /// An add-on would stand without a parent that CMS allows.
    AddOnWithoutParent "ADD_ON_WITHOUT_PARENT",
    /// Two codes are a procedure-to-procedure pair.
    ProcedurePair "PROCEDURE_PAIR",
    /// Units pass a medically unlikely edit.
    UnitsAboveMue "UNITS_ABOVE_MUE",
    /// The service belongs to another code set or department.
    OutsideScope "OUTSIDE_SCOPE",
    /// The service is part of another one.
    IncludedInOtherService "INCLUDED_IN_OTHER_SERVICE",
    /// Hydration lacks its clinical reason.
    HydrationNotSupported "HYDRATION_NOT_SUPPORTED",
    /// The setting cannot bill the service.
    SettingNotBillable "SETTING_NOT_BILLABLE",
    /// The catalog knows no such code.
    UnknownCode "UNKNOWN_CODE",
    /// The code is not in force on the date of service.
    CodeNotInForce "CODE_NOT_IN_FORCE",
    /// The version on the date is assumed from a later release.
    CodeVersionAssumed "CODE_VERSION_ASSUMED",
    /// The name fits several codes, and an NDC decides.
    AmbiguousProduct "AMBIGUOUS_PRODUCT",
    /// Nothing in the catalog fits the name or the NDC.
    UnknownProduct "UNKNOWN_PRODUCT",
    /// The NDC and the code name different products.
    NdcCodeMismatch "NDC_CODE_MISMATCH",
    /// An NDC of ten digits without hyphens fits several products.
    AmbiguousNdc "AMBIGUOUS_NDC",
    /// The payer wants an NDC, and none was given.
    MissingNdc "MISSING_NDC",
    /// The code is for a different setting, use or renal status.
    WrongCodeForSetting "WRONG_CODE_FOR_SETTING",
    /// A specific code is in force, so the unclassified one is refused.
    SpecificCodeExists "SPECIFIC_CODE_EXISTS",
    /// An unclassified code needs facts for its narrative.
    MissingNarrativeFact "MISSING_NARRATIVE_FACT",
    /// The narrative was shortened to the field's length.
    NarrativeShortened "NARRATIVE_SHORTENED",
    /// The code has no proven billing unit.
    NoBillingUnit "NO_BILLING_UNIT",
    /// No administered dose is given.
    MissingDose "MISSING_DOSE",
    /// The dose and the billing unit measure different things.
    IncompatibleUnits "INCOMPATIBLE_UNITS",
    /// Millilitres cannot become an amount of drug without a concentration.
    MissingConcentration "MISSING_CONCENTRATION",
    /// Ordered and administered dose differ.
    OrderedDoseDiffers "ORDERED_DOSE_DIFFERS",
    /// More was given than the opened containers hold.
    DoseExceedsContainers "DOSE_EXCEEDS_CONTAINERS",
    /// The dose is stated as another salt or base than the code counts.
    DoseBasisDiffers "DOSE_BASIS_DIFFERS",
    /// No containers are given, so discarded drug cannot be judged.
    MissingContainers "MISSING_CONTAINERS",
    /// The record shows no discarded amount for a part-used container.
    DiscardNotDocumented "DISCARD_NOT_DOCUMENTED",
    /// The documented discarded amount contradicts the arithmetic.
    DiscardedAmountDiffers "DISCARDED_AMOUNT_DIFFERS",
    /// Another choice of marketed containers would have wasted less.
    AvoidableWaste "AVOIDABLE_WASTE",
    /// Discarded drug was claimed where none may be.
    DiscardNotBillable "DISCARD_NOT_BILLABLE",
    /// Discarded drug is under one billing unit.
    DiscardBelowOneUnit "DISCARD_BELOW_ONE_UNIT",
    /// The container kind is not known, and single-dose was assumed.
    ContainerKindAssumed "CONTAINER_KIND_ASSUMED",
    /// JW or JZ does not apply here.
    DiscardModifierNotApplicable "DISCARD_MODIFIER_NOT_APPLICABLE",
    /// A required modifier cannot be chosen without a fact.
    MissingModifierFact "MISSING_MODIFIER_FACT",
    /// The rules for this modifier are disputed or unverified on the date.
    ModifierUnverified "MODIFIER_UNVERIFIED",
    /// More modifiers apply than one line holds.
    TooManyModifiers "TOO_MANY_MODIFIERS",
    /// The drug is usually self-administered.
    SelfAdministered "SELF_ADMINISTERED",
    /// The drug was not bought by the billing entity.
    DrugNotPurchased "DRUG_NOT_PURCHASED",
    /// The line was split to fit a limit.
    LineSplit "LINE_SPLIT",
    /// The guide departs from CMS, NCCI or CPT here.
    GuideDepartsFromAuthority "GUIDE_DEPARTS_FROM_AUTHORITY",
    /// A documented fact that auditors ask for is missing.
    DocumentationGap "DOCUMENTATION_GAP",
    /// The catalog is older than the date of service needs.
    CatalogOutdated "CATALOG_OUTDATED",
    /// A supply or preparation was listed that the codes include.
    IncludedSupply "INCLUDED_SUPPLY",
    /// The payer has no file, so the default policy was used.
    UnknownPayer "UNKNOWN_PAYER",
    /// Several sources disagree; the policy's choice is named.
    DisputedRule "DISPUTED_RULE",
    /// The stated billing unit is not the one of the code.
    BillingUnitDiffers "BILLING_UNIT_DIFFERS",
    /// The payer wants a test result on the claim, and none was given.
    MissingTestResult "MISSING_TEST_RESULT",
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something the reader of the answer must know.
#[derive(Debug, Clone)]
pub struct Finding {
    pub severity: Severity,
    pub reason: Reason,
    pub field: Field,
    pub rule: &'static Rule,
    pub note: Note,
}

/// Something given that earns no line, and the rule that says so.
#[derive(Debug, Clone)]
pub struct NotBilled {
    /// The administration, or the drug of it, that earns no line.
    pub what: Field,
    pub rule: &'static Rule,
    pub note: Note,
}

/// A fact that would settle the answer.
#[derive(Debug, Clone)]
pub struct Question {
    pub field: Field,
    pub rule: &'static Rule,
    pub note: Note,
    /// What each possible answer would bill.
    pub answers: Vec<Answer>,
}

/// One possible answer to a question, and the lines of the whole visit under it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub label: String,
    pub lines: Vec<Line>,
}
