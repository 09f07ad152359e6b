//! `approval`: what was answered on a link's page or in Slack has its effect, if it may.
