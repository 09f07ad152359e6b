//! Files that a person names: read whole, and said plainly when that cannot be.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// Why a file that was named cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// There is no such file.
    #[error("there is no file `{0}`; check the path")]
    Missing(PathBuf),
    /// A folder was named.
    #[error("`{0}` is a folder; name the file in it")]
    Folder(PathBuf),
    /// It is not text.
    #[error("`{path}` is not UTF-8 text (byte {byte}); save it as UTF-8")]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where it stops being text, from 0.
        byte: usize,
    },
    /// The system says no, for another reason.
    #[error("`{path}` cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A report or a ledger cannot be written.
    #[error("`{path}` cannot be written; name a file in a folder that exists and is yours")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Reads a file.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    // On Windows a folder is "access denied", so ask before.
    if path.is_dir() {
        return Err(FileError::Folder(path.to_owned()));
    }
    fs::read(path).map_err(|source| {
        let path = path.to_owned();
        if source.kind() == ErrorKind::NotFound {
            FileError::Missing(path)
        } else {
            FileError::Unreadable { path, source }
        }
    })
}

/// Reads a text file.
pub(crate) fn read(path: &Path) -> Result<String, FileError> {
    String::from_utf8(bytes(path)?).map_err(|error| FileError::NotText {
        path: path.to_owned(),
        byte: error.utf8_error().valid_up_to(),
    })
}

/// Writes a text file.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), FileError> {
    fs::write(path, text).map_err(|source| FileError::Unwritable {
        path: path.to_owned(),
        source,
    })
}
