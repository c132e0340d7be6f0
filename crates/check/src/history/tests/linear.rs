//! Linearizability: by hand, and many small histories also judged by another tester.

use proptest::prelude::*;
use proptest::sample::Index;
use rumormill_core::Instant;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialConsistencyTester, SequentialSpec};

use super::random::reads_and_writes;
use crate::history::linear::{
    Counter, CounterOperation, Model, Register, RegisterOperation, Timed, immediate_linearizability, linearizability,
    linearizability_of,
};
use crate::history::{Builder, History, Kind, Operation, OperationId, Order, Value, Verdict, causal};

fn judged(write: impl FnOnce(&mut Builder)) -> Verdict {
    let mut build = History::build();
    write(&mut build);
    linearizability(&build.history())
}

#[test]
fn a_read_sees_what_was_answered_before_it_was_asked() {
    assert!(judged(|build| _ = build.session(1).write("x", 1).read("x", 1)).holds());
    let stale = judged(|build| {
        build.session(1).write("x", 1);
        build.session(2).write("x", 2);
        build.session(3).read("x", 1);
    });
    let says = "NotLinearizable: the value 1 comes before the value 2, as session 1 wrote x = 1 (answered 1.000 s) before \
                session 2 wrote x = 2 (asked 2.000 s); but the value 2 comes before the value 1, as session 2 wrote x = 2 \
                (answered 3.000 s) before session 3 read x = 1 (asked 4.000 s) (operations 1.0, 2.0, 3.0)";
    assert_eq!(stale.witness().unwrap().to_string(), says);
    let thin = judged(|build| _ = build.session(1).read("x", 1));
    assert!(thin.witness().unwrap().text.ends_with("but nobody had asked to write that by then"), "{thin}");
    // With a value that is written twice, orders are tried.
    let searched = judged(|build| {
        build.session(1).write("x", 1).write("x", 1);
        build.session(2).write("x", 2);
        build.session(3).read("x", 1);
    });
    let says = "session 3 read x = 1 (asked 6.000 s, answered 7.000 s), but no order of what had been asked by then explains \
                it; all else fits into an order that ends with: session 1 wrote x = 1 (asked 0.000 s, answered 1.000 s); \
                session 1 wrote x = 1 (asked 2.000 s, answered 3.000 s); session 2 wrote x = 2 (asked 4.000 s, answered \
                5.000 s)";
    assert_eq!(searched.witness().unwrap().text, says);
}

#[test]
fn what_overlaps_may_come_in_any_order() {
    let overlaps = |first: i32, second: i32| {
        judged(|build| {
            build.session(1).write("x", 1).during(0, 9);
            build.session(2).write("x", 2).during(1, 8);
            build.session(3).read("x", first).during(10, 11).read("x", second).during(12, 13);
        })
    };
    assert!(overlaps(1, 1).holds() && overlaps(2, 2).holds());
    assert!(overlaps(1, 2).is_violated() && overlaps(2, 1).is_violated());
    // Herlihy and Wing: once it was seen, it is there.
    let seen = |second: Option<i32>| {
        judged(|build| {
            build.session(1).write("x", 1).during(0, 9);
            build.session(2).read("x", 1).during(1, 2);
            match second {
                Some(value) => build.session(3).read("x", value).during(3, 4),
                None => build.session(3).absent("x").during(3, 4),
            };
        })
    };
    assert!(seen(Some(1)).holds());
    assert!(seen(None).is_violated());
}

#[test]
fn touching_operations_overlap_unless_they_are_of_one_session() {
    let touching = |session: u64| {
        judged(|build| {
            build.session(1).write("x", 1).during(0, 1);
            build.session(session).absent("x").during(1, 2);
        })
    };
    assert!(touching(2).holds());
    assert!(touching(1).is_violated());
}

#[test]
fn what_was_never_answered_happens_once_or_not() {
    let unanswered = |totals: &[i64]| {
        judged(|build| {
            build.session(1).add("n", 1).unanswered(0);
            for (place, &total) in (0..).zip(totals) {
                build.session(2).total("n", total).during(1 + 2 * place, 2 + 2 * place);
            }
        })
    };
    assert!(unanswered(&[0, 0]).holds() && unanswered(&[0, 1]).holds() && unanswered(&[1, 1]).holds());
    assert!(unanswered(&[1, 0]).is_violated(), "it does not unhappen");
    assert!(unanswered(&[1, 2]).is_violated(), "nor happen twice");
}

#[test]
fn counters_and_sets_and_deletes_are_judged_too() {
    assert!(judged(|build| _ = build.session(1).add("n", 2).add("n", -5).total("n", -3)).holds());
    assert!(judged(|build| _ = build.session(1).add("n", 2).total("n", 3)).is_violated());
    assert!(judged(|build| _ = build.session(1).insert("s", "b").insert("s", "a").members("s", &["b", "a"])).holds());
    assert!(judged(|build| _ = build.session(1).insert("s", "a").members("s", &[])).is_violated());
    assert!(judged(|build| _ = build.session(1).write("x", 1).delete("x").absent("x").write("x", 1)).holds());
    assert!(judged(|build| _ = build.session(1).write("x", 1).delete("x").read("x", 1)).is_violated());
}

#[test]
fn only_what_is_immediate_is_promised_to_be_linearizable() {
    let mut build = History::build();
    build.session(1).write("x", 1).order(Order::Immediate).write("y", 1);
    build.session(2).absent("y").absent("x");
    assert!(linearizability(&build.history()).is_violated());
    assert_eq!(immediate_linearizability(&build.history()), Verdict::Holds { judged: 1 });
    build.session(3).absent("x").order(Order::Immediate);
    assert!(immediate_linearizability(&build.history()).is_violated());
}

#[test]
fn too_many_orders_are_undecided_not_silent() {
    // Sums of many different amounts that all overlap, and none of which is right.
    let verdict = judged(|build| {
        for session in 0..40 {
            build.session(session).add("n", 1 << session).during(0, 9);
        }
        build.session(99).total("n", -1).during(1, 10);
    });
    assert!(matches!(&verdict, Verdict::Undecided { why } if why.contains("41 operations of n")), "{verdict}");
}

/// One machine of the other tester: three registers and a counter.
#[derive(Clone, Debug, Default)]
struct Machine {
    registers: [Option<u8>; 3],
    counter: i64,
}

#[derive(Clone, Debug, PartialEq)]
enum Question {
    Write(usize, Option<u8>),
    Read(usize),
    Add(i64),
    Total,
}

#[derive(Clone, Debug, PartialEq)]
enum Answer {
    Done,
    Value(Option<u8>),
    Total(i64),
}

impl SequentialSpec for Machine {
    type Op = Question;
    type Ret = Answer;

    fn invoke(&mut self, question: &Question) -> Answer {
        match *question {
            Question::Write(key, value) => self.registers[key] = value,
            Question::Read(key) => return Answer::Value(self.registers[key]),
            Question::Add(by) => self.counter += by,
            Question::Total => return Answer::Total(self.counter),
        }
        Answer::Done
    }
}

fn question() -> impl Strategy<Value = Question> {
    prop_oneof![
        (0..2_usize, prop::option::of(0..3_u8)).prop_map(|(key, value)| Question::Write(key, value)),
        (0..2_usize).prop_map(Question::Read),
        (1..3_i64).prop_map(Question::Add),
        Just(Question::Total),
    ]
}

fn kind(question: &Question, answer: &Answer) -> Kind {
    let text = |value: Option<u8>| value.map(|value| Value::from(u64::from(value)));
    let name = |key: usize| ["x", "y"][key].to_string();
    match (question, answer) {
        (Question::Write(key, value), _) => Kind::Write { key: name(*key), value: text(*value) },
        (Question::Read(key), Answer::Value(value)) => Kind::Read { key: name(*key), value: text(*value), from: None },
        (Question::Read(key), _) => Kind::Read { key: name(*key), value: None, from: None },
        (Question::Add(by), _) => Kind::Add { key: "n".into(), by: *by },
        (Question::Total, Answer::Total(total)) => Kind::Total { key: "n".into(), total: *total },
        (Question::Total, _) => Kind::Total { key: "n".into(), total: 0 },
    }
}

/// One session goes on: it asks, or it is answered. What is asked takes effect at either end, and a few of the
/// answers are taken from an older state.
type Move = (u64, Question, bool, Index);

fn moves() -> impl Strategy<Value = Vec<Move>> {
    prop::collection::vec((0..4_u64, question(), any::<bool>(), any::<Index>()), 1..18)
}

/// Tells both testers the same; what the other one says, and the history for ours.
fn both(moves: &[Move]) -> (bool, History) {
    let mut other = LinearizabilityTester::new(Machine::default());
    let (mut states, mut history) = (vec![Machine::default()], History::default());
    let mut open: [Option<(Question, Option<Answer>, usize)>; 4] = Default::default();
    for (time, (session, asked, early, age)) in (0_u64..).zip(moves) {
        let now = Instant::from_nanos(time * 1_000_000_000);
        let mut perform = |question: &Question| {
            let mut state = states.last().unwrap().clone();
            let answer = state.invoke(question);
            states.push(state);
            answer
        };
        match open[*session as usize].take() {
            None => {
                other.on_invoke(*session, asked.clone()).unwrap();
                let answer = early.then(|| perform(asked));
                let number = history.operations.len();
                let kind = kind(asked, &Answer::Done);
                history.operations.push(Operation::new(*session, number as u64, kind, now));
                open[*session as usize] = Some((asked.clone(), answer, number));
            }
            Some((question, answer, number)) => {
                let answer = answer.unwrap_or_else(|| perform(&question));
                // Now and then an answer from a state of the past.
                let answer = match (age.index(8), answer) {
                    (0, Answer::Value(_) | Answer::Total(_)) => age.get(&states).clone().invoke(&question),
                    (_, answer) => answer,
                };
                other.on_return(*session, answer.clone()).unwrap();
                history.operations[number].kind = kind(&question, &answer);
                history.operations[number].returned = Some(now);
            }
        }
    }
    (other.is_consistent(), history)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn another_tester_agrees_about_linearizability(moves in moves()) {
        let (linearizable, history) = both(&moves);
        let verdict = linearizability(&history);
        prop_assert_eq!(verdict.holds(), linearizable, "{} {:?}", verdict, history);
        prop_assert_eq!(verdict.is_violated(), !linearizable);
    }

    /// What is sequentially consistent is causally consistent in every sense.
    #[test]
    fn causal_checkers_let_pass_what_another_tester_finds_sequential(history in reads_and_writes()) {
        // It tries all orders.
        let mut history = history;
        history.operations.truncate(9);
        let mut other = SequentialConsistencyTester::new(Machine::default());
        for operation in &history.operations {
            let key = ["x", "y", "z"].iter().position(|name| *name == operation.key()).unwrap();
            let value = |value: &Option<Value>| value.as_ref().map(|value| value.0.parse::<u8>().unwrap());
            let (question, answer) = match &operation.kind {
                Kind::Write { value: written, .. } => (Question::Write(key, value(written)), Answer::Done),
                Kind::Read { value: read, .. } => (Question::Read(key), Answer::Value(value(read))),
                kind => panic!("{kind:?} is not among them"),
            };
            other.on_invret(operation.id.session, question, answer).unwrap();
        }
        if other.is_consistent() {
            prop_assert!(causal::convergence(&history).holds() && causal::memory(&history).holds());
        }
    }
}

/// Each operation by itself, one after the other.
fn timed<O>(operations: Vec<O>) -> Vec<Timed<O>> {
    let at = |number: u64| Instant::from_nanos(number);
    let timed = |(number, operation): (u64, O)| {
        let id = OperationId { session: 1, number };
        Timed { id, operation, invoked: at(2 * number), returned: Some(at(2 * number + 1)) }
    };
    (0..).zip(operations).map(timed).collect()
}

#[test]
fn any_model_can_be_judged() {
    fn holds<M: Model>(model: &M, operations: Vec<M::Operation>) -> bool {
        linearizability_of(model, &timed(operations)).holds()
    }
    use CounterOperation::{Add, Total};
    use RegisterOperation::{Read, Write};
    let value = || Some(Value::from("a"));
    assert!(holds(&Register, vec![Read(None), Write(value()), Read(value()), Write(None), Read(None)]));
    assert!(!holds(&Register, vec![Write(value()), Read(None)]));
    assert!(holds(&Counter, vec![Total(0), Add(2), Add(-3), Total(-1)]));
    assert!(!holds(&Counter, vec![Add(2), Total(1)]));
    let told = linearizability_of(&Counter, &timed(vec![Add(2), Total(1)]));
    assert!(told.witness().unwrap().text.contains("session 1 read 1 in total"), "{told}");
}
