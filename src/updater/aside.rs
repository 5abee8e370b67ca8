//! Work that is kept away from the threads that answer calls.

use std::future::Future;
use std::io;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Runs work that computes or writes on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // The work is never cancelled, so the only failure is its panic, which goes on here.
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}

/// Runs work that waits, computes and writes on a runtime of its own, whose threads end with it.
///
/// A refresh judges a release and compares it with the one in use between its reads and writes; done on the threads that
/// serve, calls would wait for it.
///
/// # Errors
/// A runtime that cannot be made. Work whose waiter is gone, as at the end of the service, ends where it waits itself.
pub(super) async fn aside<W>(work: impl FnOnce() -> W + Send + 'static) -> io::Result<W::Output>
where
    W: Future<Output: Send + 'static>,
{
    let (_waiting, waiter_gone) = oneshot::channel::<()>();
    blocking(move || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            tokio::select! {
                result = work() => Ok(result),
                _ = waiter_gone => Err(io::ErrorKind::Interrupted.into()),
            }
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Far longer than a busy machine takes to drop a future, and far shorter than the work would last.
    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn what_is_done_aside_may_wait_and_start_tasks() {
        let done = aside(|| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            tokio::spawn(async { 7 }).await.expect("a task")
        });
        assert_eq!(done.await.expect("a runtime"), 7);
    }

    #[tokio::test]
    async fn work_ends_when_nobody_waits_for_it() {
        let (alive, ended) = mpsc::channel::<()>();
        let (started, is_started) = oneshot::channel();
        let working = tokio::spawn(aside(move || async move {
            let _alive = alive;
            let _ = started.send(());
            std::future::pending::<()>().await;
        }));
        is_started.await.expect("started");
        working.abort();
        // The sender is dropped with the work, which is what ends the waiting.
        let waited = blocking(move || ended.recv_timeout(PATIENCE)).await;
        assert_eq!(waited, Err(mpsc::RecvTimeoutError::Disconnected));
    }
}
