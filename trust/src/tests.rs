//! Property tests of the pieces, and the published vectors in `vectors`.

mod claim_histories;
mod claims;
mod detectors;
mod dice;
mod disputes;
mod envelopes;
mod evidence;
mod incidents;
mod notes;
mod scores;
mod trees;
mod vectors;
