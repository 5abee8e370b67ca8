//! Every limit of a request, with its unit. A request above one is refused with the limit's value.

/// Largest message that is decoded, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// Administrations in one encounter.
pub const ADMINISTRATIONS_MAX: usize = 500;

/// Drugs in one administration.
pub const DRUGS_PER_ADMINISTRATION_MAX: usize = 50;

/// Entries of containers of one drug; each entry may count many equal containers.
pub const CONTAINERS_PER_DRUG_MAX: usize = 50;

/// Equal containers that one entry may count.
pub const CONTAINER_COUNT_MAX: u32 = 10_000;

/// Pauses of one administration.
pub const INTERRUPTIONS_MAX: usize = 50;

/// Diagnoses of one encounter.
pub const DIAGNOSES_MAX: usize = 50;

/// Other services of one encounter.
pub const OTHER_SERVICES_MAX: usize = 100;

/// Modifiers of one billed line or other service.
pub const MODIFIERS_MAX: usize = crate::domain::claim::MODIFIERS_PER_LINE_MAX;

/// Lines of one billed claim.
pub const BILLED_LINES_MAX: usize = 1_000;

/// Visits in one batch.
pub const BATCH_ITEMS_MAX: usize = 1_000;

/// Characters of an id, such as an encounter's or an access site's name.
pub const ID_CHARACTERS_MAX: usize = 128;

/// Characters of a free text, such as a drug's name.
pub const TEXT_CHARACTERS_MAX: usize = 256;

/// Days between the date of service and any clock time of the encounter.
pub const DAYS_FROM_SERVICE_MAX: i32 = 31;

/// Minutes of one documented duration: the days above.
pub const DURATION_MINUTES_MAX: u32 = 31 * 24 * 60;

/// Violations that one answer lists; further ones are counted.
pub const VIOLATIONS_MAX: usize = 100;

/// Rules on one page of a listing.
pub const RULES_PAGE_MAX: u32 = 500;

/// Rules on one page where the caller names no size.
pub const RULES_PAGE_DEFAULT: u32 = 50;
