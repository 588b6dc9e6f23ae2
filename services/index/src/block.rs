//! Many serials at once, in blocks that take turns.
//!
//! Three blocks are under way at a time: of the newest the places in memory are asked for, those of the one before it are
//! looked at and records asked for, and the records of the oldest are read. So nothing waits for memory that was not asked
//! for a while ago.

/// Serials of a block. Processors have room for some twenty cache lines under way, and let go of what is asked for
/// beyond: blocks of 64 waited for memory as if nothing had been asked for.
pub(crate) const BLOCK: usize = 16;

/// What is known of the serials of a block.
pub(crate) struct Block<T> {
    room: [T; BLOCK],
    count: usize,
}

impl<T: Copy> Block<T> {
    /// With room, and nothing in it.
    fn empty(filler: T) -> Self {
        Self {
            room: [filler; BLOCK],
            count: 0,
        }
    }

    /// Adds one, if it is wanted. Nothing branches on that, because it is not predictable.
    #[inline]
    pub(crate) fn add_if(&mut self, item: T, wanted: bool) {
        if let Some(place) = self.room.get_mut(self.count) {
            *place = item;
        }
        self.count += usize::from(wanted);
    }

    /// Those that were added.
    #[inline]
    pub(crate) fn items(&self) -> &[T] {
        self.room.get(..self.count).unwrap_or_default()
    }
}

/// Takes serials of `width` octets, packed end to end, through three steps: `ask` is given the position of a block's first
/// serial and the block's octets, `sift` what that added, and `tell` what that added, in order.
#[inline]
pub(crate) fn take_turns<T: Copy>(
    (width, packed): (usize, &[u8]),
    filler: T,
    ask: impl Fn(usize, &[u8], &mut Block<T>),
    sift: impl Fn(&[T], &mut Block<T>),
    mut tell: impl FnMut(&[T]),
) {
    let mut blocks: [Block<T>; 4] = std::array::from_fn(|_| Block::empty(filler));
    let [mut asked, mut before, mut sifted, mut older] = blocks.each_mut();
    for (number, serials) in packed.chunks(width * BLOCK).enumerate() {
        asked.count = 0;
        ask(number * BLOCK, serials, asked);
        sifted.count = 0;
        sift(before.items(), sifted);
        tell(older.items());
        std::mem::swap(&mut asked, &mut before);
        std::mem::swap(&mut sifted, &mut older);
    }
    sifted.count = 0;
    sift(before.items(), sifted);
    tell(older.items());
    tell(sifted.items());
}
