"""Wrong and unusual right solutions for every exercise: five and three of each, for its check to judge.

``SETUP`` are the notebook's own cells that an exercise needs, by their first words.
"""

SETUP = {
    "01-first-socket": ["practice = nbsocket.Server"],
    "02-ask-or-be-told": ["import nbsocket"],
    "03-events-and-answers": ["import nbsocket"],
    "04-one-all-rooms": ["import nbsocket"],
    "05-while-a-cell-runs": ["import threading"],
    "06-on-the-wire": ["import nbsocket", "from nbsocket.protocol.socket_packet import Packet"],
    "07-binary": ["import nbsocket", "def picture("],
    "08-when-the-network-fails": ["import nbsocket"],
    "09-strangers": ["import nbsocket"],
    "10-many-people": ["import nbsocket", "from nbsocket.testing import Client\n\nticket"],
}

WRONG, RIGHT = {}, {}

# --- 01: greet by name ------------------------------------------------------------------------

WRONG["01-first-socket", 1] = [
    "@practice.on('hello')\ndef hello(socket, name):\n    practice.emit('greeting', f'Hello, {name}!')",
    "@practice.on('hello')\ndef hello(socket, name):\n    socket.emit('greeting', 'Hello, Alice!')",
    "@practice.on('hello')\ndef hello(socket, name):\n    return f'Hello, {name}!'",
    "@practice.on('hello')\ndef hello(socket, name):\n    socket.broadcast.emit('greeting', f'Hello, {name}!')",
    "@practice.on('hello')\ndef hello(socket, name):\n    for _ in range(2):\n        socket.emit('greeting', f'Hello, {name}!')",
]
RIGHT["01-first-socket", 1] = [
    "@practice.on('hello')\nasync def hello(socket, name):\n    socket.emit('greeting', 'Hello, ' + name + '!')",
    "@practice.on('hello')\ndef hello(socket, *names):\n    practice.to(socket.id).emit('greeting', 'Hello, {}!'.format(names[0]))",
    (
        "@practice.on('connection')\ndef came(socket):\n    @socket.on('hello')\n    def hello(name):\n"
        "        socket.emit('greeting', f'Hello, {name}!')"
    ),
]

# --- 01: how many are here? -------------------------------------------------------------------

WRONG["01-first-socket", 2] = [
    "@practice.on('connection')\ndef count(socket):\n    socket.emit('visitors', len(practice.sockets))",
    "@practice.on('connection')\ndef count(socket):\n    socket.broadcast.emit('visitors', len(practice.sockets))",
    (
        "came = 0\n\n\n@practice.on('connection')\ndef count(socket):\n    global came\n    came += 1\n"
        "    practice.emit('visitors', came)"
    ),
    "@practice.on('connection')\ndef count(socket):\n    practice.emit('visitors', len(practice.sockets) + 1)",
    "@practice.on('connection')\ndef count(socket):\n    practice.emit('visitors', str(len(practice.sockets)))",
]
RIGHT["01-first-socket", 2] = [
    "@practice.on('connection')\nasync def count(socket):\n    practice.emit('visitors', len(practice.fetch_sockets()))",
    (
        "here = set()\n\n\n@practice.on('connection')\ndef count(socket):\n    here.add(socket.id)\n\n"
        "    @socket.on('disconnect')\n    def gone(reason):\n        here.discard(socket.id)\n\n"
        "    practice.emit('visitors', len(here))"
    ),
    (
        "@practice.on('connection')\ndef count(socket):\n    number = len(practice.sockets)\n"
        "    socket.emit('visitors', number)\n    socket.broadcast.emit('visitors', number)"
    ),
]

# --- 02: what polling costs -------------------------------------------------------------------

WRONG["02-ask-or-be-told", 1] = [
    "def mean_age(interval_s, delay_s):\n    return interval_s / 2",
    "def mean_age(interval_s, delay_s):\n    return interval_s + delay_s",
    "def mean_age(interval_s, delay_s):\n    return interval_s / 2 + 2 * delay_s",
    "def mean_age(interval_s, delay_s):\n    return (interval_s + delay_s) / 2",
    "def mean_age(interval_s, delay_s):\n    return {(1.0, 0.0): 0.5, (4.0, 0.0): 2.0}.get((interval_s, delay_s), 0.8)",
]
RIGHT["02-ask-or-be-told", 1] = [
    "mean_age = lambda interval_s, delay_s: 0.5 * interval_s + delay_s",
    "from fractions import Fraction\n\n\ndef mean_age(interval_s, delay_s):\n    return float(Fraction(interval_s) / 2) + delay_s",
    "def mean_age(interval_s, delay_s):\n    steps = 100_000\n    waits = ((n + 0.5) / steps * interval_s for n in range(steps))\n    return sum(waits) / steps + delay_s",
]

# --- 02: push instead of poll -----------------------------------------------------------------

_PRICE = "price_now = 10\n\n\n"
_TELL = "def set_price(price):\n    global price_now\n    price_now = price\n    io.emit('price', price)"
WRONG["02-ask-or-be-told", 2] = [
    _PRICE + _TELL,
    _PRICE + "@io.on('connection')\ndef connected(socket):\n    io.emit('price', price_now)\n\n\n" + _TELL,
    _PRICE + "@io.on('connection')\ndef connected(socket):\n    socket.emit('price', 10)\n\n\n" + _TELL,
    (
        _PRICE
        + "@io.on('connection')\ndef connected(socket):\n    socket.emit('price', price_now)\n\n\n"
        + "def set_price(price):\n    global price_now\n    price_now = price"
    ),
    (
        _PRICE
        + "@io.on('connection')\ndef connected(socket):\n    socket.emit('welcome')\n    socket.emit('price', price_now)\n\n\n"
        + _TELL
    ),
]
RIGHT["02-ask-or-be-told", 2] = [
    _PRICE
    + "@io.on('connection')\nasync def connected(socket):\n    socket.emit('price', price_now)\n\n\n"
    + _TELL,
    (
        _PRICE
        + "@io.on('connection')\ndef connected(socket):\n    io.to(socket.id).emit('price', price_now)\n\n\n"
        + "def set_price(price):\n    globals()['price_now'] = price\n    for socket in io.fetch_sockets():\n        socket.emit('price', price)"
    ),
    (
        "prices = [10]\nprice_now = 10\n\n\n@io.on('connection')\ndef first(socket):\n    socket.emit('price', prices[-1])\n\n\n"
        "def set_price(price):\n    prices.append(price)\n    io.of('/').emit('price', price)"
    ),
]

# --- 03: a tiny calculator --------------------------------------------------------------------

WRONG["03-events-and-answers", 1] = [
    (
        "@io.on('calc')\ndef calc(socket, operator, a, b):\n    try:\n        return eval(f'{a}{operator}{b}')\n"
        "    except SyntaxError:\n        return None, 'unknown operator'"
    ),
    (
        "@io.on('calc')\ndef calc(socket, operator, a, b):\n"
        "    results = {'+': a + b, '-': a - b, '*': a * b, '/': a / b}\n"
        "    return results.get(operator, (None, 'unknown operator'))"
    ),
    (
        "@io.on('calc')\ndef calc(socket, operator, a, b):\n"
        "    results = {'+': a + b, '-': a - b, '*': a * b, '**': a ** b}\n"
        "    return results.get(operator, (None, 'unknown operator'))"
    ),
    (
        "@io.on('calc')\ndef calc(socket, operator, a, b):\n"
        "    results = {'+': a + b, '-': a - b, '*': a * b}\n"
        "    return results.get(operator, [None, 'unknown operator'])"
    ),
    (
        "@io.on('calc')\ndef calc(socket, operator, a, b):\n"
        "    results = {'+': a + b, '-': a - b, '*': a * b}\n"
        "    return results[operator[0]] if operator[:1] in results else (None, 'unknown operator')"
    ),
]
RIGHT["03-events-and-answers", 1] = [
    (
        "import operator as operators\n\nKNOWN = {'+': operators.add, '-': operators.sub, '*': operators.mul}\n\n\n"
        "@io.on('calc')\nasync def calc(socket, sign, *numbers):\n    if sign not in KNOWN:\n"
        "        return None, 'unknown operator'\n    return KNOWN[sign](*numbers)"
    ),
    (
        "@io.on('calc')\ndef calc(socket, sign, a, b):\n    match sign:\n        case '+':\n            return a + b\n"
        "        case '-':\n            return a - b\n        case '*':\n            return a * b\n"
        "    return None, 'unknown operator'"
    ),
    (
        "@io.on('connection')\ndef came(socket):\n    @socket.on('calc')\n    def calc(sign, a, b):\n"
        "        return {'+': lambda: a + b, '-': lambda: a - b, '*': lambda: a * b}.get(\n"
        "            sign, lambda: (None, 'unknown operator'))()"
    ),
]

# --- 03: count my questions -------------------------------------------------------------------

WRONG["03-events-and-answers", 2] = [
    "@io.on('next')\ndef next_number(socket):\n    return 1",
    (
        "counts = {}\n\n\n@io.on('next')\ndef next_number(socket):\n    name = socket.handshake.query['name']\n"
        "    counts[name] = counts.get(name, 0) + 1\n    return counts[name]"
    ),
    "@io.on('next')\ndef next_number(socket):\n    count = socket.data.get('count', 0)\n    socket.data['count'] = count + 1\n    return count",
    (
        "counts = {}\n\n\n@io.on('next')\ndef next_number(socket):\n    counts[socket.role] = counts.get(socket.role, 0) + 1\n"
        "    return counts[socket.role]"
    ),
    (
        "counts = []\n\n\n@io.on('next')\ndef next_number(socket):\n    counts.append(socket.id)\n    return len(counts)"
    ),
]
RIGHT["03-events-and-answers", 2] = [
    (
        "import collections\n\ncounts = collections.Counter()\n\n\n@io.on('next')\ndef next_number(socket):\n"
        "    counts[socket.id] += 1\n    return counts[socket.id]"
    ),
    (
        "import itertools\n\n\n@io.on('connection')\ndef came(socket):\n    numbers = itertools.count(1)\n"
        "    socket.on('next', lambda: next(numbers))"
    ),
    (
        "@io.on('next')\nasync def next_number(socket):\n    asked = socket.data.setdefault('asked', [])\n    asked.append(1)\n"
        "    return len(asked)"
    ),
]

# --- 04: a chat room --------------------------------------------------------------------------

_ENTER = "@io.on('enter')\ndef enter(socket, room):\n    socket.join(room)\n\n\n"
WRONG["04-one-all-rooms", 1] = [
    _ENTER + "@io.on('tell')\ndef tell(socket, room, text):\n    socket.to(room).emit('told', text)",
    _ENTER
    + "@io.on('tell')\ndef tell(socket, room, text):\n    if room in socket.rooms:\n        io.to(room).emit('told', text)",
    (
        "inside = set()\n\n\n@io.on('enter')\ndef enter(socket, room):\n    inside.add(socket.id)\n    socket.join(room)\n\n\n"
        "@io.on('tell')\ndef tell(socket, room, text):\n    if socket.id in inside:\n        socket.to(room).emit('told', text)"
    ),
    (
        "inside = set()\n\n\n@io.on('enter')\ndef enter(socket, room):\n    inside.add(socket.id)\n\n\n"
        "@io.on('tell')\ndef tell(socket, room, text):\n    if socket.id in inside:\n        for one in inside - {socket.id}:\n"
        "            io.to(one).emit('told', text)"
    ),
    (
        "@io.on('enter')\ndef enter(socket, room):\n    for other in list(socket.rooms - {socket.id}):\n        socket.leave(other)\n"
        "    socket.join(room)\n\n\n"
        "@io.on('tell')\ndef tell(socket, room, text):\n    if room in socket.rooms:\n        socket.to(room).emit('told', text)"
    ),
]
RIGHT["04-one-all-rooms", 1] = [
    (
        "rooms = {}\n\n\n@io.on('enter')\ndef enter(socket, room):\n    rooms.setdefault(room, set()).add(socket.id)\n\n\n"
        "@io.on('tell')\ndef tell(socket, room, text):\n    here = rooms.get(room, set())\n    if socket.id in here:\n"
        "        for one in here - {socket.id}:\n            io.to(one).emit('told', text)"
    ),
    _ENTER
    + "@io.on('tell')\nasync def tell(socket, room, text):\n    if room not in socket.rooms:\n        return\n"
    "    io.to(room).except_(socket.id).emit('told', text)",
    _ENTER
    + "@io.on('tell')\ndef tell(socket, room, text):\n    members = io.in_(room).fetch_sockets()\n    if socket in members:\n"
    "        for one in members:\n            if one is not socket:\n                one.emit('told', text)",
]

# --- 04: whisper ------------------------------------------------------------------------------

WRONG["04-one-all-rooms", 2] = [
    "@io.on('whisper')\ndef whisper(socket, to, text):\n    io.to(to).emit('whispered', text)\n    return True",
    (
        "@io.on('whisper')\ndef whisper(socket, to, text):\n    if to not in io.sockets:\n        return False\n"
        "    io.to(to).emit('whispered', text)\n    socket.emit('whispered', text)\n    return True"
    ),
    (
        "@io.on('whisper')\ndef whisper(socket, to, text):\n    there = io.to(to).fetch_sockets()\n    io.to(to).emit('whispered', text)\n"
        "    return bool(there)"
    ),
    (
        "seen = set()\n\n\n@io.on('connection')\ndef came(socket):\n    seen.add(socket.id)\n\n\n"
        "@io.on('whisper')\ndef whisper(socket, to, text):\n    if to in seen:\n        io.to(to).emit('whispered', text)\n"
        "    return to in seen"
    ),
    (
        "@io.on('whisper')\ndef whisper(socket, to, text):\n    if to not in io.sockets:\n        return False\n"
        "    socket.broadcast.emit('whispered', text)\n    return True"
    ),
]
RIGHT["04-one-all-rooms", 2] = [
    (
        "@io.on('whisper')\ndef whisper(socket, to, text):\n    other = io.sockets.get(to)\n    if other is None:\n        return False\n"
        "    other.emit('whispered', text)\n    return True"
    ),
    (
        "@io.on('whisper')\nasync def whisper(socket, to, text):\n    for one in io.fetch_sockets():\n        if one.id == to:\n"
        "            one.emit('whispered', text)\n            return True\n    return False"
    ),
    (
        "@io.on('whisper')\ndef whisper(socket, to, text):\n    is_there = to in {one.id for one in io.fetch_sockets()}\n"
        "    if is_there:\n        socket.to(to).emit('whispered', text)\n    return is_there"
    ),
]

# --- 05: pause and go on ----------------------------------------------------------------------

_GOING = "going = threading.Event()\ngoing.set()\n\n\n"
_PAUSE = "@io.on('pause')\ndef pause(socket):\n    going.clear()\n\n\n"
_RESUME = "@io.on('resume')\ndef resume(socket):\n    going.set()\n\n\n"
_WAIT = "def wait_while_paused():\n    going.wait()"
WRONG["05-while-a-cell-runs", 1] = [
    _GOING + _PAUSE + "@io.on('resume')\ndef resume(socket):\n    pass\n\n\n" + _WAIT,
    _GOING + _PAUSE + _RESUME + "def wait_while_paused():\n    going.wait(timeout=0.5)",
    _GOING + _PAUSE + _RESUME + "def wait_while_paused():\n    return going.is_set()",
    "going = threading.Event()\n\n\n" + _PAUSE + _RESUME + _WAIT,
    (
        _GOING
        + "@io.on('pause')\ndef pause(socket):\n    if going.is_set():\n        going.clear()\n    else:\n        going.set()\n\n\n"
        + _RESUME
        + _WAIT
    ),
]
RIGHT["05-while-a-cell-runs", 1] = [
    (
        "import time\n\npaused = False\n\n\n@io.on('pause')\ndef pause(socket):\n    global paused\n    paused = True\n\n\n"
        "@io.on('resume')\ndef resume(socket):\n    global paused\n    paused = False\n\n\n"
        "def wait_while_paused():\n    while paused:\n        time.sleep(0.01)"
    ),
    (
        "changed = threading.Condition()\nstate = {'paused': False}\n\n\ndef put(paused):\n    with changed:\n"
        "        state['paused'] = paused\n        changed.notify_all()\n\n\n"
        "io.on('pause', lambda socket: put(True))\nio.on('resume', lambda socket: put(False))\n\n\n"
        "def wait_while_paused():\n    with changed:\n        changed.wait_for(lambda: not state['paused'])"
    ),
    (
        _GOING
        + "@io.on('pause')\nasync def pause(socket):\n    going.clear()\n\n\n@io.on('resume')\nasync def resume(socket):\n    going.set()\n\n\n"
        + "def wait_while_paused():\n    while not going.wait(0.1):\n        pass"
    ),
]

# --- 05: progress, but not too much of it -----------------------------------------------------

WRONG["05-while-a-cell-runs", 2] = [
    "def report(number, total):\n    if number % (total // 100) == 0:\n        io.emit('progress', number // (total // 100))",
    "def report(number, total):\n    if number % 10 == 0:\n        io.emit('progress', number // 10 + 1)",
    (
        "told = -1\n\n\ndef report(number, total):\n    global told\n    percent = 100 * number // total\n"
        "    if percent > told:\n        told = percent\n        io.emit('progress', percent)"
    ),
    (
        "seen = set()\n\n\ndef report(number, total):\n    if number == 0:\n        seen.clear()\n    percent = 100 * number / total\n"
        "    if percent not in seen:\n        seen.add(percent)\n        io.emit('progress', percent)"
    ),
    "def report(number, total):\n    if number % 10 == 0:\n        io.emit('progress', number // 10)",
]
RIGHT["05-while-a-cell-runs", 2] = [
    (
        "def report(number, total):\n    now, before = 100 * number // total, 100 * (number - 1) // total\n"
        "    if number == 0 or now != before:\n        io.emit('progress', now)"
    ),
    (
        "import math\n\nreport_state = {'last': None}\n\n\ndef report(number, total):\n    percent = math.floor(100 * number / total + 1e-9)\n"
        "    if number == 0 or percent != report_state['last']:\n        report_state['last'] = percent\n        io.emit('progress', percent)"
    ),
    (
        "class Reporter:\n    def __init__(self):\n        self.told = set()\n\n    def __call__(self, number, total):\n"
        "        if not number:\n            self.told.clear()\n        percent = int(number * 100 // total)\n"
        "        if percent not in self.told:\n            self.told.add(percent)\n            io.emit('progress', percent)\n\n\n"
        "report = Reporter()"
    ),
]

# --- 06: write a packet by hand ---------------------------------------------------------------

WRONG["06-on-the-wire", 1] = [
    "import json\n\n\ndef event_packet(name, *arguments):\n    return '42' + json.dumps([name, *arguments])",
    "import json\n\n\ndef event_packet(name, *arguments):\n    return '2' + json.dumps([name, *arguments], separators=(',', ':'))",
    "import json\n\n\ndef event_packet(name, *arguments):\n    return '42' + json.dumps([name, arguments], separators=(',', ':'))",
    "def event_packet(name, *arguments):\n    return '42' + str([name, *arguments]).replace(' ', '').replace(\"'\", '\"')",
    "import json\n\n\ndef event_packet(name, *arguments):\n    return '42' + json.dumps([name, *arguments]).replace(' ', '')",
]
RIGHT["06-on-the-wire", 1] = [
    "import json\n\n\ndef event_packet(*event):\n    return '4' + '2' + json.dumps(event, separators=(',', ':'), ensure_ascii=False)",
    "import json\n\n\ndef event_packet(name, *arguments):\n    return ''.join(['42', json.JSONEncoder(separators=(',', ':')).encode([name, *arguments])])",
    "def event_packet(name, *arguments):\n    return '4' + encode_packet(Packet(PacketType.EVENT, '/', [name, *arguments]))[0]",
]

# --- 06: read a packet by hand ----------------------------------------------------------------

_READ = "import json\nimport re\n\n\ndef read_packet(text):\n"
WRONG["06-on-the-wire", 2] = [
    _READ
    + "    return {'type': int(text[0]), 'namespace': '/', 'ack_id': None, 'data': json.loads(text[1:]) if text[1:2] == '[' else None}",
    (
        _READ
        + "    digit, namespace, number, data = re.fullmatch(r'(\\d)(?:(/[^,]*),)?(\\d*)(.*)', text, re.DOTALL).groups()\n"
        "    return {'type': digit, 'namespace': namespace or '/', 'ack_id': int(number) if number else None,\n"
        "            'data': json.loads(data) if data else None}"
    ),
    (
        _READ
        + "    digit, namespace, number, data = re.fullmatch(r'(\\d)(?:(/[^,]*),)?(\\d*)(.*)', text, re.DOTALL).groups()\n"
        "    return {'type': int(digit), 'namespace': namespace or '/', 'ack_id': int(number or 0) or None,\n"
        "            'data': json.loads(data) if data else None}"
    ),
    (
        _READ + "    head, _, rest = text.partition(',')\n"
        "    if '/' in head:\n        kind, namespace, text = int(head[0]), head[1:], rest\n"
        "    else:\n        kind, namespace, text = int(text[0]), '/', text[1:]\n"
        "    number = re.match(r'\\d*', text)[0]\n    data = text[len(number):]\n"
        "    return {'type': kind, 'namespace': namespace, 'ack_id': int(number) if number else None,\n"
        "            'data': json.loads(data) if data else None}"
    ),
    (
        _READ
        + "    digit, namespace, number, data = re.fullmatch(r'(\\d)(?:(/[^,]*),)?(\\d?)(.*)', text, re.DOTALL).groups()\n"
        "    return {'type': int(digit), 'namespace': namespace or '/', 'ack_id': int(number) if number else None,\n"
        "            'data': json.loads(data) if data.startswith('[') else None}"
    ),
]
RIGHT["06-on-the-wire", 2] = [
    (
        _READ
        + "    packet = {'type': int(text[0]), 'namespace': '/', 'ack_id': None, 'data': None}\n    text = text[1:]\n"
        "    if text.startswith('/'):\n        packet['namespace'], _, text = text.partition(',')\n"
        "    digits = ''\n    while text and text[0].isdigit():\n        digits, text = digits + text[0], text[1:]\n"
        "    if digits:\n        packet['ack_id'] = int(digits)\n    if text:\n        packet['data'] = json.loads(text)\n    return packet"
    ),
    (
        _READ + "    found = re.match(r'(?P<type>\\d)((?P<namespace>/[^,]*),)?(?P<ack_id>\\d+)?', text)\n"
        "    rest = text[found.end():]\n"
        "    return dict(type=int(found['type']), namespace=found['namespace'] or '/',\n"
        "                ack_id=None if found['ack_id'] is None else int(found['ack_id']), data=json.loads(rest) if rest else None)"
    ),
    (
        "from nbsocket.protocol.socket_packet import Decoder\n\n\ndef read_packet(text):\n    one = Decoder().receive(text)\n"
        "    return {'type': int(one.type), 'namespace': one.namespace, 'ack_id': one.ack_id, 'data': one.data}"
    ),
]

# --- 07: a negative ---------------------------------------------------------------------------

WRONG["07-binary", 1] = [
    "@io.on('negative')\ndef negative(socket, pixels):\n    return bytes(254 - min(one, 254) for one in pixels)",
    "@io.on('negative')\ndef negative(socket, pixels):\n    return [255 - one for one in pixels]",
    "@io.on('negative')\ndef negative(socket, pixels):\n    return pixels[::-1]",
    "@io.on('negative')\ndef negative(socket, pixels):\n    return bytes(-one % 256 for one in pixels)",
    "@io.on('negative')\ndef negative(socket, pixels):\n    socket.emit('negative', bytes(255 - one for one in pixels))",
]
RIGHT["07-binary", 1] = [
    "table = bytes(range(255, -1, -1))\n\n\n@io.on('negative')\ndef negative(socket, pixels):\n    return pixels.translate(table)",
    "@io.on('negative')\nasync def negative(socket, pixels):\n    return bytearray(one ^ 255 for one in pixels)",
    (
        "import numpy\n\n\n@io.on('negative')\ndef negative(socket, pixels):\n"
        "    return 255 - numpy.frombuffer(pixels, dtype=numpy.uint8)"
    ),
]

# --- 07: a file in pieces ---------------------------------------------------------------------

WRONG["07-binary", 2] = [
    (
        "def send_file(socket, name, data, piece=1000):\n    socket.emit('complete', name, len(data))\n"
        "    for number, start in enumerate(range(0, len(data), piece)):\n        socket.emit('piece', name, number, data[start : start + piece])"
    ),
    (
        "def send_file(socket, name, data, piece=1000):\n    for number, start in enumerate(range(0, len(data), piece)):\n"
        "        io.emit('piece', name, number, data[start : start + piece])\n    io.emit('complete', name, len(data))"
    ),
    (
        "def send_file(socket, name, data, piece=1000):\n    for number, start in enumerate(range(0, len(data), piece), 1):\n"
        "        socket.emit('piece', name, number, data[start : start + piece])\n    socket.emit('complete', name, len(data))"
    ),
    (
        "def send_file(socket, name, data, piece=1000):\n    for number in range(len(data) // 1000 + 1):\n"
        "        socket.emit('piece', name, number, data[1000 * number : 1000 * number + 1000])\n    socket.emit('complete', name, len(data))"
    ),
    (
        "def send_file(socket, name, data, piece=1000):\n    parts = [data[start : start + piece] for start in range(0, len(data), piece)]\n"
        "    for number, part in reversed(list(enumerate(parts))):\n        socket.emit('piece', name, number, part)\n"
        "    socket.emit('complete', name, len(data))"
    ),
]
RIGHT["07-binary", 2] = [
    (
        "def send_file(socket, name, data, piece=1000):\n    for number, start in enumerate(range(0, len(data), piece)):\n"
        "        socket.call('piece', name, number, data[start : start + piece])\n    socket.emit('complete', name, len(data))"
    ),
    (
        "def send_file(socket, name, data, piece=1000):\n    count = -(-len(data) // piece) + 1\n    size = -(-len(data) // count)\n"
        "    for number in range(count):\n        socket.emit('piece', name, number, data[number * size : (number + 1) * size])\n"
        "    socket.emit('complete', name, len(data))"
    ),
    (
        "import io as files\n\n\ndef send_file(socket, name, data, piece=1000):\n    file, number = files.BytesIO(data), 0\n"
        "    while part := file.read(piece):\n        socket.emit('piece', name, number, memoryview(part))\n        number += 1\n"
        "    socket.emit('complete', name, len(data))"
    ),
]

# --- 08: exactly once -------------------------------------------------------------------------

WRONG["08-when-the-network-fails", 1] = [
    (
        "bought = []\nseen = set()\n\n\n@io.on('buy')\ndef buy(socket, order_id, thing):\n    if order_id in seen:\n        return None\n"
        "    seen.add(order_id)\n    bought.append(thing)\n    return 'thank you'"
    ),
    (
        "bought = []\nlast = None\n\n\n@io.on('buy')\ndef buy(socket, order_id, thing):\n    global last\n    if order_id != last:\n"
        "        bought.append(thing)\n    last = order_id\n    return 'thank you'"
    ),
    (
        "bought = []\n\n\n@io.on('buy')\ndef buy(socket, order_id, thing):\n    if thing not in bought:\n        bought.append(thing)\n"
        "    return 'thank you'"
    ),
    (
        "bought = []\n\n\n@io.on('buy')\ndef buy(socket, order_id, thing):\n    seen = socket.data.setdefault('seen', set())\n"
        "    if order_id not in seen:\n        seen.add(order_id)\n        bought.append(thing)\n    return 'thank you'"
    ),
    (
        "bought = []\nseen = set()\n\n\n@io.on('buy')\ndef buy(socket, order_id, thing):\n    if order_id[0] not in seen:\n"
        "        seen.add(order_id[0])\n        bought.append(thing)\n    return 'thank you'"
    ),
]
RIGHT["08-when-the-network-fails", 1] = [
    (
        "bought = []\norders = {}\n\n\n@io.on('buy')\ndef buy(socket, order_id, thing):\n    orders.setdefault(order_id, thing)\n"
        "    bought[:] = orders.values()\n    return 'thank you'"
    ),
    (
        "import functools\n\nbought = []\n\n\n@functools.cache\ndef once(order_id, thing):\n    bought.append(thing)\n    return 'thank you'\n\n\n"
        "@io.on('buy')\nasync def buy(socket, order_id, thing):\n    return once(order_id, thing)"
    ),
    (
        "bought, seen = [], []\n\n\n@io.on('buy')\ndef buy(socket, *order):\n    if order[0] not in seen:\n        seen.append(order[0])\n"
        "        bought.append(order[1])\n    return 'thank you'"
    ),
]

# --- 08: tell me again ------------------------------------------------------------------------

_SINCE = (
    "@io.on('since')\ndef since(socket, number):\n    return [[n, text] for n, text in news if n > number]"
)
WRONG["08-when-the-network-fails", 2] = [
    "news = []\n\n\ndef publish(text):\n    news.append((len(news), text))\n    io.emit('news', *news[-1])\n\n\n"
    + _SINCE,
    "news = []\n\n\ndef publish(text):\n    news.append((len(news) + 1, text))\n    io.emit('news', *news[-1])",
    (
        "news = []\n\n\ndef publish(text):\n    news.append((len(news) + 1, text))\n    io.emit('news', *news[-1])\n\n\n"
        "@io.on('since')\ndef since(socket, number):\n    return [[n, text] for n, text in news if n >= number]"
    ),
    (
        "news = []\n\n\ndef publish(text):\n    news.append((len(news) + 1, text))\n    io.emit('news', *news[-1])\n\n\n"
        "@io.on('since')\ndef since(socket, number):\n    for n, text in news:\n        if n > number:\n            socket.emit('news', n, text)"
    ),
    (
        "news = []\n\n\ndef publish(text):\n    news.append((len(news) + 1, text))\n    io.emit('news', *news[-1])\n    del news[:-2]\n\n\n"
        + _SINCE
    ),
]
RIGHT["08-when-the-network-fails", 2] = [
    "news = []\n\n\ndef publish(text):\n    news.append((len(news) + 1, text))\n    io.emit('news', *news[-1])\n\n\n"
    + _SINCE,
    (
        "import itertools\n\nnumbers, news = itertools.count(1), {}\n\n\ndef publish(text):\n    number = next(numbers)\n    news[number] = text\n"
        "    io.emit('news', number, text)\n\n\n@io.on('since')\nasync def since(socket, number):\n"
        "    return [(one, news[one]) for one in sorted(news) if one > number]"
    ),
    (
        "class News:\n    def __init__(self):\n        self.texts = ['']\n\n    def publish(self, text):\n        self.texts.append(text)\n"
        "        io.emit('news', len(self.texts) - 1, text)\n\n    def since(self, socket, number):\n"
        "        return [list(one) for one in enumerate(self.texts)][number + 1:]\n\n\n"
        "paper = News()\npublish = paper.publish\nio.on('since', paper.since)"
    ),
]

# --- 09: only owners may clear the board ------------------------------------------------------

_BOARD = "board = ['a drawing']\n\n\n"
WRONG["09-strangers", 1] = [
    _BOARD
    + "@io.on('clear')\ndef clear(socket):\n    if socket.handshake.query.get('name') == 'guest':\n        return False\n    board.clear()\n    return True",
    _BOARD
    + "@io.on('clear')\ndef clear(socket):\n    if socket.handshake.query.get('name') != 'owner':\n        return False\n    board.clear()\n    return True",
    _BOARD
    + "@io.on('clear')\ndef clear(socket):\n    if socket.handshake.auth.get('role', socket.role) != 'owner':\n        return False\n    board.clear()\n    return True",
    _BOARD + "@io.on('clear')\ndef clear(socket):\n    board.clear()\n    return socket.role == 'owner'",
    _BOARD
    + "@io.on('clear')\ndef clear(socket):\n    if socket.role == 'owner':\n        board.clear()\n    return True",
]
RIGHT["09-strangers", 1] = [
    _BOARD
    + "@io.on('clear')\ndef clear(socket):\n    may = socket.role == 'owner'\n    if may:\n        del board[:]\n    return may",
    _BOARD
    + "@io.on('clear')\nasync def clear(socket, *_):\n    if socket.role in {'owner'}:\n        board[:] = []\n        return True\n    return False",
    (
        _BOARD
        + "@io.on('connection')\ndef came(socket):\n    @socket.on('clear')\n    def clear():\n        if socket.role != 'owner':\n"
        "            return False\n        while board:\n            board.pop()\n        return True"
    ),
]

# --- 09: believe nothing ----------------------------------------------------------------------

_GUESS = "@io.on('guess')\ndef guess(socket, *args):\n"
WRONG["09-strangers", 2] = [
    _GUESS
    + "    if len(args) != 1 or type(args[0]) is not int or args[0] > 999:\n        return 'that is no guess'\n    return 'right' if args[0] == 7 else 'wrong'",
    _GUESS
    + "    if len(args) != 1 or type(args[0]) is not int or not 0 <= args[0] <= 10:\n        return 'that is no guess'\n    return 'right' if args[0] == 7 else 'wrong'",
    _GUESS
    + "    if len(args) != 1 or type(args[0]) is not int or not args[0] <= 10 or args[0] == 0:\n        return 'that is no guess'\n    return 'right' if args[0] == 7 else 'wrong'",
    _GUESS
    + "    if len(args) != 1 or not isinstance(args[0], int) or not 1 <= args[0] <= 11:\n        return 'that is no guess'\n    return 'right' if args[0] == 7 else 'wrong'",
    _GUESS
    + "    if len(args) != 1 or type(args[0]) is not int or not 1 <= args[0] < 10:\n        return 'that is no guess'\n    return 'right' if args[0] == 7 else 'wrong'",
]
RIGHT["09-strangers", 2] = [
    _GUESS
    + "    match args:\n        case [bool()]:\n            return 'that is no guess'\n        case [7]:\n            return 'right' if type(args[0]) is int else 'that is no guess'\n"
    "        case [int(n)] if 1 <= n <= 10:\n            return 'wrong'\n    return 'that is no guess'",
    _GUESS
    + "    if [type(one) for one in args] != [int] or args[0] not in range(1, 11):\n        return 'that is no guess'\n    return ('wrong', 'right')[args[0] == 7]",
    (
        "@io.on('guess')\nasync def guess(socket, *args):\n    try:\n        (number,) = args\n        assert type(number) is int and 0 < number < 11\n"
        "    except (ValueError, AssertionError):\n        return 'that is no guess'\n    return 'right' if number == 7 else 'wrong'"
    ),
]

# --- 10: thumbs -------------------------------------------------------------------------------

_ASK = "def ask_thumbs():\n    class_.show(choices('thumb', ['up', 'down'], 'Did you follow?'))\n\n\n"
WRONG["10-many-people", 1] = [
    _ASK
    + "def share_up():\n    tally = class_.tally('thumb')\n    return tally['up'] / len(crowd) if tally else None",
    _ASK
    + "def share_up():\n    given = [one['value'] for one in class_.answers if one['event'] == 'thumb']\n    return given.count('up') / len(given) if given else None",
    _ASK
    + "def share_up():\n    tally = class_.tally('thumb')\n    return tally['up'] / sum(tally.values()) if tally else 0.0",
    _ASK
    + "def share_up():\n    tally = class_.tally('thumb')\n    return tally['up'] / max(1, tally['down']) if tally else None",
    (
        "def ask_thumbs():\n    class_.show(text('thumb', 'up or down?'))\n\n\ndef share_up():\n    given = {one['name']: one['value'] for one in class_.answers if one['event'] == 'thumb'}\n"
        "    return sum(one.startswith('u') for one in given.values()) / len(given) if given else None"
    ),
]
RIGHT["10-many-people", 1] = [
    _ASK
    + "def share_up():\n    latest = {one['person']: one['value'] for one in class_.answers if one['event'] == 'thumb'}\n"
    "    return list(latest.values()).count('up') / len(latest) if latest else None",
    "import statistics\n\n\n"
    + _ASK
    + "def share_up():\n    latest = {one['name']: one['value'] == 'up' for one in class_.answers if one['event'] == 'thumb'}\n"
    "    return statistics.fmean(latest.values()) if latest else None",
    (
        "def ask_thumbs():\n    class_.show(choices('thumb', ('up', 'down'), 'Well?'), say('Take your time'))\n\n\n"
        "def share_up():\n    tally = class_.tally('thumb')\n    total = tally.total()\n    return None if not total else tally['up'] / total"
    ),
]

# --- 10: estimate -----------------------------------------------------------------------------

_NUMBER = "def ask_number():\n    class_.show(text('estimate', 'How many jelly beans?'))\n\n\n"
WRONG["10-many-people", 2] = [
    _NUMBER
    + "def estimates():\n    return {one['name']: float(one['value']) for one in class_.answers if one['value'].isdigit()}",
    _NUMBER
    + "def estimates():\n    found = {}\n    for one in class_.answers:\n        try:\n            found.setdefault(one['name'], float(one['value']))\n        except ValueError:\n            pass\n    return found",
    _NUMBER
    + "def estimates():\n    found = {}\n    for one in class_.answers:\n        try:\n            found[one['name']] = float(one['value'])\n        except ValueError:\n            found[one['name']] = None\n    return found",
    _NUMBER
    + "def estimates():\n    found = {}\n    for one in class_.answers:\n        try:\n            found[one['name']] = int(float(one['value']))\n        except ValueError:\n            pass\n    return found",
    _NUMBER
    + "def estimates():\n    found = {}\n    for one in class_.answers:\n        try:\n            found[one['name']] = float(one['value'])\n        except ValueError:\n            pass\n    return found",
]
RIGHT["10-many-people", 2] = [
    (
        "import contextlib\n\n\n"
        + _NUMBER
        + "def estimates():\n    latest = {one['name']: one['value'] for one in class_.answers if one['event'] == 'estimate'}\n"
        "    found = {}\n    for name, value in latest.items():\n        with contextlib.suppress(ValueError):\n            found[name] = float(value)\n    return found"
    ),
    (
        "given = {}\n\n\n"
        + _NUMBER
        + "@io.on('estimate')\ndef estimate(socket, value):\n    given[socket.data['name']] = value\n\n\n"
        "def number(value):\n    try:\n        return float(value)\n    except ValueError:\n        return None\n\n\n"
        "def estimates():\n    return {name: number(value) for name, value in given.items() if number(value) is not None}"
    ),
    (
        "import re\n\n\n"
        + _NUMBER
        + "def estimates():\n    latest = {}\n    for one in class_.answers:\n        if one['event'] == 'estimate':\n"
        "            latest[one['name']] = one['value'].strip()\n"
        "    return {name: float(value) for name, value in latest.items() if re.fullmatch(r'[+-]?\\d+(\\.\\d*)?(e\\d+)?', value)}"
    ),
]
