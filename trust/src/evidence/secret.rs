//! Media, credentials and codes belong in no payload (domain 8.3): they are kept encrypted and named by hash.
//!
//! The check knows the usual forms of them. It cannot know every form; what it names it is sure of.

use crate::rejection::{Code, Rejection};

/// First bytes of media, and where they stand.
const MEDIA: [(usize, &[u8]); 10] = [
    (0, b"\xff\xd8\xff"),
    (0, b"\x89PNG\r\n\x1a\n"),
    (0, b"GIF8"),
    (0, b"BM\x00\x00"),
    (8, b"WEBP"),
    (8, b"WAVE"),
    (4, b"ftyp"),
    (0, b"OggS"),
    (0, b"ID3"),
    (0, b"\x1a\x45\xdf\xa3"),
];

/// Texts that only secrets and packed media hold; lower case, compared without case.
const TEXTS: [&str; 9] =
    ["-----begin ", "password=", "password:", "passwd=", "authorization:", "bearer ey", "data:image/", "data:audio/", "data:video/"];

/// Words that a code of digits follows.
const CODE_WORDS: [&str; 4] = ["pin", "code", "passcode", "otp"];
/// So many digits are a code.
const CODE_DIGITS: usize = 4;

/// Refuses bytes that begin like media.
pub fn check_bytes(field: &str, bytes: &[u8]) -> Result<(), Rejection> {
    let media = MEDIA.iter().any(|(at, magic)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    if media { Err(refusal(field)) } else { Ok(()) }
}

/// Refuses text that holds media, a credential or a code.
pub fn check_text(field: &str, text: &str) -> Result<(), Rejection> {
    check_bytes(field, text.as_bytes())?;
    let lower = text.to_ascii_lowercase();
    let secret = TEXTS.iter().any(|t| lower.contains(t)) || holds_code(&lower);
    if secret { Err(refusal(field)) } else { Ok(()) }
}

/// `pin 4711`, `code: 123456`: the word by itself, at most one mark and blanks, then digits and no letter.
fn holds_code(lower: &str) -> bool {
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let mut before = "";
    words.any(|w| {
        let digits = w.len() >= CODE_DIGITS && w.bytes().all(|b| b.is_ascii_digit());
        let found = digits && CODE_WORDS.contains(&before);
        before = w;
        found
    })
}

fn refusal(field: &str) -> Rejection {
    // What was found is not repeated: the rejection goes to the log.
    Rejection::new(Code::SecretInPayload).field(field)
}
