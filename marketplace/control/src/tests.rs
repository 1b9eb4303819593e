mod chaos;
mod failures;
mod guards;
mod happy;
mod rig;
mod timers;
