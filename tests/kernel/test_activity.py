"""What a real kernel says of itself to wire views: arrivals, handlers, busy cells; also while it is busy."""

import asyncio
import base64
import json
import time

import pytest
from support.crowd import Member
from support.jupyter import TOKEN
from support.waiting import until
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

SERVER = """
import nbsocket, time, asyncio
io = nbsocket.Server("watched")

@io.on("echo")
def echo(socket, value):
    return value

@io.on("slow")
def slow(socket):
    time.sleep(0.6)

@io.on("later")
async def later(socket):
    await asyncio.sleep(0.2)
"""


class View:
    def __init__(self, connection):
        self.connection = connection
        self.items = []
        self.last = {}

    @classmethod
    async def of(cls, jupyter, channel):
        url = f"{jupyter.url.replace('http', 'ws', 1)}nbsocket/api/channels/{channel}/wire"
        headers = {"Authorization": f"token {TOKEN}"}
        return cls(await websocket_connect(HTTPRequest(url, headers=headers)))

    async def until(self, found, seconds=10):
        end = time.monotonic() + seconds
        while not (result := found()):
            message = await asyncio.wait_for(self.connection.read_message(), end - time.monotonic())
            self.last = json.loads(message)
            self.items += self.last.get("items", [])
        return result

    def kernel(self, what):
        return [row for one in self.items if one["type"] == "kernel" for row in one[what]]

    def packet(self, text):
        # The members here mask with zeros.
        for one in self.items:
            if one["type"] == "packet" and text.encode() in base64.b64decode(one["raw"]):
                return one
        return None


@pytest.fixture
def watched(jupyter, kernel, jp_asyncio_loop):
    async def begin():
        assert not (await kernel.run(SERVER)).error
        ticket = await asyncio.get_running_loop().run_in_executor(None, jupyter.ticket, "watched", "owner")
        view = await View.of(jupyter, "watched")
        return view, await Member.come(jupyter, "watched", ticket)

    view, member = jp_asyncio_loop.run_until_complete(begin())
    yield view, member
    member.leave()
    view.connection.close()


async def test_a_question_and_its_answer_have_their_times_in_the_kernel(watched):
    view, member = watched
    member.send('421["echo","hello"]')
    question = await view.until(lambda: view.packet('421["echo","hello"]'))
    answer = await view.until(lambda: view.packet('431["hello"]'))
    arrived = await view.until(
        lambda: [at for number, at in view.kernel("arrived") if number == question["number"]]
    )
    (ran,) = await view.until(lambda: [row for row in view.kernel("ran") if row[1] == "echo" and row[3]])
    assert ran[0] == question["session"]
    times = [question["at"], arrived[0], ran[2], ran[3], answer["kernel_at"], answer["at"]]
    assert times == sorted(times), times
    assert times[-1] - times[0] < 2000
    assert abs(view.last["kernel_ahead_ms"]) < 5
    assert question["index"] == 2, "CONNECT was the first MESSAGE"


async def test_a_handler_that_runs_long_is_told_while_it_runs(watched):
    view, member = watched
    member.send('42["slow"]')
    (open_row,) = await view.until(lambda: [row for row in view.kernel("ran") if row[1] == "slow"])
    assert open_row[3] == 0
    rows = await view.until(lambda: [row for row in view.kernel("ran") if row[1] == "slow" and row[3]])
    assert rows[0][2] == open_row[2]
    assert 550 < rows[0][3] - rows[0][2] < 5000


async def test_an_async_handler_ends_when_its_coroutine_does(watched):
    view, member = watched
    member.send('42["later"]')
    rows = await view.until(lambda: [row for row in view.kernel("ran") if row[1] == "later" and row[3]])
    assert 150 < rows[-1][3] - rows[-1][2] < 5000


async def test_a_busy_cell_is_told_while_it_is_busy(watched, kernel):
    view, member = watched
    running = asyncio.ensure_future(
        kernel.run("until = time.monotonic() + 1.5\nwhile time.monotonic() < until: pass")
    )
    rows = await view.until(lambda: [row for row in view.kernel("cells") if not row[2]])
    assert not running.done()
    member.send('427["echo",1]')
    await view.until(lambda: view.packet("437[1]"))
    assert not running.done(), "packets are told while the cell is busy"
    await running
    ended = await view.until(
        lambda: [row for row in view.kernel("cells") if row[0] == rows[0][0] and row[2]]
    )
    assert ended[0][2] - ended[0][1] > 1400


async def test_the_view_goes_on_while_the_lock_is_held(watched, kernel):
    """The packets do not pass through the kernel."""
    view, member = watched
    code = "import ctypes; print('held', flush=True); time.sleep(0.2); ctypes.PyDLL(None).usleep(900_000)"
    request = await kernel.send(code, cell="holding")
    await kernel.shows("holding", "held")
    # A held lock gives no sign.
    await asyncio.sleep(0.3)
    running = asyncio.ensure_future(kernel.result(request))
    member.send('42["echo","meanwhile"]')
    packet = await view.until(lambda: view.packet('42["echo","meanwhile"]'), 0.6)
    assert not running.done()
    await running
    arrived = await view.until(
        lambda: [at for number, at in view.kernel("arrived") if number == packet["number"]]
    )
    assert arrived[0] - packet["at"] > 200, "the kernel took it when it could"


async def test_nothing_is_noted_once_nobody_watches(watched, kernel):
    view, member = watched
    view.connection.close()
    await kernel.becomes("io._here.activity.is_watched", False)
    member.send('421["echo",1]')
    await until(lambda: "431[1]" in member.texts)
    noted = await kernel.value(
        "[io._here.activity.is_watched, len(io._here.activity._arrived), len(io._here.activity._ran)]"
    )
    assert noted == [False, 0, 0]
