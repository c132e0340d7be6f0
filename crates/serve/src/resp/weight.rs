//! How much memory answers and replies take, about.

use rumormill_protocols::store::apps::bundle::Answer as BundleAnswer;
use rumormill_protocols::store::apps::kv::Answer as KvAnswer;
use rumormill_protocols::store::apps::{Bundle, Bytes};

use super::reply::Reply;
use crate::desk::Answer;

/// What each takes at least.
pub(super) const PLACE: usize = 256;

/// What each item of several takes besides its bytes.
const ITEM: usize = 64;

/// The bytes of an answer. Those of ratings come to no Redis client.
pub(super) fn of_answer(answer: &Answer<Bundle>) -> usize {
    PLACE
        + match &answer.result {
            Ok(Some(BundleAnswer::Kv(answer))) => of_kv(answer),
            _ => 0,
        }
}

fn of_kv(answer: &KvAnswer) -> usize {
    let item = |bytes: &Bytes| ITEM + bytes.len();
    match answer {
        KvAnswer::Value(value) => value.as_ref().map_or(0, item),
        KvAnswer::Values(values) => values.iter().map(|value| value.as_ref().map_or(ITEM, item)).sum(),
        KvAnswer::Fields(fields) => fields.iter().map(|(name, value)| item(name) + item(value)).sum(),
        KvAnswer::Members(all) | KvAnswer::Page { keys: all, .. } => all.iter().map(item).sum(),
        _ => 0,
    }
}

/// The bytes of a reply.
pub(super) fn of_reply(reply: &Reply) -> usize {
    PLACE
        + match reply {
            Reply::Simple(_) | Reply::Integer(_) | Reply::Null => 0,
            Reply::Error(why) => why.len(),
            Reply::Bulk(bytes) => bytes.len(),
            Reply::Array(items) | Reply::Set(items) => items.iter().map(of_reply).sum(),
            Reply::Map(pairs) => pairs.iter().map(|(key, value)| of_reply(key) + of_reply(value)).sum(),
        }
}
