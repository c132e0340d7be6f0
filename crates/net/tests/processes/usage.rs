//! What a run tells of its processes and of the bytes on their links.

use std::time::Duration;

use rumormill_core::PeerId;
use rumormill_core::trace::{BODY_BYTES_MAX, Kind};

use crate::harness::{flood, of, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_are_measured_once_a_second_until_they_end() {
    let launchpad = flood(4, 20, |launchpad| {
        launchpad.peers_per_process = 2;
        (launchpad.until_time_limit, launchpad.time_limit) = (true, Duration::from_millis(2_500));
    });
    let (_, trace) = run(launchpad).await;
    let measured = of(&trace, Kind::Measured);
    for first in [1, 3] {
        let of_process = |name: &str| -> Vec<u64> {
            let readings = measured.iter().filter(|event| event.name == name && event.other == Some(PeerId(first)));
            readings.map(|event| event.value).collect()
        };
        let (memory, cpu) = (of_process("memory"), of_process("cpu"));
        assert!((2..=4).contains(&memory.len()), "{memory:?}");
        assert!(memory.iter().all(|&bytes| bytes > 1_000_000), "{memory:?}");
        assert!((1..=3).contains(&cpu.len()) && cpu.iter().all(|&share| share < 8_000), "{cpu:?}");
    }
    assert!(measured.iter().all(|event| event.name == "queue" || event.peer == PeerId(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_bytes_of_what_is_sent_are_kept() {
    let (_, trace) = run(flood(3, 5, |_| {})).await;
    let sent = of(&trace, Kind::Sent);
    assert!(!sent.is_empty());
    for event in sent {
        assert_eq!(event.body.len() as u64, event.bytes.min(BODY_BYTES_MAX as u64), "{event:?}");
    }
    assert!(of(&trace, Kind::Delivered).iter().all(|event| event.body.is_empty()), "once is enough");
}
