//! One canonical byte form per value.
//!
//! Protobuf's wire format in its strictest reading: fields in ascending tag order, each at most once, absent when
//! equal to the default, scalars of a list packed, maps as sorted entries, no unknown field, no overlong varint.
//! So a value has exactly one encoding, any protobuf reader understands it given its [`Shape`], and decoding
//! anything else is refused. Integers: `u8..u64`, `bool` and enums as `varint`; `i8..i64`, `i128` zigzag; `u128` as
//! 16 little-endian bytes; `f32`/`f64` as their bits (telemetry and keyframes only: never in a hashed fact).
//!
//! `#[derive(Record)]` implements it; [`encode`], [`decode`] are the doors; [`inspect`](crate::inspect) reads bytes
//! with a shape alone, to print a record or to name the first field in which two of them differ.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use thiserror::Error;

pub use nooterra_engine_derive::Record;

/// Why bytes are not a value of the type asked for. `path` leads to the field, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{}{what} (at byte {at})", path.join("."), if path.is_empty() { "" } else { ": " })]
pub struct DecodeError {
    /// Names of the fields around the fault.
    pub path: Vec<String>,
    /// What is wrong.
    pub what: String,
    /// Offset in the bytes given to [`decode`].
    pub at: usize,
}

impl DecodeError {
    /// An error at `at`.
    pub fn new(what: impl Into<String>, at: usize) -> Self {
        Self { path: Vec::new(), what: what.into(), at }
    }
    /// A variant number that the type does not have.
    pub fn unknown(name: Name, number: u64) -> Self {
        Self::new(format!("{} has no variant {number}", name.short()), 0)
    }
    /// The same error, seen from one field further out.
    #[must_use]
    pub fn within(mut self, field: &str) -> Self {
        self.path.insert(0, field.to_owned());
        self
    }
}

/// Wire types of protobuf that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Base-128 integer.
    Varint = 0,
    /// Eight little-endian bytes.
    Fixed64 = 1,
    /// A length, then that many bytes.
    Len = 2,
    /// Four little-endian bytes.
    Fixed32 = 5,
}

/// A type's name: in the file's schemas it becomes `nooterra.<room>.<Type>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Fully qualified as given (foreign schemas such as `foxglove.Log`).
    Full(&'static str),
    /// Module path and type.
    Local(&'static str, &'static str),
    /// Module path, enum and variant.
    Inner(&'static str, &'static str, &'static str),
}

impl Name {
    /// The name of a variant's own message.
    #[must_use]
    pub fn inner(self, variant: &'static str) -> Self {
        match self {
            Self::Local(m, t) => Self::Inner(m, t, variant),
            Self::Full(t) | Self::Inner(_, t, _) => Self::Inner("nooterra_engine", t, variant),
        }
    }
    /// `Type` or `Type.Variant`.
    pub fn short(&self) -> String {
        match self {
            Self::Full(n) => n.rsplit('.').next().unwrap_or(n).to_owned(),
            Self::Local(_, t) => (*t).to_owned(),
            Self::Inner(_, t, v) => format!("{t}.{v}"),
        }
    }
    /// Protobuf's full name, package included.
    pub fn full(&self) -> String {
        let package = |m: &str| {
            let krate = m.split("::").next().unwrap_or(m);
            format!("nooterra.{}", krate.strip_prefix("nooterra_").unwrap_or(krate))
        };
        match self {
            Self::Full(n) => (*n).to_owned(),
            Self::Local(m, t) => format!("{}.{t}", package(m)),
            Self::Inner(m, t, v) => format!("{}.{t}_{v}", package(m)),
        }
    }
}

/// What a message is made of, for readers that have only the bytes.
#[derive(Debug, Clone)]
pub struct Shape {
    /// The type.
    pub name: Name,
    /// Its fields or variants.
    pub body: Body,
}

/// The three forms a type can have.
#[derive(Debug, Clone)]
pub enum Body {
    /// All of these fields.
    Struct(Vec<FieldShape>),
    /// Exactly one of these fields.
    OneOf(Vec<FieldShape>),
    /// A number with a name.
    Enum(&'static [&'static str]),
}

/// One field of a message.
#[derive(Debug, Clone)]
pub struct FieldShape {
    /// Its number on the wire.
    pub tag: u32,
    /// Its name in the source.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// What a field holds.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Unsigned, varint.
    Uint,
    /// Signed, zigzag varint.
    Sint,
    /// True or false.
    Bool,
    /// Four bytes of float bits.
    F32,
    /// Eight bytes of float bits.
    F64,
    /// UTF-8 text.
    Text,
    /// Bytes, printed as hex.
    Bytes,
    /// Bytes that have their own way to be printed (ids, digests).
    Shown(fn(&[u8]) -> String),
    /// A varint that has its own way to be printed (instants, spans).
    ShownUint(fn(u64) -> String),
    /// A unit enum.
    Enum(fn() -> Shape),
    /// A message.
    Message(fn() -> Shape),
    /// A list: packed if the element is not length-delimited.
    List(Box<Kind>),
    /// Entries `{1: key, 2: value}` in ascending key order.
    Map(Box<Kind>, Box<Kind>),
}

impl Kind {
    /// How a single value of this kind is laid out.
    pub fn wire(&self) -> Wire {
        match self {
            Self::Uint | Self::Sint | Self::Bool | Self::Enum(_) | Self::ShownUint(_) => Wire::Varint,
            Self::F32 => Wire::Fixed32,
            Self::F64 => Wire::Fixed64,
            _ => Wire::Len,
        }
    }
}

/// Collects bytes.
#[derive(Debug, Default)]
pub struct Writer {
    /// What was written so far.
    pub bytes: Vec<u8>,
}

impl Writer {
    /// Writes a base-128 integer.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // below 0x80
    pub fn varint(&mut self, v: u64) {
        if v < 0x80 {
            self.bytes.push(v as u8);
        } else {
            self.long_varint(v);
        }
    }
    /// An integer of two bytes and more. All groups of seven bits of its lower 56 go to their bytes at once: halves,
    /// then quarters, then eighths of the word drift apart. What is too much is cut off again.
    #[allow(clippy::cast_possible_truncation)] // what is left above 56 bits is a byte
    fn long_varint(&mut self, v: u64) {
        // How many times seven bits.
        let n = (64 - (v | 1).leading_zeros()) * 9 / 64 + 1;
        let mut x = v & 0x0fff_ffff | (v & 0x00ff_ffff_f000_0000) << 4;
        x = x & 0x0000_3fff_0000_3fff | (x & 0x0fff_c000_0fff_c000) << 2;
        x = x & 0x007f_007f_007f_007f | (x & 0x3f80_3f80_3f80_3f80) << 1;
        // Every byte but the last says that one follows.
        let more = 0x8080_8080_8080_8080;
        if n <= 8 {
            let last = 8 * n.wrapping_sub(1);
            self.bytes.extend_from_slice(&(x | more & !(u64::MAX << (last & 63))).to_le_bytes());
            self.bytes.truncate(self.bytes.len().wrapping_add(n as usize).wrapping_sub(8));
            return;
        }
        self.bytes.extend_from_slice(&(x | more).to_le_bytes());
        let top = (v >> 56) as u8;
        if n == 9 { self.bytes.push(top) } else { self.bytes.extend_from_slice(&[top | 0x80, 1]) }
    }
    /// Writes a field that holds a base-128 integer: key and integer in one piece where they are short.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // below 0x80
    pub fn uint(&mut self, tag: u32, v: u64) {
        if tag < 16 && v < 0x80 {
            self.bytes.extend_from_slice(&[(tag << 3) as u8, v as u8]);
        } else {
            self.key(tag, Wire::Varint);
            self.varint(v);
        }
    }
    /// Writes a field of `N` bytes, fewer than 128: key, length and bytes in one piece.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // below 0x80
    pub fn few<const N: usize>(&mut self, tag: u32, b: &[u8; N]) {
        self.key(tag, Wire::Len);
        self.bytes.push(N as u8);
        self.bytes.extend_from_slice(b);
    }
    /// Writes a field's key.
    #[inline]
    pub fn key(&mut self, tag: u32, wire: Wire) {
        self.varint((u64::from(tag) << 3) | wire as u64);
    }
    /// Writes a length-delimited field.
    #[inline]
    pub fn nested(&mut self, tag: u32, f: impl FnOnce(&mut Self)) {
        self.key(tag, Wire::Len);
        self.sized(f);
    }
    /// Writes a length and what `f` writes.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // below 0x80
    pub fn sized(&mut self, f: impl FnOnce(&mut Self)) {
        // One byte of length fits nearly always; longer bodies are shifted once.
        let at = self.bytes.len();
        self.bytes.push(0);
        f(self);
        let len = self.bytes.len() - at - 1;
        if len < 0x80 {
            self.bytes[at] = len as u8;
        } else {
            self.make_room(at, len);
        }
    }
    fn make_room(&mut self, at: usize, len: usize) {
        let mut head = Writer::default();
        head.varint(len as u64);
        self.bytes.splice(at..=at, head.bytes);
    }
}

/// Reads bytes, strictly.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    depth: u32,
}

const MAX_DEPTH: u32 = 64;

impl<'a> Reader<'a> {
    /// A reader over the whole of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len(), depth: 0 }
    }
    /// Nothing left?
    pub fn is_empty(&self) -> bool {
        self.at >= self.end
    }
    /// An error here.
    pub fn error(&self, what: impl Into<String>) -> DecodeError {
        DecodeError::new(what, self.at)
    }
    fn byte(&mut self) -> Result<u8, DecodeError> {
        if self.is_empty() {
            return Err(self.error("ends too early"));
        }
        self.at += 1;
        Ok(self.bytes[self.at - 1])
    }
    /// Reads a base-128 integer in its shortest form.
    pub fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut v = 0u64;
        for i in 0..10 {
            let b = self.byte()?;
            if i == 9 && b > 1 {
                return Err(self.error("number over 64 bits"));
            }
            v |= u64::from(b & 0x7f) << (7 * i);
            if b & 0x80 == 0 {
                if b == 0 && i > 0 {
                    return Err(self.error("NOT_CANONICAL: overlong number"));
                }
                return Ok(v);
            }
        }
        Err(self.error("number over ten bytes"))
    }
    /// Takes `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        if n > self.end - self.at {
            return Err(self.error("ends too early"));
        }
        self.at += n;
        Ok(&self.bytes[self.at - n..self.at])
    }
    fn key_at(&self) -> Result<(u32, u8, usize), DecodeError> {
        let mut probe = Reader { bytes: self.bytes, at: self.at, end: self.end, depth: self.depth };
        let k = probe.varint()?;
        let tag = u32::try_from(k >> 3).map_err(|_| self.error("tag out of range"))?;
        Ok((tag, (k & 7) as u8, probe.at))
    }
    /// The tag of the next field.
    pub fn peek_tag(&self) -> Result<u32, DecodeError> {
        Ok(self.key_at()?.0)
    }
    /// Steps over the key of field `tag` if it is next.
    pub fn enter(&mut self, tag: u32, wire: Wire) -> Result<bool, DecodeError> {
        if self.is_empty() {
            return Ok(false);
        }
        let (t, w, at) = self.key_at()?;
        if t != tag {
            return Ok(false);
        }
        if w != wire as u8 {
            return Err(self.error(format!("field {tag} has wire type {w}, expected {}", wire as u8)));
        }
        self.at = at;
        Ok(true)
    }
    /// Reads a length, then lets `f` read exactly that much.
    pub fn sized<T>(&mut self, f: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>) -> Result<T, DecodeError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error("nested too deep"));
        }
        let n = self.varint()?;
        let n = usize::try_from(n).map_err(|_| self.error("length out of range"))?;
        if n > self.end - self.at {
            return Err(self.error("ends too early"));
        }
        let mut inner = Reader { bytes: self.bytes, at: self.at, end: self.at + n, depth: self.depth + 1 };
        let v = f(&mut inner)?;
        inner.finish()?;
        self.at += n;
        Ok(v)
    }
    /// Reads a length-delimited field that must be there.
    pub fn nested<T>(&mut self, tag: u32, f: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>) -> Result<T, DecodeError> {
        if !self.enter(tag, Wire::Len)? {
            return Err(self.error(format!("field {tag} is missing")));
        }
        self.sized(f)
    }
    /// Nothing may be left.
    pub fn finish(&self) -> Result<(), DecodeError> {
        if self.is_empty() {
            return Ok(());
        }
        match self.peek_tag() {
            Ok(t) => Err(self.error(format!("field {t} is unknown here, repeated or out of order"))),
            Err(e) => Err(e),
        }
    }
}

/// A value that fills one field.
pub trait Value: Sized {
    /// Its wire type.
    const WIRE: Wire;
    /// What it is, for readers of the bytes alone.
    fn kind() -> Kind;
    /// Left out when a field holds it?
    fn is_default(&self) -> bool;
    /// What an absent field means; `None` if the field must be there.
    fn absent() -> Option<Self>;
    /// Writes the value without its key.
    fn put(&self, w: &mut Writer);
    /// Writes the value with its key.
    #[inline]
    fn put_field(&self, tag: u32, w: &mut Writer) {
        w.key(tag, Self::WIRE);
        self.put(w);
    }
    /// Reads the value without its key.
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError>;
    /// Kind of a list of these.
    fn list_kind() -> Kind {
        Kind::List(Box::new(Self::kind()))
    }
    /// Writes a list of these as one field.
    fn put_list<'a>(items: impl ExactSizeIterator<Item = &'a Self>, tag: u32, w: &mut Writer)
    where
        Self: 'a,
    {
        if items.len() == 0 {
            return;
        }
        if Self::WIRE == Wire::Len {
            for x in items {
                x.put_field(tag, w);
            }
        } else {
            w.nested(tag, |w| items.for_each(|x| x.put(w)));
        }
    }
    /// Reads a list of these.
    fn take_list(tag: u32, r: &mut Reader<'_>) -> Result<Vec<Self>, DecodeError> {
        let mut out = Vec::new();
        if Self::WIRE == Wire::Len {
            while r.enter(tag, Wire::Len)? {
                out.push(Self::take(r).map_err(|e| e.within(&format!("[{}]", out.len())))?);
            }
        } else if r.enter(tag, Wire::Len)? {
            r.sized(|r| {
                if r.is_empty() {
                    return Err(r.error("NOT_CANONICAL: empty packed list"));
                }
                while !r.is_empty() {
                    out.push(Self::take(r)?);
                }
                Ok(())
            })?;
        }
        Ok(out)
    }
}

/// Something that can stand as a field: a [`Value`], an `Option`, a list or a map of them.
pub trait Slot: Sized {
    /// What it is.
    fn kind() -> Kind;
    /// Writes the field, or nothing.
    fn put_slot(&self, tag: u32, w: &mut Writer);
    /// Reads the field if it is next.
    fn take_slot(tag: u32, r: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// A type with a message body; `derive(Record)` implements it.
pub trait Message: Sized {
    /// Its fields.
    fn shape() -> Shape;
    /// Writes the fields.
    fn put_body(&self, w: &mut Writer);
    /// Reads the fields.
    fn take_body(r: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// The canonical bytes of a message.
pub fn encode<M: Message>(m: &M) -> Vec<u8> {
    // Most messages fit, so that memory is asked for once.
    let mut w = Writer { bytes: Vec::with_capacity(128) };
    m.put_body(&mut w);
    w.bytes
}

/// The message in these bytes, which must be its canonical form and nothing else.
pub fn decode<M: Message>(bytes: &[u8]) -> Result<M, DecodeError> {
    let mut r = Reader::new(bytes);
    let m = M::take_body(&mut r)?;
    r.finish()?;
    Ok(m)
}

/// Writes a field that is always there (the chosen variant of an enum).
#[inline]
pub fn put_one<V: Value>(v: &V, tag: u32, w: &mut Writer) {
    v.put_field(tag, w);
}

/// Reads a field that must be there.
pub fn take_one<V: Value>(tag: u32, r: &mut Reader<'_>) -> Result<V, DecodeError> {
    if !r.enter(tag, V::WIRE)? {
        return Err(r.error(format!("field {tag} is missing")));
    }
    V::take(r)
}

impl<V: Value> Slot for V {
    fn kind() -> Kind {
        V::kind()
    }
    fn put_slot(&self, tag: u32, w: &mut Writer) {
        if !self.is_default() {
            put_one(self, tag, w);
        }
    }
    fn take_slot(tag: u32, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if r.enter(tag, V::WIRE)? {
            let v = V::take(r)?;
            if v.is_default() {
                return Err(r.error(format!("NOT_CANONICAL: field {tag} holds its default")));
            }
            Ok(v)
        } else {
            V::absent().ok_or_else(|| r.error(format!("field {tag} is missing")))
        }
    }
}

impl<V: Value> Slot for Option<V> {
    fn kind() -> Kind {
        V::kind()
    }
    fn put_slot(&self, tag: u32, w: &mut Writer) {
        if let Some(v) = self {
            put_one(v, tag, w);
        }
    }
    fn take_slot(tag: u32, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if r.enter(tag, V::WIRE)? { Ok(Some(V::take(r)?)) } else { Ok(None) }
    }
}

impl<V: Value> Slot for Vec<V> {
    fn kind() -> Kind {
        V::list_kind()
    }
    fn put_slot(&self, tag: u32, w: &mut Writer) {
        V::put_list(self.iter(), tag, w);
    }
    fn take_slot(tag: u32, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        V::take_list(tag, r)
    }
}

impl<V: Value> Slot for VecDeque<V> {
    fn kind() -> Kind {
        V::list_kind()
    }
    fn put_slot(&self, tag: u32, w: &mut Writer) {
        V::put_list(self.iter(), tag, w);
    }
    fn take_slot(tag: u32, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(V::take_list(tag, r)?.into())
    }
}

impl<V: Value + Ord> Slot for BTreeSet<V> {
    fn kind() -> Kind {
        V::list_kind()
    }
    fn put_slot(&self, tag: u32, w: &mut Writer) {
        V::put_list(self.iter(), tag, w);
    }
    fn take_slot(tag: u32, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let items = V::take_list(tag, r)?;
        if items.windows(2).any(|p| p[0] >= p[1]) {
            return Err(r.error("NOT_CANONICAL: set is not in ascending order"));
        }
        Ok(items.into_iter().collect())
    }
}

impl<K: Slot + Ord, V: Slot> Slot for BTreeMap<K, V> {
    fn kind() -> Kind {
        Kind::Map(Box::new(K::kind()), Box::new(V::kind()))
    }
    fn put_slot(&self, tag: u32, w: &mut Writer) {
        for (k, v) in self {
            w.nested(tag, |w| {
                k.put_slot(1, w);
                v.put_slot(2, w);
            });
        }
    }
    fn take_slot(tag: u32, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut out = Self::new();
        while r.enter(tag, Wire::Len)? {
            let (k, v) = r.sized(|r| Ok((K::take_slot(1, r)?, V::take_slot(2, r)?)))?;
            if out.last_key_value().is_some_and(|(last, _)| *last >= k) {
                return Err(r.error("NOT_CANONICAL: map keys are not in ascending order"));
            }
            out.insert(k, v);
        }
        Ok(out)
    }
}

impl<V: Value> Value for Box<V> {
    const WIRE: Wire = V::WIRE;
    fn kind() -> Kind {
        V::kind()
    }
    fn is_default(&self) -> bool {
        V::is_default(self)
    }
    fn absent() -> Option<Self> {
        V::absent().map(Box::new)
    }
    fn put(&self, w: &mut Writer) {
        V::put(self, w);
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self::new(V::take(r)?))
    }
}

/// Lets a message stand in a field. Called by `derive(Record)`.
#[macro_export]
macro_rules! message_value {
    ([$($ig:tt)*] $ident:ident [$($wc:tt)*]) => { $crate::message_value!(@ [$($ig)*] [$ident] [$($wc)*]); };
    ([$($ig:tt)*] $ident:ident < $($tg:ident),* $(,)? > [$($wc:tt)*]) => { $crate::message_value!(@ [$($ig)*] [$ident<$($tg),*>] [$($wc)*]); };
    (@ [$($ig:tt)*] [$ty:ty] [$($wc:tt)*]) => {
        #[automatically_derived]
        impl $($ig)* $crate::record::Value for $ty $($wc)* {
            const WIRE: $crate::record::Wire = $crate::record::Wire::Len;
            fn kind() -> $crate::record::Kind { $crate::record::Kind::Message(<Self as $crate::record::Message>::shape) }
            fn is_default(&self) -> bool { false }
            fn absent() -> ::core::option::Option<Self> { ::core::option::Option::None }
            #[inline]
            fn put(&self, w: &mut $crate::record::Writer) { w.sized(|w| $crate::record::Message::put_body(self, w)); }
            fn take(r: &mut $crate::record::Reader<'_>) -> ::core::result::Result<Self, $crate::record::DecodeError> {
                r.sized(<Self as $crate::record::Message>::take_body)
            }
        }
    };
}
