"""Client of Berth, which lends Linux containers over SSH for a limited time.

One file, standard library only, Python 3.9 or newer. Copy it beside your program.

    from berth import Berth

    with Berth("https://berth.example.org", token="berth_...").reserve(duration="30m") as machine:
        print(machine.run("uname -a").stdout)

The containers are released at the end of the block, also after an exception.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse, IncompleteRead
from types import TracebackType
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Type, TypeVar, Union

__all__ = [
    "ApiError",
    "Berth",
    "BerthError",
    "Container",
    "Event",
    "NotReserved",
    "Pool",
    "Reservation",
    "Unreachable",
    "WaitTimeout",
]

Json = Dict[str, Any]
_T = TypeVar("_T", "Container", "Event", "Pool")

DEFAULT_URL = "http://localhost:8080"
#: The manager answers `?wait=` after at most 60 seconds.
LONG_POLL_S = 30
#: The manager sends a heartbeat every 10 seconds. A stream that is silent for this long is broken.
MAX_SILENCE_S = 45
#: Pauses between attempts to reconnect a stream; the last one repeats.
RECONNECT_PAUSES_S = (0.5, 1, 2, 5)
#: Maximum size of a response. Responses of a manager are far smaller.
MAX_RESPONSE_BYTES = 32 * 1024**2
#: Pause before a request is repeated if the answer asks for that without a number of seconds.
DEFAULT_RETRY_AFTER_S = 2.0
#: What a proxy answers when the manager behind it does not.
PROXY_STATUSES = (502, 503, 504)


class BerthError(Exception):
    """Base of all errors of this module."""


class Unreachable(BerthError):
    """The manager does not answer."""


class NotReserved(BerthError):
    """The reservation ended before it was active, for example because its wait timed out in the queue.

    `outcome` is "failed", "cancelled", "abandoned", "released" or "expired".
    """

    def __init__(self, reservation: Reservation) -> None:
        super().__init__(f"not reserved: {reservation.reason or f'it was {reservation.outcome}'}")
        self.reservation = reservation
        self.outcome = reservation.outcome


class WaitTimeout(BerthError, TimeoutError):
    """The reservation was not active in time. It still exists."""


class ApiError(BerthError):
    """The manager refused the request, or something that is not a manager answered.

    `code` is stable and listed in docs/api.md. It is "unreachable" if a proxy answered in the place of the manager (502,
    503, 504), and "not_berth" if the answer was none of Berth's in another way. `errors` has every
    violation of an invalid request, as {"path": ..., "message": ...}. `request_id` is what the manager's log calls the
    request, or None. `retry_after` is the number of seconds after which to repeat the request, or None.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[Mapping[str, str]] = (),
        request_id: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(f"{detail} ({status} {code})")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.request_id = request_id
        self.retry_after = retry_after


@dataclass(frozen=True)
class Container:
    """A container of a reservation: where to log in, and which host key it has."""

    name: str
    host: str
    port: int
    #: Fingerprint, as ssh shows it.
    host_key: Optional[str] = None
    #: Line of known_hosts that accepts this host key only; None while it is not known.
    known_hosts: Optional[str] = None
    #: Counts the containers that have had this name.
    generation: int = 1
    #: False while the container is being replaced.
    ready: bool = True
    raw: Json = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Pool:
    """A set of equal containers. `raw` has all fields of the API."""

    name: str
    size: int
    image: str
    #: Number of containers by state, such as {"ready": 7, "reserved": 3}.
    containers: Mapping[str, int] = field(default_factory=dict)
    #: Number of reservations in the queue.
    waiting: int = 0
    #: Why the pool cannot lend any container, or None.
    problem: Optional[str] = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Event:
    """A change of a state: who caused it, what, and when."""

    id: int
    at: str
    kind: str
    by: str
    pool: Optional[str] = None
    container: Optional[str] = None
    generation: Optional[int] = None
    reservation: Optional[str] = None
    owner: Optional[str] = None
    username: Optional[str] = None
    detail: Optional[str] = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)


class Berth:
    """A manager. Without arguments: BERTH_URL, else http://localhost:8080, and BERTH_TOKEN.

    `timeout` bounds each wait for the network, in seconds. A request that the manager asks to repeat (429 and 503 with
    Retry-After), or whose answer was lost, is repeated for at most `retry_for` seconds, if that is safe.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        timeout: float = 30,
        retry_for: float = 30,
    ) -> None:
        self.url = (url or os.environ.get("BERTH_URL") or DEFAULT_URL).rstrip("/")
        parts = urllib.parse.urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f'the URL of the manager must begin with http:// or https://, got "{self.url}"')
        self._token = token if token is not None else os.environ.get("BERTH_TOKEN")
        if self._token is not None and not (self._token.isascii() and self._token.isprintable()):
            # Without the token: an error ends up in logs.
            raise ValueError("the token must consist of printable ASCII characters, without line breaks")
        self.timeout = timeout
        self.retry_for = retry_for
        self._opener = urllib.request.build_opener(_NoRedirects)

    def __repr__(self) -> str:
        return f"Berth({self.url!r})"

    def reserve(
        self,
        *,
        pool: Optional[str] = None,
        count: Optional[int] = None,
        duration: Optional[str] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
        password_style: Optional[str] = None,
        ssh_keys: Optional[Sequence[str]] = None,
        identity: Optional[str] = None,
        wait: Optional[str] = None,
        keepalive: Optional[str] = None,
        note: Optional[str] = None,
        name: Optional[str] = None,
        idempotency_key: Optional[str] = None,
        block: bool = True,
    ) -> Reservation:
        """Reserves containers. Returns when the account works in each of them.

        The fields are those of `POST /v1/reservations`. `wait="10m"` queues when too few containers are free;
        `keepalive="5m"` ends the reservation if no `keepalive()` follows for that long. With `block=False`, the
        reservation may still wait in the queue: see `Reservation.wait`.

        `identity` is the file of a private key, with which `Reservation.run` logs in; the public key in IDENTITY.pub is
        sent. Without `identity`, `ssh_keys` and `password`, a key is made with ssh-keygen and removed with the
        reservation; on a machine without ssh-keygen, the manager generates a password (`Reservation.password`).

        Each call has an idempotency key of its own, so that a request whose answer was lost can be repeated. With your
        own `idempotency_key`, another process can repeat it, too; no key is made then.
        """
        folder: Optional[tempfile.TemporaryDirectory[str]] = None
        keys = list(ssh_keys or [])
        if identity is None and not keys and password is None and idempotency_key is None:
            folder, identity = _own_key()
        elif identity is not None:
            identity = os.path.expanduser(identity)
        if identity is not None:
            with open(f"{identity}.pub", encoding="utf-8") as file:
                keys.append(file.read().strip())
        body: Json = {
            "pool": pool,
            "count": count,
            "duration": duration,
            "username": username,
            "password": password,
            "password_style": password_style,
            "ssh_keys": keys or None,
            "wait": wait,
            "keepalive": keepalive,
            "note": note,
            "name": name,
        }
        try:
            reserved = self.request(
                "POST",
                "/v1/reservations",
                {key: value for key, value in body.items() if value is not None},
                headers={"Idempotency-Key": idempotency_key or str(uuid.uuid4())},
                repeatable=True,
            )
        except BaseException:
            if folder is not None:
                folder.cleanup()
            raise
        reservation = Reservation(self, reserved, identity=identity, folder=folder)
        if block:
            try:
                reservation.wait()
            except BaseException:
                # Interrupted, or the manager does not answer: the reservation must not stay behind.
                reservation._release_quietly()
                raise
        return reservation

    def get(self, id: str) -> Reservation:
        """Returns the reservation with this id."""
        return Reservation(self, self.request("GET", f"/v1/reservations/{_segment(id)}"))

    def reservations(self, **filters: Union[str, int]) -> Iterator[Reservation]:
        """Returns your reservations, newest first, also ended ones. Filters: state, pool, username, owner."""
        query: Dict[str, Union[str, int]] = dict(filters)
        while True:
            page = self.request("GET", "/v1/reservations", query=query)
            for each in page["reservations"]:
                yield Reservation(self, each)
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def pools(self) -> List[Pool]:
        """Returns the pools, in the order of berth.yml: the first one is the default."""
        return [_parse(Pool, each) for each in self.request("GET", "/v1/pools")["pools"]]

    def known_hosts(self) -> str:
        """Returns the host keys of all your containers as the content of a known_hosts file."""
        return self.request_text("/v1/known_hosts")

    def events(
        self,
        *,
        after: Optional[int] = None,
        kind: Optional[str] = None,
        pool: Optional[str] = None,
        container: Optional[str] = None,
        reservation: Optional[str] = None,
    ) -> Iterator[Event]:
        """Yields each event once, oldest first, as they happen; never ends by itself.

        Starts after the event with the id `after`: 0 starts with the oldest event, None with the next new one. The
        first connection must succeed; after that, a broken connection is made again, and continues after the last
        event. Raises `ApiError` if the manager refuses the request.
        """
        last = after
        if last is None:
            latest = self.request("GET", "/v1/events", query={"tail": 1})["events"]
            last = latest[-1]["id"] if latest else 0
        filters = {"kind": kind, "pool": pool, "container": container, "reservation": reservation}
        query = {key: value for key, value in filters.items() if value is not None}
        connected = False
        failures = 0
        while True:
            headers = {"Accept": "text/event-stream", "Last-Event-ID": str(last)}
            try:
                with self._connect("GET", "/v1/events", None, query, headers, MAX_SILENCE_S) as response:
                    connected = True
                    for data in _server_sent_events(response):
                        failures = 0
                        event = _parse(Event, data)
                        last = event.id
                        yield event
            except ApiError as error:
                if not connected or (error.status < 500 and error.status != 429):
                    raise
            except (HTTPException, OSError) as error:
                if not connected:
                    raise _unreachable(self.url, error) from error
            time.sleep(RECONNECT_PAUSES_S[min(failures, len(RECONNECT_PAUSES_S) - 1)])
            failures += 1

    def request(
        self,
        method: str,
        path: str,
        body: Optional[Mapping[str, Any]] = None,
        query: Optional[Mapping[str, Union[str, int]]] = None,
        headers: Optional[Mapping[str, str]] = None,
        *,
        repeatable: bool = False,
        timeout: Optional[float] = None,
    ) -> Json:
        """Sends any request of the API whose answer is JSON, and returns that answer. For others, see `request_text`.

        `repeatable` says that the request may be sent again when its answer was lost. GET and DELETE always may.
        """
        safe = repeatable or method in ("GET", "DELETE")
        status, content = self._send(method, path, body, query, headers, repeatable=safe, timeout=timeout)
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise _not_berth(status)
        return answer

    def request_text(self, path: str, query: Optional[Mapping[str, Union[str, int]]] = None) -> str:
        """Sends a GET whose answer is text, such as the CSV of `/v1/usage`, and returns that text."""
        _, content = self._send("GET", path, query=query, repeatable=True)
        return content.decode()

    def _send(
        self,
        method: str,
        path: str,
        body: Optional[Mapping[str, Any]] = None,
        query: Optional[Mapping[str, Union[str, int]]] = None,
        headers: Optional[Mapping[str, str]] = None,
        *,
        repeatable: bool,
        timeout: Optional[float] = None,
    ) -> Tuple[int, bytes]:
        """Sends a request, and repeats it if that is safe and may help. Returns status and body of the answer."""
        if not path.startswith("/"):
            raise ValueError(f'path must begin with "/", such as "/v1/me", got "{path}"')
        deadline = time.monotonic() + self.retry_for
        failures = 0
        while True:
            try:
                with self._connect(method, path, body, query, headers, timeout or self.timeout) as response:
                    return response.status, _read(response)
            except ApiError as error:
                # A proxy does not say whether the manager has carried out the request.
                is_proxy = error.code == "unreachable"
                pause = error.retry_after or (_backoff(failures) if is_proxy else None)
                may_repeat = repeatable or error.code not in ("not_berth", "unreachable")
                if pause is None or not may_repeat or time.monotonic() + pause > deadline:
                    raise
            except (HTTPException, OSError) as error:
                pause = _backoff(failures)
                if not repeatable or _is_permanent(error) or time.monotonic() + pause > deadline:
                    raise _unreachable(self.url, error) from error
            failures += 1
            time.sleep(pause)

    def _connect(
        self,
        method: str,
        path: str,
        body: Optional[Mapping[str, Any]],
        query: Optional[Mapping[str, Union[str, int]]],
        headers: Optional[Mapping[str, str]],
        timeout: float,
    ) -> HTTPResponse:
        """Sends a request once. Returns the response, whose body is not read yet. Raises `ApiError` for a refusal."""
        url = self.url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        for key, value in (headers or {}).items():
            request.add_header(key, value)
        try:
            response: HTTPResponse = self._opener.open(request, timeout=timeout)
            return response
        except urllib.error.HTTPError as error:
            with error:
                raise _problem_of(error) from None


class Reservation:
    """Reserved containers. As a context manager, it is released at the end of the block.

    The attributes are those of the last answer; `refresh()` requests them again. `raw` has all fields of the API.
    """

    def __init__(
        self,
        berth: Berth,
        raw: Json,
        *,
        identity: Optional[str] = None,
        folder: Optional[tempfile.TemporaryDirectory[str]] = None,
    ) -> None:
        self._berth = berth
        self._folder = folder
        self._stop_keepalive: Optional[threading.Event] = None
        #: File of the private key with which `run` logs in; None: ssh uses its own keys.
        self.identity = identity
        self.id: str = raw["id"]
        #: Known only after `reserve`, and only if the manager has generated one.
        self.password: Optional[str] = raw.get("password")
        self._update(raw)

    def _update(self, raw: Json) -> Reservation:
        self.raw = {key: value for key, value in raw.items() if key != "password"}
        #: "waiting", "preparing", "active", "ending" or "ended".
        self.state: str = raw["state"]
        #: How it ended: "released", "expired", "abandoned", "failed" or "cancelled"; None before.
        self.outcome: Optional[str] = raw["outcome"]
        self.reason: Optional[str] = raw["reason"]
        self.pool: str = raw["pool"]
        self.username: str = raw["username"]
        self.name: Optional[str] = raw.get("name")
        self.note: Optional[str] = raw.get("note")
        #: Time in RFC 3339; None until it is active.
        self.expires_at: Optional[str] = raw["expires_at"]
        self.containers: List[Container] = [_parse(Container, each) for each in raw["containers"]]
        return self

    def __repr__(self) -> str:
        names = ", ".join(container.name for container in self.containers)
        return f"<Reservation {self.id[:8]} {self.state} {names}>"

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        # An error of the release must not hide the exception of the block.
        if kind is None:
            self.release()
        else:
            self._release_quietly()

    def refresh(self) -> Reservation:
        """Requests the reservation again, and returns it."""
        return self._update(self._berth.request("GET", self._path()))

    def wait(self, timeout: Optional[float] = None) -> Reservation:
        """Waits until the reservation is active, and returns it.

        Raises `NotReserved` if it ends before, and `WaitTimeout` after `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.state in ("waiting", "preparing"):
            left = LONG_POLL_S if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise WaitTimeout(f"reservation {self.id[:8]} is {self.state} after {timeout} s")
            seconds = max(1, min(LONG_POLL_S, int(left)))
            answer = self._berth.request(
                "GET", self._path(), query={"wait": seconds}, timeout=self._berth.timeout + seconds
            )
            self._update(answer)
        if self.state != "active":
            raise NotReserved(self)
        return self

    def extend(self, by: Optional[str] = None, *, to: Optional[str] = None) -> Optional[str]:
        """Extends the reservation by a duration such as "30m", or to a time in RFC 3339.

        Returns why the end is not the requested one, or None. Extending never shortens.
        """
        if (by is None) == (to is None):
            raise ValueError("pass either `by` or `to`")
        body: Json = {"extend": by} if by is not None else {"expires_at": to}
        answer = self._berth.request("PATCH", self._path(), body)
        self._update(answer)
        clamped: Optional[str] = answer.get("clamped")
        return clamped

    def keepalive(self) -> None:
        """Renews a reservation made with `keepalive`, which ends if this is not called again within that duration."""
        self._update(self._berth.request("POST", f"{self._path()}/keepalive", repeatable=True))

    def start_keepalive(self, every: float = 20) -> None:
        """Calls `keepalive` every `every` seconds in a thread, until the release or the end of the program."""
        if self._stop_keepalive is not None:
            return
        stop = self._stop_keepalive = threading.Event()

        def loop() -> None:
            while not stop.is_set():
                try:
                    self._berth.request("POST", f"{self._path()}/keepalive", repeatable=True)
                except ApiError as error:
                    if error.code in ("not_found", "not_active"):
                        return
                except BerthError:
                    pass  # The next call may work.
                stop.wait(every)

        threading.Thread(target=loop, name=f"berth-keepalive-{self.id[:8]}", daemon=True).start()

    def release(self) -> None:
        """Releases the containers. Returns when no login is possible any more. Can be called again."""
        if self._stop_keepalive is not None:
            self._stop_keepalive.set()
        try:
            self._update(self._berth.request("DELETE", self._path()))
        except ApiError as error:
            if error.code not in ("not_found", "not_active"):
                raise
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def ssh_command(self, container: Union[int, str] = 0) -> List[str]:
        """Returns the command that logs in to a container, and accepts only the container's own host key.

        `container` is its position or name. Append the words of a remote command to run one. The command names files
        that are removed by the release.
        """
        if self.state in ("ending", "ended"):
            raise BerthError(f"reservation {self.id[:8]} is over: {self.outcome or 'it is ending'}")
        chosen = self._choose(container)
        options = [
            f"UserKnownHostsFile={_quoted(self._known_hosts_file())}",
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes",
            "HostKeyAlgorithms=ssh-ed25519",
            # Otherwise ssh may add keys of another container to the file, or use a connection to another one.
            "UpdateHostKeys=no",
            "ControlPath=none",
        ]
        if self.identity is not None:
            options += ["IdentitiesOnly=yes", f"IdentityFile={_quoted(self.identity)}"]
        words = [word for option in options for word in ("-o", option)]
        return ["ssh", *words, "-p", str(chosen.port), "-l", self.username, "--", chosen.host]

    def run(
        self,
        command: Union[str, Sequence[str]],
        *,
        container: Union[int, str] = 0,
        input: Optional[str] = None,
        timeout: Optional[float] = None,
        check: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command in a container with the system's ssh, and returns its exit code, stdout and stderr.

        The remote shell interprets a string; the words of a list are quoted for it. The exit code is 255 if ssh
        itself failed. After `timeout` seconds ssh is killed, and `subprocess.TimeoutExpired` raised; `check` raises
        `subprocess.CalledProcessError` if the exit code is not 0.
        """
        line = command if isinstance(command, str) else shlex.join(command)
        ssh = self.ssh_command(container)
        batch = [ssh[0], "-o", "BatchMode=yes", *ssh[1:], line]
        return subprocess.run(
            batch,
            input=input if input is not None else "",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=check,
        )

    def known_hosts(self) -> str:
        """Returns the host keys of the containers as the content of a known_hosts file."""
        lines = []
        for container in self.containers:
            line = container.known_hosts
            if line is None or not line.isprintable():
                raise BerthError(f"{container.name} has no host key yet: refresh() the reservation when it is ready")
            lines.append(line + "\n")
        return "".join(lines)

    def _known_hosts_file(self) -> str:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="berth-")
        path = os.path.join(self._folder.name, "known_hosts")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.known_hosts())
        return path

    def _choose(self, container: Union[int, str]) -> Container:
        if isinstance(container, int):
            return self.containers[container]
        for each in self.containers:
            if each.name == container:
                return each
        names = ", ".join(each.name for each in self.containers)
        raise KeyError(f'no container "{container}" in this reservation; there are {names}')

    def _path(self) -> str:
        return f"/v1/reservations/{_segment(self.id)}"

    def _release_quietly(self) -> None:
        try:
            self.release()
        except BerthError:
            pass  # The reservation ends by itself when its time is up.


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: urllib would send the token to any address that an answer names."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _own_key() -> Tuple[Optional[tempfile.TemporaryDirectory[str]], Optional[str]]:
    """Makes a key in a folder of its own, which only this user can read. Returns None twice without ssh-keygen."""
    program = shutil.which("ssh-keygen")
    if program is None:
        return None, None
    folder = tempfile.TemporaryDirectory(prefix="berth-")
    path = os.path.join(folder.name, "id_ed25519")
    subprocess.run([program, "-q", "-t", "ed25519", "-N", "", "-C", "berth", "-f", path], check=True)
    return folder, path


def _quoted(path: str) -> str:
    """Quotes a path for an option of ssh, which splits it at blanks and expands %."""
    return '"' + path.replace("%", "%%") + '"'


def _parse(kind: Type[_T], raw: Json) -> _T:
    """Builds a `Container`, `Event` or `Pool`. Fields that a later manager adds are only in its `raw`."""
    known = {key: value for key, value in raw.items() if key in kind.__dataclass_fields__ and key != "raw"}
    return kind(**known, raw=raw)


def _segment(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def _read(response: HTTPResponse) -> bytes:
    content = response.read(MAX_RESPONSE_BYTES + 1)
    if response.length and len(content) <= MAX_RESPONSE_BYTES:
        # http.client does not raise this itself when `read` has a maximum.
        raise IncompleteRead(content, response.length)
    if len(content) > MAX_RESPONSE_BYTES:
        raise BerthError("the answer exceeds 32 MiB: is this a Berth manager?")
    return content


def _retry_after(error: urllib.error.HTTPError) -> Optional[float]:
    """Returns the number of seconds after which to repeat the request; None if the answer does not ask for that."""
    value = error.headers.get("Retry-After")
    if error.code not in (429, 503) or value is None:
        return None
    return float(value) if value.strip().isdigit() else DEFAULT_RETRY_AFTER_S


def _problem_of(error: urllib.error.HTTPError) -> ApiError:
    """Returns the error of a response: that of its problem+json, or "not_berth" if it has none."""
    try:
        body = json.loads(error.read(MAX_RESPONSE_BYTES))
    except (ValueError, HTTPException, OSError):
        body = None
    retry_after = _retry_after(error)
    if not isinstance(body, dict) or "code" not in body:
        location = error.headers.get("Location") if 300 <= error.code < 400 else None
        return _not_berth(error.code, location, retry_after)
    detail = body.get("detail") or body.get("title") or error.reason
    errors = body.get("errors")
    return ApiError(
        error.code,
        str(body["code"]),
        str(detail),
        errors if isinstance(errors, list) else [],
        error.headers.get("X-Request-Id"),
        retry_after,
    )


def _not_berth(status: int, location: Optional[str] = None, retry_after: Optional[float] = None) -> ApiError:
    if status in PROXY_STATUSES:
        detail = f"the proxy in front of the manager answers {status}: the manager behind it does not answer"
        return ApiError(status, "unreachable", detail, retry_after=retry_after)
    redirect = f": it redirects to {location}, use that address" if location else ""
    detail = f"what answers there is not a Berth manager{redirect}"
    return ApiError(status, "not_berth", detail, retry_after=retry_after)


def _backoff(failures: int) -> float:
    """Returns seconds: up to twice the pause, so that many clients do not return at the same moment."""
    return min(0.25 * 2**failures, 5) * random.uniform(1, 2)


def _is_permanent(error: Exception) -> bool:
    """Returns whether another attempt would fail in the same way: an unknown host name, or a wrong certificate."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return isinstance(reason, ssl.SSLError) or (
        isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_NONAME
    )


def _unreachable(url: str, error: Exception) -> Unreachable:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, (socket.timeout, TimeoutError)):
        reason = "timed out"
    return Unreachable(f"{url} does not answer: {reason or type(error).__name__}")


def _server_sent_events(response: HTTPResponse) -> Iterator[Json]:
    """Yields the JSON of each event of a stream, until the connection ends."""
    data: List[str] = []
    while True:
        line = response.readline(MAX_RESPONSE_BYTES)
        if not line.endswith(b"\n"):
            return  # Closed, maybe within an event, which the next connection receives again.
        text = line.decode().rstrip("\r\n")
        if text == "":
            if data:
                yield json.loads("\n".join(data))
            data = []
        elif text.startswith("data:"):
            data.append(text[len("data:") :].lstrip(" "))
