//! A progress bar on the terminal: simulated time, speed, time left. Nothing at all when the output is piped or quiet.

use crate::out::Out;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nooterra_engine::Instant;
use std::time::Duration;

/// A bar over simulated time.
#[derive(Debug)]
pub struct Bar {
    bar: Option<ProgressBar>,
}

impl Bar {
    /// A bar over so much simulated time, if a person looks on.
    pub fn new(out: &Out, what: &str, total: Instant) -> Self {
        if !out.progress() {
            return Self { bar: None };
        }
        let bar = ProgressBar::with_draw_target(Some((total.0 / 1_000_000).max(1)), ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("{prefix:>9} [{bar:30}] {percent:>3}%  {wide_msg}").map(|s| s.progress_chars("=> "));
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        Self { bar: Some(bar) }
    }
    /// Renames the bar and begins anew.
    pub fn restart(&self, what: &str) {
        if let Some(b) = &self.bar {
            b.reset();
            b.set_prefix(what.to_owned());
        }
    }
    /// So far it has come. `total` may be passed: jobs that are open at the end are still finished.
    pub fn show(&self, at: Instant, total: Instant, wall: Duration, more: &str) {
        let Some(b) = &self.bar else { return };
        let (done, of) = (at.as_secs_f64(), total.as_secs_f64());
        let speed = done / wall.as_secs_f64().max(1e-3);
        b.set_position((at.0 / 1_000_000).min(total.0 / 1_000_000));
        let left = if done < of { format!("{} left", clock((of - done) / speed.max(1e-9))) } else { "finishing open jobs".into() };
        b.set_message(format!("{}  {speed:.0}x real time  {left}{more}", clock(done)));
    }
    /// Takes the bar away.
    pub fn done(&self) {
        if let Some(b) = &self.bar {
            b.finish_and_clear();
        }
    }
}

/// `m:ss` or `h:mm:ss`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped
fn clock(seconds: f64) -> String {
    let s = seconds.clamp(0.0, 360_000.0) as u64;
    if s >= 3_600 { format!("{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60) } else { format!("{}:{:02}", s / 60, s % 60) }
}
