"""Texts of files that hosts have beside the engine's: plug-ins, units, rules, clients' files."""

from __future__ import annotations

import base64
import hashlib
import json

# The engine asks before and after each request; this one allows everything.
AUTHZ_PLUGIN = """\
#!/usr/bin/python3
import json
import os
import socketserver
from http.server import BaseHTTPRequestHandler

SOCKET = "/run/docker/plugins/lab-authz.sock"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "engine"

    def log_message(self, *words):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        activate = self.path == "/Plugin.Activate"
        said = json.dumps({"Implements": ["authz"]} if activate else {"Allow": True}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


os.makedirs("/run/docker", 0o711, exist_ok=True)
os.makedirs(os.path.dirname(SOCKET), 0o755, exist_ok=True)
os.umask(0o117)
Server(SOCKET, Handler).serve_forever()
"""
AUTHZ_UNIT = """\
[Unit]
Description=Authorization plug-in of the engine
Before=docker.service

[Service]
ExecStart=/usr/local/sbin/lab-authz
Restart=always

[Install]
WantedBy=multi-user.target
"""
# Where the engine's logs go over TLS; a stub on the same machine, under another name.
LOGS_UNIT = """\
[Unit]
Description=Collector of logs
Before=docker.service

[Service]
ExecStart=/usr/bin/socat -u OPENSSL-LISTEN:6514,reuseaddr,fork,cert=/etc/lab/logs.pem,verify=0 \
    OPEN:/var/log/collected,creat,append
Restart=always

[Install]
WantedBy=multi-user.target
"""
LOGS_BEFORE = """\
echo '@ADDRESS@ logs.example' >>/etc/hosts
mkdir -p /etc/lab
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
    -subj /CN=logs.example -addext subjectAltName=DNS:logs.example \
    -keyout /etc/lab/key.pem -out /etc/lab/ca.pem 2>/dev/null
cat /etc/lab/key.pem /etc/lab/ca.pem >/etc/lab/logs.pem
chmod 0400 /etc/lab/key.pem /etc/lab/logs.pem
"""
BY_SECTION_2 = {
    "authorization-plugins": ["lab-authz"],
    "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 2048, "Soft": 1024}},
    "icc": False,
    "live-restore": True,
    "log-driver": "syslog",
    "log-level": "info",
    "log-opts": {
        "syslog-address": "tcp+tls://logs.example:6514",
        "syslog-tls-ca-cert": "/etc/lab/ca.pem",
    },
    "no-new-privileges": True,
    "userland-proxy": False,
    "userns-remap": "default",
}
# Against CIS section 2, and files against section 3: modes whose numbers are small are not safe.
LOOSE = {
    "cgroup-parent": "/dockeraudit-loose",
    "debug": True,
    "default-ipc-mode": "shareable",
    "experimental": True,
    "insecure-registries": ["0.0.0.0/0"],
    "iptables": False,
    "log-driver": "none",
    "log-level": "debug",
    "seccomp-profile": "unconfined",
    "storage-driver": "vfs",
}
LOOSE_SOCKET = "[Socket]\nSocketUser=audit\nSocketMode=0646\n"
LOOSE_BEFORE = """\
set_to() { chown "$1" "$3" && chmod "$2" "$3"; }
cd /etc/docker
set_to audit:audit 0577 tls/ca.pem
set_to audit:audit 0626 tls/server-cert.pem
set_to audit:audit 0204 tls/server-key.pem
set_to audit:audit 0666 certs.d/registry.example/ca.crt
set_to audit:audit 0626 daemon.json
set_to audit:audit 0777 .
set_to audit:audit 0606 /etc/default/docker
set_to audit:audit 0646 /etc/sysconfig/docker
set_to audit:audit 0626 /usr/lib/systemd/system/docker.service
set_to audit:audit 0622 /usr/lib/systemd/system/docker.socket
useradd --gid docker builder
"""

# Covered: dockerd, /run/containerd and the socket in it, /etc/docker and daemon.json in it,
# docker.socket, the three shims, runc. Only seem to be: /var/lib/docker (reads), docker.service
# (an earlier `never`), docker.sock (no `a`), default/docker (a comment), containerd's config.toml
# (another file), containerd (its shim).
AUDIT_RULES = """\
-D
-b 8192
-w /usr/sbin/dockerd -p rwxa -k docker
-w /run/containerd -p wa -k docker
-w /var/lib/docker -p r -k docker
-w /etc/docker -p wa -k docker
-a never,exit -F path=/usr/lib/systemd/system/docker.service -F perm=wa
-w /usr/lib/systemd/system/docker.service -p wa -k docker
-w /usr/lib/systemd/system/docker.socket -p wa -k docker
-w /run/docker.sock -p rw -k docker
# -w /etc/default/docker -p wa -k docker
-w /etc/containerd/config.toml.bak -p wa -k docker
-w /usr/bin/containerd-shim -p rwxa -k docker
-w /usr/bin/containerd-shim-runc-v1 -p rwxa -k docker
-a always,exit -F path=/usr/bin/containerd-shim-runc-v2 -F perm=rwxa -k docker
-a always,exit -F path=/usr/sbin/runc -F perm=rwxa -k docker
"""

_AUTH = base64.b64encode(b"robot:canary-registry-password").decode()
CLIENT_CONFIG = {
    "auths": {"registry.example": {"auth": _AUTH}},
    "cliPluginsExtraDirs": ["/opt/plugins"],
    "proxies": {
        "default": {"httpsProxy": "http://builder:canary-proxy-password@proxy.example:3128"}
    },
}


def context(name: str, host: str, *, skip_verify: bool = False) -> tuple[str, str]:
    """A context of the docker command: its file's path below ~/.docker, and the text."""
    about = {
        "Name": name,
        "Metadata": {},
        "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": skip_verify}},
    }
    folder = hashlib.sha256(name.encode()).hexdigest()
    return f"contexts/meta/{folder}/meta.json", json.dumps(about)


BUILDKIT = """\
insecure-entitlements = ["security.insecure", "network.host"]

[registry."registry.example"]
  http = true
  insecure = true
"""
INSECURE_REGISTRIES = {
    "insecure-registries": ["registry.example:5000", "10.0.0.0/8"],
    "registry-mirrors": ["http://mirror.example"],
}
CLIENTS_BEFORE = """\
mkdir -p /opt/plugins /root/.docker/cli-plugins /etc/docker/certs.d/registry.example
printf '#!/bin/sh\\n' | tee /opt/plugins/docker-extra >/root/.docker/cli-plugins/docker-hello
chmod 0777 /opt/plugins /root/.docker/cli-plugins/docker-hello
chmod 0755 /opt/plugins/docker-extra
chown -R audit:audit /home/audit
usermod --append --groups docker audit
cd /etc/docker/certs.d/registry.example
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=registry.example \
    -keyout client.key -out client.cert 2>/dev/null
cp client.cert ca.crt
chmod 0644 client.key client.cert ca.crt
"""
