//! Integrity and signatures of a log on disk.

use nooterra_blackbox::{Policy, Verdict};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why there is no verdict.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The file cannot be opened.
    #[error("failed to open `{}`", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Verifies a log: every leaf, checkpoint, key and order. Nothing is executed again.
pub fn verify(path: &Path, policy: &Policy) -> Result<Verdict, CheckError> {
    let open = |source| CheckError::Open { path: path.to_owned(), source };
    let file = File::open(path).map_err(open)?;
    if file.metadata().map_err(open)?.is_dir() {
        return Err(open(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder")));
    }
    Ok(nooterra_blackbox::verify(BufReader::with_capacity(1 << 18, file), policy))
}
