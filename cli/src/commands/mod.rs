//! One file per command.

pub mod diff;
pub mod explain;
pub mod grid;
pub mod ledger;
pub mod replay;
pub mod run;
pub mod scenario;
pub mod site;
pub mod verify;
