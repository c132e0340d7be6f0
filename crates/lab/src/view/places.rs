//! Where peers say that they stand in a picture of the protocol's own.

use std::collections::BTreeMap;

/// The places of peers, both coordinates 0 to 1, each with the number of the move that led there.
#[derive(Clone, Debug, Default)]
pub struct Places {
    at: BTreeMap<u32, (f32, f32, u64)>,
    moves: u64,
}

impl Places {
    /// The peer says where it stands, as two numbers with a space between. Returns whether that is news.
    pub fn set(&mut self, peerid: u32, text: &str) -> bool {
        let share = |number: &str| number.parse::<f32>().ok().filter(|share| (0.0..=1.0).contains(share));
        let Some((x, y)) = text.split_once(' ').and_then(|(x, y)| Some((share(x)?, share(y)?))) else { return false };
        if self.at.get(&peerid).is_some_and(|&(old_x, old_y, _)| (old_x, old_y) == (x, y)) {
            return false;
        }
        self.moves += 1;
        self.at.insert(peerid, (x, y, self.moves));
        true
    }

    /// How many times a peer has moved.
    #[must_use]
    pub const fn moves(&self) -> u64 {
        self.moves
    }

    /// The peers that have moved since then, and where to, the earliest move first: (move, peer, x, y).
    #[must_use]
    pub fn since(&self, moves: u64) -> Vec<(u64, u32, f32, f32)> {
        let news = self.at.iter().filter(|(_, (_, _, number))| *number > moves);
        let mut news: Vec<_> = news.map(|(&peerid, &(x, y, number))| (number, peerid, x, y)).collect();
        news.sort_unstable_by_key(|&(number, ..)| number);
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_move_and_nonsense_does_not_move_them() {
        let mut places = Places::default();
        assert!(places.set(3, "0.25 0.5") && places.set(1, "0 1"));
        for nonsense in ["0.25 0.5", "2 0", "NaN 0", "0.5", "0.5 0.5 0.5", ""] {
            assert!(!places.set(3, nonsense), "{nonsense}");
        }
        assert_eq!(places.since(0), [(1, 3, 0.25, 0.5), (2, 1, 0.0, 1.0)]);
        assert!(places.set(3, "0.75 0.5"));
        assert_eq!(places.since(0), [(2, 1, 0.0, 1.0), (3, 3, 0.75, 0.5)]);
        assert_eq!((places.since(2).len(), places.moves()), (1, 3));
    }
}
