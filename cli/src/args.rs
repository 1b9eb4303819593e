//! The command line as types, with its help.

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use nooterra_engine::time::Span;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
    0  pass
    2  usage, or an input that cannot be read
   10  safety or an invariant broken
   11  liveness: something did not end
   12  nondeterminism or divergence
   13  panic: the program broke its own oath
   14  budget used up
   15  an expectation of the scenario not met
   16  verification failed
  130  interrupted; the log is closed properly";

const EXAMPLES: &str = "\
Examples:
  nooterra run office-deliveries
  nooterra run my.yaml --seed 42 --twice --junit result.xml
  nooterra replay runs/office-deliveries-7.mcap
  nooterra verify runs/office-deliveries-7.mcap --format json
  nooterra diff runs/a.mcap runs/b.mcap
  nooterra site show sites/hotel.building.yaml --out hotel.svg --level L2
  nooterra grid sites/grid/small-warehouse.json --steps 500";

/// Real marketplace, dispatch, ledger and trust code against a deterministic, physics-simulated robot fleet.
#[derive(Debug, Parser)]
#[command(
    name = "nooterra",
    version,
    about,
    long_about = "Runs the real marketplace, dispatch, ledger and trust code of an autonomous-work platform against a\n\
                  deterministic, physics-simulated robot fleet, and leaves a signed black box of every run that replays\n\
                  bit-exactly.",
    after_help = EXIT_CODES,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
    propagate_version = true,
    arg_required_else_help = true,
    max_term_width = 110
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to print results.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, help_heading = "Output")]
    pub format: Format,
    /// Print results only: no progress, no remarks.
    #[arg(long, short, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, help_heading = "Output")]
    pub color: Colour,
}

/// How to print results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario: simulate, judge, report, write the black box.
    #[command(after_long_help = "\
Examples:
  nooterra run office-deliveries              a scenario of the library, by name
  nooterra run path/to/my.yaml --seed 42      a file, under another seed
  nooterra run hotel-rounds --twice           run it twice and compare every bit
  nooterra run office-robot-dies --format json | jq .money

A scenario of four lines is complete: title, site, duration and seed. `nooterra scenario check FILE` says what it
becomes on its site.

Every run is judged. `--format json` names the invariants (I1 to I43) that each judge stands for; docs/invariants.md
says what they are.")]
    Run(Run),
    /// Re-execute a log and compare every fact and digest.
    #[command(after_long_help = "\
Names the first divergence: tick, room, entity, field, both values. A log of a simulated run is re-executed whole,
physics included, and must agree to the bit.

Examples:
  nooterra replay runs/office-deliveries-7.mcap
  nooterra replay runs/office-deliveries-7.mcap --from 6m --to 8m    starts at the keyframe before 6m")]
    Replay(Replay),
    /// Check integrity and signatures of a log, offline.
    #[command(after_long_help = "\
Examples:
  nooterra verify runs/office-deliveries-7.mcap
  nooterra verify copy.mcap --key 6c9f…       only a log that this recorder signed is accepted

A log that was cut off (the program was killed) is accepted up to its last checkpoint, and the verdict says so.")]
    Verify(Verify),
    /// Name the first difference of two logs.
    #[command(after_long_help = "\
Example:
  nooterra diff runs/office-deliveries-7.mcap runs/office-deliveries-8.mcap

Exit code 0: the same; 12: they differ. Logs of different program versions are not compared.")]
    Diff(Diff),
    /// Print the money of a log: trial balance, accounts, statements, one job's money.
    #[command(after_long_help = "\
The book is folded from the facts on record, which must verify; an auditor that shares no code with the book derives
everything again. Exit code 10: it found something.

Examples:
  nooterra ledger runs/office-deliveries-7.mcap                  trial balance, parties, jobs
  nooterra ledger runs/office-deliveries-7.mcap --job job_k3     a job's money from its first to its last posting
  nooterra ledger runs/office-deliveries-7.mcap --party acme     a party's statements, every entry once
  nooterra ledger runs/office-deliveries-7.mcap --export gl.csv  the general ledger, debits and credits of one sum")]
    Ledger(Ledger),
    /// Say why jobs of a log got the robots that they got: who could, what each would have cost, why this one.
    #[command(after_long_help = "\
Read from the facts on record, which must verify; nothing is decided again. A cost has no unit; lower is better.

Examples:
  nooterra explain runs/office-deliveries-7.mcap               every batch of dispatch: jobs, pairs, jobs left without a robot
  nooterra explain runs/office-deliveries-7.mcap --job 3       the third job of the run's report: every candidate, term by term
  nooterra explain runs/office-deliveries-7.mcap --job job_k3  a job by how its id begins")]
    Explain(Explain),
    /// Check or draw a site.
    Site {
        /// What to do with it.
        #[command(subcommand)]
        command: SiteCommand,
    },
    /// Run a grid problem of the League of Robot Runners.
    #[command(after_long_help = "\
Thousands of robots work off a list of tasks on a grid map: in each step a robot moves one cell ahead, turns by 90
degrees or waits. A judge that shares no code with the planner follows every step. The rules are those of 2024; what
problems of 2026 say about delays and longer actions is not used. Two runs give the same bytes, wall times aside.
Exit code 10: the judge found a collision or a task that was not done as claimed.

Examples:
  nooterra grid sites/grid/small-warehouse.json
  nooterra grid problem.json --steps 5000 --out plan.json     plan.json opens in the League's viewer, PlanViz
  nooterra grid problem.json --rounds 0 --depth 3             less thinking, for more robots
  nooterra grid problem.json --format json | jq .tasks")]
    Grid(Grid),
    /// Check scenarios, or print their JSON Schema.
    Scenario {
        /// What to do.
        #[command(subcommand)]
        command: ScenarioCommand,
    },
    /// Print completions for a shell.
    #[command(after_long_help = "Example:\n  nooterra completions bash > ~/.local/share/bash-completion/completions/nooterra")]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// A scenario of the library by name, or a scenario file.
    #[arg(value_hint = ValueHint::FilePath)]
    pub scenario: String,
    /// Seed of every random choice, instead of the scenario's.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Folder for the black box.
    #[arg(long, value_name = "DIR", default_value = "runs", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    /// Write a JUnit report.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
    /// Run twice and compare every bit.
    #[arg(long)]
    pub twice: bool,
    /// Simulated time, instead of the scenario's.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub duration: Option<Span>,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The log.
    #[arg(value_hint = ValueHint::FilePath)]
    pub log: PathBuf,
    /// Begin at the keyframe before this simulated time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Span>,
    /// End at this simulated time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Span>,
}

/// `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The log.
    #[arg(value_hint = ValueHint::FilePath)]
    pub log: PathBuf,
    /// The recorder's public key, 64 hex digits: only its logs are accepted.
    #[arg(long, value_name = "PUB", value_parser = key)]
    pub key: Option<[u8; 32]>,
}

/// `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// One log.
    #[arg(value_hint = ValueHint::FilePath)]
    pub a: PathBuf,
    /// The other.
    #[arg(value_hint = ValueHint::FilePath)]
    pub b: PathBuf,
}

/// `ledger`.
#[derive(Debug, Args)]
pub struct Ledger {
    /// The log.
    #[arg(value_hint = ValueHint::FilePath)]
    pub log: PathBuf,
    /// One job's money: its id, or how its id begins.
    #[arg(long, value_name = "ID", conflicts_with = "party")]
    pub job: Option<String>,
    /// One party's statements: its name.
    #[arg(long, value_name = "NAME")]
    pub party: Option<String>,
    /// Every account.
    #[arg(long, conflicts_with_all = ["job", "party"])]
    pub accounts: bool,
    /// Write the general ledger as CSV.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub export: Option<PathBuf>,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The log.
    #[arg(value_hint = ValueHint::FilePath)]
    pub log: PathBuf,
    /// One job: its number in the run's report, its id, or how its id begins.
    #[arg(long, value_name = "ID")]
    pub job: Option<String>,
}

/// `grid`.
#[derive(Debug, Args)]
pub struct Grid {
    /// The problem's JSON file; the files that it names lie relative to it.
    #[arg(value_hint = ValueHint::FilePath)]
    pub problem: PathBuf,
    /// Steps to run.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub steps: u32,
    /// Seed of every random choice.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Actions that each robot plans ahead: three to turn round and make way; 4 if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(3..=5))]
    pub depth: Option<u8>,
    /// Attempts to make the sum of all plans better, in percent of the robots; 100 if not given.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub rounds: Option<u32>,
    /// Write the run as the League's output file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
}

/// `site …`.
#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// Read a building or grid map and say everything that is wrong with it.
    #[command(after_long_help = "Examples:\n  nooterra site check sites/office.building.yaml\n  nooterra site check warehouse.map")]
    Check {
        /// An Open-RMF building file, or a grid map ending in `.map`.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Say what a building or grid map holds, and draw it.
    #[command(after_long_help = "\
Examples:
  nooterra site show sites/office.building.yaml
  nooterra site show sites/hotel.building.yaml --out hotel.svg
  nooterra site show sites/hotel.building.yaml --out l2.png --level L2
  nooterra site show warehouse.map --out warehouse.png")]
    Show {
        /// An Open-RMF building file, or a grid map ending in `.map`.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Draw it here; the ending says how: `.svg` or `.png`.
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: Option<PathBuf>,
        /// Only this level.
        #[arg(long, value_name = "NAME")]
        level: Option<String>,
        /// Draw where the robots of this log went, and where they ended up.
        #[arg(long, value_name = "LOG", value_hint = ValueHint::FilePath, requires = "out")]
        trails: Option<PathBuf>,
        /// Width of the drawing in pixels.
        #[arg(long, value_name = "PX", default_value_t = 1600, value_parser = clap::value_parser!(u32).range(200..=16_000))]
        width: u32,
    },
}

/// `scenario …`.
#[derive(Debug, Subcommand)]
pub enum ScenarioCommand {
    /// Hold a scenario against its site and say what it becomes.
    #[command(after_long_help = "\
Examples:
  nooterra scenario check office-deliveries
  nooterra scenario check private-area --out private-area.svg")]
    Check {
        /// A scenario of the library by name, or a scenario file.
        #[arg(value_hint = ValueHint::FilePath)]
        scenario: String,
        /// Another seed.
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// Draw the site with the scenario's areas, and robots where they start, in this file (`.svg` or `.png`).
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: Option<PathBuf>,
        /// Draw only this level.
        #[arg(long, value_name = "NAME", requires = "out")]
        level: Option<String>,
    },
    /// Print the JSON Schema of scenario files.
    #[command(after_long_help = "Example:\n  nooterra scenario schema > scenario.schema.json")]
    Schema,
    /// List the scenarios of the library.
    List,
}

fn time(text: &str) -> Result<Span, String> {
    nooterra_script::words::span(text)
}

fn key(text: &str) -> Result<[u8; 32], String> {
    let wrong = || "a key has 64 hex digits".to_owned();
    if text.len() != 64 || !text.is_ascii() {
        return Err(wrong());
    }
    let mut out = [0; 32];
    for (i, o) in out.iter_mut().enumerate() {
        *o = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
    }
    Ok(out)
}
