//! A store's folder: its cluster file, and a folder with a key for each replica and front end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;

use anyhow::{Context as _, bail};
use rumormill_net::Identity;
use rumormill_serve::{CLUSTER_FILE, Cluster, Place, Settings};

use super::args::UpArgs;

/// The longest lease: whoever evicts a replica waits until it is over.
const LEASE_MOST_MS: u64 = 60_000;

/// The store in `folder`: the one that is there, or a new one.
pub(super) fn open(folder: &Path, args: &UpArgs) -> anyhow::Result<Cluster> {
    let file = folder.join(CLUSTER_FILE);
    if file.exists() {
        let cluster = Cluster::read(&file)?;
        let [replicas, front_ends, spares] = [&cluster.replicas, &cluster.front_ends, &cluster.spares].map(Vec::len);
        if [replicas, front_ends, spares] != [args.replicas, args.front_ends, args.spares].map(|count| count as usize) {
            bail!(
                "{} has {replicas} replicas, {front_ends} front ends and {spares} spares, not {}, {} and {}; name \
                 another folder with --dir, or say --replicas {replicas} --front-ends {front_ends} --spares {spares}",
                file.display(),
                args.replicas,
                args.front_ends,
                args.spares,
            );
        }
        // How they work may change from one time to the next; who they are may not.
        let mut cluster = Cluster { settings: settings(args)?, ..cluster };
        move_clients(&mut cluster, args)?;
        cluster.write(&file)?;
        return Ok(cluster);
    }
    let cluster = create(folder, args)?;
    cluster.write(&file)?;
    Ok(cluster)
}

/// Where clients find the front ends: as before, except where the first one is told another address. All of it
/// must be free, which it is not while the store runs.
fn move_clients(cluster: &mut Cluster, args: &UpArgs) -> anyhow::Result<()> {
    if let Some(first) = cluster.front_ends.first_mut() {
        for (place, wanted) in [(&mut first.http, args.http), (&mut first.redis, args.redis)] {
            if wanted.port() != 0 {
                *place = Some(wanted);
            }
        }
    }
    for front_end in &cluster.front_ends {
        for address in [front_end.http, front_end.redis].into_iter().flatten() {
            let number = front_end.number;
            free_for_clients(address, "the address")
                .with_context(|| format!("front end {number} cannot listen; is this store running already?"))?;
        }
    }
    Ok(())
}

fn settings(args: &UpArgs) -> anyhow::Result<Settings> {
    if !(0.0..=1.0).contains(&args.overload) {
        bail!("--overload {} is not between 0 and 1", args.overload);
    }
    let settings = Settings {
        ack: args.ack,
        gossip_ms: args.gossip_every.as_millis() as u64,
        delta_ms: args.delta.as_millis() as u64,
        overload: args.overload,
        lease_ms: args.lease.map(|lease| lease.as_millis() as u64),
        ..Settings::default()
    };
    let least = settings.lease_least_ms();
    if settings.lease_ms.is_some_and(|lease| !(least..=LEASE_MOST_MS).contains(&lease)) {
        bail!("--lease must be between {least}ms, so that replicas in touch always have one, and {LEASE_MOST_MS}ms");
    }
    if let rumormill_protocols::store::Ack::Replicas(more) = args.ack
        && more >= args.replicas
    {
        bail!("--ack f+{more} needs at least {} replicas; there are {}", more + 1, args.replicas);
    }
    Ok(settings)
}

fn create(folder: &Path, args: &UpArgs) -> anyhow::Result<Cluster> {
    let settings = settings(args)?;
    let place = |number: u32, name: String| -> anyhow::Result<Place> {
        let own = folder.join(&name);
        std::fs::create_dir_all(&own).with_context(|| format!("cannot make {}", own.display()))?;
        let key = Identity::load_or_create(&own)?.key();
        Ok(Place { number, key, address: free_for_links()?, folder: name.into(), http: None, redis: None })
    };
    let replicas = (1..=args.replicas).map(|number| place(number, format!("replica-{number}")));
    let replicas = replicas.collect::<anyhow::Result<Vec<Place>>>()?;
    let mut front_ends = Vec::new();
    for nth in 1..=args.front_ends {
        let mut front_end = place(args.replicas + nth, format!("front-end-{nth}"))?;
        let [http, redis] = if nth == 1 { [args.http, args.redis] } else { [any(); 2] };
        front_end.http = Some(free_for_clients(http, "--http")?);
        front_end.redis = Some(free_for_clients(redis, "--redis")?);
        front_ends.push(front_end);
    }
    let spares = (1..=args.spares).map(|nth| args.replicas + args.front_ends + nth);
    let spares = spares.map(|number| place(number, format!("replica-{number}"))).collect::<anyhow::Result<_>>()?;
    Ok(Cluster { replicas, front_ends, spares, settings, founded: false })
}

fn any() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// A free port for links. It stays the same when the process is started again, so that the others find it.
fn free_for_links() -> anyhow::Result<SocketAddr> {
    UdpSocket::bind(any()).and_then(|socket| socket.local_addr()).context("no free port on this machine")
}

fn free_for_clients(wanted: SocketAddr, option: &str) -> anyhow::Result<SocketAddr> {
    TcpListener::bind(wanted)
        .and_then(|listener| listener.local_addr())
        .with_context(|| format!("{option} {wanted} cannot be listened on; name another one"))
}
