//! The partial file of a comparison: every finished run, as soon as it is finished, so that nothing is lost when the
//! process ends early, and a later one can go on from there. What the runs are is never decided here.
//!
//! The file is text, a JSON object a line. The first names the matrix and the shard, each that follows holds one run with
//! its place in the plan, in the order in which they were finished:
//!
//! ```text
//! {"check":"1f0c…","schema":1,"matrix":{…},"shard":null,"runs":416}
//! {"check":"93ab…","place":17,"run":{…}}
//! ```
//!
//! `check` is the XXH3 hash, 64 bits, of the line without it: of the text that begins with the brace and goes on after the
//! comma. The hash of the first line is the seed of the others', so a line can't pass into the file of another matrix.
//! A line is one write to the system, and is not forced to the disk: it outlives the process, whatever ends that, and after
//! a power cut the checks tell what reached the disk. A line that is not whole at the end of the file is dropped; a damaged
//! one before it is told, and its run replayed again.
//!
//! Who writes holds a lock on the file, so two processes can't write to one folder at a time.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::matrix::Matrix;
use crate::report::OutputError;
use crate::results::Run;
use crate::shard::Shard;
use crate::whole_file::folder_of;

/// The file name the command line uses, beside `results.csv`.
pub const FILE_NAME: &str = "results.partial.jsonl";
/// The version of the format.
const SCHEMA: u32 = 2;
/// What every line begins with.
const CHECK: &[u8] = b"{\"check\":\"";
/// Hexadecimal digits of a check.
const DIGITS: usize = 16;

/// Why a partial file can't be begun or gone on with. Each message names the file and says what to do.
#[derive(Debug, Error)]
pub enum JournalError {
    /// It could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// It could not be read.
    #[error("{}: can't be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Another process writes to it.
    #[error(
        "{}: another clockhand is writing to this folder; wait for it, or choose another with --out (each shard needs one of \
         its own)",
        path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It holds runs of an earlier comparison, and nobody said that they are to be used.
    #[error(
        "{}: {finished} of {runs} runs of an interrupted comparison are kept here: go on from them with --resume, or remove \
         the file, or choose another folder with --out",
        path.display()
    )]
    Unfinished {
        /// The file.
        path: PathBuf,
        /// Runs in it.
        finished: usize,
        /// Runs of its matrix, or of its shard of it.
        runs: u64,
    },
    /// It is of another matrix.
    #[error(
        "{}: can't go on from here, this is another comparison: {}; give the same arguments, or another folder with --out",
        path.display(),
        differences.join("; ")
    )]
    Other {
        /// The file.
        path: PathBuf,
        /// What differs.
        differences: Vec<String>,
    },
    /// Its first line can't be read, so nothing is known of the others.
    #[error(
        "{}: the first line, which says what comparison this is of, is damaged or from another version: {reason}; move the \
         file away",
        path.display()
    )]
    Head {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// What a partial file is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    schema: u32,
    /// The whole comparison.
    pub matrix: Matrix,
    /// The part of it.
    pub shard: Option<Shard>,
    /// Runs of the part.
    pub runs: u64,
}

impl Head {
    /// Of so many runs of this matrix.
    pub fn new(matrix: Matrix, shard: Option<Shard>, runs: usize) -> Self {
        Self { schema: SCHEMA, matrix, shard, runs: runs as u64 }
    }

    fn differences(&self, found: &Self) -> Vec<String> {
        let mut all = self.matrix.differences(&found.matrix);
        if self.shard != found.shard {
            let text = |shard: &Option<Shard>| shard.map_or("the whole".to_owned(), |shard| shard.to_string());
            all.push(format!("shard: {}, there {}", text(&self.shard), text(&found.shard)));
        }
        all
    }
}

/// The line of a run.
#[derive(Serialize, Deserialize)]
struct Entry<R> {
    place: u64,
    run: R,
}

/// What an earlier process left.
#[derive(Debug, Default)]
pub struct Kept {
    /// The runs, by their place in the plan.
    pub runs: BTreeMap<usize, Run>,
    /// Lines that are damaged, by number from 1, with what is wrong. Their runs are not among the others.
    pub damaged: Vec<(u64, String)>,
    /// Bytes at the end that are no whole line.
    pub torn: u64,
}

/// A partial file that is being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes that are whole lines.
    length: u64,
    /// The check of the head.
    seed: u64,
    /// Why there is no lock, where the file system has none.
    unlocked: Option<io::Error>,
}

impl Journal {
    /// Begins the file; missing folders are created. A file without a run is replaced.
    ///
    /// # Errors
    /// When there is one with runs already, another process writes to it, or it can't be written.
    pub fn begin(path: &Path, head: &Head) -> Result<Self, JournalError> {
        let (mut journal, found) = Self::open(path)?;
        match found {
            Some((found, kept)) if !kept.runs.is_empty() || !kept.damaged.is_empty() => {
                Err(JournalError::Unfinished { path: path.to_owned(), finished: kept.runs.len(), runs: found.runs })
            }
            _ => journal.start(head).map(|()| journal),
        }
    }

    /// Goes on with the file, or begins it where there is none.
    ///
    /// # Errors
    /// When it is of another matrix or shard, another process writes to it, or it can't be read or written. It is left as it
    /// was.
    pub fn resume(path: &Path, head: &Head) -> Result<(Self, Kept), JournalError> {
        let (mut journal, found) = Self::open(path)?;
        let Some((found, kept)) = found else {
            journal.start(head)?;
            return Ok((journal, Kept::default()));
        };
        let differences = head.differences(&found);
        if !differences.is_empty() {
            return Err(JournalError::Other { path: path.to_owned(), differences });
        }
        journal.file.set_len(journal.length).map_err(OutputError::at(path))?;
        Ok((journal, kept))
    }

    /// Adds a run. It is with the operating system when this returns.
    ///
    /// # Errors
    /// When it can't be written; the lines before it are whole then.
    pub fn append(&mut self, place: usize, run: &Run) -> Result<(), OutputError> {
        let written = line(&Entry { place: place as u64, run }, self.seed).and_then(|(line, _)| self.write(&line));
        written.map_err(OutputError::at(&self.path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why nothing keeps another process from writing to the same file; none where a lock does.
    pub fn unlocked(&self) -> Option<&io::Error> {
        self.unlocked.as_ref()
    }

    /// Removes the file: for when all that is made from it is whole.
    ///
    /// # Errors
    /// When it can't be removed.
    pub fn remove(self) -> Result<(), OutputError> {
        fs::remove_file(&self.path).map_err(OutputError::at(&self.path))
    }

    /// Opens, locks and reads it; none where there is nothing worth keeping in it.
    fn open(path: &Path) -> Result<(Self, Option<(Head, Kept)>), JournalError> {
        let (file, unlocked) = open_locked(path)?;
        let mut journal = Self { path: path.to_owned(), file, length: 0, seed: 0, unlocked };
        let found = journal.read()?;
        Ok((journal, found))
    }

    /// Puts the head into the file in place of all there is. Where that fails, no file is left.
    fn start(&mut self, head: &Head) -> Result<(), JournalError> {
        let mut write = || {
            let (line, check) = line(head, 0)?;
            self.file.set_len(0)?;
            self.length = 0;
            self.seed = check;
            self.write(&line)
        };
        let written = write().map_err(OutputError::at(&self.path));
        if written.is_err() {
            // The error is told; an empty file that can't be removed does no harm.
            let _ = fs::remove_file(&self.path);
        }
        Ok(written?)
    }

    /// One write of a whole line on an unbuffered file: whoever reads meanwhile finds no half line. After an error, such as a
    /// full disk, what got there of the line is cut off again.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(line) {
            // Where even that fails, the part of a line is found and dropped when the file is read.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }

    /// Reads the file from its beginning.
    fn read(&mut self) -> Result<Option<(Head, Kept)>, JournalError> {
        let failure = |source| JournalError::Read { path: self.path.clone(), source };
        self.file.rewind().map_err(failure)?;
        let mut reader = BufReader::new(&self.file);
        let mut bytes = Vec::new();
        reader.read_until(b'\n', &mut bytes).map_err(failure)?;
        if bytes.is_empty() || (is_torn(&bytes) && (CHECK.starts_with(&bytes) || bytes.starts_with(CHECK))) {
            return Ok(None);
        }
        let head: Result<(Head, u64), String> = parse(&bytes, 0);
        let (head, seed) = head.map_err(|reason| JournalError::Head { path: self.path.clone(), reason })?;
        if head.schema != SCHEMA {
            let reason = format!("its format has version {}, this clockhand writes version {SCHEMA}", head.schema);
            return Err(JournalError::Head { path: self.path.clone(), reason });
        }
        let before = bytes.len() as u64;
        let (kept, length) = read_runs(&mut reader, &head, seed).map_err(failure)?;
        self.seed = seed;
        self.length = before + length;
        Ok(Some((head, kept)))
    }
}

/// The runs that follow the head, and the bytes of the whole lines.
fn read_runs(reader: &mut impl BufRead, head: &Head, seed: u64) -> io::Result<(Kept, u64)> {
    let mut kept = Kept::default();
    let mut length = 0;
    let mut bytes = Vec::new();
    for number in 2_u64.. {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        if is_torn(&bytes) {
            kept.torn = bytes.len() as u64;
            break;
        }
        length += bytes.len() as u64;
        let entry = parse::<Entry<Run>>(&bytes, seed).and_then(|(entry, _)| {
            let place = usize::try_from(entry.place).ok().filter(|_| entry.place < head.matrix.runs);
            let place = place.ok_or_else(|| format!("there is no run {}", entry.place))?;
            if kept.runs.contains_key(&place) {
                Err(format!("run {place} is there twice"))
            } else {
                Ok((place, entry.run))
            }
        });
        match entry {
            Ok((place, run)) => drop(kept.runs.insert(place, run)),
            Err(reason) => kept.damaged.push((number, reason)),
        }
    }
    Ok((kept, length))
}

/// Opens the file for reading and for writing at its end, and locks it; the error is why it has no lock, where the file
/// system has none.
fn open_locked(path: &Path) -> Result<(File, Option<io::Error>), JournalError> {
    let open = || {
        fs::create_dir_all(folder_of(path))?;
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("this is no file")) }
    };
    loop {
        let file = open().map_err(OutputError::at(path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(JournalError::Busy { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Ok((file, Some(error))),
            // Who had it may have removed it between the opening and the lock.
            Ok(()) if is_at(&file, path) => return Ok((file, None)),
            Ok(()) => {}
        }
    }
}

/// Whether this open file is the one at the path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(open), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (open.dev(), open.ino()) == (there.dev(), there.ino())
}

/// Whether this open file is the one at the path: elsewhere an open file can't be removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// The line of a value, and its check.
fn line(value: &impl Serialize, seed: u64) -> io::Result<(Vec<u8>, u64)> {
    let body = serde_json::to_vec(value)?;
    let check = xxh3_64_with_seed(&body, seed);
    let mut line = CHECK.to_vec();
    line.extend_from_slice(format!("{check:0DIGITS$x}\",").as_bytes());
    line.extend_from_slice(&body[1..]);
    line.push(b'\n');
    Ok((line, check))
}

/// The value of a whole line, and its check.
fn parse<T: for<'a> Deserialize<'a>>(line: &[u8], seed: u64) -> Result<(T, u64), String> {
    let rest = line.strip_suffix(b"\n").and_then(|line| line.strip_prefix(CHECK));
    let (digits, rest) = rest.and_then(|rest| rest.split_at_checked(DIGITS)).ok_or("it has no check")?;
    let rest = rest.strip_prefix(b"\",").ok_or("it has no check")?;
    let body = [b"{", rest].concat();
    let check = xxh3_64_with_seed(&body, seed);
    if digits != format!("{check:0DIGITS$x}").as_bytes() {
        return Err("the check is another than its content's".to_owned());
    }
    let value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    Ok((value, check))
}

fn is_torn(line: &[u8]) -> bool {
    line.last() != Some(&b'\n')
}
