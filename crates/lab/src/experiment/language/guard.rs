//! What is looked at before a file is parsed: parser and evaluator recurse with the depth of the text, and
//! a few operations of Starlark take memory at once, before any limit is looked at.

use starlark_syntax::codemap::CodeMap;
use starlark_syntax::dialect::Dialect;
use starlark_syntax::lexer::{Lexer, Token};

use crate::experiment::Problem;

/// The largest experiment file, in bytes.
pub(super) const BYTES_MAX: usize = 64 << 10;

/// How many tokens may stand in front of one another without a comma or the end of a line between them,
/// over all brackets that are open: more than any experiment needs, and less than overflows a stack.
const PILE_MAX: usize = 600;

/// How many `elif` a file may have: each stands in the one before.
const ELIF_MAX: usize = 100;

/// Methods that make much of little.
const GROWING: [&str; 6] = ["join", "replace", "format", "extend", "rjust", "ljust"];

/// Refuses files that are too long, too deep, or that use what could take much memory at once.
pub(super) fn check(file: &str, source: &str, dialect: &Dialect) -> Result<(), Problem> {
    if source.len() > BYTES_MAX {
        let message = format!("the file has {} bytes; an experiment has at most {BYTES_MAX}", source.len());
        return Err(Problem::new(message).in_file(file));
    }
    let codemap = CodeMap::new(file.into(), source.into());
    let mut piles = vec![0_usize];
    let (mut elifs, mut after_dot) = (0, false);
    for lexeme in Lexer::new(source, dialect, codemap.clone()) {
        // What the lexer refuses, the parser reports better.
        let Ok((start, token, _)) = lexeme else { return Ok(()) };
        let refused = match &token {
            Token::Identifier(name) if after_dot && GROWING.contains(&name.as_str()) => {
                Some((format!("an experiment cannot use {name}()"), "it is data: write it out"))
            }
            _ if is_assignment(&token) => {
                Some(("this kind of assignment cannot be used here".into(), "write x = x + 1"))
            }
            _ => pile(&token, &mut piles, &mut elifs).map(|message| (message, "make it simpler")),
        };
        after_dot = token == Token::Dot;
        if let Some((message, next)) = refused {
            let before = &source[..start];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            return Err(Problem::new(message).at(line as u32, column as u32).next(next).in_file(file));
        }
    }
    Ok(())
}

fn pile(token: &Token, piles: &mut Vec<usize>, elifs: &mut usize) -> Option<String> {
    match token {
        Token::OpeningRound | Token::OpeningSquare | Token::OpeningCurly | Token::Indent => piles.push(1),
        Token::ClosingRound | Token::ClosingSquare | Token::ClosingCurly | Token::Dedent if piles.len() > 1 => {
            piles.pop();
        }
        Token::Comma | Token::Newline | Token::Semicolon => *piles.last_mut()? = 0,
        Token::Comment(_) => {}
        token => {
            *elifs += usize::from(*token == Token::Elif);
            *piles.last_mut()? += 1;
        }
    }
    if *elifs > ELIF_MAX {
        return Some(format!("there are more than {ELIF_MAX} elif"));
    }
    // An opened bracket weighs more: it takes the parser through all levels of precedence.
    let weight = piles.iter().sum::<usize>() + 5 * piles.len();
    (weight > PILE_MAX).then(|| "too much stands in each other here".into())
}

/// Assignments with an operator would pass by the bounded operators.
fn is_assignment(token: &Token) -> bool {
    use Token::{
        AmpersandEqual, CaretEqual, GreaterGreaterEqual, LessLessEqual, MinusEqual, PercentEqual, PipeEqual, PlusEqual,
        SlashEqual, SlashSlashEqual, StarEqual,
    };
    matches!(
        token,
        PlusEqual
            | MinusEqual
            | StarEqual
            | SlashEqual
            | SlashSlashEqual
            | PercentEqual
            | AmpersandEqual
            | PipeEqual
            | CaretEqual
            | LessLessEqual
            | GreaterGreaterEqual
    )
}
