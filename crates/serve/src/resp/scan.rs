//! `SCAN cursor [MATCH pattern] [COUNT count] [TYPE kind]`.

use bytes::Bytes as Word;
use rumormill_protocols::store::apps::kv::{Kind, Query};

use super::client::Client;
use super::commands::{Deed, integer, own, plain, query};

/// What Redis takes when nothing else is said.
const USUAL_COUNT: u32 = 10;

/// SCAN.
pub(super) fn scan(words: &[Word], _: &mut Client) -> Result<Deed, String> {
    let cursor = std::str::from_utf8(&words[1]).ok().and_then(|digits| digits.parse().ok());
    let cursor = cursor.ok_or("ERR invalid cursor")?;
    let (mut pattern, mut count, mut kind) = (None, USUAL_COUNT, None);
    for option in words[2..].chunks(2) {
        let [name, value] = option else { return Err("ERR syntax error".into()) };
        match name.to_ascii_lowercase().as_slice() {
            b"match" => pattern = Some(own(value)),
            b"count" => match integer(value)? {
                wanted @ 1.. => count = u32::try_from(wanted).unwrap_or(u32::MAX),
                _ => return Err("ERR syntax error".into()),
            },
            b"type" => {
                let kinds = [Kind::String, Kind::Hash, Kind::Set];
                let named = kinds.into_iter().find(|kind| kind.name().as_bytes().eq_ignore_ascii_case(value));
                // A kind that there is not has no keys.
                kind = Some(named.unwrap_or(Kind::None));
            }
            _ => return Err("ERR syntax error".into()),
        }
    }
    query(Query::Scan { cursor, pattern, count, kind }, plain)
}
