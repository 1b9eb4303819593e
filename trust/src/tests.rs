//! Property tests of the pieces, and the published vectors in `vectors`.

mod envelopes;
mod notes;
mod trees;
mod vectors;
