//! Files that hold secrets: readable by their owner alone, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// Files of secrets are small; a larger one is not ours.
const MAX_LENGTH: u64 = 64 * 1024;

/// The content of the file, if there is one.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    warn_if_shared(path, &file);
    let mut content = Vec::new();
    file.take(MAX_LENGTH + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_LENGTH {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is larger than 64 KiB"));
    }
    Ok(Some(content))
}

/// A file that was copied or restored may have lost its mode.
#[cfg(unix)]
fn warn_if_shared(path: &Path, file: &File) {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 {
        let (path, mode) = (path.display(), mode & 0o777);
        tracing::warn!("`{path}` holds a secret and others may read it (mode {mode:o}): chmod 600 it");
    }
}

#[cfg(not(unix))]
fn warn_if_shared(_: &Path, _: &File) {}

/// The content of the file, or else `content`, which then is in the file. Of two processes that start at the
/// same time, one writes and both read the same.
pub(crate) fn read_or_create(path: &Path, content: &[u8]) -> io::Result<Vec<u8>> {
    if let Some(found) = read(path)? {
        return Ok(found);
    }
    static DRAFTS: AtomicU32 = AtomicU32::new(0);
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = path.with_extension(format!("{}-{number}.new", std::process::id()));
    // Left behind by a process that had the same id and was killed.
    let _ = fs::remove_file(&draft);
    write(&draft, content)?;
    // Unlike a rename, a hard link never replaces a file that somebody else has made meanwhile.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(content.to_vec()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path)?.ok_or(error),
        Err(error) => Err(error),
    }
}

/// Makes an empty file that only its owner can read, unless there is a file.
pub(crate) fn create_empty(path: &Path) -> io::Result<()> {
    match create_new(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = create_new(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the folder, with its parents, if it is not there; only its owner may look into it.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn the_first_content_stays() {
        let folder = Folder::new();
        let path = folder.path().join("secret");
        assert_eq!(read(&path).unwrap(), None);
        assert_eq!(read_or_create(&path, b"one").unwrap(), b"one");
        assert_eq!(read_or_create(&path, b"two").unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn many_at_once_agree() {
        let folder = Folder::new();
        let path = folder.path().join("secret");
        let threads: Vec<_> = (0..8_u8)
            .map(|n| {
                let path = path.clone();
                std::thread::spawn(move || read_or_create(&path, &[n]).unwrap())
            })
            .collect();
        let all: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(all.iter().all(|content| *content == all[0]), "{all:?}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new();
        let path = folder.path().join("deep/er/secret");
        create_folder(path.parent().unwrap()).unwrap();
        read_or_create(&path, b"x").unwrap();
        let empty = path.with_file_name("empty");
        create_empty(&empty).and_then(|()| create_empty(&empty)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&empty), mode(path.parent().unwrap())), (0o600, 0o600, 0o700));
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let folder = Folder::new();
        let path = folder.path().join("secret");
        fs::write(&path, vec![0; MAX_LENGTH as usize]).unwrap();
        assert!(read(&path).is_ok());
        fs::write(&path, vec![0; MAX_LENGTH as usize + 1]).unwrap();
        assert!(read(&path).is_err());
    }
}
