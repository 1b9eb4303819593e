//! site: to be built.
