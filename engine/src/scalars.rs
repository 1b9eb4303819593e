//! Canonical bytes of the plain types: integers, floats, text, bytes, arrays, tuples.

use crate::record::{Body, DecodeError, FieldShape, Kind, Message, Name, Reader, Shape, Slot, Value, Wire, Writer};

macro_rules! uints {
    ($($t:ty),*) => {$(
        impl Value for $t {
            const WIRE: Wire = Wire::Varint;
            fn kind() -> Kind { Kind::Uint }
            #[inline]
            fn is_default(&self) -> bool { *self == 0 }
            fn absent() -> Option<Self> { Some(0) }
            #[inline]
            fn put(&self, w: &mut Writer) { w.varint(u64::from(*self)); }
            #[inline]
            fn put_field(&self, tag: u32, w: &mut Writer) { w.uint(tag, u64::from(*self)); }
            fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let v = r.varint()?;
                Self::try_from(v).map_err(|_| r.error(format!("{v} does not fit {}", stringify!($t))))
            }
        }
    )*};
}
uints!(u16, u32, u64);

impl Value for u8 {
    const WIRE: Wire = Wire::Varint;
    fn kind() -> Kind {
        Kind::Uint
    }
    #[inline]
    fn is_default(&self) -> bool {
        *self == 0
    }
    fn absent() -> Option<Self> {
        Some(0)
    }
    #[inline]
    fn put(&self, w: &mut Writer) {
        w.varint(u64::from(*self));
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let v = r.varint()?;
        Self::try_from(v).map_err(|_| r.error(format!("{v} does not fit u8")))
    }
    fn list_kind() -> Kind {
        Kind::Bytes
    }
    fn put_list<'a>(items: impl ExactSizeIterator<Item = &'a Self>, tag: u32, w: &mut Writer) {
        if items.len() > 0 {
            w.key(tag, Wire::Len);
            w.varint(items.len() as u64);
            w.bytes.extend(items);
        }
    }
    fn take_list(tag: u32, r: &mut Reader<'_>) -> Result<Vec<Self>, DecodeError> {
        if !r.enter(tag, Wire::Len)? {
            return Ok(Vec::new());
        }
        let b = take_bytes(r)?;
        if b.is_empty() {
            return Err(r.error("NOT_CANONICAL: empty bytes"));
        }
        Ok(b.to_vec())
    }
}

fn take_bytes<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
    let n = r.varint()?;
    let n = usize::try_from(n).map_err(|_| r.error("length out of range"))?;
    r.take(n)
}

macro_rules! sints {
    ($($t:ty),*) => {$(
        impl Value for $t {
            const WIRE: Wire = Wire::Varint;
            fn kind() -> Kind { Kind::Sint }
            #[inline]
            fn is_default(&self) -> bool { *self == 0 }
            fn absent() -> Option<Self> { Some(0) }
            #[inline]
            fn put(&self, w: &mut Writer) { let v = i64::from(*self); w.varint(((v << 1) ^ (v >> 63)).cast_unsigned()); }
            fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let u = r.varint()?;
                let v = (u >> 1).cast_signed() ^ -((u & 1).cast_signed());
                Self::try_from(v).map_err(|_| r.error(format!("{v} does not fit {}", stringify!($t))))
            }
        }
    )*};
}
sints!(i8, i16, i32, i64);

impl Value for bool {
    const WIRE: Wire = Wire::Varint;
    fn kind() -> Kind {
        Kind::Bool
    }
    #[inline]
    fn is_default(&self) -> bool {
        !*self
    }
    fn absent() -> Option<Self> {
        Some(false)
    }
    #[inline]
    fn put(&self, w: &mut Writer) {
        w.varint(u64::from(*self));
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match r.varint()? {
            0 => Ok(false),
            1 => Ok(true),
            n => Err(r.error(format!("{n} is neither true nor false"))),
        }
    }
}

macro_rules! floats {
    ($($t:ty, $n:literal, $wire:ident, $kind:ident);*) => {$(
        impl Value for $t {
            const WIRE: Wire = Wire::$wire;
            fn kind() -> Kind { Kind::$kind }
            #[inline]
            fn is_default(&self) -> bool { self.to_bits() == 0 }
            fn absent() -> Option<Self> { Some(0.0) }
            #[inline]
            fn put(&self, w: &mut Writer) { w.bytes.extend_from_slice(&self.to_bits().to_le_bytes()); }
            fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let mut b = [0; $n];
                b.copy_from_slice(r.take($n)?);
                Ok(Self::from_le_bytes(b))
            }
        }
    )*};
}
floats!(f32, 4, Fixed32, F32; f64, 8, Fixed64, F64);

impl Value for String {
    const WIRE: Wire = Wire::Len;
    fn kind() -> Kind {
        Kind::Text
    }
    #[inline]
    fn is_default(&self) -> bool {
        self.is_empty()
    }
    fn absent() -> Option<Self> {
        Some(Self::new())
    }
    #[inline]
    fn put(&self, w: &mut Writer) {
        w.varint(self.len() as u64);
        w.bytes.extend_from_slice(self.as_bytes());
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let b = take_bytes(r)?;
        Self::from_utf8(b.to_vec()).map_err(|_| r.error("text is not UTF-8"))
    }
}

/// Wide integers and fixed arrays are byte strings of their full width; a zero is written too, so that width is checked.
macro_rules! wide {
    ($($t:ty),*) => {$(
        impl Value for $t {
            const WIRE: Wire = Wire::Len;
            fn kind() -> Kind { Kind::Shown(|b| <[u8; 16]>::try_from(b).map_or_else(|_| "?".into(), |b| <$t>::from_le_bytes(b).to_string())) }
            #[inline]
            fn is_default(&self) -> bool { *self == 0 }
            fn absent() -> Option<Self> { Some(0) }
            #[inline]
            fn put(&self, w: &mut Writer) { w.varint(16); w.bytes.extend_from_slice(&self.to_le_bytes()); }
            fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let b = take_bytes(r)?;
                Ok(Self::from_le_bytes(b.try_into().map_err(|_| r.error("16 bytes expected"))?))
            }
        }
    )*};
}
wide!(u128, i128);

impl<V: Value + Copy, const N: usize> Value for [V; N] {
    const WIRE: Wire = Wire::Len;
    fn kind() -> Kind {
        V::list_kind()
    }
    #[inline]
    fn is_default(&self) -> bool {
        false
    }
    fn absent() -> Option<Self> {
        None
    }
    #[inline]
    fn put(&self, w: &mut Writer) {
        if V::WIRE == Wire::Len {
            w.sized(|w| self.iter().for_each(|v| v.put(w)));
            return;
        }
        // Through the list form, so that bytes stay bytes; its one-byte key is cut off again.
        let at = w.bytes.len();
        V::put_list(self.iter(), 1, w);
        w.bytes.remove(at);
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let items: Vec<V> = if matches!(V::list_kind(), Kind::Bytes) {
            let raw = take_bytes(r)?;
            let mut bytes = Vec::with_capacity(raw.len());
            for &b in raw {
                // A byte as the varint that its own `take` expects.
                let (pair, n) = if b < 0x80 { ([b, 0], 1) } else { ([b, 1], 2) };
                bytes.push(V::take(&mut Reader::new(&pair[..n]))?);
            }
            bytes
        } else {
            r.sized(|r| {
                let mut v = Vec::with_capacity(N);
                while !r.is_empty() {
                    v.push(V::take(r)?);
                }
                Ok(v)
            })?
        };
        let n = items.len();
        items.try_into().map_err(|_| r.error(format!("{N} elements expected, {n} found")))
    }
}

impl Value for () {
    const WIRE: Wire = Wire::Len;
    fn kind() -> Kind {
        Kind::Message(|| Shape { name: Name::Full("nooterra.engine.Nothing"), body: Body::Struct(Vec::new()) })
    }
    #[inline]
    fn is_default(&self) -> bool {
        true
    }
    fn absent() -> Option<Self> {
        Some(())
    }
    #[inline]
    fn put(&self, w: &mut Writer) {
        w.varint(0);
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.sized(|_| Ok(()))
    }
}

macro_rules! tuples {
    ($($name:literal: $($t:ident $f:tt $tag:literal $label:literal),*);*) => {$(
        impl<$($t: Slot + 'static),*> Message for ($($t,)*) {
            fn shape() -> Shape {
                Shape { name: Name::Full($name), body: Body::Struct(vec![$(FieldShape { tag: $tag, name: $label, kind: <$t as Slot>::kind() }),*]) }
            }
            fn put_body(&self, w: &mut Writer) { $(self.$f.put_slot($tag, w);)* }
            fn take_body(r: &mut Reader<'_>) -> Result<Self, DecodeError> { Ok(($($t::take_slot($tag, r).map_err(|e| e.within($label))?,)*)) }
        }
        impl<$($t: Slot + 'static),*> Value for ($($t,)*) {
            const WIRE: Wire = Wire::Len;
            fn kind() -> Kind { Kind::Message(<Self as Message>::shape) }
            #[inline]
            fn is_default(&self) -> bool { false }
            fn absent() -> Option<Self> { None }
            #[inline]
            fn put(&self, w: &mut Writer) { w.sized(|w| self.put_body(w)); }
            fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> { r.sized(Self::take_body) }
        }
    )*};
}
tuples!(
    "nooterra.engine.One": A 0 1 "0";
    "nooterra.engine.Pair": A 0 1 "0", B 1 2 "1";
    "nooterra.engine.Triple": A 0 1 "0", B 1 2 "1", C 2 3 "2";
    "nooterra.engine.Quadruple": A 0 1 "0", B 1 2 "1", C 2 3 "2", D 3 4 "3"
);
