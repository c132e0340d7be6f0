//! Is this peer still the leader? (Section 6.4.) A majority that answers a round which began after the question
//! says so, without any clock.

use rumormill_core::Context;

use super::message::Command;
use super::request::Indication;
use super::{Raft, State};

/// Requests to confirm that wait at a time; further ones are answered at once with
/// [`Indication::Unconfirmed`].
pub const CONFIRMS_MAX: usize = 1 << 16;

impl<C: Command> Raft<C> {
    /// Answers once a majority has said that this peer still leads.
    pub(super) fn confirm(&mut self, cx: &mut Context<'_, Self>, id: u64) {
        let leader = self.leader.map(|leader| leader.peer);
        let State::Leader(lead) = &mut self.state else {
            return cx.indicate(Indication::Unconfirmed { id, leader });
        };
        if lead.confirms.len() == CONFIRMS_MAX {
            return cx.indicate(Indication::Unconfirmed { id, leader });
        }
        // One round at a time: whoever asks while one is under way waits for the next.
        let is_quiet = lead.confirms.is_empty();
        lead.confirms.push_back((id, lead.round() + 1));
        if is_quiet {
            self.begin_round(cx);
            self.advance(cx);
        }
    }

    /// A majority has answered this round.
    pub(super) fn confirm_answered(&mut self, cx: &mut Context<'_, Self>, round: u64) {
        let State::Leader(lead) = &mut self.state else { return };
        // Before its own first entry is committed, a leader does not know all that is.
        if self.commit < lead.first {
            return;
        }
        while let Some((id, _)) = lead.confirms.pop_front_if(|(_, asked)| *asked <= round) {
            cx.indicate(Indication::Confirmed { id, index: self.commit });
        }
        if lead.confirms.front().is_some_and(|(_, asked)| *asked > lead.round()) {
            self.begin_round(cx);
        }
    }
}
