//! Experiment files: what they say, what is refused and where, and what they cannot reach.

use std::time::Duration;

use proptest::prelude::*;
use rumormill_core::plan::{Fault, Latency, Peers};
use rumormill_core::{Topology, Value};
use serde_json::json;

use super::{Experiment, Gallery, Setup, Values, fuzz_experiment};

/// An experiment with these further arguments.
fn file(arguments: &str) -> String {
    format!(
        "experiment(title = \"T\", protocol = \"flood\", parameters = [count(\"peers\", 10, min = 1)], {arguments})"
    )
}

fn read(source: &str) -> Result<Experiment, String> {
    Experiment::read("it", source, None).map_err(|problem| problem.to_string())
}

fn setup(arguments: &str) -> Setup {
    read(&file(arguments)).unwrap().resolve(&Values::new()).unwrap()
}

fn wrong(arguments: &str) -> String {
    read(&file(arguments)).unwrap_err()
}

#[test]
fn the_gallery_is_sound() {
    let entries = Gallery::new().entries();
    assert_eq!(
        entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(),
        [
            "election",
            "flood",
            "flood-faults",
            "raft",
            "ring",
            "store",
            "store-faults",
            "store-members",
            "store-ratings",
            "swim",
            "swim-partition"
        ]
    );
    for entry in entries {
        entry.experiment.unwrap();
    }
}

#[test]
fn chosen_values_take_the_place_of_defaults() {
    let flood = Gallery::new().find("flood").unwrap();
    let chosen = Values::from([
        ("peers".to_string(), json!("4")),
        ("messages".to_string(), json!("100 if peerid == 1 else 0")),
        ("loss".to_string(), json!(0.25)),
        ("degree".to_string(), json!(3)),
    ]);
    let setup = flood.resolve(&chosen).unwrap();
    assert_eq!(setup.peers, 4);
    assert_eq!(setup.parameters.get("messages"), Ok(&Value::PerPeer([100, 0, 0, 0].into())));
    assert_eq!(setup.totals["messages"], 100);
    assert_eq!(setup.plan.network.conditions.loss, 0.25);
    assert_eq!(setup.topology, Topology::Random { degree: 3 });
    assert_eq!((setup.stop.targets_met, setup.stop.time_limit), (true, Duration::from_secs(60)));
}

#[test]
fn everything_wrong_with_the_values_is_said_at_once() {
    let flood = Gallery::new().find("flood").unwrap();
    let chosen = Values::from([
        ("mesages".to_string(), json!("1")),
        ("messages".to_string(), json!("100 if peerid==")),
        ("loss".to_string(), json!(7)),
    ]);
    let said = flood.resolve(&chosen).unwrap_err().to_string();
    let lines = [
        "mesages: flood has no such parameter (did you mean messages?)",
        "messages: line 1, column 14: expected an expression after \"==\" (for example: 100 if peerid == 1 else 0)",
        "loss: 7 is more than 0.99",
    ];
    assert_eq!(said, lines.join("\n"));
    for peers in [json!(0), json!(1_000_000_000), json!("-1"), json!(1e30)] {
        let said = flood.resolve(&Values::from([("peers".to_string(), peers)])).unwrap_err().to_string();
        assert!(said.starts_with("peers: "), "{said}");
    }
}

#[test]
fn the_world_is_read_as_written() {
    let setup = setup(
        "network = latency(lognormal = (\"5ms\", \"20ms\", 0.5)) + loss(0.1) + duplicate(0.2) + \
         reorder(0.3, by = \"4ms\") + bandwidth(\"10Mbit\") + delay(\"1ms\"), topology = ring(2), \
         disk = disk(\"2ms\", keeps_unsynced = 1), stop = time_limit(\"3s\"), \
         faults = [at(\"1s\", partition(halves())), at(\"2s\", cut(1, [2, 3], both = True)), at(\"3s\", heal()), \
         at(\"4s\", link(all_peers(), share(0, 0.5), loss(1))), at(\"5s\", clock(random_peers(2), \"-3ms\", 50))], \
         churn = churn(up = \"10s\", down = \"1s\", until = \"30s\")",
    );
    let lognormal = Latency::LogNormal { min: Duration::from_millis(5), median: Duration::from_millis(20), sigma: 0.5 };
    assert_eq!(setup.plan.network.latency, lognormal);
    assert_eq!(setup.plan.network.conditions.bandwidth, Some(10_000_000));
    assert_eq!(setup.topology, Topology::Ring { reach: 2 });
    assert_eq!(setup.plan.faults.len(), 5);
    let cut = Fault::Cut { from: Peers::Numbers(vec![1]), to: Peers::Numbers(vec![2, 3]), both: true };
    assert_eq!(setup.plan.faults[1].fault, cut);
    let clock = Fault::Clock { peers: Peers::Random { count: 2, draw: 0 }, offset_ns: -3_000_000, drift_ppm: 50 };
    assert_eq!(setup.plan.faults[4].fault, clock);
    assert!(setup.plan.churn.is_some() && !setup.stop.targets_met);
}

#[test]
fn what_is_written_is_read_again() {
    let arguments = [
        "network = latency(lognormal = (\"5ms\", \"20ms\", 0.5)) + loss(0.1) + duplicate(0.2) + reorder(0.3, by = \"4ms\") \
         + bandwidth(\"1500kbit\") + delay(\"1ms\"), topology = ring(2), disk = disk(\"2ms\", keeps_unsynced = 1), \
         stop = time_limit(\"90s\"), modes = [\"sim\"], check = [\"all\"], about = \"a \\\"b\\\" \\\\ \\n c\"",
        "network = latency(regions = {(\"a\", \"a\"): \"5ms\", (\"a\", \"b\"): \"40ms\", (\"b\", \"b\"): \"8ms\"}, jitter = 0.1), \
         faults = [at(\"1s\", partition(halves(), [1, 2])), at(\"2s\", cut(1, [2, 3], both = True)), at(\"3s\", heal()), \
         at(\"4s\", link(all_peers(), share(0, 0.5), loss(1))), at(\"5s\", clock(random_peers(2), \"-3ms\", 50)), \
         at(\"6s\", link(1, 2)), at(\"6s\", conditions(delay(\"1s\"))), at(\"7s\", crash(3)), at(\"8s\", restart(3, \"lost\")), \
         at(\"9s\", pause(4)), at(\"9500ms\", resume(4)), at(\"10s\", slow(5, \"3us\")), at(\"1m\", join(6))], \
         churn = churn(up = \"10s\", down = \"1s\", until = \"30s\", peers = share(0.5, 1))",
        "churn = absences([(1, \"1s\", \"2s\"), (2, \"3s\", \"4s\")], disk = \"lost\"), topology = grid(), network = latency(constant = \"7ms\")",
    ];
    for arguments in arguments {
        let experiment = read(&file(arguments)).unwrap();
        let values = Values::from([("peers".to_string(), json!("1_7"))]);
        let setup = experiment.resolve(&values).unwrap();
        let written = experiment.write("a comment\nof two lines", "it", &values, &setup);
        let again = read(&written.text).unwrap_or_else(|error| panic!("{error}\n{}", written.text));
        assert_eq!(again.resolve(&Values::new()).unwrap(), setup, "{}", written.text);
        assert_eq!((again.about, again.modes, again.check), (experiment.about, experiment.modes, experiment.check));
    }
    let flood = Gallery::new().find("flood").unwrap();
    let setup = flood.resolve(&Values::new()).unwrap();
    let again = read(&flood.write("", "it", &Values::new(), &setup).text).unwrap();
    assert_eq!(again.parameters, flood.parameters);
}

#[test]
fn regions_may_name_each_pair_once() {
    let plan = setup(
        "network = latency(regions = {(\"eu\", \"eu\"): \"5ms\", (\"eu\", \"us\"): \"40ms\", (\"us\", \"us\"): \"8ms\"})",
    )
    .plan;
    let Latency::Regions(regions) = plan.network.latency else { panic!("no regions") };
    assert_eq!(regions.names, ["eu", "us"]);
    assert_eq!(regions.latency, [5, 40, 40, 8].map(Duration::from_millis));
    assert!(wrong("network = latency(regions = {(\"eu\", \"us\"): \"40ms\"})").contains("from eu to eu is missing"));
}

#[test]
fn what_is_wrong_in_a_file_has_a_line_and_a_column() {
    assert_eq!(
        read("experiment(\n  title = \n)").unwrap_err(),
        "it.star:3:1: unexpected symbol ')', expected expression"
    );
    assert!(read("x = 1").unwrap_err().starts_with("it.star: the file says no experiment"));
    assert_eq!(read("x = [\n  nothing,\n]").unwrap_err(), "it.star:2:3: Variable `nothing` not found");
    assert!(wrong("faults = [crash(1)]").contains("expected at(\"3s\", ...)"));
    assert!(wrong("faults = [crash(1)]").starts_with("it.star:1:1: "));
    assert!(wrong("network = loss(1.5)").contains("loss 1.5 is not between 0 and 1"));
    assert!(wrong("network = loss(0.1) + loss(0.2)").contains("loss is given twice"));
    assert!(wrong("network = lambda p: p.los").contains("los"));
    assert!(wrong("faults = [at(\"3s\", crash(11))]").contains("names peer 11, but there are only 10"));
    assert!(wrong("modes = [\"cloud\"]").contains("cloud"));
    assert!(wrong("network = latency(matrix = \"rtt.csv\")").contains("has no files beside it"));
    assert!(read("load(\"a.star\", \"b\")\n").unwrap_err().contains("load"));
    assert!(read("print(1)").unwrap_err().contains("print"));
}

#[test]
fn files_cannot_run_away() {
    let bombs = [
        "x = \"a\" * 1000000000",
        "x = [0] * 1000000000",
        "x = list(range(1000000000))",
        "def f():\n  f()\nf()",
        "def f(n):\n  for a in range(9999):\n    for b in range(9999):\n      n = a + b\nf(1)",
        "def f():\n  l = [1]\n  for a in range(100):\n    l = l + l\nf()",
        "def f():\n  x = 9\n  for a in range(100):\n    x = x * x\nf()",
        "x = 1 << 1000000000",
        "x = \"%s\" % \"a\"",
        "x = \"a\".replace(\"a\", \"aa\")",
        "x = [1]\nx += [1]",
        "x = getattr(\"a\", \"join\")",
    ];
    for bomb in bombs {
        let start = std::time::Instant::now();
        assert!(read(bomb).unwrap_err().starts_with("it.star"), "{bomb}");
        assert!(!read(bomb).unwrap_err().contains("says no experiment"), "{bomb}");
        assert!(start.elapsed() < Duration::from_secs(30), "{bomb}: {:?}", start.elapsed());
    }
    for deep in ["(", "-", "not ", "lambda: ", "[", "{1:", "1 if 1 else ", "x(", "1+", "x.", "if 1:\n "] {
        assert!(read(&deep.repeat(5_000)).is_err(), "{deep}");
    }
    let chain = format!("x = 1{}", " + 1".repeat(250));
    assert!(read(&chain).unwrap_err().contains("says no experiment"));
    assert!(read(&"#".repeat(70_000)).unwrap_err().contains("has 70000 bytes"));
}

#[test]
fn a_matrix_is_read_beside_the_file_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rtt.csv"), "0,20\n20,0\n").unwrap();
    let read = |name: &str| {
        let source = file(&format!("network = latency(matrix = \"{name}\")"));
        let experiment = Experiment::read("it", source, Some(folder.path().join("it.star")));
        experiment.and_then(|it| it.resolve(&Values::new()).map_err(|problems| problems.0[0].clone()))
    };
    let Latency::Matrix(matrix) = read("rtt.csv").unwrap().plan.network.latency else { panic!("no matrix") };
    assert_eq!(matrix.round_trip_us, [0, 20_000, 20_000, 0]);
    for escape in ["../rtt.csv", "/etc/passwd", "."] {
        assert!(read(escape).unwrap_err().to_string().contains("matrix"), "{escape}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.csv")).unwrap();
        assert!(read("link.csv").unwrap_err().to_string().contains("own folder"));
    }
}

#[test]
fn broken_files_are_listed_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.star"), "experiment(").unwrap();
    std::fs::write(folder.path().join("flood.star"), file("")).unwrap();
    let gallery = Gallery::new().with_folder(folder.path());
    let entries = gallery.entries();
    let broken = entries.iter().find(|entry| entry.name == "broken").unwrap();
    let problem = broken.experiment.as_ref().unwrap_err();
    assert!(problem.to_string().contains("broken.star:1:12: unexpected new line, expected expression"), "{problem}");
    assert_eq!(gallery.find("flood").unwrap().title, "T");
    assert!(gallery.find("floood").unwrap_err().to_string().contains("did you mean flood?"));
    assert!(gallery.find("../flood").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_file_gives_an_experiment_or_a_problem(cut in 0_usize..1_600, put in "[a-z(){}\\[\\]=,:\"0-9+*. \n-]{0,12}") {
        let mut source = include_str!("../../../../experiments/flood-faults.star").to_string();
        let at = source.floor_char_boundary(cut.min(source.len()));
        source.insert_str(at, &put);
        fuzz_experiment(source.as_bytes());
        fuzz_experiment(&source.as_bytes()[..at]);
    }
}
