//! Pages as people meet them: headless Chromium, driven through `WebDriver`, against the real `link` behind a small server
//! that is shaped like a Function URL.
//!
//! `make browser` installs what it needs (tests/browser/install) and runs it. Pictures of the pages are left in
//! `browser/` beside the target directory's other things.

#[cfg(test)]
mod barriers;
#[cfg(test)]
mod driver;
#[cfg(test)]
mod house;
#[cfg(test)]
mod scanner;
#[cfg(test)]
mod server;
#[cfg(test)]
mod stories;
