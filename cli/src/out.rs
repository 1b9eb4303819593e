//! Where text goes: results to the standard output, progress and errors to the standard error, colour on terminals only.
//! A reader that goes away (`| head`) is no error.

use crate::args::{Cli, Colour, Format};
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Exit codes of the program.
pub mod exit {
    /// Everything held.
    pub const PASS: u8 = 0;
    /// Usage, or an input that cannot be read.
    pub const USAGE: u8 = 2;
    /// A broken invariant.
    pub const INVARIANT: u8 = 10;
    /// Divergence.
    pub const DIVERGENCE: u8 = 12;
    /// The program broke its own oath.
    pub const PANIC: u8 = 13;
    /// Verification failed.
    pub const VERIFICATION: u8 = 16;
    /// Stopped by the user.
    pub const INTERRUPTED: u8 = 130;
}

/// Why a command ends without a result: an exit code and a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Exit code.
    pub code: u8,
    /// Complete text, without a line feed at its end.
    pub text: String,
}

impl Failure {
    /// An input that cannot be used: what is wrong, and what to do.
    pub fn usage(what: impl std::fmt::Display, remedy: &str) -> Self {
        let text = if remedy.is_empty() { format!("error: {what}") } else { format!("error: {what}\n  help: {remedy}") };
        Self { code: exit::USAGE, text }
    }
    /// A text that is complete already.
    pub fn rendered(code: u8, text: String) -> Self {
        Self { code, text: text.trim_end().to_owned() }
    }
}

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    /// For people or machines.
    pub format: Format,
    /// No progress.
    pub quiet: bool,
    colour: bool,
    colour_err: bool,
}

impl Out {
    /// As the command line and the terminal say.
    pub fn new(cli: &Cli) -> Self {
        let on = |terminal: bool| match cli.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none(),
        };
        Self { format: cli.format, quiet: cli.quiet, colour: on(io::stdout().is_terminal()), colour_err: on(io::stderr().is_terminal()) }
    }
    /// Draw a progress bar?
    pub fn progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }
    /// Colours for the standard output.
    pub fn paint(&self) -> Paint {
        Paint { on: self.colour }
    }
    /// Prints a result.
    pub fn result(&self, text: &str) -> Result<(), Failure> {
        write(&mut io::stdout().lock(), text)
    }
    /// Prints a result as JSON.
    pub fn json(&self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|e| Failure::usage(format!("the result has no JSON form: {e}"), ""))?;
        self.result(&(text + "\n"))
    }
    /// An error on the standard error.
    pub fn error(&self, text: &str) {
        let p = Paint { on: self.colour_err };
        let shown = match text.strip_prefix("error:") {
            Some(rest) => format!("{}{rest}\n", p.bad("error:")),
            None => format!("{text}\n"),
        };
        let _ = write(&mut io::stderr().lock(), &shown);
    }
}

fn write(to: &mut dyn Write, text: &str) -> Result<(), Failure> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Failure::usage(format!("the output cannot be written: {e}"), "")),
        _ => Ok(()),
    }
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    /// Use them?
    pub on: bool,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
    /// Bold.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }
    /// Grey.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }
    /// Green.
    pub fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }
    /// Red.
    pub fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }
    /// Yellow.
    pub fn warn(self, text: &str) -> String {
        self.wrap("33", text)
    }
}
