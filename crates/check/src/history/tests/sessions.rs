//! The four guarantees of a session, each broken by itself.

use crate::history::{Builder, History, Promise, Verdict};

const FOUR: [Promise; 4] =
    [Promise::ReadYourWrites, Promise::MonotonicReads, Promise::MonotonicWrites, Promise::WritesFollowReads];

/// Which of the four a history breaks, and the text of the first.
fn broken(write: impl FnOnce(&mut Builder)) -> (Vec<&'static str>, String) {
    let mut build = History::build();
    write(&mut build);
    let verdicts = FOUR.map(|promise| promise.judge(&build.history()));
    assert!(!verdicts.iter().any(|verdict| matches!(verdict, Verdict::Undecided { .. })), "{verdicts:?}");
    let found: Vec<_> = verdicts.iter().filter_map(Verdict::witness).collect();
    (
        found.iter().map(|witness| witness.pattern).collect(),
        found.first().map_or(String::new(), |first| first.text.clone()),
    )
}

#[test]
fn a_session_that_sees_all_is_fine() {
    let (found, _) = broken(|build| {
        build.session(1).write("x", 1).read("x", 1).write("x", 2).write("y", 3);
        build.session(2).absent("x").read("x", 1).read("y", 3).read("x", 2).write("z", 4);
        build.session(3).read("z", 4).read("y", 3).read("x", 2);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn not_reading_ones_own_write() {
    let (found, text) = broken(|build| _ = build.session(3).write("x", 5).absent("x"));
    assert_eq!(found, ["ReadYourWrites"]);
    assert_eq!(text, "session 3 found x absent after it had written x = 5, when it was absent only before that");
    let (found, _) = broken(|build| {
        build.session(1).write("x", 1);
        build.session(2).read("x", 1).write("x", 2).read("x", 1);
    });
    assert_eq!(found, ["ReadYourWrites"]);
    // Of concurrent writes it may see either, unless the store says which is newer.
    let (found, _) = broken(|build| {
        build.session(1).write("x", 1);
        build.session(2).write("x", 2).read("x", 1);
    });
    assert_eq!(found, [""; 0]);
    let (found, _) = broken(|build| {
        build.session(1).write("x", 1).version(1);
        build.session(2).write("x", 2).version(2).read("x", 1);
    });
    assert_eq!(found, ["ReadYourWrites"]);
}

#[test]
fn reading_backward() {
    let (found, text) = broken(|build| {
        build.session(1).write("x", 5).write("x", 7);
        build.session(3).read("x", 7).read("x", 5);
    });
    assert_eq!(found, ["MonotonicReads"]);
    assert_eq!(text, "session 3 read x = 5 after it had read x = 7, which is newer");
    let (found, _) = broken(|build| {
        build.session(1).write("x", 5);
        build.session(3).read("x", 5).absent("x");
    });
    assert_eq!(found, ["MonotonicReads"]);
}

#[test]
fn seeing_a_write_without_the_one_before() {
    let (found, text) = broken(|build| {
        build.session(1).write("x", 1).write("y", 2);
        build.session(2).read("y", 2).absent("x");
    });
    assert_eq!(found, ["MonotonicWrites"]);
    let says = "session 2 found x absent though it had seen that session 1 wrote y = 2, before which that session had \
                written x = 1, when it was absent only before that";
    assert_eq!(text, says);
    let (found, text) = broken(|build| _ = build.session(1).write("x", 1).version(9).write("x", 2).version(3));
    assert_eq!(found, ["MonotonicWrites"]);
    assert_eq!(text, "session 1 wrote x = 2 after it had written x = 1, but the store holds the first for the newer");
}

#[test]
fn seeing_a_write_without_what_its_session_had_read() {
    let (found, text) = broken(|build| {
        build.session(1).write("x", 1);
        build.session(2).read("x", 1).write("y", 2);
        build.session(3).read("y", 2).absent("x");
    });
    assert_eq!(found, ["WritesFollowReads"]);
    let says = "session 3 found x absent though it had seen that session 2 wrote y = 2, before which that session had \
                read x = 1, when it was absent only before that";
    assert_eq!(text, says);
    let (found, _) = broken(|build| {
        build.session(1).write("x", 1).version(9);
        build.session(2).read("x", 1).write("x", 2).version(3);
    });
    assert_eq!(found, ["WritesFollowReads"]);
}

#[test]
fn labels_that_go_backward() {
    let (found, text) = broken(|build| _ = build.session(1).write("x", 1).label(&[2, 0]).absent("y").label(&[1, 5]));
    assert_eq!(found, ["ReadYourWrites"]);
    let says = "session 1 wrote x = 1 with label [2, 0], and then found y absent from a state with label [1, 5], which \
                does not cover it";
    assert_eq!(text, says);
    let (found, _) = broken(|build| _ = build.session(1).absent("x").label(&[0, 1]).absent("y").label(&[1]));
    assert_eq!(found, ["MonotonicReads"]);
    let (found, _) = broken(|build| _ = build.session(1).write("x", 1).label(&[2]).read("x", 1).label(&[2, 1]));
    assert_eq!(found, [""; 0]);
}

#[test]
fn replicas_that_execute_too_early() {
    let own = |executed: &[(u64, u64)]| {
        broken(|build| {
            build.session(1).write("x", 1).add("n", 1);
            build.replica(7, executed, "");
        })
    };
    assert_eq!(own(&[(1, 0), (1, 1)]).0, [""; 0]);
    let (found, text) = own(&[(1, 1), (1, 0)]);
    assert_eq!(found, ["MonotonicWrites"]);
    let says = "replica 7 executed \"session 1 added 1 to n\" (1.1) before it had executed \"session 1 wrote x = 1\" \
                (1.0), that came earlier in the same session";
    assert_eq!(text, says);
    let (found, _) = broken(|build| {
        build.session(1).write("x", 1);
        build.session(2).read("x", 1).write("y", 2);
        build.replica(7, &[(2, 1), (1, 0)], "");
    });
    assert_eq!(found, ["WritesFollowReads"]);
    // It has what came with another's state, and has no longer what did not.
    let received = |received: &[(u64, u64)]| {
        broken(|build| {
            build.session(1).write("x", 1).write("y", 1);
            build.replica(7, &[(1, 0)], "").received(received, &[(1, 1)]);
        })
    };
    assert_eq!(received(&[(1, 0)]).0, [""; 0]);
    assert_eq!(received(&[]).0, ["MonotonicWrites"]);
}

#[test]
fn without_a_causal_order_nothing_says_which_write_is_older() {
    let mut build = History::build();
    build.session(1).read("x", 1).write("x", 1);
    let verdict = Promise::ReadYourWrites.judge(&build.history());
    assert!(matches!(&verdict, Verdict::Undecided { why } if why.contains("CyclicCO")), "{verdict}");
}
