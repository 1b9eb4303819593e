//! Shapes by name, so that a difference in bytes becomes a difference in a field.

use nooterra_blackbox::words::{Gap, Manifest, Remark, Rooms, State};
use nooterra_blackbox::{Kind, LogReader, Snap};
use nooterra_engine::inspect::{Difference, first_difference};
use nooterra_engine::keyframe::Keyframe;
use nooterra_engine::record::{Message, Shape, decode};
use std::collections::BTreeMap;
use std::io::Read;

/// Types of records, and of the parts of keyframes.
#[derive(Debug, Clone)]
pub struct Shapes {
    types: BTreeMap<String, fn() -> Shape>,
    rooms: BTreeMap<String, fn() -> Shape>,
}

impl Default for Shapes {
    fn default() -> Self {
        Self { types: BTreeMap::new(), rooms: BTreeMap::new() }
            .with::<Manifest>()
            .with::<State>()
            .with::<Rooms>()
            .with::<Snap>()
            .with::<Gap>()
            .with::<Remark>()
    }
}

/// What came before a record of states and gives it its meaning: keyframes build on earlier ones, rooms are named once.
pub(crate) trait Before {
    fn rooms(&self, rooms: Rooms) -> Rooms;
    fn keyframe(&self, snap: &Snap) -> Result<Keyframe, String>;
}

impl<R: Read> Before for LogReader<R> {
    fn rooms(&self, rooms: Rooms) -> Rooms {
        self.rooms(rooms)
    }
    fn keyframe(&self, snap: &Snap) -> Result<Keyframe, String> {
        self.keyframe(snap)
    }
}

/// Nothing: the record stands alone, as what a run says does.
pub(crate) struct Alone;

impl Before for Alone {
    fn rooms(&self, rooms: Rooms) -> Rooms {
        rooms
    }
    fn keyframe(&self, snap: &Snap) -> Result<Keyframe, String> {
        snap.unpack()
    }
}

/// What two records of one tick's state have to do with each other.
pub(crate) enum Inside {
    Equal,
    Differs(String, Difference),
    /// One of them cannot be read.
    Unknown,
}

impl Shapes {
    /// Knows this type of record.
    #[must_use]
    pub fn with<M: Message>(mut self) -> Self {
        self.types.insert(M::shape().name.full(), M::shape);
        self
    }
    /// Knows what the part `room` of a keyframe is; `robots/` stands for every room that begins so.
    #[must_use]
    pub fn with_room<M: Message>(mut self, room: &str) -> Self {
        self.rooms.insert(room.to_owned(), M::shape);
        self
    }
    pub(crate) fn difference(&self, type_name: &str, left: &[u8], right: &[u8]) -> Option<Difference> {
        self.types.get(type_name).and_then(|s| first_difference(&s(), left, right))
    }
    fn room(&self, room: &str) -> Option<Shape> {
        let exact = self.rooms.get(room);
        let prefix = || self.rooms.iter().find(|(r, _)| r.ends_with('/') && room.starts_with(r.as_str())).map(|(_, s)| s);
        exact.or_else(prefix).map(|s| s())
    }
    /// The first room in which two keyframes differ, and where in it.
    fn keyframes(&self, left: &Keyframe, right: &Keyframe) -> Option<(String, Difference)> {
        for i in 0..left.parts.len().max(right.parts.len()) {
            match (left.parts.get(i), right.parts.get(i)) {
                (Some(a), Some(b)) if a == b => {}
                (Some(a), Some(b)) if a.room == b.room => {
                    let d = self.room(&a.room).and_then(|s| first_difference(&s, &a.bytes, &b.bytes));
                    return Some((a.room.clone(), d.unwrap_or_else(|| bytes_difference(&a.bytes, &b.bytes))));
                }
                (a, b) => {
                    let name =
                        |p: Option<&nooterra_engine::keyframe::Part>| p.map_or("(nothing)".to_owned(), |p| format!("room {}", p.room));
                    let room = a.or(b).map(|p| p.room.clone()).unwrap_or_default();
                    return Some((room, Difference { path: String::new(), left: name(a), right: name(b) }));
                }
            }
        }
        None
    }
    /// Holds two records of roots or keyframes against each other: by content, for how one is written down depends on
    /// what was written before it.
    pub(crate) fn inside(&self, kind: Kind, left: (&dyn Before, &[u8]), right: (&dyn Before, &[u8])) -> Inside {
        self.look_inside(kind, left, right).unwrap_or(Inside::Unknown)
    }
    fn look_inside(&self, kind: Kind, left: (&dyn Before, &[u8]), right: (&dyn Before, &[u8])) -> Option<Inside> {
        if kind == Kind::Roots {
            let (a, b): (Rooms, Rooms) = (decode(left.1).ok()?, decode(right.1).ok()?);
            let found = Self::rooms(&left.0.rooms(a), &right.0.rooms(b));
            return Some(found.map_or(Inside::Equal, |(room, d)| Inside::Differs(room, d)));
        }
        let (a, b): (Snap, Snap) = (decode(left.1).ok()?, decode(right.1).ok()?);
        if (a.tick, a.digest) == (b.tick, b.digest) {
            return Some(Inside::Equal);
        }
        let (a, b) = (left.0.keyframe(&a).ok()?, right.0.keyframe(&b).ok()?);
        self.keyframes(&a, &b).map(|(room, d)| Inside::Differs(room, d))
    }
    /// The first room in which two records of roots differ.
    fn rooms(left: &Rooms, right: &Rooms) -> Option<(String, Difference)> {
        let (room, left, right) = left.first_difference(right)?;
        let text = |d: Option<String>| d.unwrap_or_else(|| "(nothing)".to_owned());
        Some((room, Difference { path: "root".into(), left: text(left), right: text(right) }))
    }
}

fn bytes_difference(a: &[u8], b: &[u8]) -> Difference {
    let at = a.iter().zip(b).position(|(x, y)| x != y).unwrap_or(a.len().min(b.len()));
    let show = |v: &[u8]| v.get(at).map_or_else(|| format!("(ends after {} bytes)", v.len()), |x| format!("{x:02x}"));
    Difference { path: format!("byte {at}"), left: show(a), right: show(b) }
}
