//! A service whose store cannot be opened for want of room starts anew when there is some.
//!
//! The database cannot be opened a second time in one process, because what a failed attempt holds is let go with the
//! process alone. So the program puts itself in its own place: its process id stays, and its supervisor sees nothing.

use std::convert::Infallible;
use std::future::pending;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Room that is worth another attempt, in bytes: several times what the database begins a write with.
const ROOM_BYTES: usize = 16 * 1024 * 1024;

/// Waits until a folder that has no room has some; for ever where it has, because then another reason stands in the way.
pub async fn room_comes(folder: Option<PathBuf>) {
    let Some(folder) = folder.filter(|folder| has_room(folder).is_err()) else { return pending().await };
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let looked_at = folder.clone();
        let looked = tokio::task::spawn_blocking(move || has_room(&looked_at).is_ok()).await;
        if looked.unwrap_or(false) {
            tracing::info!("the store's folder can be written again; starting anew");
            return;
        }
    }
}

fn has_room(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    // It has no name, so nothing of it stays, whatever happens.
    let mut file = tempfile::tempfile_in(folder)?;
    let piece = [1; 64 * 1024];
    for _ in 0..ROOM_BYTES / piece.len() {
        file.write_all(&piece)?;
    }
    file.sync_all()
}

/// Runs the program again as it was run, in place of this one.
///
/// # Errors
/// A program that is not there any more; its supervisor starts another.
pub fn begin_again() -> io::Result<Infallible> {
    let program = std::env::current_exe()?;
    Err(Command::new(program).args(std::env::args_os().skip(1)).exec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_tried_by_writing() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(has_room(&folder.path().join("new")).is_ok());
        let file = folder.path().join("file");
        std::fs::write(&file, "no folder").expect("a file");
        assert!(has_room(&file).is_err());
        assert_eq!(std::fs::read_dir(folder.path().join("new")).expect("a folder").count(), 0);
    }
}
