//! Texts as they must stand in other formats.

use std::fmt::{self, Display, Write};

/// A text within XML or HTML, also within a quoted attribute. Characters that XML cannot hold become �.
pub(crate) fn xml(text: &str) -> impl Display {
    fmt::from_fn(move |f| {
        text.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            // A reader turns a bare one into something else.
            '\n' | '\r' | '\t' => write!(f, "&#{};", u32::from(c)),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}'),
            c => f.write_char(c),
        })
    })
}

/// A string in JSON, with its quotes.
pub(super) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A string in DOT, with its quotes.
pub(super) fn dot(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " "))
}

/// A field of a table.
pub(crate) fn csv(text: &str) -> impl Display {
    fmt::from_fn(move |f| {
        let needs_quotes = text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ');
        if needs_quotes { write!(f, "\"{}\"", text.replace('"', "\"\"")) } else { f.write_str(text) }
    })
}

/// A text in a Mermaid diagram, where punctuation may mean something: such characters by their number.
pub(super) fn mermaid(text: &str) -> impl Display {
    fmt::from_fn(move |f| {
        text.chars().try_for_each(|c| match c {
            c if c.is_alphanumeric() || " _-.,()=/+".contains(c) => f.write_char(c),
            c if c.is_control() => f.write_char(' '),
            c => write!(f, "#{};", u32::from(c)),
        })
    })
}

/// One line: line ends and other control characters become spaces.
pub(super) fn line(text: &str) -> impl Display {
    fmt::from_fn(move |f| text.chars().try_for_each(|c| f.write_char(if c.is_control() { ' ' } else { c })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_its_own_dangers() {
        let wild = "a<b> & \"c\", 'd'\n;#{}\\ \u{1}é";
        assert_eq!(xml(wild).to_string(), "a&lt;b&gt; &amp; &quot;c&quot;, &#39;d&#39;&#10;;#{}\\ \u{fffd}é");
        assert_eq!(json(wild), r#""a<b> & \"c\", 'd'\n;#{}\\ \u0001é""#);
        assert_eq!(dot("a\"b\\c\nd"), r#""a\"b\\c d""#);
        assert_eq!(csv(wild).to_string(), "\"a<b> & \"\"c\"\", 'd'\n;#{}\\ \u{1}é\"");
        assert_eq!(csv("plain text").to_string(), "plain text");
        assert_eq!(mermaid("a;b#c:d\n(e)").to_string(), "a#59;b#35;c#58;d (e)");
        assert_eq!(line("a\r\nb").to_string(), "a  b");
    }
}
