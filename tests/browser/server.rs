//! A server that is shaped like a Function URL: it makes the event of a request, and a response of what `link` replies.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::house::{House, State, audience};

/// A server with a rollout behind it, in a thread of its own because the box is of one thread.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asks: mpsc::Sender<Ask>,
}

enum Ask {
    Connection(TcpStream),
    State(mpsc::Sender<State>),
}

impl Server {
    /// A rollout that waits for approval, in this language.
    pub(crate) fn start(locale: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asks, asked) = mpsc::channel();
        let connections = asks.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if connections.send(Ask::Connection(stream.unwrap())).is_err() {
                    return;
                }
            }
        });
        thread::spawn(move || {
            let house = House::new(locale);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            for ask in asked {
                match ask {
                    // A browser that hangs up is no failure.
                    Ask::Connection(stream) => {
                        let _gone = runtime.block_on(serve(&house, stream));
                    }
                    Ask::State(to) => to.send(house.state()).unwrap(),
                }
            }
        });
        Self { address, asks }
    }

    /// How the rollout stands, and what was handed on.
    pub(crate) fn state(&self) -> State {
        let (to, state) = mpsc::channel();
        self.asks.send(Ask::State(to)).unwrap();
        state.recv().unwrap()
    }

    /// The address of a path.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

async fn serve(house: &House, stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let Some(event) = event(&mut reader)? else {
        return Ok(());
    };
    let reply = link::handle(house, &audience(), &event).await;
    let mut stream = stream;
    stream.write_all(&response(&reply))
}

/// The event of a request; nothing if there was none.
fn event(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Value>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length");
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": { "http": { "method": method, "path": path } },
        "body": STANDARD.encode(&body),
        "isBase64Encoded": true,
    })))
}

fn response(reply: &Value) -> Vec<u8> {
    let body = reply["body"].as_str().unwrap_or_default();
    let none = Map::new();
    let headers = reply["headers"].as_object().unwrap_or(&none);
    let mut text = format!("HTTP/1.1 {} .\r\n", reply["statusCode"]);
    for (name, value) in headers {
        // Over a loopback address without TLS this would be wrong.
        if name != "strict-transport-security" {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value.as_str().unwrap_or_default());
            text.push_str("\r\n");
        }
    }
    text.push_str(&length(body));
    text.push_str(body);
    text.into_bytes()
}

fn length(body: &str) -> String {
    format!(
        "content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
}
