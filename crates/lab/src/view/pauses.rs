//! Whom a fault of many peers meets: the trace names such a fault once, the plan says whose it is.

use std::time::Duration;

use rumormill_core::plan::{Fault, Peers, Plan, Timed};

/// Pauses and their ends, of the plan and by hand.
#[derive(Clone, Debug, Default)]
pub(super) struct Pauses {
    /// When, whether it is a pause, and whose; by time, in the order of the plan within a moment.
    all: Vec<(Duration, bool, Peers)>,
    /// How many of them have been seen to happen.
    seen: usize,
}

impl Pauses {
    /// All that is going to happen and has happened; how many were seen stays.
    pub fn set(&mut self, plan: &Plan) {
        self.all.clear();
        plan.faults.iter().for_each(|timed| self.add(timed));
    }

    /// This happens, too: behind all that has been seen.
    pub fn add(&mut self, timed: &Timed) {
        let (paused, peers) = match &timed.fault {
            Fault::Pause { peers } => (true, peers),
            Fault::Resume { peers } => (false, peers),
            _ => return,
        };
        let place = self.all.partition_point(|(known, ..)| *known <= timed.at);
        self.all.insert(place, (timed.at, paused, peers.clone()));
    }

    /// The next one was seen to happen: whom it meets.
    pub fn take(&mut self, paused: bool) -> Option<Peers> {
        let ahead = self.all.get(self.seen..)?;
        let next = ahead.iter().position(|(_, known, _)| *known == paused)?;
        self.seen += next + 1;
        Some(ahead[next].2.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(at_s: u64, peer: u32) -> Timed {
        Timed { at: Duration::from_secs(at_s), fault: Fault::Pause { peers: Peers::Numbers(vec![peer]) } }
    }

    #[test]
    fn what_is_done_by_hand_takes_its_place_in_time() {
        let mut pauses = Pauses::default();
        pauses.set(&Plan { faults: vec![pause(9, 9), pause(1, 1)], ..Plan::default() });
        assert_eq!(pauses.take(true), Some(Peers::Numbers(vec![1])));
        pauses.add(&pause(5, 5));
        let earlier = pauses.clone();
        assert_eq!(pauses.take(true), Some(Peers::Numbers(vec![5])));
        assert_eq!(pauses.take(false), None);
        assert_eq!(pauses.take(true), Some(Peers::Numbers(vec![9])));
        // A checkpoint learns of the plan as it is now, and goes on where it stood.
        let mut again = earlier;
        again.set(&Plan { faults: vec![pause(9, 9), pause(1, 1), pause(5, 5)], ..Plan::default() });
        assert_eq!(again.take(true), Some(Peers::Numbers(vec![5])));
    }
}
