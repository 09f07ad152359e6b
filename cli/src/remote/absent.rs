//! In the place of AWS where the command was built without it: rollouts cannot be asked about, only files.

use crate::{
    args::{Arguments, History},
    console::Console,
    exit::Exit,
    failure::Failure,
};

/// AWS, which is not there.
pub trait Cloud {}

/// The only one there is.
#[derive(Debug, Clone, Copy)]
pub struct Absent;

impl Cloud for Absent {}

/// What commands are run on.
pub const REAL: Absent = Absent;

/// Nothing is asked about on AWS: it is a file.
pub(crate) const fn history(
    _: &History,
    _: &Arguments,
    _: &mut Console<'_>,
    _: &impl Cloud,
) -> Option<Result<Exit, Failure>> {
    None
}
