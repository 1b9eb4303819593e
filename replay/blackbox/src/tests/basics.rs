use super::*;
use crate::verify::{Policy, Status, verify};
use nooterra_engine::{Digest, Instant};

#[test]
fn a_log_is_complete_and_reads_back() {
    let bytes = sample(5, 10);
    let v = verify(bytes.as_slice(), &Policy::default());
    assert_eq!(v.status, Status::Complete, "{}", serde_json::to_string_pretty(&v).unwrap());
}
