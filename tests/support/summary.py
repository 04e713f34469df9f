"""What tests answer to, as tables at the end of a run.

Each test's report carries it, so that it arrives from every process that runs tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.lesson_checks import CHECKS
from support.tables import TABLES

if TYPE_CHECKING:
    import pytest

_SHOWN = 8
_SHORT = 10


class Summary:
    """The answers of all reports, in the order of the tests in their files."""

    def __init__(self) -> None:
        """Begin empty."""
        self._answers: list[tuple[tuple[Any, ...], str, str, list[str], list[Any]]] = []

    @staticmethod
    def note(item: pytest.Item, report: pytest.TestReport, figures: list[str]) -> None:
        """Write into a report what its test answers to: rows of tables, rules, cells of the matrix of clients."""
        if report.when != "call" and report.outcome == "passed":
            return
        for kind in (*TABLES, "rule", "capability"):
            for mark in item.iter_markers(kind):
                details = list(mark.args)
                if kind == "capability":
                    params = getattr(getattr(item, "callspec", None), "params", {})
                    details += [params.get("kind", "npm socket.io-client"), params["transports"]]
                report.user_properties.append((kind, [item.name.partition("[")[0], figures, details]))

    @staticmethod
    def note_hosts(item: pytest.Item, report: pytest.TestReport, tried: list[list[str]]) -> None:
        """Write into a report what its test tried in a host of notebooks."""
        if report.when == "call":
            report.user_properties += [("host", [item.name, [], one]) for one in tried]
            if tried and report.outcome == "failed":
                report.user_properties.append(("host", [item.name, [], [tried[0][0], "", "NO"]]))

    def take(self, report: pytest.TestReport) -> None:
        """Take the answers of a report."""
        for kind, value in report.user_properties:
            name, figures, details = value
            place = (report.location[0], report.location[1] or 0)
            self._answers.append((place, kind, report.outcome, [name, *figures], details))

    def write(self, terminal: pytest.TerminalReporter) -> None:
        """Write the tables of what was run."""
        self._answers.sort(key=lambda one: one[0])
        self._write_clients(terminal)
        self._write_hosts(terminal)
        self._write_rules(terminal)
        for kind, (titles, _) in TABLES.items():
            self._write_rows(terminal, kind, titles)

    def _of(self, kind: str) -> list[tuple[str, list[str], list[Any]]]:
        return [answer[2:] for answer in self._answers if answer[1] == kind]

    def _write_rows(self, terminal: pytest.TerminalReporter, kind: str, titles: dict[int, str]) -> None:
        rows: dict[int, dict[str, tuple[list[str], list[str]]]] = {}
        for outcome, (name, *figures), numbers in self._of(kind):
            for number in numbers:
                outcomes, lines = rows.setdefault(number, {}).setdefault(name, ([], []))
                outcomes.append(outcome)
                lines += figures
        if not rows:
            return
        terminal.section(f"{kind}s")
        for number in sorted(rows):
            result = _result([one for outcomes, _ in rows[number].values() for one in outcomes])
            terminal.write_line(f"{number:3} {result:7} {titles[number]}")
            for name, (outcomes, lines) in list(rows[number].items())[:_SHOWN]:
                times = f" ({len(outcomes)})" if len(outcomes) > 1 else ""
                terminal.write_line(f"            {name}{times}")
                for line in lines:
                    terminal.write_line(f"              {line}")
            if len(rows[number]) > _SHOWN:
                terminal.write_line(f"            … and {len(rows[number]) - _SHOWN} more")

    def _write_rules(self, terminal: pytest.TerminalReporter) -> None:
        sections: dict[str, dict[str, list[str]]] = {}
        for outcome, _, (section, text) in self._of("rule"):
            sections.setdefault(section, {}).setdefault(text, []).append(outcome)
        if not sections:
            return
        terminal.section("rules of Engine.IO v4 and Socket.IO v5")
        for section, rules in sections.items():
            terminal.write_line(section)
            for text, outcomes in rules.items():
                cases = f" ({len(outcomes)} cases)" if len(outcomes) > 1 else ""
                terminal.write_line(f"  {_result(outcomes):7} {text}{cases}")
        checked = [outcomes for rules in sections.values() for outcomes in rules.values()]
        good = sum(_result(outcomes) == "passed" for outcomes in checked)
        cases = sum(map(len, checked))
        terminal.write_line(f"{good} of {len(checked)} rules hold ({cases} cases)")

    def _write_clients(self, terminal: pytest.TerminalReporter) -> None:
        cells: dict[tuple[str, str], dict[str, list[str]]] = {}
        columns: dict[str, None] = {}
        for outcome, _, (name, client, transports) in self._of("capability"):
            columns[name] = None
            cells.setdefault((client, transports), {}).setdefault(name, []).append(outcome)
        if not cells:
            return
        terminal.section("clients and what works with them")
        head = f"{'client':22} {'transport':18} " + " ".join(f"{name:>12}" for name in columns)
        terminal.write_line(head)
        for (client, transports), row in sorted(cells.items()):
            way = "upgrade" if "," in transports else transports
            words = " ".join(f"{_word(row.get(name)):>12}" for name in columns)
            terminal.write_line(f"{client:22} {way:18} {words}")
        terminal.write_line("(-: the client has no such thing)")

    def _write_hosts(self, terminal: pytest.TerminalReporter) -> None:
        rows: dict[str, dict[str, str]] = {}
        for _, _, (host, check, word) in self._of("host"):
            rows.setdefault(host, {})[check] = word
        if not rows:
            return
        terminal.section("hosts of notebooks and what works there")
        reasons: dict[str, int] = {}
        terminal.write_line(f"{'':18} " + "  ".join(CHECKS))
        for host, row in rows.items():
            words = []
            for check in CHECKS:
                word = row.get(check, "NO" if "" in row else "-")
                if len(word) > _SHORT:
                    word = f"[{reasons.setdefault(word, len(reasons) + 1)}]"
                words.append(f"{word:{len(check)}}")
            terminal.write_line(f"{host:18} {'  '.join(words).rstrip()}")
        for reason, number in reasons.items():
            terminal.write_line(f"[{number}] {reason}")


def _result(outcomes: list[str]) -> str:
    return "passed" if set(outcomes) == {"passed"} else ", ".join(sorted(set(outcomes)))


def _word(outcomes: list[str] | None) -> str:
    if not outcomes:
        return "-"
    return "yes" if set(outcomes) == {"passed"} else "NO"
