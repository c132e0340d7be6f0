//! News on its way to everybody, riding on messages that are sent anyway (SWIM, section 4.1).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rumormill_core::PeerId;
use serde::Serialize;

use super::message::Rumor;

/// News that this member still passes on: about each peer at most one, so that there is no more of it than there
/// are members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Rumors {
    news: BTreeMap<PeerId, News>,
    /// What to pass on first: (times passed on, newest first, about whom).
    turns: BTreeSet<(u32, Reverse<u64>, PeerId)>,
    /// Grows with every piece of news.
    latest: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct News {
    rumor: Rumor,
    /// How many times it was passed on.
    times: u32,
    number: u64,
}

impl News {
    fn turn(&self) -> (u32, Reverse<u64>, PeerId) {
        (self.times, Reverse(self.number), self.rumor.peer)
    }
}

impl Rumors {
    /// Something new: from now on passed on in place of what was known about the same peer.
    pub(super) fn put(&mut self, rumor: Rumor) {
        self.latest += 1;
        let news = News { rumor, times: 0, number: self.latest };
        if let Some(old) = self.news.insert(rumor.peer, news) {
            self.turns.remove(&old.turn());
        }
        self.turns.insert(news.turn());
    }

    /// Up to `count` pieces of news for a message: those passed on the fewest times, of these the newest. What was
    /// passed on `times_max` times is dropped.
    pub(super) fn take(&mut self, count: usize, times_max: u32) -> Vec<Rumor> {
        let taken: Vec<_> = self.turns.iter().copied().take(count).collect();
        taken.into_iter().filter_map(|turn| self.pass_on(turn, times_max)).collect()
    }

    /// This piece of news is none to others.
    pub(super) fn drop(&mut self, rumor: Rumor) {
        if let Some(news) = self.news.get(&rumor.peer).copied().filter(|news| news.rumor == rumor) {
            self.news.remove(&rumor.peer);
            self.turns.remove(&news.turn());
        }
    }

    fn pass_on(&mut self, turn: (u32, Reverse<u64>, PeerId), times_max: u32) -> Option<Rumor> {
        self.turns.remove(&turn);
        let news = self.news.get_mut(&turn.2)?;
        news.times += 1;
        let news = *news;
        if news.times < times_max {
            self.turns.insert(news.turn());
        } else {
            self.news.remove(&turn.2);
        }
        Some(news.rumor)
    }

    /// How many pieces of news there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        debug_assert_eq!(self.news.len(), self.turns.len());
        self.news.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::Standing;

    fn rumor(peer: u64, incarnation: u32) -> Rumor {
        Rumor::new(PeerId(peer), Standing::alive(incarnation))
    }

    fn peers(rumors: &[Rumor]) -> Vec<u64> {
        rumors.iter().map(|rumor| rumor.peer.0).collect()
    }

    #[test]
    fn the_least_told_news_goes_first_and_each_is_told_so_many_times() {
        let mut rumors = Rumors::default();
        (1..=3).for_each(|peer| rumors.put(rumor(peer, 0)));
        assert_eq!(peers(&rumors.take(2, 3)), [3, 2], "the newest first");
        assert_eq!(peers(&rumors.take(2, 3)), [1, 3]);
        rumors.put(rumor(4, 0));
        assert_eq!(peers(&rumors.take(3, 3)), [4, 2, 1]);
        let mut told = [0, 2, 2, 2, 1];
        while rumors.len() > 0 {
            let taken = rumors.take(2, 3);
            assert!(!taken.is_empty());
            for rumor in taken {
                told[rumor.peer.0 as usize] += 1;
            }
        }
        assert_eq!(told, [0, 3, 3, 3, 3]);
    }

    #[test]
    fn later_news_about_a_peer_takes_the_place_of_earlier() {
        let mut rumors = Rumors::default();
        rumors.put(rumor(1, 0));
        rumors.take(1, 9);
        rumors.put(rumor(2, 0));
        rumors.put(rumor(1, 5));
        assert_eq!(rumors.take(9, 9), [rumor(1, 5), rumor(2, 0)]);
        assert_eq!(rumors.len(), 2);
    }
}
