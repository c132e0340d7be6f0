//! The same two loads on turmoil: hosts that talk UDP, its default tick of 1 ms.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rumormill_core::{Rng, Topology};
use tokio::time::{self, sleep_until};
use turmoil::net::UdpSocket;
use turmoil::{Builder, Sim};

const PORT: u16 = 1999;

fn simulation(seed: u64, seconds: u64, loss: f64) -> Sim<'static> {
    Builder::new()
        .rng_seed(seed)
        .simulation_duration(Duration::from_secs(seconds + 1))
        .min_message_latency(Duration::from_millis(5))
        .max_message_latency(Duration::from_millis(50))
        .fail_rate(loss)
        .repair_rate(1.0)
        .udp_capacity(4096)
        .build()
}

fn name(peerid: u32) -> String {
    format!("peer-{peerid}")
}

async fn bind() -> Result<UdpSocket, Box<dyn std::error::Error>> {
    Ok(UdpSocket::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT)).await?)
}

fn address(peerid: u32) -> SocketAddr {
    (turmoil::lookup(name(peerid)), PORT).into()
}

/// One rumor until all have it.
pub fn flood(seed: u64, peers: u32) -> (u64, Duration) {
    let (events, heard) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut sim = simulation(seed, 60, 0.0);
    for peerid in 1..=peers {
        let (events, heard) = (Arc::clone(&events), Arc::clone(&heard));
        sim.host(name(peerid), move || {
            let (events, heard) = (Arc::clone(&events), Arc::clone(&heard));
            async move {
                let mut neighbors = Vec::new();
                Topology::Random { degree: 8 }.neighbors(seed, peers, peerid, &mut neighbors);
                let socket = bind().await?;
                let (mut buffer, mut has) = ([0; 64], false);
                loop {
                    if peerid > 1 || has {
                        socket.recv_from(&mut buffer).await?;
                        events.fetch_add(1, Ordering::Relaxed);
                    }
                    if !has {
                        has = true;
                        heard.fetch_add(1, Ordering::Relaxed);
                        for &neighbor in &neighbors {
                            socket.send_to(&[1; 16], address(neighbor)).await?;
                        }
                    }
                }
            }
        });
    }
    let begun = Instant::now();
    while heard.load(Ordering::Relaxed) < u64::from(peers) {
        sim.step().unwrap();
    }
    (events.load(Ordering::Relaxed), begun.elapsed())
}

/// Five seconds of pings.
pub fn ping(seed: u64, peers: u32) -> (u64, Duration) {
    let events = Arc::new(AtomicU64::new(0));
    let mut sim = simulation(seed, 5, 0.01);
    for peerid in 1..=peers {
        let events = Arc::clone(&events);
        sim.host(name(peerid), move || pinger(seed, peers, peerid, Arc::clone(&events)));
    }
    let begun = Instant::now();
    while sim.elapsed() < Duration::from_secs(5) {
        sim.step().unwrap();
    }
    (events.load(Ordering::Relaxed), begun.elapsed())
}

async fn pinger(seed: u64, peers: u32, me: u32, events: Arc<AtomicU64>) -> turmoil::Result {
    let socket = bind().await?;
    let mut rng = Rng::new(seed ^ u64::from(me));
    let mut round_at = time::Instant::now() + rng.between(Duration::ZERO, Duration::from_secs(1));
    let (mut overdue_at, mut buffer) = (None, [0; 64]);
    loop {
        let never = round_at + Duration::from_secs(3600);
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                let (_, from) = received?;
                if buffer[0] == 0 {
                    socket.send_to(&[1; 6], from).await?;
                }
            }
            () = sleep_until(round_at) => {
                let other = 1 + rng.below(u64::from(peers)) as u32;
                socket.send_to(&[0; 6], address(other)).await?;
                overdue_at = Some(round_at + Duration::from_millis(200));
                round_at += Duration::from_secs(1);
            }
            () = sleep_until(overdue_at.unwrap_or(never)) => overdue_at = None,
        }
        events.fetch_add(1, Ordering::Relaxed);
    }
}
