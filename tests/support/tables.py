"""The tables that tests answer to: faults, threats and promises; each row has a test or a reason."""

from __future__ import annotations

FAULTS = {
    1: "conformance to both protocols",
    2: "conformance to WebSocket",
    3: "upgrades under traffic both ways",
    4: "an upgrade that fails half way",
    5: "second, cancelled and overlapping polls",
    6: "a reset in the middle of a frame or a body",
    7: "a peer that is gone without a word",
    8: "latency, little bandwidth, slices",
    9: "one client that reads nothing",
    10: "one client that sends without end",
    11: "a cell that floods all clients",
    12: "a busy cell",
    13: "Python's lock held by C code",
    14: "a storm of interrupts",
    15: "a kernel that restarts",
    16: "a kernel that is killed",
    17: "a kernel link that is cut",
    18: "the cell again, another notebook, another kernel",
    19: "a Jupyter server that restarts",
    20: "all clients come back at once",
    21: "a server loop that another extension blocks",
    22: "no extension, other version, no server",
    23: "idle cullers",
    24: "proxies in front",
    25: "TLS, Unix socket, IPv6, other ports",
    26: "sleep, wake, and clocks that jump",
    27: "handlers that raise, hang, return nonsense",
    28: "acknowledgements that never come",
    29: "attachments too many, too few, too late",
    30: "sizes at the limit and one over it",
    31: "a flood of output from handlers",
    32: "fork and spawn",
    33: "the end of a kernel",
    34: "a long run with churn",
    35: "recovery after any absence",
    36: "few open files",
    37: "a handler that stops its loop, is cancelled, or raises what cannot be shown",
    38: "handlers that take more or fewer arguments than come",
    39: "generators as handlers; code that is executed again",
    40: "a server used in a child process",
    41: "one event's failure and another's question",
}

THREATS = {
    1: "a ticket tried as Jupyter's credential",
    2: "methods and upgrades without a credential",
    3: "a false, replayed or reflected proof of a kernel",
    4: "another user who listens where the server should",
    5: "a foreign website and a teacher who is logged in",
    6: "a student's ticket with a teacher's cookie",
    7: "markup and tricks in what clients send",
    8: "markup in a page that is served",
    9: "pages of ours in foreign frames",
    10: "secrets in logs, notebooks, environments",
    11: "forged, foreign, expired, cut and changed tickets",
    12: "a session id that was seen",
    13: "a student who was sent out",
    14: "claims in auth, reserved event names",
    15: "huge, slow and odd bodies",
    16: "nonsense in WebSocket frames",
    17: "a storm of connections",
    18: "bombs for the parser",
    19: "a broadcast that breaks those who get it",
    20: "names without end",
    21: "control characters and floods in logs",
    22: "names from outside that become code",
    23: "paths out of the page's folder",
    24: "guessing which channels there are",
    25: "secrets that children inherit",
    26: "another user of the same hub",
    27: "a foreign host name",
    28: "a server without a token",
    29: "defaults of others that change",
    30: "a class's ticket without what marks a phone",
    31: "input on which a check is worse than linear",
    32: "work that is no event: PONG, NOOP, PING, fragments, long lists, drawing",
    33: "half-open sessions, bots that join and leave, answers without end",
    34: "wrong codes from the class's own address, or with forged addresses",
    35: "sockets without a ticket: slow, big, idle, many",
    36: "forged clocks, many taps, two people of one name",
    37: "invisible, doubled and look-alike names",
    38: "secrets in saved notebooks, exports and logs",
    39: "markup in a cell's own client page",
    40: "any web page against an open program; a guest that acts the bench",
    41: "Jupyter's token in logs and addresses",
    42: "another user of the machine against a kernel's own port",
    43: "a phone's key in its address bar",
    44: "work that grows with every answer",
}

PROMISES = {
    1: "a notebook without a Jupyter server, and views on pages that are not Jupyter's",
    2: "messages over max_payload",
    3: "clients of the wrong kind; headers of one's own",
    4: "HTTP as Node takes it; WebSocket handshakes and closes",
    5: "values that would arrive changed",
    6: "calls as other libraries have them; mistakes",
    7: "the pane: nested values, keys, names, numbers",
    11: "cells with views that run again and again",
}

FAULTS_WITHOUT_TEST = {
    2: "Autobahn's test suite needs Python 2; frames are Tornado's, and threat 16 sends broken ones",
}

THREATS_WITHOUT_TEST = {
    29: "needs several environments at once; the suite runs on the versions that pip finds today",
}

PROMISES_WITHOUT_TEST: dict[int, str] = {}

TABLES = {
    "fault": (FAULTS, FAULTS_WITHOUT_TEST),
    "threat": (THREATS, THREATS_WITHOUT_TEST),
    "promise": (PROMISES, PROMISES_WITHOUT_TEST),
}
"""Rows and reasons by the name of the mark."""
