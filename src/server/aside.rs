//! Coding that takes long, kept from holding up the other calls of its thread.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Most administrations and drugs of a visit that is coded where its call is read. A stay of weeks has half of it and
/// takes a millisecond; many such at once are better coded one after the other than side by side.
const SERVICES_MAX: usize = 300;

/// What a drug without a code costs beside others, in administrations and drugs that take as long: its name is looked
/// for, and under each answer to what it leaves open once more.
const NAMED_SERVICES: usize = 15;

/// How long a visit may take, in administrations and drugs; each administration tells how many drugs it has and how
/// many of them have no code.
pub fn services(administrations: impl Iterator<Item = (usize, usize)>) -> usize {
    administrations.map(|(drugs, without_code)| 1 + drugs + without_code * NAMED_SERVICES).sum()
}

/// Codes a visit of so many administrations and drugs. The thread that codes a long one hands its other calls over
/// first, so that they, health and the end of the service do not wait for it.
pub fn coded<T>(services: usize, code: impl FnOnce() -> T) -> T {
    if services > SERVICES_MAX && has_other_threads() { tokio::task::block_in_place(code) } else { code() }
}

/// Whether there is a thread to hand over to; a runtime of one thread has none.
fn has_other_threads() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Far longer than a busy machine takes to start a task.
    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn another_call_of_the_only_thread_is_answered_during_a_long_visit() {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let (answered, is_answered) = mpsc::channel();
        let waited = runtime.block_on(runtime.spawn(async move {
            coded(SERVICES_MAX + 1, || {
                tokio::spawn(async move { answered.send(()) });
                is_answered.recv_timeout(PATIENCE)
            })
        }));
        assert_eq!(waited.expect("the call ends"), Ok(()));
    }

    #[tokio::test]
    async fn a_runtime_of_one_thread_and_none_at_all_code_in_place() {
        assert_eq!(coded(usize::MAX, || 7), 7);
        assert_eq!(std::thread::spawn(|| coded(usize::MAX, || 7)).join().expect("no panic"), 7);
    }
}
