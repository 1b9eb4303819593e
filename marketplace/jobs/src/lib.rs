//! jobs: to be built.
