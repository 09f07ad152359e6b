//! HTTP for one reader on the same machine: a request a connection, small and soon, and nothing else.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, ErrorKind, Read, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use pages::{BODY_BYTES_MAX, Reply, Request};

/// The longest head of a request.
const HEAD_BYTES_MAX: u64 = 32 * 1024;

/// How long a request may take to come, and a reply to go.
const WITHIN: Duration = Duration::from_secs(5);

/// How many connections are looked at together; a browser opens some that it does not use.
const CONNECTIONS_MAX: usize = 32;

/// Answers whatever comes to a listener, in threads of its own, for as long as the process lives.
pub(super) fn serve(
    listener: TcpListener,
    answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> io::Result<()> {
    let here = listener.local_addr()?;
    let answer = Arc::new(answer);
    let pages = thread::Builder::new().name("pages".to_owned());
    pages.spawn(move || {
        for stream in listener.incoming() {
            match stream {
                Ok(stream) if Arc::strong_count(&answer) <= CONNECTIONS_MAX => {
                    let answer = Arc::clone(&answer);
                    let page = thread::Builder::new().name("page".to_owned());
                    // Whoever hangs up, or sends nonsense, is told nothing; the next one may be a browser.
                    let _ = page.spawn(move || attend(&stream, here, &*answer));
                }
                Ok(_) => {}
                Err(error) if is_passing(error.kind()) => {}
                Err(_) => return,
            }
        }
    })?;
    Ok(())
}

/// Whether another connection may still come.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionAborted | ErrorKind::Interrupted)
}

fn attend(
    stream: &TcpStream,
    here: SocketAddr,
    answer: &dyn Fn(&Request) -> Reply,
) -> io::Result<()> {
    stream.set_write_timeout(Some(WITHIN))?;
    let reply = match read(&mut Timed::of(stream), here)? {
        Ok(request) if request.method == "HEAD" => answer(&request).without_body(),
        Ok(request) => answer(&request),
        Err(status) => Reply {
            status,
            headers: Vec::new(),
            body: String::new(),
        },
    };
    let mut stream = stream;
    stream.write_all(written(&reply).as_bytes())
}

/// Reads a request; or the status that it is refused with.
fn read(from: &mut dyn Read, here: SocketAddr) -> io::Result<Result<Request, u16>> {
    let mut reader = BufReader::new(from.take(HEAD_BYTES_MAX));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_ascii_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(Err(400));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: BTreeMap::new(),
        body: Vec::new(),
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if !line.ends_with('\n') {
            return Ok(Err(431));
        }
        if line.trim().is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Ok(Err(400));
        };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        request.headers.insert(name, value);
    }
    // A page from elsewhere whose name leads here, too, has no business here.
    let host = request.headers.get("host").map(String::as_str);
    let names = [here.to_string(), format!("localhost:{}", here.port())];
    if !names.iter().any(|name| host == Some(name)) {
        return Ok(Err(421));
    }
    if request.headers.contains_key("transfer-encoding") {
        return Ok(Err(411));
    }
    let length = request.headers.get("content-length");
    let Ok(length) = length.map_or(Ok(0), |length| length.parse::<usize>()) else {
        return Ok(Err(400));
    };
    if length > BODY_BYTES_MAX {
        return Ok(Err(413));
    }
    reader.get_mut().set_limit(BODY_BYTES_MAX as u64);
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body)?;
    Ok(Ok(request))
}

fn written(reply: &Reply) -> String {
    // A browser must not ask this address for TLS from now on.
    let headers = reply.headers.iter();
    let headers = headers.filter(|(name, _)| *name != "strict-transport-security");
    let headers: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!(
        "HTTP/1.1 {} \r\n{}content-length: {}\r\nconnection: close\r\n\r\n{}",
        reply.status,
        headers.concat(),
        reply.body.len(),
        reply.body
    )
}

/// A connection that is read until a moment, however slowly it drips.
struct Timed<'a> {
    stream: &'a TcpStream,
    until: Instant,
}

impl<'a> Timed<'a> {
    fn of(stream: &'a TcpStream) -> Self {
        let until = Instant::now() + WITHIN;
        Self { stream, until }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(request: &str, expect: &Expect) {
        let here = "127.0.0.1:4000".parse().unwrap();
        let read = read(&mut request.as_bytes(), here);
        let said = match read {
            Ok(Ok(request)) => format!(
                "{} {} {} {}",
                request.method,
                request.path,
                request.query,
                String::from_utf8(request.body).unwrap()
            ),
            Ok(Err(status)) => status.to_string(),
            Err(error) => error.to_string(),
        };
        expect.assert_eq(&said);
    }

    #[test]
    fn a_request_is_read_or_refused() {
        let host = "Host: 127.0.0.1:4000\r\n";
        check(
            &format!("GET /1?lang=ja HTTP/1.1\r\n{host}\r\n"),
            &expect!["GET /1 lang=ja "],
        );
        check(
            &format!("POST /d/x HTTP/1.1\r\n{host}content-length: 6\r\n\r\ncode=1&more"),
            &expect!["POST /d/x  code=1"],
        );
        check(
            "GET / HTTP/1.1\r\nHost: evil.example:4000\r\n\r\n",
            &expect!["421"],
        );
        check("GET / HTTP/1.1\r\n\r\n", &expect!["421"]);
        check("\r\n", &expect!["400"]);
        check(
            &format!("GET / HTTP/1.1\r\n{host}no colon\r\n\r\n"),
            &expect!["400"],
        );
        let long = "x".repeat(40_000);
        check(
            &format!("GET / HTTP/1.1\r\n{host}a: {long}\r\n\r\n"),
            &expect!["431"],
        );
        check(
            &format!("POST / HTTP/1.1\r\n{host}content-length: 70000\r\n\r\n"),
            &expect!["413"],
        );
        check(
            &format!("POST / HTTP/1.1\r\n{host}content-length: 9\r\n\r\nx"),
            &expect!["failed to fill whole buffer"],
        );
        check(
            &format!("POST / HTTP/1.1\r\n{host}transfer-encoding: chunked\r\n\r\n"),
            &expect!["411"],
        );
    }

    #[test]
    fn a_reply_asks_no_browser_for_tls() {
        let written = written(&Reply {
            status: 303,
            headers: vec![
                ("location", "/d/x".to_owned()),
                ("strict-transport-security", "max-age=1".to_owned()),
            ],
            body: "ü".to_owned(),
        });
        let expected = "HTTP/1.1 303 \r\nlocation: /d/x\r\ncontent-length: 2\r\n\
                        connection: close\r\n\r\nü";
        assert_eq!(written, expected);
    }
}
