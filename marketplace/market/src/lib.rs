//! market: to be built.
