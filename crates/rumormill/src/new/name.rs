//! Which names a new crate may have.

/// Longer names make paths and pages hard to read.
const LENGTH_MAX: usize = 40;

/// Names that cargo refuses or that would hide a crate which the new one needs.
const TAKEN: [&str; 12] = [
    "alloc",
    "build",
    "core",
    "crate",
    "deps",
    "examples",
    "incremental",
    "proc-macro",
    "rumormill",
    "serde",
    "std",
    "test",
];

/// Rust's keywords in lower case, of all editions: a crate of such a name cannot be named in code.
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try",
    "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "raw",
];

/// Why a crate cannot have this name; `None` when it can.
pub fn objection(name: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.is_empty() {
        return Some("it is empty".into());
    }
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Some("it must begin with a lower-case letter from a to z".into());
    }
    if let Some(wrong) = name.chars().find(|&c| !fits(c)) {
        return Some(format!("{wrong:?} is not a lower-case letter, a digit, - or _"));
    }
    if name.len() > LENGTH_MAX {
        return Some(format!("it has {} characters where at most {LENGTH_MAX} are allowed", name.len()));
    }
    if KEYWORDS.contains(&name) {
        return Some("it is a keyword of Rust".into());
    }
    if TAKEN.contains(&name.replace('_', "-").as_str()) {
        return Some("it is the name of something that the crate itself needs".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::objection;

    #[test]
    fn ordinary_names_are_fine() {
        for name in ["gossip", "my-protocol", "ring2", "a", "two_phase_commit"] {
            assert_eq!(objection(name), None, "{name}");
        }
    }

    #[test]
    fn others_are_refused_with_a_reason() {
        for name in [
            "",
            "2pc",
            "Gossip",
            "my protocol",
            "../up",
            "a/b",
            "gössip",
            "async",
            "rumormill",
            "proc_macro",
            "-x",
            ".",
        ] {
            assert!(objection(name).is_some(), "{name}");
        }
        assert!(objection(&"a".repeat(41)).is_some());
    }
}
