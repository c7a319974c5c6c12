//! What the system is asked of the connections of a listener.

use std::io;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};

/// How many bytes the system takes ahead of what it can send. By default it takes as many as its buffer holds,
/// some megabytes, and says that it takes more only once a third of them are gone: a steady slow reader would
/// look blocked meanwhile.
#[cfg(target_os = "linux")]
const AHEAD_BYTES: u32 = 128 * 1024;

/// Prepares the connections that a listener will accept: they inherit this from it as they come, and none has to be
/// asked for.
///
/// # Errors
/// The system does not know one of these options.
pub(super) fn prepare(listener: &TcpListener) -> io::Result<()> {
    set(SockRef::from(listener))
}

/// Prepares a connection that inherited nothing: it came before its listener was prepared, as all do who come back while
/// the server starts, or the system does not hand options on.
///
/// # Errors
/// The peer is gone already.
pub(super) fn make_up(stream: &TcpStream) -> io::Result<()> {
    let stream = SockRef::from(stream);
    if stream.tcp_nodelay()? { Ok(()) } else { set(stream) }
}

fn set(socket: SockRef<'_>) -> io::Result<()> {
    // Otherwise a small frame waits for the peer's delayed acknowledgement: up to 40 ms.
    socket.set_tcp_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(AHEAD_BYTES)?;
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpSocket;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_socket_takes_bytes_again_after_its_slow_reader_took_a_few() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        prepare(&listener).unwrap();
        let reader = TcpSocket::new_v4().unwrap();
        reader.set_recv_buffer_size(4096).unwrap();
        let mut reader = reader.connect(listener.local_addr().unwrap()).await.unwrap();
        let (writer, _) = listener.accept().await.unwrap();
        assert!(writer.nodelay().unwrap());
        let piece = [0; 4096];
        writer.writable().await.unwrap();
        while writer.try_write(&piece).is_ok() {}
        let mut few = vec![0; usize::try_from(AHEAD_BYTES).unwrap()];
        reader.read_exact(&mut few).await.unwrap();
        let takes = async {
            while writer.try_write(&piece).is_err() {
                writer.writable().await.unwrap();
            }
        };
        timeout(Duration::from_secs(20), takes).await.expect("it takes none");
    }

    #[tokio::test]
    async fn who_came_before_the_listener_was_prepared_is_prepared_too() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _early = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        prepare(&listener).unwrap();
        let (early, _) = listener.accept().await.unwrap();
        make_up(&early).unwrap();
        assert!(early.nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(SockRef::from(&early).tcp_notsent_lowat().unwrap(), AHEAD_BYTES);
    }
}
