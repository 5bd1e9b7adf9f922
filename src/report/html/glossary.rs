//! What the words of the page mean.

/// Each word and its meaning, in the order in which a reader meets them.
pub(super) const WORDS: &[(&str, &str)] = &[
    (
        "page",
        "A piece of memory of fixed size, 4 KiB unless the trace says otherwise: what is moved between memory and \
         swap.",
    ),
    ("frame", "A place in memory that holds one page. The number of frames is the memory size."),
    ("reference", "One access of one process to one page, reading or writing. A trace is a recording of them."),
    ("footprint", "The distinct pages that a trace refers to. With as many frames nothing has to be swapped out."),
    ("segment", "A piece of memory that processes share, such as the buffer pool of a database."),
    (
        "swap-out",
        "A page written to swap because its frame was needed for another one. What this page counts first of all.",
    ),
    ("swap-in", "A page brought back from swap because it was referenced again. Its process waits for it."),
    (
        "dirty swap-out",
        "A swap-out of a page that was written to since it last came in: what remains where clean pages keep their \
         copy in swap.",
    ),
    (
        "minor fault",
        "A reference to a page that is in memory but not in the page table of its process: cheap, without input or \
         output.",
    ),
    (
        "page-table entry",
        "A process's own record of where a page is. Each process that shares the page has one; all of them are taken \
         away before the page can go.",
    ),
    (
        "wasted",
        "Said of page-table entries that were taken away although the page stayed in memory: they cost minor faults \
         and freed nothing.",
    ),
    ("policy", "The rule that says which page goes when a frame is needed."),
    (
        "a kernel could run it",
        "The policy sees only the accessed bits that the processor sets in page tables. Others are told of every \
         reference, which no kernel is; a simulator, or a database over its own buffers, could run them.",
    ),
    (
        "bound",
        "opt takes the page that is not needed for the longest time. It must know the future, so it is no policy but \
         the fewest swap-ins there can be.",
    ),
    (
        "linux-2.0",
        "The reference: the clock of Linux 2.0 for shared memory. Two hands go over segments and pages, and a page \
         that was used since the last visit gets a second chance.",
    ),
    (
        "scan, examined",
        "The search for a page that can go. Each page it looks at is examined; a search that finds none has failed.",
    ),
    (
        "fairness",
        "Jain's index of swap-outs for each page in memory, over segments: 1 where all bear the same, less the more \
         uneven it is.",
    ),
];
