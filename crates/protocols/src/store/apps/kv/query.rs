//! Answering queries.

use super::entry::{Entry, Register};
use super::{Answer, Error, KeyValue, Kind, MAX_SCAN, Place, Query, glob};
use crate::store::apps::Bytes;

impl Query {
    /// Its name in traces.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Get(_) | Self::GetMany(_) => "get",
            Self::Exists(_) => "exists",
            Self::Kind(_) => "kind",
            Self::HashGet { .. } => "hash get",
            Self::HashAll(_) => "hash all",
            Self::HashLen(_) => "hash length",
            Self::Members(_) => "members",
            Self::IsMember { .. } => "is member",
            Self::MemberCount(_) => "member count",
            Self::Scan { .. } => "scan",
            Self::Size => "size",
        }
    }
}

impl KeyValue {
    pub(super) fn answer(&self, query: &Query) -> Result<Answer, Error> {
        Ok(match query {
            Query::Get(key) => Answer::Value(self.seen_in(key, &Register::Text)?.cloned()),
            Query::GetMany(keys) => {
                let values = keys.iter().map(|key| self.seen_in(key, &Register::Text).ok().flatten().cloned());
                Answer::Values(values.collect())
            }
            Query::Exists(keys) => number(keys.iter().filter(|key| self.kind(key) != Kind::None).count()),
            Query::Kind(key) => Answer::Kind(self.kind(key)),
            Query::HashGet { key, field } => {
                Answer::Value(self.seen_in(key, &Register::Field(field.clone()))?.cloned())
            }
            Query::HashAll(key) => {
                let fields = self.entry(key, Kind::Hash)?.into_iter().flat_map(Entry::fields);
                Answer::Fields(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
            }
            Query::HashLen(key) => number(self.entry(key, Kind::Hash)?.map_or(0, |entry| entry.count)),
            Query::Members(key) => {
                let members = self.entry(key, Kind::Set)?.into_iter().flat_map(Entry::members);
                Answer::Members(members.cloned().collect())
            }
            Query::IsMember { key, member } => {
                let seen = self.seen_in(key, &Register::Member(member.clone()))?;
                Answer::Number(i64::from(seen.is_some()))
            }
            Query::MemberCount(key) => number(self.entry(key, Kind::Set)?.map_or(0, |entry| entry.count)),
            Query::Scan { cursor, pattern, count, kind } => self.scan(*cursor, pattern.as_ref(), *count, *kind),
            Query::Size => number(self.size),
        })
    }

    /// The key, if it is there and of this kind.
    fn entry(&self, key: &Bytes, kind: Kind) -> Result<Option<&Entry>, Error> {
        match self.entries.get(&Place::of(key.clone())) {
            None => Ok(None),
            Some(entry) if entry.kind == kind => Ok(Some(entry)),
            Some(entry) if entry.kind == Kind::None => Ok(None),
            Some(_) => Err(Error::WrongType),
        }
    }

    fn seen_in(&self, key: &Bytes, register: &Register) -> Result<Option<&Bytes>, Error> {
        Ok(self.entry(key, register.kind())?.and_then(|entry| entry.seen(register)))
    }

    fn kind(&self, key: &Bytes) -> Kind {
        self.entries.get(&Place::of(key.clone())).map_or(Kind::None, |entry| entry.kind)
    }

    fn scan(&self, cursor: u64, pattern: Option<&Bytes>, count: u32, kind: Option<Kind>) -> Answer {
        let count = count.clamp(1, MAX_SCAN) as usize;
        let (mut keys, mut last) = (Vec::new(), cursor);
        for (looked, (place, entry)) in self.entries.range(Place { hash: cursor, key: Bytes::new() }..).enumerate() {
            // A cursor is a hash: keys with the same one are on one page.
            if looked >= count && place.hash != last {
                return Answer::Page { cursor: place.hash, keys };
            }
            last = place.hash;
            let is_asked = entry.kind != Kind::None
                && kind.is_none_or(|kind| kind == entry.kind)
                && pattern.is_none_or(|pattern| glob::matches(pattern, &place.key));
            if is_asked {
                keys.push(place.key.clone());
            }
        }
        Answer::Page { cursor: 0, keys }
    }
}

fn number(count: usize) -> Answer {
    Answer::Number(count as i64)
}
