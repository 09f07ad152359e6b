//! HTTP/1.1 on loopback, as little of it as Lambda's runtime clients and the SDKs use: a connection is kept, a thread each.

use std::{
    io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Request {
    /// A header by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The next request of a connection; nothing once it is closed.
    fn read(stream: &mut BufReader<TcpStream>) -> Result<Option<Self>, Error> {
        let mut first = String::new();
        if stream.read_line(&mut first)? == 0 {
            return Ok(None);
        }
        let mut words = first.split_whitespace();
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, path) = (word(), word());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self {
            method,
            path,
            headers,
            body: Vec::new(),
        };
        request.body = match request.header("transfer-encoding") {
            Some(_) => chunks(stream)?,
            None => body(stream, request.header("content-length"))?,
        };
        Ok(Some(request))
    }
}

fn body(stream: &mut BufReader<TcpStream>, length: Option<&str>) -> Result<Vec<u8>, Error> {
    let length = length.map_or(Ok(0), str::parse).map_err(bad)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

/// A body that says its length piece by piece.
fn chunks(stream: &mut BufReader<TcpStream>) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim_end(), 16).map_err(bad)?;
        let mut chunk = vec![0; length.saturating_add(2)];
        stream.read_exact(&mut chunk)?;
        if length == 0 {
            return Ok(body);
        }
        chunk.truncate(length);
        body.extend(chunk);
    }
}

fn bad(why: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

impl Answer {
    /// All is well, and this is the body.
    pub(crate) fn well(kind: &str, body: String) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", kind.to_owned())],
            body,
        }
    }

    /// Sends it in one piece, so that no algorithm of TCP's waits for the rest of it.
    fn write(&self, stream: &mut TcpStream) -> Result<(), Error> {
        let mut text = Vec::new();
        write!(text, "HTTP/1.1 {} -\r\n", self.status)?;
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n")?;
        }
        let length = self.body.len();
        write!(text, "content-length: {length}\r\n\r\n{}", self.body)?;
        stream.write_all(&text)
    }
}

/// Answers whatever comes to an address of its own, for as long as this process lives.
pub(crate) fn serve(
    answer: impl Fn(&Request) -> Option<Answer> + Clone + Send + 'static,
) -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            // A connection that breaks is a process that was ended.
            thread::spawn(move || drop(converse(stream, answer)));
        }
    });
    Ok(address)
}

fn converse(
    mut stream: TcpStream,
    answer: impl Fn(&Request) -> Option<Answer>,
) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = Request::read(&mut reader)? {
        let Some(answer) = answer(&request) else {
            break;
        };
        answer.write(&mut stream)?;
    }
    Ok(())
}
