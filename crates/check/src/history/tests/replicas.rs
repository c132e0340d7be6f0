//! One order, exactly once, nothing lost, convergence: each broken by itself.

use crate::history::{Builder, History, Order, Promise, Verdict};

fn judged(promise: Promise, write: impl FnOnce(&mut Builder)) -> Verdict {
    let mut build = History::build();
    write(&mut build);
    promise.judge(&build.history())
}

/// What it says, from its pattern on; `""` when it holds.
fn said(promise: Promise, write: impl FnOnce(&mut Builder)) -> String {
    match judged(promise, write) {
        Verdict::Holds { .. } => String::new(),
        Verdict::Violated(witness) => format!("{}: {}", witness.pattern, witness.text),
        Verdict::Undecided { why } => format!("undecided: {why}"),
    }
}

/// Three forced updates of sessions that do not know of each other, and a causal one.
fn forced(build: &mut Builder) {
    for session in 1..=3 {
        build.session(session).write("x", session).order(Order::Forced);
    }
    build.session(4).write("y", 1);
}

#[test]
fn forced_updates_have_one_order_everywhere() {
    let order = |one: &[(u64, u64)], two: &[(u64, u64)]| {
        said(Promise::OneOrder, |build| {
            forced(build);
            build.replica(1, one, "").replica(2, two, "");
        })
    };
    assert_eq!(order(&[(1, 0), (4, 0), (2, 0), (3, 0)], &[(1, 0), (2, 0), (4, 0)]), "");
    let says = "ForcedOrder: after 1 forced updates that they have in common, replica 2 executed \"session 3 wrote x = 3\" \
                (3.0), but replica 1 executed \"session 2 wrote x = 2\" (2.0)";
    assert_eq!(order(&[(1, 0), (2, 0), (3, 0)], &[(1, 0), (3, 0), (2, 0)]), says);
    assert!(order(&[(1, 0), (2, 0)], &[(2, 0)]).starts_with("ForcedOrder"), "it left one out");
    assert!(order(&[(1, 0), (1, 0)], &[]).contains("twice in the forced order"));
}

#[test]
fn the_forced_order_is_known_also_to_those_that_received_a_state() {
    let order = |received: &[(u64, u64)], executed: &[(u64, u64)]| {
        said(Promise::OneOrder, |build| {
            forced(build);
            // Read in any order of replicas: the second tells what the first one received.
            build.replica(1, &[], "").received(received, executed);
            build.replica(2, &[(1, 0), (2, 0), (3, 0)], "");
        })
    };
    assert_eq!(order(&[(2, 0), (1, 0), (4, 0)], &[(3, 0)]), "");
    assert!(order(&[(2, 0)], &[(3, 0)]).contains("got a state with \"session 2 wrote x = 2\" (2.0) but without"));
    assert!(order(&[(1, 0)], &[(3, 0)]).starts_with("ForcedOrder: after 1"));
    let unknown = said(Promise::OneOrder, |build| {
        forced(build);
        build.replica(1, &[], "").received(&[(1, 0), (2, 0)], &[]);
    });
    assert!(unknown.starts_with("undecided: replica 1 got a state"), "{unknown}");
    assert!(said(Promise::OneOrder, forced).starts_with("undecided: no replica"));
}

#[test]
fn the_forced_order_is_a_causal_one() {
    let order = |executed: &[(u64, u64)]| {
        said(Promise::OneOrder, |build| {
            build.session(1).write("x", 1).order(Order::Forced);
            build.session(2).read("x", 1).add("n", 1).order(Order::Immediate).lost();
            build.replica(1, executed, "");
        })
    };
    assert_eq!(order(&[(1, 0), (2, 1)]), "");
    let says = "ForcedAgainstCausal: the forced order has \"session 2 added 1 to n (its outcome unknown)\" (2.1) before \
                \"session 1 wrote x = 1\" (1.0), on which it depends";
    assert_eq!(order(&[(2, 1), (1, 0)]), says);
    assert!(order(&[(2, 1)]).starts_with("ForcedAgainstCausal"), "what it depends on is missing");
}

#[test]
fn no_call_is_executed_twice() {
    let once = |executed: &[(u64, u64)]| {
        said(Promise::ExactlyOnce, |build| {
            build.session(1).add("n", 1).add("n", 2).lost();
            build.replica(3, executed, "");
        })
    };
    assert_eq!(once(&[(1, 0), (1, 1)]), "");
    assert_eq!(once(&[(1, 0), (1, 0)]), "Twice: replica 3 executed \"session 1 added 1 to n\" (1.0) twice");
    assert_eq!(once(&[(8, 0)]), "NobodyAsked: replica 3 executed the call 8.0, an update that nobody asked for");
    let received = |received: &[(u64, u64)]| {
        said(Promise::ExactlyOnce, |build| {
            build.session(1).add("n", 1);
            build.replica(3, &[(1, 0)], "").received(received, &[(1, 0)]);
        })
    };
    assert_eq!(received(&[]), "", "the state that it got was older");
    assert!(received(&[(1, 0)]).starts_with("Twice"));
}

#[test]
fn counters_stand_where_the_increments_put_them() {
    let total = |total: i64, quiet: bool| {
        said(Promise::ExactlyOnce, |build| {
            build.session(1).add("n", 4).add("n", 3).lost().add("n", -2);
            if quiet {
                build.quiet();
            }
            build.session(2).total("n", total);
        })
    };
    for fine in [2, 5] {
        assert_eq!(total(fine, true), "");
    }
    let says = "WrongTotal: session 2 read n as 6 in total, but all that was asked for (1 with an unknown outcome) makes \
                between 2 and 5";
    assert_eq!(total(6, true), says);
    assert!(total(1, true).starts_with("WrongTotal"), "one of those answered is lost");
    // Before all is quiet, some may not have arrived.
    for fine in [-2, 0, 7] {
        assert_eq!(total(fine, false), "");
    }
    assert!(total(8, false).ends_with("makes between -2 and 7"));
    let early = said(Promise::ExactlyOnce, |build| _ = build.session(1).total("n", 1).add("n", 1));
    assert!(early.ends_with("makes exactly 0"), "{early}");
}

#[test]
fn sets_have_what_was_put_there() {
    let members = |members: &[&str], quiet: bool| {
        said(Promise::ExactlyOnce, |build| {
            build.session(1).insert("s", "a").insert("s", "b").lost();
            if quiet {
                build.quiet();
            }
            build.session(2).members("s", members);
        })
    };
    assert_eq!(members(&["a"], true), "");
    assert_eq!(members(&["b", "a"], true), "");
    assert_eq!(members(&[], false), "");
    assert!(members(&["b"], true).starts_with("Lost: "));
    assert!(members(&["a", "c"], false).starts_with("ThinAirRead: "));
}

#[test]
fn nothing_that_was_answered_is_lost() {
    let lost = |executed: &[(u64, u64)]| {
        said(Promise::NothingLost, |build| {
            build.session(1).write("x", 1).add("n", 1).lost();
            build.quiet();
            build.session(1).write("x", 2);
            build.replica(3, executed, "");
        })
    };
    assert_eq!(lost(&[(1, 0)]), "");
    assert_eq!(lost(&[(1, 1)]), "Lost: \"session 1 wrote x = 1\" was answered, but replica 3 never executed it");
    let gone = said(Promise::NothingLost, |build| {
        build.session(1).write("x", 1);
        build.replica(3, &[(1, 0)], "").received(&[], &[]).quiet();
    });
    assert!(gone.starts_with("Lost"), "a state without it took its place");
    let unknown = said(Promise::NothingLost, |build| _ = build.session(1).write("x", 1));
    assert!(unknown.starts_with("undecided: it is not known"), "{unknown}");
}

#[test]
fn all_replicas_end_the_same() {
    let ends = |one: &[(u64, u64)], two: &[(u64, u64)], digest: &str| {
        said(Promise::Convergence, |build| {
            build.session(1).write("x", 1);
            build.session(2).write("x", 2);
            build.replica(1, one, "a").replica(2, two, digest);
        })
    };
    assert_eq!(ends(&[(1, 0), (2, 0)], &[(2, 0), (1, 0)], "a"), "");
    let says = "Divergence: replicas 1 and 2 ended in different states: replica 1 executed \"session 2 wrote x = 2\" \
                (2.0), replica 2 did not";
    assert_eq!(ends(&[(1, 0), (2, 0)], &[(1, 0)], "b"), says);
    let says = "Divergence: replicas 1 and 2 ended in different states: replica 1 executed \"session 1 wrote x = 1\" \
                (1.0) where replica 2 executed \"session 2 wrote x = 2\" (2.0)";
    assert_eq!(ends(&[(1, 0), (2, 0)], &[(2, 0), (1, 0)], "b"), says);
    assert!(ends(&[(1, 0)], &[(1, 0)], "b").contains("the same calls in the same order"));
}

#[test]
fn all_sessions_read_the_same_when_all_is_quiet() {
    let reads = |second: i32| {
        said(Promise::Convergence, |build| {
            build.session(1).write("x", 1).write("x", 2);
            build.session(2).read("x", 1);
            build.quiet();
            build.session(2).read("x", 2);
            build.session(3).read("x", second).write("x", 3).read("x", 3);
        })
    };
    assert_eq!(reads(2), "");
    assert_eq!(reads(1), "Divergence: when all was quiet, session 2 read x = 2, but session 3 read x = 1");
    let unknown = said(Promise::Convergence, |build| _ = build.session(1).write("x", 1).read("x", 1));
    assert!(unknown.starts_with("undecided: neither are"), "{unknown}");
}

#[test]
fn causal_delivery_is_transitive() {
    let delivery = |executed: &[(u64, u64)]| {
        said(Promise::CausalDelivery, |build| {
            build.session(1).write("x", 1);
            build.session(2).read("x", 1).write("y", 2);
            build.session(3).read("y", 2).add("n", 1);
            build.replica(7, executed, "");
        })
    };
    assert_eq!(delivery(&[(1, 0), (2, 1), (3, 1)]), "");
    assert!(delivery(&[(2, 1), (1, 0)]).starts_with("CausalDelivery"));
    let says = "CausalDelivery: replica 7 executed \"session 3 added 1 to n\" (3.1) before it had executed \"session 1 wrote \
                x = 1\" (1.0), on which it depends";
    assert_eq!(delivery(&[(3, 1)]), says);
    let handed = said(Promise::CausalDelivery, |build| {
        build.session(1).write("x", 1);
        build.session(2).write("y", 2).after(1, 0);
        build.replica(7, &[(2, 0), (1, 0)], "");
    });
    assert!(handed.starts_with("CausalDelivery"), "a token says that it depends: {handed}");
    let unknown = said(Promise::CausalDelivery, |build| _ = build.session(1).write("x", 1));
    assert!(unknown.starts_with("undecided: of no replica"), "{unknown}");
}

#[test]
fn what_concerns_one_order_can_be_judged_alone() {
    let mut build = History::build();
    forced(&mut build);
    build.replica(1, &[(4, 0), (1, 0)], "").received(&[(4, 0), (1, 0)], &[(2, 0)]);
    let only = build.history().only(Order::Forced);
    assert_eq!((only.operations.len(), only.sessions()), (3, 3));
    assert_eq!(only.replicas[0].has().len(), 2);
    assert!(Promise::ExactlyOnce.judge(&only).holds());
}

#[test]
fn promises_have_names() {
    for promise in Promise::ALL {
        assert_eq!(promise.name().parse(), Ok(promise));
        assert!(promise.about().ends_with('.'));
        assert!(
            promise.judge(&History::default()).holds()
                || promise == Promise::NothingLost
                || promise == Promise::Convergence
        );
    }
    let error = "honesty".parse::<Promise>().unwrap_err().to_string();
    assert!(
        error.starts_with("no promise is called \"honesty\"; there are: read_your_writes, monotonic_reads"),
        "{error}"
    );
}
