//! `link`: the only function that faces the internet. It shows pages and hands on what is answered; it can change nothing.
