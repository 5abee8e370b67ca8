//! What may be read again while the server runs: the identities and the certificate.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use super::layers::auth::{AuthError, Identities, SharedIdentities};
use super::tls::Tls;

/// How often the files are read again: a secret that an orchestrator renews sends no signal.
const READ_EVERY: Duration = Duration::from_secs(60);

/// Where the identities come from, and the ones in force; by default nobody is named.
#[derive(Default)]
pub struct Secrets {
    file: Option<PathBuf>,
    /// Lines given by the environment, which cannot change while the process runs.
    lines: String,
    pub identities: SharedIdentities,
    pub tls: Option<Arc<Tls>>,
}

impl Secrets {
    /// Reads the identities of a file and of the environment's lines, which `;` may part as well.
    ///
    /// # Errors
    /// The file or the line that cannot be used; the message never repeats a secret.
    pub fn read(file: Option<PathBuf>, lines: &str, tls: Option<Arc<Tls>>) -> Result<Self, AuthError> {
        let mut secrets =
            Self { file, lines: lines.replace(';', "\n"), identities: SharedIdentities::default(), tls };
        secrets.identities = Arc::new(ArcSwap::from_pointee(secrets.read_identities()?));
        secrets.warn_of_access();
        Ok(secrets)
    }

    /// Reads everything again from time to time and whenever `asked`, until the process stops. What
    /// cannot be read leaves the old in force.
    pub async fn follow(self, asked: Arc<tokio::sync::Notify>, stopping: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(READ_EVERY) => {}
                () = asked.notified() => {}
                () = stopping.cancelled() => return,
            }
            self.read_again();
        }
    }

    fn read_again(&self) {
        match self.read_identities() {
            // Nobody named at all would open the service to everybody.
            Ok(read) if read.is_empty() && !self.identities.load().is_empty() => {
                tracing::error!("the identities file names nobody any more; the old identities stay");
            }
            Ok(read) if read != **self.identities.load() => {
                self.identities.store(Arc::new(read));
                tracing::info!("the identities were read again");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the old identities stay"),
        }
        match self.tls.as_ref().map(|tls| tls.reload()) {
            Some(Ok(true)) => tracing::info!("the certificate was read again"),
            Some(Err(error)) => tracing::error!(%error, "the old certificate stays"),
            Some(Ok(false)) | None => {}
        }
    }

    /// Says where others than the owner and the group may write who is let in, or read it.
    fn warn_of_access(&self) {
        const OTHERS: u32 = 0o006;
        let file = self.file.as_deref().and_then(|file| Some((file, std::fs::metadata(file).ok()?)));
        if let Some((file, of)) = file.filter(|(_, of)| of.permissions().mode() & OTHERS != 0) {
            let mode = format!("{:o}", of.permissions().mode() & 0o777);
            tracing::warn!(file = %file.display(), mode, "everybody of this machine has access to the identities");
        }
    }

    fn read_identities(&self) -> Result<Identities, AuthError> {
        let of_file = self.file.as_deref().map(Identities::from_file).transpose()?.unwrap_or_default();
        Ok(of_file.and(Identities::parse(&self.lines)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_read_again_and_never_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("identities");
        let write = |text: &str| std::fs::write(&file, text).expect("the file");
        write("token code a-long-secret-for-charge-capture");
        let secrets = Secrets::read(Some(file.clone()), "", None).expect("identities");
        let first = secrets.identities.load_full();
        secrets.read_again();
        assert!(Arc::ptr_eq(&first, &secrets.identities.load_full()), "nothing changed");
        for unusable in ["# nobody", "token code short"] {
            write(unusable);
            secrets.read_again();
            assert!(Arc::ptr_eq(&first, &secrets.identities.load_full()), "{unusable}");
        }
        write("token read another-long-secret-for-charge-capture");
        secrets.read_again();
        assert!(*first != **secrets.identities.load(), "the new identities are in force");
    }

    #[test]
    fn the_environment_may_name_several() {
        let lines = "token code a-long-secret-for-charge-capture; token admin a-long-secret-for-the-updater";
        let secrets = Secrets::read(None, lines, None).expect("identities");
        let expected = Identities::parse(&lines.replace("; ", "\n")).expect("identities");
        assert!(**secrets.identities.load() == expected && !expected.is_empty());
    }
}
