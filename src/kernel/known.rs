//! What is known of a replay for a stretch of references, so that no fault in it asks for it again.
//!
//! A fault asks in a dozen places what changes between two stretches at most: how wide the words of the page tables are, whether a
//! segment is locked, whether slots are kept. Asked once and compiled in, a quarter of its instructions go, and a tenth of the time
//! of a replay with many faults. No rule is here, and none is written twice: what is known only says which of the ways through the
//! same functions there are. Whoever knows anything knows too that nobody watches the replay.
//!
//! Each way takes its time to compile, so there is none for words of four bytes, and none for many sharers. What did not help:
//! the fault in the middle of the loop over references, and not a function of its own.

use super::Kernel;
use super::page_tables::Tables;

/// The model as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    /// Nothing is known.
    Any,
    /// Page tables of its own, a byte a page; no slots are kept, no segment is locked.
    One,
    /// The same with eight bytes a page.
    Several,
}

/// Something that is known, as a type.
pub(crate) trait Known {
    /// What it is.
    const MODEL: Model;
    /// Whether no slots are kept, no segment is locked, and nobody watches.
    const PLAIN: bool = !matches!(Self::MODEL, Model::Any);
}

/// [`Model::Any`].
pub(crate) struct Nothing;
/// [`Model::One`].
pub(crate) struct OneSharer;
/// [`Model::Several`].
pub(crate) struct SeveralSharers;

impl Known for Nothing {
    const MODEL: Model = Model::Any;
}

impl Known for OneSharer {
    const MODEL: Model = Model::One;
}

impl Known for SeveralSharers {
    const MODEL: Model = Model::Several;
}

impl Kernel {
    /// What stays so while nothing but references comes.
    pub(crate) fn model(&self) -> Model {
        if self.keeps_slots::<Nothing>() || self.table.locked() > 0 {
            return Model::Any;
        }
        match self.tables.own {
            Tables { is_one: true, .. } => Model::One,
            Tables { is_several: true, .. } => Model::Several,
            _ => Model::Any,
        }
    }
}
