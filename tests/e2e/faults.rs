//! Calls that are kept and functions that are killed; see `tests/bed/patches/faults.py`.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::bed::Bed;

/// How long a call that should come may stay away; the schedule fires once a minute.
const COMES: Duration = Duration::from_secs(200);

/// The next call of this name that says this waits, undone and unanswered, until it is released.
pub(crate) fn hold(bed: &Bed, call: &str, about: &str) {
    ask(bed, &format!("hold?call={call}&about={about}"));
}

/// Returns when the call has come.
pub(crate) fn held(bed: &Bed, call: &str) {
    ask(bed, &format!("held?call={call}"));
}

/// The call is done now, whoever sent it; what was answered.
pub(crate) fn release(bed: &Bed, call: &str) -> String {
    ask(bed, &format!("release?call={call}"))
}

/// Kills every process of a function; how many.
pub(crate) fn kill(bed: &Bed, function: &str) -> u32 {
    let killed = ask(bed, &format!("kill?function={function}"));
    killed.parse().expect("a number of processes")
}

/// Every call of a service fails, until it is mended.
pub(crate) fn fail(bed: &Bed, service: &str) {
    ask(bed, &format!("fail?service={service}"));
}

/// The service answers again.
pub(crate) fn mend(bed: &Bed, service: &str) {
    ask(bed, &format!("mend?service={service}"));
}

/// A request without a library, to a server that is known and near; the answer's body.
fn ask(bed: &Bed, what: &str) -> String {
    let host = bed.endpoint().trim_start_matches("http://");
    let mut connection = TcpStream::connect(host).expect("the bed serves");
    write!(
        connection,
        "POST /_bed/{what} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .expect("the bed serves");
    connection
        .set_read_timeout(Some(COMES))
        .expect("a duration that is not zero");
    let mut answer = String::new();
    connection
        .read_to_string(&mut answer)
        .unwrap_or_else(|why| panic!("{what} was not answered: {why}"));
    let (_, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    body.to_owned()
}
