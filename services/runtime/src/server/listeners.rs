//! One listener a serving thread on one port, so that the kernel spreads connections over the threads.

use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections the kernel keeps while no thread has accepted them.
const BACKLOG: i32 = 1024;

/// Binds `count` listeners to one address; with port 0, to one free port.
pub(super) fn bind(
    address: SocketAddr,
    count: usize,
) -> std::io::Result<(SocketAddr, Vec<TcpListener>)> {
    if address.port() != 0 {
        refuse_shared_port(address)?;
    }
    let first = listener(address)?;
    let bound = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..count {
        listeners.push(listener(bound)?);
    }
    Ok((bound, listeners))
}

/// With SO_REUSEPORT a second process of the same user would silently take half of the connections. A
/// bind without it fails while anybody listens there, so it is tried first.
fn refuse_shared_port(address: SocketAddr) -> std::io::Result<()> {
    let probe = socket(address)?;
    probe.bind(&address.into())
}

fn listener(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = socket(address)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn socket(address: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A restart must not wait for the kernel to forget the former process's connections.
    socket.set_reuse_address(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::bind;

    #[test]
    fn threads_share_one_free_port() {
        let (bound, listeners) = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        assert_ne!(bound.port(), 0);
        for listener in &listeners {
            assert_eq!(listener.local_addr().unwrap(), bound);
        }
    }

    #[test]
    fn a_port_somebody_listens_on_is_refused() {
        let (bound, listeners) = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        assert_eq!(
            bind(bound, 2).unwrap_err().kind(),
            std::io::ErrorKind::AddrInUse
        );
        drop(listeners);
        assert!(bind(bound, 2).is_ok());
    }
}
