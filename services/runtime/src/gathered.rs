//! Gathers what is written in one turn of a task into one write.
//!
//! h2 hands a message of a kilobyte or more over as it is and has it flushed before the next one: of 64 requests with a
//! certificate each, that are ready at the same moment, every one would cost a TLS record and a system call of its own,
//! and at the other end a read. Here a flush is put off until the connection's task has its next turn, which it asks for
//! at once: what else is ready by then goes along.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Octets after which nothing more is gathered: four TLS records.
const MOST: usize = 64 * 1024;

/// A connection whose owner reads in every turn, as h2 does: then is when a flush that was put off is made.
#[derive(Debug)]
pub(crate) struct Gathered<S> {
    stream: S,
    /// Written by the owner and not yet by the stream, from `written` on.
    waiting: Vec<u8>,
    written: usize,
    /// Whether a flush was put off.
    flush_is_due: bool,
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self {
            stream,
            waiting: Vec::new(),
            written: 0,
            flush_is_due: false,
        }
    }

    /// Writes what waits.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.waiting.get(self.written..) {
            match ready!(Pin::new(&mut self.stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                octets => self.written += octets,
            }
        }
        self.waiting.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    /// Writes what waits and has it sent.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.flush_is_due = false;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.flush_is_due
            && let Poll::Ready(Err(error)) = self.poll_send(context)
        {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.waiting.len() >= MOST {
            ready!(self.poll_drain(context))?;
        }
        let octets = buffer.len().min(MOST - self.waiting.len());
        self.waiting.extend_from_slice(&buffer[..octets]);
        Poll::Ready(Ok(octets))
    }

    /// Puts the flush off where there is something to gather it with.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting.is_empty() {
            return self.poll_send(context);
        }
        if !self.flush_is_due {
            self.flush_is_due = true;
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Wake, Waker};

    use super::*;

    /// Takes at most so many octets a write and remembers each; fails or waits when told to.
    #[derive(Default)]
    struct Recorded {
        most: usize,
        writes: Vec<Vec<u8>>,
        flushes: u32,
        is_full: bool,
        is_broken: bool,
        is_shut_down: bool,
    }

    impl AsyncWrite for Recorded {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &[u8],
        ) -> Poll<io::Result<usize>> {
            if self.is_broken {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            if self.is_full {
                return Poll::Pending;
            }
            let octets = buffer.len().min(self.most);
            self.writes.push(buffer[..octets].to_vec());
            Poll::Ready(Ok(octets))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushes += 1;
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.is_shut_down = true;
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncRead for Recorded {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    #[derive(Default)]
    struct Wakes(AtomicU32);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The owner of a connection, as h2 is one.
    struct Owner {
        connection: Gathered<Recorded>,
        wakes: Arc<Wakes>,
        waker: Waker,
    }

    impl Owner {
        fn of(stream: Recorded) -> Self {
            let wakes = Arc::<Wakes>::default();
            Self {
                connection: Gathered::new(stream),
                waker: wakes.clone().into(),
                wakes,
            }
        }

        fn write(&mut self, octets: &[u8]) -> Poll<io::Result<usize>> {
            let mut context = Context::from_waker(&self.waker);
            Pin::new(&mut self.connection).poll_write(&mut context, octets)
        }

        fn flush(&mut self) -> Poll<io::Result<()>> {
            let mut context = Context::from_waker(&self.waker);
            Pin::new(&mut self.connection).poll_flush(&mut context)
        }

        fn read(&mut self) -> Poll<io::Result<()>> {
            let mut context = Context::from_waker(&self.waker);
            let mut octets = [0; 8];
            Pin::new(&mut self.connection).poll_read(&mut context, &mut ReadBuf::new(&mut octets))
        }

        fn shut_down(&mut self) -> Poll<io::Result<()>> {
            let mut context = Context::from_waker(&self.waker);
            Pin::new(&mut self.connection).poll_shutdown(&mut context)
        }

        fn wakes(&self) -> u32 {
            self.wakes.0.load(Ordering::Relaxed)
        }
    }

    fn taking(most: usize) -> Recorded {
        Recorded {
            most,
            ..Recorded::default()
        }
    }

    #[test]
    fn what_is_flushed_in_one_turn_goes_as_one_write_in_the_next() {
        let mut owner = Owner::of(taking(usize::MAX));
        for message in [b"one".as_slice(), b"two", b"three"] {
            assert!(matches!(owner.write(message), Poll::Ready(Ok(_))));
            assert!(matches!(owner.flush(), Poll::Ready(Ok(()))));
        }
        assert!(owner.connection.stream.writes.is_empty());
        assert_eq!(owner.wakes(), 1, "the next turn is asked for, once");
        assert!(owner.read().is_pending());
        assert_eq!(owner.connection.stream.writes, [b"onetwothree"]);
        assert_eq!(owner.connection.stream.flushes, 1);
        // Nothing is due any more.
        assert!(owner.read().is_pending());
        assert_eq!(owner.connection.stream.flushes, 1);
    }

    #[test]
    fn what_is_not_flushed_is_not_sent_by_reading() {
        let mut owner = Owner::of(taking(usize::MAX));
        assert!(owner.write(b"half a frame").is_ready());
        assert!(owner.read().is_pending());
        assert!(owner.connection.stream.writes.is_empty() && owner.wakes() == 0);
    }

    #[test]
    fn a_stream_that_takes_little_gets_everything_in_order() {
        let mut owner = Owner::of(taking(3));
        assert!(owner.write(b"abcdefgh").is_ready() && owner.flush().is_ready());
        assert!(owner.read().is_pending());
        assert_eq!(
            owner.connection.stream.writes,
            [b"abc".as_slice(), b"def", b"gh"]
        );
    }

    #[test]
    fn a_full_stream_gets_it_once_there_is_room_and_so_much_waits_at_most() {
        let mut owner = Owner::of(Recorded {
            is_full: true,
            ..taking(usize::MAX)
        });
        let much = vec![7; MOST + 100];
        assert!(matches!(owner.write(&much), Poll::Ready(Ok(MOST))));
        assert!(owner.write(&much[MOST..]).is_pending());
        assert!(owner.flush().is_ready() && owner.read().is_pending());
        assert!(owner.connection.stream.writes.is_empty());
        owner.connection.stream.is_full = false;
        assert!(matches!(owner.write(&much[MOST..]), Poll::Ready(Ok(100))));
        assert!(owner.read().is_pending());
        assert_eq!(owner.connection.stream.writes.concat(), much);
    }

    #[test]
    fn a_broken_stream_is_told_by_the_next_read() {
        let mut owner = Owner::of(Recorded {
            is_broken: true,
            ..Recorded::default()
        });
        assert!(owner.write(b"lost").is_ready() && owner.flush().is_ready());
        assert!(matches!(owner.read(), Poll::Ready(Err(error))
            if error.kind() == io::ErrorKind::BrokenPipe));
        let mut owner = Owner::of(taking(0));
        assert!(owner.write(b"lost").is_ready() && owner.flush().is_ready());
        assert!(matches!(owner.read(), Poll::Ready(Err(error))
            if error.kind() == io::ErrorKind::WriteZero));
    }

    #[test]
    fn shutting_down_sends_what_waits() {
        let mut owner = Owner::of(taking(usize::MAX));
        assert!(owner.write(b"goodbye").is_ready() && owner.flush().is_ready());
        assert!(matches!(owner.shut_down(), Poll::Ready(Ok(()))));
        assert_eq!(owner.connection.stream.writes, [b"goodbye"]);
        assert!(owner.connection.stream.is_shut_down);
    }
}
