"""Tests of berth.py against a real manager at BERTH_URL, over connections that break: `python3 -m unittest`.

`test/packages/python.test.ts` starts the manager, with one pool of four containers.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import stat
import threading
import time
import unittest
import urllib.parse
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, List, Optional
from unittest import mock

from berth import ApiError, Berth, BerthError, NotReserved, Unreachable, WaitTimeout

MANAGER = os.environ["BERTH_URL"]
#: Maximum time to wait for what the manager or a thread does, on a busy machine too.
DEADLINE_S = 60
BUSY = json.dumps({"title": "Service Unavailable", "detail": "no disk", "status": 503, "code": "database_unavailable"})


class Network(ThreadingHTTPServer):
    """Passes requests on to the manager. Each element of `faults` happens to one request, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.faults: List[str] = []
        self.seen: List[Message] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Prints nothing: some tests close connections on purpose."""


class Passing(BaseHTTPRequestHandler):
    server: Network

    def handle_any(self) -> None:
        fault = self.server.faults.pop(0) if self.server.faults else ""
        self.server.seen.append(self.headers)
        if fault == "busy":
            return self.reply(503, {"Retry-After": "1", "Content-Type": "application/problem+json"}, BUSY.encode())
        if fault == "proxy is busy":
            return self.reply(503, {"Retry-After": "1"}, b"<html>")
        if fault == "bad gateway":
            return self.reply(502, {}, b"<html>")
        if fault == "redirect":
            return self.reply(302, {"Location": f"{self.server.url}/elsewhere"}, b"")
        manager = urllib.parse.urlsplit(MANAGER)
        with contextlib.closing(http.client.HTTPConnection(manager.hostname or "", manager.port)) as connection:
            self.pass_on(connection, fault)

    def pass_on(self, connection: http.client.HTTPConnection, fault: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sent = {key: value for key, value in self.headers.items() if key.lower() != "connection"}
        connection.request(self.command, self.path, body or None, sent)
        with connection.getresponse() as response:
            if response.getheader("Content-Type", "").startswith("text/event-stream"):
                return self.stream(response, fault)
            content = response.read()
            hop = ("transfer-encoding", "connection", "content-length")
            headers = {key: value for key, value in response.getheaders() if key.lower() not in hop}
        if fault != "lost":
            self.reply(response.status, headers, content, broken=fault == "half")

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any

    def reply(self, status: int, headers: dict[str, str], content: bytes, broken: bool = False) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if broken else content)

    def stream(self, response: http.client.HTTPResponse, fault: str) -> None:
        """Passes events on. With the fault "breaks", closes the connection within the third one."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        events = 0
        while line := response.readline():
            events += line.startswith(b"data:")
            if fault == "breaks" and events == 3:
                self.wfile.write(line[:20])
                return
            self.wfile.write(line)
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Prints nothing."""


class BerthTest(unittest.TestCase):
    def setUp(self) -> None:
        self.network = Network()
        self.addCleanup(self.network.server_close)
        self.addCleanup(self.network.shutdown)
        self.berth = Berth(self.network.url)
        self.addCleanup(self.release_all)
        self.wait_until_ready()

    def release_all(self) -> None:
        self.network.faults.clear()
        for each in self.active():
            each.release()

    def active(self) -> List[Any]:
        states = ("active", "waiting", "preparing")
        return [each for state in states for each in Berth(MANAGER).reservations(state=state)]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def wait_until_ready(self) -> None:
        """Waits until all containers are free."""
        self.wait_until(lambda: Berth(MANAGER).pools()[0].containers["ready"] == 4)


class Reserving(BerthTest):
    def test_releases_at_the_end_of_the_block(self) -> None:
        with self.berth.reserve(count=2, username="alice", note="lab 7") as reserved:
            self.assertEqual((reserved.state, reserved.username, reserved.note), ("active", "alice", "lab 7"))
            self.assertEqual(len(reserved.containers), 2)
            self.assertEqual([each.id for each in self.active()], [reserved.id])
        self.assertEqual((reserved.state, reserved.outcome), ("ended", "released"))
        self.assertEqual(self.active(), [])
        reserved.release()

    def test_releases_after_an_exception(self) -> None:
        with self.assertRaises(ZeroDivisionError):
            with self.berth.reserve():
                1 / 0
        self.assertEqual(self.active(), [])

    def test_has_a_key_of_its_own(self) -> None:
        with self.berth.reserve() as reserved:
            path = reserved.identity or ""
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertIsNone(reserved.password)
        self.assertFalse(os.path.exists(os.path.dirname(path)))

    def test_has_a_password_where_no_key_can_be_made(self) -> None:
        with mock.patch.dict(os.environ, PATH=""), self.berth.reserve() as reserved:
            self.assertEqual(len(reserved.password or ""), 20)
            self.assertIsNone(reserved.identity)
            for shown in (repr(reserved), repr(reserved.raw)):
                self.assertNotIn(reserved.password, shown)

    def test_repeats_a_request_whose_answer_was_lost(self) -> None:
        for fault in ("lost", "half"):
            with self.subTest(fault):
                self.network.faults = [fault, fault]
                with self.berth.reserve() as reserved:
                    self.assertEqual([each.id for each in self.active()], [reserved.id])
        keys = [headers["Idempotency-Key"] for headers in self.network.seen if headers["Idempotency-Key"]]
        self.assertEqual((len(keys), len(set(keys))), (6, 2))

    def test_repeats_a_request_when_the_manager_asks_for_it(self) -> None:
        self.network.faults = ["busy", "proxy is busy"]
        began = time.monotonic()
        with self.berth.reserve():
            self.assertGreater(time.monotonic() - began, 2)
        self.network.faults = ["busy"]
        with self.assertRaises(ApiError) as caught:
            Berth(self.network.url, retry_for=0.5).pools()
        error = caught.exception
        self.assertEqual((error.status, error.code, error.retry_after), (503, "database_unavailable", 1))
        self.assertEqual((error.detail, str(error)), ("no disk", "no disk (503 database_unavailable)"))

    def test_waits_for_a_manager_that_restarts_behind_a_proxy(self) -> None:
        self.network.faults = ["bad gateway", "bad gateway"]
        self.assertEqual(len(self.berth.pools()), 1)
        self.network.faults = ["bad gateway"]
        with self.assertRaises(ApiError) as caught:
            Berth(self.network.url, retry_for=0).pools()
        self.assertEqual((caught.exception.status, caught.exception.code), (502, "unreachable"))
        self.assertIn("the manager behind it does not answer", caught.exception.detail)

    def test_fails_at_once_when_another_attempt_would_not_help(self) -> None:
        began = time.monotonic()
        with self.assertRaises(Unreachable):
            Berth(self.network.url.replace("http:", "https:")).pools()
        with self.assertRaises(ValueError):
            self.berth.request("GET", "v1/me")
        self.assertLess(time.monotonic() - began, 5)

    def test_returns_answers_that_are_text(self) -> None:
        text = self.berth.request_text("/v1/usage", query={"by": "pool", "format": "csv"})
        self.assertTrue(text.startswith("pool,"), text)

    def test_refuses_to_log_in_after_the_release(self) -> None:
        reserved = self.berth.reserve()
        reserved.release()
        with self.assertRaisesRegex(BerthError, "is over: released"):
            reserved.run("true")

    def test_waits_in_the_queue(self) -> None:
        first = self.berth.reserve(count=4)
        with self.assertRaises(ApiError) as caught:
            self.berth.reserve()
        self.assertEqual((caught.exception.status, caught.exception.code), (409, "not_enough"))
        with self.assertRaises(NotReserved) as timed_out:
            self.berth.reserve(wait="1s")
        self.assertEqual(timed_out.exception.outcome, "failed")
        queued = self.berth.reserve(wait="1m", block=False)
        self.assertEqual(queued.state, "waiting")
        with self.assertRaises(WaitTimeout):
            queued.wait(timeout=0.5)
        threading.Timer(0.3, first.release).start()
        self.assertEqual(queued.wait(timeout=DEADLINE_S).state, "active")
        queued.release()

    def test_leaves_nothing_reserved_when_interrupted(self) -> None:
        with self.berth.reserve(count=4):
            with mock.patch("berth.Reservation.wait", side_effect=KeyboardInterrupt):
                with self.assertRaises(KeyboardInterrupt):
                    self.berth.reserve(wait="1m")
            self.assertEqual(len(self.active()), 1)

    def test_extends_and_does_not_repeat_that(self) -> None:
        with self.berth.reserve(duration="10m") as reserved:
            self.assertIsNone(reserved.extend("10m"))
            before = reserved.expires_at
            self.network.faults = ["lost", "lost"]
            with self.assertRaises(Unreachable):
                reserved.extend("10m")
            self.assertEqual(self.network.faults, ["lost"])
            self.network.faults = ["proxy is busy"]
            with self.assertRaises(ApiError) as caught:
                reserved.extend("10m")
            self.assertEqual(caught.exception.code, "unreachable")
            self.assertLess(before or "", reserved.refresh().expires_at or "")
            self.assertIsNotNone(reserved.extend("90d"))
            with self.assertRaises(ValueError):
                reserved.extend()

    def test_keeps_alive(self) -> None:
        with self.berth.reserve(keepalive="1m") as reserved:
            reserved.keepalive()
            self.network.faults = ["lost"]
            reserved.start_keepalive(every=0.1)
            self.wait_until(lambda: self.network.faults == [])
            before = reserved.refresh().raw["keepalive_until"]
            self.wait_until(lambda: reserved.refresh().raw["keepalive_until"] > before)
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("berth-keepalive")]
        for thread in threads:
            thread.join(DEADLINE_S)
            self.assertFalse(thread.is_alive())


class Looking(BerthTest):
    def test_lists(self) -> None:
        made = [self.berth.reserve(note=str(nth)) for nth in range(3)]
        for each in made:
            self.addCleanup(each.release)
        listed = list(self.berth.reservations(state="active", limit=1))
        self.assertEqual([each.id for each in listed], [each.id for each in reversed(made)])
        self.assertEqual(self.berth.get(made[0].id).note, "0")
        pool = self.berth.pools()[0]
        self.assertEqual((pool.size, pool.containers["reserved"], pool.problem), (4, 3, None))
        self.assertEqual(self.berth.request("GET", "/v1/me")["containers_held"], 3)

    def test_raises_what_the_manager_refuses(self) -> None:
        with self.assertRaises(ApiError) as caught:
            self.berth.reserve(count=99, duration="long")
        error = caught.exception
        self.assertEqual((error.status, error.code), (422, "invalid_request"))
        self.assertEqual([each["path"] for each in error.errors], ["count", "duration"])
        with self.assertRaises(ApiError) as missing:
            self.berth.get("../pools")
        self.assertIn(missing.exception.status, (404, 422))

    def test_says_that_there_is_no_manager(self) -> None:
        with self.assertRaisesRegex(Unreachable, r"^http://127\.0\.0\.1:1 does not answer: .*refused"):
            Berth("http://127.0.0.1:1", retry_for=0).pools()
        with self.assertRaisesRegex(ApiError, "is not a Berth manager"):
            self.berth.request("GET", "/nothing")
        for url in ("berth.example.org", "ftp://berth.example.org", "http://"):
            with self.assertRaisesRegex(ValueError, "must begin with http"):
                Berth(url)

    def test_sends_its_token_and_shows_it_nowhere(self) -> None:
        berth = Berth(self.network.url, token="berth_x_secret")
        berth.pools()
        self.assertEqual(self.network.seen[-1]["Authorization"], "Bearer berth_x_secret")
        self.assertNotIn("secret", repr(berth))
        with self.assertRaises(ValueError) as caught:
            Berth(self.network.url, token="berth_x_secret\n")
        self.assertNotIn("secret", str(caught.exception))

    def test_follows_no_redirect(self) -> None:
        self.network.faults = ["redirect"]
        with self.assertRaisesRegex(ApiError, f"it redirects to {self.network.url}/elsewhere, use that address"):
            Berth(self.network.url, token="berth_x_secret").pools()
        self.assertEqual(len(self.network.seen), 1)


class Following(BerthTest):
    def test_returns_each_event_once_over_broken_connections(self) -> None:
        first = self.berth.events(after=0)
        start = next(first).id
        first.close()  # type: ignore[attr-defined]
        for _ in range(3):
            self.berth.reserve().release()
        expected = [each["id"] for each in self.berth.request("GET", "/v1/events", query={"after": start})["events"]]
        self.network.faults = ["breaks", "busy", "breaks"]
        seen: List[int] = []
        for event in self.berth.events(after=start):
            seen.append(event.id)
            if event.id == expected[-1]:
                break
        self.assertEqual(seen, expected)
        self.assertEqual(self.network.faults, [])

    def test_starts_with_the_next_event(self) -> None:
        self.berth.reserve().release()
        made: Optional[str] = None

        def reserve_when_connected() -> None:
            nonlocal made
            self.wait_until(lambda: any(each["Accept"] == "text/event-stream" for each in self.network.seen))
            with self.berth.reserve() as reserved:
                made = reserved.id

        thread = threading.Thread(target=reserve_when_connected)
        thread.start()
        event = next(self.berth.events(kind="reservation.active"))
        thread.join()
        self.assertEqual((event.kind, event.reservation), ("reservation.active", made))

    def test_raises_a_refusal_at_once(self) -> None:
        with self.assertRaises(ApiError) as caught:
            next(self.berth.events(after=0, kind="nonsense"))
        self.assertEqual(caught.exception.code, "invalid_request")


if __name__ == "__main__":
    unittest.main()
