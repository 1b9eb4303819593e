//! # dispatch: who does what, and who drives where when
//!
//! What lives here, in reading order:
//!
//! | module | is for | domain |
//! |---|---|---|
//! | [`verdicts`] | the rules of the candidate filter that need facts beyond a batch | 5.1 |
//! | [`assign`] | a batch: filter, cost, minimum-cost assignment of jobs to robots | 5.1, 5.2 |
//! | [`explain`] | why a job got its robot, in values and in words | 5.1, 5.2 |
//! | [`check`] | an independent judge of what a batch decided | 5, I12 |
//! | [`triggers`] | what makes dispatch think again, and what it then does | 5.6 |
//! | [`charging`] | what idle robots do: charge, move toward demand | 5.6 |
//! | [`traffic`] | keeps robots apart on the lanes of a site without deadlock | |
//! | [`facilities`] | has doors and lifts ready for what traffic releases | |
//! | [`grid`] | plans, tasks and a judge for thousands of robots on a grid map | |
//!
//! What it may not touch: clocks, chance (but for ties on a [`grid`], keyed), other domain rooms. Jobs and robots arrive as values that this room defines
//! itself; nothing here knows contracts, ledgers or messages.
//!
//! How data passes through: whoever fills a batch asks [`verdicts::bars`] for each pair and says when each robot is taken. A
//! batch of jobs and robots goes into [`assign::assign`], pairs come out; [`explain::explain`] and
//! [`check::check`] read both. Pairs become leases elsewhere; what goes wrong with them goes into
//! [`triggers::actions`]. Goals and reports go into [`traffic::Traffic`], released moves come out; these go into
//! [`facilities::Facilities`] together with door and lift states, and go-aheads for robots and requests to doors and
//! lifts come out.

pub mod assign;
pub mod charging;
pub mod check;
pub mod explain;
pub mod facilities;
pub mod grid;
pub mod traffic;
pub mod triggers;
pub mod verdicts;
