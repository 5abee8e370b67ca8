//! The switches D-1 to D-19: questions on which sources disagree, and the ways to answer them.

use serde::Deserialize;

macro_rules! switches {
    ($($(#[$doc:meta])+ $name:ident { $($(#[$option:meta])+ $variant:ident),+ $(,)? })+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$option])+ $variant),+ }
    )+};
}

switches! {
    /// Switch D-1: what an infusion without a stop time earns.
    MissingStop {
        /// Nothing until the record is settled.
        HoldForQuery,
        /// The minutes that the documented volume and rate give.
        CalculateFromNursingRateVolume,
        /// A push.
        DowncodeToPush,
    }
    /// Switch D-2: how several infusions of one drug count.
    SameDrugInfusions {
        /// The minutes of a date are added.
        SumPerDate,
        /// Each period counts by itself.
        PerInterval,
    }
    /// Switch D-3: when an overlapping infusion is concurrent.
    OverlapRule {
        /// When no more than a push is left after the overlap is deducted.
        DeductOverlap,
        /// When more than half of it overlaps.
        Majority,
        /// When the overlap lasts as long as the shortest infusion.
        Min16,
        /// When there is any overlap.
        Any,
    }
    /// Switch D-4: fluid before chemotherapy that the drug's label directs.
    ChemoPrehydration {
        /// Reported when it was necessary.
        BillIfNecessary,
        /// Part of the chemotherapy.
        IntegralIfLabelDirected,
    }
    /// Switch D-5: how several periods of hydration count.
    HydrationCounting {
        /// The minutes are added.
        Sum,
        /// Each bag counts by itself.
        PerBag,
    }
    /// Switch D-6: what fluid with electrolytes is.
    ElectrolyteClass {
        /// Therapeutic when it replaces a deficit, hydration otherwise.
        ByIntent,
        /// Always hydration.
        AlwaysHydration,
    }
    /// Switch D-7: what makes a drug chemotherapy or complex.
    DrugClassProfile {
        /// The complexity of the drug, whatever the disease.
        CptComplexity,
        /// A list of the Medicare contractor.
        MacList,
        /// A list of the payer.
        PayerList,
        /// Its use against cancer.
        StrictOncology,
    }
    /// Switch D-8: one dose of a drug in several syringes.
    SplitDoseSyringes {
        /// One unit.
        OneUnit,
        /// One line an injection, the further ones with modifier 59.
        #[serde(rename = "one_per_injection_59")]
        OnePerInjection59,
    }
    /// Switch D-9: an infusion that was stopped early.
    Discontinued {
        /// The minutes given decide.
        ActualMinutes,
        /// In an office the planned code with modifier 53.
        #[serde(rename = "planned_code_with_53")]
        PlannedCodeWith53,
    }
    /// Switch D-10: which of two equal services is initial.
    Tiebreak {
        /// The longest, then the earliest.
        Longest,
        /// The earliest, then the longest.
        Earliest,
        /// The better paid one: equal first hours are paid alike, so the longest decides.
        HighestPayment,
    }
    /// Switch D-11: whether midnight begins a new encounter.
    Midnight {
        /// No: the encounter has one initial service.
        OneEncounter,
        /// Yes: each date has its own.
        NewInitial,
    }
    /// Switch D-12: what earns the additional set-up of an infusion under the skin.
    SubcutaneousSites {
        /// A further pump with a new site.
        PerPumpSetup,
        /// A further site.
        PerSite,
    }
    /// Switch D-13: what the second of two concurrent chemotherapy drugs earns.
    ConcurrentChemo {
        /// The unlisted code.
        #[serde(alias = "96549")]
        Unlisted,
        /// Nothing.
        DropSecondDrug,
        /// The code of a pump start, as the 2026 guide has it (row G-13).
        ProlongedStart,
    }
    /// Switch D-14: hydration as the reason of an office visit, with a drug pushed.
    OfficeHydrationPush {
        /// Hydration stays initial.
        #[serde(alias = "96360+96375")]
        HydrationInitial,
        /// The push is initial, as in a facility.
        #[serde(alias = "96374+96361")]
        PushInitial,
    }
    /// Switch D-15: the modifier that says services are distinct.
    ModifierStyle {
        /// XE, XS or XU, whichever says why.
        #[serde(alias = "X{EPSU}", alias = "X")]
        X,
        /// 59.
        #[serde(rename = "59")]
        FiftyNine,
    }
    /// Switch D-16: the code of a pump start with the practice's own pump.
    PumpStartCode {
        /// The code that includes the disconnection.
        #[serde(alias = "G0498")]
        PracticePump,
        /// The code of any pump start.
        #[serde(alias = "96416")]
        ProlongedStart,
    }
    /// Switch D-19: which primary codes an add-on code may follow.
    AddOnParents {
        /// Those of the CMS table of the quarter.
        #[serde(alias = "CMS AOC quarter")]
        CmsTable,
        /// Those that the CPT book names in parentheses.
        #[serde(alias = "CPT parenthetical")]
        CptParenthetical,
        /// Those, and any initial code where the facility hierarchy chose it (rule HIER-F2).
        #[serde(alias = "Noridian \"hierarchy overrides parentheticals\"")]
        HierarchyOverrides,
    }
    /// How an office finds the initial service.
    OfficeHierarchy {
        /// By the primary reason of the visit (rule HIER-O).
        PrimaryReason,
        /// By the hierarchy of facilities (row G-09).
        Hierarchy,
    }
}
