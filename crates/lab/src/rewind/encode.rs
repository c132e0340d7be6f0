//! Any value that serializes, as a tree of bounded size.

use serde::ser::{self, Serialize};

use super::tree::Tree;

/// Items of one list or map that are shown.
const ITEMS_MAX: usize = 100;

/// Nodes of one tree that are shown.
const NODES_MAX: usize = 4_000;

/// How deep a tree goes.
const DEPTH_MAX: usize = 24;

/// Characters of a text that are shown.
const TEXT_MAX: usize = 500;

/// Bytes of a byte string that are shown.
const BYTES_MAX: usize = 64;

/// A value as a tree. What a type's own `Serialize` cannot say stands there as a leaf.
pub fn tree<T: Serialize + ?Sized>(value: &T) -> Tree {
    let mut nodes = 0;
    let encoder = Encoder { nodes: &mut nodes, depth: 0 };
    value.serialize(encoder).unwrap_or_else(|Wrong(why)| Tree::leaf(format!("({why})")))
}

/// Why a value could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(String);

impl ser::Error for Wrong {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

struct Encoder<'a> {
    nodes: &'a mut usize,
    depth: usize,
}

/// What is gathered of a compound value.
struct Gather<'a> {
    nodes: &'a mut usize,
    /// Nodes that there were before it.
    nodes_before: usize,
    depth: usize,
    shape: Shape,
    name: String,
    entries: Vec<(String, Tree)>,
    key: Option<String>,
    /// The bytes, as long as there is nothing else.
    bytes: Option<Vec<u8>>,
    more: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Fields,
    Map,
    List,
}

impl<'a> Encoder<'a> {
    fn leaf(self, text: impl Into<String>) -> Tree {
        *self.nodes += 1;
        Tree::leaf(text)
    }

    fn gather(self, shape: Shape, name: &str) -> Gather<'a> {
        let nodes_before = *self.nodes;
        *self.nodes += 1;
        let bytes = (shape == Shape::List).then(Vec::new);
        let (nodes, depth, name) = (self.nodes, self.depth + 1, name.to_string());
        Gather { nodes, nodes_before, depth, shape, name, entries: Vec::new(), key: None, bytes, more: 0 }
    }
}

impl Gather<'_> {
    /// Adds a value under this name, or counts it when there is no room.
    fn add<T: Serialize + ?Sized>(&mut self, name: impl FnOnce(usize) -> String, value: &T) -> Result<(), Wrong> {
        if let Some(bytes) = &mut self.bytes {
            // A list of bytes is shown as one, so that a hash is no list of numbers.
            match value.serialize(Byte) {
                Ok(byte) => bytes.push(byte),
                Err(_) => self.bytes = None,
            }
        }
        let is_room = self.entries.len() < ITEMS_MAX && *self.nodes < NODES_MAX && self.depth < DEPTH_MAX;
        if !is_room && self.shape != Shape::Fields {
            self.more += 1;
            return Ok(());
        }
        let place = self.entries.len();
        let tree = if is_room {
            value.serialize(Encoder { nodes: self.nodes, depth: self.depth })?
        } else {
            Tree::leaf("…")
        };
        self.entries.push((name(place), tree));
        Ok(())
    }

    fn tree(self) -> Tree {
        match self.shape {
            Shape::Fields => Tree::Struct { name: self.name, fields: self.entries },
            Shape::Map => Tree::Map { entries: self.entries, more: self.more },
            Shape::List => match self.bytes.filter(|bytes| !bytes.is_empty()) {
                Some(bytes) => {
                    *self.nodes = self.nodes_before + 1;
                    Tree::leaf(bytes_text(&bytes))
                }
                None => Tree::List { items: self.entries.into_iter().map(|(_, tree)| tree).collect(), more: self.more },
            },
        }
    }
}

/// Bytes as a person reads them: as text where they are, in hexadecimal otherwise.
pub(super) fn bytes_text(bytes: &[u8]) -> String {
    let is_plain = |letter: char| !letter.is_control() || letter == '\n' || letter == '\t';
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(is_plain) && !text.is_empty() => quoted(text),
        _ => {
            let hex: String = bytes.iter().take(BYTES_MAX).map(|byte| format!("{byte:02x}")).collect();
            let rest = if bytes.len() > BYTES_MAX { format!("… ({} bytes)", bytes.len()) } else { String::new() };
            if hex.is_empty() { "no bytes".into() } else { format!("{hex}{rest}") }
        }
    }
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

macro_rules! leaves {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<Tree, Wrong> {
            Ok(self.leaf(value.to_string()))
        })*
    };
}

impl<'a> ser::Serializer for Encoder<'a> {
    type Ok = Tree;
    type Error = Wrong;
    type SerializeSeq = Gather<'a>;
    type SerializeTuple = Gather<'a>;
    type SerializeTupleStruct = Gather<'a>;
    type SerializeTupleVariant = Gather<'a>;
    type SerializeMap = Gather<'a>;
    type SerializeStruct = Gather<'a>;
    type SerializeStructVariant = Gather<'a>;

    leaves!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128, serialize_f32: f32, serialize_f64: f64
    );

    fn serialize_char(self, value: char) -> Result<Tree, Wrong> {
        Ok(self.leaf(format!("{value:?}")))
    }

    fn serialize_str(self, value: &str) -> Result<Tree, Wrong> {
        Ok(self.leaf(quoted(value)))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Tree, Wrong> {
        Ok(self.leaf(bytes_text(value)))
    }

    fn serialize_none(self) -> Result<Tree, Wrong> {
        Ok(self.leaf("none"))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, Wrong> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Tree, Wrong> {
        Ok(self.leaf("()"))
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Tree, Wrong> {
        Ok(self.leaf(name))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Tree, Wrong> {
        Ok(self.leaf(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Tree, Wrong> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree, Wrong> {
        let mut gather = self.gather(Shape::Fields, variant);
        gather.add(|place| place.to_string(), value)?;
        Ok(gather.tree())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Gather<'a>, Wrong> {
        Ok(self.gather(Shape::List, ""))
    }

    fn serialize_tuple(self, _: usize) -> Result<Gather<'a>, Wrong> {
        Ok(self.gather(Shape::List, ""))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Gather<'a>, Wrong> {
        Ok(self.gather(Shape::Fields, name))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Gather<'a>, Wrong> {
        Ok(self.gather(Shape::Fields, variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Gather<'a>, Wrong> {
        Ok(self.gather(Shape::Map, ""))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Gather<'a>, Wrong> {
        Ok(self.gather(Shape::Fields, name))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Gather<'a>, Wrong> {
        Ok(self.gather(Shape::Fields, variant))
    }
}

macro_rules! by_place {
    ($($compound:ident: $method:ident),*) => {
        $(impl ser::$compound for Gather<'_> {
            type Ok = Tree;
            type Error = Wrong;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Wrong> {
                self.add(|place| place.to_string(), value)
            }

            fn end(self) -> Result<Tree, Wrong> {
                Ok(self.tree())
            }
        })*
    };
}

by_place!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

macro_rules! by_name {
    ($($compound:ident),*) => {
        $(impl ser::$compound for Gather<'_> {
            type Ok = Tree;
            type Error = Wrong;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Wrong> {
                self.add(|_| name.to_string(), value)
            }

            fn end(self) -> Result<Tree, Wrong> {
                Ok(self.tree())
            }
        })*
    };
}

by_name!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Gather<'_> {
    type Ok = Tree;
    type Error = Wrong;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Wrong> {
        if self.entries.len() < ITEMS_MAX {
            let tree = key.serialize(Encoder { nodes: self.nodes, depth: self.depth })?;
            self.key = Some(tree.line());
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Wrong> {
        let key = self.key.take().unwrap_or_default();
        self.add(|_| key, value)
    }

    fn end(self) -> Result<Tree, Wrong> {
        Ok(self.tree())
    }
}

mod byte;

use byte::Byte;
