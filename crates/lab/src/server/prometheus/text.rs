//! Prometheus' text format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use std::fmt::Write;

/// The type of an answer in this format.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What kind of number a family has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// Only grows, or begins anew at 0.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// An answer, family by family.
#[derive(Debug, Default)]
pub(super) struct Text(String);

/// A family whose samples are being written.
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'a str,
}

impl Text {
    /// Begins a family. Its name ends in its unit, and in `_total` for a counter.
    pub fn family<'a>(&'a mut self, name: &'a str, kind: Type, help: &str) -> Family<'a> {
        let kind = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
        };
        // Writing into a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {}\n# TYPE {name} {kind}", escape(help, false));
        Family { text: &mut self.0, name }
    }

    /// The whole answer.
    pub fn finish(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// Adds a sample with these labels.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        self.text.push_str(self.name);
        for (index, (name, label)) in labels.iter().enumerate() {
            let _ = write!(self.text, "{}{name}=\"{}\"", if index == 0 { '{' } else { ',' }, escape(label, true));
        }
        let _ = writeln!(self.text, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

/// A help text, or a label's value, in which a quote has to be escaped, too.
fn escape(text: &str, quotes: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { text.replace('"', "\\\"") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_help_are_escaped() {
        let mut text = Text::default();
        let mut family = text.family("a_total", Type::Counter, "All \\ of\nthem.");
        family.sample(&[], 3.0);
        family.sample(&[("run", "a \"b\"\n\\c"), ("peer", "1")], 0.5);
        let expected = concat!(
            "# HELP a_total All \\\\ of\\nthem.\n# TYPE a_total counter\na_total 3\n",
            "a_total{run=\"a \\\"b\\\"\\n\\\\c\",peer=\"1\"} 0.5\n"
        );
        assert_eq!(text.finish(), expected);
    }
}
