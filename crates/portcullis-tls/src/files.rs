//! Where certificates and keys come from.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use portcullis_core::Secret;

/// How many octets a file may have: 1 MiB. A longer one is an error.
pub const MAX_FILE_LEN: u64 = 1024 * 1024;

/// PEM text, in a file or in memory.
#[derive(Clone)]
pub(crate) enum Source {
    File(PathBuf),
    Memory(Secret),
}

impl Source {
    /// The text as it is now.
    pub(crate) fn read(&self) -> io::Result<Secret> {
        match self {
            Self::File(path) => read(path),
            Self::Memory(text) => Ok(text.clone()),
        }
    }

    /// How messages call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => format!("`{}`", path.to_string_lossy().escape_debug()),
            Self::Memory(_) => "the text in memory".to_owned(),
        }
    }
}

fn read(path: &PathBuf) -> io::Result<Secret> {
    let file = File::open(path)?;
    // Room for all of it, so that no copy is left behind where the vector grew.
    let length = file.metadata()?.len().min(MAX_FILE_LEN);
    let mut text = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    file.take(MAX_FILE_LEN + 1).read_to_end(&mut text)?;
    let too_long = text.len() as u64 > MAX_FILE_LEN;
    let text = Secret::new(text);
    if too_long {
        return Err(io::Error::other(format!("it is longer than {MAX_FILE_LEN} octets")));
    }
    Ok(text)
}
