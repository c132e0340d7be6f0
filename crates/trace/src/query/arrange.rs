//! The order of rows in a diagram: peers that exchange many messages stand close to each other, so that
//! arrows are short.
//!
//! Least linear arrangement is NP-hard (Garey, Johnson, Stockmeyer 1976). This is the usual greedy insertion
//! followed by exchanges of neighbors, in bounded time and always with the same result.

use std::collections::BTreeMap;

/// Rounds of exchanges, at most.
const ROUNDS_MAX: usize = 20;

/// Peers that are arranged, at most; more stay in the order of their numbers.
pub(super) const ARRANGED_MAX: usize = 512;

/// Messages between pairs of peers, in both directions, by the lower and the higher number.
pub(super) type Weights = BTreeMap<(u32, u32), u64>;

/// Puts the peers into an order in which the arrows of their messages are short.
pub(super) fn arrange(peers: &[u32], weights: &Weights) -> Vec<u32> {
    let mut sorted = peers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() > ARRANGED_MAX || sorted.len() < 3 {
        return sorted;
    }
    let links = links(&sorted, weights);
    let order = exchange(insert(&links), &links);
    order.into_iter().map(|place| sorted[place]).collect()
}

/// For each peer, by its place in the list: whom it is linked to, and how strongly.
type Links = Vec<Vec<(usize, u64)>>;

fn links(peers: &[u32], weights: &Weights) -> Links {
    let mut links = vec![Vec::new(); peers.len()];
    for (&(low, high), &weight) in weights {
        if let (Ok(low), Ok(high)) = (peers.binary_search(&low), peers.binary_search(&high))
            && low != high
        {
            links[low].push((high, weight));
            links[high].push((low, weight));
        }
    }
    links
}

/// Begins with the most talkative peer, and adds the one that is linked most strongly to those that are there
/// already, at the end where its arrows are shorter.
fn insert(links: &Links) -> Vec<usize> {
    let strength = |peer: usize| links[peer].iter().map(|&(_, weight)| weight).sum::<u64>();
    let mut waiting: Vec<usize> = (0..links.len()).collect();
    let mut pull = vec![0; links.len()];
    let mut order: std::collections::VecDeque<usize> = std::collections::VecDeque::new();
    while !waiting.is_empty() {
        let best = (0..waiting.len()).max_by_key(|&at| {
            let peer = waiting[at];
            (pull[peer], strength(peer), std::cmp::Reverse(peer))
        });
        let peer = waiting.swap_remove(best.unwrap_or(0));
        links[peer].iter().for_each(|&(other, weight)| pull[other] += weight);
        let places: BTreeMap<usize, usize> = order.iter().enumerate().map(|(at, &peer)| (peer, at)).collect();
        let known = links[peer].iter().filter_map(|&(other, weight)| Some((*places.get(&other)? as u64, weight)));
        let (first, last) = known.fold((0, 0), |(first, last), (at, weight)| {
            (first + weight * (at + 1), last + weight * (order.len() as u64 - at))
        });
        if first < last { order.push_front(peer) } else { order.push_back(peer) }
    }
    order.into()
}

/// Exchanges neighbors as long as arrows become shorter.
fn exchange(mut order: Vec<usize>, links: &Links) -> Vec<usize> {
    let mut places = vec![0; order.len()];
    order.iter().enumerate().for_each(|(at, &peer)| places[peer] = at);
    for _ in 0..ROUNDS_MAX {
        let mut is_better = false;
        for at in 0..order.len() - 1 {
            let (left, right) = (order[at], order[at + 1]);
            // What each loses or gains by one step; the link between the two stays as long as it is.
            let gain = |peer: usize, other: usize, is_right: bool| -> i64 {
                let pulls = links[peer].iter().filter(|&&(linked, _)| linked != other);
                let pulls = pulls.map(
                    |&(linked, weight)| if places[linked] > places[peer] { weight as i64 } else { -(weight as i64) },
                );
                pulls.sum::<i64>() * if is_right { 1 } else { -1 }
            };
            if gain(left, right, true) + gain(right, left, false) > 0 {
                order.swap(at, at + 1);
                (places[left], places[right]) = (at + 1, at);
                is_better = true;
            }
        }
        if !is_better {
            break;
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn length(order: &[u32], weights: &Weights) -> u64 {
        let place = |peer| order.iter().position(|&other| other == peer).unwrap() as u64;
        weights.iter().map(|(&(low, high), &weight)| weight * place(low).abs_diff(place(high))).sum()
    }

    #[test]
    fn a_chain_is_laid_out_as_a_chain() {
        // 1-5-2-6-3-7-4: as numbers the neighbors are far from each other.
        let weights: Weights =
            [(1, 5), (2, 5), (2, 6), (3, 6), (3, 7), (4, 7)].into_iter().map(|link| (link, 10)).collect();
        let peers: Vec<u32> = (1..=7).collect();
        let order = arrange(&peers, &weights);
        assert_eq!(length(&order, &weights), 60, "each link is one step: {order:?}");
    }

    proptest! {
        #[test]
        fn every_peer_has_one_row_and_arrows_get_no_longer_by_exchanges(
            links in prop::collection::btree_map((1_u32..30, 1_u32..30), 1_u64..100, 0..60)
        ) {
            let weights: Weights =
                links.into_iter().filter(|((low, high), _)| low < high).collect();
            let peers: Vec<u32> = (1..30).collect();
            let order = arrange(&peers, &weights);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(&sorted, &peers);
            prop_assert_eq!(arrange(&peers, &weights), order.clone(), "always the same");
            let linked = super::links(&peers, &weights);
            let inserted: Vec<u32> = insert(&linked).into_iter().map(|place| peers[place]).collect();
            prop_assert!(length(&order, &weights) <= length(&inserted, &weights));
        }
    }
}
