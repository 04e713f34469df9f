"""A Jupyter server extension for tests: says how many tasks there are, and blocks the loop when told to."""

import asyncio
import json
import time

from jupyter_server.base.handlers import APIHandler
from tornado import web


class ProbeHandler(APIHandler):
    @web.authenticated
    def get(self):
        block_s = float(self.get_argument("block", "0"))
        if block_s:
            time.sleep(block_s)
        self.finish(json.dumps({"tasks": len(asyncio.all_tasks())}))


def _jupyter_server_extension_points():
    return [{"module": "nbsocket_probe"}]


def _load_jupyter_server_extension(serverapp):
    serverapp.web_app.add_handlers(".*$", [(serverapp.base_url + "probe", ProbeHandler)])
