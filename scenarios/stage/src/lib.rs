//! stage: to be built.
