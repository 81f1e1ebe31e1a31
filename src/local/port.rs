use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use rand::Rng;

use super::error::{Error, Result};

/// Below the ports that systems give to outgoing connections, so that a remembered one is seldom taken.
const FROM: u16 = 20_000;
const TO: u16 = 29_999;
const TRIES: usize = 200;

/// A port on 127.0.0.1 that was free a moment ago: the first of `wanted` that is, else a random one.
pub(super) fn choose(wanted: &[u16], taken: &[u16]) -> Result<u16> {
    let random = (0..TRIES).map(|_| rand::rng().random_range(FROM..=TO));
    wanted
        .iter()
        .copied()
        .chain(random)
        .find(|port| *port != 0 && !taken.contains(port) && is_free(*port))
        .ok_or(Error::NoPort { from: FROM, to: TO })
}

/// Nobody listens there. macOS lets two programs listen on one port by different addresses: hence the connect.
pub(super) fn is_free(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).is_ok()
        && TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_err()
}

/// Who listens on `port`, as far as this system tells: `postgres (pid 812)`.
#[cfg(target_os = "linux")]
pub(super) fn holder(port: u16) -> Option<String> {
    use std::fs;

    let listening = |table: &str| {
        fs::read_to_string(table).unwrap_or_default().lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (_, local) = fields.get(1)?.rsplit_once(':')?;
            let listens = *fields.get(3)? == "0A";
            (listens && u16::from_str_radix(local, 16) == Ok(port))
                .then(|| fields.get(9).map(|f| (*f).to_owned()))?
        })
    };
    let inode = listening("/proc/net/tcp").or_else(|| listening("/proc/net/tcp6"))?;
    let socket = format!("socket:[{inode}]");
    let pids =
        fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    for pid in pids {
        let holds = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().any(|fd| {
            fd.is_ok_and(|fd| {
                fs::read_link(fd.path()).is_ok_and(|target| target.as_os_str() == socket.as_str())
            })
        });
        if holds {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            return Some(format!("{} (pid {pid})", name.trim()));
        }
    }
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn holder(_: u16) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_replaced_and_its_holder_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap().port();
        assert!(!is_free(taken));
        assert_ne!(choose(&[taken], &[]).unwrap(), taken);
        if cfg!(target_os = "linux") {
            assert!(holder(taken).unwrap().contains(&format!("(pid {})", std::process::id())));
        }
    }

    #[test]
    fn a_wanted_port_that_is_free_is_taken() {
        let wanted = choose(&[], &[]).unwrap();
        assert_eq!(choose(&[0, wanted], &[]).unwrap(), wanted);
        assert_ne!(choose(&[wanted], &[wanted]).unwrap(), wanted);
    }
}
