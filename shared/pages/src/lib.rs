//! What people see in a browser and in a report: pages of decision links, the status of a rollout, reports of how it ended.
//!
//! This crate is pure: a request and what is known of the rollout go in, a page and what was answered come out.
