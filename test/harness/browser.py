# SPDX-License-Identifier: BSD-3-Clause
"""A real browser without a window: Debian's chromium, by its driver."""

import os
import shutil
from typing import Any, Optional

from . import run

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:                     # python3-selenium
    webdriver = None

DRIVER, PROGRAM = "chromedriver", "chromium"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--disable-extensions", "--hide-scrollbars",
         "--force-device-scale-factor=1")


def is_there() -> bool:
    """All that is needed is installed."""
    return bool(webdriver and shutil.which(DRIVER) and shutil.which(PROGRAM))


class Browser:
    """One window; it logs what the page says of errors."""

    def __init__(self) -> None:
        self.folder = run.new_folder("browser")
        options = Options()
        options.binary_location = shutil.which(PROGRAM) or PROGRAM
        for flag in (*FLAGS, f"--user-data-dir={self.folder}/profile"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(
            service=Service(shutil.which(DRIVER)), options=options)

    def open(self, url: str, width: int = 1280, height: int = 800,
             scheme: str = "light") -> None:
        """Load a page, as wide as said, in a light or dark scheme."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme",
                          "value": scheme}]})
        self.driver.get(url)

    def js(self, script: str, *args: Any) -> Any:
        """Run a function's body in the page."""
        return self.driver.execute_script(script, *args)

    def text(self, css: str) -> str:
        """What a reader sees of an element."""
        return self.find(css).text

    def find(self, css: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def button(self, text: str, within: str = "body") -> Any:
        """The first button in sight that says so."""
        for button in self.all(f"{within} button"):
            if button.text == text and button.is_displayed():
                return button
        raise AssertionError(f"no button '{text}' in {within}")

    def wait(self, script: str, timeout: float = run.PATIENCE_S) -> Any:
        """Until the expression is true in the page."""
        try:
            return WebDriverWait(self.driver, timeout, 0.05).until(
                lambda driver: driver.execute_script(f"return {script}"))
        except Exception as err:
            raise AssertionError(f"waited {timeout} s for {script}\n"
                                 f"{self.text('body')}") from err

    def set(self, css: str, value: str) -> None:
        """Type a value in place of what a field has."""
        field = self.find(css)
        field.clear()
        field.send_keys(value)

    def screenshot(self, path: str) -> None:
        """The whole page, not only what the window shows."""
        width = self.js("return window.innerWidth")
        # what comes into sight may be less high than it was taken for
        for height in ("document.documentElement.scrollHeight",
                       "Math.max(400, document.body.offsetHeight)"):
            self.driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride", {
                    "width": width, "height": self.js(f"return {height}"),
                    "deviceScaleFactor": 1, "mobile": False})
            self.driver.execute_async_script(
                "requestAnimationFrame(() => requestAnimationFrame("
                "arguments[0]))")
        self.driver.save_screenshot(path)

    def complaints(self) -> list[str]:
        """What the page has logged: errors of scripts, of the policy."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]

    def report(self) -> str:
        return "\n".join(self.complaints())

    def close(self) -> None:
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)


def axe() -> Optional[str]:
    """axe-core's script, if AXE_CORE names it or npm has installed it."""
    for path in (os.environ.get("AXE_CORE", ""),
                 "node_modules/axe-core/axe.min.js"):
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                return file.read()
    return None
