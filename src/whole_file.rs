//! Files that are whole or not there: written under a temporary name in the same folder, then renamed.
//!
//! What is in them is never decided here.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file in the making. Until [`WholeFile::keep`] whatever was at its path is still there; dropped before, it leaves
/// nothing behind.
#[derive(Debug)]
pub struct WholeFile {
    file: File,
    /// The file under its temporary name, and what it is called when whole; none for what is neither file nor folder (a
    /// pipe, `/dev/null`), which is written to directly.
    target: Option<(NamedTempFile, PathBuf)>,
}

impl WholeFile {
    /// Begins the file for a path. A symbolic link stays one, and its target is replaced.
    ///
    /// # Errors
    /// When the path is a folder, or its folder is missing or can't be written to.
    pub fn create(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                let file = fs::OpenOptions::new().write(true).open(&path)?;
                Ok(Self { file, target: None })
            }
            _ => {
                let temporary = temporary_beside(&path)?;
                Ok(Self { file: temporary.as_file().try_clone()?, target: Some((temporary, path)) })
            }
        }
    }

    /// A handle to write to. It has no buffer of its own.
    ///
    /// # Errors
    /// When the system has no more handles.
    pub fn writer(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Puts the file in its place. Everything must have been flushed to the handles.
    ///
    /// # Errors
    /// When it can't be brought to the disk or renamed.
    pub fn keep(self) -> io::Result<()> {
        let Some((temporary, path)) = self.target else { return Ok(()) };
        // Without this a crash after the rename could leave an empty file under the final name.
        self.file.sync_all()?;
        temporary.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// The folder that holds `path`.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".clockhand-").suffix(".tmp");
    #[cfg(unix)]
    {
        // Temporary files are private by default; a result has the permissions any new file gets (the umask applies).
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let folder = folder_of(path);
    // The system's own words for a folder that is not there; those below would name the temporary file.
    fs::metadata(folder)?;
    builder.tempfile_in(folder).map_err(|error| error.kind().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_is_not_kept_leaves_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        let write = |text: &[u8]| {
            let file = WholeFile::create(&path).expect("it can be begun");
            file.writer().expect("a handle").write_all(text).expect("it is written");
            file
        };
        drop(write(b"half"));
        assert!(!path.exists());
        write(b"first").keep().expect("it is kept");
        drop(write(b"half"));
        assert_eq!(fs::read(&path).expect("the file is there"), b"first");
        assert_eq!(fs::read_dir(folder.path()).expect("the folder is there").count(), 1);
    }
}
