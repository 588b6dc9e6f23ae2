//! Asking for memory in large pages.
//!
//! A lookup goes to a random place of a segment of a hundred megabytes or more. In pages of 4 KiB the processor does not
//! know where such a place is and looks that up first, in a virtual machine through two sets of tables; in pages of 2 MiB
//! it knows of all of them.

use std::mem::MaybeUninit;

/// Octets of a large page, on the processors that Linux gives them on by a hint.
const LARGE_PAGE: usize = 2 << 20;

/// Asks the kernel for large pages under memory that nothing was written to yet, where whole ones fit. It is a hint: where
/// it is refused, or no large page is free, the memory is as it was.
#[cfg(target_os = "linux")]
pub(crate) fn ask_for(memory: &mut [MaybeUninit<u8>]) {
    let skipped = memory.as_ptr().align_offset(LARGE_PAGE).min(memory.len());
    let whole = (memory.len() - skipped) / LARGE_PAGE * LARGE_PAGE;
    let pages = &mut memory[skipped..skipped + whole];
    if pages.is_empty() {
        return;
    }
    #[expect(
        unsafe_code,
        reason = "the call takes a pointer; this one is a unique reference's, and the hint changes no octet"
    )]
    // SAFETY: the range is ours alone and begins and ends with a page, and MADV_HUGEPAGE leaves its contents as they are.
    unsafe {
        libc::madvise(pages.as_mut_ptr().cast(), pages.len(), libc::MADV_HUGEPAGE);
    }
}

/// Does nothing: other systems decide by themselves.
#[cfg(not(target_os = "linux"))]
pub(crate) fn ask_for(_memory: &mut [MaybeUninit<u8>]) {}
