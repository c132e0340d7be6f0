//! Expressions: what they mean, what they refuse, and that nothing in them can grow.

use super::{COUNT_MAX, Expression, fuzz_expression};
use proptest::prelude::*;

fn values(source: &str, peers: u32) -> Result<Vec<u64>, String> {
    let variables = ["peerid".to_string(), "peers".to_string()];
    let mut expression = Expression::parse(source, &variables).map_err(|problem| problem.to_string())?;
    expression.bind("peers", f64::from(peers), true);
    expression.values(peers).map(|values| values.to_vec()).map_err(|problem| problem.to_string())
}

fn wrong(source: &str) -> String {
    values(source, 10).unwrap_err()
}

#[test]
fn a_number_for_each_peer() {
    let same: [(&str, &[u64]); 16] = [
        ("100 if peerid == 1 else 0", &[100, 0, 0, 0]),
        ("1", &[1, 1, 1, 1]),
        ("peerid", &[1, 2, 3, 4]),
        ("peerid % 3 * 10", &[10, 20, 0, 10]),
        ("7 // 2 + -7 // 2 + 10", &[9, 9, 9, 9]),
        ("-7 % 3 + 7 % -3 + 5", &[5, 5, 5, 5]),
        ("peerid in [2, 4]", &[0, 1, 0, 1]),
        ("3 if peerid not in range(2, 4) else 1", &[3, 1, 1, 3]),
        ("[5, 6][peerid % 2] if not peerid > 2 else min(peerid, 3)", &[6, 5, 3, 3]),
        ("int(peerid / 2)", &[0, 1, 1, 2]),
        ("1 << peerid", &[2, 4, 8, 16]),
        ("max([1, peerid]) - 1", &[0, 1, 2, 3]),
        ("sum(range(peerid + 1)) + len(range(3))", &[4, 6, 9, 13]),
        ("1 if peerid == 1 else 2 if peerid == 2 else 3", &[1, 2, 3, 3]),
        ("1 if peerid == 1 or peerid == peers else 0 # both ends", &[1, 0, 0, 1]),
        ("abs(2 - peerid) | (8 & 12) ^ 1", &[9, 9, 9, 11]),
    ];
    for (source, expected) in same {
        assert_eq!(values(source, 4).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn what_is_wrong_has_a_place_and_an_example() {
    let example = "(for example: 100 if peerid == 1 else 0)";
    let after = format!("line 1, column 14: expected an expression after \"==\" {example}");
    assert_eq!(wrong("100 if peerid== else 0"), after);
    assert_eq!(wrong("100 if peerid=="), after);
    assert_eq!(wrong(""), format!("line 1, column 1: expected an expression {example}"));
    assert_eq!(wrong("1 if peerid == 1"), format!("line 1, column 3: \"if\" needs an \"else\" {example}"));
    assert_eq!(wrong("peerid = 1"), "line 1, column 8: \"=\" cannot stand here (to compare, write ==)");
    assert_eq!(wrong("(1 + 2"), "line 1, column 1: \"(\" is never closed");
    assert_eq!(wrong("peer + 1"), "line 1, column 1: there is no variable \"peer\" (there is: peerid, peers)");
    assert_eq!(wrong("1 +\n * 2"), format!("line 1, column 3: expected an expression after \"+\" {example}"));
    assert_eq!(wrong("peerid - 2"), "line 1, column 1: the value is -1, less than 0 (for peerid 1)");
    assert_eq!(wrong("8 // (peerid - 3)"), "line 1, column 1: the value is -4, less than 0 (for peerid 1)");
    assert_eq!(
        wrong("peerid / 2"),
        "line 1, column 1: the value is 0.5, not a whole number; use // or int() (for peerid 1)"
    );
    assert_eq!(wrong("\u{e4} + 1"), "line 1, column 1: \"\u{e4}\" means nothing here");
    assert!(wrong("1 < peerid < 3").contains("write: 1 <= peerid and peerid <= 5"));
    assert!(wrong("open(\"/etc/passwd\")").contains("no place"));
    assert!(wrong("2 ** peerid").contains("there is no **"));
    assert!(wrong("open(1)").contains("there is no function \"open\""));
    assert!(wrong("[x for x in range(9)]").contains("no loops"));
}

#[test]
fn nothing_can_grow_or_hang() {
    let bombs = [
        "\"a\" * 10 ** 9",
        "10 ** 10 ** 9",
        "len(range(10000000000000)) * 10000000000000",
        "1 << 1000000000",
        "[0] * 1000000000",
        "9999999999999999999999",
        "range(1000000000000)",
        "sum(range(10000000000000000))",
        "0 if 1 / 0 else 1",
        "5 % 0",
        "[1][5]",
        "1e308 * 1e308",
        "int(1e300)",
    ];
    for bomb in bombs {
        assert!(values(bomb, 3).is_err(), "{bomb}: {:?}", values(bomb, 3));
    }
    assert!(wrong(&"(".repeat(500)).contains("levels"));
    assert!(wrong(&"-".repeat(900)).contains("levels"));
    assert!(wrong(&"not ".repeat(200)).contains("levels"));
    assert!(wrong(&"1+".repeat(1000)).contains("longer than"));
    assert_eq!(values(&format!("1{}", "+1".repeat(499)), 1), Ok(vec![500]));
    assert_eq!(values("1000000000", 1), Ok(vec![COUNT_MAX]));
    assert!(wrong("1000000001").contains("more than"));
}

#[test]
fn a_million_peers_take_a_moment() {
    let start = std::time::Instant::now();
    let values = values("100 if peerid % 7 == 1 and peerid < peers // 2 else peerid % 10", 1_000_000).unwrap();
    assert_eq!(values.len(), 1_000_000);
    assert!(start.elapsed().as_millis() < 2_000, "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn any_text_gives_a_value_or_a_problem(text in "[0-9a-z+*/%<>=!()\\[\\],. \n\"#-]{0,80}") {
        fuzz_expression(text.as_bytes());
    }

    #[test]
    fn any_sum_of_words_gives_a_value_or_a_problem(words in proptest::collection::vec(
        prop::sample::select(vec!["peerid", "peers", "1", "0", "9223372036854775807", "2.5", "if", "else", "and", "or",
            "not", "in", "(", ")", "[", "]", ",", "+", "-", "*", "/", "//", "%", "<<", ">>", "==", "<", "~", "&", "|",
            "^", "range(", "min(", "max(", "sum(", "len(", "abs(", "int(", "float(", "True"]), 0..30)) {
        fuzz_expression(words.join(" ").as_bytes());
    }

    #[test]
    fn division_is_starlarks(left in -50_i64..50, right in -9_i64..9) {
        prop_assume!(right != 0);
        let source = format!("({left}) // ({right}) + 100");
        let floor = (left as f64 / right as f64).floor() as i64;
        prop_assert_eq!(values(&source, 1).unwrap(), [(floor + 100) as u64]);
        let source = format!("({left}) % ({right}) + 100");
        prop_assert_eq!(values(&source, 1).unwrap(), [(left - right * floor + 100) as u64]);
    }
}
