//! Asking for memory before it is needed.

/// Begins to load the cache line in which something begins. Without effect on what the program computes, and on other
/// processors than x86-64 without any.
#[cfg(target_arch = "x86_64")]
#[inline]
pub fn prefetch<T>(place: &T) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    #[expect(
        unsafe_code,
        reason = "the intrinsic takes a pointer; this one is a reference, and no prefetch can fault"
    )]
    // SAFETY: SSE is part of x86_64, and the pointer is valid because it is a reference.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast());
    }
}

/// Does nothing: the standard library has no stable prefetch for this processor.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub fn prefetch<T>(_place: &T) {}
