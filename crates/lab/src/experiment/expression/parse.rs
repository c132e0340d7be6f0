//! Tokens to a tree, by operator precedence as in Starlark (Python's, without chained comparisons).

use super::evaluate::Scope;
use super::lexer::{Kind, Token, tokens};
use super::{Number, Wrong};

/// How deep brackets, conditions and prefix operators may stand in each other.
const DEPTH_MAX: usize = 60;

const EXAMPLE: &str = "for example: 100 if peerid == 1 else 0";

/// A node and where it begins, in bytes.
#[derive(Debug)]
pub(super) struct Spanned {
    pub(super) node: Node,
    pub(super) start: usize,
}

/// A node of the tree.
#[derive(Debug)]
pub(super) enum Node {
    Number(Number),
    /// A variable, by its place in the scope.
    Variable(usize),
    Unary(Unary, Box<Spanned>),
    Binary(Binary, Box<[Spanned; 2]>),
    /// Condition, value when it holds, value otherwise.
    If(Box<[Spanned; 3]>),
    And(Box<[Spanned; 2]>),
    Or(Box<[Spanned; 2]>),
    /// Value, list, and whether it is `not in`.
    In(Box<[Spanned; 2]>, bool),
    Index(Box<[Spanned; 2]>),
    List(Vec<Spanned>),
    Call(Function, Vec<Spanned>),
}

/// Operators before a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unary {
    Not,
    Minus,
    Plus,
    Invert,
}

/// Operators between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    BitOr,
    BitXor,
    BitAnd,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
}

/// The functions that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Bool,
    Float,
    Int,
    Len,
    Max,
    Min,
    Range,
    Sum,
}

const FUNCTIONS: [(&str, Function); 9] = [
    ("abs", Function::Abs),
    ("bool", Function::Bool),
    ("float", Function::Float),
    ("int", Function::Int),
    ("len", Function::Len),
    ("max", Function::Max),
    ("min", Function::Min),
    ("range", Function::Range),
    ("sum", Function::Sum),
];

/// Operator, how tightly it binds.
const BINARY: [(&str, Binary, u8); 17] = [
    ("==", Binary::Equal, 1),
    ("!=", Binary::NotEqual, 1),
    ("<", Binary::Less, 1),
    ("<=", Binary::LessEqual, 1),
    (">", Binary::Greater, 1),
    (">=", Binary::GreaterEqual, 1),
    ("|", Binary::BitOr, 2),
    ("^", Binary::BitXor, 3),
    ("&", Binary::BitAnd, 4),
    ("<<", Binary::ShiftLeft, 5),
    (">>", Binary::ShiftRight, 5),
    ("+", Binary::Add, 6),
    ("-", Binary::Subtract, 6),
    ("*", Binary::Multiply, 7),
    ("/", Binary::Divide, 7),
    ("//", Binary::FloorDivide, 7),
    ("%", Binary::Remainder, 7),
];

const COMPARISON: u8 = 1;

/// Parses all of `source`; variables are looked up in `scope`.
pub(super) fn parse(source: &str, scope: &mut Scope) -> Result<Spanned, Wrong> {
    let tokens = tokens(source)?;
    if let Some(unbounded) = tokens.iter().find(|token| matches!(token.text, "for" | "while" | "lambda" | "def")) {
        let wrong =
            Wrong::new(unbounded.start, format!("there is no \"{}\" here: no loops, no functions", unbounded.text));
        return Err(wrong.next(EXAMPLE));
    }
    let mut parser = Parser { tokens, place: 0, depth: 0, scope };
    let root = parser.test()?;
    match parser.peek().kind {
        Kind::End => Ok(root),
        _ => Err(parser.surplus()),
    }
}

struct Parser<'a, 's> {
    tokens: Vec<Token<'a>>,
    place: usize,
    depth: usize,
    scope: &'s mut Scope,
}

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> Token<'a> {
        self.tokens[self.place]
    }

    fn advance(&mut self) -> Token<'a> {
        let token = self.peek();
        self.place = (self.place + 1).min(self.tokens.len() - 1);
        token
    }

    fn eat(&mut self, text: &str) -> bool {
        let met = self.peek().text == text && self.peek().kind != Kind::End;
        if met {
            self.advance();
        }
        met
    }

    /// `value if condition else other`, the loosest of all.
    fn test(&mut self) -> Result<Spanned, Wrong> {
        self.deeper(|parser| {
            let value = parser.or()?;
            let start = value.start;
            let condition = parser.peek();
            if !parser.eat("if") {
                return Ok(value);
            }
            let holds = parser.or()?;
            if !parser.eat("else") {
                let at = if parser.peek().kind == Kind::End { condition.start } else { parser.peek().start };
                return Err(Wrong::new(at, "\"if\" needs an \"else\"").next(EXAMPLE));
            }
            let other = parser.test()?;
            Ok(Spanned { node: Node::If(Box::new([holds, value, other])), start })
        })
    }

    fn or(&mut self) -> Result<Spanned, Wrong> {
        let mut left = self.and()?;
        while self.eat("or") {
            let start = left.start;
            left = Spanned { node: Node::Or(Box::new([left, self.and()?])), start };
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Spanned, Wrong> {
        let mut left = self.not()?;
        while self.eat("and") {
            let start = left.start;
            left = Spanned { node: Node::And(Box::new([left, self.not()?])), start };
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Spanned, Wrong> {
        let start = self.peek().start;
        if !self.eat("not") {
            return self.binary(COMPARISON);
        }
        let inner = self.deeper(Self::not)?;
        Ok(Spanned { node: Node::Unary(Unary::Not, Box::new(inner)), start })
    }

    /// Operators that bind at least as tightly as `least`.
    fn binary(&mut self, least: u8) -> Result<Spanned, Wrong> {
        let mut left = self.unary()?;
        let mut compared = false;
        loop {
            let (start, token) = (left.start, self.peek());
            let membership = match token.text {
                "in" => Some(false),
                "not" if self.tokens.get(self.place + 1).is_some_and(|next| next.text == "in") => Some(true),
                _ => None,
            };
            let operator = BINARY.iter().find(|(text, ..)| *text == token.text);
            let binds = if membership.is_some() { Some(COMPARISON) } else { operator.map(|operator| operator.2) };
            let Some(binds) = binds.filter(|&binds| binds >= least) else { return Ok(left) };
            if binds == COMPARISON && std::mem::replace(&mut compared, true) {
                let message = format!("a second comparison \"{}\" cannot follow the first", token.text);
                return Err(Wrong::new(token.start, message).next("write: 1 <= peerid and peerid <= 5"));
            }
            self.place += 1 + usize::from(membership == Some(true));
            let pair = Box::new([left, self.deeper(|parser| parser.binary(binds + 1))?]);
            let node = match (membership, operator) {
                (Some(negated), _) => Node::In(pair, negated),
                (None, Some((_, operator, _))) => Node::Binary(*operator, pair),
                (None, None) => unreachable!("something binds"),
            };
            left = Spanned { node, start };
        }
    }

    fn unary(&mut self) -> Result<Spanned, Wrong> {
        let token = self.peek();
        let operator = match token.text {
            "-" => Unary::Minus,
            "+" => Unary::Plus,
            "~" => Unary::Invert,
            _ => return self.postfix(),
        };
        self.advance();
        let inner = self.deeper(Self::unary)?;
        Ok(Spanned { node: Node::Unary(operator, Box::new(inner)), start: token.start })
    }

    fn postfix(&mut self) -> Result<Spanned, Wrong> {
        let mut value = self.atom()?;
        loop {
            let token = self.peek();
            match token.text {
                "[" => {
                    self.advance();
                    let index = self.test()?;
                    self.close("]", token)?;
                    let start = value.start;
                    value = Spanned { node: Node::Index(Box::new([value, index])), start };
                }
                "**" => {
                    let wrong = Wrong::new(token.start, "there is no ** here");
                    return Err(wrong.next("write peerid * peerid, or 1 << peerid for a power of two"));
                }
                _ => return Ok(value),
            }
        }
    }

    fn atom(&mut self) -> Result<Spanned, Wrong> {
        let token = self.peek();
        let start = token.start;
        let node = match (token.kind, token.text) {
            (Kind::Number, text) => {
                self.advance();
                Node::Number(number(text).ok_or_else(|| Wrong::new(start, format!("\"{text}\" is no number")))?)
            }
            (Kind::Operator, "(") => return self.brackets(),
            (Kind::Operator, "[") => {
                self.advance();
                Node::List(self.items("]", token)?)
            }
            (Kind::Name, "True" | "False") => Node::Number(Number::Bool(self.advance().text == "True")),
            (Kind::Name, text) if !is_keyword(text) => return self.name(),
            _ => return Err(self.expected_expression()),
        };
        Ok(Spanned { node, start })
    }

    /// `(value)`, or a tuple, which is a list here.
    fn brackets(&mut self) -> Result<Spanned, Wrong> {
        let open = self.advance();
        if self.peek().text == ")" {
            return Err(self.expected_expression());
        }
        let value = self.test()?;
        if self.eat(")") {
            return Ok(value);
        }
        if !self.eat(",") {
            self.close(")", open)?;
        }
        let mut items = vec![value];
        items.extend(self.items(")", open)?);
        Ok(Spanned { node: Node::List(items), start: open.start })
    }

    fn name(&mut self) -> Result<Spanned, Wrong> {
        let token = self.advance();
        let open = self.peek();
        if open.text == "(" {
            let Some((_, function)) = FUNCTIONS.iter().find(|(name, _)| *name == token.text) else {
                let known = FUNCTIONS.map(|(name, _)| name).join(", ");
                let wrong = Wrong::new(token.start, format!("there is no function \"{}\"", token.text));
                return Err(wrong.next(format!("there are: {known}")));
            };
            self.advance();
            let arguments = self.items(")", open)?;
            return Ok(Spanned { node: Node::Call(*function, arguments), start: token.start });
        }
        let place = self.scope.find(token.text).ok_or_else(|| {
            let wrong = Wrong::new(token.start, format!("there is no variable \"{}\"", token.text));
            match self.scope.names() {
                names if names.is_empty() => wrong.next("write a number"),
                names => wrong.next(format!("there is: {names}")),
            }
        })?;
        Ok(Spanned { node: Node::Variable(place), start: token.start })
    }

    fn items(&mut self, end: &str, open: Token<'a>) -> Result<Vec<Spanned>, Wrong> {
        let mut items = Vec::new();
        loop {
            if self.eat(end) {
                return Ok(items);
            }
            items.push(self.test()?);
            if !self.eat(",") {
                self.close(end, open)?;
                return Ok(items);
            }
        }
    }

    fn close(&mut self, end: &str, open: Token<'a>) -> Result<(), Wrong> {
        let token = self.peek();
        match token.kind {
            _ if self.eat(end) => Ok(()),
            Kind::End => Err(Wrong::new(open.start, format!("\"{}\" is never closed", open.text))),
            _ => Err(Wrong::new(token.start, format!("expected \"{end}\", not \"{}\"", token.text))),
        }
    }

    /// Where a value should stand and none does: points at what came before, for that is unfinished.
    fn expected_expression(&self) -> Wrong {
        let token = self.peek();
        let Some(before) = self.place.checked_sub(1).map(|place| self.tokens[place]) else {
            let message = match token.kind {
                Kind::End => "expected an expression".to_string(),
                _ => format!("expected an expression before \"{}\"", token.text),
            };
            return Wrong::new(token.start, message).next(EXAMPLE);
        };
        Wrong::new(before.start, format!("expected an expression after \"{}\"", before.text)).next(EXAMPLE)
    }

    /// A whole expression stands there, and then something more.
    fn surplus(&self) -> Wrong {
        let token = self.peek();
        let wrong = Wrong::new(token.start, format!("\"{}\" cannot stand here", token.text));
        match token.text {
            "=" => wrong.next("to compare, write =="),
            "else" => wrong.next("an \"if\" comes first; ".to_string() + EXAMPLE),
            "," => wrong.next("one number is asked for"),
            _ => wrong.next(EXAMPLE),
        }
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Wrong>) -> Result<T, Wrong> {
        if self.depth == DEPTH_MAX {
            let message = format!("more than {DEPTH_MAX} levels stand in each other");
            return Err(Wrong::new(self.peek().start, message));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }
}

fn is_keyword(text: &str) -> bool {
    matches!(text, "if" | "else" | "and" | "or" | "not" | "in" | "return" | "is")
}

fn number(text: &str) -> Option<Number> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Number::Int);
    match text.get(..2) {
        Some("0x" | "0X") => radix(&text[2..], 16),
        Some("0o" | "0O") => radix(&text[2..], 8),
        Some("0b" | "0B") => radix(&text[2..], 2),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => radix(text, 10),
        _ => text.parse::<f64>().ok().filter(|float| float.is_finite()).map(Number::Float),
    }
}
