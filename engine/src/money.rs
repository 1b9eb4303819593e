//! Money: integer minor units of one currency, and the only rounding there is.

use crate::record::{DecodeError, Kind, Reader, Value, Wire, Writer};
use std::fmt;
use thiserror::Error;

/// What can go wrong with an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// The result leaves the range of an amount.
    #[error("AMOUNT_OVERFLOW")]
    Overflow,
    /// Two currencies in one sum.
    #[error("CURRENCY_MISMATCH: {0} and {1}")]
    Mismatch(Currency, Currency),
    /// Not a currency of the build's table.
    #[error("unknown currency")]
    Unknown,
}

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Currencies of the build and their exponents (ISO 4217).
const TABLE: &[(&[u8; 3], u32)] = &[
    (b"AED", 2),
    (b"AUD", 2),
    (b"BHD", 3),
    (b"BRL", 2),
    (b"CAD", 2),
    (b"CHF", 2),
    (b"CNY", 2),
    (b"CZK", 2),
    (b"DKK", 2),
    (b"EUR", 2),
    (b"GBP", 2),
    (b"HKD", 2),
    (b"HUF", 2),
    (b"INR", 2),
    (b"JPY", 0),
    (b"KRW", 0),
    (b"KWD", 3),
    (b"MXN", 2),
    (b"NOK", 2),
    (b"NZD", 2),
    (b"PLN", 2),
    (b"SEK", 2),
    (b"SGD", 2),
    (b"TRY", 2),
    (b"USD", 2),
    (b"ZAR", 2),
];

impl Currency {
    /// Euro.
    pub const EUR: Self = Self(*b"EUR");
    /// US dollar.
    pub const USD: Self = Self(*b"USD");
    /// The currency with this code, if the build knows it.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        TABLE.iter().find(|(c, _)| c.as_slice() == code.as_bytes()).map(|(c, _)| Self(**c)).ok_or(MoneyError::Unknown)
    }
    /// Digits after the decimal point.
    pub fn exponent(self) -> u32 {
        TABLE.iter().find(|(c, _)| **c == self.0).map_or(2, |(_, e)| *e)
    }
    /// Its three letters, as bytes.
    #[inline]
    pub const fn bytes(self) -> [u8; 3] {
        self.0
    }
    /// Its three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Value for Currency {
    const WIRE: Wire = Wire::Len;
    fn kind() -> Kind {
        Kind::Text
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
        w.varint(3);
        w.bytes.extend_from_slice(&self.0);
    }
    #[inline]
    fn put_field(&self, tag: u32, w: &mut Writer) {
        w.few(tag, &self.0);
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let text = String::take(r)?;
        Self::parse(&text).map_err(|_| r.error(format!("`{text}` is no currency")))
    }
}

/// Minor units in a payload, at most 10^12.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(u64);

impl Value for Amount {
    const WIRE: Wire = Wire::Varint;
    fn kind() -> Kind {
        Kind::Uint
    }
    #[inline]
    fn is_default(&self) -> bool {
        self.0 == 0
    }
    fn absent() -> Option<Self> {
        Some(Self::ZERO)
    }
    #[inline]
    fn put(&self, w: &mut Writer) {
        w.varint(self.0);
    }
    fn take(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let v = r.varint()?;
        Self::new(v).map_err(|_| r.error("AMOUNT_OVERFLOW"))
    }
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// An amount of so many minor units, or the largest there is.
    pub fn saturating(minor: u64) -> Self {
        Self::new(minor).unwrap_or(Self::MAX)
    }
    /// The largest amount in a payload.
    pub const MAX: Self = Self(1_000_000_000_000);
    /// An amount, if it is in range.
    pub const fn new(minor: u64) -> Result<Self, MoneyError> {
        if minor <= Self::MAX.0 { Ok(Self(minor)) } else { Err(MoneyError::Overflow) }
    }
    /// Minor units.
    pub const fn minor(self) -> u64 {
        self.0
    }
    /// The sum, if it is in range.
    pub fn checked_add(self, o: Self) -> Result<Self, MoneyError> {
        Self::new(self.0 + o.0)
    }
    /// The difference, if it is not negative.
    pub fn checked_sub(self, o: Self) -> Result<Self, MoneyError> {
        self.0.checked_sub(o.0).map(Self).ok_or(MoneyError::Overflow)
    }
    /// The smaller.
    #[must_use]
    pub fn min(self, o: Self) -> Self {
        Ord::min(self, o)
    }
    /// `floor(self * bps / 10 000)`.
    pub fn bps(self, bps: u64) -> Result<Self, MoneyError> {
        Self::new(mul_div(self.0, bps, 10_000)?)
    }
    /// `EUR 12.50`, with the currency's digits.
    pub fn display(self, c: Currency) -> String {
        format!("{c} {}", decimal(self.0.into(), c.exponent()))
    }
}

/// Minor units as a decimal number with so many digits after the point: `-12.50`.
pub fn decimal(minor: i128, digits: u32) -> String {
    let (sign, abs, unit) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs(), 10u128.pow(digits));
    if digits == 0 { format!("{sign}{abs}") } else { format!("{sign}{}.{:0w$}", abs / unit, abs % unit, w = digits as usize) }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// `floor(a * b / c)` with a 128-bit intermediate; the result must fit an i64.
pub fn mul_div(a: u64, b: u64, c: u64) -> Result<u64, MoneyError> {
    narrow(u128::from(a) * u128::from(b), u128::from(c), 0)
}

/// `ceil(a * b / c)` with a 128-bit intermediate; the result must fit an i64.
pub fn mul_div_up(a: u64, b: u64, c: u64) -> Result<u64, MoneyError> {
    narrow(u128::from(a) * u128::from(b), u128::from(c), u128::from(c).saturating_sub(1))
}

fn narrow(product: u128, c: u128, add: u128) -> Result<u64, MoneyError> {
    let q = product.checked_add(add).and_then(|p| p.checked_div(c)).ok_or(MoneyError::Overflow)?;
    match u64::try_from(q) {
        Ok(v) if i64::try_from(v).is_ok() => Ok(v),
        _ => Err(MoneyError::Overflow),
    }
}

/// Reads `EUR 2.50`, `EUR 2.5` or `EUR 2` into minor units.
pub fn parse_money(text: &str) -> Result<(Currency, Amount), String> {
    let mut words = text.split_whitespace();
    let (Some(code), Some(number), None) = (words.next(), words.next(), words.next()) else {
        return Err(format!("`{text}` is no amount of money; write for example `EUR 2.50`"));
    };
    let currency = Currency::parse(code).map_err(|_| format!("`{code}` is no currency known here; write for example `EUR 2.50`"))?;
    let e = currency.exponent() as usize;
    let (whole, frac) = number.split_once('.').unwrap_or((number, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(frac) || frac.len() > e || (number.contains('.') && frac.is_empty()) {
        return Err(format!("`{number}` is no amount of {currency}: at most {e} digits after the point, no sign"));
    }
    let minor = format!("{whole}{frac:0<e$}").parse::<u64>().ok().and_then(|v| Amount::new(v).ok());
    minor.map(|a| (currency, a)).ok_or_else(|| format!("`{number}` is more than {}", Amount::MAX.display(currency)))
}
