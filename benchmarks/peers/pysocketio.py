"""python-socketio, on Tornado or on uvicorn: one hop. ``python pysocketio.py tornado|uvicorn PORT``."""

import asyncio
import sys

import socketio

OPTIONS = {"ping_interval": 600, "max_http_buffer_size": 10_000_000, "cors_allowed_origins": "*"}


def handlers(sio):
    @sio.on("echo")
    async def echo(_sid, value):
        return value

    @sio.on("burst")
    async def burst(_sid, count, size):
        text = "x" * size
        for _ in range(count):
            await sio.emit("n", text)


async def on_tornado(port):
    import tornado.web

    sio = socketio.AsyncServer(async_mode="tornado", **OPTIONS)
    handlers(sio)
    application = tornado.web.Application([(r"/socket.io/", socketio.get_tornado_handler(sio))])
    application.listen(port, "127.0.0.1")
    print("ready", flush=True)
    await asyncio.Event().wait()


def on_uvicorn(port):
    import uvicorn

    sio = socketio.AsyncServer(async_mode="asgi", **OPTIONS)
    handlers(sio)
    config = uvicorn.Config(
        socketio.ASGIApp(sio), host="127.0.0.1", port=port, log_level="error", ws_max_size=10_000_000
    )
    server = uvicorn.Server(config)

    async def run():
        task = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        print("ready", flush=True)
        await task

    asyncio.run(run())


if __name__ == "__main__":
    if sys.argv[1] == "tornado":
        asyncio.run(on_tornado(int(sys.argv[2])))
    else:
        on_uvicorn(int(sys.argv[2]))
