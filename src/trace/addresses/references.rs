//! What becomes of references: those inside shared mappings are handed on or kept, the rest is left out, kept, or handed
//! on as a flat trace.
//!
//! Which it is, the [`Stage`] says; it changes with the calls, which are told elsewhere.

use super::kept::{Kept, Owner};
use super::space::Area;
use super::{AddressReference, AddressSpaces, Place, Process, Stage};
use crate::trace::error::{TraceError, printable};
use crate::trace::flat::{Flat, FlatReference, LONGEST, Numbers};
use crate::trace::reading::Reading;
use crate::trace::{Operation, Record};

const TOO_MANY: &str = "without --private, fewer are kept";

impl AddressSpaces {
    /// A process refers to some bytes.
    ///
    /// # Errors
    /// When it is too long, or the sink refuses a record, unless the reading is lenient.
    #[inline]
    pub fn reference(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        reference: AddressReference,
    ) -> Result<(), TraceError> {
        let index = match self.last {
            Some((process, index)) if process == reference.process => index as usize,
            _ => self.process(reading, place, reference.process)?,
        };
        let last = reference.address.saturating_add(reference.bytes.max(1) - 1);
        let area = self.processes[index].space.find(reference.address);
        if area.contains(last) || reference.address == last || area.is_everything() {
            return self.inside(reading, place, index, area, reference, last);
        }
        self.across(reading, place, index, reference, last)
    }

    /// A reference that lies in several areas.
    #[cold]
    fn across(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        index: usize,
        reference: AddressReference,
        last: u64,
    ) -> Result<(), TraceError> {
        let mut address = reference.address;
        loop {
            let area = self.processes[index].space.find(address);
            let until = area.last().max(address).min(last);
            self.inside(reading, place, index, area, AddressReference { address, ..reference }, until)?;
            if until == last {
                return Ok(());
            }
            address = until + 1;
        }
    }

    /// A reference of a process to the addresses up to `last`, all in one area.
    #[inline]
    fn inside(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        index: usize,
        area: Area,
        reference: AddressReference,
        last: u64,
    ) -> Result<(), TraceError> {
        let AddressReference { process, address, write, .. } = reference;
        if (last - address) >> self.shift >= LONGEST {
            let what = format!("the reference is to more than {LONGEST} pages");
            return reading.bad(place.at, place.text, what, "is this trace of this format?");
        }
        let Some((segment, byte)) = area.at(address) else {
            return self.outside(reading, place, index, reference, last);
        };
        let pages = byte >> self.shift..=(byte + (last - address)) >> self.shift;
        if let Stage::Private(kept) = &mut self.stage {
            let owner = self.processes[index].shared_owner(kept, segment);
            let kept = pages.into_iter().try_for_each(|page| kept.reference(place.at, owner, page, write, self.time));
            return kept.or_else(|what| reading.bad(place.at, place.text, what, TOO_MANY));
        }
        let operation = if write { Operation::Write } else { Operation::Read };
        for page in pages {
            let record = Record { time: self.time, process, operation, segment, page };
            reading.record(&record, place.at, || printable(place.text))?;
        }
        Ok(())
    }

    /// A reference to addresses that are not mapped to any segment.
    #[inline]
    fn outside(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        index: usize,
        reference: AddressReference,
        last: u64,
    ) -> Result<(), TraceError> {
        let AddressReference { process, address, write, .. } = reference;
        match &mut self.stage {
            Stage::Direct => Ok(()),
            Stage::Flat(flat) => {
                let count = last - address + 1;
                let reference = FlatReference { process, number: address, count, write, time: self.time };
                flat.reference(reading, place.at, place.text, reference)
            }
            Stage::Unmapped(_) if !self.names_mappings && self.side.is_empty() => {
                self.stage = Stage::Flat(Box::new(Flat::new(reading, &self.settings, Numbers::Addresses)));
                self.outside(reading, place, index, reference, last)
            }
            Stage::Unmapped(kept) | Stage::Private(kept) => {
                let owner = self.processes[index].private_owner(kept);
                let mut pages = address >> self.shift..=last >> self.shift;
                let kept = pages.try_for_each(|page| {
                    let from = address.max(page << self.shift) >> kept.shift();
                    kept.reference(place.at, owner, from, write, self.time)
                });
                kept.or_else(|what| reading.bad(place.at, place.text, what, TOO_MANY))
            }
        }
    }
}

impl Process {
    /// The number that what is kept has for its private memory.
    fn private_owner(&mut self, kept: &mut Kept) -> u32 {
        *self.private.get_or_insert_with(|| kept.owner(Owner { process: self.id, segment: None }))
    }

    /// The number that what is kept has for a segment that it has mapped.
    fn shared_owner(&mut self, kept: &mut Kept, segment: u32) -> u32 {
        if let Some((last, owner)) = self.last_shared
            && last == segment
        {
            return owner;
        }
        let id = self.id;
        let owner =
            *self.shared.entry(segment).or_insert_with(|| kept.owner(Owner { process: id, segment: Some(segment) }));
        self.last_shared = Some((segment, owner));
        owner
    }
}
