//! A tree to a number, for one peer.

use super::parse::{Binary, Function, Node, Spanned, Unary};
use super::{Number, Wrong};

/// The variables and their values.
#[derive(Debug)]
pub(super) struct Scope {
    variables: Vec<(String, Number)>,
    used: Vec<bool>,
}

impl Scope {
    pub(super) fn new(names: &[String]) -> Self {
        let variables: Vec<_> = names.iter().map(|name| (name.clone(), Number::Int(0))).collect();
        Self { used: vec![false; variables.len()], variables }
    }

    /// The place of a variable; it counts as used from now on.
    pub(super) fn find(&mut self, name: &str) -> Option<usize> {
        let place = self.variables.iter().position(|(known, _)| known == name)?;
        self.used[place] = true;
        Some(place)
    }

    pub(super) fn names(&self) -> String {
        self.variables.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn bind(&mut self, name: &str, value: Number) {
        if let Some(variable) = self.variables.iter_mut().find(|(known, _)| known == name) {
            variable.1 = value;
        }
    }

    pub(super) fn used(&self, name: &str) -> bool {
        self.variables.iter().zip(&self.used).any(|((known, _), used)| *used && known == name)
    }
}

/// The numbers of a list: written out, or a range, which takes no room.
enum Items<'a> {
    Written(&'a [Spanned]),
    Range { first: i64, step: i64, len: i64 },
}

/// The value of a node that stands for a number.
pub(super) fn number(at: &Spanned, scope: &Scope) -> Result<Number, Wrong> {
    match &at.node {
        Node::Number(number) => Ok(*number),
        Node::Variable(place) => Ok(scope.variables[*place].1),
        Node::Unary(operator, value) => unary(*operator, number(value, scope)?, at.start),
        Node::Binary(operator, pair) => {
            let (left, right) = (number(&pair[0], scope)?, number(&pair[1], scope)?);
            binary(*operator, left, right).map_err(|message| Wrong::new(at.start, message))
        }
        Node::If(parts) => {
            let branch = if truth(number(&parts[0], scope)?) { &parts[1] } else { &parts[2] };
            number(branch, scope)
        }
        Node::And(pair) => {
            let left = number(&pair[0], scope)?;
            if truth(left) { number(&pair[1], scope) } else { Ok(left) }
        }
        Node::Or(pair) => {
            let left = number(&pair[0], scope)?;
            if truth(left) { Ok(left) } else { number(&pair[1], scope) }
        }
        Node::In(pair, negated) => {
            let value = number(&pair[0], scope)?;
            Ok(Number::Bool(items(&pair[1], scope)?.contains(value, scope)? != *negated))
        }
        Node::Index(pair) => {
            let index = int(&pair[1], scope)?;
            items(&pair[0], scope)?.at(index, scope, pair[1].start)
        }
        Node::Call(function, arguments) => call(*function, arguments, at.start, scope),
        Node::List(_) => Err(Wrong::new(at.start, "a list is no number; take one of it: [5, 3, 1][peerid % 3]")),
    }
}

fn call(function: Function, arguments: &[Spanned], at: usize, scope: &Scope) -> Result<Number, Wrong> {
    match (function, arguments) {
        (Function::Min | Function::Max, [one]) => items(one, scope)?.extreme(function, scope, at),
        (Function::Min | Function::Max, [_, ..]) => Items::Written(arguments).extreme(function, scope, at),
        (Function::Len, [one]) => Ok(Number::Int(items(one, scope)?.len())),
        (Function::Sum, [one]) => items(one, scope)?.sum(scope, at),
        (Function::Abs, [one]) => match number(one, scope)? {
            Number::Float(float) => Ok(Number::Float(float.abs())),
            other => whole(other).checked_abs().map(Number::Int).ok_or_else(|| too_large(at)),
        },
        (Function::Bool, [one]) => Ok(Number::Bool(truth(number(one, scope)?))),
        (Function::Float, [one]) => Ok(Number::Float(float(number(one, scope)?))),
        (Function::Int, [one]) => match number(one, scope)? {
            Number::Float(float) if float.abs() >= 9e18 => Err(too_large(at)),
            Number::Float(float) => Ok(Number::Int(float as i64)),
            other => Ok(Number::Int(whole(other))),
        },
        (Function::Range, _) => Err(Wrong::new(at, "a range is no number; write for example: peerid in range(1, 6)")),
        (_, arguments) => Err(Wrong::new(at, format!("this function does not take {} values", arguments.len()))),
    }
}

/// The items of a node that stands for a list.
fn items<'a>(at: &'a Spanned, scope: &Scope) -> Result<Items<'a>, Wrong> {
    match &at.node {
        Node::List(items) => Ok(Items::Written(items)),
        Node::If(parts) => items(if truth(number(&parts[0], scope)?) { &parts[1] } else { &parts[2] }, scope),
        Node::Call(Function::Range, arguments) => {
            let bounds = arguments.iter().map(|one| int(one, scope)).collect::<Result<Vec<_>, _>>()?;
            let (first, end, step) = match *bounds.as_slice() {
                [end] => (0, end, 1),
                [first, end] => (first, end, 1),
                [first, end, step] if step != 0 => (first, end, step),
                _ => return Err(Wrong::new(at.start, "range takes an end, a start and an end, or those and a step")),
            };
            let (span, stride) = (i128::from(end) - i128::from(first), i128::from(step));
            let len = if (span > 0) == (step > 0) { (span.abs() + stride.abs() - 1) / stride.abs() } else { 0 };
            let len = i64::try_from(len).map_err(|_| too_large(at.start))?;
            Ok(Items::Range { first, step, len })
        }
        _ => Err(Wrong::new(at.start, "expected a list such as [1, 2, 3] or range(1, 6)")),
    }
}

impl Items<'_> {
    fn len(&self) -> i64 {
        match self {
            Items::Written(items) => items.len() as i64,
            Items::Range { len, .. } => *len,
        }
    }

    fn contains(&self, value: Number, scope: &Scope) -> Result<bool, Wrong> {
        match *self {
            Items::Written(items) => {
                for item in items {
                    if equal(number(item, scope)?, value) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Items::Range { first, step, len } => {
                if matches!(value, Number::Float(float) if float.fract() != 0.0 || float.abs() >= 9e18) {
                    return Ok(false);
                }
                let away = i128::from(whole(value)) - i128::from(first);
                let steps = away / i128::from(step);
                Ok(away % i128::from(step) == 0 && (0..i128::from(len)).contains(&steps))
            }
        }
    }

    /// The item at `index`; negative ones count from the end.
    fn at(&self, index: i64, scope: &Scope, start: usize) -> Result<Number, Wrong> {
        let len = self.len();
        let place = if index < 0 { index.saturating_add(len) } else { index };
        if !(0..len).contains(&place) {
            return Err(Wrong::new(start, format!("there is no item {index} in a list of {len}")));
        }
        match *self {
            Items::Written(items) => number(&items[place as usize], scope),
            Items::Range { first, step, .. } => Ok(Number::Int(first + step * place)),
        }
    }

    fn extreme(&self, function: Function, scope: &Scope, start: usize) -> Result<Number, Wrong> {
        let better = |new: Number, old: Number| match function {
            Function::Min => float(new) < float(old),
            _ => float(new) > float(old),
        };
        match *self {
            Items::Range { len: 0, .. } | Items::Written([]) => Err(Wrong::new(start, "the list is empty")),
            Items::Range { first, step, len } => {
                let (one, other) = (Number::Int(first), Number::Int(first + step * (len - 1)));
                Ok(if better(other, one) { other } else { one })
            }
            Items::Written(items) => {
                let mut best = number(&items[0], scope)?;
                for item in &items[1..] {
                    let new = number(item, scope)?;
                    best = if better(new, best) { new } else { best };
                }
                Ok(best)
            }
        }
    }

    fn sum(&self, scope: &Scope, start: usize) -> Result<Number, Wrong> {
        match *self {
            Items::Written(items) => items.iter().try_fold(Number::Int(0), |sum, item| {
                binary(Binary::Add, sum, number(item, scope)?).map_err(|message| Wrong::new(start, message))
            }),
            Items::Range { first, step, len } => {
                let (first, step, len) = (i128::from(first), i128::from(step), i128::from(len));
                let steps = len.checked_mul(len - 1).and_then(|pairs| (pairs / 2).checked_mul(step));
                let sum = steps.and_then(|steps| steps.checked_add(first.checked_mul(len)?));
                sum.and_then(|sum| i64::try_from(sum).ok()).map(Number::Int).ok_or_else(|| too_large(start))
            }
        }
    }
}

fn unary(operator: Unary, value: Number, at: usize) -> Result<Number, Wrong> {
    match (operator, value) {
        (Unary::Not, value) => Ok(Number::Bool(!truth(value))),
        (Unary::Minus, Number::Float(float)) => Ok(Number::Float(-float)),
        (Unary::Plus, Number::Float(float)) => Ok(Number::Float(float)),
        (Unary::Invert, Number::Float(_)) => Err(Wrong::new(at, "~ needs a whole number")),
        (Unary::Minus, value) => whole(value).checked_neg().map(Number::Int).ok_or_else(|| too_large(at)),
        (Unary::Plus, value) => Ok(Number::Int(whole(value))),
        (Unary::Invert, value) => Ok(Number::Int(!whole(value))),
    }
}

fn binary(operator: Binary, left: Number, right: Number) -> Result<Number, String> {
    match operator {
        Binary::Equal => return Ok(Number::Bool(equal(left, right))),
        Binary::NotEqual => return Ok(Number::Bool(!equal(left, right))),
        Binary::Less => return Ok(Number::Bool(less(left, right))),
        Binary::LessEqual => return Ok(Number::Bool(!less(right, left))),
        Binary::Greater => return Ok(Number::Bool(less(right, left))),
        Binary::GreaterEqual => return Ok(Number::Bool(!less(left, right))),
        Binary::Divide => {
            let (left, right) = (float(left), float(right));
            return if right == 0.0 { Err("division by 0".into()) } else { Ok(Number::Float(left / right)) };
        }
        _ => {}
    }
    if matches!(left, Number::Float(_)) || matches!(right, Number::Float(_)) {
        return floats(operator, float(left), float(right));
    }
    ints(operator, whole(left), whole(right)).map(Number::Int)
}

fn ints(operator: Binary, left: i64, right: i64) -> Result<i64, String> {
    let shift = u32::try_from(right).ok().filter(|&shift| shift < 63);
    let result = match operator {
        Binary::Add => left.checked_add(right),
        Binary::Subtract => left.checked_sub(right),
        Binary::Multiply => left.checked_mul(right),
        Binary::FloorDivide | Binary::Remainder if right == 0 => return Err("division by 0".into()),
        Binary::FloorDivide => left.checked_div_euclid(right).map(|quotient| {
            // Euclid's remainder is never negative; Starlark rounds towards minus infinity.
            if right < 0 && left.rem_euclid(right) != 0 { quotient - 1 } else { quotient }
        }),
        Binary::Remainder => left
            .checked_rem_euclid(right)
            .map(|remainder| if right < 0 && remainder != 0 { remainder + right } else { remainder }),
        Binary::BitOr => Some(left | right),
        Binary::BitXor => Some(left ^ right),
        Binary::BitAnd => Some(left & right),
        Binary::ShiftLeft | Binary::ShiftRight if right < 0 => return Err("a shift by less than 0".into()),
        Binary::ShiftLeft => shift.and_then(|shift| left.checked_mul(1 << shift)),
        _ => Some(left >> shift.unwrap_or(63)),
    };
    result.ok_or_else(|| TOO_LARGE.into())
}

fn floats(operator: Binary, left: f64, right: f64) -> Result<Number, String> {
    let result = match operator {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        Binary::FloorDivide | Binary::Remainder if right == 0.0 => return Err("division by 0".into()),
        Binary::FloorDivide => (left / right).floor(),
        Binary::Remainder => left - right * (left / right).floor(),
        _ => return Err("this operator needs whole numbers".into()),
    };
    if result.is_finite() { Ok(Number::Float(result)) } else { Err(TOO_LARGE.into()) }
}

const TOO_LARGE: &str = "the number becomes too large";

fn too_large(at: usize) -> Wrong {
    Wrong::new(at, TOO_LARGE)
}

fn int(at: &Spanned, scope: &Scope) -> Result<i64, Wrong> {
    match number(at, scope)? {
        Number::Float(_) => Err(Wrong::new(at.start, "expected a whole number; use // or int()")),
        other => Ok(whole(other)),
    }
}

fn truth(number: Number) -> bool {
    match number {
        Number::Int(int) => int != 0,
        Number::Float(float) => float != 0.0,
        Number::Bool(bool) => bool,
    }
}

fn whole(number: Number) -> i64 {
    match number {
        Number::Int(int) => int,
        Number::Float(float) => float as i64,
        Number::Bool(bool) => i64::from(bool),
    }
}

fn float(number: Number) -> f64 {
    match number {
        Number::Float(float) => float,
        other => whole(other) as f64,
    }
}

fn equal(left: Number, right: Number) -> bool {
    match (left, right) {
        (Number::Float(_), _) | (_, Number::Float(_)) => float(left) == float(right),
        _ => whole(left) == whole(right),
    }
}

fn less(left: Number, right: Number) -> bool {
    match (left, right) {
        (Number::Float(_), _) | (_, Number::Float(_)) => float(left) < float(right),
        _ => whole(left) < whole(right),
    }
}
