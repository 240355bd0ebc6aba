"""A headless Chromium driven over the Chrome DevTools Protocol, with nothing but aiohttp.

    async with Browser.launch() as browser:
        page = await browser.open(url)
        await page.click('[data-testid="send"]')
        await page.wait_for('document.title.includes("general")')

Contract: input goes through the browser's own pointer and keyboard, so what cannot be clicked is
not clicked. Every wait has a deadline and says what it waited for. Errors of the page's scripts are
kept in `Page.faults`. `Browser.missing()` says why there is no browser here, for skipping.
Source: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--lang=en-US",
    # A headless browser says it has no pointer; this one has a mouse.
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
    "--remote-debugging-port=0",
)
START_S = 60.0
WAIT_S = 30.0
POLL_S = 0.03
KEYS = {
    "Enter": (13, "\r"),
    "Tab": (9, ""),
    "Escape": (27, ""),
    "Backspace": (8, ""),
    "Delete": (46, ""),
    "ArrowUp": (38, ""),
    "ArrowDown": (40, ""),
    "ArrowLeft": (37, ""),
    "ArrowRight": (39, ""),
    "Home": (36, ""),
    "End": (35, ""),
}
MODIFIERS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}


class BrowserError(Exception):
    """The page could not do what was asked; the text says what and where."""


class Chromium:
    """The process. Start it once for many tests; each connects from its own event loop.

    with Chromium() as chromium: `chromium.devtools_url` is what `Browser.connect` takes.
    """

    def __init__(self) -> None:
        self.devtools_url = ""

    def __enter__(self) -> Self:
        program = Browser.path()
        if program is None:
            raise BrowserError(Browser.missing())
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self.devtools_url = self._wait_for_port(Path(self._profile.name, "DevToolsActivePort"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        # Chromium's helpers share its session; nobody else is in it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._profile.cleanup()

    def _wait_for_port(self, file: Path) -> str:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BrowserError(f"chromium ended at once, with {self._process.returncode}")
            if file.exists() and len(lines := file.read_text().split()) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            time.sleep(POLL_S)
        raise BrowserError(f"chromium opened no port within {START_S:g} s")


class Browser:
    """A connection to one Chromium. Its tabs are closed with it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}
        self._contexts: list[str] = []

    @staticmethod
    def path() -> str | None:
        return next(filter(None, map(shutil.which, NAMES)), None)

    @classmethod
    def missing(cls) -> str:
        """Why the page cannot be driven here; empty if it can."""
        return "" if cls.path() else f"no browser here: none of {', '.join(NAMES)} is on the PATH"

    @classmethod
    @contextlib.asynccontextmanager
    async def launch(cls) -> AsyncIterator[Browser]:
        """A Chromium of one's own."""
        with Chromium() as chromium:
            async with cls.connect(chromium) as browser:
                yield browser

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, chromium: Chromium) -> AsyncIterator[Browser]:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(chromium.devtools_url, max_msg_size=0) as socket,
        ):
            browser = cls(socket)
            reading = asyncio.create_task(browser._read())
            try:
                yield browser
            finally:
                for context in browser._contexts:
                    await browser.call("Target.disposeBrowserContext", browserContextId=context)
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def open(
        self, url: str, *, width: int = 1280, height: int = 800, language: str = "en-US"
    ) -> Page:
        """A new tab with its own storage, of somebody who reads this language."""
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        self._contexts.append(context)
        target = await self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = await self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        page = Page(self, attached["sessionId"])
        self._pages[page.session_id] = page
        await page.call("Page.enable")
        await page.call("Runtime.enable")
        await page.call("Log.enable")
        await page.resize(width, height)
        agent = (await self.call("Browser.getVersion"))["userAgent"]
        await page.call("Network.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        await page.go(url)
        return page

    async def call(
        self, method: str, session_id: str | None = None, **params: Any
    ) -> dict[str, Any]:
        number = next(self._numbers)
        frame: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session_id is not None:
            frame["sessionId"] = session_id
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(json.dumps(frame))
        try:
            return await asyncio.wait_for(answer, START_S)
        finally:
            self._waiting.pop(number, None)

    async def _read(self) -> None:
        async for message in self._socket:
            frame = json.loads(message.data)
            waiter = self._waiting.get(frame.get("id", 0))
            if waiter is not None and not waiter.done():
                if "error" in frame:
                    waiter.set_exception(BrowserError(frame["error"]["message"]))
                else:
                    waiter.set_result(frame["result"])
            elif page := self._pages.get(frame.get("sessionId", "")):
                page.hear(frame["method"], frame["params"])


class Page:
    """One tab. Selectors are CSS; `faults` lists the scripts' errors."""

    def __init__(self, browser: Browser, session_id: str) -> None:
        self._browser = browser
        self.session_id = session_id
        self.faults: list[str] = []

    def hear(self, method: str, params: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            thrown = details.get("exception", {}).get("description") or details["text"]
            self.faults.append(thrown)
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            entry = params["entry"]
            self.faults.append(f"{entry['text']} {entry.get('url', '')}".strip())

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        return await self._browser.call(method, self.session_id, **params)

    async def go(self, url: str) -> None:
        await self.call("Page.navigate", url=url)
        await self.wait_for('document.readyState === "complete" && location.href !== "about:blank"')

    # --- looking -------------------------------------------------------------------------------

    async def evaluate(self, expression: str) -> Any:
        result = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")

    async def wait_for(self, expression: str, timeout_s: float = WAIT_S) -> Any:
        """Waits until the JavaScript expression is truthy; returns its value."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while not (value := await self.evaluate(expression)):
            if loop.time() > deadline:
                raise TimeoutError(f"waited {timeout_s:g} s in vain for: {expression}")
            await asyncio.sleep(POLL_S)
        return value

    async def wait_for_element(self, selector: str, timeout_s: float = WAIT_S) -> None:
        await self.wait_for(f"!!document.querySelector({json.dumps(selector)})", timeout_s)

    async def wait_for_text(
        self, text: str, selector: str = "body", timeout_s: float = WAIT_S
    ) -> None:
        within = f"document.querySelector({json.dumps(selector)})"
        await self.wait_for(f"{within}?.innerText.includes({json.dumps(text)})", timeout_s)

    async def text(self, selector: str) -> str:
        await self.wait_for_element(selector)
        return str(await self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    async def count(self, selector: str) -> int:
        return int(await self.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length"))

    async def screenshot(self, path: Path) -> None:
        shot = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))

    # --- doing ---------------------------------------------------------------------------------

    async def hover(self, selector: str) -> tuple[float, float]:
        """Moves the pointer onto the middle of the element; returns where that is."""
        find = f"document.querySelector({json.dumps(selector)})"
        await self.wait_for_element(selector)
        box = await self.evaluate(
            f"(() => {{ const e = {find}; e.scrollIntoViewIfNeeded();"
            " const b = e.getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2, b.width * b.height]; })()"
        )
        x, y, area = box
        if not area:
            raise BrowserError(f"{selector} is not visible")
        await self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        return x, y

    async def click(self, selector: str, *, button: str = "left") -> None:
        x, y = await self.hover(selector)
        find = f"document.querySelector({json.dumps(selector)})"
        hit = f"document.elementFromPoint({x}, {y})"
        if not await self.evaluate(f"{find}.contains({hit}) || {hit}?.contains({find})"):
            over = await self.evaluate(f"{hit}?.outerHTML.slice(0, 120)")
            raise BrowserError(f"{selector} is covered by {over}")
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1
            )

    async def type(self, text: str) -> None:
        """Puts text where the focus is, as a keyboard would."""
        await self.call("Input.insertText", text=text)

    async def press(self, key: str, *modifiers: str) -> None:
        """One key by its DOM name ("Enter", "a"), with "Shift", "Alt", "Control"."""
        code, text = KEYS.get(key, (ord(key[0].upper()), key))
        bits = sum(MODIFIERS[name] for name in modifiers)
        params: dict[str, Any] = {
            "key": key,
            "windowsVirtualKeyCode": code,
            "modifiers": bits,
            "code": key if key in KEYS else (f"Digit{key}" if key.isdigit() else ""),
        }
        if text and not bits & ~MODIFIERS["Shift"]:
            params["text"] = text
        await self.call("Input.dispatchKeyEvent", type="keyDown", **params)
        params.pop("text", None)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **params)

    async def resize(self, width: int, height: int) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def theme(self, name: str) -> None:
        """ "light" or "dark"."""
        await self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": name}],
        )
