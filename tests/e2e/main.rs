//! End to end: the stack as Terraform puts it up, the functions as Lambda runs them, on emulated AWS.

#[cfg(test)]
#[path = "../bed/mod.rs"]
mod bed;
#[cfg(test)]
mod control;
#[cfg(test)]
mod decision;
#[cfg(test)]
#[path = "../browser/driver.rs"]
#[expect(dead_code, reason = "the browser tests use all of it")]
mod driver;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod operator;
#[cfg(test)]
#[path = "../proof/report.rs"]
mod report;
#[cfg(test)]
mod rollout;
#[cfg(test)]
mod slack;
#[cfg(test)]
mod stack;
#[cfg(test)]
mod timeline;
#[cfg(test)]
mod traffic;
