"""Every parser and every check of what strangers send takes time in proportion to its size.

Time is CPU time, the best of several runs, without garbage collection, which is as slow as all else in the process
is large. What is compared is a size with one sixteen times as large, so that a slow machine is as slow at both.
Sixteen times as long is linear; 256 times would be quadratic.
"""

import contextlib
import functools
import gc
import json
import time

import pytest
from support.payload import decode_payload

from nbsocket.classroom.blocks import choices, items, text, wall
from nbsocket.classroom.names import clean, looks_of
from nbsocket.gateway.codes import CodeOffice
from nbsocket.gateway.config import Limits
from nbsocket.gateway.discretion import without_secrets
from nbsocket.gateway.origin import RequestOrigin
from nbsocket.gateway.tickets import TicketSigner
from nbsocket.gateway.work import cost_of
from nbsocket.protocol.engine_packet import decode_packet
from nbsocket.protocol.socket_packet import Decoder
from nbsocket.protocol.values import decode, encode
from nbsocket.protocol.websocket import FrameReader, client_frame
from nbsocket.widgets.board import stroke_of

LARGE = Limits().max_payload
SMALL = LARGE // 16
ENOUGH_S = 0.002
"""What takes less than this at the small size is measured as this: shorter times are the clock's."""

MOST = 16 * 4


def cut(what, size):
    return (what * (size // len(what) + 1))[:size]


# Each takes a size and returns a text of about that size.
SHAPES = {
    "escaped quotes, unterminated": lambda n: '["e",' + "[" * 65 + '"' + cut('\\"', n),
    "escaped quotes, terminated": lambda n: '["e",' + "[" * 65 + '"' + cut('\\"', n // 2 * 2) + '"',
    "backslashes": lambda n: '["e","' + "\\" * n,
    "pairs of backslashes": lambda n: '["e","' + cut("\\\\", n // 2 * 2) + '"]',
    "quotes": lambda n: '["e",' + '"' * n,
    "empty texts": lambda n: '["e"' + cut(',""', n // 3 * 3) + "]",
    "open brackets": lambda n: "[" * n,
    "open braces": lambda n: cut('{"":', n),
    "brackets in texts": lambda n: '["' + cut('[","', n),
    "closed brackets": lambda n: '["e"' + cut(",[]", n // 3 * 3) + "]",
    "nested up to the limit, many times": lambda n: (
        '["e"' + cut("," + "[" * 60 + "]" * 60, n // 121 * 121) + "]"
    ),
    "surrogates": lambda n: '["e","' + cut("\\ud800", n // 6 * 6) + '"]',
    "surrogates, wrong way round": lambda n: '["e","' + cut("\\udc00\\ud800", n // 12 * 12) + '"]',
    "surrogates, capital letters, between": lambda n: '["e","' + cut("x\\uD83Dx", n // 8 * 8) + '"]',
    "whole pairs": lambda n: '["e","' + cut("\\ud83d\\ude00", n // 12 * 12) + '"]',
    "cut escapes": lambda n: '["e","' + cut("\\u", n),
    "digits": lambda n: '["e",' + "9" * n + "]",
    "a number with an exponent": lambda n: '["e",1e' + "9" * n + "]",
    "a fraction": lambda n: '["e",0.' + "1" * n + "]",
    "many numbers": lambda n: '["e"' + cut(",1", n // 2 * 2) + "]",
    "blanks": lambda n: '["e",' + " " * n + "1]",
    "commas": lambda n: '["e"' + "," * n + "]",
    "keys": lambda n: '["e",{' + ",".join(f'"{i:08}":1' for i in range(n // 13)) + "}]",
    "one key again and again": lambda n: '["e",{' + ",".join(['"k":1'] * (n // 6)) + "}]",
    "placeholders": lambda n: '["e"' + cut(',{"_placeholder":true,"num":0}', n // 30 * 30) + "]",
    "packets of a payload": lambda n: "6\x1e" * (n // 2) + "6",
    "letters": lambda n: '["e","' + "x" * n + '"]',
    "letters of four bytes": lambda n: '["e","' + "\U0001f600" * (n // 4) + '"]',
    "marks on one letter": lambda n: '["e","a' + "\u0301" * (n // 2) + '"]',
    "control characters": lambda n: '["e","' + "\x01" * n + '"]',
}


def receive(head):
    return lambda text: Decoder().receive(head + text)


def check_ticket(text):
    TicketSigner("secret", lambda: 1.0).check(text, "chat")


def exchange(text):
    tickets = TicketSigner("secret", lambda: 1.0)
    codes = CodeOffice(tickets, lambda: 1.0)
    codes.issue(*tickets.mint("chat", "guest", "kernel", 100))
    codes.exchange(text, "here")


def read_frames(text):
    reader = FrameReader(2 * LARGE)
    for _ in reader.receive(client_frame(b"\x81" + text.encode(), b"\1\2\3\4")):
        pass


def accept(block):
    return lambda value: block.accept(value[1:2])


PARSERS = {
    "an event": receive("2"),
    "an event with an id": receive("2123"),
    "an event in a namespace": receive("2/chat,7"),
    "an acknowledgement": receive("31"),
    "auth": lambda text: Decoder().receive("0" + (text[4:] if text.startswith('["e",{') else text)),
    "an error": lambda text: Decoder(is_client=True).receive("4" + text),
    "a packet with attachments": receive("51-"),
    "a namespace": receive("2/"),
    "an id": lambda text: Decoder().receive("2" + "7" * len(text) + '["e"]'),
    "a count of attachments": lambda text: Decoder().receive("5" + "7" * len(text) + '-["e"]'),
    "JSON": decode,
    "an Engine.IO packet": decode_packet,
    "a polling payload": lambda text: decode_payload("4" + text),
    "a polling payload of Base64": lambda text: decode_payload("b" + text),
    "what it costs": cost_of,
    "WebSocket frames": read_frames,
    "a ticket": check_ticket,
    "a code": exchange,
    "an Origin": lambda text: RequestOrigin(text, text, "http").is_trusted(frozenset({text})),
    "an address for the log": lambda text: without_secrets("/x?join_token=" + text + "&token=" + text),
    "a name": lambda text: clean(text, 30),
    "what a name looks like": lambda text: looks_of(clean(text, 30)),
}
CHECKS = {
    "values that are sent": encode,
    "a text of a class": accept(text("e")),
    "a choice": accept(choices("e", ["a", "b"], many=True)),
    "a row's vote": accept(items("e", [("a", "A", 0)])),
    "a stroke": accept(wall("e")),
    "a board's stroke": lambda value: stroke_of({"points": value, "color": value}),
}
"""What takes values that have been parsed."""


@functools.cache
def text_of(shape, size):
    return SHAPES[shape](size)


@functools.cache
def value_of(shape, size):
    """Return what a text brings once it is parsed; the text itself where it brings nothing."""
    text = text_of(shape, size)
    try:
        return list(json.loads(text))
    except (ValueError, RecursionError):
        return ["e", text]


def seconds(parser, text):
    """Return the CPU time that a parser takes, whatever it says."""
    best = float("inf")
    gc.disable()
    try:
        for _ in range(3):
            began = time.process_time()
            with contextlib.suppress(ValueError, TypeError):
                parser(text)
            best = min(best, time.process_time() - began)
            if best < ENOUGH_S:
                break
    finally:
        gc.enable()
    return best


@pytest.mark.threat(31)
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [*PARSERS, *CHECKS])
def test_time_grows_with_the_size_and_no_faster(name, figure):
    slowest = (0.0, "")
    parser, given = (PARSERS[name], text_of) if name in PARSERS else (CHECKS[name], value_of)
    for shape in SHAPES:
        large = seconds(parser, given(shape, LARGE))
        slowest = max(slowest, (large, shape))
        if large > ENOUGH_S * MOST / 4:
            # Too fast to be anything but linear otherwise.
            growth = large / max(ENOUGH_S / 4, seconds(parser, given(shape, SMALL)))
            assert growth < MOST, f"{shape}: {large:.2f} s for {LARGE:,} characters"
    figure(f"{name}: a megabyte takes {1000 * slowest[0]:.0f} ms at most ({slowest[1]})")


@pytest.mark.threat(31)
def test_the_packet_that_froze_a_kernel_is_refused_at_once():
    packet = "2" + '["e",' + "[" * 65 + '"' + '\\"' * 16_000
    assert seconds(Decoder().receive, packet) < 0.05
