//! The `tidegate` command.

use std::{
    env,
    io::{self, IsTerminal as _},
    process::ExitCode,
};

use cli::console::{Console, Device, Randomness, Surroundings};

fn main() -> ExitCode {
    let surroundings = Surroundings {
        stdin: Device::of(io::stdin().is_terminal()),
        stdout: Device::of(io::stdout().is_terminal()),
        stderr: Device::of(io::stderr().is_terminal()),
        no_color: env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        dumb: env::var_os("TERM").is_none_or(|value| value == "dumb"),
        now: cli::now(),
        temporary: env::temp_dir(),
        random: Randomness::Machine,
    };
    let mut input = io::stdin();
    let mut out = io::stdout().lock();
    let mut err = io::stderr().lock();
    let mut console = Console::new(&mut input, &mut out, &mut err, surroundings);
    cli::run(env::args_os(), &mut console).into()
}
