//! The task runner of the workspace: `cargo xtask <command>`.
//!
//! A command is a list of steps ([`tasks`]); a step is one or more invocations of cargo ([`cargo`]); their
//! outcomes are collected and summed up by a [`report::Report`].
#![expect(clippy::print_stdout, reason = "it is a command line program")]

use std::process::ExitCode;

mod budget;
mod cargo;
mod cli;
mod counts;
mod features;
mod fuzz;
mod metadata;
mod partners;
mod report;
mod tasks;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match cli::parse(&arguments) {
        Ok(cli::Request::Help(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Ok(cli::Request::Run(command, options)) => tasks::run(&command, options),
        Err(problem) => {
            eprintln!("error: {problem}\n\n{}", cli::HELP);
            ExitCode::from(2)
        }
    }
}
