//! The command itself, as a process with an environment of its own.

#[cfg(test)]
mod credentials;
