//! Text to tokens.

use super::Wrong;

/// A token and where it stands, in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) start: usize,
}

/// What a token is. Operators and keywords are told apart by their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Name,
    Operator,
    End,
}

/// Longer ones first, so that `//` is not read as two divisions.
const OPERATORS: [&str; 27] = [
    "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "<", ">", "(", ")",
    "[", "]", ",", "=", ".", ":",
];

/// All tokens of `source`, with [`Kind::End`] last.
pub(super) fn tokens(source: &str) -> Result<Vec<Token<'_>>, Wrong> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = source[start..].chars().next() {
        let rest = &source[start..];
        let (kind, len) = match first {
            space if space.is_whitespace() => {
                start += space.len_utf8();
                continue;
            }
            '#' => {
                start += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '0'..='9' => (Kind::Number, run(rest, |c| c.is_ascii_alphanumeric() || c == '.')),
            letter if letter.is_ascii_alphabetic() || letter == '_' => {
                (Kind::Name, run(rest, |c| c.is_ascii_alphanumeric() || c == '_'))
            }
            '"' | '\'' => {
                return Err(Wrong::new(start, "text has no place here: the value is a number"));
            }
            _ => match OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
                Some(operator) => (Kind::Operator, operator.len()),
                None => return Err(Wrong::new(start, format!("\"{first}\" means nothing here"))),
            },
        };
        tokens.push(Token { kind, text: &rest[..len], start });
        start += len;
    }
    tokens.push(Token { kind: Kind::End, text: "", start: source.trim_end().len() });
    Ok(tokens)
}

fn run(text: &str, inside: impl Fn(char) -> bool) -> usize {
    text.find(|c| !inside(c)).unwrap_or(text.len())
}
