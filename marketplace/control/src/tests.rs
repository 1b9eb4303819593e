mod chaos;
mod failures;
mod guards;
mod happy;
mod recovery;
mod rig;
mod timers;
