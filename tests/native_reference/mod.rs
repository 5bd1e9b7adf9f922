//! A second reader of the native format, written from `traces/NATIVE-FORMAT.md` alone: short and slow, for whole files.

use std::collections::HashMap;

use clockhand::trace::{Label, Operation, Record};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::trace_support::Kept;

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(count);
        self.0 = rest;
        head
    }

    fn number(&mut self, bytes: usize) -> u64 {
        self.take(bytes).iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
    }

    fn varint(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.number(1);
            number |= (byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return number;
            }
        }
    }

    fn zigzag(&mut self) -> u64 {
        let number = self.varint();
        if number.is_multiple_of(2) { number / 2 } else { !(number / 2) }
    }
}

#[derive(Clone)]
struct Table {
    start: [i32; 16],
    count: u8,
}

/// What is learned of the times.
struct Times {
    page: Vec<Table>,
    past: Vec<Table>,
    last: HashMap<u32, usize>,
    word: u32,
    process: u64,
    class: usize,
}

impl Times {
    fn new() -> Self {
        let table = Table { start: std::array::from_fn(|symbol| 2048 * i32::try_from(symbol).unwrap()), count: 0 };
        let (page, past) = (vec![table.clone(); 8192 * 15], vec![table; 2 * 56 * 112 * 15]);
        Self { page, past, last: HashMap::new(), word: 0, process: 0, class: 0 }
    }

    fn symbol(&mut self, code: &mut Code<'_>, (page, past): (usize, usize)) -> usize {
        let (page, past) = (&mut self.page[page], &mut self.past[past]);
        let (more, less) = if page.count >= past.count { (&*page, &*past) } else { (&*past, &*page) };
        let weight = (64 * (1 + i32::from(less.count)) / (2 + i32::from(more.count + less.count))).min(31);
        let begin = |symbol: usize| match symbol {
            16 => 1 << 15,
            _ => more.start[symbol] + (((less.start[symbol] - more.start[symbol]) * weight) >> 6),
        };
        let value = code.value(15).cast_signed();
        let symbol = (0..16).find(|&symbol| value < begin(symbol + 1)).unwrap();
        code.part(15, begin(symbol) as u32, (begin(symbol + 1) - begin(symbol)) as u32);
        for table in [page, past] {
            let shift = [1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 5][usize::from(table.count)];
            for (index, start) in table.start.iter_mut().enumerate() {
                let goal = i32::try_from(index).unwrap() + if index > symbol { 32_752 } else { 0 };
                *start += (goal - *start) >> shift;
            }
            table.count = (table.count + 1).min(11);
        }
        symbol
    }

    fn difference(&mut self, code: &mut Code<'_>, word: u32, process: u64) -> u64 {
        let same = usize::from(process == self.process);
        let page = (word.wrapping_mul(2) as usize + same) % 8192;
        let pair = self.word.wrapping_mul(0x9e37_79b1).wrapping_add(word).wrapping_mul(0x85eb_ca6b) >> 15;
        let last = self.last.get(&pair).copied().unwrap_or(0);
        let past = 2 * (56 * (last / 2) + self.class / 4) + same;
        let first = self.symbol(code, (page * 15, past * 15));
        let (difference, class) = match first {
            15 => (code.plain(64), 223),
            14 => (code.plain(32).wrapping_neg(), 223),
            _ => {
                let class = first * 16 + self.symbol(code, (page * 15 + 1 + first, past * 15 + 1 + first));
                let difference = match class {
                    0..8 => class as u64,
                    _ => {
                        let below = (class / 8 + 2 - 3) as u32;
                        ((8 + class as u64 % 8) << below) + code.plain(below)
                    }
                };
                (difference, class)
            }
        };
        self.last.insert(pair, class);
        (self.word, self.process, self.class) = (word, process, class);
        difference
    }
}

/// The column of times being read.
struct Code<'a> {
    bytes: Bytes<'a>,
    range: u32,
    number: u32,
}

impl<'a> Code<'a> {
    fn new(column: &'a [u8]) -> Self {
        let mut bytes = Bytes(column);
        assert_eq!(bytes.number(1), 0);
        let number = bytes.take(4).iter().fold(0, |number, &byte| number << 8 | u32::from(byte));
        Self { bytes, range: u32::MAX, number }
    }

    fn value(&self, bits: u32) -> u32 {
        (self.number / (self.range >> bits)).min((1 << bits) - 1)
    }

    fn part(&mut self, bits: u32, start: u32, size: u32) {
        let unit = self.range >> bits;
        self.number -= unit * start;
        self.range = unit * size;
        while self.range < 1 << 24 {
            self.range <<= 8;
            self.number = (self.number << 8) + self.bytes.number(1) as u32;
        }
    }

    fn plain(&mut self, bits: u32) -> u64 {
        let (mut number, mut done) = (0, 0);
        while done < bits {
            let step = (bits - done).min(16);
            let part = self.value(step);
            self.part(step, part, 1);
            number |= u64::from(part) << done;
            done += step;
        }
        number
    }
}

/// The labels and records of a whole file. The settings are left out.
pub fn read(file: &[u8]) -> Kept {
    let mut bytes = Bytes(file);
    assert_eq!(bytes.take(8), b"\x89CHT\r\n\x1a\n");
    assert_eq!(bytes.number(4), 1);
    let settings = bytes.number(4) as usize;
    bytes.take(settings);
    assert_eq!(bytes.number(8), xxh3_64(&file[..16 + settings]));
    let mut heads = file[..24 + settings].to_vec();
    let mut kept = Kept::default();
    let (mut processes, mut pages) = (Vec::new(), Vec::new());
    let (mut times, mut time, mut block, mut references) = (Times::new(), 0_u64, 0, 0);
    loop {
        let at = file.len() - bytes.0.len();
        if bytes.take(4) == b"END." {
            let counts: Vec<u64> = (0..6).map(|_| bytes.number(8)).collect();
            let tables = [kept.labels.len(), processes.len(), pages.len()].map(|count| count as u64);
            assert_eq!(counts, [&[block, kept.records.len() as u64, references][..], &tables].concat());
            heads.extend_from_slice(&file[at..at + 52]);
            assert_eq!(bytes.number(8), xxh3_64(&heads));
            assert!(bytes.0.is_empty());
            return kept;
        }
        assert_eq!(&file[at..at + 4], b"BLOK");
        let counts: Vec<usize> = (0..7).map(|_| bytes.number(4) as usize).collect();
        let lengths: Vec<(usize, usize)> =
            (0..6).map(|_| (bytes.number(4) as usize, bytes.number(4) as usize)).collect();
        let hash = bytes.number(8);
        assert_eq!(bytes.number(8), xxh3_64_with_seed(&file[at..at + 88], block));
        heads.extend_from_slice(&file[at..at + 96]);
        let packed: usize = lengths.iter().map(|&(_, packed)| packed).sum();
        assert_eq!(hash, xxh3_64(&bytes.0[..packed]));
        let columns: Vec<Vec<u8>> = lengths
            .iter()
            .map(|&(length, packed)| {
                let column = bytes.take(packed);
                if packed == length { column.to_vec() } else { zstd::bulk::decompress(column, length).unwrap() }
            })
            .collect();
        tables(&counts, &columns, &mut kept.labels, &mut processes, &mut pages);
        let rows = rows(&counts, &columns);
        let mut code = (!columns[5].is_empty()).then(|| Code::new(&columns[5]));
        for (word, process, mut record) in rows {
            if word != u32::MAX {
                (record.segment, record.page) = pages[word as usize / 2];
            }
            if let Some(code) = &mut code {
                time = time.wrapping_add(times.difference(code, word, process));
            }
            (record.time, record.process) = (time, processes[process as usize]);
            kept.records.push(record);
        }
        assert!(code.is_none_or(|code| code.bytes.0.is_empty()));
        block += 1;
        references += counts[1] as u64;
    }
}

/// Adds what is new in the tables of a block.
fn tables(
    counts: &[usize],
    columns: &[Vec<u8>],
    labels: &mut Vec<Label>,
    processes: &mut Vec<u64>,
    pages: &mut Vec<(u32, u64)>,
) {
    let mut names = Bytes(&columns[0]);
    for _ in 0..counts[3] {
        labels.push(match names.number(1) {
            0 => Label::Number(names.varint()),
            _ => {
                let length = names.varint() as usize;
                Label::Name(String::from_utf8(names.take(length).to_vec()).unwrap())
            }
        });
    }
    processes.extend((0..counts[4]).map(|_| names.varint()));
    let mut column = Bytes(&columns[1]);
    for _ in 0..counts[5] {
        let label = column.varint() as u32;
        let before = pages.last().map_or(0, |&(_, page)| page);
        pages.push((label, before.wrapping_add(column.zigzag())));
    }
    assert!(names.0.is_empty() && column.0.is_empty());
}

/// Word, process number and what else is known of each record of a block, in order.
fn rows(counts: &[usize], columns: &[Vec<u8>]) -> Vec<(u32, u64, Record)> {
    use Operation::{Attach, Create, CreateLocked, Detach, Exit, Fork, Lock, Remove, Unlock};
    let mut column = Bytes(&columns[2]);
    let turns: Vec<u64> = (0..counts[2]).map(|_| column.varint()).collect();
    let turns: Vec<(u64, usize)> = turns.into_iter().map(|process| (process, column.varint() as usize)).collect();
    let mut order: Vec<u64> = Vec::new();
    for &(process, _) in &turns {
        if !order.contains(&process) {
            order.push(process);
        }
    }
    let mut words = Bytes(&columns[3]);
    let mut words_of: HashMap<u64, Bytes<'_>> = HashMap::new();
    for process in order {
        let count: usize = turns.iter().filter(|turn| turn.0 == process).map(|turn| turn.1).sum();
        words_of.insert(process, Bytes(words.take(count * counts[6])));
    }
    let mut references = Vec::new();
    for (process, length) in turns {
        for _ in 0..length {
            let word = words_of.get_mut(&process).unwrap().number(counts[6]) as u32;
            let operation = if word.is_multiple_of(2) { Operation::Read } else { Operation::Write };
            references.push((word, process, Record { time: 0, process: 0, operation, segment: 0, page: 0 }));
        }
    }
    let operations = [Create, CreateLocked, Attach, Detach, Remove, Lock, Unlock, Fork, Exit];
    let mut changes = Bytes(&columns[4]);
    let mut references = references.into_iter();
    let mut rows = Vec::new();
    for _ in 0..counts[0] - counts[1] {
        let gap = changes.varint() as usize;
        rows.extend(references.by_ref().take(gap));
        let operation = operations[changes.number(1) as usize];
        let process = changes.varint();
        let segment = (changes.varint() as u32).wrapping_sub(1);
        let record = Record { time: 0, process: 0, operation, segment, page: changes.varint() };
        rows.push((u32::MAX, process, record));
    }
    rows.extend(references);
    assert!(changes.0.is_empty() && column.0.is_empty() && words.0.is_empty());
    rows
}
