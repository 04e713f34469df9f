"""``io.open_class()``: lets phones join, and handles what they show and what they answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbsocket.classroom.desk import Desk
from nbsocket.classroom.people import MAX_PEOPLE, People, Person
from nbsocket.classroom.round import Round
from nbsocket.classroom.trips import RoundTrips
from nbsocket.link.troubles import NOT_IN_CLASS
from nbsocket.socketio.cell_run import NO_CELL, handler_cell
from nbsocket.socketio.connect import ConnectionRefused
from nbsocket.socketio.tickets import Ticket
from nbsocket.widgets.board import Board

if TYPE_CHECKING:
    from collections import Counter

    from nbsocket.carriers.interface import Carrier
    from nbsocket.classroom.answers import Answers
    from nbsocket.classroom.blocks import Block
    from nbsocket.socketio.channel import Channel
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.server import SocketServer
    from nbsocket.socketio.socket import Socket

ROOM = "class:all"
DOOR = "class"
"""What the tickets of a class open: the class and nothing else."""

PERSON, NAME = "person", "name"
"""The keys in a socket's ``data`` that say whose it is."""

_CLOCK_EVERY_S = 3.0


def _admits(auth: dict[str, Any]) -> str:
    """Return why a client with the class's ticket is not let in; empty if it is."""
    return "" if auth.get("class") is True else "This ticket opens a class: join by its link or its code."


_OUTSIDE = "You are not in the class: this does not count."
_OUTSIDE_SAID = (
    "a client that is not in the class answered it. Handlers get that answer; tally() does not count it. "
    "Phones come by the panel's link or code; a headless student is "
    'Client(io, "Ada", ticket=io.ticket().value, auth={"class": True, "name": "Ada"}).'
)


class _NotTaken(Exception):  # noqa: N818 - what became of an answer
    """An answer that this class does not accept, or not now."""


class Classroom:
    """One class on one channel. Made by ``Server.open_class``; as a cell's last line it shows its panel.

    Args:
        server: The channel.
        carrier: How to reach the gateway.
        handlers: The handler thread.
        title: What the phones show at the top.
        ttl: Seconds until its link expires.
        channel: Has the doors that tickets open, and reports problems with clients.
    """

    def __init__(
        self,
        server: SocketServer,
        carrier: Carrier,
        handlers: HandlerThread,
        title: str,
        ttl: float,
        channel: Channel,
    ) -> None:
        """Open the class."""
        self.title = title
        self.is_open = True
        self.is_locked = False
        self._server = server
        self._carrier = carrier
        self._handlers = handlers
        self._ticket = Ticket(carrier, server.name, "guest", ttl, opens=DOOR)
        self._channel = channel
        # From here on, this ticket lets in only phones of the class.
        channel.doors[DOOR] = _admits
        self._people = People()
        self._asked = Round()
        self._trips = RoundTrips()
        self._boards: dict[str, Board] = {}
        self._desk = Desk(self, self._people, self._asked, self._ticket, carrier, handlers)
        # These belong to no cell: running a cell again must not remove them.
        token = handler_cell.set(NO_CELL)
        try:
            server.use(self._door)
            server.on("connection", self._came)
        finally:
            handler_cell.reset(token)
        self._tick()

    def __repr__(self) -> str:
        """Show its state, without link and code."""
        state = "open" if self.is_open else "closed"
        here = self._people.are_here
        return f"<Classroom {self._server.name!r} {state}, {here} here>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Show the panel: code, link, QR code, who is here, the controls."""
        bundle: Any = self._desk.panel(self._server.name)._repr_mimebundle_(**options)
        return bundle

    # --- what the phones show ---------------------------------------------------------------

    def show(self, *blocks: Block, seconds: float | None = None) -> None:
        """Show this on all phones instead of what they showed before, and take answers.

        Args:
            *blocks: From ``nbsocket.classroom``: ``choices``, ``text``, ``button``, ``toggle``, ``items``,
                ``wall``, ``say``.
            seconds: How long answers are taken; None for until something else is shown, or ``stop``.

        Raises:
            TypeError: Something is not a block.
            ValueError: Two blocks emit the same event.
        """
        before = self._asked.events
        self._asked.show(blocks, seconds)
        now = self._asked.events
        token = handler_cell.set(NO_CELL)
        try:
            for event in now - before:
                # So that an answer has a handler even if no cell listens: it is in ``answers`` anyway.
                self._server.on(event, self._heard)
        finally:
            handler_cell.reset(token)
        for event in before - now:
            self._server.off(event, self._heard)
        self._tell_all()
        for board in self._boards.values():
            board.asked_again()

    def stop(self) -> None:
        """Stop taking answers; what is shown stays."""
        self._asked.stop()
        self._tell_all()

    def open(self) -> None:
        """Take answers to what is shown again, without a time limit."""
        self._asked.open()
        self._tell_all()

    def reset(self) -> None:
        """Forget all answers, and let everyone answer what is shown again."""
        self._asked.reset()
        self._tell_all()

    # --- boards -----------------------------------------------------------------------------

    def board(self, kind: str, title: str = "") -> Board:
        """Return a live view of results, for the cell and, once it is revealed, for the phones.

        Args:
            kind: ``bars``, ``words``, ``table`` or ``wall``.
            title: Its heading; an existing board with this title and kind is reused.

        Raises:
            ValueError: There is no such kind.
        """
        key = f"{kind}: {title}"
        if key not in self._boards:
            self._boards[key] = Board(kind, title, self._handlers, self._board_said, self._asked)
        return self._boards[key]

    def bars(self, title: str = "") -> Board:
        """Return a board of bars: ``update({label: number, ...})``."""
        return self.board("bars", title)

    def words(self, title: str = "") -> Board:
        """Return a board of words, larger the higher their number: ``update({word: number, ...})``."""
        return self.board("words", title)

    def table(self, title: str = "") -> Board:
        """Return a board of rows: ``update([{column: value, ...}, ...])``."""
        return self.board("table", title)

    def wall(self, title: str = "") -> Board:
        """Return a board of strokes: ``add(stroke)``."""
        return self.board("wall", title)

    # --- answers ----------------------------------------------------------------------------

    @property
    def answers(self) -> Answers:
        """All answers, the oldest first; a copy.

        At most 5,000 are kept per person, and 200,000 in total: beyond that, the person with the most loses
        the older half; ``answers.dropped`` counts them.
        """
        return self._asked.answers

    def tally(self, event: str) -> Counter[Any]:
        """Return how many chose what since it was shown; each person's latest answer counts."""
        return self._asked.tally(event)

    def sent_at(self, socket: Socket) -> float:
        """Return when the event that is being handled left its phone, on ``time.monotonic()``'s clock.

        That is now, minus the phone's measured latency (half the shortest of its latest round trips, one
        second at most), so that a buzzer does not reward the better network.

        Args:
            socket: The socket that sent the event.
        """
        person = self._people.with_id(socket.data.get(PERSON))
        return time.monotonic() - (person.latency_s if person else 0.0)

    # --- people -----------------------------------------------------------------------------

    @property
    def people(self) -> list[Person]:
        """Everyone who joined and was not removed, in the order in which they joined."""
        return list(self._people)

    def mute(self, who: str | Person, is_muted: bool = True) -> None:
        """Ignore this person's answers (id or name); with ``is_muted=False`` accept them again.

        Raises:
            KeyError: There is no such person.
        """
        person = self._people.find(who)
        person.is_muted = is_muted
        self._tell_person(person)
        self._desk.changed()

    def remove(self, who: str | Person) -> None:
        """Send this person (id or name) away; the page cannot come back.

        A page remembers who it is, but in another browser the same person counts as new: use ``lock``, too.

        Raises:
            KeyError: There is no such person.
        """
        person = self._people.find(who)
        person.is_removed = True
        for socket in list(person.sockets):
            socket.emit("class:over", {"why": "The teacher has removed you from this class."})
            socket.disconnect(close=True)
        self._desk.changed()

    def lock(self, is_locked: bool = True) -> None:
        """Let no new people in; with ``is_locked=False`` let them in again. Others may return."""
        self.is_locked = is_locked
        self._desk.changed()

    def close(self) -> None:
        """End the class: disconnect everyone, invalidate link and code. Answers stay."""
        if not self.is_open:
            return
        self.is_open = False
        self._asked.stop()
        self._server.to(ROOM).emit("class:over", {"why": "The class is over."})
        self._server.in_(ROOM).disconnect_sockets(close=True)
        self._ticket.revoke()
        for event in self._asked.events:
            self._server.off(event, self._heard)
        self._server.off("connection", self._came)
        self._server.unuse(self._door)
        if self._channel.doors.get(DOOR) is _admits:
            del self._channel.doors[DOOR]
        self._desk.changed()

    # --- on the handler thread --------------------------------------------------------------

    def _door(self, socket: Socket) -> None:
        """Identify the person who joins, or refuse."""
        auth = socket.handshake.auth
        if socket.role != "guest" or auth.get("class") is not True:
            return
        person = self._people.with_key(auth.get("key"))
        if person is not None and person.is_removed:
            raise ConnectionRefused("The teacher has removed you from this class.")
        if person is None:
            if self.is_locked:
                raise ConnectionRefused("The door is closed. Ask the teacher to open it.")
            if self._people.are_here >= MAX_PEOPLE:
                raise ConnectionRefused("The class is full.")
            person = self._people.add(auth.get("name"))
        socket.data[PERSON], socket.data[NAME] = person.id, person.name

    def _came(self, socket: Socket) -> None:
        person = self._people.with_id(socket.data.get(PERSON))
        if person is None:
            return
        self._people.came(person, socket)
        socket.join(ROOM)
        socket.use(lambda event, args: self._gate(socket, person, event, args))
        socket.on("error", lambda _: None)
        socket.on("class:clock", lambda number: self._trips.end(person, number))

        @socket.on("disconnect")
        def gone(_: str) -> None:
            self._people.left(person, socket)
            self._desk.changed()

        self._tell_person(person, key=person.key)
        for board in self._boards.values():
            if board.is_revealed:
                socket.emit("class:board", board.told())
        socket.emit("class:clock", self._trips.begin(person))
        self._desk.changed()

    def _gate(self, socket: Socket, person: Person, event: str, args: list[Any]) -> None:
        """Check and record an answer to what is asked now, or tell the phone why it does not count."""
        if event == "class:clock":
            return
        try:
            args[:] = [self._asked.accept(event, args, person)]
        except ValueError as error:
            socket.emit("class:refused", {"event": event, "why": str(error)})
            raise _NotTaken(str(error)) from error
        self._desk.changed()

    def _heard(self, socket: Socket, *_: Any) -> None:
        """Handle an event that no cell may listen for; report an answer that does not count."""
        if PERSON not in socket.data:
            socket.emit("class:refused", {"event": "", "why": _OUTSIDE})
            self._channel.trouble(NOT_IN_CLASS, _OUTSIDE_SAID)

    def _tick(self) -> None:
        if not self.is_open:
            return
        self._server.to(ROOM).volatile.emit("class:clock", self._trips.begin())
        self._handlers.later(_CLOCK_EVERY_S, self._tick)

    # --- telling ----------------------------------------------------------------------------

    def _state(self) -> dict[str, Any]:
        return {"title": self.title, **self._asked.told()}

    def _tell_all(self) -> None:
        self._server.to(ROOM).emit("class:show", self._state())
        left_s = self._asked.ends_in_s()
        if left_s is not None:
            self._handlers.later(left_s, self._time_over)
        self._desk.changed()

    def _time_over(self) -> None:
        if self._asked.has_run_out():
            self._tell_all()

    def _tell_person(self, person: Person, **more: Any) -> None:
        state = self._state()
        told = {
            "name": person.name,
            "muted": person.is_muted,
            "mine": self._asked.answered_by(person),
            "round": state["round"],
            **more,
        }
        for socket in list(person.sockets):
            socket.emit("class:you", told)
            socket.emit("class:show", state)

    def _board_said(self, event: str, told: Any) -> None:
        self._server.to(ROOM).emit(event, told)

    @property
    def link(self) -> str:
        """The address of the join page with the code in its fragment. Whoever has it can join."""
        return self._ticket.link
