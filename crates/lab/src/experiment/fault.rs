//! One fault, as an experiment writes it.

use rumormill_core::plan::Fault;

use super::{Problem, language};

/// Reads a fault such as `crash([3, 4])` or `partition(halves())`.
///
/// # Errors
/// When it is none.
pub fn read_fault(text: &str) -> Result<Fault, Problem> {
    let source = format!(
        "experiment(title = \"fault\", protocol = \"none\", parameters = [count(\"peers\", 1)], faults = [at(\"0s\",\n{text}\n)])"
    );
    let world = language::world("fault", &source, &Default::default()).map_err(|problem| {
        // The places are those of a file that nobody wrote.
        let next = problem.next.clone().unwrap_or_else(|| "for example: crash(3), or partition(halves())".into());
        Problem::field("fault", format!("\"{text}\": {}", problem.message)).next(next)
    })?;
    match <[_; 1]>::try_from(world.faults) {
        Ok([timed]) => Ok(timed.fault),
        Err(faults) => Err(Problem::field("fault", format!("\"{text}\" says {} faults, not one", faults.len()))),
    }
}

#[cfg(test)]
mod tests {
    use rumormill_core::plan::Peers;

    use super::*;

    #[test]
    fn a_fault_is_read_and_nothing_else() {
        assert_eq!(read_fault("crash([3, 4])"), Ok(Fault::Crash { peers: Peers::Numbers(vec![3, 4]) }));
        assert_eq!(read_fault("heal()"), Ok(Fault::Heal));
        let wrong = |text: &str| read_fault(text).unwrap_err().to_string();
        assert!(wrong("crush(3)").starts_with("fault: \"crush(3)\": "), "{}", wrong("crush(3)"));
        assert!(wrong("7").contains("at() takes a fault"), "{}", wrong("7"));
        assert!(wrong("heal()), at(\"1s\", heal()").contains("2 faults"));
    }
}
