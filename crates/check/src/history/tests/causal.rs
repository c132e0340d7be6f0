//! The litmus histories of the paper, each pattern by itself, and many small histories judged twice.

use proptest::prelude::*;

use super::naive::Naive;
use super::random::reads_and_writes;
use crate::history::{Builder, History, Verdict, causal};

fn history(write: impl FnOnce(&mut Builder)) -> History {
    let mut build = History::build();
    write(&mut build);
    build.history()
}

/// The patterns that consistency, convergence and memory find; `""` for none.
fn found(history: &History) -> [&'static str; 3] {
    [causal::consistency(history), causal::convergence(history), causal::memory(history)].map(|verdict| match verdict {
        Verdict::Holds { .. } => "",
        Verdict::Violated(witness) => witness.pattern,
        Verdict::Undecided { why } => panic!("{why}"),
    })
}

fn text(verdict: &Verdict) -> &str {
    verdict.witness().map_or("", |witness| &witness.text)
}

/// Figure 3 of the paper.
#[test]
fn the_litmus_histories_of_the_paper() {
    let a = history(|build| {
        build.session(1).write("x", 1).read("x", 2);
        build.session(2).write("x", 2).read("x", 1);
    });
    assert_eq!(found(&a), ["", "CyclicCF", ""], "causal memory, but not convergent");
    let b = history(|build| {
        build.session(1).write("z", 1).write("x", 1).write("y", 1);
        build.session(2).write("x", 2).absent("z").read("y", 1).read("x", 2);
    });
    assert_eq!(found(&b), ["", "", "WriteHBInitRead"], "convergent, but no causal memory");
    let c = history(|build| {
        build.session(1).write("x", 1);
        build.session(2).write("x", 2).read("x", 1).read("x", 2);
    });
    assert_eq!(found(&c), ["", "CyclicCF", "CyclicHB"], "causally consistent, and no more");
    let d = history(|build| {
        build.session(1).write("x", 1).absent("y").write("y", 1).read("x", 1);
        build.session(2).write("x", 2).absent("y").write("y", 2).read("x", 2);
    });
    assert_eq!(found(&d), ["", "", ""], "all of it, though not sequentially consistent");
    let e = history(|build| {
        build.session(1).write("x", 1).write("y", 1);
        build.session(2).read("y", 1).write("x", 2);
        build.session(3).read("x", 2).read("x", 1);
    });
    assert_eq!(found(&e), ["WriteCORead"; 3], "not even causally consistent");
}

#[test]
fn each_pattern_is_told_in_words() {
    let out_of_thin_air = history(|build| _ = build.session(1).write("x", 1).read("x", 9));
    assert_eq!(found(&out_of_thin_air), ["ThinAirRead"; 3]);
    let says = "session 1 read x = 9, but nobody wrote that to x";
    assert_eq!(text(&causal::consistency(&out_of_thin_air)), says);

    let forgotten = history(|build| {
        build.session(1).write("x", 1).write("y", 2);
        build.session(2).read("y", 2).absent("x");
    });
    assert_eq!(found(&forgotten), ["WriteCOInitRead"; 3]);
    let says = "session 1 wrote x = 1 and then wrote y = 2; session 2 read y = 2 and then found x absent. \
                It should not have been absent: it had been written before that";
    assert_eq!(text(&causal::consistency(&forgotten)), says);

    let overwritten = history(|build| {
        build.session(1).write("x", 5).write("x", 7);
        build.session(3).read("x", 7).read("x", 5);
    });
    assert_eq!(found(&overwritten), ["WriteCORead"; 3]);
    let says = "session 1 wrote x = 7; session 3 read x = 7 and then read x = 5. \
                That x had been overwritten: session 1 wrote x = 5 and then wrote x = 7";
    assert_eq!(text(&causal::consistency(&overwritten)), says);

    let oracle = history(|build| {
        build.session(1).read("x", 1).write("y", 1);
        build.session(2).read("y", 1).write("x", 1);
    });
    assert_eq!(found(&oracle), ["CyclicCO"; 3]);
    let witness = causal::consistency(&oracle).witness().unwrap().clone();
    assert_eq!(witness.operations.len(), 4, "{witness}");
    assert!(witness.text.contains("session 2 read y = 1 and then wrote x = 1"), "{witness}");

    let two_minds = history(|build| {
        build.session(1).write("x", 1);
        build.session(2).write("x", 2);
        build.session(3).read("x", 1).read("x", 2);
        build.session(4).read("x", 2).read("x", 1);
    });
    assert_eq!(found(&two_minds), ["", "CyclicCF", ""]);
    let witness = causal::convergence(&two_minds).witness().unwrap().clone();
    assert!(witness.text.contains("session 1 wrote x = 1 before session 2 wrote x = 2, as session 3 "), "{witness}");
    assert!(witness.text.contains("session 2 wrote x = 2 before session 1 wrote x = 1, as session 4 "), "{witness}");
}

#[test]
fn reading_a_later_write_of_its_own_session_is_a_cycle() {
    let future = history(|build| _ = build.session(1).read("x", 1).write("x", 1));
    assert_eq!(found(&future), ["CyclicCO"; 3]);
}

#[test]
fn a_token_carries_what_its_session_knew() {
    let handed = |covers: u64| {
        history(|build| {
            build.session(1).write("x", 1).write("x", 2);
            build.session(2).read("x", 1).after(1, covers);
        })
    };
    assert_eq!(found(&handed(0)), [""; 3]);
    assert_eq!(found(&handed(1)), ["WriteCORead"; 3]);
    let says = "session 1 wrote x = 2; with a token of that, session 2 read x = 1. That x had been overwritten: session 1 \
                wrote x = 1 and then wrote x = 2";
    assert_eq!(text(&causal::consistency(&handed(1))), says);
    let verdict = causal::consistency(&handed(7));
    assert!(
        matches!(&verdict, Verdict::Undecided { why } if why.starts_with("2.0 is said to come after 1.7")),
        "{verdict}"
    );
}

#[test]
fn what_was_never_answered_happened_when_it_was_read() {
    let unread = history(|build| {
        build.session(1).write("x", 1).write("x", 2).lost().read("x", 1);
    });
    assert_eq!(found(&unread), [""; 3]);
    // It took effect, but late: the session need not have known.
    let late = history(|build| {
        build.session(1).write("x", 1).write("x", 2).lost().write("y", 3);
        build.session(2).read("y", 3).read("x", 1).read("x", 2);
    });
    assert_eq!(found(&late), [""; 3]);
    // What its session did before is before it all the same.
    let early = history(|build| {
        build.session(1).write("x", 1).write("y", 2).lost();
        build.session(2).read("y", 2).absent("x");
    });
    assert_eq!(found(&early), ["WriteCOInitRead"; 3]);
}

#[test]
fn what_a_read_has_its_value_from_is_found_out() {
    // It was deleted, and nothing else fits.
    let deleted = history(|build| _ = build.session(1).write("x", 1).delete("x").absent("x"));
    assert_eq!(found(&deleted), [""; 3]);
    // It cannot have been the delete, as that was overwritten; nor the beginning.
    let undeleted = history(|build| _ = build.session(1).delete("x").write("x", 1).absent("x"));
    assert_eq!(found(&undeleted), ["WriteCOInitRead"; 3]);
    let same_value = history(|build| {
        build.session(1).write("x", 1).write("x", 2);
        build.session(2).write("x", 1);
        build.session(3).read("x", 2).read("x", 1);
    });
    assert_eq!(found(&same_value), [""; 3], "session 2 wrote it, too");
    let told = history(|build| {
        build.session(1).write("x", 1).write("x", 2);
        build.session(2).write("x", 1);
        build.session(3).read("x", 2).read("x", 1).from(1, 0);
    });
    assert_eq!(found(&told), ["WriteCORead"; 3], "the store says that it was session 1");
}

#[test]
fn what_cannot_be_judged_is_said() {
    let mut twice = history(|build| _ = build.session(1).write("x", 1));
    twice.operations.extend(twice.operations.clone());
    let verdict = causal::consistency(&twice);
    assert!(matches!(&verdict, Verdict::Undecided { why } if why.contains("have the id 1.0")), "{verdict}");
    let wrong = history(|build| {
        build.session(1).write("x", 1);
        build.session(2).read("x", 2).from(1, 0);
    });
    let verdict = causal::consistency(&wrong);
    assert!(matches!(&verdict, Verdict::Undecided { why } if why.contains("is said to return")), "{verdict}");
}

#[test]
fn what_a_checker_says_can_be_a_property() {
    use rumormill_core::property::Verdict as _;
    let fine = history(|build| _ = build.session(1).write("x", 1));
    assert_eq!(causal::consistency(&fine).verdict(), Ok(()));
    let wrong = history(|build| _ = build.session(1).read("x", 1));
    let says = "violated: ThinAirRead: session 1 read x = 1, but nobody wrote that to x (operations 1.0)";
    assert_eq!(causal::consistency(&wrong).verdict(), Err(says.into()));
}

#[test]
fn a_history_survives_a_file() {
    let written = history(|build| {
        build.session(1).write("x", 1).version(7).label(&[1, 0]).delete("x").lost();
        build.session(2).add("n", -3).insert("s", "a").members("s", &["a"]).read("x", 1).from(1, 0);
        build.replica(1, &[(1, 0)], "abc").received(&[(1, 0), (2, 0)], &[(2, 1)]).quiet();
    });
    let text = serde_json::to_string(&written).unwrap();
    assert_eq!(serde_json::from_str::<History>(&text).unwrap(), written, "{text}");
}

/// The random histories are of all kinds, so that the tests with them prove something.
#[test]
fn random_histories_break_each_promise_and_keep_it() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut patterns = std::collections::BTreeMap::<&str, usize>::new();
    for _ in 0..4_000 {
        let history = reads_and_writes().new_tree(&mut runner).unwrap().current();
        let [consistency, convergence, memory] = found(&history);
        *patterns.entry(consistency).or_default() += 1;
        if consistency.is_empty() {
            *patterns.entry(convergence).or_default() += 1;
            *patterns.entry(memory).or_default() += 1;
        }
    }
    let kinds = ["", "CyclicCO", "WriteCOInitRead", "WriteCORead", "CyclicCF", "CyclicHB", "WriteHBInitRead"];
    for kind in kinds {
        assert!(patterns.get(kind).is_some_and(|&count| count >= 3), "{kind}: {patterns:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Closed by number matrices of bits and straight from the definitions, the verdicts are the same.
    #[test]
    fn small_histories_are_judged_as_the_definitions_say(history in reads_and_writes()) {
        let naive = Naive::new(&history);
        let verdicts = [causal::consistency(&history), causal::convergence(&history), causal::memory(&history)];
        let holds = verdicts.clone().map(|verdict| verdict.holds());
        prop_assert_eq!(holds, [naive.consistency(), naive.convergence(), naive.memory()], "{:?}", verdicts);
        for verdict in verdicts {
            prop_assert!(verdict.holds() || verdict.witness().is_some_and(|witness| !witness.operations.is_empty()));
        }
    }
}
