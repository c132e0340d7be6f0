//! Shards on threads of their own.

use std::sync::Mutex;

use rumormill_core::trace::Event as TraceEvent;

use super::board::Board;
use super::course::{Course, Step};
use super::emit;
use crate::event::{EventOf, Form};
use crate::recording::Recording;
use crate::shard::Shard;
use crate::simulation::Simulate;

/// Makes several things at once, each on a thread of its own.
pub(super) fn in_parallel<I: Send, T: Send>(inputs: Vec<I>, make: impl Fn(I) -> T + Sync) -> Vec<T> {
    let made: Vec<Mutex<Option<T>>> = inputs.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        let mut work = inputs.into_iter().zip(&made);
        let first = work.next();
        for (input, place) in work {
            let make = &make;
            scope.spawn(move || *place.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(make(input)));
        }
        if let Some((input, place)) = first {
            *place.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(make(input));
        }
    });
    made.into_iter().filter_map(|place| place.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)).collect()
}

/// Moves a run on, each shard by a thread of its own; the calling thread takes the first.
pub(super) fn advance<P: Simulate, F: Form<P>>(
    shards: &mut [Shard<P, F>],
    course: &mut Course,
    until: u64,
    tape: &mut dyn FnMut(&TraceEvent),
) {
    let board = Board::new(shards.len());
    let start = *course;
    let Some((leader, others)) = shards.split_first_mut() else { return };
    std::thread::scope(|scope| {
        for (index, shard) in others.iter_mut().enumerate() {
            let board = &board;
            scope.spawn(move || follow(board, shard, index + 1, start, until, &mut |_| {}));
        }
        *course = follow(&board, leader, 0, start, until, &mut |events| emit(events, tape));
    });
}

/// What each thread does: the decision about the next window is made by all of them, from the same facts.
fn follow<P: Simulate, F: Form<P>>(
    board: &Board<EventOf<P, F>>,
    shard: &mut Shard<P, F>,
    index: usize,
    mut course: Course,
    until: u64,
    recorded: &mut dyn FnMut(&mut Vec<TraceEvent>),
) -> Course {
    let watch = board.watch();
    let mut is_enough = false;
    for window in 0.. {
        let record = shard.take_record();
        board.post(window, index, shard.standing(), &mut shard.outgoing, record);
        // The thread that panicked tells why: the scope passes its panic on.
        let Ok(()) = board.meet() else { break };
        board.collect(window, index, |letters| shard.accept(letters));
        if F::Tape::ON && index == 0 {
            let mut record = board.record(window);
            shard.read(&mut record);
            recorded(&mut record);
        }
        if F::Tape::ON && shard.guard.is_some() {
            // What the first shard read may end the run, and all must know before they decide.
            board.correct(window, index, shard.standing());
            let Ok(()) = board.meet() else { break };
        }
        // What a part of a window sent and recorded has been handed over.
        if is_enough {
            break;
        }
        match course.step(&board.standings(window), until) {
            Step::Window { end, time_max } => shard.run(end, time_max),
            Step::Part { end, time_max } => {
                shard.run(end, time_max);
                is_enough = true;
            }
            Step::Pause | Step::End => break,
        }
    }
    watch.end();
    course
}
