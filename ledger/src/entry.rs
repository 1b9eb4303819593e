//! What one asks of the book: balanced entries, and what becomes of pending ones.

use crate::account::{Account, AccountKey, Side};
use nooterra_engine::Record;
use nooterra_engine::digest::sha256;
use nooterra_engine::ids::{EventId, Id, JobId, Noun};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;

/// An entry of the book, or a resolution of one.
#[derive(Debug)]
pub enum EntryNoun {}
impl Noun for EntryNoun {
    const PREFIX: &'static str = "ent";
}

/// `ent_…`: made from the event that caused the entry and the entry's place among that event's entries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub Id<EntryNoun>);

impl EntryId {
    /// The id of the `ordinal`-th entry of this event.
    pub fn of(cause: EventId, ordinal: u32) -> Self {
        let h = sha256(&[b"nooterra/id/v1", b"ent", cause.as_bytes(), &ordinal.to_be_bytes()]);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&h.0[..16]);
        Self(Id::from_bytes(bytes))
    }
    /// An id from its bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Id::from_bytes(bytes))
    }
    /// Its two halves.
    pub(crate) fn halves(&self) -> (u64, u64) {
        crate::table::halves(self.0.as_bytes())
    }
}

impl std::fmt::Display for EntryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl std::fmt::Debug for EntryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// A debit or credit of a positive amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Leg {
    /// The account.
    pub account: Account,
    /// Left or right.
    pub side: Side,
    /// Minor units, 1..=2^63-1.
    pub amount: u64,
}

impl Leg {
    /// A debit.
    pub const fn debit(account: Account, amount: u64) -> Self {
        Self { account, side: Side::Debit, amount }
    }
    /// A credit.
    pub const fn credit(account: Account, amount: u64) -> Self {
        Self { account, side: Side::Credit, amount }
    }
}

/// A balanced set of legs in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Entry {
    /// Its id: has at most one outcome, for ever.
    pub id: EntryId,
    /// The posting template's number.
    pub code: u16,
    /// The event that caused it.
    pub cause: EventId,
    /// The job whose money moves.
    pub job: Option<JobId>,
    /// Legal time; never decreases over the book.
    pub at: Instant,
    /// Currency of every leg.
    pub currency: Currency,
    /// Debits and credits of the same sum.
    pub legs: Vec<Leg>,
}

/// An entry that reserves: a hold on money until it is captured, given back, or expires.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Hold {
    /// What is reserved.
    pub entry: Entry,
    /// From this instant on what is left of it counts no longer; after the entry's own.
    pub expires: Option<Instant>,
}

/// What changes or ends a pending entry. It has an id and an outcome of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Resolution {
    /// Its id.
    pub id: EntryId,
    /// The pending entry.
    pub pending: EntryId,
    /// The posting template's number.
    pub code: u16,
    /// The event that caused it.
    pub cause: EventId,
    /// Legal time.
    pub at: Instant,
}

/// How much of a pending entry is meant: of what is left of it, or of what it reserved at first where it grows.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Portion {
    /// All of it.
    Whole,
    /// This amount, of an entry with one debit and one credit.
    Amount(u64),
    /// These amounts, leg by leg in the entry's order, zero where a leg falls away.
    Each(Legs),
}

/// Amounts leg by leg.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Legs {
    /// Minor units.
    pub amounts: Vec<u64>,
}

/// What one may ask.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Command {
    /// Moves money at once.
    PostEntry(Entry),
    /// Reserves money.
    Pend(Hold),
    /// Moves reserved money, whole or in part, and ends the hold: the rest is void.
    Post(Post),
    /// Moves a part of reserved money; the hold stays open with the rest, and ends when nothing is left of it.
    Capture(Post),
    /// Reserves more under an open hold.
    Raise(Post),
    /// Gives back what is left of reserved money.
    Void(Resolution),
    /// How low an account may go.
    Limit(SetLimit),
    /// Ends a period of a currency.
    Close(ClosePeriod),
    /// All of these, or none.
    Linked(Linked),
}

impl Command {
    /// All of these, or none. Links among them are taken apart.
    pub fn linked(commands: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for c in commands {
            match c {
                Self::Linked(l) => flat.extend(l.commands),
                c => flat.push(c),
            }
        }
        Self::Linked(Linked { commands: flat })
    }
    /// Its own id; none for a link.
    pub fn id(&self) -> Option<EntryId> {
        match self {
            Self::PostEntry(e) => Some(e.id),
            Self::Pend(h) => Some(h.entry.id),
            Self::Post(p) | Self::Capture(p) | Self::Raise(p) => Some(p.resolution.id),
            Self::Void(r) => Some(r.id),
            Self::Limit(l) => Some(l.id),
            Self::Close(c) => Some(c.id),
            Self::Linked(_) => None,
        }
    }
    /// When it takes effect; for a link, when its first part does.
    pub fn at(&self) -> Option<Instant> {
        match self {
            Self::PostEntry(e) => Some(e.at),
            Self::Pend(h) => Some(h.entry.at),
            Self::Post(p) | Self::Capture(p) | Self::Raise(p) => Some(p.resolution.at),
            Self::Void(r) => Some(r.at),
            Self::Limit(l) => Some(l.at),
            Self::Close(c) => Some(c.at),
            Self::Linked(l) => l.commands.first().and_then(Self::at),
        }
    }
    /// A number over all that it asks, but for the time: the same again, or something else under the same id?
    ///
    /// It tells mistakes apart, not forgeries, so a plain mixture will do. An id is the SHA-256 of what caused the entry and
    /// its place there, and what caused it says all that a party chose: whoever chooses other amounts chooses another id.
    /// Two commands under one id come from a program that changed or a host that errs, and those do not look for the one
    /// in 2^64 that is not noticed. And not noticed means that the first one stands, and the second moves nothing.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint_and(&mut Mixed::default())
    }
    /// The same, and the numbers of the accounts that went into it.
    #[inline]
    pub(crate) fn fingerprint_and(&self, mixed: &mut Mixed) -> u64 {
        use crate::table::{letters, mix};
        let mut entry = |seed: u64, e: &Entry| {
            let (a, b) = (e.cause.key64(), e.job.map_or(1, |j| j.key64()));
            let mut h = mix(seed ^ u64::from(e.code), a ^ b.rotate_left(17)) ^ letters(e.currency);
            for (i, l) in e.legs.iter().enumerate() {
                let account = l.account.mix();
                h ^= account;
                h = mix(h, l.amount ^ ((l.side as u64) << 63)).wrapping_add(h);
                if let Some(m) = mixed.0.get_mut(i) {
                    *m = account;
                }
            }
            h
        };
        let ending = |seed: u64, r: &Resolution| {
            let (a, b) = r.pending.halves();
            mix(mix(seed ^ u64::from(r.code), r.cause.key64()), a ^ b.rotate_left(17))
        };
        let portion = |seed: u64, p: &Post| {
            let h = ending(seed, &p.resolution);
            match &p.portion {
                Portion::Whole => h,
                Portion::Amount(v) => mix(h, *v ^ (1 << 62)),
                Portion::Each(l) => l.amounts.iter().fold(h, |h, v| mix(h, *v)),
            }
        };
        match self {
            Self::PostEntry(e) => entry(1 << 32, e),
            Self::Pend(h) => mix(entry(2 << 32, &h.entry), h.expires.map_or(u64::MAX, |at| at.0)),
            Self::Post(p) => portion(3 << 32, p),
            Self::Void(r) => ending(4 << 32, r),
            Self::Capture(p) => portion(6 << 32, p),
            Self::Raise(p) => portion(7 << 32, p),
            Self::Limit(l) => {
                let (low, high) = l.min_available.map_or((0, 1), |v| crate::table::halves(&v.to_le_bytes()));
                let account = mix(8 << 32 ^ l.key.account.mix(), letters(l.key.currency));
                mix(account, mix(low, high) ^ l.cause.key64() ^ u64::from(l.min_available.is_some()))
            }
            Self::Close(c) => mix(mix(9 << 32 ^ c.cause.key64(), letters(c.currency)), mix(c.from.0, c.to.0)),
            Self::Linked(l) => l.commands.iter().fold(5 << 32, |h, c| mix(h, c.fingerprint())),
        }
    }
}

/// The numbers of the accounts of an entry's first legs: [`Account::mix`](crate::Account).
#[derive(Debug, Default)]
pub(crate) struct Mixed(pub [u64; 4]);

/// How low an account may go: a change of the book's own rules, kept like any other fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct SetLimit {
    /// Its id.
    pub id: EntryId,
    /// Which account.
    pub key: AccountKey,
    /// Least that may be available on its normal side, reserved outflow taken off; none for no limit.
    pub min_available: Option<i128>,
    /// The event that caused it.
    pub cause: EventId,
    /// Legal time.
    pub at: Instant,
}

/// Ends a period: nothing is dated in it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct ClosePeriod {
    /// Its id.
    pub id: EntryId,
    /// Of which currency.
    pub currency: Currency,
    /// Where it begins: where the last one ended.
    pub from: Instant,
    /// First instant past it; not after `at`.
    pub to: Instant,
    /// The event that caused it.
    pub cause: EventId,
    /// Legal time.
    pub at: Instant,
}

/// A portion of a pending entry, and under which id.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Post {
    /// Which, and why.
    pub resolution: Resolution,
    /// How much of it.
    pub portion: Portion,
}

/// Commands that stand or fall together.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Linked {
    /// In order; a link holds no link.
    pub commands: Vec<Command>,
}

mod value {
    use super::{EntryId, Id};
    use nooterra_engine::record::{DecodeError, Kind, Reader, Value, Wire, Writer};

    impl Value for EntryId {
        const WIRE: Wire = Wire::Len;
        fn kind() -> Kind {
            <Id<super::EntryNoun> as Value>::kind()
        }
        fn is_default(&self) -> bool {
            false
        }
        fn absent() -> Option<Self> {
            None
        }
        fn put(&self, w: &mut Writer) {
            self.0.put(w);
        }
        #[inline]
        fn put_field(&self, tag: u32, w: &mut Writer) {
            self.0.put_field(tag, w);
        }
        fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
            Value::take(r).map(Self)
        }
    }
}
