//! The bench's two loads on madsim: nodes that talk UDP. `cargo bench` in the project's root runs it.

#[cfg(not(madsim))]
fn main() {
    eprintln!("build with RUSTFLAGS=\"--cfg madsim\", as `cargo bench` does");
    std::process::exit(2);
}

#[cfg(madsim)]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [load, peers] = arguments.as_slice() else { panic!("usage: rumormill-bench-madsim flood|ping PEERS") };
    loads::measure(load, peers.parse().expect("a number of peers"));
}

#[cfg(madsim)]
mod loads {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, Instant};

    use madsim::net::UdpSocket;
    use madsim::runtime::Runtime;
    use madsim::time::{self, sleep_until};
    use rumormill_core::{Rng, Topology};

    const PORT: u16 = 1999;

    /// Runs with seeds 1, 2, … for at least a second and prints the figures as the bench reads them.
    pub fn measure(load: &str, peers: u32) {
        let base = peak_memory_bytes();
        let (mut events, mut busy, begun, mut peak) = (0, Duration::ZERO, Instant::now(), 0);
        for seed in 1.. {
            let (more, time) = match load {
                "flood" => flood(seed, peers),
                "ping" => ping(seed, peers),
                other => panic!("no load {other}"),
            };
            events += more;
            busy += time;
            if seed == 1 {
                peak = peak_memory_bytes();
            }
            if begun.elapsed() > Duration::from_secs(1) {
                break;
            }
        }
        let bytes_per_peer = (peak - base) as f64 / f64::from(peers);
        println!("figures {events} {} {bytes_per_peer}", busy.as_secs_f64());
    }

    fn runtime(seed: u64, loss: f64) -> Runtime {
        let mut config = madsim::Config::default();
        config.net.packet_loss_rate = loss;
        config.net.send_latency = Duration::from_millis(5)..Duration::from_millis(50);
        Runtime::with_seed_and_config(seed, config)
    }

    /// The address of a simulated node: nothing leaves this process.
    fn address(peerid: u32) -> SocketAddr {
        let [_, high, mid, low] = peerid.to_be_bytes();
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, high, mid, low)), PORT)
    }

    fn flood(seed: u64, peers: u32) -> (u64, Duration) {
        let runtime = runtime(seed, 0.0);
        let (events, heard) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        for peerid in 1..=peers {
            let (events, heard) = (Arc::clone(&events), Arc::clone(&heard));
            let node = runtime.create_node().ip(address(peerid).ip()).build();
            node.spawn(async move {
                let mut neighbors = Vec::new();
                Topology::Random { degree: 8 }.neighbors(seed, peers, peerid, &mut neighbors);
                let socket = UdpSocket::bind(address(peerid)).await.expect("a free port");
                // All bind before the rumor starts.
                time::sleep(Duration::from_millis(1)).await;
                let (mut buffer, mut has) = ([0; 64], false);
                loop {
                    if peerid > 1 || has {
                        socket.recv_from(&mut buffer).await.expect("a message");
                        events.fetch_add(1, Ordering::Relaxed);
                    }
                    if !has {
                        has = true;
                        heard.fetch_add(1, Ordering::Relaxed);
                        for &neighbor in &neighbors {
                            socket.send_to(address(neighbor), &[1; 16]).await.expect("to send");
                        }
                    }
                }
            });
        }
        let begun = Instant::now();
        runtime.block_on(async move {
            while heard.load(Ordering::Relaxed) < u64::from(peers) {
                time::sleep(Duration::from_millis(10)).await;
            }
        });
        (events.load(Ordering::Relaxed), begun.elapsed())
    }

    fn ping(seed: u64, peers: u32) -> (u64, Duration) {
        let runtime = runtime(seed, 0.01);
        let events = Arc::new(AtomicU64::new(0));
        for peerid in 1..=peers {
            let node = runtime.create_node().ip(address(peerid).ip()).build();
            node.spawn(pinger(seed, peers, peerid, Arc::clone(&events)));
        }
        let begun = Instant::now();
        runtime.block_on(async { time::sleep(Duration::from_secs(5)).await });
        (events.load(Ordering::Relaxed), begun.elapsed())
    }

    async fn pinger(seed: u64, peers: u32, me: u32, events: Arc<AtomicU64>) {
        let socket = UdpSocket::bind(address(me)).await.expect("a free port");
        let mut rng = Rng::new(seed ^ u64::from(me));
        let mut round_at = time::Instant::now() + rng.between(Duration::ZERO, Duration::from_secs(1));
        let (mut overdue_at, mut buffer) = (None, [0; 64]);
        loop {
            let never = round_at + Duration::from_secs(3600);
            tokio::select! {
                received = socket.recv_from(&mut buffer) => {
                    let (_, from) = received.expect("a message");
                    if buffer[0] == 0 {
                        socket.send_to(from, &[1; 6]).await.expect("to send");
                    }
                }
                () = sleep_until(round_at) => {
                    let other = 1 + rng.below(u64::from(peers)) as u32;
                    socket.send_to(address(other), &[0; 6]).await.expect("to send");
                    overdue_at = Some(round_at + Duration::from_millis(200));
                    round_at += Duration::from_secs(1);
                }
                () = sleep_until(overdue_at.unwrap_or(never)) => overdue_at = None,
            }
            events.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn peak_memory_bytes() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
    }
}
