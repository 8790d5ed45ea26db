//! The process inside a namespace: small servers that answer with their name and the source address
//! they see, and a client. It is told what to do line by line on its standard input.

use std::io::{BufRead, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Serves until standard input ends. Called in the child process.
pub fn run() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match words.as_slice() {
            ["serve", "tcp", port, name] => serve_tcp(port, name),
            ["serve", "udp", port, name] => serve_udp(port, name),
            ["ask", "tcp", to, patience] => ask_tcp(to, millis(patience)),
            ["ask", "udp", to, patience] => ask_udp(to, millis(patience)),
            _ => format!("error not understood: {line}"),
        };
        println!("{answer}");
    }
}

fn serve_tcp(port: &str, name: &str) -> String {
    let listener = match TcpListener::bind(format!("0.0.0.0:{port}")) {
        Ok(listener) => listener,
        Err(error) => return format!("error {error}"),
    };
    let name = name.to_owned();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            if let Ok(peer) = stream.peer_addr() {
                let _ = stream.write_all(format!("{name} {}", peer.ip()).as_bytes());
            }
        }
    });
    "ok".into()
}

fn serve_udp(port: &str, name: &str) -> String {
    let socket = match UdpSocket::bind(format!("0.0.0.0:{port}")) {
        Ok(socket) => socket,
        Err(error) => return format!("error {error}"),
    };
    let name = name.to_owned();
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        loop {
            if let Ok((_, peer)) = socket.recv_from(&mut buffer) {
                let _ = socket.send_to(format!("{name} {}", peer.ip()).as_bytes(), peer);
            }
        }
    });
    "ok".into()
}

fn millis(text: &str) -> Duration {
    Duration::from_millis(text.parse().unwrap_or(1000))
}

fn ask_tcp(to: &str, patience: Duration) -> String {
    let Ok(to) = to.parse::<SocketAddr>() else { return format!("error bad address {to}") };
    let answer = TcpStream::connect_timeout(&to, patience).and_then(|mut stream| {
        stream.set_read_timeout(Some(patience))?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    });
    told(answer)
}

fn ask_udp(to: &str, patience: Duration) -> String {
    let answer = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.set_read_timeout(Some(patience))?;
        socket.connect(to)?;
        // A packet refused on its way out is told here already; what counts is what comes back.
        let _ = socket.send(b"who are you");
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer)?;
        Ok(String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned())
    });
    told(answer)
}

fn told(answer: std::io::Result<String>) -> String {
    use std::io::ErrorKind;
    match answer {
        Ok(text) => format!("answered {text}"),
        Err(error) => match error.kind() {
            ErrorKind::ConnectionRefused => "refused".into(),
            ErrorKind::TimedOut | ErrorKind::WouldBlock => "timed out".into(),
            _ => format!("error {error}"),
        },
    }
}

/// A handle to the process in a namespace.
#[derive(Debug)]
pub struct Agent {
    child: Child,
    input: ChildStdin,
    output: std::io::BufReader<ChildStdout>,
}

impl Agent {
    /// Starts this very program as an agent in `namespace`.
    pub fn start(namespace: &str) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut child = Command::new("ip")
            .args(["netns", "exec", namespace])
            .arg(program)
            .arg("agent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("ip netns exec: {error}"))?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let output = std::io::BufReader::new(child.stdout.take().ok_or("no standard output")?);
        Ok(Self { child, input, output })
    }

    /// Sends a line and waits for the answer.
    pub fn tell(&mut self, line: &str) -> String {
        let mut answer = String::new();
        let sent = writeln!(self.input, "{line}").and_then(|()| self.output.read_line(&mut answer));
        match sent {
            Ok(_) => answer.trim_end().to_owned(),
            Err(error) => format!("error {error}"),
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
