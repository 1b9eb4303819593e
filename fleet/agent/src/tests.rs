#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::float_cmp,
    clippy::needless_range_loop,
    clippy::manual_is_multiple_of
)]
#![allow(missing_docs)]
mod ahead;
mod asking;
mod blackbox;
mod bounds;
mod buildings;
mod camera;
mod cover;
mod driving;
mod forecast;
mod health;
mod holding;
mod jobs;
mod lift;
mod links;
mod localisation;
mod place;
mod replay;
mod rig;
mod rights;
mod skills;
mod tight;
mod transfer;
mod watch;
