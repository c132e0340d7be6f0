//! Expressions over `peerid`, such as `100 if peerid == 1 else 0`: a number for each peer.
//!
//! They are Starlark's expressions without anything that could grow: no loops, no strings, no calls but
//! of a few functions on numbers. So one evaluation costs at most as much as the text is long, and a
//! million peers take a fraction of a second; there is nothing to time out.

mod evaluate;
mod lexer;
mod parse;

use std::sync::Arc;

use evaluate::Scope;
use parse::Spanned;

use super::Problem;
use super::parameter::COUNT_MAX;

/// The longest expression, in bytes.
pub const LENGTH_MAX: usize = 1_000;

/// A parsed expression.
#[derive(Debug)]
pub struct Expression {
    source: String,
    root: Spanned,
    scope: Scope,
}

/// A number on its way through an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
    Bool(bool),
}

/// What is wrong, and at which byte of the text.
#[derive(Debug)]
pub(crate) struct Wrong {
    at: usize,
    message: String,
    next: Option<String>,
}

impl Wrong {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), next: None }
    }

    fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }
}

impl Expression {
    /// Parses an expression that may use these variables.
    ///
    /// # Errors
    /// When it is none; the problem says at which line and column.
    pub fn parse(source: &str, variables: &[String]) -> Result<Self, Problem> {
        if source.len() > LENGTH_MAX {
            let message = format!("the expression is longer than {LENGTH_MAX} characters");
            return Err(Problem::new(message));
        }
        let mut scope = Scope::new(variables);
        let root = parse::parse(source, &mut scope).map_err(|wrong| problem(source, wrong))?;
        Ok(Self { source: source.into(), root, scope })
    }

    /// Gives a variable other than `peerid` its value; one that the expression may not use is ignored.
    pub fn bind(&mut self, variable: &str, value: f64, whole: bool) {
        let number = if whole { Number::Int(value as i64) } else { Number::Float(value) };
        self.scope.bind(variable, number);
    }

    /// The value for each of `peers` peers, peer 1 first.
    ///
    /// # Errors
    /// When the value for some peer is not a whole number from 0 to [`COUNT_MAX`]; the problem names the
    /// first such peer.
    pub fn values(&mut self, peers: u32) -> Result<Arc<[u64]>, Problem> {
        if !self.scope.used("peerid") {
            let value = self.value(1)?;
            return Ok(std::iter::repeat_n(value, peers as usize).collect());
        }
        (1..=peers).map(|peerid| self.value(peerid)).collect()
    }

    fn value(&mut self, peerid: u32) -> Result<u64, Problem> {
        self.scope.bind("peerid", Number::Int(i64::from(peerid)));
        let said = |wrong: Wrong| {
            let message = format!("{} (for peerid {peerid})", wrong.message);
            problem(&self.source, Wrong { message, ..wrong })
        };
        let number = evaluate::number(&self.root, &self.scope).map_err(said)?;
        count(number).map_err(|message| said(Wrong::new(self.root.start, message)))
    }
}

fn count(number: Number) -> Result<u64, String> {
    let whole = match number {
        Number::Int(int) => int,
        Number::Bool(bool) => i64::from(bool),
        Number::Float(float) if float.fract() == 0.0 && float.abs() < 1e15 => float as i64,
        Number::Float(float) => return Err(format!("the value is {float}, not a whole number; use // or int()")),
    };
    match u64::try_from(whole) {
        Err(_) => Err(format!("the value is {whole}, less than 0")),
        Ok(count) if count > COUNT_MAX => Err(format!("the value is {count}, more than {COUNT_MAX}")),
        Ok(count) => Ok(count),
    }
}

/// Turns a byte offset into line and column.
fn problem(source: &str, wrong: Wrong) -> Problem {
    let before = &source[..source.floor_char_boundary(wrong.at)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    Problem { next: wrong.next, ..Problem::new(wrong.message).at(line as u32, column as u32) }
}

/// Parses and evaluates any bytes: for fuzzing. Nothing but a value or a problem may come of it.
pub fn fuzz_expression(bytes: &[u8]) {
    let source = String::from_utf8_lossy(bytes);
    let variables = ["peerid".to_string(), "peers".to_string()];
    if let Ok(mut expression) = Expression::parse(&source, &variables) {
        expression.bind("peers", 10.0, true);
        if let Ok(values) = expression.values(10) {
            assert!(values.iter().all(|&value| value <= COUNT_MAX), "{source}: {values:?}");
        }
    }
}

#[cfg(test)]
mod tests;
