//! The files of a report on their way to the disk, and what to say when they don't get there. What is in them is never
//! decided here.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::whole_file::{WholeFile, folder_of};

/// A file that could not be written. The message names it, the cause and a way out.
#[derive(Debug, Error)]
#[error("{}: can't be written: {source}{}", path.display(), advice(source))]
pub struct OutputError {
    /// The file, as it was asked for.
    pub path: PathBuf,
    /// The cause.
    pub source: io::Error,
}

impl OutputError {
    /// The error for `path`, to be used with `map_err`.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self { path: path.to_owned(), source }
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room there or choose another place",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "; choose a place you may write to",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "; a part of this path is a file: choose another place"
        }
        io::ErrorKind::IsADirectory => "; there is a folder of this name: choose another name",
        _ => "",
    }
}

/// Writes the file `path` through `fill`, whole or not at all ([`WholeFile`]). Missing folders are created. After an error,
/// of `fill` too, whatever was at `path` before is still there and nothing new is left behind.
///
/// # Errors
/// When the folder can't be created, the file can't be written or renamed, or `fill` fails.
pub fn write_whole(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), OutputError> {
    let write = || {
        fs::create_dir_all(folder_of(path))?;
        let file = WholeFile::create(path)?;
        let mut buffered = BufWriter::new(file.writer()?);
        fill(&mut buffered)?;
        buffered.flush()?;
        file.keep()
    };
    write().map_err(OutputError::at(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the folder is there");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_failing_writer_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        let error = write_whole(&path, |out| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        })
        .expect_err("the writer failed");
        assert!(error.to_string().contains("a.csv") && error.to_string().contains("make room"), "{error}");
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn a_failing_writer_leaves_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        write_whole(&path, |out| out.write_all(b"first")).expect("it is written");
        write_whole(&path, |_| Err(io::ErrorKind::Other.into())).expect_err("the writer failed");
        assert_eq!(fs::read(&path).expect("the file is there"), b"first");
        assert_eq!(names(folder.path()), ["a.csv"]);
    }

    #[test]
    fn missing_folders_are_created_and_a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        write_whole(&folder.path().join("x/y/a.csv"), |out| out.write_all(b"1")).expect("it is written");
        let error = write_whole(&folder.path().join("x/y/a.csv/b.csv"), |_| Ok(())).expect_err("a.csv is a file");
        assert!(error.to_string().contains("b.csv") && error.to_string().contains("choose another place"), "{error}");
        let error = write_whole(&folder.path().join("x"), |_| Ok(())).expect_err("x is a folder");
        assert!(error.to_string().contains("there is a folder of this name"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_permissions_are_those_of_a_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        File::create(&file).expect("a file");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        let usual = fs::metadata(&file).expect("the file").permissions().mode();
        write_whole(&link, |out| out.write_all(b"new")).expect("it is written");
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).expect("the file"), b"new");
        assert_eq!(fs::metadata(&file).expect("the file").permissions().mode(), usual);
    }
}
