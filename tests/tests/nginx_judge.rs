//! A real nginx as judge: the generated server and location table is loaded into Debian's nginx, and
//! every request must be answered as the library predicts.
//!
//! Set-up: as root on Debian the test installs `nginx-light` when there is no nginx. Without nginx it is
//! skipped with the reason; under `CI=true` that is a failure. Only the loopback interface is used.

use kubehop::ingress::{HttpRequest, Response};
use kubehop::{Cluster, Settings, Source};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[path = "nginx_judge/annotated.rs"]
mod annotated;
#[path = "nginx_judge/cases.rs"]
mod cases;

use cases::{CASES, Rule};

/// The path of nginx, installed if that is possible.
fn nginx() -> Option<PathBuf> {
    let find = || {
        let places =
            ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"];
        places.iter().map(PathBuf::from).find(|path| path.is_file())
    };
    if let Some(path) = find() {
        return Some(path);
    }
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    if root && PathBuf::from("/etc/debian_version").is_file() {
        let install = |arguments: &[&str]| {
            let _ =
                Command::new("apt-get").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        };
        install(&["update", "-q"]);
        install(&["install", "-yq", "--no-install-recommends", "nginx-light"]);
    }
    find()
}

fn manifests(rules: &[Rule]) -> String {
    let mut text = String::from(
        "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\nspec: {controller: k8s.io/ingress-nginx}\n",
    );
    let mut names: Vec<&str> = rules.iter().map(|rule| rule.ingress).collect();
    names.dedup();
    for name in names {
        let mine: Vec<&Rule> = rules.iter().filter(|rule| rule.ingress == name).collect();
        let annotations: Vec<String> = mine
            .iter()
            .flat_map(|rule| rule.annotations)
            .map(|(key, value)| format!("\"nginx.ingress.kubernetes.io/{key}\": '{value}'"))
            .collect();
        text.push_str(&format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n  annotations: {{{}}}\nspec:\n  ingressClassName: nginx\n",
            annotations.join(", ")
        ));
        let backend = |service: &str| format!("{{service: {{name: {service}, port: {{number: 80}}}}}}");
        for rule in mine.iter().filter(|rule| rule.kind == "default") {
            text.push_str(&format!("  defaultBackend: {}\n", backend(rule.service)));
        }
        let paths: Vec<&&Rule> = mine.iter().filter(|rule| rule.kind != "default").collect();
        if !paths.is_empty() {
            text.push_str("  rules:\n");
        }
        for rule in paths {
            let host = if rule.host.is_empty() { String::new() } else { format!("host: '{}', ", rule.host) };
            let kind = match rule.kind {
                "E" => "Exact",
                "P" => "Prefix",
                _ => "ImplementationSpecific",
            };
            text.push_str(&format!(
                "  - {{{host}http: {{paths: [{{path: '{}', pathType: {kind}, backend: {}}}]}}}}\n",
                rule.path,
                backend(rule.service)
            ));
        }
    }
    let mut services: Vec<&str> = rules.iter().map(|rule| rule.service).collect();
    services.sort_unstable();
    services.dedup();
    for (number, service) in services.into_iter().enumerate() {
        text.push_str(&format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {service}}}\nspec: {{ports: [{{port: 80}}]}}\n\
             ---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: {service}-1, labels: {{kubernetes.io/service-name: {service}}}}}\n\
             addressType: IPv4\nports: [{{port: 80}}]\nendpoints: [{{addresses: [10.250.0.{}]}}]\n",
            number + 1
        ));
    }
    text
}

fn cluster(rules: &[Rule]) -> Cluster {
    let mut settings = Settings::default();
    settings.ingress.assume_controller = true;
    Cluster::load([Source::new("judge.yaml", manifests(rules))], &settings)
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The generated text as a whole configuration: our ports, and a server that echoes what it sees.
fn configuration(text: &str, dir: &std::path::Path, port: u16, echo: u16) -> String {
    let text = text
        .replace("listen 80 default_server;", &format!("listen 127.0.0.1:{port} default_server;"))
        .replace("listen 80;", &format!("listen 127.0.0.1:{port};"))
        .replace(
            "proxy_pass http://upstream_balancer;",
            "proxy_set_header X-Upstream $proxy_upstream_name;\n        proxy_pass http://upstream_balancer;",
        );
    let dir = dir.display();
    format!(
        "daemon off;\nmaster_process off;\npid {dir}/nginx.pid;\nerror_log {dir}/error.log error;\n\
         events {{ worker_connections 256; }}\nhttp {{\n  access_log off;\n  server_names_hash_bucket_size 256;\n\
         client_body_temp_path {dir}/body;\n  proxy_temp_path {dir}/proxy;\n  fastcgi_temp_path {dir}/fastcgi;\n  uwsgi_temp_path {dir}/uwsgi;\n  scgi_temp_path {dir}/scgi;\n\
         upstream upstream_balancer {{ server 127.0.0.1:{echo}; }}\n\
         server {{ listen 127.0.0.1:{echo}; location / {{ return 200 \"$http_x_upstream $http_host $request_uri\"; }} }}\n{text}}}\n"
    )
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(nginx: &std::path::Path, file: &std::path::Path, dir: &std::path::Path, port: u16) -> Running {
    let child = Command::new(nginx)
        .arg("-p")
        .arg(dir)
        .arg("-c")
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if let Some(status) = running.0.try_wait().unwrap() {
            let mut said = String::new();
            let _ = running.0.stderr.take().unwrap().read_to_string(&mut said);
            panic!("nginx ended with {status}: {said}\n{}", std::fs::read_to_string(file).unwrap());
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "nginx does not listen");
        std::thread::sleep(Duration::from_millis(5));
    }
    running
}

/// A target of a case: `/x`, `OPTIONS /x`, with headers `OPTIONS /x Origin=http://a`.
fn parts(target: &str) -> (&str, &str, Vec<(&str, &str)>) {
    let mut words = target.split(' ');
    let first = words.next().unwrap_or_default();
    let (method, path) =
        if first.starts_with('/') { ("GET", first) } else { (first, words.next().unwrap_or_default()) };
    (method, path, words.filter_map(|word| word.split_once('=')).collect())
}

/// Status, Location and body of a plain HTTP/1.1 request.
fn ask(port: u16, host: &str, target: &str) -> (u16, Option<String>, String) {
    let (method, target, headers) = parts(target);
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    write!(stream, "{method} {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let location = head.lines().find_map(|line| line.strip_prefix("Location: ")).map(String::from);
    (status, location, body.trim().to_owned())
}

/// What the library predicts, in the same words as what nginx does.
fn predicted(cluster: &Cluster, host: &str, target: &str) -> String {
    let (method, path, headers) = parts(target);
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let request = HttpRequest {
        method: method.into(),
        host: Some(host.into()),
        path: path.into(),
        headers,
        client: Some("127.0.0.1".into()),
        ..HttpRequest::default()
    };
    let routing = cluster.route(&request);
    let outcome = &routing.outcomes[0];
    match &outcome.response {
        Response::Backend {} => {
            let service = &outcome.backend.as_ref().unwrap().service.name;
            let upstream = outcome.upstream.as_ref().unwrap();
            format!("default-{service}-80 {} {}", upstream.host, upstream.path)
        }
        Response::Status { code: 404, .. } => "default backend".into(),
        Response::Status { code, location } => {
            let location = location.as_deref().unwrap_or_default();
            format!("{code} {}", location.replace(".com:80", ".com"))
        }
        Response::ConnectionFailed {} => "no connection".into(),
        Response::Undetermined { missing } => format!("undetermined: {missing}"),
    }
}

fn observed(port: u16, host: &str, target: &str) -> String {
    let (status, location, body) = ask(port, host, target);
    match status {
        200 if body.starts_with("upstream-default-backend ") => "default backend".into(),
        200 if body.is_empty() => "200 ".into(),
        200 => body,
        _ => {
            let location = location.unwrap_or_default().replace(&format!(":{port}"), "");
            format!("{status} {}", location.replace(".com:80", ".com"))
        }
    }
}

#[test]
fn nginx_answers_as_predicted() {
    let Some(nginx) = nginx() else {
        let why = "there is no nginx and it could not be installed (needs root on Debian)";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
        println!("skipped: {why}");
        return;
    };
    let root = std::env::temp_dir().join(format!("kubehop-nginx-{}", std::process::id()));
    let (mut asked, mut manifests, mut refused) = (0, 0, 0);
    let mut faults = Vec::new();
    for case in CASES.iter().chain(annotated::CASES) {
        let dir = root.join(case.name);
        std::fs::create_dir_all(&dir).unwrap();
        let cluster = cluster(case.rules);
        let table = cluster.nginx_table().unwrap();
        let (port, echo) = (free_port(), free_port());
        let file = dir.join("nginx.conf");
        std::fs::write(&file, configuration(&table.text, &dir, port, echo)).unwrap();
        manifests += 1;
        if !table.rejected.is_empty() {
            let output =
                Command::new(&nginx).arg("-t").arg("-p").arg(&dir).arg("-c").arg(&file).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let agrees = !output.status.success()
                && table
                    .rejected
                    .iter()
                    .any(|message| said.contains(message.split(" in ").next().unwrap_or(message)));
            if !agrees {
                faults.push(format!(
                    "{}: predicted refusal {:?}, nginx said {said}",
                    case.name, table.rejected
                ));
            }
            refused += 1;
            continue;
        }
        let running = start(&nginx, &file, &dir, port);
        let hosts: Vec<&str> = case.hosts.to_vec();
        for host in hosts {
            for target in case.targets {
                asked += 1;
                let (wanted, got) = (predicted(&cluster, host, target), observed(port, host, target));
                if wanted != got {
                    faults.push(format!(
                        "{}: GET {host} {target}\n    predicted {wanted}\n    nginx     {got}",
                        case.name
                    ));
                }
            }
        }
        drop(running);
    }
    let _ = std::fs::remove_dir_all(&root);
    println!("{manifests} manifests, {refused} of them refused; {asked} requests compared");
    assert!(faults.is_empty(), "{} of {asked} differ:\n{}", faults.len(), faults.join("\n"));
    assert!(manifests >= 50, "only {manifests} manifests");
    assert!(asked >= 450, "only {asked} requests");
}
