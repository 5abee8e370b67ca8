//! Many visits in one call: order kept, every core used, one bad item never sinking the rest.
//!
//! Items stay the bytes that came until a core reads them, and are bytes again when it is done: a batch as
//! messages would be copied three times and cost more than its coding. They are coded in groups, so that
//! handing work to another core costs little beside the work. A stream holds a bounded number of groups, so
//! that a slow reader slows the sender and fills no memory. What belongs to a call is dropped with its answer,
//! so that nobody codes for a caller who has left.

mod batch;
mod room;
mod stream;

use std::panic::{AssertUnwindSafe, catch_unwind};

use tonic::Status;

use super::refusal::overloaded;
use super::{convert, lent, pb};
pub use batch::batch;
pub use room::{Room, Shared};
pub use stream::{Answers, stream};

/// Visits of one group.
const GROUP_ITEMS: usize = 32;

/// Bytes of a visit from which it may take long; most have a tenth of it.
const LONG_VISIT_BYTES: usize = 8 * 1024;

/// Lets others work after a long visit, and lets its call end there where nobody waits for it any more.
async fn breathe_after(visit_bytes: usize) {
    if visit_bytes >= LONG_VISIT_BYTES {
        tokio::task::yield_now().await;
    }
}

/// Codes one visit and appends its answer; where there is none, nothing may be appended.
pub trait CodeOne:
    Fn(&lent::CodeEncounterRequest<'_>, &mut Vec<u8>) -> Result<(), pb::ItemError> + Clone + Send + Sync + 'static
{
}

impl<F> CodeOne for F where
    F: Fn(&lent::CodeEncounterRequest<'_>, &mut Vec<u8>) -> Result<(), pb::ItemError>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Appends the item of a visit.
fn code_item(
    output: &mut Vec<u8>,
    item_number: u32,
    request: Option<&lent::CodeEncounterRequest<'_>>,
    code: &impl CodeOne,
) {
    convert::write_item(output, item_number, |output| match request {
        None => Err(item_error(pb::ErrorReason::InvalidRequest, "request: is missing")),
        // A fault of the program costs its own item only; what it left behind is cut off with the error.
        Some(request) => catch_unwind(AssertUnwindSafe(|| code(request, output)))
            .unwrap_or_else(|_| Err(item_error(pb::ErrorReason::Internal, "a fault of the server"))),
    });
}

fn item_error(reason: pb::ErrorReason, message: &str) -> pb::ItemError {
    pb::ItemError { reason: reason as i32, message: message.to_owned(), violations: Vec::new() }
}

/// What is said where the answers of others take all memory that answers may take.
pub fn crowded() -> Status {
    overloaded("the answers of other calls take all room (limit-answers-bytes): try again later")
}

fn shutting_down() -> Status {
    Status::unavailable("the server is shutting down; send the items without an answer again")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use prost::Message;

    use super::*;

    /// Answers with the id it was given; refuses `bad` and panics on `fault`.
    pub(super) fn echo(
        request: &lent::CodeEncounterRequest<'_>,
        output: &mut Vec<u8>,
    ) -> Result<(), pb::ItemError> {
        let encounter_id = request.encounter.as_ref().map_or("", |encounter| encounter.encounter_id);
        assert!(encounter_id != "fault", "asked for");
        if encounter_id == "bad" {
            return Err(item_error(pb::ErrorReason::InvalidRequest, "asked for"));
        }
        let answer =
            pb::CodeEncounterResponse { encounter_id: encounter_id.to_owned(), ..Default::default() };
        output.extend(answer.encode_to_vec());
        Ok(())
    }

    /// Takes a while for each visit and counts those it was given.
    pub(super) fn slow(counted: &Arc<AtomicUsize>) -> impl CodeOne {
        let counted = counted.clone();
        move |_: &lent::CodeEncounterRequest<'_>, _: &mut Vec<u8>| {
            counted.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(1));
            Ok(())
        }
    }

    pub(super) fn request(id: &str) -> pb::CodeEncounterRequest {
        let encounter = pb::Encounter { encounter_id: id.to_owned(), ..Default::default() };
        pb::CodeEncounterRequest { encounter: Some(encounter), ..Default::default() }
    }
}
