//! Searches.

use std::time::Duration;

use proptest::prelude::*;
use rumormill_core::trace::{Event, EventId, Kind};

use super::super::*;
use super::{made_up, recorded, steps};

const PARTS: [&str; 8] =
    ["sent", "delivered push", "push", "dropped peer 3", "\"TEXT 1\"", "sent digest \"text\"", "timer tick", "crashed"];

/// What the words of a part say, without what reads them.
fn fits(part: usize, event: &Event) -> bool {
    let is = |kind| event.kind == kind;
    match part {
        0 => is(Kind::Sent),
        1 => is(Kind::Delivered) && event.name == "push",
        2 => event.name == "push",
        3 => is(Kind::Dropped) && event.peer.0 == 3,
        4 => event.text.contains("text 1"),
        5 => is(Kind::Sent) && event.name == "digest" && event.text.contains("text"),
        6 => is(Kind::Timer) && event.name == "tick",
        _ => is(Kind::Crashed),
    }
}

/// Each first event with the first second event that follows it.
fn followed(
    events: &[Event],
    first: usize,
    second: usize,
    within: Option<u64>,
    any: bool,
) -> Vec<(EventId, Option<EventId>)> {
    let firsts = events.iter().enumerate().filter(|(_, event)| fits(first, event));
    let pairs = firsts.map(|(place, event)| {
        let follows = |later: &&Event| {
            let same = later.id.peerid() == event.id.peerid();
            let is_after = if same { count(later.id) > count(event.id) } else { any && later.time > event.time };
            is_after
                && within.is_none_or(|within| later.time.as_nanos() - event.time.as_nanos() <= within)
                && fits(second, later)
        };
        (event.id, events[place..].iter().find(follows).map(|later| later.id))
    });
    pairs.collect()
}

fn ids(found: &Found) -> Vec<(EventId, Option<EventId>)> {
    found.results.iter().map(|(first, second)| (first.id, second.as_ref().map(|second| second.id))).collect()
}

/// All results of a search that gives no more than so many at once.
fn page_by_page(run: &Run, mut query: SearchQuery) -> Vec<(EventId, Option<EventId>)> {
    let mut all = Vec::new();
    loop {
        let found = run.search(&query);
        assert!(found.results.len() <= query.limit);
        all.extend(ids(&found));
        query.after = found.next;
        if !found.more {
            return all;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_search_finds_what_is_there(
        steps in steps(), segments in 1_usize..4, part in 0..PARTS.len(), limit in 1_usize..20, from in 0_u64..300,
    ) {
        let (_runs, run, events) = recorded(&made_up(&steps, 1), segments);
        let mut query = SearchQuery::new(Pattern::parse(PARTS[part]).unwrap());
        (query.limit, query.from) = (limit, Some(Instant::from_nanos(from)));
        let expected = events.iter().filter(|event| fits(part, event) && event.time.as_nanos() >= from);
        let expected: Vec<_> = expected.map(|event| (event.id, None)).collect();
        prop_assert_eq!(page_by_page(&run, query), expected);
    }

    #[test]
    fn a_pattern_finds_what_follows_and_what_does_not(
        steps in steps(), segments in 1_usize..4, first in 0..PARTS.len(), second in 0..PARTS.len(),
        within in prop::option::of(0_u64..200), any: bool, is_absent: bool, limit in 1_usize..30,
    ) {
        let (_runs, run, events) = recorded(&made_up(&steps, 1), segments);
        let pattern = Pattern {
            second: Some(Follow {
                part: Pattern::parse(PARTS[second]).unwrap().first,
                is_absent,
                within: within.map(Duration::from_nanos),
                on_any_peer: any,
            }),
            ..Pattern::parse(PARTS[first]).unwrap()
        };
        let mut expected = followed(&events, first, second, within, any);
        expected.retain(|(_, second)| second.is_none() == is_absent);
        prop_assert_eq!(Pattern::parse(&pattern.to_string()).unwrap(), pattern.clone());
        let query = SearchQuery { limit, ..SearchQuery::new(pattern) };
        prop_assert_eq!(page_by_page(&run, query), expected);
    }

    #[test]
    fn what_an_event_led_to_at_once_is_found(steps in steps(), chosen: prop::sample::Index) {
        let (_runs, run, events) = recorded(&made_up(&steps, 1), 1);
        prop_assume!(!events.is_empty());
        let cause = Some(events[chosen.index(events.len())].id);
        let query = SearchQuery { cause, ..SearchQuery::new(Pattern::of(Part::default())) };
        let expected: Vec<_> = events.iter().filter(|event| event.cause == cause).map(|event| (event.id, None)).collect();
        prop_assert_eq!(ids(&run.search(&query)), expected);
    }
}
