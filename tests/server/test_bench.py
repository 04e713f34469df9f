"""What the duplex bench counts: the notebook's own, whatever a guest calls itself."""

import pytest
from jupyter_server.utils import url_path_join
from tornado.websocket import websocket_connect

from nbsocket.gateway.bench_meter import MAX_RUNS, PANE, Bench


@pytest.fixture
def connect(http_server, jp_http_port, jp_base_url):
    async def open_one(value, pane):
        address = url_path_join(f"ws://localhost:{jp_http_port}", jp_base_url, "nbsocket/chat/socket.io/")
        query = f"?EIO=4&transport=websocket&join_token={value}&pane={pane}"
        websocket = await websocket_connect(address + query)
        await websocket.read_message()
        return websocket

    return open_one


@pytest.mark.threat(40)
async def test_a_guest_neither_counts_nor_evicts(desk, hub, connect):
    channel = hub.channels["chat"]
    channel.bench = Bench()
    office = hub.tickets
    owner = office.mint("chat", "owner", desk.endpoint.kernel_id, 60)[0]
    guest = office.mint("chat", "guest", desk.endpoint.kernel_id, 60)[0]
    frame = office.mint_for_frame("chat", desk.endpoint.kernel_id)[0]
    kept = [await connect(owner, f"{PANE}mine")]
    for number in range(MAX_RUNS + 2):
        websocket = await connect(guest, f"{PANE}{number}")
        websocket.close()
    kept += [await connect(guest, f"{PANE}mine"), await connect(frame, f"{PANE}mine")]
    counts = channel.bench.counts("mine", channel.sessions)
    assert counts["websocket"]["requests"] == 1
    assert counts["websocket"]["header_bytes"] > 0
    assert list(channel.bench._runs) == ["mine"]
    for one in kept:
        one.close()
