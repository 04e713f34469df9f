"""Chromium, Firefox and WebKit behind one small face: go somewhere, ask, click, type, take a picture."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error

if TYPE_CHECKING:
    from typing import Self

    from playwright.sync_api import Browser as Playwrights

_WAIT_S = 30.0
_START_S = 30.0


class Browser(ABC):
    """One window of a browser.

    Args:
        scheme: ``light`` or ``dark``, as the system is set.
        folder: Where it may keep its files.
        chromium: The Chromium that runs already: Playwright drives one from a thread.
    """

    name: str

    def __init__(self, scheme: str, folder: Path, chromium: Playwrights) -> None:
        self.scheme = scheme
        self.folder = folder
        self.chromium = chromium
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    @classmethod
    @abstractmethod
    def is_here(cls) -> bool:
        """Say whether this machine has it."""

    @abstractmethod
    def start(self) -> None:
        """Start it; what ends it goes on the stack."""

    @abstractmethod
    def go(self, url: str) -> None:
        """Open an address."""

    @abstractmethod
    def js(self, body: str, *args: Any) -> Any:
        """Run the body of a function in the page; return what it returns."""

    @abstractmethod
    def click(self, selector: str) -> None:
        """Click what a CSS selector finds first."""

    @abstractmethod
    def type(self, selector: str, text: str) -> None:
        """Type into a field, after what is in it."""

    @abstractmethod
    def picture(self, path: Path) -> None:
        """Write what its window shows to a PNG."""

    @abstractmethod
    def resize(self, width: int, height: int) -> None:
        """Give the window a size."""

    def wait(self, expression: str, *args: Any, seconds: float = _WAIT_S) -> Any:
        """Wait until an expression of the page is true; return it."""
        end = time.monotonic() + seconds
        while True:
            # A page that is just being left does not answer.
            with contextlib.suppress(Error):
                found = self.js(f"return {expression}", *args)
                if found:
                    return found
            if time.monotonic() > end:
                text = self.js("return document.body.innerText.slice(0, 2000)")
                msg = f"{self.name}: never so: {expression}\n{text}"
                raise AssertionError(msg)
            time.sleep(0.05)

    def see(self, selector: str, text: str = "") -> None:
        """Wait until something that a CSS selector finds is there, with a text in it."""
        self.wait(
            "[...document.querySelectorAll(arguments[0])].some((one) => one.textContent.includes(arguments[1]))",
            selector,
            text,
        )


class Chromium(Browser):
    """Chromium by Playwright, as in the other tests."""

    name = "chromium"

    @classmethod
    def is_here(cls) -> bool:
        return True

    def start(self) -> None:
        context = self.chromium.new_context(color_scheme=self.scheme)
        self.stack.callback(context.close)
        context.set_default_timeout(20_000)
        self.page = context.new_page()

    def go(self, url: str) -> None:
        self.page.goto(url)

    def js(self, body: str, *args: Any) -> Any:
        return self.page.evaluate(f"(args) => (function () {{ {body} }}).apply(null, args)", list(args))

    def click(self, selector: str) -> None:
        self.page.locator(selector).first.click()

    def type(self, selector: str, text: str) -> None:
        self.page.locator(selector).first.press_sequentially(text)

    def picture(self, path: Path) -> None:
        self.page.screenshot(path=path)

    def resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})


class Firefox(Browser):
    """Firefox, as Debian has it, by Marionette, which is part of it."""

    name = "firefox"

    @staticmethod
    def _path() -> str | None:
        return shutil.which("firefox-esr") or shutil.which("firefox")

    @classmethod
    def is_here(cls) -> bool:
        return cls._path() is not None

    def start(self) -> None:
        from marionette_driver.marionette import Marionette

        # Its port is any that is free: several may run.
        self.driver = Marionette(
            bin=self._path(),
            headless=True,
            port=0,
            gecko_log=str(self.folder / "firefox.log"),
            prefs={"layout.css.prefers-color-scheme.content-override": 0 if self.scheme == "dark" else 1},
        )
        self.stack.callback(self.driver.cleanup)
        self.driver.start_session()
        self.stack.callback(self.driver.quit)
        self.driver.timeout.script = _WAIT_S

    def go(self, url: str) -> None:
        self.driver.navigate(url)

    def js(self, body: str, *args: Any) -> Any:
        return self.driver.execute_script(body, list(args), sandbox=None)

    def _find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def click(self, selector: str) -> None:
        self._find(selector).click()

    def type(self, selector: str, text: str) -> None:
        self._find(selector).send_keys(text)

    def picture(self, path: Path) -> None:
        path.write_bytes(self.driver.screenshot(format="binary", full=False))

    def resize(self, width: int, height: int) -> None:
        inner = self.js("return [outerWidth - innerWidth, outerHeight - innerHeight]")
        self.driver.set_window_rect(width=width + inner[0], height=height + inner[1])


class WebKit(Browser):
    """WebKitGTK, Safari's relative, by WebDriver; it needs a screen, which is Xvfb."""

    name = "webkit"
    _BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"

    @classmethod
    def _path(cls) -> str:
        found = sorted(Path("/").glob(cls._BROWSERS.removeprefix("/")))
        return str(found[-1]) if found else ""

    @classmethod
    def is_here(cls) -> bool:
        return bool(cls._path() and shutil.which("WebKitWebDriver") and shutil.which("Xvfb"))

    def start(self) -> None:
        from selenium.webdriver import WebKitGTK
        from selenium.webdriver.webkitgtk.options import Options
        from selenium.webdriver.webkitgtk.service import Service

        environment = {
            **os.environ,
            "DISPLAY": self._screen(),
            # Its sandbox needs rights that a container does not give; it opens nothing but our own pages.
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            "GTK_THEME": "Adwaita:dark" if self.scheme == "dark" else "Adwaita",
            "XDG_CACHE_HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder),
        }
        options = Options()
        options.binary_location = self._path()
        options.add_argument("--automation")
        service = Service(shutil.which("WebKitWebDriver"), env=environment)
        self.driver = WebKitGTK(options=options, service=service)
        self.stack.callback(self.driver.quit)
        self.driver.set_script_timeout(_WAIT_S)

    def _screen(self) -> str:
        """Start a screen; it chooses its number and says so."""
        read, write = os.pipe()
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "2000x2400x24", "-nolisten", "tcp"]
        process = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
        self.stack.callback(process.wait)
        self.stack.callback(process.terminate)
        os.close(write)
        with os.fdopen(read) as said:
            return f":{said.readline().strip()}"

    def go(self, url: str) -> None:
        self.driver.get(url)

    def js(self, body: str, *args: Any) -> Any:
        return self.driver.execute_script(body, *args)

    def _find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def click(self, selector: str) -> None:
        self._find(selector).click()

    def type(self, selector: str, text: str) -> None:
        self._find(selector).send_keys(text)

    def picture(self, path: Path) -> None:
        # It shows the last frame that was drawn, not what the page is.
        self.js("requestAnimationFrame(() => requestAnimationFrame(() => { document.title += ' '; }))")
        time.sleep(0.5)
        self.driver.save_screenshot(str(path))

    def resize(self, width: int, height: int) -> None:
        inner = self.js("return [outerWidth - innerWidth, outerHeight - innerHeight]")
        self.driver.set_window_size(width + inner[0], height + inner[1])


BROWSERS = (Chromium, Firefox, WebKit)
