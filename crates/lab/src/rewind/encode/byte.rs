//! Is a value a byte?

use serde::ser::{Impossible, Serialize, Serializer};

use super::Wrong;

/// Takes a byte and nothing else.
pub(super) struct Byte;

macro_rules! refuse {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, _: $type) -> Result<u8, Wrong> {
            no_byte()
        })*
    };
}

fn no_byte<T>() -> Result<T, Wrong> {
    Err(Wrong(String::new()))
}

impl Serializer for Byte {
    type Ok = u8;
    type Error = Wrong;
    type SerializeSeq = Impossible<u8, Wrong>;
    type SerializeTuple = Impossible<u8, Wrong>;
    type SerializeTupleStruct = Impossible<u8, Wrong>;
    type SerializeTupleVariant = Impossible<u8, Wrong>;
    type SerializeMap = Impossible<u8, Wrong>;
    type SerializeStruct = Impossible<u8, Wrong>;
    type SerializeStructVariant = Impossible<u8, Wrong>;

    fn serialize_u8(self, byte: u8) -> Result<u8, Wrong> {
        Ok(byte)
    }

    refuse!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32, serialize_f64: f64,
        serialize_char: char, serialize_str: &str, serialize_bytes: &[u8], serialize_unit_struct: &'static str
    );

    fn serialize_none(self) -> Result<u8, Wrong> {
        no_byte()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<u8, Wrong> {
        no_byte()
    }

    fn serialize_unit(self) -> Result<u8, Wrong> {
        no_byte()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<u8, Wrong> {
        no_byte()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result<u8, Wrong> {
        no_byte()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<u8, Wrong> {
        no_byte()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Wrong> {
        no_byte()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Wrong> {
        no_byte()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Wrong> {
        no_byte()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Wrong> {
        no_byte()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Wrong> {
        no_byte()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Wrong> {
        no_byte()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Wrong> {
        no_byte()
    }
}
