use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use aws_lc_rs::digest::{Context, SHA256};

use super::*;
use crate::HashAlgorithm;
use crate::signature::sha256;

const CHUNK: usize = 64 * 1024;
const CHUNKS: usize = 40;
/// Longer than any test.
const PATIENCE: Duration = Duration::from_mins(10);

fn queue() -> HashingQueue {
    HashingQueue::new(Running {
        hash: HashAlgorithm::Sha256,
        context: Box::new(Context::new(&SHA256)),
        next: 0,
    })
}

fn octets(nth: usize) -> Vec<u8> {
    vec![u8::try_from(nth % 251).unwrap(); CHUNK]
}

fn chunk(nth: usize, octets: impl AsRef<[u8]> + Send + 'static) -> Chunk {
    Chunk::new(octets, (nth * CHUNK) as u64, u64::MAX)
}

fn digest(hash: Running) -> Vec<u8> {
    hash.context.finish().as_ref().to_vec()
}

fn expected() -> Vec<u8> {
    let whole: Vec<_> = (0..CHUNKS).flat_map(octets).collect();
    sha256(&whole).to_vec()
}

/// Counts how many of these octets are there.
struct Counted(Vec<u8>, &'static AtomicUsize);

impl Counted {
    fn new(octets: Vec<u8>, there: &'static AtomicUsize) -> Self {
        there.fetch_add(octets.len(), Ordering::SeqCst);
        Self(octets, there)
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(self.0.len(), Ordering::SeqCst);
    }
}

#[test]
fn one_thread_hashes_all_that_comes_and_goes_with_the_list() {
    let queue = queue();
    let (mut turns, mut threads) = (0, Vec::new());
    for nth in 0..CHUNKS {
        let taken = queue.push(chunk(nth, octets(nth)), |turn| {
            turns += 1;
            threads.push(thread::spawn(|| turn.run(PATIENCE, || true)));
        });
        assert!(taken);
    }
    assert_eq!(digest(queue.finish().unwrap()), expected());
    assert_eq!(turns, 1);
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn what_waits_for_a_thread_that_never_comes_has_a_bound_and_is_hashed() {
    static THERE: AtomicUsize = AtomicUsize::new(0);
    let queue = queue();
    for nth in 0..CHUNKS {
        let counted = Counted::new(octets(nth), &THERE);
        assert!(queue.push(chunk(nth, counted), std::mem::forget));
        assert!(THERE.load(Ordering::SeqCst) <= CRL_HASHING_WAITING_OCTETS);
    }
    assert_eq!(THERE.load(Ordering::SeqCst), CRL_HASHING_WAITING_OCTETS);
    assert_eq!(digest(queue.finish().unwrap()), expected());
    assert_eq!(THERE.load(Ordering::SeqCst), 0);
}

#[test]
fn a_turn_that_is_not_taken_leaves_the_chunk_where_it_is() {
    let queue = queue();
    assert!(!queue.push(chunk(0, octets(0)), drop));
    assert!(queue.push(chunk(0, octets(0)), std::mem::forget));
    assert_eq!(digest(queue.finish().unwrap()), sha256(&octets(0)));
}

#[test]
fn a_thread_goes_when_nothing_comes_and_when_it_is_told_and_the_next_chunk_brings_another() {
    let queue = queue();
    let mut turns = 0;
    for nth in 0..CHUNKS {
        let taken = queue.push(chunk(nth, octets(nth)), |turn| {
            turns += 1;
            if nth < CHUNKS / 2 {
                turn.run(Duration::ZERO, || true);
            } else {
                turn.run(PATIENCE, || false);
            }
        });
        assert!(!taken);
    }
    assert_eq!(turns, CHUNKS);
}

#[test]
fn a_list_that_is_given_up_keeps_neither_its_chunks_nor_the_thread() {
    static THERE: AtomicUsize = AtomicUsize::new(0);
    let begin = std::sync::Arc::new(AtomicBool::new(false));
    let queue = queue();
    let mut threads = Vec::new();
    for nth in 0..3 {
        let counted = Counted::new(octets(nth), &THERE);
        let begin = std::sync::Arc::clone(&begin);
        queue.push(chunk(nth, counted), |turn| {
            threads.push(thread::spawn(move || {
                while !begin.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                turn.run(PATIENCE, || true);
            }));
        });
    }
    drop(queue);
    assert_eq!(THERE.load(Ordering::SeqCst), 0);
    begin.store(true, Ordering::SeqCst);
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn a_panic_loses_the_hash_and_nobody_waits_for_it() {
    struct Broken;
    impl AsRef<[u8]> for Broken {
        fn as_ref(&self) -> &[u8] {
            // How long it is can be asked by the thread that hands it over.
            let is_hashed = thread::current().name() == Some("hashing");
            assert!(!is_hashed, "a chunk that cannot be read");
            &[1; 9]
        }
    }
    let queue = queue();
    let mut threads = Vec::new();
    for nth in 0..CHUNKS {
        let broken = |turn: HashingTurn| {
            let named = thread::Builder::new().name("hashing".to_owned());
            threads.push(named.spawn(|| turn.run(PATIENCE, || true)).unwrap());
        };
        if nth == 3 {
            queue.push(chunk(nth, Broken), broken);
            // It has taken the chunk, and not left it to this thread.
            assert!(threads.remove(0).join().is_err());
        } else {
            queue.push(chunk(nth, octets(nth)), broken);
        }
    }
    assert!(queue.finish().is_none());
}
