//! Patterns of keys, as in Redis.

/// Does the pattern match all of the text? `*` is any bytes, `?` any one, `[a-z]` one of these, `[^a-z]` one
/// of all others, and after `\` each stands for itself. Takes at most time in proportion to the product of the
/// lengths.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut rest, mut at) = (pattern, 0);
    // Behind the last star, and the place in the text where it ends for now.
    let mut star: Option<(&[u8], usize)> = None;
    loop {
        if let Some((b'*', after)) = rest.split_first() {
            rest = after;
            star = Some((after, at));
            continue;
        }
        if at == text.len() {
            return rest.is_empty();
        }
        match one(rest, text[at]) {
            Some(after) => {
                rest = after;
                at += 1;
            }
            // Let the last star take one byte more.
            None => match star {
                Some((after, end)) => {
                    rest = after;
                    at = end + 1;
                    star = Some((after, at));
                }
                None => return false,
            },
        }
    }
}

/// What is left of the pattern after its first element has matched this byte.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [] => None,
        [b'?', after @ ..] => Some(after),
        [b'[', b'^', class @ ..] => {
            let (contains, after) = is_in(class, byte);
            (!contains).then_some(after)
        }
        [b'[', class @ ..] => {
            let (contains, after) = is_in(class, byte);
            contains.then_some(after)
        }
        [b'\\', escaped, after @ ..] => (*escaped == byte).then_some(after),
        [first, after @ ..] => (*first == byte).then_some(after),
    }
}

/// Is the byte in the class, and what comes after it? A class that is not closed goes to the end.
fn is_in(mut class: &[u8], byte: u8) -> (bool, &[u8]) {
    let mut contains = false;
    loop {
        match class {
            [] => return (contains, &[]),
            [b']', after @ ..] => return (contains, after),
            [b'\\', escaped, after @ ..] => {
                contains |= *escaped == byte;
                class = after;
            }
            [low, b'-', high, after @ ..] => {
                contains |= (*low.min(high)..=*low.max(high)).contains(&byte);
                class = after;
            }
            [one, after @ ..] => {
                contains |= *one == byte;
                class = after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_redis() {
        let cases = [
            ("*", "", true),
            ("*", "anything", true),
            ("", "", true),
            ("", "a", false),
            ("user:*", "user:17", true),
            ("user:*", "use", false),
            ("*:17", "user:17:17", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-b]llo", "hbllo", true),
            ("h[b-a]llo", "hbllo", true),
            ("h[a-b]llo", "hcllo", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[\\]]", "]", true),
            ("[a", "a", true),
            ("a\\", "a\\", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = "*a".repeat(50) + "b";
        assert!(!matches(pattern.as_bytes(), "a".repeat(10_000).as_bytes()));
    }
}
