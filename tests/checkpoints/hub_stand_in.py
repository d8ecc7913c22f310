"""A local stand-in for the Hub's HTTP interface: listing, HEAD, GET with Range, gated and unknown repositories.

It can break connections at chosen bytes and keeps a record of every request, so that a test can say what was asked for.
"""

import hashlib
import json
import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class HubStandIn:
    """Serves ``repositories`` (id -> file name -> bytes) at ``endpoint`` while used as a context manager."""

    repositories: dict[str, dict[str, bytes]]
    gated: set[str] = field(default_factory=set)
    breaks: dict[str, list[int]] = field(default_factory=dict)  # file -> where each next GET's answer ends too early
    reset: bool = False  # break with a TCP reset instead of an orderly close
    ranges: bool = True  # False: answer every GET with the whole file
    failing: dict[str, list[int]] = field(default_factory=dict)  # file -> statuses to answer the next GETs with
    siblings: bool = True  # False: name the files only in the tree, not with the repository
    captive: bool = False  # answer everything with a log-in page
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)  # method, path, Range

    def __enter__(self) -> "HubStandIn":
        hub = self

        class Handler(_Handler):
            stand_in = hub

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def downloads(self, name: str | None = None) -> list[str | None] | list[str]:
        """The Range of each GET of file ``name``, in order; without a name, the files that were asked for."""
        files = [
            (path.split(f"/resolve/{COMMIT}/")[1], r)
            for m, path, r in self.requests
            if m == "GET" and "/resolve/" in path
        ]
        return [r for file, r in files if file == name] if name else [file for file, _ in files]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: HubStandIn

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        path = self.path.split("?")[0]
        self.stand_in.requests.append((self.command, path, self.headers.get("Range")))
        if self.stand_in.captive:
            return self.send(200, b"<html>Please log in to the airport's wireless network</html>", body)
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?", path):
            return self.listing(match[1], match[2] or "main", body)
        if match := re.fullmatch(rf"/api/models/([^/]+/[^/]+)/tree/(?:main|{COMMIT})", path):
            files = self.stand_in.repositories[match[1]].items()
            tree = [{"type": "file", "path": name, "size": len(data), "oid": "0" * 40} for name, data in files]
            return self.send(200, json.dumps(tree).encode(), body)
        if match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self.file(match[1], match[2], match[3], body)
        return self.send(404, b"", body)

    def listing(self, repository: str, revision: str, body: bool) -> None:
        files = self.stand_in.repositories.get(repository)
        if files is None:
            return self.send(401, b'{"error":"Repository not found"}', body, {"X-Error-Code": "RepoNotFound"})
        if revision not in ("main", COMMIT):
            return self.send(404, b"{}", body, {"X-Error-Code": "RevisionNotFound"})
        siblings = [{"rfilename": name} for name in files if self.stand_in.siblings]
        return self.send(200, json.dumps({"id": repository, "sha": COMMIT, "siblings": siblings}).encode(), body)

    def file(self, repository: str, revision: str, name: str, body: bool) -> None:
        files = self.stand_in.repositories.get(repository)
        if files is None:
            return self.send(401, b"", body, {"X-Error-Code": "RepoNotFound"})
        if repository in self.stand_in.gated:
            return self.send(401, b"Access to this model is restricted", body, {"X-Error-Code": "GatedRepo"})
        if name not in files or revision not in ("main", COMMIT):
            return self.send(404, b"", body, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        if body and self.stand_in.failing.get(name):
            return self.send(self.stand_in.failing[name].pop(0), b"", body)
        content = files[name]
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Repo-Commit": COMMIT,
            "Accept-Ranges": "bytes",
        }
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and self.stand_in.ranges else 0
        if start and start >= len(content):
            return self.send(416, b"", body)
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        end = self.stand_in.breaks[name].pop(0) if body and self.stand_in.breaks.get(name) else len(content)
        return self.send(206 if start else 200, content[start:], body, headers, content[start:end])

    def send(
        self, status: int, content: bytes, body: bool, headers: dict[str, str] | None = None, sent: bytes | None = None
    ) -> None:
        """Announce ``content``; with ``sent`` deliver only that much of it and break the connection."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not body:
            return
        sent = content if sent is None else sent
        try:
            self.wfile.write(sent)
        except OSError:  # a client that cancels hangs up
            self.close_connection = True
            return
        if len(sent) < len(content):
            self.close_connection = True
            if self.stand_in.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
