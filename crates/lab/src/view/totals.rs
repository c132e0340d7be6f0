//! All that has passed over the links of a run.

use super::groups::Groups;
use super::links::{self, LINKS_MAX, LinkId, Links, Traffic};
use super::matrix::Matrix;

/// Traffic by link since the beginning of the run.
#[derive(Clone, Debug)]
pub(super) enum Totals {
    /// Between peers, of whom most never send to most others.
    Peers(Links),
    /// Between groups of peers, of which nearly all send to nearly all.
    Groups(Matrix),
}

impl Totals {
    /// No traffic yet between these groups, or between peers.
    pub fn new(groups: Option<&Groups>) -> Self {
        groups.map_or_else(|| Self::Peers(Links::new(LINKS_MAX)), |groups| Self::Groups(Matrix::new(groups)))
    }

    /// Adds what passed over a link.
    pub fn add(&mut self, link: LinkId, traffic: Traffic) {
        match self {
            Self::Peers(links) => links.add(link, traffic),
            Self::Groups(links) => links.add(link, traffic),
        }
    }

    /// How many links there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Peers(links) => links.len(),
            Self::Groups(links) => links.len(),
        }
    }

    /// The links, in no order.
    pub fn iter(&self) -> Box<dyn Iterator<Item = (LinkId, Traffic)> + '_> {
        match self {
            Self::Peers(links) => Box::new(links.iter()),
            Self::Groups(links) => Box::new(links.iter()),
        }
    }

    /// The `count` busiest links, busiest first.
    pub fn busiest(&self, count: usize) -> Vec<(LinkId, Traffic)> {
        let links = links::busiest(self.iter(), count).into_iter();
        links.filter_map(|link| Some((link, self.get(link)?))).collect()
    }

    fn get(&self, link: LinkId) -> Option<Traffic> {
        match self {
            Self::Peers(links) => links.get(link),
            Self::Groups(links) => links.get(link),
        }
    }

    /// Copies made from now on share what is there now, as far as that is worth while.
    pub fn share(&mut self) {
        if let Self::Groups(links) = self {
            links.share();
        }
    }

    /// Bytes in memory, about, without what it shares with `other`.
    pub fn bytes(&self, other: Option<&Self>) -> usize {
        match (self, other) {
            (Self::Peers(links), _) => links.bytes(),
            (Self::Groups(links), Some(Self::Groups(other))) => links.bytes(Some(other)),
            (Self::Groups(links), _) => links.bytes(None),
        }
    }
}
