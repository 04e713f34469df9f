"""Two hundred phones on one real Jupyter server: they come by the link, vote, buzz, draw, and are sent home."""

import asyncio
import json
import time
import urllib.request

import pytest
from support.crowd import Member
from support.waiting import until

COUNT = 200
SERVER = """
import nbsocket, time
from nbsocket.classroom import *
io = nbsocket.Server("two-hundred")
class_ = io.open_class("All of us")
presses = []
board = class_.bars("Vote").reveal()
drawn = class_.wall("Wall").reveal()

@io.on("vote")
def vote(socket, choice):
    board.update(class_.tally("vote"))

@io.on("buzz")
def buzz(socket, _):
    presses.append((class_.sent_at(socket), socket.data["name"]))

@io.on("stroke")
def stroke(socket, one):
    drawn.add(one)

class_.show(choices("vote", ["a", "b"]), button("buzz", "Buzz"), wall("stroke"))
print(class_.link)
"""


def exchange(address, code):
    request = urllib.request.Request(f"{address}nbsocket/join", code.encode(), method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


@pytest.mark.timeout(180)
async def test_two_hundred_come_vote_buzz_and_draw(jupyter, kernel, figure):
    made = await kernel.run(SERVER, cell="class")
    assert not made.error, made.message
    code = made.text.strip().rpartition("#code=")[2]
    loop = asyncio.get_running_loop()

    async def come(number):
        found = await loop.run_in_executor(None, exchange, jupyter.url, code)
        assert found["opens"] == "class"
        auth = json.dumps({"class": True, "name": f"student {number}"})
        return await Member.come(jupyter, "two-hundred", found["value"], auth=auth)

    began = time.monotonic()
    members = await asyncio.gather(*[come(number) for number in range(COUNT)])
    took = time.monotonic() - began
    assert await kernel.value("sum(one.is_here for one in class_.people)") == COUNT

    answered = []
    for number, member in enumerate(members):
        member._on_text = answered.append
        member.send(
            f'421["vote","{"ab"[number % 2]}"]',
            '422["buzz",1]',
            '423["stroke",{"color":1,"points":[[0,0],[1,1]]}]',
        )
    await until(lambda: sum(text.startswith("43") for text in answered) == COUNT * 3)
    assert sum(text.startswith("43") for text in answered) == COUNT * 3
    assert not [text for text in answered if "class:refused" in text]
    frame = await kernel.value(
        "(lambda f: [len(f), f[f.event == 'vote'].person.nunique(), f.groupby(['event', 'person']).size().max().item(),"
        " f[f.event == 'vote'].value.value_counts().to_dict()])(class_.answers.to_frame())"
    )
    assert frame == [COUNT * 3, COUNT, 1, {"a": COUNT // 2, "b": COUNT // 2}]
    assert await kernel.value("[len(presses), len(drawn._data)]") == [COUNT, COUNT]

    await kernel.run("class_.remove('student 7')")
    await asyncio.wait_for(members[7].closed.wait(), 5)
    assert not members[8].closed.is_set()
    began = time.monotonic()
    await kernel.run("class_.close()")
    await asyncio.wait_for(asyncio.gather(*[member.closed.wait() for member in members]), 10)
    cut = time.monotonic() - began
    with pytest.raises(OSError, match="403"):
        await loop.run_in_executor(None, exchange, jupyter.url, code)
    figure(
        f"{COUNT} phones in by the link in {took:.1f} s; {COUNT * 3} answers, each once; all cut in {cut:.2f} s"
    )
