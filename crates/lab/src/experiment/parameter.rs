//! What an experiment lets a person choose: the fields of its form.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::Value;
use serde::Serialize;
use serde_json::Value as Json;

use super::Problem;
use super::expression::Expression;

/// The largest value of a count and of an expression for one peer.
pub const COUNT_MAX: u64 = 1_000_000_000;

/// One parameter of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// The name, by which the protocol and the command line know it.
    pub name: String,
    /// What kind of value it takes.
    pub kind: Kind,
    /// The value when nobody says otherwise; spans and expressions as text.
    pub default: Json,
    /// One sentence for the form.
    pub help: String,
    /// The least allowed value; seconds for a span.
    pub min: Option<f64>,
    /// The greatest allowed value; seconds for a span.
    pub max: Option<f64>,
    /// What a choice offers.
    pub choices: Vec<String>,
    /// The variables that an expression may use.
    pub variables: Vec<String>,
}

/// The kinds of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A whole number.
    Count,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// Any text.
    Text,
    /// One of several texts.
    Choice,
    /// A span of time such as `250ms`.
    Span,
    /// A number for each peer, computed from `peerid`.
    Expression,
}

impl Parameter {
    /// Reads a value that a person gave: JSON of the right type, or its text as typed on a command line.
    ///
    /// Expressions are only parsed here; [`Parameter::evaluate`] needs the number of peers.
    ///
    /// # Errors
    /// When it is of another type or out of range.
    pub fn read(&self, value: &Json) -> Result<Value, Problem> {
        let read = match self.kind {
            Kind::Count => self.count(value).map(Value::Count),
            Kind::Number => self.number(value).map(Value::Number),
            Kind::Flag => flag(value).map(Value::Flag),
            Kind::Text => text(value, "text").map(|text| Value::Text(text.into())),
            Kind::Choice => self.choice(value).map(Value::Text),
            Kind::Span => self.span(value).map(Value::Span),
            Kind::Expression => {
                let source = expression_text(value)?;
                Expression::parse(&source, &self.variables).map(|_| Value::Text(source))
            }
        };
        read.map_err(|problem| Problem { field: Some(self.name.clone()), ..problem })
    }

    /// Computes an expression's value for each peer.
    ///
    /// # Errors
    /// When the text is no expression, or its value for some peer is not a whole number from 0 to
    /// [`COUNT_MAX`].
    pub fn evaluate(&self, value: &Json, peers: u32, others: &BTreeMap<String, Value>) -> Result<Arc<[u64]>, Problem> {
        let named = |problem| Problem { field: Some(self.name.clone()), ..problem };
        let source = expression_text(value).map_err(named)?;
        let mut expression = Expression::parse(&source, &self.variables).map_err(named)?;
        expression.bind("peers", f64::from(peers), true);
        for (name, value) in others {
            match value {
                Value::Count(count) => expression.bind(name, *count as f64, true),
                Value::Number(number) => expression.bind(name, *number, false),
                _ => {}
            }
        }
        expression.values(peers).map_err(named)
    }

    fn count(&self, value: &Json) -> Result<u64, Problem> {
        let typed = typed(value);
        let plain = typed.replace(['_', ' '], "");
        let count = plain.parse::<i128>().map_err(|_| {
            Problem::new(format!("expected a whole number, not {}", quoted(&typed))).next("for example: 10")
        })?;
        let (min, max) = (self.min.unwrap_or(0.0) as i128, self.max.map_or(i128::from(COUNT_MAX), |max| max as i128));
        if !(min..=max).contains(&count) {
            return Err(Problem::new(format!("{plain} is not between {min} and {max}")));
        }
        Ok(count as u64)
    }

    fn number(&self, value: &Json) -> Result<f64, Problem> {
        let typed = typed(value);
        let number = typed.trim().parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(|| {
            Problem::new(format!("expected a number, not {}", quoted(&typed))).next("for example: 0.3")
        })?;
        self.within(number, &typed)?;
        Ok(number)
    }

    fn span(&self, value: &Json) -> Result<Duration, Problem> {
        let span = super::units::span(text(value, "a span of time such as \"250ms\"")?).map_err(Problem::new)?;
        self.within(span.as_secs_f64(), &humantime::format_duration(span).to_string())?;
        Ok(span)
    }

    fn choice(&self, value: &Json) -> Result<String, Problem> {
        let chosen = typed(value);
        if self.choices.contains(&chosen) {
            return Ok(chosen);
        }
        let choices = self.choices.join(", ");
        Err(Problem::new(format!("{} is not one of the choices", quoted(&chosen))).next(format!("choose: {choices}")))
    }

    fn within(&self, number: f64, typed: &str) -> Result<(), Problem> {
        let unit = if self.kind == Kind::Span { " s" } else { "" };
        match (self.min, self.max) {
            (Some(min), _) if number < min => Err(Problem::new(format!("{typed} is less than {min}{unit}"))),
            (_, Some(max)) if number > max => Err(Problem::new(format!("{typed} is more than {max}{unit}"))),
            _ => Ok(()),
        }
    }
}

/// The value as a person would have typed it.
fn typed(value: &Json) -> String {
    match value {
        Json::String(text) => text.trim().into(),
        other => other.to_string(),
    }
}

fn quoted(typed: &str) -> String {
    if typed.is_empty() { "nothing".into() } else { format!("\"{}\"", typed.chars().take(40).collect::<String>()) }
}

fn text<'a>(value: &'a Json, expected: &str) -> Result<&'a str, Problem> {
    value.as_str().ok_or_else(|| Problem::new(format!("expected {expected}, not {value}")))
}

/// An expression's text; a page may send a plain number too.
fn expression_text(value: &Json) -> Result<String, Problem> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        other => Err(Problem::new(format!("expected an expression, not {other}"))),
    }
}

fn flag(value: &Json) -> Result<bool, Problem> {
    match typed(value).to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        other => Err(Problem::new(format!("expected true or false, not {}", quoted(other)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parameter(kind: Kind) -> Parameter {
        let (min, max) = (Some(1.0), Some(100.0));
        let choices = vec!["auto".into(), "yes".into()];
        let variables = vec!["peerid".into()];
        Parameter { name: "it".into(), kind, default: json!(1), help: String::new(), min, max, choices, variables }
    }

    #[test]
    fn values_come_as_json_or_as_typed() {
        let read = |kind, value: Json| parameter(kind).read(&value).unwrap();
        assert_eq!(read(Kind::Count, json!(7)), Value::Count(7));
        assert_eq!(read(Kind::Count, json!("1_0")), Value::Count(10));
        assert_eq!(read(Kind::Number, json!("2.5")), Value::Number(2.5));
        assert_eq!(read(Kind::Flag, json!("no")), Value::Flag(false));
        assert_eq!(read(Kind::Flag, json!(true)), Value::Flag(true));
        assert_eq!(read(Kind::Span, json!("1m 30s")), Value::Span(Duration::from_secs(90)));
        assert_eq!(read(Kind::Choice, json!("yes")), Value::Text("yes".into()));
    }

    #[test]
    fn what_is_wrong_names_the_field() {
        let said = |kind, value: Json| parameter(kind).read(&value).unwrap_err().to_string();
        assert_eq!(said(Kind::Count, json!(0)), "it: 0 is not between 1 and 100");
        assert_eq!(
            said(Kind::Count, json!("99999999999999999999")),
            "it: 99999999999999999999 is not between 1 and 100"
        );
        assert_eq!(said(Kind::Count, json!(1.5)), "it: expected a whole number, not \"1.5\" (for example: 10)");
        assert_eq!(said(Kind::Number, json!("inf")), "it: expected a number, not \"inf\" (for example: 0.3)");
        assert_eq!(said(Kind::Span, json!("10m")), "it: 10m is more than 100 s");
        assert_eq!(said(Kind::Choice, json!("")), "it: nothing is not one of the choices (choose: auto, yes)");
    }
}
