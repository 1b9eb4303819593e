//! The `nooterra` command: reads arguments and files, calls the rooms, prints what they say. Decides nothing.

mod args;
mod commands;
mod failures;
mod files;
mod junit;
mod league;
mod out;
mod progress;
mod report;
mod stop;
mod table;

use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use nooterra_runner::with_cores;
use out::{Failure, Out, exit};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are no errors; a reader that goes away is none either.
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { exit::USAGE } else { exit::PASS });
        }
    };
    let out = Out::new(&cli);
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| dispatch(&cli, &out))) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(Failure { code, text })) => {
            out.error(&text);
            ExitCode::from(code)
        }
        Err(_) => {
            out.error("error: the program broke its own oath; the message above says which\n  help: this is a fault of the program, please report it");
            ExitCode::from(exit::PANIC)
        }
    }
}

fn dispatch(cli: &Cli, out: &Out) -> Result<u8, Failure> {
    match &cli.command {
        Command::Run(args) => with_cores(|| commands::run::run(args, out)),
        Command::Replay(args) => with_cores(|| commands::replay::replay(args, out)),
        Command::Diff(args) => commands::diff::diff(args, out),
        Command::Verify(args) => commands::verify::verify(args, out),
        Command::Ledger(args) => commands::ledger::ledger(args, out),
        Command::Explain(args) => commands::explain::explain(args, out),
        Command::Grid(args) => commands::grid::grid(args, out),
        Command::Site { command } => commands::site::site(command, out),
        Command::Scenario { command } => commands::scenario::scenario(command, out),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "nooterra", &mut script);
            out.result(&String::from_utf8_lossy(&script))?;
            Ok(exit::PASS)
        }
    }
}
