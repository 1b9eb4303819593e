//! # dispatch: who does what, and who drives where when
//!
//! What lives here: [`assign`], which filters candidates, scores them and makes a minimum-cost assignment of jobs to
//! robots; [`traffic`], which keeps robots apart on the lanes of a site without deadlock; [`facilities`], which has
//! doors and lifts ready for what traffic releases.
//!
//! What it may not touch: clocks, chance, other domain rooms. Jobs and robots arrive as values that `assign` defines
//! itself; nothing here knows money, contracts or messages.
//!
//! How data passes through: a batch of jobs and robots goes into [`assign::assign`], pairs come out. Goals and reports
//! go into [`traffic::Traffic`], released moves come out; these go into [`facilities::Facilities`] together with door
//! and lift states, and go-aheads for robots and requests to doors and lifts come out.

pub mod assign;
pub mod explain;
pub mod facilities;
pub mod traffic;
